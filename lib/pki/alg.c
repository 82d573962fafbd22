/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "pki/internal.h"

struct md {
	enum ms_oid oid;
	const EVP_MD *(*md)(void);
	const char *micalg;	/* RFC 8551 section 3.5.3.2 */
	const char *name;
	bool legacy;		/* for reading only */
	enum ms_oid with_rsa, with_ecdsa;
	int size;
};

static const struct md mds[] = {
	{ MS_OID_sha256, EVP_sha256, "sha-256", "SHA-256", false,
	    MS_OID_sha256WithRSA, MS_OID_ecdsaWithSHA256, 32 },
	{ MS_OID_sha384, EVP_sha384, "sha-384", "SHA-384", false,
	    MS_OID_sha384WithRSA, MS_OID_ecdsaWithSHA384, 48 },
	{ MS_OID_sha512, EVP_sha512, "sha-512", "SHA-512", false,
	    MS_OID_sha512WithRSA, MS_OID_ecdsaWithSHA512, 64 },
	{ MS_OID_sha224, EVP_sha224, "sha-224", "SHA-224", true,
	    MS_OID_UNKNOWN, MS_OID_UNKNOWN, 28 },
	{ MS_OID_sha1, EVP_sha1, "sha-1", "SHA-1", true,
	    MS_OID_sha1WithRSA, MS_OID_ecdsaWithSHA1, 20 },
};
#define NMD (sizeof(mds) / sizeof(mds[0]))

/* The curves we know, by the names OpenSSL gives their groups. */
static const struct {
	const char *group;
	enum ms_oid md;		/* RFC 5753: as strong as the curve */
} curves[] = {
	{ "prime256v1", MS_OID_UNKNOWN },
	{ "secp384r1", MS_OID_sha384 },
	{ "secp521r1", MS_OID_sha512 },
	{ "brainpoolP256r1", MS_OID_UNKNOWN },
	{ "brainpoolP384r1", MS_OID_sha384 },
	{ "brainpoolP512r1", MS_OID_sha512 },
};
#define NCURVE (sizeof(curves) / sizeof(curves[0]))

static const struct md *
md_find(enum ms_oid oid)
{
	size_t i;

	for (i = 0; i < NMD; i++)
		if (oid != MS_OID_UNKNOWN && mds[i].oid == oid)
			return &mds[i];
	return NULL;
}

const EVP_MD *
ms_md(enum ms_oid oid)
{
	const struct md *m = md_find(oid);

	return m && !m->legacy ? m->md() : NULL;
}

const EVP_MD *
ms_md_legacy(enum ms_oid oid)
{
	const struct md *m = md_find(oid);

	return m ? m->md() : NULL;
}

const char *
ms_md_micalg(enum ms_oid oid)
{
	const struct md *m = md_find(oid);

	return m ? m->micalg : "unknown";
}

enum ms_oid
ms_md_from_micalg(const char *s, size_t n)
{
	struct ms_span got = { (const unsigned char *)s, n };
	char plain[16];
	size_t i;

	for (i = 0; i < NMD; i++) {
		snprintf(plain, sizeof(plain), "sha%s", mds[i].micalg + 4);
		if (ms_span_caseis(got, mds[i].micalg) ||
		    ms_span_caseis(got, plain))
			return mds[i].oid;
	}
	return MS_OID_UNKNOWN;
}

static int
sigalg_ec(EVP_PKEY *pub, enum ms_oid md, struct ms_sigalg *a,
    struct ms_err *err)
{
	char group[80] = "";
	size_t i, n;

	if (EVP_PKEY_get_group_name(pub, group, sizeof(group), &n) != 1)
		return ms_fail_ssl(err, MS_USAGE, "curve of the key not known");
	for (i = 0; i < NCURVE; i++) {
		if (!ms_streq(curves[i].group, group))
			continue;
		a->kind = MS_SIG_ECDSA;
		a->md = curves[i].md != MS_OID_UNKNOWN ? curves[i].md : md;
		return 0;
	}
	return ms_fail(err, MS_USAGE, "curve %s is not one we sign with",
	    group);
}

int
ms_sigalg_for(EVP_PKEY *pub, enum ms_oid md, bool pss, struct ms_sigalg *ret,
    struct ms_err *err)
{
	const struct md *m = md_find(md);
	struct ms_sigalg a = { MS_SIG_RSA_PKCS1, md, 0 };

