/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and algorithms: every type does what it is for, and nothing else. */
#include <stdlib.h>

#include "pki/pki.h"
#include "tap.h"

static struct ms_err err;
static int asked;

static int
pass_fn(void *arg, const char *what, const char *who, struct ms_buf *pass,
    struct ms_err *e)
{
	asked++;
	if (!arg)
		return ms_fail(e, MS_NOPERM, "nobody to ask");
	return ms_buf_adds(pass, arg, e);
}

static struct ms_span
span(const char *s)
{
	return (struct ms_span){ (const unsigned char *)s, strlen(s) };
}

/* AlgorithmIdentifier written, walked into, parsed: the same again. */
static int
same_alg(const struct ms_sigalg *a)
{
	struct ms_buf b = MS_BUF_INIT(1024);
	struct ms_span s, seq;
	struct ms_sigalg back;
	struct ms_der d;
	int good;

	ms_der_init(&d, &b);
	ms_sigalg_write(&d, a);
	s = (ms_der_finish(&d, &err), ms_buf_span(&b));
	good = ms_der_want(&s, MS_SEQUENCE, &seq, "alg", &err) == 0 &&
	    ms_sigalg_parse(seq, a->md, &back, &err) == 0 &&
	    back.kind == a->kind && back.md == a->md &&
	    back.saltlen == a->saltlen;
	if (!good)
		printf("# %s\n", err.text);
	ms_buf_clear(&b);
	return good;
}

static void
sign_round(const char *type, bool pss, enum ms_oid md, const char *name)
{
	struct ms_buf sig = MS_BUF_INIT(4096);
	struct ms_key *k = ms_key_generate(type, &err);
	struct ms_sigalg a;
	char text[64];
	int i, all = 1;

	if (!ok(k != NULL, "%s generated", type))
		return;
	is_int(ms_sigalg_for(ms_key_pub(k), md, pss, &a, &err), 0,
	    "an algorithm for it");
	is_str(ms_sigalg_name(&a, text), name, "named");
	ok(same_alg(&a), "its AlgorithmIdentifier reads back");
	/* the second signature uses the kept context */
	for (i = 0; i < 2; i++) {
		ms_buf_reset(&sig);
		all &= ms_key_sign(k, &a, span("text"), &sig, &err) == 0 &&
		    ms_sig_verify(ms_key_pub(k), &a, span("text"),
		    ms_buf_span(&sig), &err) == 1;
	}
	ok(all, "%s signs and verifies, twice", name);
	is_int(ms_sig_verify(ms_key_pub(k), &a, span("test"),
	    ms_buf_span(&sig), &err), 0, "another text is wrong");
	sig.p[sig.n / 2] ^= 1;
	is_int(ms_sig_verify(ms_key_pub(k), &a, span("text"),
	    ms_buf_span(&sig), &err), 0, "a flipped bit is wrong");
	is_int(ms_sig_verify(ms_key_pub(k), &a, span("text"), span("x"),
	    &err), 0, "a short signature is wrong, not an error");
	a.kind = a.kind == MS_SIG_ECDSA ? MS_SIG_RSA_PKCS1 : MS_SIG_ECDSA;
	is_int(ms_sig_verify(ms_key_pub(k), &a, span("text"),
	    ms_buf_span(&sig), &err), 0, "another type of key is wrong");
	ms_buf_clear(&sig);
	ms_key_free(k);
}

