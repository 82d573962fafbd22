/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/internal.h"
#include "base/io.h"

/* The longest line ms_sink_printf() makes, in bytes. */
#define PRINTF_MAX ((size_t)1024 * 1024)

/* ------------------------------------------------------------- sources */

static int
src_failed(struct ms_src *s, struct ms_err *err)
{
	if (err != NULL && err->class == MS_OK)
		*err = s->why;
	return -1;
}

int
ms_src_fill(struct ms_src *s, struct ms_err *err)
{
	if (s->n > 0)
		return 1;
	if (s->failed)
		return src_failed(s, err);
	if (s->end)
		return 0;
	if (s->fill(s, &s->why) != 0) {
		s->failed = true;
		s->p = NULL;
		s->n = 0;
		ms_fail(&s->why, MS_BUG, "a source failed without a reason");
		return src_failed(s, err);
	}
	return s->n > 0;
}

int
ms_src_read(struct ms_src *s, void *to, size_t n, struct ms_err *err)
{
	unsigned char *at = to;
	size_t k;
	int rc;

	while (n > 0) {
		rc = ms_src_fill(s, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return ms_fail(err, MS_DATA, "truncated");
		k = s->n < n ? s->n : n;
		memcpy(at, s->p, k);
		ms_src_take(s, k);
		at += k;
		n -= k;
	}
	return 0;
}

int
ms_src_slurp(struct ms_src *s, struct ms_buf *b, struct ms_err *err)
{
	int rc;

	while ((rc = ms_src_fill(s, err)) > 0) {
		if (ms_buf_add(b, s->p, s->n, err) != 0)
			return -1;
		ms_src_take(s, s->n);
	}
	return rc;
}

int
ms_src_drain(struct ms_src *s, struct ms_err *err)
{
	int rc;

	while ((rc = ms_src_fill(s, err)) > 0)
		ms_src_take(s, s->n);
	return rc;
}

void
ms_src_free(struct ms_src *s)
{
	if (s != NULL && s->free != NULL)
		s->free(s);
}

static int
mem_fill(struct ms_src *s, struct ms_err *err)
{
	s->end = true;
	return 0;
}

static void
mem_free(struct ms_src *s)
{
	free(s);
}

struct ms_src *
ms_src_mem(const void *p, size_t n, struct ms_err *err)
{
	struct ms_src *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	s->p = p;
	s->n = n;
	s->fill = mem_fill;
	s->free = mem_free;
	return s;
}

struct fd_src {
	struct ms_src src;
	int fd;
	char *name;
	unsigned char block[MS_BLOCK];
};

static int
fd_fill(struct ms_src *s, struct ms_err *err)
{
	struct fd_src *f = (struct fd_src *)s;
	ssize_t got = ms_fd_read(f->fd, f->name, f->block, sizeof(f->block),
	    err);

	if (got < 0)
		return -1;
	s->p = f->block;
	s->n = (size_t)got;
	s->end = got == 0;
	return 0;
}

static void
fd_src_free(struct ms_src *s)
{
	struct fd_src *f = (struct fd_src *)s;

	ms_wipe(f->block, sizeof(f->block));
	free(f->name);
	free(f);
}

struct ms_src *
ms_src_fd(int fd, const char *name, struct ms_err *err)
{
	struct fd_src *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->name = strdup(name)) == NULL) {
		free(f);
		ms_fail_nomem(err);
		return NULL;
	}
	f->fd = fd;
	f->src.fill = fd_fill;
	f->src.free = fd_src_free;
	return &f->src;
}

/* --------------------------------------------------------------- sinks */

int
ms_sink_write(struct ms_sink *k, const void *p, size_t n, struct ms_err *err)
{
	return n == 0 ? 0 : k->write(k, p, n, err);
}

int
ms_sink_puts(struct ms_sink *k, const char *s, struct ms_err *err)
{
	return ms_sink_write(k, s, strlen(s), err);
}

