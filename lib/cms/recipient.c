/* SPDX-License-Identifier: Apache-2.0 */
/* Making RecipientInfos: KeyTrans (RFC 5652 6.2.1) and KeyAgree (6.2.2). */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "cms/env-internal.h"
#include "pki/cert.h"

#define PUBLIC_KEY_MAX ((size_t)4096)	/* octets of a public key or an
					 * encrypted content key */

static void
write_ias(struct ms_der *d, X509 *cert)
{
	struct ms_buf ias = MS_BUF_INIT(MS_CMS_RECIPIENTINFO);

	if (!d->failed && ms_cert_ias(cert, &ias, &d->err) != 0)
		d->failed = true;
	ms_der_raw(d, ias.p, ias.n);
	ms_buf_clear(&ias);
}

static void
write_rsa_alg(struct ms_der *d, bool oaep)
{
	ms_der_begin(d, MS_SEQUENCE);
	if (!oaep) {
		ms_der_oid(d, MS_OID_rsaEncryption);
		ms_der_null(d);
		ms_der_end(d);
		return;
	}
	/* RFC 4055 section 4.1; pSource is the default, an empty label. */
	ms_der_oid(d, MS_OID_rsaesOaep);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_begin(d, MS_CTXC(0));
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, MS_OID_sha256);
	ms_der_null(d);
	ms_der_end(d);
	ms_der_end(d);
	ms_der_begin(d, MS_CTXC(1));
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, MS_OID_mgf1);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, MS_OID_sha256);
	ms_der_null(d);
	ms_der_end(d);
	ms_der_end(d);
	ms_der_end(d);
	ms_der_end(d);
	ms_der_end(d);
}

static int
rsa_encrypt(EVP_PKEY *pub, bool oaep, struct ms_span cek, struct ms_buf *out,
    struct ms_err *err)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, pub, NULL);
	unsigned char *to = ms_buf_room(out, PUBLIC_KEY_MAX, err);
	size_t n = PUBLIC_KEY_MAX;
	int rc = -1;

	if (to == NULL)
		goto out;
	if (c == NULL || EVP_PKEY_encrypt_init(c) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(c, oaep ?
	    RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING) != 1)
		goto ssl;
	if (oaep && (EVP_PKEY_CTX_set_rsa_oaep_md(c, EVP_sha256()) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(c, EVP_sha256()) != 1))
		goto ssl;
	if (EVP_PKEY_encrypt(c, to, &n, cek.p, cek.n) != 1)
		goto ssl;
	out->n += n;
	rc = 0;
	goto out;
ssl:
	ms_fail_ssl(err, MS_USAGE, "cannot encrypt to an RSA key");
out:
	EVP_PKEY_CTX_free(c);
	return rc;
}

static int
write_ktri(struct ms_der *d, X509 *cert, EVP_PKEY *pub, bool oaep,
    struct ms_span cek, struct ms_err *err)
{
	struct ms_buf ek = MS_BUF_INIT(PUBLIC_KEY_MAX);
	int rc = -1;

	if (rsa_encrypt(pub, oaep, cek, &ek, err) == 0) {
		ms_der_begin(d, MS_SEQUENCE);
		ms_der_uint(d, 0);
		write_ias(d, cert);
		write_rsa_alg(d, oaep);
		ms_der_prim(d, MS_OCTETSTRING, ek.p, ek.n);
		ms_der_end(d);
		rc = 0;
	}
	ms_buf_clear(&ek);
	return rc;
}

/*
 * A fresh key on the recipient's curve (its public half into `point`) and the
 * secret it shares with the recipient.  The recipient's point was proven to
 * lie on its curve when the certificate was decoded; all curves here have
 * cofactor 1 (X25519 takes any string), so the costly second check is left
 * out.
 */
static int
agree(EVP_PKEY *pub, struct ms_buf *point, struct ms_buf *secret,
    struct ms_err *err)
{
	EVP_PKEY_CTX *g = EVP_PKEY_CTX_new_from_pkey(NULL, pub, NULL);
	EVP_PKEY_CTX *c = NULL;
	EVP_PKEY *eph = NULL;
	unsigned char *enc = NULL, *to;
	size_t n = 0;
	int rc = -1;

	if (g == NULL || EVP_PKEY_keygen_init(g) != 1 ||
	    EVP_PKEY_generate(g, &eph) != 1 ||
	    (n = EVP_PKEY_get1_encoded_public_key(eph, &enc)) == 0)
		goto ssl;
	if (ms_buf_add(point, enc, n, err) != 0)
		goto out;
	c = EVP_PKEY_CTX_new_from_pkey(NULL, eph, NULL);
	if (c == NULL || EVP_PKEY_derive_init(c) != 1 ||
	    EVP_PKEY_derive_set_peer_ex(c, pub, 0) != 1 ||
	    EVP_PKEY_derive(c, NULL, &n) != 1)
		goto ssl;
	if ((to = ms_buf_room(secret, n, err)) == NULL)
		goto out;
	if (EVP_PKEY_derive(c, to, &n) != 1)
		goto ssl;
	secret->n += n;
	rc = 0;
	goto out;
ssl:
	ms_fail_ssl(err, MS_USAGE, "cannot agree on a key");
out:
	OPENSSL_free(enc);
	EVP_PKEY_free(eph);
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_CTX_free(g);
	return rc;
}

