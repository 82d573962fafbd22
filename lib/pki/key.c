/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "pki/internal.h"

/* A key in memory.  The context of the last signature is kept: making one
 * costs as much as a quarter of a P-256 signature. */
struct soft {
	EVP_PKEY_CTX *sign;
	struct ms_sigalg alg;
};

static void
soft_free(struct ms_key *k)
{
	struct soft *s = k->at;

	EVP_PKEY_CTX_free(s->sign);
	free(s);
}

static bool
same_alg(const struct ms_sigalg *a, const struct ms_sigalg *b)
{
	return a->kind == b->kind && a->md == b->md &&
	    a->saltlen == b->saltlen;
}

static int
soft_sign_ctx(struct ms_key *k, const struct ms_sigalg *a, struct ms_err *err)
{
	struct soft *s = k->at;

	if (s->sign && same_alg(&s->alg, a))
		return 0;
	EVP_PKEY_CTX_free(s->sign);
	s->sign = EVP_PKEY_CTX_new(k->pub, NULL);
	if (s->sign && EVP_PKEY_sign_init(s->sign) == 1 &&
	    sigalg_padding(s->sign, a) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(s->sign, ms_md(a->md)) == 1) {
		s->alg = *a;
		return 0;
	}
	EVP_PKEY_CTX_free(s->sign);
	s->sign = NULL;
	return ms_fail_ssl(err, MS_USAGE, "the key does not sign that way");
}

static int
soft_sign_ed25519(struct ms_key *k, struct ms_span tbs, struct ms_buf *sig,
    struct ms_err *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *to;
	size_t n = 64;
	int rc = -1;

	if (!(to = ms_buf_room(sig, n, err)))
		goto out;
	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pub) != 1 ||
	    EVP_DigestSign(ctx, to, &n, tbs.p, tbs.n) != 1) {
		ms_fail_ssl(err, MS_USAGE, "the key does not sign");
		goto out;
	}
	sig->n += n;
	rc = 0;
out:
	EVP_MD_CTX_free(ctx);
	return rc;
}

static int
soft_sign(struct ms_key *k, const struct ms_sigalg *a, struct ms_span tbs,
    struct ms_buf *sig, struct ms_err *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *to;
	size_t n = (size_t)EVP_PKEY_get_size(k->pub);
	struct soft *s = k->at;
	unsigned int dn;

	if (a->kind == MS_SIG_ED25519)
		return soft_sign_ed25519(k, tbs, sig, err);
	if (soft_sign_ctx(k, a, err) < 0 || !(to = ms_buf_room(sig, n, err)))
		return -1;
	if (EVP_Digest(tbs.p, tbs.n, digest, &dn, ms_md(a->md), NULL) != 1 ||
	    EVP_PKEY_sign(s->sign, to, &n, digest, dn) != 1)
		return ms_fail_ssl(err, MS_OS, "cannot sign");
	sig->n += n;
	return 0;
}

static int
decrypt_ctx(EVP_PKEY_CTX *ctx, const struct ms_rsa_enc *e)
{
	if (!ctx || EVP_PKEY_decrypt_init(ctx) != 1)
		return 0;
	if (e->pad == MS_RSA_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, ms_md_legacy(e->md)) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, ms_md_legacy(e->mgf_md)) == 1;
}

/*
 * A libcrypto with implicit rejection answers a wrong PKCS#1 block with octets
 * of some other length, one without it fails; the caller treats both alike.
 * The queue is emptied either way, so that nothing of the cause remains.
 */
static int
soft_decrypt(struct ms_key *k, const struct ms_rsa_enc *e, struct ms_span in,
    struct ms_buf *out, struct ms_err *err)
{
	size_t n = (size_t)EVP_PKEY_get_size(k->pub);
	unsigned char *to;
	EVP_PKEY_CTX *ctx;
	int r = -1;

	if (!EVP_PKEY_is_a(k->pub, "RSA"))
		return ms_fail(err, MS_USAGE, "a key of type %s cannot decrypt",
		    EVP_PKEY_get0_type_name(k->pub));
	ctx = EVP_PKEY_CTX_new(k->pub, NULL);
	if (decrypt_ctx(ctx, e) != 1) {
		ms_fail_ssl(err, MS_DATA, "RSA encryption with parameters "
		    "that are not supported");
	} else if ((to = ms_buf_room(out, n, err))) {
		r = EVP_PKEY_decrypt(ctx, to, &n, in.p, in.n) == 1;
		out->n += r == 1 ? n : 0;
		ERR_clear_error();
	}
	EVP_PKEY_CTX_free(ctx);
	return r;
}

/*
 * RFC 5753 section 7.2 and SP 800-56A: the peer's point is checked to lie on
 * the curve, once; on curves of cofactor 1, and there are no others here, that
 * is the whole validation, so libcrypto's own, which multiplies by the order,
 * is not asked again.  X25519 is checked by its result (RFC 7748 section 6.1).
 */
static int
soft_derive(struct ms_key *k, EVP_PKEY *peer, struct ms_buf *secret,
    struct ms_err *err)
{
	EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(peer, NULL), *ctx = NULL;
	unsigned char *to;
	int rc = -1;
	size_t n;

