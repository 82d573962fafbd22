/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/buf.h"

#define FIRST_CAP 64	/* bytes */

void
ms_buf_init(struct ms_buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
ms_buf_init_secret(struct ms_buf *b, size_t max)
{
	ms_buf_init(b, max);
	b->secret = true;
}

void
ms_buf_clear(struct ms_buf *b)
{
	if (b->secret && b->p != NULL)
		ms_wipe(b->p, b->cap + 1);
	free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
}

void
ms_buf_reset(struct ms_buf *b)
{
	if (b->secret && b->p != NULL)
		ms_wipe(b->p, b->cap + 1);
	b->n = 0;
}

/* Memory for cap bytes and the NUL of ms_buf_str(). */
static int
grow(struct ms_buf *b, size_t cap)
{
	unsigned char *p;

	if (cap == SIZE_MAX)
		return -1;
	if (!b->secret) {
		p = realloc(b->p, cap + 1);
		if (p == NULL)
			return -1;
	} else {
		/* realloc() would leave a copy of the secret behind. */
		p = malloc(cap + 1);
		if (p == NULL)
			return -1;
		if (b->p != NULL) {
			memcpy(p, b->p, b->n);
			ms_wipe(b->p, b->cap + 1);
			free(b->p);
		}
	}
	b->p = p;
	b->cap = cap;
	return 0;
}

unsigned char *
ms_buf_room(struct ms_buf *b, size_t n, struct ms_err *err)
{
	size_t cap = b->cap;

	if (n > b->max || b->n > b->max - n) {
		ms_fail(err, MS_DATA, "more than %zu bytes", b->max);
		return NULL;
	}
	if (b->p != NULL && n <= b->cap - b->n)
		return b->p + b->n;
	if (cap < FIRST_CAP)
		cap = FIRST_CAP;
	while (cap < b->n + n)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap > b->max)
		cap = b->max;
	if (grow(b, cap) != 0) {
		ms_fail_nomem(err);
		return NULL;
	}
	return b->p + b->n;
}

int
ms_buf_add(struct ms_buf *b, const void *p, size_t n, struct ms_err *err)
{
	unsigned char *to;

	if (n == 0)
		return 0;
	to = ms_buf_room(b, n, err);
	if (to == NULL)
		return -1;
	memcpy(to, p, n);
	b->n += n;
	return 0;
}

int
ms_buf_addc(struct ms_buf *b, int c, struct ms_err *err)
{
	unsigned char u = (unsigned char)c;

	return ms_buf_add(b, &u, 1, err);
}

int
ms_buf_adds(struct ms_buf *b, const char *s, struct ms_err *err)
{
	return ms_buf_add(b, s, strlen(s), err);
}

int
ms_buf_addf(struct ms_buf *b, struct ms_err *err, const char *fmt, ...)
{
	unsigned char *to;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return ms_fail_errno(err, MS_OS, "cannot format");
	to = ms_buf_room(b, (size_t)n, err);
	if (to == NULL)
		return -1;
	/* Behind the room there is always a byte for the NUL. */
	va_start(ap, fmt);
	vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	return 0;
}

const char *
ms_buf_str(struct ms_buf *b)
{
	if (b->p == NULL && grow(b, 0) != 0)
		return NULL;
	b->p[b->n] = '\0';
	return (const char *)b->p;
}

char *
ms_buf_steal(struct ms_buf *b, size_t *n)
{
	char *p;

	if (ms_buf_str(b) == NULL)
		return NULL;
	p = (char *)b->p;
	if (n != NULL)
		*n = b->n;
	b->p = NULL;
	b->n = b->cap = 0;
	return p;
}

void
ms_wipe(void *p, size_t n)
{
	if (p != NULL && n > 0)
		OPENSSL_cleanse(p, n);
}

void
ms_wipe_str(char *s)
{
	if (s == NULL)
		return;
	ms_wipe(s, strlen(s));
	free(s);
}

/* ASCII only: no locale has a say in what two names mean. */
static int
lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool
case_equal(const unsigned char *a, const unsigned char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}
	return true;
}

bool
ms_streq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
ms_strcaseeq(const char *a, const char *b)
{
	size_t n;

	if (a == NULL || b == NULL)
		return a == b;
	n = strlen(a);
	return n == strlen(b) && case_equal((const unsigned char *)a,
	    (const unsigned char *)b, n);
}

bool
ms_span_eq(struct ms_span a, struct ms_span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
ms_span_is(struct ms_span a, const char *s)
{
	size_t n = strlen(s);

	return a.n == n && (n == 0 || memcmp(a.p, s, n) == 0);
}

bool
ms_span_caseis(struct ms_span a, const char *s)
{
	return a.n == strlen(s) &&
	    case_equal(a.p, (const unsigned char *)s, a.n);
}

char *
ms_span_dup(struct ms_span a)
{
	char *s;

	if (a.n > 0 && memchr(a.p, '\0', a.n) != NULL)
		return NULL;
	s = malloc(a.n + 1);
	if (s == NULL)
		return NULL;
	if (a.n > 0)
		memcpy(s, a.p, a.n);
	s[a.n] = '\0';
	return s;
}