/* originator [0] EXPLICIT { [1] OriginatorPublicKey } */
static void
write_originator(struct ms_der *d, enum ms_oid type,
    const struct ms_buf *point)
{
	static const unsigned char unused_bits = 0;

	ms_der_begin(d, MS_CTXC(0));
	ms_der_begin(d, MS_CTXC(1));
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, type);
	ms_der_end(d);
	ms_der_begin(d, MS_BITSTRING);
	ms_der_raw(d, &unused_bits, 1);
	ms_der_raw(d, point->p, point->n);
	ms_der_end(d);
	ms_der_end(d);
	ms_der_end(d);
}

static void
write_wrap_alg(struct ms_der *d)
{
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, MS_OID_aes256_wrap);
	ms_der_end(d);
}

/*
 * SHA-256 in the key derivation on every curve: RFC 8551 section 2.3 demands
 * it, and OpenSSL, gpgsm, NSS and BouncyCastle read it on all of them.
 */
static int
wrap_for(EVP_PKEY *pub, bool ec, struct ms_span cek, struct ms_buf *point,
    struct ms_buf *ek, struct ms_err *err)
{
	struct ms_buf secret = MS_BUF_SECRET(PUBLIC_KEY_MAX);
	struct ms_buf alg = MS_BUF_INIT(64);
	unsigned char kek[32];
	struct ms_kari ka = { 0 };
	struct ms_der d;
	int rc = -1;

	ms_der_init(&d, &alg);
	write_wrap_alg(&d);
	if (ms_der_finish(&d, err) != 0 ||
	    agree(pub, point, &secret, err) != 0)
		goto out;
	ka.scheme = ec ? MS_OID_dhSinglePass_stdDH_sha256kdf :
	    MS_OID_dhSinglePass_stdDH_hkdf_sha256;
	ka.wrap = ms_buf_span(&alg);
	ka.keklen = sizeof(kek);
	if (ms_kari_kek(&ka, ms_buf_span(&secret), kek, err) == 0)
		rc = ms_wrap(kek, sizeof(kek), cek, ek, err);
	ms_wipe(kek, sizeof(kek));
out:
	ms_buf_clear(&secret);
	ms_buf_clear(&alg);
	return rc;
}

static int
write_kari(struct ms_der *d, X509 *cert, EVP_PKEY *pub, bool ec,
    struct ms_span cek, struct ms_err *err)
{
	struct ms_buf point = MS_BUF_INIT(PUBLIC_KEY_MAX);
	struct ms_buf ek = MS_BUF_INIT(128);
	int rc = wrap_for(pub, ec, cek, &point, &ek, err);

	if (rc == 0) {
		ms_der_begin(d, MS_CTXC(1));
		ms_der_uint(d, 3);
		write_originator(d, ec ? MS_OID_ecPublicKey : MS_OID_x25519,
		    &point);
		ms_der_begin(d, MS_SEQUENCE);
		ms_der_oid(d, ec ? MS_OID_dhSinglePass_stdDH_sha256kdf :
		    MS_OID_dhSinglePass_stdDH_hkdf_sha256);
		write_wrap_alg(d);
		ms_der_end(d);
		ms_der_begin(d, MS_SEQUENCE);
		ms_der_begin(d, MS_SEQUENCE);
		write_ias(d, cert);
		ms_der_prim(d, MS_OCTETSTRING, ek.p, ek.n);
		ms_der_end(d);
		ms_der_end(d);
		ms_der_end(d);
	}
	ms_buf_clear(&point);
	ms_buf_clear(&ek);
	return rc;
}

int
ms_recipient_write(struct ms_der *d, X509 *cert, bool oaep,
    struct ms_span cek, int *version, struct ms_err *err)
{
	EVP_PKEY *pub = X509_get0_pubkey(cert);
	const char *why;
	char *who;
	int rc = -1;

	if (!ms_cert_may_seal(cert, &why)) {
		ms_fail(err, MS_USAGE, "%s", why);
	} else if (EVP_PKEY_is_a(pub, "RSA")) {
		rc = write_ktri(d, cert, pub, oaep, cek, err);
	} else {
		rc = write_kari(d, cert, pub, EVP_PKEY_is_a(pub, "EC"), cek,
		    err);
		*version = 3;
	}
	if (rc != 0) {
		who = ms_cert_subject(cert);
		ms_err_context(err, "certificate of '%s'",
		    who != NULL ? who : "?");
		free(who);
	}
	return rc;
}
