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

bool
ms_mime_is_critical(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(critical) / sizeof(*critical); i++)
		if (ms_streq(name, critical[i]))
			return true;
	return false;
}

/* A token in lower case at the end of b. */
static int
add_token(struct ms_mime_parsing *s, struct ms_buf *b, struct ms_err *err)
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
parse_head(struct ms_mime_parsing *s, char **ret, struct ms_err *err)
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
parse_quoted(struct ms_mime_parsing *s, struct ms_buf *b, struct ms_err *err)
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
parse_text(struct ms_mime_parsing *s, struct ms_mime_piece *pc,
    struct ms_err *err)
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
	if (ms_mime_is_critical(pc->name))
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
split_name(struct ms_mime_piece *pc)
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
parse_param(struct ms_mime_parsing *s, struct ms_err *err)
{
	struct ms_buf name = MS_BUF_INIT(1024);
	struct ms_mime_piece *pc;
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
	} else if (ms_mime_is_critical(pc->name)) {
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
parse_params(struct ms_mime_parsing *s, struct ms_err *err)
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

int
ms_mime_value_parse(struct ms_span value, struct ms_mime_value *mv,
    struct ms_err *err)
{
	struct ms_mime_parsing s = { .p = value.p, .end = value.p + value.n };
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
	    ms_mime_collect(&s, &out, err))
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
