/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/spool-internal.h"

/* A regular file up to this many bytes is kept instead of read again. */
#define SMALL_FILE ((off_t)1024 * 1024)

static int
short_file(struct ms_spool *sp, struct ms_err *err)
{
	ms_fail(err, MS_IO, "'%s' was cut short while it was being read",
	    sp->name);
	return ms_hint(err, "try again when nobody writes to it");
}

/* First reading of a stream: lend what comes, keep it when it was used. */
static int
fill_stream(struct ms_src *s, struct ms_err *err)
{
	struct ms_spool *sp = (struct ms_spool *)s;
	size_t want;
	ssize_t got = 0;

	if (sp->used == MS_BLOCK && ms_spool_keep(sp, err) != 0)
		return -1;
	if (ms_spool_block_new(&sp->cur, err) != 0)
		return -1;
	want = MS_BLOCK - sp->used;
	if (sp->sized && want > sp->size - sp->total)
		want = (size_t)(sp->size - sp->total);
	if (want > 0)
		got = ms_fd_read(sp->fd, sp->name, sp->cur + sp->used, want,
		    err);
	if (got < 0)
		return -1;
	if (got > 0) {
		s->p = sp->cur + sp->used;
		s->n = (size_t)got;
		sp->used += (size_t)got;
		sp->total += (uint64_t)got;
		return 0;
	}
	if (want > 0 && sp->sized)
		return short_file(sp, err);
	if (ms_spool_keep(sp, err) != 0)
		return -1;
	sp->size = sp->total;
	sp->complete = true;
	s->end = true;
	return 0;
}

/* The length of the block that is lent next; 0 at the end. */
static size_t
next_len(const struct ms_spool *sp)
{
	uint64_t left = sp->size - sp->next * MS_BLOCK;

	if (sp->next * MS_BLOCK >= sp->size)
		return 0;
	return left < MS_BLOCK ? (size_t)left : MS_BLOCK;
}

/* Read the next block of a file, ours or the caller's, into cur. */
static int
load(struct ms_spool *sp, int fd, off_t base, size_t n, struct ms_err *err)
{
	ssize_t got;

	if (ms_spool_block_new(&sp->cur, err) != 0)
		return -1;
	got = ms_fd_pread(fd, sp->cur, n, base + (off_t)(sp->next * MS_BLOCK));
	if (got < 0)
		return ms_fail_errno(err, MS_IO, "cannot read '%s'", sp->name);
	return (size_t)got == n ? 0 : short_file(sp, err);
}

static void
lend(struct ms_spool *sp, const unsigned char *p, size_t n)
{
	sp->src.p = p;
	sp->src.n = n;
	sp->next++;
}

/* First reading of a big file: a tag for each block. */
static int
fill_first(struct ms_src *s, struct ms_err *err)
{
	struct ms_spool *sp = (struct ms_spool *)s;
	size_t n = next_len(sp);

	if (n == 0) {
		sp->complete = true;
		s->end = true;
		return 0;
	}
	if (load(sp, sp->fd, sp->base, n, err) != 0)
		return -1;
	if (sp->seal != NULL &&
	    ms_seal_add(sp->seal, sp->cur, n, NULL, err) != 0)
		return -1;
	lend(sp, sp->cur, n);
	return 0;
}

/* Later readings: nothing is lent that is not what the first one saw. */
static int
fill_again(struct ms_src *s, struct ms_err *err)
{
	struct ms_spool *sp = (struct ms_spool *)s;
	bool file = sp->kind == BIG_FILE;
	size_t n = next_len(sp);

	if (n == 0) {
		s->end = true;
		return 0;
	}
	if (!file && sp->tmp < 0) {
		lend(sp, sp->blk[sp->next], n);
		return 0;
	}
	if (load(sp, file ? sp->fd : sp->tmp, file ? sp->base : 0, n,
	    err) != 0 ||
	    ms_seal_open(sp->seal, sp->next, sp->cur, n, sp->work, sp->name,
	    err) != 0)
		return -1;
	lend(sp, file || ms_spool_is_ciphertext(sp) ? sp->cur : sp->work, n);
	return 0;
}