	if (!check || EVP_PKEY_public_check_quick(check) != 1) {
		ms_fail_ssl(err, MS_DATA, "RFC 5753 section 7.2: public key "
		    "is not on its curve");
		goto out;
	}
	ctx = EVP_PKEY_CTX_new(k->pub, NULL);
	if (!ctx || EVP_PKEY_derive_init(ctx) != 1) {
		ms_fail_ssl(err, MS_USAGE, "a key of type %s does no key "
		    "agreement", EVP_PKEY_get0_type_name(k->pub));
		goto out;
	}
	if (EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) != 1 ||
	    EVP_PKEY_derive(ctx, NULL, &n) != 1) {
		ms_fail_ssl(err, MS_DATA, "key agreement failed");
		goto out;
	}
	if (!(to = ms_buf_room(secret, n, err)))
		goto out;
	if (EVP_PKEY_derive(ctx, to, &n) != 1) {
		ms_fail_ssl(err, MS_DATA, "key agreement failed");
		goto out;
	}
	secret->n += n;
	rc = 0;
out:
	EVP_PKEY_CTX_free(check);
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static const struct ms_key_ops soft_ops = { soft_sign, soft_decrypt,
	soft_derive, soft_free, NULL };

struct ms_key *
ms_key_soft(EVP_PKEY *pkey, struct ms_err *err)
{
	struct ms_key *k = calloc(1, sizeof(*k));
	struct soft *s = calloc(1, sizeof(*s));

	if (!k || !s) {
		free(k);
		free(s);
		ms_fail_nomem(err);
		return NULL;
	}
	atomic_init(&k->refs, 1);
	k->ops = &soft_ops;
	k->pub = pkey;
	k->at = s;
	return k;
}

struct ms_key *
ms_key_ref(struct ms_key *k)
{
	atomic_fetch_add(&k->refs, 1);
	return k;
}

void
ms_key_free(struct ms_key *k)
{
	if (!k || atomic_fetch_sub(&k->refs, 1) != 1)
		return;
	k->ops->free(k);
	EVP_PKEY_free(k->pub);
	free(k->uri);
	free(k);
}

EVP_PKEY *
ms_key_pub(const struct ms_key *k)
{
	return k->pub;
}

EVP_PKEY *
ms_key_get0_soft(const struct ms_key *k)
{
	return k->ops == &soft_ops ? k->pub : NULL;
}

int
ms_key_ready(struct ms_key *k, struct ms_err *err)
{
	return k->ops->ready ? k->ops->ready(k, err) : 0;
}

const char *
ms_key_uri(const struct ms_key *k)
{
	return k->uri;
}

bool
ms_key_matches(const struct ms_key *k, X509 *cert)
{
	EVP_PKEY *pub = X509_get0_pubkey(cert);
	bool same = pub && EVP_PKEY_eq(pub, k->pub) == 1;

	ERR_clear_error();
	return same;
}

int
ms_key_sign(struct ms_key *k, const struct ms_sigalg *a, struct ms_span tbs,
    struct ms_buf *sig, struct ms_err *err)
{
	if (!k->ops->sign)
		return ms_fail(err, MS_USAGE, "this key cannot sign");
	if (!ms_md(a->md))
		return ms_fail(err, MS_USAGE,
		    "digest %s is not one we sign with", ms_oid_name(a->md));
	if ((a->kind == MS_SIG_RSA_PKCS1 || a->kind == MS_SIG_RSA_PSS) &&
	    EVP_PKEY_get_bits(k->pub) < 2048)
		return ms_fail(err, MS_USAGE, "RSA key of %d bits: at least "
		    "2048 are needed to sign (RFC 8551 section 4.3)",
		    EVP_PKEY_get_bits(k->pub));
	return k->ops->sign(k, a, tbs, sig, err);
}

int
ms_key_decrypt(struct ms_key *k, const struct ms_rsa_enc *e, struct ms_span in,
    struct ms_buf *out, struct ms_err *err)
{
	if (!k->ops->decrypt)
		return ms_fail(err, MS_USAGE, "this key cannot decrypt");
	if (e->pad == MS_RSA_OAEP &&
	    (!ms_md_legacy(e->md) || !ms_md_legacy(e->mgf_md)))
		return ms_fail(err, MS_DATA, "RSAES-OAEP with a digest that is "
		    "not allowed");
	return k->ops->decrypt(k, e, in, out, err);
}

int
ms_key_derive(struct ms_key *k, EVP_PKEY *peer, struct ms_buf *secret,
    struct ms_err *err)
{
	if (!k->ops->derive)
		return ms_fail(err, MS_USAGE, "this key does no key agreement");
	return k->ops->derive(k, peer, secret, err);
}

struct ms_key *
ms_key_generate(const char *type, struct ms_err *err)
{
	struct ms_key *k = NULL;
	EVP_PKEY *p = NULL;

	if (ms_streq(type, "rsa2048"))
		p = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	else if (ms_streq(type, "rsa3072"))
		p = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);
	else if (ms_streq(type, "rsa4096"))
		p = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)4096);
	else if (ms_streq(type, "p256"))
		p = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	else if (ms_streq(type, "p384"))
		p = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	else if (ms_streq(type, "p521"))
		p = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
	else if (ms_streq(type, "ed25519"))
		p = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else if (ms_streq(type, "x25519"))
		p = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	else
		ms_fail(err, MS_USAGE, "key type '%s' is none of rsa2048, "
		    "rsa3072, rsa4096, p256, p384, p521, ed25519, x25519",
		    type);
	if (!p)
		ms_fail_ssl(err, MS_OS, "cannot make a key");
	else if (!(k = ms_key_soft(p, err)))
		EVP_PKEY_free(p);
	return k;
}
