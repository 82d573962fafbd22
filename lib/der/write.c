/* SPDX-License-Identifier: Apache-2.0 */
/* The DER writer: definite, minimal lengths (X.690 section 10.1). */
#include "der/der.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
ms_der_init(struct ms_der *d, struct ms_buf *b)
{
	memset(d, 0, sizeof(*d));
	d->b = b;
}

static void
add(struct ms_der *d, const void *p, size_t n)
{
	if (!d->failed && n > 0 && ms_buf_add(d->b, p, n, &d->err) < 0)
		d->failed = true;
}

static void
bug(struct ms_der *d, const char *what)
{
	if (!d->failed)
		ms_fail(&d->err, MS_BUG, "DER writer: %s", what);
	d->failed = true;
}

/* Octets of a length: how many (at most 9). */
static size_t
length(unsigned char to[9], uint64_t n)
{
	size_t k = 0, i;

	if (n < 0x80) {
		to[0] = (unsigned char)n;
		return 1;
	}
	while (k < 8 && n >> (8 * k) != 0)
		k++;
	to[0] = (unsigned char)(0x80 | k);
	for (i = 1; i <= k; i++)
		to[i] = (unsigned char)(n >> (8 * (k - i)));
	return 1 + k;
}

size_t
ms_der_head(unsigned char to[10], int tag, uint64_t n)
{
	to[0] = (unsigned char)tag;
	return 1 + length(to + 1, n);
}

uint64_t
ms_der_size(uint64_t n)
{
	unsigned char head[10];
	size_t k = ms_der_head(head, 0, n);

	return n > UINT64_MAX - k ? UINT64_MAX : n + k;
}

/* One octet is kept for the length; ms_der_end() makes room for more. */
void
ms_der_begin(struct ms_der *d, int tag)
{
	unsigned char head[2] = { (unsigned char)tag, 0 };

	if (d->depth >= MS_DER_DEPTH) {
		bug(d, "nested too deep");
		return;
	}
	add(d, head, sizeof(head));
	d->open[d->depth++] = d->b->n;
}

void
ms_der_end(struct ms_der *d)
{
	unsigned char len[9];
	size_t start, n, k;

	if (d->failed)
		return;
	if (d->depth <= 0) {
		bug(d, "end without begin");
		return;
	}
	start = d->open[--d->depth];
	n = d->b->n - start;
	k = length(len, n);
	if (k > 1) {
		if (!ms_buf_room(d->b, k - 1, &d->err)) {
			d->failed = true;
			return;
		}
		memmove(d->b->p + start + k - 1, d->b->p + start, n);
		d->b->n += k - 1;
	}
	memcpy(d->b->p + start - 1, len, k);
}

/* X.690 section 11.6: as octet strings.  No element is a prefix of another,
 * so that the padding the clause speaks of never decides. */
static int
by_octets(const void *a, const void *b)
{
	const struct ms_span *x = a, *y = b;

	return memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
}

/* Copy the elements in order into `to`, sized for all of them. */
static int
sorted(struct ms_span all, unsigned char *to, struct ms_err *err)
{
	struct ms_span s = all, v, *e = NULL;
	size_t n = 0, i;
	int tag;

	while (s.n > 0) {
		if (ms_der_next(&s, &tag, &v, NULL, err) < 0)
			return -1;
		n++;
	}
	if (n == 0)
		return 0;
	e = calloc(n, sizeof(*e));
	if (!e)
		return ms_fail_nomem(err);
	for (s = all, i = 0; i < n; i++)
		if (ms_der_next(&s, &tag, &v, &e[i], err) < 0)
			break;
	qsort(e, n, sizeof(*e), by_octets);
	for (i = 0; i < n; i++) {
		memcpy(to, e[i].p, e[i].n);
		to += e[i].n;
	}
	free(e);
	return 0;
}

