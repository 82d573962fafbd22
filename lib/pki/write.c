/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of certificates, CRLs and requests, in DER. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/write.h"

#define NAME_MAX_CHARS 64	/* ub-common-name, ub-organization-name */

static int
check_name(const char *s, const char *what, struct ms_err *err)
{
	size_t i, n = strlen(s), chars = 0;

	if (!ms_utf8_valid(s, n))
		return ms_fail(err, MS_USAGE, "%s is not UTF-8", what);
	for (i = 0; i < n; i++) {
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return ms_fail(err, MS_USAGE,
			    "%s holds a control character", what);
		chars += ((unsigned char)s[i] & 0xc0) != 0x80;
	}
	if (chars == 0 || chars > NAME_MAX_CHARS)
		return ms_fail(err, MS_USAGE, "RFC 5280 appendix A.1: %s has "
		    "%zu characters, 1 to %d are allowed", what, chars,
		    NAME_MAX_CHARS);
	return 0;
}

static void
write_rdn(struct ms_der *d, const char *oid, const char *s, struct ms_err *err)
{
	ms_der_begin(d, MS_SET);
	ms_der_begin(d, MS_SEQUENCE);
	write_oid(d, oid, err);
	ms_der_prim(d, MS_UTF8STRING, s, strlen(s));
	ms_der_end(d);
	ms_der_end(d);
}

int
write_name(struct ms_der *d, const char *organization,
    const char *common_name, struct ms_err *err)
{
	if (organization && check_name(organization, "the organization",
	    err) < 0)
		return -1;
	if (common_name && check_name(common_name, "the subject", err) < 0)
		return -1;
	ms_der_begin(d, MS_SEQUENCE);
	if (organization)
		write_rdn(d, "2.5.4.10", organization, err);
	if (common_name)
		write_rdn(d, "2.5.4.3", common_name, err);
	ms_der_end(d);
	return 0;
}

int
write_subject(struct ms_der *d, X509 *x, struct ms_err *err)
{
	unsigned char *name = NULL;
	int n = i2d_X509_NAME(X509_get_subject_name(x), &name);

	if (n <= 0)
		return ms_fail_ssl(err, MS_DATA, "issuer without a name");
	ms_der_raw(d, name, (size_t)n);
	OPENSSL_free(name);
	return 0;
}

void
write_sigalg(struct ms_der *d, const struct ms_sigalg *a)
{
	enum ms_oid oid = MS_OID_sha256WithRSA;

	if (a->kind != MS_SIG_RSA_PKCS1) {
		ms_sigalg_write(d, a);
		return;
	}
	if (a->md == MS_OID_sha384)
		oid = MS_OID_sha384WithRSA;
	else if (a->md == MS_OID_sha512)
		oid = MS_OID_sha512WithRSA;
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, oid);
	ms_der_null(d);
	ms_der_end(d);
}

int
write_spki(struct ms_der *d, EVP_PKEY *pub, struct ms_err *err)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(pub, &der);

	if (n <= 0)
		return ms_fail_ssl(err, MS_DATA, "cannot encode public key");
	ms_der_raw(d, der, (size_t)n);
	OPENSSL_free(der);
	return 0;
}

void
write_oid(struct ms_der *d, const char *dotted, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(128);

	if (ms_oid_parse(dotted, &b, err) == 0)
		ms_der_prim(d, MS_OBJECT, b.p, b.n);
	ms_buf_clear(&b);
}

void
write_ext_begin(struct ms_der *d, const char *oid, bool critical,
    struct ms_err *err)
{
	ms_der_begin(d, MS_SEQUENCE);
	write_oid(d, oid, err);
	if (critical)
		ms_der_bool(d, true);
	ms_der_begin(d, MS_OCTETSTRING);
}

void
write_ext_end(struct ms_der *d)
{
	ms_der_end(d);
	ms_der_end(d);
}

/* RFC 9598 section 3: a local part beyond ASCII cannot be an rfc822Name. */
static void
write_addr(struct ms_der *d, const struct ms_addr *a)
{
	if (!ms_addr_is_utf8(a)) {
		ms_der_prim(d, MS_CTX(1), a->spec, strlen(a->spec));
		return;
	}
	ms_der_begin(d, MS_CTXC(0));
	ms_der_oid(d, MS_OID_smtpUTF8Mailbox);
	ms_der_begin(d, MS_CTXC(0));
	ms_der_prim(d, MS_UTF8STRING, a->spec, strlen(a->spec));
	ms_der_end(d);
	ms_der_end(d);
}

static int
write_host(struct ms_der *d, const char *host, struct ms_err *err)
{
	ASN1_OCTET_STRING *ip = a2i_IPADDRESS(host);
	char *name;

	if (ip) {
		ms_der_prim(d, MS_CTX(7), ASN1_STRING_get0_data(ip),
		    (size_t)ASN1_STRING_length(ip));
		ASN1_OCTET_STRING_free(ip);
		return 0;
	}
	ERR_clear_error();
	if (ms_domain_ascii(host, strlen(host), &name, err) < 0)
		return -1;
	ms_der_prim(d, MS_CTX(2), name, strlen(name));
	free(name);
	return 0;
}

int
write_san(struct ms_der *d, const struct ms_addr *addrs, size_t naddrs,
    const char *const *dns, size_t ndns, bool critical, struct ms_err *err)
{
	size_t i;

	if (naddrs + ndns == 0)
		return 0;
	write_ext_begin(d, "2.5.29.17", critical, err);
	ms_der_begin(d, MS_SEQUENCE);
	for (i = 0; i < naddrs; i++)
		write_addr(d, &addrs[i]);
	for (i = 0; i < ndns; i++)
		if (write_host(d, dns[i], err) < 0)
			return -1;
	ms_der_end(d);
	write_ext_end(d);
	return 0;
}

void
write_aki(struct ms_der *d, X509 *issuer, struct ms_err *err)
{
	struct ms_span ski = ms_cert_ski(issuer);

	if (!ski.n)
		return;
	write_ext_begin(d, "2.5.29.35", false, err);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_prim(d, MS_CTX(0), ski.p, ski.n);
	ms_der_end(d);
	write_ext_end(d);
}

int
write_signed(struct ms_buf *out, struct ms_span tbs, struct ms_key *key,
    const struct ms_sigalg *a, struct ms_err *err)
{
	struct ms_buf sig = MS_BUF_INIT(4096);
	struct ms_der d;
	int rc = -1;

	if (ms_key_sign(key, a, tbs, &sig, err) == 0) {
		ms_der_init(&d, out);
		ms_der_begin(&d, MS_SEQUENCE);
		ms_der_raw(&d, tbs.p, tbs.n);
		write_sigalg(&d, a);
		ms_der_begin(&d, MS_BITSTRING);
		ms_der_raw(&d, "", 1);	/* no unused bits */
		ms_der_raw(&d, sig.p, sig.n);
		ms_der_end(&d);
		ms_der_end(&d);
		rc = ms_der_finish(&d, err);
	}
	ms_buf_clear(&sig);
	return rc;
}
