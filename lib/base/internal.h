/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of base share among themselves. */
#ifndef MS_BASE_INTERNAL_H
#define MS_BASE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * read(2) that is not disturbed by signals and waits on a non-blocking
 * descriptor.  Bytes read, 0 at the end, -1 with MS_IO.
 */
ssize_t ms_fd_read(int fd, const char *name, void *p, size_t n,
    struct ms_err *err);
/* Write all of it, likewise; 0 or -1 with MS_IO. */
int ms_fd_write(int fd, const char *name, const void *p, size_t n,
    struct ms_err *err);
/* pread() of n bytes; fewer only at the end of the file, -1 with errno. */
ssize_t ms_fd_pread(int fd, unsigned char *p, size_t n, off_t off);
/* pwrite() of all n bytes; 0, or -1 with errno. */
int ms_fd_pwrite(int fd, const unsigned char *p, size_t n, off_t off);

/*
 * An unlinked file, 0600, in dir; the descriptor, or -1 with MS_CANTCREAT.
 */
int ms_fd_temp(const char *dir, struct ms_err *err);

/*
 * Blocks of bytes that leave our hands and must come back unchanged.  Each
 * has a tag of 16 bytes in memory under a random key that lives as long as
 * the object; the number of the block is bound in, so that blocks cannot
 * change places.  With `cipher` the blocks are encrypted too (AES-256-GCM);
 * without it they are authenticated only (the same with the block as
 * additional data, GMAC, NIST SP 800-38D section 3: the cheapest keyed tag
 * that EVP has, 0.4 times the encryption).
 */
struct ms_seal;

struct ms_seal *ms_seal_new(bool cipher, struct ms_err *err);
void ms_seal_free(struct ms_seal *s);
/* Seal the next block: n > 0 bytes at p; with `cipher` the ciphertext, n
 * bytes, goes to `to`, which is not used otherwise. */
int ms_seal_add(struct ms_seal *s, const unsigned char *p, size_t n,
    unsigned char *to, struct ms_err *err);
/* Check block i (from 0) and, with `cipher`, decrypt it into `to`.  MS_IO
 * when it is not what was sealed; nothing is in `to` then. */
int ms_seal_open(struct ms_seal *s, uint64_t i, const unsigned char *p,
    size_t n, unsigned char *to, const char *name, struct ms_err *err);

/*
 * What the module "json" gives.  A node is a json_t; _new return NULL and the
 * rest -1 without memory.
 */
struct ms_json_ops {
	void *(*new_object)(void);
	void *(*new_array)(void);
	void *(*new_str)(const char *utf8, size_t n);	/* NULL: null */
	void *(*new_int)(long long v);
	void *(*new_bool)(int v);
	void (*free)(void *node);
	/* Hands child over in any case; key NULL appends to an array. */
	int (*put)(void *node, const char *key, void *child);
	/* Compact, in the order in which keys were set. */
	int (*print)(const void *node,
	    int (*out)(const char *p, size_t n, void *arg), void *arg);
};

#endif