static void
parse_refuses(void)
{
	/* rsassaPss with hash sha256, MGF1 with sha1, salt 32 */
	static const unsigned char mixed[] = { 0x06, 0x09, 0x2a, 0x86, 0x48,
	    0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x14, 0xa0, 0x0d, 0x30,
	    0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
	    0x01, 0xa2, 0x03, 0x02, 0x01, 0x20 };
	static const unsigned char plain[] = { 0x06, 0x09, 0x2a, 0x86, 0x48,
	    0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 };
	static const unsigned char md5[] = { 0x06, 0x09, 0x2a, 0x86, 0x48,
	    0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04, 0x05, 0x00 };
	struct ms_span m = { mixed, sizeof(mixed) };
	struct ms_span p = { plain, sizeof(plain) };
	struct ms_span old = { md5, sizeof(md5) };
	struct ms_sigalg a;

	fails(ms_sigalg_parse(m, MS_OID_sha256, &a, &err), &err, MS_DATA,
	    "RFC 4055 section 3.1", "PSS with two digests refused");
	is_int(ms_sigalg_parse(p, MS_OID_sha256, &a, &err), 0,
	    "sha256WithRSA with digest sha256");
	fails(ms_sigalg_parse(p, MS_OID_sha1, &a, &err), &err, MS_DATA,
	    "does not belong to", "sha256WithRSA with digest sha1 refused");
	fails(ms_sigalg_parse(old, MS_OID_md5, &a, &err), &err, MS_DATA,
	    "not allowed", "md5WithRSA refused");
	ok(ms_md(MS_OID_sha256) && !ms_md(MS_OID_sha1) &&
	    ms_md_legacy(MS_OID_sha1) && !ms_md_legacy(MS_OID_md5),
	    "sha1 for reading only, md5 never");
	is_int(ms_md_from_micalg("SHA-384", 7), MS_OID_sha384, "micalg");
	is_int(ms_md_from_micalg("sha256", 6), MS_OID_sha256,
	    "micalg as older mailers write it");
	is_int(ms_md_from_micalg("md5", 3), MS_OID_UNKNOWN, "md5 is none");
	is_str(ms_md_micalg(MS_OID_sha512), "sha-512", "its name");
}

static void
rsa(void)
{
	static const struct { struct ms_rsa_enc e; const char *name; } t[] = {
		{ { MS_RSA_PKCS1, 0, 0 }, "PKCS#1 v1.5" },
		{ { MS_RSA_OAEP, MS_OID_sha256, MS_OID_sha256 }, "OAEP" },
		{ { MS_RSA_OAEP, MS_OID_sha256, MS_OID_sha1 },
		    "OAEP with MGF1 of SHA-1" },
	};
	struct ms_buf out = MS_BUF_SECRET(1024);
	unsigned char junk[256];
	struct ms_span in = { junk, sizeof(junk) };
	struct ms_key *k = ms_key_generate("rsa2048", &err);
	struct ms_key *ec = ms_key_generate("p256", &err);
	size_t i;
	int r;

	memset(junk, 1, sizeof(junk));
	for (i = 0; i < 3; i++) {
		ms_buf_reset(&out);
		r = ms_key_decrypt(k, &t[i].e, in, &out, &err);
		ok(r == 0 || (i == 0 && r == 1), "%s: junk is no error",
		    t[i].name);
		is_int(err.class, MS_OK, "and leaves no text");
	}
	fails(ms_key_decrypt(ec, &t[0].e, in, &out, &err), &err, MS_USAGE,
	    "cannot decrypt", "an EC key does not decrypt");
	fails(ms_key_decrypt(k, &(struct ms_rsa_enc){ MS_RSA_OAEP, MS_OID_md5,
	    MS_OID_sha1 }, in, &out, &err), &err, MS_DATA, "not allowed",
	    "OAEP with MD5 refused");
	ms_buf_clear(&out);
	ms_key_free(k);
	ms_key_free(ec);
}

static void
agree(const char *type)
{
	struct ms_buf s1 = MS_BUF_SECRET(256), s2 = MS_BUF_SECRET(256);
	struct ms_key *a = ms_key_generate(type, &err);
	struct ms_key *b = ms_key_generate(type, &err);

	ok(ms_key_derive(a, ms_key_pub(b), &s1, &err) == 0 &&
	    ms_key_derive(b, ms_key_pub(a), &s2, &err) == 0 && s1.n >= 32 &&
	    ms_span_eq(ms_buf_span(&s1), ms_buf_span(&s2)),
	    "%s: both sides agree", type);
	ms_buf_clear(&s1);
	ms_buf_clear(&s2);
	ms_key_free(a);
	ms_key_free(b);
}

static void
disagree(void)
{
	struct ms_buf s = MS_BUF_SECRET(256);
	unsigned char zero[32] = { 0 };
	struct ms_key *a = ms_key_generate("p256", &err);
	struct ms_key *b = ms_key_generate("p384", &err);
	struct ms_key *x = ms_key_generate("x25519", &err);
	EVP_PKEY *low;

	fails(ms_key_derive(a, ms_key_pub(b), &s, &err), &err, MS_DATA,
	    "key agreement failed", "another curve refused");
	low = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, zero, 32);
	fails(ms_key_derive(x, low, &s, &err), &err, MS_DATA,
	    "key agreement failed", "X25519 point of low order refused");
	is_int((long long)s.n, 0, "and nothing of a secret came out");
	EVP_PKEY_free(low);
	ms_buf_clear(&s);
	ms_key_free(a);
	ms_key_free(b);
	ms_key_free(x);
}

