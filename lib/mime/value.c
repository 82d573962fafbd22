/* SPDX-License-Identifier: Apache-2.0 */
/* Structured values: RFC 2045 section 5.1, RFC 2183, RFC 2231. */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define CLAUSE "RFC 2045 section 5.1: "

/*
 * Parameters that decide what is signed or encrypted: readers must not differ
 * on them, so what is read leniently elsewhere is refused here.
 */
static const char *const critical[] = {
	"boundary", "protocol", "micalg", "smime-type", "hp",
};

/* One parameter, or one piece of it, as it stands in the value. */
struct piece {
	char *name;		/* lower case, without "*0*" */
	int index;		/* -1: not a piece */
	bool ext;		/* percent-encoded */
	struct ms_buf text;
};

struct parsing {
	const unsigned char *p, *end;
	struct piece *v;
	size_t n;
};

bool
ms_mime_is_token(int c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

int
ms_mime_hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
ms_mime_cfws(const unsigned char **pp, const unsigned char *end,
    struct ms_err *err)
{
	const unsigned char *p = *pp;
	unsigned depth = 0;

	for (; p < end; p++) {
		if (*p == '(') {
			if (++depth > MS_MIME_COMMENT_DEPTH)
				return ms_fail(err, MS_DATA, "RFC 5322 section "
				    "3.2.2: comments nested too deep");
		} else if (depth && *p == ')') {
			depth--;
		} else if (depth && *p == '\\' && p + 1 < end) {
			p++;
		} else if (!depth && !ms_mime_is_wsp(*p) && *p != '\r' &&
		    *p != '\n') {
			break;
		}
	}
	*pp = p;
	if (depth)
		return ms_fail(err, MS_DATA,
		    "RFC 5322 section 3.2.2: comment not closed");
	return 0;
}

static bool
is_critical(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(critical) / sizeof(*critical); i++)
		if (ms_streq(name, critical[i]))
			return true;
	return false;
}

/* A token in lower case at the end of b. */
static int
add_token(struct parsing *s, struct ms_buf *b, struct ms_err *err)
{
	const unsigned char *start = s->p;
	int c;

	for (; s->p < s->end && ms_mime_is_token(*s->p); s->p++) {
		c = *s->p >= 'A' && *s->p <= 'Z' ? *s->p + 32 : *s->p;
		if (ms_buf_addc(b, c, err))
			return -1;
	}
	if (s->p == start)
		return ms_fail(err, MS_DATA, CLAUSE "token missing at '%.*s'",
		    (int)(s->end - s->p < 40 ? s->end - s->p : 40),
		    (const char *)s->p);
	return 0;
}

static int
steal(struct ms_buf *b, char **ret, struct ms_err *err)
{
	*ret = ms_buf_steal(b, NULL);
	return *ret ? 0 : ms_fail_nomem(err);
}

/* "type/subtype", or one token. */
static int
parse_head(struct parsing *s, char **ret, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(1024);
	int rc = -1;

	if (ms_mime_cfws(&s->p, s->end, err) || add_token(s, &b, err) ||
	    ms_mime_cfws(&s->p, s->end, err))
		goto out;
	if (s->p < s->end && *s->p == '/') {
		s->p++;
		if (ms_buf_addc(&b, '/', err) ||
		    ms_mime_cfws(&s->p, s->end, err) ||
		    add_token(s, &b, err) || ms_mime_cfws(&s->p, s->end, err))
			goto out;
	}
	rc = steal(&b, ret, err);
out:
	ms_buf_clear(&b);
	return rc;
}

static int
parse_quoted(struct parsing *s, struct ms_buf *b, struct ms_err *err)
{
	for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p == '\r' || *s->p == '\n')
			continue;
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		if (ms_buf_addc(b, *s->p, err))
			return -1;
	}
	if (s->p == s->end)
		return ms_fail(err, MS_DATA, CLAUSE
		    "quoted string not closed");
	s->p++;
	return 0;
}

static bool
bare_char(int c)
{
	return c > ' ' && c != ';' && c != '"' && c != '(' && c != 0x7f;
}

/*
 * The value behind '='.  Senders forget the quotes: characters that are no
 * token's are taken, and for what is not critical blanks too.
 */
static int
parse_text(struct parsing *s, struct piece *pc, struct ms_err *err)
{
	const unsigned char *start;

	if (s->p < s->end && *s->p == '"') {
		if (parse_quoted(s, &pc->text, err))
			return -1;
	} else {
		start = s->p;
		while (s->p < s->end && bare_char(*s->p))
			s->p++;
		if (ms_buf_add(&pc->text, start, (size_t)(s->p - start), err))
			return -1;
	}
	start = s->p;
	if (ms_mime_cfws(&s->p, s->end, err))
		return -1;
	if (s->p == s->end || *s->p == ';')
		return 0;
	if (is_critical(pc->name))
		return ms_fail(err, MS_DATA, CLAUSE
		    "parameter '%s' is ambiguous", pc->name);
	for (s->p = start; s->p < s->end && *s->p != ';'; s->p++)
		if (*s->p != '\r' && *s->p != '\n' &&
		    ms_buf_addc(&pc->text, *s->p, err))
			return -1;
	while (pc->text.n && ms_mime_is_wsp(pc->text.p[pc->text.n - 1]))
		pc->text.n--;
	return 0;
}

