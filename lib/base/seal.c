/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/internal.h"
#include "base/text.h"

#define TAG 16		/* bytes */
#define NONCE 12

struct ms_seal {
	EVP_CIPHER *alg;
	EVP_CIPHER_CTX *ctx;
	unsigned char key[32];
	bool cipher;
	unsigned char (*tag)[TAG];
	uint64_t n;
	size_t cap;
};

struct ms_seal *
ms_seal_new(bool cipher, struct ms_err *err)
{
	struct ms_seal *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	s->cipher = cipher;
	if (ms_random(s->key, sizeof(s->key), err) != 0) {
		ms_seal_free(s);
		return NULL;
	}
	s->alg = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	s->ctx = EVP_CIPHER_CTX_new();
	if (s->alg == NULL || s->ctx == NULL) {
		ERR_clear_error();
		ms_fail(err, MS_OS, "AES-256-GCM is not available");
		ms_seal_free(s);
		return NULL;
	}
	return s;
}

void
ms_seal_free(struct ms_seal *s)
{
	if (s == NULL)
		return;
	EVP_CIPHER_CTX_free(s->ctx);
	EVP_CIPHER_free(s->alg);
	ms_wipe(s->key, sizeof(s->key));
	free(s->tag);
	free(s);
}

/*
 * The key serves this object alone and a number is sealed once, so the number
 * of the block is a nonce.
 */
static int
begin(struct ms_seal *s, uint64_t i, int enc)
{
	unsigned char nonce[NONCE] = { 0 };
	int k;

	for (k = 0; k < 8; k++)
		nonce[NONCE - 1 - k] = (unsigned char)(i >> (8 * k));
	return EVP_CipherInit_ex2(s->ctx, s->alg, s->key, nonce, enc, NULL) ==
	    1;
}

/* n fits an int: a block is MS_BLOCK bytes or fewer. */
static int
make_tag(struct ms_seal *s, uint64_t i, const unsigned char *p, size_t n,
    unsigned char *to, unsigned char tag[TAG])
{
	unsigned char none[TAG];
	int len;

	return begin(s, i, 1) &&
	    EVP_CipherUpdate(s->ctx, to, &len, p, (int)n) == 1 &&
	    EVP_CipherFinal_ex(s->ctx, none, &len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1;
}

static int
decrypt(struct ms_seal *s, uint64_t i, const unsigned char *p, size_t n,
    unsigned char *to)
{
	unsigned char none[TAG];
	int len;

	return begin(s, i, 0) &&
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, TAG,
	    s->tag[i]) == 1 &&
	    EVP_CipherUpdate(s->ctx, to, &len, p, (int)n) == 1 &&
	    EVP_CipherFinal_ex(s->ctx, none, &len) == 1;
}

int
ms_seal_add(struct ms_seal *s, const unsigned char *p, size_t n,
    unsigned char *to, struct ms_err *err)
{
	unsigned char (*tag)[TAG];
	size_t cap;

	if (s->n == s->cap) {
		cap = s->cap ? s->cap * 2 : 64;
		tag = realloc(s->tag, cap * TAG);
		if (tag == NULL)
			return ms_fail_nomem(err);
		s->tag = tag;
		s->cap = cap;
	}
	if (!make_tag(s, s->n, p, n, s->cipher ? to : NULL, s->tag[s->n])) {
		ERR_clear_error();
		return ms_fail(err, MS_OS, "AES-256-GCM failed");
	}
	s->n++;
	return 0;
}

int
ms_seal_open(struct ms_seal *s, uint64_t i, const unsigned char *p,
    size_t n, unsigned char *to, const char *name, struct ms_err *err)
{
	unsigned char tag[TAG];
	bool same = false;

	if (i < s->n && s->cipher)
		same = decrypt(s, i, p, n, to);
	else if (i < s->n)
		same = make_tag(s, i, p, n, NULL, tag) &&
		    CRYPTO_memcmp(tag, s->tag[i], TAG) == 0;
	if (same)
		return 0;
	ERR_clear_error();
	if (s->cipher)
		ms_wipe(to, n);
	ms_fail(err, MS_IO, "'%s' changed while it was being read", name);
	return ms_hint(err, "try again when nobody writes to it");
}