static int
reads_back(const struct ms_key *k, const struct ms_buf *pem, const char *pass,
    struct ms_err *e)
{
	struct ms_bag b;
	int rc;

	ms_bag_init(&b);
	asked = 0;
	rc = ms_bag_parse(&b, ms_buf_span(pem), "key.pem", pass_fn,
	    (void *)(uintptr_t)pass, e);
	if (rc == 0 && (b.nkeys != 1 || EVP_PKEY_eq(ms_key_pub(b.keys[0]),
	    ms_key_pub(k)) != 1))
		rc = -2;
	ms_bag_clear(&b);
	return rc;
}

static void
pem(void)
{
	struct ms_buf p = MS_BUF_SECRET(65536), pass = MS_BUF_SECRET(64);
	struct ms_key *k = ms_key_generate("p384", &err);

	is_int(ms_key_write_pem(k, NULL, &p, &err), 0, "written in clear");
	is_int(reads_back(k, &p, "never", &err), 0, "reads back");
	is_int(asked, 0, "nobody was asked for a passphrase");
	ms_buf_reset(&p);
	ms_buf_adds(&pass, "Gro\xc3\x9f und lang", &err);
	is_int(ms_key_write_pem(k, &pass, &p, &err), 0, "written encrypted");
	ok(strstr(ms_buf_str(&p), "BEGIN ENCRYPTED PRIVATE KEY") != NULL,
	    "as PKCS#8");
	is_int(reads_back(k, &p, "Gro\xc3\x9f und lang", &err), 0,
	    "reads back");
	is_int(asked, 1, "asked once");
	fails(reads_back(k, &p, "wrong", &err), &err, MS_NOPERM,
	    "key.pem: wrong passphrase", "wrong passphrase");
	fails(reads_back(k, &p, NULL, &err), &err, MS_NOPERM, "nobody to ask",
	    "no passphrase to be had");
	ms_buf_clear(&p);
	ms_buf_clear(&pass);
	ms_key_free(k);
}

static void
weak(void)
{
	EVP_PKEY *p = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	EVP_PKEY *koblitz = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
	struct ms_key *k = ms_key_soft(p, &err);
	struct ms_key *x = ms_key_generate("x25519", &err);
	struct ms_sigalg a = { MS_SIG_RSA_PKCS1, MS_OID_sha256, 0 };
	struct ms_buf sig = MS_BUF_INIT(1024);

	fails(ms_key_sign(k, &a, span("t"), &sig, &err), &err, MS_USAGE,
	    "at least 2048", "RSA-1024 does not sign");
	fails(ms_sigalg_for(p, MS_OID_sha256, false, &a, &err), &err, MS_USAGE,
	    "at least 2048", "nor gets an algorithm");
	fails(ms_sigalg_for(koblitz, MS_OID_sha256, false, &a, &err), &err,
	    MS_USAGE, "curve secp256k1", "nor does a curve not in the list");
	fails(ms_sigalg_for(ms_key_pub(x), MS_OID_sha256, false, &a, &err),
	    &err, MS_USAGE, "cannot sign", "nor X25519");
	fails(ms_sigalg_for(p, MS_OID_sha1, false, &a, &err), &err, MS_USAGE,
	    "digest sha1", "nor SHA-1");
	fails(ms_key_generate("dsa", &err) ? 0 : -1, &err, MS_USAGE,
	    "key type 'dsa'", "no such type");
	EVP_PKEY_free(koblitz);
	ms_buf_clear(&sig);
	ms_key_free(k);
	ms_key_free(x);
}

int
main(void)
{
	sign_round("rsa2048", false, MS_OID_sha256, "RSA with SHA-256");
	sign_round("rsa2048", true, MS_OID_sha384, "RSA-PSS with SHA-384");
	sign_round("p256", false, MS_OID_sha256, "ECDSA with SHA-256");
	sign_round("p384", false, MS_OID_sha256, "ECDSA with SHA-384");
	sign_round("p521", false, MS_OID_sha256, "ECDSA with SHA-512");
	sign_round("ed25519", false, MS_OID_sha256, "Ed25519");
	parse_refuses();
	rsa();
	agree("p256");
	agree("p384");
	agree("x25519");
	disagree();
	pem();
	weak();
	return tap_done();
}