int
ms_sink_printf(struct ms_sink *k, struct ms_err *err, const char *fmt, ...)
{
	char small[256], *p = small;
	size_t n;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (rc < 0)
		return ms_fail_errno(err, MS_OS, "cannot format");
	n = (size_t)rc;
	if (n > PRINTF_MAX)
		return ms_fail(err, MS_DATA, "more than %zu bytes",
		    PRINTF_MAX);
	if (n >= sizeof(small)) {
		p = malloc(n + 1);
		if (p == NULL)
			return ms_fail_nomem(err);
		va_start(ap, fmt);
		vsnprintf(p, n + 1, fmt, ap);
		va_end(ap);
	}
	rc = ms_sink_write(k, p, n, err);
	if (p != small)
		free(p);
	return rc;
}

int
ms_sink_end(struct ms_sink *k, struct ms_err *err)
{
	return k->end == NULL ? 0 : k->end(k, err);
}

void
ms_sink_free(struct ms_sink *k)
{
	if (k != NULL && k->free != NULL)
		k->free(k);
}

static void
plain_free(struct ms_sink *k)
{
	free(k);
}

struct buf_sink {
	struct ms_sink sink;
	struct ms_buf *b;
};

static int
buf_write(struct ms_sink *k, const void *p, size_t n, struct ms_err *err)
{
	return ms_buf_add(((struct buf_sink *)k)->b, p, n, err);
}

struct ms_sink *
ms_sink_buf(struct ms_buf *b, struct ms_err *err)
{
	struct buf_sink *k = calloc(1, sizeof(*k));

	if (k == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	k->b = b;
	k->sink.write = buf_write;
	k->sink.free = plain_free;
	return &k->sink;
}

struct fd_sink {
	struct ms_sink sink;
	int fd;
	char *name;
	size_t n;
	unsigned char block[MS_BLOCK];
};

static int
fd_end(struct ms_sink *k, struct ms_err *err)
{
	struct fd_sink *f = (struct fd_sink *)k;
	size_t n = f->n;

	f->n = 0;
	return ms_fd_write(f->fd, f->name, f->block, n, err);
}

static int
fd_write(struct ms_sink *k, const void *p, size_t n, struct ms_err *err)
{
	struct fd_sink *f = (struct fd_sink *)k;

	if (n > sizeof(f->block) - f->n && fd_end(k, err) != 0)
		return -1;
	if (n >= sizeof(f->block))
		return ms_fd_write(f->fd, f->name, p, n, err);
	memcpy(f->block + f->n, p, n);
	f->n += n;
	return 0;
}

static void
fd_sink_free(struct ms_sink *k)
{
	struct fd_sink *f = (struct fd_sink *)k;

	ms_wipe(f->block, sizeof(f->block));
	free(f->name);
	free(f);
}

struct ms_sink *
ms_sink_fd(int fd, const char *name, struct ms_err *err)
{
	struct fd_sink *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->name = strdup(name)) == NULL) {
		free(f);
		ms_fail_nomem(err);
		return NULL;
	}
	f->fd = fd;
	f->sink.write = fd_write;
	f->sink.end = fd_end;
	f->sink.free = fd_sink_free;
	return &f->sink;
}

static int
null_write(struct ms_sink *k, const void *p, size_t n, struct ms_err *err)
{
	return 0;
}

struct ms_sink *
ms_sink_null(struct ms_err *err)
{
	struct ms_sink *k = calloc(1, sizeof(*k));

	if (k == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	k->write = null_write;
	k->free = plain_free;
	return k;
}

int
ms_copy(struct ms_src *s, struct ms_sink *k, struct ms_err *err)
{
	int rc;

	while ((rc = ms_src_fill(s, err)) > 0) {
		if (ms_sink_write(k, s->p, s->n, err) != 0)
			return -1;
		ms_src_take(s, s->n);
	}
	return rc;
}
