/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping what a spool reads: in memory, then sealed in a file. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/spool-internal.h"

#define MEMORY_BLOCKS (MS_SPOOL_MEMORY / MS_BLOCK)

static int
write_at(struct ms_spool *sp, const unsigned char *p, size_t n, off_t off,
    struct ms_err *err)
{
	if (ms_fd_pwrite(sp->tmp, p, n, off) == 0)
		return 0;
	ms_fail_errno(err, MS_IO, "cannot keep '%s' in '%s'", sp->name,
	    sp->dir);
	return ms_hint(err, "make room there, or give a FILE instead of a "
	    "pipe");
}

bool
ms_spool_is_ciphertext(const struct ms_spool *sp)
{
	return sp->flags & MS_SPOOL_CIPHERTEXT;
}

void
ms_spool_block_free(struct ms_spool *sp, unsigned char *p)
{
	if (!ms_spool_is_ciphertext(sp))
		ms_wipe(p, MS_BLOCK);
	free(p);
}

int
ms_spool_block_new(unsigned char **p, struct ms_err *err)
{
	if (*p == NULL)
		*p = malloc(MS_BLOCK);
	return *p != NULL ? 0 : ms_fail_nomem(err);
}

/* Seal one block behind those in the file. */
static int
keep_in_file(struct ms_spool *sp, const unsigned char *p, size_t n,
    uint64_t i, struct ms_err *err)
{
	if (ms_seal_add(sp->seal, p, n, sp->work, err) != 0)
		return -1;
	return write_at(sp, ms_spool_is_ciphertext(sp) ? p : sp->work, n,
	    (off_t)(i * MS_BLOCK), err);
}

/* Too much for memory: everything moves to a file. */
static int
spill(struct ms_spool *sp, struct ms_err *err)
{
	size_t i;

	if (ms_spool_block_new(&sp->work, err) != 0)
		return -1;
	sp->seal = ms_seal_new(!ms_spool_is_ciphertext(sp), err);
	if (sp->seal == NULL)
		return -1;
	sp->tmp = ms_fd_temp(sp->dir, err);
	if (sp->tmp < 0)
		return -1;
	for (i = 0; i < sp->nblk; i++) {
		if (keep_in_file(sp, sp->blk[i], MS_BLOCK, i, err) != 0)
			return -1;
		ms_spool_block_free(sp, sp->blk[i]);
		sp->blk[i] = NULL;
	}
	sp->nblk = 0;
	return 0;
}

/* cur is full, or the last one: keep it. */
static int
keep_block(struct ms_spool *sp, struct ms_err *err)
{
	uint64_t i = (sp->total - 1) / MS_BLOCK;
	size_t n = sp->used;

	if (n == 0 || (sp->flags & MS_SPOOL_ONCE))
		return 0;
	if (sp->blk == NULL) {
		sp->blk = calloc(MEMORY_BLOCKS, sizeof(*sp->blk));
		if (sp->blk == NULL)
			return ms_fail_nomem(err);
	}
	if (sp->tmp < 0 && sp->nblk < MEMORY_BLOCKS) {
		sp->blk[sp->nblk++] = sp->cur;
		sp->cur = NULL;
		return 0;
	}
	if (sp->tmp < 0 && spill(sp, err) != 0)
		return -1;
	return keep_in_file(sp, sp->cur, n, i, err);
}

int
ms_spool_keep(struct ms_spool *sp, struct ms_err *err)
{
	if (sp->broken)
		return ms_fail(err, MS_BUG, "a spool is used after it failed");
	if (keep_block(sp, err) != 0) {
		sp->broken = true;
		return -1;
	}
	sp->used = 0;
	return 0;
}