static int
fill_memory(struct ms_src *s, struct ms_err *err)
{
	s->end = true;
	return 0;
}

static int
write_spool(struct ms_sink *k, const void *p, size_t n, struct ms_err *err)
{
	struct ms_spool *sp = (struct ms_spool *)((char *)k -
	    offsetof(struct ms_spool, sink));
	const unsigned char *at = p;
	size_t k1;

	if (sp->begun || sp->broken)
		return ms_fail(err, MS_BUG, "a spool is written after it "
		    "failed or was read");
	while (n > 0) {
		if (sp->used == MS_BLOCK && ms_spool_keep(sp, err) != 0)
			return -1;
		if (ms_spool_block_new(&sp->cur, err) != 0)
			return -1;
		k1 = MS_BLOCK - sp->used < n ? MS_BLOCK - sp->used : n;
		memcpy(sp->cur + sp->used, at, k1);
		sp->used += k1;
		sp->total += k1;
		at += k1;
		n -= k1;
	}
	return 0;
}

static struct ms_spool *
spool_new(const char *name, const char *dir, unsigned flags,
    struct ms_err *err)
{
	struct ms_spool *sp = calloc(1, sizeof(*sp));

	if (sp == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	sp->fd = sp->tmp = -1;
	sp->flags = flags;
	sp->name = strdup(name);
	sp->dir = strdup(dir != NULL ? dir : "/tmp");
	if (sp->name == NULL || sp->dir == NULL) {
		ms_spool_free(sp);
		ms_fail_nomem(err);
		return NULL;
	}
	return sp;
}

/* A regular file: how much there is behind the descriptor's position.  Files
 * of /proc say 0 and are streams. */
static int
file_size(struct ms_spool *sp, struct ms_err *err)
{
	struct stat st;
	off_t at;

	if (fstat(sp->fd, &st) != 0)
		return ms_fail_errno(err, MS_IO, "cannot read '%s'", sp->name);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	at = lseek(sp->fd, 0, SEEK_CUR);
	if (at < 0)
		return ms_fail_errno(err, MS_IO, "cannot read '%s'", sp->name);
	sp->base = at;
	sp->size = at < st.st_size ? (uint64_t)(st.st_size - at) : 0;
	sp->sized = true;
	return 0;
}

int
ms_spool_fd(int fd, const char *name, const char *dir, unsigned flags,
    struct ms_spool **ret, struct ms_err *err)
{
	struct ms_spool *sp = spool_new(name, dir, flags, err);

	if (sp == NULL)
		return -1;
	sp->kind = STREAM;
	sp->fd = fd;
	if (file_size(sp, err) != 0) {
		ms_spool_free(sp);
		return -1;
	}
	if (sp->sized && sp->size > (uint64_t)SMALL_FILE) {
		sp->kind = BIG_FILE;
		posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	*ret = sp;
	return 0;
}

void
ms_spool_set_flags(struct ms_spool *sp, unsigned flags)
{
	if (!sp->begun && sp->kind != WRITTEN)
		sp->flags = flags;
}

int
ms_spool_mem(const void *p, size_t n, struct ms_spool **ret,
    struct ms_err *err)
{
	struct ms_spool *sp = spool_new("memory", NULL, 0, err);

	if (sp == NULL)
		return -1;
	sp->kind = MEMORY;
	sp->mem = p;
	sp->size = n;
	sp->sized = true;
	*ret = sp;
	return 0;
}

int
ms_spool_new(const char *dir, unsigned flags, struct ms_spool **ret,
    struct ms_err *err)
{
	struct ms_spool *sp = spool_new("spool", dir,
	    flags & ~(unsigned)MS_SPOOL_ONCE, err);

