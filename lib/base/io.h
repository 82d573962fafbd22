/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of bytes in and out.  A filter pulls blocks from a struct ms_src,
 * works on them, and pushes blocks into a struct ms_sink.  Sources lend their
 * bytes without copying: [p, p+n) stays valid until the next ms_src_fill() on
 * the same source.  Sources and sinks stack: a base64 decoder is a source over
 * a source, an encoder a sink over a sink.  Nothing here grows with the input.
 */
#ifndef MS_BASE_IO_H
#define MS_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The size of a block, in bytes, wherever bytes are moved. */
#define MS_BLOCK ((size_t)64 * 1024)

struct ms_src {
	const unsigned char *p;	/* bytes that are ready ... */
	size_t n;		/* ... and how many */
	uint64_t pos;		/* bytes taken so far */
	bool end;		/* nothing comes any more */
	bool failed;		/* sticky; the error is in `why` */
	struct ms_err why;
	/*
	 * Called only when n is 0 and neither end nor failed is set.  Sets p
	 * and n (at least one byte) and returns 0; or sets end and returns 0;
	 * or fails with -1.
	 */
	int (*fill)(struct ms_src *s, struct ms_err *err);
	/* Frees the object (not the source below it); may be NULL. */
	void (*free)(struct ms_src *s);
};

/*
 * Make bytes ready.  1: s->p, s->n hold at least one byte; 0: the end was
 * reached; -1: failed, now and at every later call with the same error.
 */
int ms_src_fill(struct ms_src *s, struct ms_err *err);
/* Take k <= s->n bytes that were made ready. */
static inline void
ms_src_take(struct ms_src *s, size_t k)
{
	s->p += k;
	s->n -= k;
	s->pos += k;
}
/* Read exactly n bytes; an earlier end is MS_DATA "truncated". */
int ms_src_read(struct ms_src *s, void *to, size_t n, struct ms_err *err);
/* Append all that is left to b (whose maximum holds). */
int ms_src_slurp(struct ms_src *s, struct ms_buf *b, struct ms_err *err);
/* Read to the end and throw away. */
int ms_src_drain(struct ms_src *s, struct ms_err *err);
/* Free the object; the source below is the maker's to free.  NULL is fine. */
void ms_src_free(struct ms_src *s);

/* Source over borrowed memory, which must outlive it. */
struct ms_src *ms_src_mem(const void *p, size_t n, struct ms_err *err);
/* Source over a descriptor (borrowed); name is for messages. */
struct ms_src *ms_src_fd(int fd, const char *name, struct ms_err *err);

struct ms_sink {
	/* Takes all n bytes or fails. */
	int (*write)(struct ms_sink *k, const void *p, size_t n,
	    struct ms_err *err);
	/*
	 * What a filter still holds goes out (padding, last line).  Called
	 * once, at the end; it does not end the sink below.  May be NULL.
	 */
	int (*end)(struct ms_sink *k, struct ms_err *err);
	void (*free)(struct ms_sink *k);
};

int ms_sink_write(struct ms_sink *k, const void *p, size_t n,
    struct ms_err *err);
int ms_sink_puts(struct ms_sink *k, const char *s, struct ms_err *err);
int ms_sink_printf(struct ms_sink *k, struct ms_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int ms_sink_end(struct ms_sink *k, struct ms_err *err);
void ms_sink_free(struct ms_sink *k);

/* Sink that appends to a buffer (borrowed). */
struct ms_sink *ms_sink_buf(struct ms_buf *b, struct ms_err *err);
/* Sink over a descriptor (borrowed), buffered by MS_BLOCK. */
struct ms_sink *ms_sink_fd(int fd, const char *name, struct ms_err *err);
/* Sink that throws away. */
struct ms_sink *ms_sink_null(struct ms_err *err);

/* Move everything from s to k (k is not ended). */
int ms_copy(struct ms_src *s, struct ms_sink *k, struct ms_err *err);

#endif
