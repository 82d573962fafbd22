/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a RecipientInfo that is ours with the private key. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "cms/env-internal.h"

#define SECRET_MAX ((size_t)4096)	/* octets of a decrypted block or a
					 * shared secret */

bool
ms_ours_is_v15(const struct ms_ours *o)
{
	struct ms_span alg = o->alg, oid;

	return !o->agree &&
	    ms_der_want_oid(&alg, &oid, "keyEncryptionAlgorithm", NULL) == 0 &&
	    ms_oid_find(oid) == MS_OID_rsaEncryption;
}

static int
not_ours(struct ms_span oid, const char *clause, const char *what,
    struct ms_err *err)
{
	char dotted[128];

	return ms_fail(err, MS_DATA, "%s: %s %s is not one we read", clause,
	    what, ms_oid_dotted(oid, dotted, sizeof(dotted)));
}

/* AlgorithmIdentifier of a digest, its parameters absent or NULL. */
static int
parse_md(struct ms_span *s, enum ms_oid *md, struct ms_err *err)
{
	struct ms_span alg, oid, none;

	if (ms_der_want(s, MS_SEQUENCE, &alg, "hashAlgorithm", err) != 0 ||
	    ms_der_want_oid(&alg, &oid, "hashAlgorithm", err) != 0 ||
	    ms_der_maybe(&alg, MS_NULL, &none, err) < 0 ||
	    ms_der_done(&alg, "hashAlgorithm", err) != 0)
		return -1;
	*md = ms_oid_find(oid);
	if (ms_md_legacy(*md) == NULL)
		return not_ours(oid, "RFC 4055 section 4.1", "the hash", err);
	return 0;
}

static int
parse_mgf(struct ms_span *s, enum ms_oid *md, struct ms_err *err)
{
	struct ms_span alg, oid;

	if (ms_der_want(s, MS_SEQUENCE, &alg, "maskGenAlgorithm", err) != 0 ||
	    ms_der_want_oid(&alg, &oid, "maskGenAlgorithm", err) != 0)
		return -1;
	if (ms_oid_find(oid) != MS_OID_mgf1)
		return not_ours(oid, "RFC 4055 section 4.1",
		    "the mask generation", err);
	if (parse_md(&alg, md, err) != 0)
		return -1;
	return ms_der_done(&alg, "maskGenAlgorithm", err);
}

/* Only the empty label: nobody uses another, and it would be secret input. */
static int
parse_psource(struct ms_span *s, struct ms_err *err)
{
	struct ms_span alg, oid, label;

	if (ms_der_want(s, MS_SEQUENCE, &alg, "pSourceAlgorithm", err) != 0 ||
	    ms_der_want_oid(&alg, &oid, "pSourceAlgorithm", err) != 0 ||
	    ms_der_want(&alg, MS_OCTETSTRING, &label, "pSourceAlgorithm",
	    err) != 0 || ms_der_done(&alg, "pSourceAlgorithm", err) != 0)
		return -1;
	if (ms_oid_find(oid) != MS_OID_pSpecified || label.n != 0)
		return not_ours(oid, "RFC 4055 section 4.1",
		    "a label by pSourceFunc", err);
	return 0;
}

/* RSAES-OAEP-params; each field DEFAULT, SHA-1. */
static int
parse_oaep(struct ms_span *alg, struct ms_rsa_enc *e, struct ms_err *err)
{
	struct ms_span par, f;
	int rc;

	e->pad = MS_RSA_OAEP;
	e->md = e->mgf_md = MS_OID_sha1;
	if (alg->n == 0)
		return 0;
	if (ms_der_want(alg, MS_SEQUENCE, &par, "RSAES-OAEP-params",
	    err) != 0 || ms_der_done(alg, "keyEncryptionAlgorithm", err) != 0)
		return -1;
	if ((rc = ms_der_maybe(&par, MS_CTXC(0), &f, err)) < 0 ||
	    (rc == 1 && parse_md(&f, &e->md, err) != 0) ||
	    (rc == 1 && ms_der_done(&f, "hashFunc", err) != 0))
		return -1;
	if ((rc = ms_der_maybe(&par, MS_CTXC(1), &f, err)) < 0 ||
	    (rc == 1 && parse_mgf(&f, &e->mgf_md, err) != 0) ||
	    (rc == 1 && ms_der_done(&f, "maskGenFunc", err) != 0))
		return -1;
	if ((rc = ms_der_maybe(&par, MS_CTXC(2), &f, err)) < 0 ||
	    (rc == 1 && parse_psource(&f, err) != 0) ||
	    (rc == 1 && ms_der_done(&f, "pSourceFunc", err) != 0))
		return -1;
	return ms_der_done(&par, "RSAES-OAEP-params", err);
}

static int
open_rsa(const struct ms_ours *o, const struct ms_ident *id,
    struct ms_buf *secret, struct ms_err *err)
{
	struct ms_rsa_enc e = { MS_RSA_PKCS1, 0, 0 };
	struct ms_span alg = o->alg, oid;

