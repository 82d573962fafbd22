/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, RFC 5280 section 4, by profile. */
#include <string.h>

#include "pki/write.h"

/* keyUsage bits, numbered from the most significant of the first octet. */
enum { DS = 0x80, NR = 0x40, KE = 0x20, KA = 0x08, CERT_SIGN = 0x04,
	CRL_SIGN = 0x02 };

#define EKU_SERVER "1.3.6.1.5.5.7.3.1"
#define EKU_CLIENT "1.3.6.1.5.5.7.3.2"
#define EKU_EMAIL "1.3.6.1.5.5.7.3.4"
#define EKU_TSA "1.3.6.1.5.5.7.3.8"
#define EKU_OCSP "1.3.6.1.5.5.7.3.9"
#define EKU_DOCUMENT "1.3.6.1.5.5.7.3.36"	/* RFC 9336 */

struct profile {
	unsigned usage;		/* whatever the key */
	bool encrypts;		/* plus keyEncipherment or keyAgreement */
	bool signs;		/* the key must be able to sign */
	const char *eku[2];
	bool eku_critical;
};

static const struct profile profiles[] = {
	[MS_PROFILE_ROOT] = { CERT_SIGN | CRL_SIGN, false, true,
	    { NULL, NULL }, false },
	[MS_PROFILE_SIGN] = { DS | NR, false, true,
	    { EKU_EMAIL, EKU_DOCUMENT }, false },
	[MS_PROFILE_ENCRYPT] = { 0, true, false, { EKU_EMAIL, NULL }, false },
	/* RFC 3161 section 2.3: critical, and nothing else in it */
	[MS_PROFILE_TSA] = { DS | NR, false, true, { EKU_TSA, NULL }, true },
	[MS_PROFILE_OCSP] = { DS, false, true, { EKU_OCSP, NULL }, false },
	[MS_PROFILE_SERVER] = { DS, true, true, { EKU_SERVER, NULL }, false },
	[MS_PROFILE_DEVICE] = { DS, true, true, { EKU_CLIENT, NULL }, false },
	[MS_PROFILE_OFFICER] = { DS | NR, true, true,
	    { EKU_CLIENT, EKU_EMAIL }, false },
};

/* 0 when the key is strong enough and of a type the profile can use. */
static int
check_key(EVP_PKEY *pub, const struct profile *pr, struct ms_err *err)
{
	struct ms_sigalg a;

	if (!pr->signs && EVP_PKEY_is_a(pub, "X25519"))
		return 0;
	if (ms_sigalg_for(pub, MS_OID_sha256, false, &a, err) < 0)
		return -1;
	if (!pr->signs && a.kind != MS_SIG_ECDSA &&
	    !EVP_PKEY_is_a(pub, "RSA"))
		return ms_fail(err, MS_USAGE, "a key of type %s cannot be "
		    "encrypted to", EVP_PKEY_get0_type_name(pub));
	return 0;
}

static int
check_what(const struct ms_issue *w, struct ms_err *err)
{
	if (w->nserial < 1 || w->nserial > 20 ||
	    (w->nserial == 20 && w->serial[0] & 0x80))
		return ms_fail(err, MS_BUG, "RFC 5280 section 4.1.2.2: serial "
		    "number of %zu octets", w->nserial);
	if (w->not_before >= w->not_after)
		return ms_fail(err, MS_USAGE, "RFC 5280 section 4.1.2.5: "
		    "certificate would end before it begins");
	if (!w->subject && !w->organization && w->naddrs + w->ndns == 0)
		return ms_fail(err, MS_USAGE, "RFC 5280 section 4.1.2.6: a "
		    "certificate for nobody: neither subject nor address");
	return 0;
}

/* ---- extensions ---- */

static void
write_basic(struct ms_der *d, bool ca, struct ms_err *err)
{
	if (!ca)
		return;
	write_ext_begin(d, "2.5.29.19", true, err);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_bool(d, true);
	ms_der_uint(d, 0);	/* it issues to end entities only */
	ms_der_end(d);
	write_ext_end(d);
}

static void
write_usage(struct ms_der *d, const struct profile *pr, EVP_PKEY *pub,
    struct ms_err *err)
{
	unsigned char v[2] = { 0, 0 };

	v[1] = (unsigned char)pr->usage;
	if (pr->encrypts && EVP_PKEY_is_a(pub, "RSA"))
		v[1] |= KE;
	else if (pr->encrypts && (EVP_PKEY_is_a(pub, "EC") ||
	    EVP_PKEY_is_a(pub, "X25519")))
		v[1] |= KA;
	while (!(v[1] & (1u << v[0])))
		v[0]++;		/* X.690 11.2.2: trailing zero bits */
	write_ext_begin(d, "2.5.29.15", true, err);
	ms_der_prim(d, MS_BITSTRING, v, sizeof(v));
	write_ext_end(d);
}

static void
write_eku(struct ms_der *d, const struct profile *pr, struct ms_err *err)
{
	size_t i;

	if (!pr->eku[0])
		return;
	write_ext_begin(d, "2.5.29.37", pr->eku_critical, err);
	ms_der_begin(d, MS_SEQUENCE);
	for (i = 0; i < 2 && pr->eku[i]; i++)
		write_oid(d, pr->eku[i], err);
	ms_der_end(d);
	write_ext_end(d);
}

/* RFC 7093 section 2, method 1: the leftmost 160 bits of the SHA-256 of the
 * subjectPublicKey. */
