/* SPDX-License-Identifier: Apache-2.0 */
/* Content ciphers: RFC 3565 (AES-CBC), 5084 (AES-GCM), 8103 (ChaCha20). */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "cms/env-internal.h"
#include "pki/cert.h"

/* CBC has no bound of its own; this keeps sums of lengths from wrapping. */
#define CBC_MAX ((uint64_t)1 << 60)
/* 2^32 - 1 blocks of 64 octets, RFC 8439 section 2.8. */
#define CHACHA_MAX (((uint64_t)1 << 38) - 64)

static const struct ms_cipher_info ciphers[] = {
	{ MS_AES_256_GCM, MS_OID_aes256_gcm, "aes-256-gcm", "AES-256-GCM",
	    32, 12, 1, true, false, MS_GCM_MAX },
	{ MS_AES_192_GCM, MS_OID_aes192_gcm, "aes-192-gcm", "AES-192-GCM",
	    24, 12, 1, true, false, MS_GCM_MAX },
	{ MS_AES_128_GCM, MS_OID_aes128_gcm, "aes-128-gcm", "AES-128-GCM",
	    16, 12, 1, true, false, MS_GCM_MAX },
	{ MS_AES_256_CBC, MS_OID_aes256_cbc, "aes-256-cbc", "AES-256-CBC",
	    32, 16, 16, false, false, CBC_MAX },
	{ MS_AES_192_CBC, MS_OID_aes192_cbc, "aes-192-cbc", "AES-192-CBC",
	    24, 16, 16, false, false, CBC_MAX },
	{ MS_AES_128_CBC, MS_OID_aes128_cbc, "aes-128-cbc", "AES-128-CBC",
	    16, 16, 16, false, false, CBC_MAX },
	{ MS_CHACHA20_POLY1305, MS_OID_chacha20Poly1305, "chacha20-poly1305",
	    "ChaCha20-Poly1305", 32, 12, 1, true, false, CHACHA_MAX },
	{ MS_DES_EDE3_CBC, MS_OID_des_ede3_cbc, "des-ede3-cbc",
	    "DES-EDE3-CBC", 24, 8, 8, false, true, CBC_MAX },
};
#define NCIPHERS (sizeof(ciphers) / sizeof(ciphers[0]))

const struct ms_cipher_info *
ms_cipher_info(enum ms_cipher c)
{
	size_t i;

	for (i = 0; i < NCIPHERS; i++)
		if (ciphers[i].id == c)
			return &ciphers[i];
	return NULL;
}

const char *
ms_cipher_name(enum ms_cipher c)
{
	const struct ms_cipher_info *ci = ms_cipher_info(c);

	return ci != NULL ? ci->name : "auto";
}

enum ms_cipher
ms_cipher_find(const char *name)
{
	size_t i;

	for (i = 0; i < NCIPHERS; i++)
		if (ms_strcaseeq(ciphers[i].name, name))
			return ciphers[i].id;
	return MS_CIPHER_AUTO;
}

bool
ms_cipher_is_aead(enum ms_cipher c)
{
	const struct ms_cipher_info *ci = ms_cipher_info(c);

	return ci != NULL && ci->aead;
}

uint64_t
ms_cipher_size(const struct ms_cipher_info *ci, uint64_t n)
{
	return ci->aead ? n : (n / ci->block + 1) * ci->block;
}

void
ms_cipher_write(struct ms_der *d, const struct ms_cipher_info *ci,
    const unsigned char *iv)
{
	bool gcm = ci->aead && ci->id != MS_CHACHA20_POLY1305;

	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, ci->oid);
	if (gcm)
		ms_der_begin(d, MS_SEQUENCE);
	ms_der_prim(d, MS_OCTETSTRING, iv, ci->ivlen);
	if (gcm) {
		ms_der_uint(d, MS_AEAD_TAG);
		ms_der_end(d);
	}
	ms_der_end(d);
}

/* RFC 5084 section 3.2: GCMParameters, aes-ICVlen DEFAULT 12. */
static int
parse_gcm(struct ms_span *s, struct ms_span *nonce, struct ms_err *err)
{
	struct ms_span par;
	uint64_t icv = 12;

	if (ms_der_want(s, MS_SEQUENCE, &par, "GCMParameters", err) != 0 ||
	    ms_der_want(&par, MS_OCTETSTRING, nonce, "aes-nonce", err) != 0)
		return -1;
	if (par.n > 0 && ms_der_want_uint(&par, &icv, "aes-ICVlen", err) != 0)
		return -1;
	if (ms_der_done(&par, "GCMParameters", err) != 0)
		return -1;
	if (icv != MS_AEAD_TAG)
		return ms_fail(err, MS_DATA, "RFC 5084 section 3.2: a tag of "
		    "%llu octets, wanted %d", (unsigned long long)icv,
		    MS_AEAD_TAG);
	return 0;
}