void
ms_der_end_setof(struct ms_der *d)
{
	struct ms_span all;
	unsigned char *copy;

	if (d->failed)
		return;
	if (d->depth <= 0) {
		bug(d, "end without begin");
		return;
	}
	all.p = d->b->p + d->open[d->depth - 1];
	all.n = d->b->n - d->open[d->depth - 1];
	copy = malloc(all.n + 1);
	if (!copy) {
		ms_fail_nomem(&d->err);
		d->failed = true;
		return;
	}
	if (sorted(all, copy, &d->err) < 0)
		d->failed = true;
	else
		memcpy(d->b->p + d->open[d->depth - 1], copy, all.n);
	if (d->b->secret)
		ms_wipe(copy, all.n);
	free(copy);
	ms_der_end(d);
}

void
ms_der_prim(struct ms_der *d, int tag, const void *p, size_t n)
{
	unsigned char head[10];

	add(d, head, ms_der_head(head, tag, n));
	add(d, p, n);
}

void
ms_der_raw(struct ms_der *d, const void *p, size_t n)
{
	add(d, p, n);
}

void
ms_der_oid(struct ms_der *d, enum ms_oid oid)
{
	struct ms_span s = ms_oid_bytes(oid);

	if (s.n == 0)
		bug(d, "unknown object identifier");
	else
		ms_der_prim(d, MS_OBJECT, s.p, s.n);
}

void
ms_der_uint(struct ms_der *d, uint64_t v)
{
	unsigned char be[8];
	int i;

	for (i = 0; i < 8; i++)
		be[i] = (unsigned char)(v >> (56 - 8 * i));
	ms_der_integer(d, be, sizeof(be));
}

void
ms_der_integer(struct ms_der *d, const void *p, size_t n)
{
	static const unsigned char zero;
	const unsigned char *m = p;
	unsigned char head[10];
	bool sign;

	while (n > 0 && *m == 0) {
		m++;
		n--;
	}
	/* A leading bit would read as a minus; zero has one octet. */
	sign = n == 0 || *m & 0x80;
	add(d, head, ms_der_head(head, MS_INTEGER, (uint64_t)n + sign));
	if (sign)
		add(d, &zero, 1);
	add(d, m, n);
}

void
ms_der_null(struct ms_der *d)
{
	ms_der_prim(d, MS_NULL, NULL, 0);
}

void
ms_der_bool(struct ms_der *d, bool v)
{
	ms_der_prim(d, MS_BOOLEAN, v ? "\xff" : "\0", 1);
}

/* Fields of a time a GeneralizedTime can hold, or the writer fails. */
static bool
fields(struct ms_der *d, time_t t, struct tm *tm)
{
	if (d->failed)
		return false;
	if (ms_time_fields(t, tm))
		return true;
	d->failed = true;
	ms_fail(&d->err, MS_DATA, "X.680 section 46: a time outside the years"
	    " 1 to 9999 has no encoding");
	return false;
}

void
ms_der_time(struct ms_der *d, time_t t)
{
	char to[64];
	struct tm tm;
	int year, n;

	if (!fields(d, t, &tm))
		return;
	year = tm.tm_year + 1900;
	if (year < 1950 || year > 2049) {
		ms_der_gentime(d, t, 0);
		return;
	}
	n = snprintf(to, sizeof(to), "%02d%02d%02d%02d%02d%02dZ", year % 100,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	ms_der_prim(d, MS_UTCTIME, to, (size_t)n);
}

void
ms_der_gentime(struct ms_der *d, time_t t, unsigned micros)
{
	char to[96];
	struct tm tm;
	int n;

	if (!fields(d, t, &tm))
		return;
	if (micros > 999999) {
		bug(d, "more than a second of microseconds");
		return;
	}
	n = snprintf(to, sizeof(to), "%04d%02d%02d%02d%02d%02d.%06u",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, micros);
	/* X.690 section 11.7.3: no trailing zeros, no lone point. */
	while (to[n - 1] == '0' && micros != 0)
		n--;
	if (micros == 0)
		n -= 7;
	to[n++] = 'Z';
	ms_der_prim(d, MS_GENTIME, to, (size_t)n);
}

int
ms_der_finish(struct ms_der *d, struct ms_err *err)
{
	if (!d->failed && d->depth != 0)
		bug(d, "begin without end");
	if (!d->failed)
		return 0;
	ms_fail(err, d->err.class, "%s", d->err.text);
	if (d->err.hint[0])
		ms_hint(err, "%s", d->err.hint);
	return -1;
}