	if (!m || m->legacy)
		return ms_fail(err, MS_USAGE,
		    "digest %s is not one we sign with", ms_oid_name(md));
	if (EVP_PKEY_is_a(pub, "EC")) {
		if (sigalg_ec(pub, md, &a, err) < 0)
			return -1;
	} else if (EVP_PKEY_is_a(pub, "ED25519")) {
		a.kind = MS_SIG_ED25519;
		a.md = MS_OID_sha512;
	} else if (EVP_PKEY_is_a(pub, "RSA-PSS") ||
	    EVP_PKEY_is_a(pub, "RSA")) {
		if (EVP_PKEY_get_bits(pub) < 2048)
			return ms_fail(err, MS_USAGE, "RSA key of %d bits: "
			    "at least 2048 are needed to sign (RFC 8551 "
			    "section 4.3)", EVP_PKEY_get_bits(pub));
		if (pss || EVP_PKEY_is_a(pub, "RSA-PSS")) {
			a.kind = MS_SIG_RSA_PSS;
			a.saltlen = m->size;
		}
	} else {
		return ms_fail(err, MS_USAGE, "a key of type %s cannot sign",
		    EVP_PKEY_get0_type_name(pub));
	}
	*ret = a;
	return 0;
}

static void
write_md(struct ms_der *d, enum ms_oid md)
{
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, md);
	ms_der_null(d);		/* RFC 4055 section 2.1: as all others do */
	ms_der_end(d);
}

/* RFC 4055 section 3.1: RSASSA-PSS-params. */
static void
write_pss(struct ms_der *d, const struct ms_sigalg *a)
{
	ms_der_oid(d, MS_OID_rsassaPss);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_begin(d, MS_CTXC(0));
	write_md(d, a->md);
	ms_der_end(d);
	ms_der_begin(d, MS_CTXC(1));
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, MS_OID_mgf1);
	write_md(d, a->md);
	ms_der_end(d);
	ms_der_end(d);
	ms_der_begin(d, MS_CTXC(2));
	ms_der_uint(d, (uint64_t)a->saltlen);
	ms_der_end(d);
	ms_der_end(d);
}

void
ms_sigalg_write(struct ms_der *d, const struct ms_sigalg *a)
{
	const struct md *m = md_find(a->md);

	ms_der_begin(d, MS_SEQUENCE);
	switch (a->kind) {
	case MS_SIG_RSA_PKCS1:
		/* RFC 5754 section 3.2: rsaEncryption for compatibility */
		ms_der_oid(d, MS_OID_rsaEncryption);
		ms_der_null(d);
		break;
	case MS_SIG_RSA_PSS:
		write_pss(d, a);
		break;
	case MS_SIG_ECDSA:
		ms_der_oid(d, m ? m->with_ecdsa : MS_OID_UNKNOWN);
		break;
	case MS_SIG_ED25519:
		ms_der_oid(d, MS_OID_ed25519);
		break;
	}
	ms_der_end(d);
}

/* Digest AlgorithmIdentifier: parameters absent or NULL, RFC 5754 section 2. */
static int
parse_md(struct ms_span *s, enum ms_oid *md, const char *what,
    struct ms_err *err)
{
	struct ms_span seq, oid, v;
	char dotted[128];

	if (ms_der_want(s, MS_SEQUENCE, &seq, what, err) < 0 ||
	    ms_der_want_oid(&seq, &oid, what, err) < 0 ||
	    ms_der_maybe(&seq, MS_NULL, &v, err) < 0 ||
	    ms_der_done(&seq, what, err) < 0)
		return -1;
	*md = ms_oid_find(oid);
	if (!md_find(*md))
		return ms_fail(err, MS_DATA, "%s: digest %s is not allowed",
		    what, ms_oid_dotted(oid, dotted, sizeof(dotted)));
	return 0;
}

/* The optional fields of RSASSA-PSS-params, each in its own tag. */
static int
pss_fields(struct ms_span p, struct ms_sigalg *a, enum ms_oid *mgf_md,
    struct ms_err *err)
{
	struct ms_span v, mgf, oid;
	uint64_t u;
	int r;

