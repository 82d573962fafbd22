/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes in memory: borrowed (struct ms_span) and owned (struct ms_buf).
 * Every buffer has a mandatory maximum in bytes: whoever makes one says how
 * much an outsider may make us hold, and growing beyond it is MS_DATA.
 */
#ifndef MS_BASE_BUF_H
#define MS_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Borrowed bytes; p may be NULL when n is 0. */
struct ms_span {
	const unsigned char *p;
	size_t n;
};

/* Owned bytes.  p[0..n) are the content; p is NULL while nothing was added. */
struct ms_buf {
	unsigned char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool secret;		/* wiped when grown, reset and cleared */
};

#define MS_BUF_INIT(maximum) { NULL, 0, 0, (maximum), false }
#define MS_BUF_SECRET(maximum) { NULL, 0, 0, (maximum), true }

void ms_buf_init(struct ms_buf *b, size_t max);
void ms_buf_init_secret(struct ms_buf *b, size_t max);
/* Wipe if secret, free, and leave the buffer empty and usable again. */
void ms_buf_clear(struct ms_buf *b);
/* Forget the content but keep the memory. */
void ms_buf_reset(struct ms_buf *b);

/* Append; 0, or -1 with MS_DATA beyond the maximum, MS_OS without memory. */
int ms_buf_add(struct ms_buf *b, const void *p, size_t n, struct ms_err *err);
int ms_buf_addc(struct ms_buf *b, int c, struct ms_err *err);
int ms_buf_adds(struct ms_buf *b, const char *s, struct ms_err *err);
int ms_buf_addf(struct ms_buf *b, struct ms_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Make room for n more bytes and return where they go (n is not changed:
 * add what was written to b->n), or NULL. */
unsigned char *ms_buf_room(struct ms_buf *b, size_t n, struct ms_err *err);

/* The content as a C string (a NUL is kept behind it, not counted); NULL
 * without memory.  Borrowed until the next change. */
const char *ms_buf_str(struct ms_buf *b);
/* Hand the content over as a malloc()ed, NUL-terminated block (NULL without
 * memory); the buffer is empty afterwards. */
char *ms_buf_steal(struct ms_buf *b, size_t *n);

static inline struct ms_span
ms_buf_span(const struct ms_buf *b)
{
	struct ms_span s = { b->p, b->n };

	return s;
}

/* Overwrite n bytes so that no compiler drops it (OPENSSL_cleanse). */
void ms_wipe(void *p, size_t n);
/* Wipe and free a C string; NULL is fine. */
void ms_wipe_str(char *s);

/* Equal strings; NULL equals only NULL. */
bool ms_streq(const char *a, const char *b);
/* Equal without regard to the case of ASCII letters. */
bool ms_strcaseeq(const char *a, const char *b);
bool ms_span_eq(struct ms_span a, struct ms_span b);
bool ms_span_is(struct ms_span a, const char *s);
bool ms_span_caseis(struct ms_span a, const char *s);
/* NUL-terminated copy, or NULL when out of memory or holding a NUL byte. */
char *ms_span_dup(struct ms_span a);

#endif