static int
check_use(const struct ms_cipher_info *ci, bool auth, bool allow_legacy,
    struct ms_err *err)
{
	if (auth && !ci->aead)
		return ms_fail(err, MS_DATA, "RFC 5083 section 2.1: "
		    "AuthEnvelopedData with %s, which does not authenticate",
		    ci->name);
	if (!auth && ci->aead)
		return ms_fail(err, MS_DATA, "RFC 5083 section 1.1: "
		    "EnvelopedData with %s has no tag", ci->name);
	if (ci->legacy && !allow_legacy) {
		ms_fail(err, MS_DATA, "RFC 8551 section 2.7: the cipher %s "
		    "is too old", ci->name);
		return ms_hint(err, "--allow-legacy reads it all the same");
	}
	return 0;
}

int
ms_cipher_parse(struct ms_span alg, bool auth, bool allow_legacy,
    const struct ms_cipher_info **ret, unsigned char iv[MS_IV_MAX],
    struct ms_err *err)
{
	const struct ms_cipher_info *ci = NULL;
	struct ms_span oid, nonce;
	char dotted[128];
	size_t i;

	if (ms_der_want_oid(&alg, &oid, "contentEncryptionAlgorithm",
	    err) != 0)
		return -1;
	for (i = 0; i < NCIPHERS && ci == NULL; i++)
		if (ms_span_eq(ms_oid_bytes(ciphers[i].oid), oid))
			ci = &ciphers[i];
	if (ci == NULL)
		return ms_fail(err, MS_DATA, "RFC 8551 section 2.7: the "
		    "content cipher %s is not one we read",
		    ms_oid_dotted(oid, dotted, sizeof(dotted)));
	if (check_use(ci, auth, allow_legacy, err) != 0)
		return -1;
	if (ci->aead && ci->id != MS_CHACHA20_POLY1305) {
		if (parse_gcm(&alg, &nonce, err) != 0)
			return -1;
	} else if (ms_der_want(&alg, MS_OCTETSTRING, &nonce,
	    "parameters of contentEncryptionAlgorithm", err) != 0) {
		return -1;
	}
	if (ms_der_done(&alg, "contentEncryptionAlgorithm", err) != 0)
		return -1;
	if (nonce.n != ci->ivlen)
		return ms_fail(err, MS_DATA, "%s: a nonce of %zu octets, "
		    "wanted %zu", ci->id == MS_CHACHA20_POLY1305 ?
		    "RFC 8103 section 2" : ci->aead ?
		    "RFC 5084 section 3.2" : "RFC 3565 section 2.3.1",
		    nonce.n, ci->ivlen);
	memcpy(iv, nonce.p, nonce.n);
	*ret = ci;
	return 0;
}

EVP_CIPHER_CTX *
ms_cipher_start(const struct ms_cipher_info *ci, const unsigned char *key,
    const unsigned char *iv, int enc, struct ms_span aad, struct ms_err *err)
{
	EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, ci->evp, NULL);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len;

	if (evp == NULL || c == NULL ||
	    EVP_CipherInit_ex2(c, evp, key, iv, enc, NULL) != 1)
		goto fail;
	/* Padding is judged by us: in one way with everything else. */
	if (!ci->aead && !enc && EVP_CIPHER_CTX_set_padding(c, 0) != 1)
		goto fail;
	if (aad.n > 0 &&
	    EVP_CipherUpdate(c, NULL, &len, aad.p, (int)aad.n) != 1)
		goto fail;
	EVP_CIPHER_free(evp);
	return c;
fail:
	EVP_CIPHER_CTX_free(c);
	EVP_CIPHER_free(evp);
	ms_fail_ssl(err, MS_OS, "cannot start %s", ci->name);
	return NULL;
}

enum ms_cipher
ms_cipher_auto(X509 *const *certs, size_t n, X509 **which)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (ms_cert_lists_capability(certs[i], MS_OID_aes256_gcm))
			continue;
		if (which != NULL)
			*which = certs[i];
		return MS_AES_256_CBC;
	}
	return MS_AES_256_GCM;
}