	if (ms_der_want_oid(&alg, &oid, "keyEncryptionAlgorithm", err) != 0)
		return -1;
	switch (ms_oid_find(oid)) {
	case MS_OID_rsaEncryption:
		break;
	case MS_OID_rsaesOaep:
		if (parse_oaep(&alg, &e, err) != 0)
			return -1;
		break;
	default:
		return not_ours(oid, "RFC 8551 section 2.3",
		    "key encryption by", err);
	}
	/* A key of another type under this name: not for it. */
	if (!EVP_PKEY_is_a(ms_key_pub(id->key), "RSA"))
		return 0;
	return ms_key_decrypt(id->key, &e, o->ek, secret, err);
}

/* The originator's ephemeral key on our curve; 0 when it is none. */
static int
parse_originator(const struct ms_ours *o, EVP_PKEY *mine, EVP_PKEY **ret,
    struct ms_err *err)
{
	struct ms_span s = o->orig, key, alg, oid, bits;
	bool x25519 = EVP_PKEY_is_a(mine, "X25519");
	EVP_PKEY *peer;
	int rc;

	rc = ms_der_maybe(&s, MS_CTXC(1), &key, err);
	if (rc == 0)
		ms_fail(err, MS_DATA, "RFC 5753 section 3.1.1: the "
		    "originator's key is not in the message");
	if (rc != 1 || ms_der_done(&s, "originator", err) != 0 ||
	    ms_der_want(&key, MS_SEQUENCE, &alg, "originatorKey", err) != 0 ||
	    ms_der_want_oid(&alg, &oid, "originatorKey", err) != 0 ||
	    ms_der_want(&key, MS_BITSTRING, &bits, "publicKey", err) != 0 ||
	    ms_der_done(&key, "originatorKey", err) != 0)
		return -1;
	if ((!x25519 && !EVP_PKEY_is_a(mine, "EC")) ||
	    ms_oid_find(oid) != (x25519 ? MS_OID_x25519 : MS_OID_ecPublicKey) ||
	    bits.n < 2 || bits.p[0] != 0)
		return 0;
	peer = EVP_PKEY_new();
	if (peer == NULL)
		return ms_fail_nomem(err);
	/* On the curve or refused: OpenSSL checks while it decodes. */
	if (EVP_PKEY_copy_parameters(peer, mine) != 1 ||
	    EVP_PKEY_set1_encoded_public_key(peer, bits.p + 1,
	    bits.n - 1) != 1) {
		EVP_PKEY_free(peer);
		ERR_clear_error();
		return 0;
	}
	*ret = peer;
	return 1;
}

/* keyEncryptionAlgorithm: the scheme, and the wrap in its parameters. */
static int
parse_scheme(const struct ms_ours *o, struct ms_kari *ka, struct ms_err *err)
{
	struct ms_span s = o->alg, oid, wrap, wrap_oid;
	int tag;

	if (ms_der_want_oid(&s, &oid, "keyEncryptionAlgorithm", err) != 0 ||
	    ms_der_next(&s, &tag, &wrap, &ka->wrap, err) != 0 ||
	    ms_der_done(&s, "keyEncryptionAlgorithm", err) != 0 ||
	    ms_der_want_oid(&wrap, &wrap_oid, "KeyWrapAlgorithm", err) != 0)
		return -1;
	ka->scheme = ms_oid_find(oid);
	if (ka->scheme < MS_OID_dhSinglePass_stdDH_sha1kdf ||
	    ka->scheme > MS_OID_dhSinglePass_stdDH_hkdf_sha256)
		return not_ours(oid, "RFC 5753 section 7.1.4",
		    "key agreement", err);
	ka->keklen = ms_wrap_keylen(ms_oid_find(wrap_oid));
	if (ka->keklen == 0)
		return not_ours(wrap_oid, "RFC 5753 section 7.1.5",
		    "key wrap", err);
	ka->have_ukm = o->have_ukm;
	ka->ukm = o->ukm;
	return 0;
}

static int
open_kari(const struct ms_ours *o, const struct ms_ident *id,
    struct ms_buf *cek, struct ms_err *err)
{
	struct ms_buf secret = MS_BUF_SECRET(SECRET_MAX);
	unsigned char kek[32];
	struct ms_kari ka = { 0 };
	EVP_PKEY *peer = NULL;
	int rc;

	if (parse_scheme(o, &ka, err) != 0)
		return -1;
	rc = parse_originator(o, ms_key_pub(id->key), &peer, err);
	if (rc != 1)
		return rc;
	rc = -1;
	if (ms_key_derive(id->key, peer, &secret, err) == 0 &&
	    ms_kari_kek(&ka, ms_buf_span(&secret), kek, err) == 0)
		rc = ms_unwrap(kek, ka.keklen, o->ek, cek, err);
	ms_wipe(kek, sizeof(kek));
	ms_buf_clear(&secret);
	EVP_PKEY_free(peer);
	return rc;
}

int
ms_ours_open(const struct ms_ours *o, const struct ms_ident *id,
    size_t keylen, struct ms_buf *cek, struct ms_err *err)
{
	struct ms_buf got = MS_BUF_SECRET(SECRET_MAX);
	int rc;

	rc = o->agree ? open_kari(o, id, &got, err) :
	    open_rsa(o, id, &got, err);
	if (rc == 1 && got.n != keylen)
		rc = 0;
	if (rc == 1 && ms_buf_add(cek, got.p, got.n, err) != 0)
		rc = -1;
	ms_buf_clear(&got);
	return rc;
}
