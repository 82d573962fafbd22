/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSAES-OAEP decoding for tokens that only do the arithmetic.  All failures
 * look alike, in result and in time, else they tell an attacker who may ask
 * often enough what the message is (RFC 8017 section 7.1.2).
 */
#define MS_P11_PRIVATE
#include <string.h>

#include <openssl/crypto.h>

#include "pki/mod-p11.h"

/* 0xff when x is 0, else 0; no branch. */
static unsigned char
is_zero(unsigned int x)
{
	return (unsigned char)((int)(((x | (0u - x)) >> 31) ^ 1) * 0xff);
}

/* RFC 8017 appendix B.2.1: MGF1 of seed, exclusive-ored to mask. */
static int
mgf1_xor(const EVP_MD *md, const unsigned char *seed, size_t nseed,
    unsigned char *mask, size_t n)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned char block[EVP_MAX_MD_SIZE], count[4];
	size_t i, at, len = (size_t)EVP_MD_get_size(md);
	uint32_t k;
	int ok = c != NULL;

	for (k = 0, at = 0; ok && at < n; k++, at += len) {
		count[0] = (unsigned char)(k >> 24);
		count[1] = (unsigned char)(k >> 16);
		count[2] = (unsigned char)(k >> 8);
		count[3] = (unsigned char)k;
		ok = EVP_DigestInit_ex(c, md, NULL) == 1 &&
		    EVP_DigestUpdate(c, seed, nseed) == 1 &&
		    EVP_DigestUpdate(c, count, sizeof(count)) == 1 &&
		    EVP_DigestFinal_ex(c, block, NULL) == 1;
		for (i = 0; ok && i < len && at + i < n; i++)
			mask[at + i] ^= block[i];
	}
	ms_wipe(block, sizeof(block));
	EVP_MD_CTX_free(c);
	return ok;
}

/* DB = lHash || PS || 01 || M: where M begins, and whether all is right. */
static unsigned char
check_db(const unsigned char *db, size_t n, const unsigned char *lhash,
    size_t nhash, size_t *begin)
{
	unsigned char good, found = 0, one, zero;
	size_t i, at = 0;

	good = is_zero((unsigned int)CRYPTO_memcmp(db, lhash, nhash));
	for (i = nhash; i < n; i++) {
		one = is_zero(db[i] ^ 1u);
		zero = is_zero(db[i]);
		/* Until the 01 was seen there may be zeros alone. */
		good &= found | one | zero;
		at |= (i + 1) & (0 - (size_t)(~found & one & 1));
		found |= one;
	}
	*begin = at;
	return good & found;
}

int
p11_oaep(const struct ms_rsa_enc *e, unsigned char *em, size_t n,
    struct ms_buf *out, struct ms_err *err)
{
	const EVP_MD *md = ms_md_legacy(e->md), *mgf = ms_md_legacy(e->mgf_md);
	size_t h = (size_t)EVP_MD_get_size(md), begin;
	unsigned char lhash[EVP_MAX_MD_SIZE], good;

	if (n < 2 * h + 2)
		return 0;
	if (EVP_Digest("", 0, lhash, NULL, md, NULL) != 1 ||
	    !mgf1_xor(mgf, em + 1 + h, n - 1 - h, em + 1, h) ||
	    !mgf1_xor(mgf, em + 1, h, em + 1 + h, n - 1 - h))
		return ms_fail_ssl(err, MS_OS, "cannot digest");
	good = check_db(em + 1 + h, n - 1 - h, lhash, h, &begin);
	good &= is_zero(em[0]);
	if (!good)
		return 0;
	return ms_buf_add(out, em + 1 + h + begin, n - 1 - h - begin, err) ==
	    0 ? 1 : -1;
}
