/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the spool share among themselves. */
#ifndef MS_BASE_SPOOL_INTERNAL_H
#define MS_BASE_SPOOL_INTERNAL_H

#include <sys/types.h>

#include "base/internal.h"
#include "base/spool.h"

enum kind {
	MEMORY,			/* the caller's bytes */
	BIG_FILE,		/* read again, each block checked */
	STREAM,			/* read once, kept */
	WRITTEN			/* comes through the sink, kept */
};

/*
 * What is kept are blocks of MS_BLOCK bytes, the last one shorter: the first
 * ones in blk[], or, once there are more than MEMORY_BLOCKS, all of them in
 * the file tmp.  cur is the block being filled, or the one being lent; work
 * takes what is sealed or opened.
 */
struct ms_spool {
	struct ms_src src;
	struct ms_sink sink;
	enum kind kind;
	unsigned flags;
	int fd;
	int tmp;
	char *name;
	char *dir;
	off_t base;		/* where a regular file's bytes begin */
	bool sized;		/* size was known from the start */
	bool begun;		/* a first reading was begun */
	bool complete;		/* and saw the end */
	bool broken;		/* a block could not be kept */
	uint64_t size;
	uint64_t total;		/* bytes kept so far */
	uint64_t next;		/* the block to lend next */
	const unsigned char *mem;
	struct ms_seal *seal;
	unsigned char **blk;
	size_t nblk;
	unsigned char *cur;
	unsigned char *work;
	size_t used;		/* bytes in cur while it is filled */
};

bool ms_spool_is_ciphertext(const struct ms_spool *sp);
int ms_spool_block_new(unsigned char **p, struct ms_err *err);
void ms_spool_block_free(struct ms_spool *sp, unsigned char *p);
/* cur is full, or the last one: keep it; `used` is 0 then. */
int ms_spool_keep(struct ms_spool *sp, struct ms_err *err);

#endif
