/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters from the pieces that stand in a value, RFC 2231. */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define CLAUSE "RFC 2045 section 5.1: "

static const struct ms_mime_piece *
find_piece(const struct ms_mime_parsing *s, const char *name, int index)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].index == index && ms_streq(s->v[i].name, name))
			return &s->v[i];
	return NULL;
}

/* charset'language'text: the charset is copied and the text returned. */
static struct ms_span
cut_charset(const struct ms_buf *text, char charset[MS_MIME_CHARSET_MAX + 1])
{
	struct ms_span s = ms_buf_span(text);
	const unsigned char *a, *b;

	charset[0] = '\0';
	a = s.n ? memchr(s.p, '\'', s.n) : NULL;
	b = a ? memchr(a + 1, '\'', (size_t)(s.p + s.n - a - 1)) : NULL;
	if (!b)
		return s;
	if (a - s.p <= MS_MIME_CHARSET_MAX) {
		memcpy(charset, s.p, (size_t)(a - s.p));
		charset[a - s.p] = '\0';
	}
	s.n -= (size_t)(b + 1 - s.p);
	s.p = b + 1;
	return s;
}

static int
add_percent(struct ms_buf *b, struct ms_span t, struct ms_err *err)
{
	size_t i;
	int hi, lo, c;

	for (i = 0; i < t.n; i++) {
		c = t.p[i];
		if (c == '%' && i + 2 < t.n) {
			hi = ms_mime_hex(t.p[i + 1]);
			lo = ms_mime_hex(t.p[i + 2]);
			if (hi >= 0 && lo >= 0) {
				c = hi << 4 | lo;
				i += 2;
			}
		}
		if (ms_buf_addc(b, c, err))
			return -1;
	}
	return 0;
}

/* All pieces of the parameter that begins with `first`, as UTF-8. */
static int
join(const struct ms_mime_parsing *s, const struct ms_mime_piece *first,
    char **ret, struct ms_err *err)
{
	struct ms_buf raw = MS_BUF_INIT(MS_MIME_LINE_MAX);
	struct ms_buf text = MS_BUF_INIT(4 * MS_MIME_LINE_MAX);
	char charset[MS_MIME_CHARSET_MAX + 1] = "";
	const struct ms_mime_piece *pc = first;
	struct ms_span t;
	int rc = -1, index = first->index, got;

	while (pc) {
		t = ms_buf_span(&pc->text);
		if (pc->ext && pc == first)
			t = cut_charset(&pc->text, charset);
		if (pc->ext ? add_percent(&raw, t, err) :
		    ms_buf_add(&raw, t.p, t.n, err))
			goto out;
		pc = index < 0 ? NULL : find_piece(s, first->name, ++index);
	}
	got = charset[0] ? ms_mime_to_utf8(charset, raw.p, raw.n, &text, err) :
	    0;
	if (got == 0)
		got = ms_mime_to_utf8("utf-8", raw.p, raw.n, &text, err);
	if (got < 0)
		goto out;
	*ret = ms_mime_steal_text(&text, err);
	rc = *ret ? 0 : -1;
out:
	ms_buf_clear(&raw);
	ms_buf_clear(&text);
	return rc;
}

/* The piece that a parameter is read from: name* before name*0 before name;
 * the first of several.  Whatever else goes by that name is left out. */
static const struct ms_mime_piece *
best(const struct ms_mime_parsing *s, const char *name)
{
	const struct ms_mime_piece *plain = NULL, *zero = NULL;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (!ms_streq(s->v[i].name, name))
			continue;
		if (s->v[i].index < 0 && s->v[i].ext)
			return &s->v[i];
		if (s->v[i].index == 0 && !zero)
			zero = &s->v[i];
		if (s->v[i].index < 0 && !plain)
			plain = &s->v[i];
	}
	return zero ? zero : plain;
}

/* A critical parameter stands there once and in one piece. */
static int
check_critical(const struct ms_mime_parsing *s, const struct ms_mime_piece *pc,
    struct ms_err *err)
{
	size_t i, n = 0;

	if (!ms_mime_is_critical(pc->name))
		return 0;
	for (i = 0; i < s->n; i++)
		n += ms_streq(s->v[i].name, pc->name);
	if (n > 1)
		return ms_fail(err, MS_DATA, CLAUSE
		    "parameter '%s' is there %zu times", pc->name, n);
	if (pc->text.n == 0)
		return ms_fail(err, MS_DATA, CLAUSE
		    "parameter '%s' has no value", pc->name);
	return 0;
}

int
ms_mime_collect(const struct ms_mime_parsing *s, struct ms_mime_value *mv,
    struct ms_err *err)
{
	const struct ms_mime_piece *pc;
	struct ms_mime_param *to;
	size_t i;

	if (s->n == 0)
		return 0;
	mv->v = calloc(s->n, sizeof(*mv->v));
	if (!mv->v)
		return ms_fail_nomem(err);
	for (i = 0; i < s->n; i++) {
		if (ms_mime_param(mv, s->v[i].name))
			continue;
		pc = best(s, s->v[i].name);
		if (check_critical(s, &s->v[i], err))
			return -1;
		if (!pc)
			continue;
		to = &mv->v[mv->n++];
		to->name = strdup(pc->name);
		if (!to->name)
			return ms_fail_nomem(err);
		if (join(s, pc, &to->value, err))
			return -1;
	}
	return 0;
}
