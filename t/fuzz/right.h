/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that are right, to be patched: Ed25519 keys from fixed octets, so
 * that the same input meets the same message in every run.
 */
#ifndef RIGHT_H
#define RIGHT_H

#include "../unit/testcert.h"

#define RIGHT_NOW ((time_t)1700000000)

static inline void
right_ident(struct ms_ident *id, int seed, const struct tc_ext *ext)
{
	unsigned char octets[32];

	memset(octets, seed, sizeof(octets));
	memset(id, 0, sizeof(*id));
	id->key = ms_key_soft(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519,
	    NULL, octets, sizeof(octets)), NULL);
	if (!id->key)
		abort();
	id->cert = tc_cert("Right", id->key, NULL, NULL, seed,
	    RIGHT_NOW - 86400, RIGHT_NOW + 86400, ext);
}

/* Three octets of input change one octet of the message: where, and how. */
static inline void
right_patch(struct ms_buf *b, const unsigned char *p, size_t n)
{
	for (; n >= 3; p += 3, n -= 3)
		b->p[(size_t)(p[0] << 8 | p[1]) % b->n] ^= p[2];
}

#endif