/* Cut "*3*", "*3" or "*" off a name. */
static void
split_name(struct piece *pc)
{
	char *star = strchr(pc->name, '*'), *p;
	int index = 0;

	pc->index = -1;
	if (!star || star == pc->name)
		return;
	for (p = star + 1; *p >= '0' && *p <= '9' && p < star + 4; p++)
		index = 10 * index + (*p - '0');
	if (p > star + 1)
		pc->index = index;
	if (*p == '*' || p == star + 1) {
		pc->ext = true;
		p += *p == '*';
	}
	if (*p != '\0') {		/* not RFC 2231 after all */
		pc->index = -1;
		pc->ext = false;
		return;
	}
	*star = '\0';
}

static int
parse_param(struct parsing *s, struct ms_err *err)
{
	struct ms_buf name = MS_BUF_INIT(1024);
	struct piece *pc;
	int rc = -1;

	if (s->n == MS_MIME_PARAMS_MAX)
		return ms_fail(err, MS_DATA, CLAUSE
		    "more than %d parameters", MS_MIME_PARAMS_MAX);
	if (add_token(s, &name, err))
		goto out;
	pc = &s->v[s->n];
	if (steal(&name, &pc->name, err))
		goto out;
	ms_buf_init(&pc->text, MS_MIME_LINE_MAX);
	s->n++;
	split_name(pc);
	if (ms_mime_cfws(&s->p, s->end, err))
		goto out;
	if (s->p < s->end && *s->p == '=') {
		s->p++;
		if (ms_mime_cfws(&s->p, s->end, err) ||
		    parse_text(s, pc, err))
			goto out;
	} else if (is_critical(pc->name)) {
		ms_fail(err, MS_DATA, CLAUSE
		    "parameter '%s' has no value", pc->name);
		goto out;
	} else {
		/* Nothing that can be read as a value: skip it. */
		while (s->p < s->end && *s->p != ';')
			s->p++;
	}
	rc = 0;
out:
	ms_buf_clear(&name);
	return rc;
}

static int
parse_params(struct parsing *s, struct ms_err *err)
{
	while (s->p < s->end) {
		if (*s->p != ';')
			return ms_fail(err, MS_DATA, CLAUSE
			    "';' missing at '%.*s'",
			    (int)(s->end - s->p < 40 ? s->end - s->p : 40),
			    (const char *)s->p);
		while (s->p < s->end && *s->p == ';') {
			s->p++;
			if (ms_mime_cfws(&s->p, s->end, err))
				return -1;
		}
		if (s->p < s->end && parse_param(s, err))
			return -1;
	}
	return 0;
}

/* ---- RFC 2231 ---- */

static const struct piece *
find_piece(const struct parsing *s, const char *name, int index)
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
join(const struct parsing *s, const struct piece *first, char **ret,
    struct ms_err *err)
{
	struct ms_buf raw = MS_BUF_INIT(MS_MIME_LINE_MAX);
	struct ms_buf text = MS_BUF_INIT(4 * MS_MIME_LINE_MAX);
	char charset[MS_MIME_CHARSET_MAX + 1] = "";
	const struct piece *pc = first;
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
static const struct piece *
best(const struct parsing *s, const char *name)
{
	const struct piece *plain = NULL, *zero = NULL;
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
check_critical(const struct parsing *s, const struct piece *pc,
    struct ms_err *err)
{
	size_t i, n = 0;

	if (!is_critical(pc->name))
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

static int
collect(const struct parsing *s, struct ms_mime_value *mv, struct ms_err *err)
{
	const struct piece *pc;
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

int
ms_mime_value_parse(struct ms_span value, struct ms_mime_value *mv,
    struct ms_err *err)
{
	struct parsing s = { .p = value.p, .end = value.p + value.n };
	struct ms_mime_value out = { 0 };
	size_t i;
	int rc = -1;

	if (value.n == 0)
		return ms_fail(err, MS_DATA, CLAUSE "empty value");
	s.v = calloc(MS_MIME_PARAMS_MAX, sizeof(*s.v));
	if (!s.v)
		return ms_fail_nomem(err);
	if (memchr(value.p, 0, value.n)) {
		ms_fail(err, MS_DATA, CLAUSE "NUL in the value");
		goto out;
	}
	if (parse_head(&s, &out.token, err) || parse_params(&s, err) ||
	    collect(&s, &out, err))
		goto out;
	*mv = out;
	memset(&out, 0, sizeof(out));
	rc = 0;
out:
	for (i = 0; i < s.n; i++) {
		free(s.v[i].name);
		ms_buf_clear(&s.v[i].text);
	}
	free(s.v);
	ms_mime_value_clear(&out);
	return rc;
}

void
ms_mime_value_clear(struct ms_mime_value *mv)
{
	size_t i;

	for (i = 0; i < mv->n; i++) {
		free(mv->v[i].name);
		free(mv->v[i].value);
	}
	free(mv->v);
	free(mv->token);
	memset(mv, 0, sizeof(*mv));
}

const char *
ms_mime_param(const struct ms_mime_value *mv, const char *name)
{
	size_t i;

	for (i = 0; i < mv->n; i++)
		if (ms_strcaseeq(mv->v[i].name, name))
			return mv->v[i].value;
	return NULL;
}