	if ((r = ms_der_maybe(&p, MS_CTXC(0), &v, err)) < 0 ||
	    (r && (parse_md(&v, &a->md, "RSASSA-PSS hashAlgorithm", err) < 0 ||
	    ms_der_done(&v, "RSASSA-PSS hashAlgorithm", err) < 0)))
		return -1;
	if ((r = ms_der_maybe(&p, MS_CTXC(1), &v, err)) < 0)
		return -1;
	if (r) {
		if (ms_der_want(&v, MS_SEQUENCE, &mgf, "RSASSA-PSS maskGen",
		    err) < 0 || ms_der_done(&v, "maskGen", err) < 0 ||
		    ms_der_want_oid(&mgf, &oid, "RSASSA-PSS maskGen", err) < 0)
			return -1;
		if (ms_oid_find(oid) != MS_OID_mgf1)
			return ms_fail(err, MS_DATA, "RFC 4055 section 3.1: "
			    "RSASSA-PSS mask generation is not MGF1");
		if (parse_md(&mgf, mgf_md, "RSASSA-PSS MGF1", err) < 0 ||
		    ms_der_done(&mgf, "RSASSA-PSS MGF1", err) < 0)
			return -1;
	}
	if ((r = ms_der_maybe(&p, MS_CTXC(2), &v, err)) < 0)
		return -1;
	if (r) {
		if (ms_der_want_uint(&v, &u, "RSASSA-PSS saltLength",
			err) < 0 ||
		    ms_der_done(&v, "RSASSA-PSS saltLength", err) < 0)
			return -1;
		if (u > 512)
			return ms_fail(err, MS_DATA, "RFC 4055 section 3.1: "
			    "RSASSA-PSS saltLength %llu is absurd",
			    (unsigned long long)u);
		a->saltlen = (int)u;
	}
	if ((r = ms_der_maybe(&p, MS_CTXC(3), &v, err)) < 0)
		return -1;
	if (r && (ms_der_want_uint(&v, &u, "RSASSA-PSS trailer", err) < 0 ||
	    ms_der_done(&v, "RSASSA-PSS trailer", err) < 0))
		return -1;
	if (r && u != 1)
		return ms_fail(err, MS_DATA, "RFC 4055 section 3.1: "
		    "RSASSA-PSS trailerField is not 1");
	return ms_der_done(&p, "RSASSA-PSS-params", err);
}

static int
parse_pss(struct ms_span *params, enum ms_oid digest_alg, struct ms_sigalg *a,
    struct ms_err *err)
{
	enum ms_oid mgf_md = MS_OID_sha1;	/* the defaults of RFC 4055 */
	struct ms_span p;

	a->kind = MS_SIG_RSA_PSS;
	a->md = MS_OID_sha1;
	a->saltlen = 20;
	if (ms_der_want(params, MS_SEQUENCE, &p, "RSASSA-PSS-params",
		err) < 0 ||
	    pss_fields(p, a, &mgf_md, err) < 0)
		return -1;
	if (mgf_md != a->md)
		return ms_fail(err, MS_DATA, "RFC 4055 section 3.1: RSASSA-PSS "
		    "uses %s, its MGF1 %s", ms_oid_name(a->md),
		    ms_oid_name(mgf_md));
	if (digest_alg != MS_OID_UNKNOWN && digest_alg != a->md)
		return ms_fail(err, MS_DATA, "RFC 4056 section 3: "
		    "digestAlgorithm %s differs from RSASSA-PSS hash %s",
		    ms_oid_name(digest_alg), ms_oid_name(a->md));
	return 0;
}

/* "With" OIDs: the digest they name must be the one of the SignerInfo. */
static bool
find_with(enum ms_oid oid, struct ms_sigalg *a)
{
	size_t i;

	for (i = 0; i < NMD; i++) {
		if (mds[i].with_rsa == oid)
			a->kind = MS_SIG_RSA_PKCS1;
		else if (mds[i].with_ecdsa == oid)
			a->kind = MS_SIG_ECDSA;
		else
			continue;
		a->md = mds[i].oid;
		return true;
	}
	return false;
}

int
ms_sigalg_parse(struct ms_span seq, enum ms_oid digest_alg,
    struct ms_sigalg *ret, struct ms_err *err)
{
	struct ms_sigalg a = { MS_SIG_RSA_PKCS1, digest_alg, 0 };
	struct ms_span oid, v;
	enum ms_oid alg;
	char dotted[128];

	if (ms_der_want_oid(&seq, &oid, "signatureAlgorithm", err) < 0)
		return -1;
	alg = ms_oid_find(oid);
	if (alg == MS_OID_rsassaPss) {
		if (parse_pss(&seq, digest_alg, &a, err) < 0)
			return -1;
	} else if (alg == MS_OID_ed25519) {
		a.kind = MS_SIG_ED25519;
		a.md = MS_OID_sha512;
	} else if (alg == MS_OID_ecPublicKey) {
		a.kind = MS_SIG_ECDSA;	/* older writers name only the key */
	} else if (alg != MS_OID_rsaEncryption &&
	    (alg == MS_OID_UNKNOWN || !find_with(alg, &a))) {
		return ms_fail(err, MS_DATA, "signatureAlgorithm %s is not "
		    "allowed", ms_oid_dotted(oid, dotted, sizeof(dotted)));
	}
	if (alg != MS_OID_rsassaPss && a.kind == MS_SIG_RSA_PKCS1 &&
	    ms_der_maybe(&seq, MS_NULL, &v, err) < 0)
		return -1;
	if (alg != MS_OID_ecPublicKey &&
	    ms_der_done(&seq, "signatureAlgorithm", err) < 0)
		return -1;
	if (!md_find(a.md))
		return ms_fail(err, MS_DATA, "digestAlgorithm %s is not "
		    "allowed", ms_oid_name(a.md));
	if (digest_alg != MS_OID_UNKNOWN && digest_alg != a.md)
		return ms_fail(err, MS_DATA, "%s: digestAlgorithm %s does not "
		    "belong to signatureAlgorithm %s",
		    a.kind == MS_SIG_ED25519 ? "RFC 8419 section 2.3" :
		    "RFC 5754 section 3", ms_oid_name(digest_alg),
		    ms_oid_name(alg));
	*ret = a;
	return 0;
}