static int
write_ski(struct ms_der *d, EVP_PKEY *pub, struct ms_err *err)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	const unsigned char *bits;
	X509_PUBKEY *spki = NULL;
	int n, good;

	good = X509_PUBKEY_set(&spki, pub) == 1 &&
	    X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, spki) == 1 &&
	    EVP_Digest(bits, (size_t)n, md, NULL, EVP_sha256(), NULL) == 1;
	X509_PUBKEY_free(spki);
	if (!good)
		return ms_fail_ssl(err, MS_OS, "cannot digest public key");
	write_ext_begin(d, "2.5.29.14", false, err);
	ms_der_prim(d, MS_OCTETSTRING, md, 20);
	write_ext_end(d);
	return 0;
}

static void
write_crl_url(struct ms_der *d, const char *url, struct ms_err *err)
{
	if (!url)
		return;
	write_ext_begin(d, "2.5.29.31", false, err);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_begin(d, MS_CTXC(0));
	ms_der_begin(d, MS_CTXC(0));
	ms_der_prim(d, MS_CTX(6), url, strlen(url));
	ms_der_end(d);
	ms_der_end(d);
	ms_der_end(d);
	ms_der_end(d);
	write_ext_end(d);
}

static void
write_access(struct ms_der *d, const char *method, const char *url,
    struct ms_err *err)
{
	if (!url)
		return;
	ms_der_begin(d, MS_SEQUENCE);
	write_oid(d, method, err);
	ms_der_prim(d, MS_CTX(6), url, strlen(url));
	ms_der_end(d);
}

static void
write_aia(struct ms_der *d, const struct ms_issue *w, struct ms_err *err)
{
	if (!w->aia_url && !w->ocsp_url)
		return;
	write_ext_begin(d, "1.3.6.1.5.5.7.1.1", false, err);
	ms_der_begin(d, MS_SEQUENCE);
	write_access(d, "1.3.6.1.5.5.7.48.1", w->ocsp_url, err);
	write_access(d, "1.3.6.1.5.5.7.48.2", w->aia_url, err);
	ms_der_end(d);
	write_ext_end(d);
}

static int
write_exts(struct ms_der *d, const struct ms_issue *w, EVP_PKEY *pub,
    X509 *issuer, struct ms_err *err)
{
	const struct profile *pr = &profiles[w->profile];
	bool nameless = !w->subject && !w->organization;

	ms_der_begin(d, MS_CTXC(3));
	ms_der_begin(d, MS_SEQUENCE);
	write_basic(d, w->profile == MS_PROFILE_ROOT, err);
	write_usage(d, pr, pub, err);
	write_eku(d, pr, err);
	if (write_ski(d, pub, err) < 0)
		return -1;
	if (issuer)
		write_aki(d, issuer, err);
	if (write_san(d, w->addrs, w->naddrs, w->dns, w->ndns, nameless,
	    err) < 0)
		return -1;
	if (w->profile == MS_PROFILE_OCSP) {
		/* RFC 6960 section 4.2.2.2.1: nobody asks about the answerer */
		write_ext_begin(d, "1.3.6.1.5.5.7.48.1.5", false, err);
		ms_der_null(d);
		write_ext_end(d);
	}
	if (issuer)
		write_crl_url(d, w->crl_url, err);
	write_aia(d, w, err);
	ms_der_end(d);
	ms_der_end(d);
	return 0;
}

static int
write_tbs(struct ms_buf *tbs, const struct ms_issue *w, EVP_PKEY *pub,
    X509 *issuer, const struct ms_sigalg *a, struct ms_err *err)
{
	struct ms_der d;

	ms_der_init(&d, tbs);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_begin(&d, MS_CTXC(0));
	ms_der_uint(&d, 2);	/* v3 */
	ms_der_end(&d);
	ms_der_integer(&d, w->serial, w->nserial);
	write_sigalg(&d, a);
	if ((issuer ? write_subject(&d, issuer, err) :
	    write_name(&d, w->organization, w->subject, err)) < 0)
		return -1;
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_time(&d, w->not_before);
	ms_der_time(&d, w->not_after);
	ms_der_end(&d);
	if (write_name(&d, w->organization, w->subject, err) < 0 ||
	    write_spki(&d, pub, err) < 0 ||
	    write_exts(&d, w, pub, issuer, err) < 0)
		return -1;
	ms_der_end(&d);
	return ms_der_finish(&d, err);
}

int
ms_issue_cert(const struct ms_issue *what, EVP_PKEY *pub,
    const struct ms_ident *issuer, struct ms_key *self, X509 **ret,
    struct ms_err *err)
{
	struct ms_buf tbs = MS_BUF_INIT(SIGNED_MAX);
	struct ms_buf der = MS_BUF_INIT(SIGNED_MAX);
	struct ms_key *key = issuer ? issuer->key : self;
	struct ms_sigalg a;
	int rc = -1;

	if (check_what(what, err) == 0 &&
	    check_key(pub, &profiles[what->profile], err) == 0 &&
	    ms_sigalg_for(ms_key_pub(key), MS_OID_sha256, false, &a,
	    err) == 0 &&
	    write_tbs(&tbs, what, pub, issuer ? issuer->cert : NULL, &a,
	    err) == 0 &&
	    write_signed(&der, ms_buf_span(&tbs), key, &a, err) == 0)
		rc = ms_cert_parse(ms_buf_span(&der), ret, err);
	ms_buf_clear(&der);
	ms_buf_clear(&tbs);
	return rc;
}