	if (sp == NULL)
		return -1;
	sp->kind = WRITTEN;
	sp->sink.write = write_spool;
	*ret = sp;
	return 0;
}

void
ms_spool_free(struct ms_spool *sp)
{
	size_t i;

	if (sp == NULL)
		return;
	for (i = 0; i < sp->nblk; i++)
		ms_spool_block_free(sp, sp->blk[i]);
	free(sp->blk);
	if (sp->cur != NULL)
		ms_spool_block_free(sp, sp->cur);
	if (sp->work != NULL)
		ms_spool_block_free(sp, sp->work);
	ms_seal_free(sp->seal);
	if (sp->tmp >= 0)
		close(sp->tmp);
	free(sp->name);
	free(sp->dir);
	free(sp);
}

struct ms_sink *
ms_spool_sink(struct ms_spool *sp)
{
	return &sp->sink;
}

/* What a program wrote is complete now. */
static int
end_writing(struct ms_spool *sp, struct ms_err *err)
{
	if (sp->kind != WRITTEN || sp->complete)
		return 0;
	if (ms_spool_keep(sp, err) != 0)
		return -1;
	sp->size = sp->total;
	sp->complete = true;
	return 0;
}

struct ms_src *
ms_spool_read(struct ms_spool *sp, struct ms_err *err)
{
	struct ms_src *s = &sp->src;

	if (sp->begun && (sp->flags & MS_SPOOL_ONCE)) {
		ms_fail(err, MS_BUG, "'%s' was to be read once", sp->name);
		return NULL;
	}
	if (end_writing(sp, err) != 0)
		return NULL;
	/* Whoever reads again needs all of the first reading. */
	if (sp->begun && !sp->complete && sp->kind != MEMORY &&
	    ms_src_drain(s, err) != 0)
		return NULL;
	memset(s, 0, sizeof(*s));
	sp->next = 0;
	if (sp->kind == MEMORY) {
		s->p = sp->mem;
		s->n = (size_t)sp->size;
		s->fill = fill_memory;
	} else if (sp->complete) {
		s->fill = fill_again;
	} else if (sp->kind == BIG_FILE) {
		if (sp->seal == NULL && !(sp->flags & MS_SPOOL_ONCE) &&
		    (sp->seal = ms_seal_new(false, err)) == NULL)
			return NULL;
		s->fill = fill_first;
	} else {
		s->fill = fill_stream;
		if (sp->used > 0) {	/* peeked at */
			s->p = sp->cur;
			s->n = sp->used;
		}
	}
	sp->begun = true;
	return s;
}

/* Fill the first block of a stream that is then read from its beginning. */
static int
peek_stream(struct ms_spool *sp, struct ms_err *err)
{
	size_t want = MS_BLOCK;
	ssize_t got = 1;

	if (ms_spool_block_new(&sp->cur, err) != 0)
		return -1;
	if (sp->sized && want > sp->size)
		want = (size_t)sp->size;
	while (sp->used < want && got > 0) {
		got = ms_fd_read(sp->fd, sp->name, sp->cur + sp->used,
		    want - sp->used, err);
		if (got < 0)
			return -1;
		sp->used += (size_t)got;
		sp->total += (uint64_t)got;
	}
	return 0;
}

int
ms_spool_peek(struct ms_spool *sp, struct ms_span *first, struct ms_err *err)
{
	struct ms_src *s;

	if (end_writing(sp, err) != 0)
		return -1;
	if (sp->kind == MEMORY) {
		first->p = sp->mem;
		first->n = sp->size < MS_BLOCK ? (size_t)sp->size : MS_BLOCK;
		return 0;
	}
	if ((sp->complete || sp->begun) && !(sp->flags & MS_SPOOL_ONCE)) {
		s = ms_spool_read(sp, err);
		if (s == NULL || ms_src_fill(s, err) < 0)
			return -1;
		first->p = s->p;
		first->n = s->n;
		return 0;
	}
	if (sp->begun)
		return ms_fail(err, MS_BUG, "'%s' is being read", sp->name);
	if (sp->kind == BIG_FILE) {
		first->n = next_len(sp);
		if (load(sp, sp->fd, sp->base, first->n, err) != 0)
			return -1;
	} else {
		if (peek_stream(sp, err) != 0)
			return -1;
		first->n = sp->used;
	}
	first->p = sp->cur;
	return 0;
}

bool
ms_spool_size(const struct ms_spool *sp, uint64_t *size)
{
	if (sp->kind == WRITTEN)
		*size = sp->total;
	else if (sp->sized || sp->complete)
		*size = sp->size;
	else
		return false;
	return true;
}