const char *
ms_sigalg_name(const struct ms_sigalg *a, char to[64])
{
	static const char *const kinds[] = { "RSA", "RSA-PSS", "ECDSA",
		"Ed25519" };
	const struct md *m = md_find(a->md);

	if (a->kind == MS_SIG_ED25519)
		snprintf(to, 64, "%s", kinds[a->kind]);
	else
		snprintf(to, 64, "%s with %s", kinds[a->kind],
		    m ? m->name : "an unknown digest");
	return to;
}

static bool
key_fits(EVP_PKEY *pub, enum ms_sig_kind kind)
{
	switch (kind) {
	case MS_SIG_RSA_PKCS1:
		return EVP_PKEY_is_a(pub, "RSA");
	case MS_SIG_RSA_PSS:
		return EVP_PKEY_is_a(pub, "RSA") ||
		    EVP_PKEY_is_a(pub, "RSA-PSS");
	case MS_SIG_ECDSA:
		return EVP_PKEY_is_a(pub, "EC");
	case MS_SIG_ED25519:
		return EVP_PKEY_is_a(pub, "ED25519");
	}
	return false;
}

/* Padding for RSA; 1 also where there is none to set. */
int
sigalg_padding(EVP_PKEY_CTX *ctx, const struct ms_sigalg *a)
{
	if (a->kind == MS_SIG_RSA_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	if (a->kind != MS_SIG_RSA_PSS)
		return 1;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, ms_md_legacy(a->md)) != 1)
		return 0;
	return EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, a->saltlen);
}

int
ms_sig_verify(EVP_PKEY *pub, const struct ms_sigalg *a, struct ms_span tbs,
    struct ms_span sig, struct ms_err *err)
{
	const EVP_MD *md = ms_md_legacy(a->md);
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct ms_span d = { digest, 0 };
	EVP_MD_CTX *ctx;
	unsigned int n;
	int r = -1;

	if (!key_fits(pub, a->kind))
		return 0;
	if (!md)
		return ms_fail(err, MS_DATA, "digest %s is not allowed",
		    ms_oid_name(a->md));
	if (a->kind != MS_SIG_ED25519) {
		if (EVP_Digest(tbs.p, tbs.n, digest, &n, md, NULL) != 1)
			return ms_fail_ssl(err, MS_OS, "cannot compute digest");
		d.n = n;
		return ms_sig_verify_digest(pub, a, d, sig, err);
	}
	ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pub) != 1)
		ms_fail_ssl(err, MS_OS, "cannot verify with this key");
	else
		r = EVP_DigestVerify(ctx, sig.p, sig.n, tbs.p, tbs.n) == 1;
	if (ms_ssl_nomem() && r == 0)
		r = ms_fail_nomem(err);
	EVP_MD_CTX_free(ctx);
	return r;
}

int
ms_sig_verify_digest(EVP_PKEY *pub, const struct ms_sigalg *a,
    struct ms_span digest, struct ms_span sig, struct ms_err *err)
{
	const struct md *m = md_find(a->md);
	EVP_PKEY_CTX *ctx;
	int r = -1;

	if (a->kind == MS_SIG_ED25519)
		return ms_fail(err, MS_BUG, "Ed25519 signs no digests");
	if (!key_fits(pub, a->kind))
		return 0;
	if (!m || digest.n != (size_t)m->size)
		return ms_fail(err, MS_BUG, "digest of %zu octets is no %s",
		    digest.n, m ? m->name : ms_oid_name(a->md));
	ctx = EVP_PKEY_CTX_new(pub, NULL);
	if (!ctx || EVP_PKEY_verify_init(ctx) != 1)
		ms_fail_ssl(err, MS_OS, "cannot verify with this key");
	else if (sigalg_padding(ctx, a) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, m->md()) != 1)
		r = 0;	/* an RSASSA-PSS key that demands other parameters */
	else
		r = EVP_PKEY_verify(ctx, sig.p, sig.n, digest.p,
		    digest.n) == 1;
	if (ms_ssl_nomem() && r == 0)
		r = ms_fail_nomem(err);
	EVP_PKEY_CTX_free(ctx);
	return r;
}
