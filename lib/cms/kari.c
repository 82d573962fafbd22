/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key agreement as RFC 5753 (ECDH) and RFC 8418 (X25519) have it: from the
 * shared secret to the key that wraps the content key.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "cms/env-internal.h"

size_t
ms_wrap_keylen(enum ms_oid wrap)
{
	switch (wrap) {
	case MS_OID_aes128_wrap:
		return 16;
	case MS_OID_aes192_wrap:
		return 24;
	case MS_OID_aes256_wrap:
		return 32;
	default:
		return 0;
	}
}

/* RFC 5753 section 7.2: ECC-CMS-SharedInfo. */
static int
shared_info(const struct ms_kari *ka, struct ms_buf *b, struct ms_err *err)
{
	unsigned char bits[4] = { 0, 0, 0, 0 };
	struct ms_der d;

	bits[2] = (unsigned char)(ka->keklen * 8 >> 8);
	bits[3] = (unsigned char)(ka->keklen * 8);
	ms_der_init(&d, b);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_raw(&d, ka->wrap.p, ka->wrap.n);
	if (ka->have_ukm) {
		ms_der_begin(&d, MS_CTXC(0));
		ms_der_prim(&d, MS_OCTETSTRING, ka->ukm.p, ka->ukm.n);
		ms_der_end(&d);
	}
	ms_der_begin(&d, MS_CTXC(2));
	ms_der_prim(&d, MS_OCTETSTRING, bits, sizeof(bits));
	ms_der_end(&d);
	ms_der_end(&d);
	return ms_der_finish(&d, err);
}

static enum ms_oid
scheme_md(enum ms_oid scheme)
{
	switch (scheme) {
	case MS_OID_dhSinglePass_stdDH_sha1kdf:
		return MS_OID_sha1;
	case MS_OID_dhSinglePass_stdDH_sha224kdf:
		return MS_OID_sha224;
	case MS_OID_dhSinglePass_stdDH_sha256kdf:
	case MS_OID_dhSinglePass_stdDH_hkdf_sha256:
		return MS_OID_sha256;
	case MS_OID_dhSinglePass_stdDH_sha384kdf:
		return MS_OID_sha384;
	case MS_OID_dhSinglePass_stdDH_sha512kdf:
		return MS_OID_sha512;
	default:
		return MS_OID_UNKNOWN;
	}
}

int
ms_kari_kek(const struct ms_kari *ka, struct ms_span secret,
    unsigned char kek[32], struct ms_err *err)
{
	bool hkdf = ka->scheme == MS_OID_dhSinglePass_stdDH_hkdf_sha256;
	struct ms_buf info = MS_BUF_INIT(MS_CMS_RECIPIENTINFO);
	const EVP_MD *md = ms_md_legacy(scheme_md(ka->scheme));
	EVP_KDF_CTX *c = NULL;
	EVP_KDF *kdf = NULL;
	OSSL_PARAM par[4];
	int rc = -1;

	if (md == NULL)
		return ms_fail(err, MS_DATA, "RFC 5753 section 7.1.4: key "
		    "agreement %s is not one we know",
		    ms_oid_name(ka->scheme));
	if (shared_info(ka, &info, err) != 0)
		goto out;
	par[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
	    (char *)(uintptr_t)EVP_MD_get0_name(md), 0);
	par[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
	    (void *)(uintptr_t)secret.p, secret.n);
	par[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
	    info.p, info.n);
	par[3] = OSSL_PARAM_construct_end();
	kdf = EVP_KDF_fetch(NULL, hkdf ? "HKDF" : "X963KDF", NULL);
	if (kdf == NULL || (c = EVP_KDF_CTX_new(kdf)) == NULL ||
	    EVP_KDF_derive(c, kek, ka->keklen, par) != 1) {
		ms_fail_ssl(err, MS_OS, "cannot derive a key");
		goto out;
	}
	rc = 0;
out:
	EVP_KDF_CTX_free(c);
	EVP_KDF_free(kdf);
	ms_buf_clear(&info);
	return rc;
}

static EVP_CIPHER_CTX *
wrap_start(const unsigned char *kek, size_t keklen, int enc,
    struct ms_err *err)
{
	const EVP_CIPHER *c = keklen == 16 ? EVP_aes_128_wrap() :
	    keklen == 24 ? EVP_aes_192_wrap() : EVP_aes_256_wrap();
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();

	if (x != NULL)
		EVP_CIPHER_CTX_set_flags(x, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (x == NULL || EVP_CipherInit_ex2(x, c, kek, NULL, enc, NULL) != 1) {
		ms_fail_ssl(err, MS_OS, "cannot start AES key wrap");
		EVP_CIPHER_CTX_free(x);
		return NULL;
	}
	return x;
}

int
ms_wrap(const unsigned char *kek, size_t keklen, struct ms_span cek,
    struct ms_buf *out, struct ms_err *err)
{
	unsigned char *to = ms_buf_room(out, cek.n + 16, err);
	EVP_CIPHER_CTX *x;
	int len, rc = -1;

	if (to == NULL || (x = wrap_start(kek, keklen, 1, err)) == NULL)
		return -1;
	if (EVP_CipherUpdate(x, to, &len, cek.p, (int)cek.n) == 1 && len > 0) {
		out->n += (size_t)len;
		rc = 0;
	} else {
		ms_fail_ssl(err, MS_OS, "cannot wrap a key");
	}
	EVP_CIPHER_CTX_free(x);
	return rc;
}

int
ms_unwrap(const unsigned char *kek, size_t keklen, struct ms_span in,
    struct ms_buf *out, struct ms_err *err)
{
	EVP_CIPHER_CTX *x;
	unsigned char *to;
	int len, rc = 0;

	if (in.n < 24 || in.n > MS_CEK_MAX + 8 || in.n % 8 != 0)
		return 0;
	if ((to = ms_buf_room(out, in.n + 16, err)) == NULL ||
	    (x = wrap_start(kek, keklen, 0, err)) == NULL)
		return -1;
	if (EVP_CipherUpdate(x, to, &len, in.p, (int)in.n) == 1 && len > 0) {
		out->n += (size_t)len;
		rc = 1;
	}
	ERR_clear_error();
	EVP_CIPHER_CTX_free(x);
	return rc;
}
