/* SPDX-License-Identifier: Apache-2.0 */
/* Lexical tokens of RFC 5322 section 3.2 and the addr-spec made of them. */
#include <stdlib.h>
#include <string.h>

#include "addr/internal.h"

bool
ms_addr_atext(int c)
{
	if (c >= 0x80)		/* RFC 6532 section 3.2 */
		return true;
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z'))
		return true;
	return c > ' ' && strchr("!#$%&'*+-/=?^_`{|}~", c);
}

int
ms_addr_refuse(const struct ms_addr_lex *l, const char *what,
    struct ms_err *err)
{
	size_t left = (size_t)(l->end - l->p);

	if (left == 0)
		return ms_fail(err, MS_DATA,
		    "RFC 5322 section 3.4: %s at the end of the address",
		    what);
	return ms_fail(err, MS_DATA,
	    "RFC 5322 section 3.4: %s at '%.*s'", what,
	    (int)(left < 40 ? left : 40), (const char *)l->p);
}

/* A line end that folds: skip it; anything else is an injected line. */
static int
fold(struct ms_addr_lex *l, struct ms_err *err)
{
	const unsigned char *p = l->p;

	if (*p == '\r')
		p++;
	if (p == l->end || *p != '\n' || ++p == l->end ||
	    (*p != ' ' && *p != '\t'))
		return ms_fail(err, MS_DATA,
		    "RFC 5322 section 3.2.2: line end in an address");
	l->p = p;
	return 0;
}

static bool
is_control(int c)
{
	return (c >= 0 && c < ' ') || c == 0x7f;
}

int
ms_addr_cfws(struct ms_addr_lex *l, struct ms_err *err)
{
	unsigned depth = 0;
	int c;

	if (l->bare)
		return 0;
	while ((c = ms_addr_peek(l)) != -1) {
		if (c == '\r' || c == '\n') {
			if (fold(l, err))
				return -1;
			continue;
		}
		if (c == '(') {
			if (++depth > MS_ADDR_COMMENT_DEPTH)
				return ms_addr_refuse(l,
				    "comments nested too deep", err);
		} else if (depth == 0 && c != ' ' && c != '\t') {
			return 0;
		} else if (depth && c == ')') {
			depth--;
		} else if (depth && c == '\\' && l->p + 1 < l->end) {
			l->p++;
		}
		if (c != '\t' && is_control(*l->p))
			return ms_addr_refuse(l, "control character", err);
		l->p++;
	}
	if (depth)
		return ms_addr_refuse(l, "comment not closed", err);
	return 0;
}

int
ms_addr_quoted(struct ms_addr_lex *l, struct ms_buf *b, struct ms_err *err)
{
	int c;

	l->p++;
	while ((c = ms_addr_peek(l)) != '"') {
		if (c == -1)
			return ms_addr_refuse(l, "quoted string not closed",
			    err);
		if ((c == '\r' || c == '\n') && !l->bare) {
			if (fold(l, err))
				return -1;
			continue;
		}
		if (c == '\\') {
			l->p++;
			c = ms_addr_peek(l);
		}
		if (c == -1 || (is_control(c) && c != '\t'))
			return ms_addr_refuse(l,
			    "control character in a quoted string", err);
		if (ms_buf_addc(b, c, err))
			return -1;
		l->p++;
	}
	l->p++;
	return 0;
}

/*
 * Local part: dot-atom or one quoted string; obs-local-part (words of both
 * kinds, white space around the dots) unless strict.
 */
static int
local_part(struct ms_addr_lex *l, struct ms_buf *b, struct ms_err *err)
{
	const unsigned char *start;
	unsigned words = 0, quoted = 0;

	for (;;) {
		start = l->p;
		if (ms_addr_peek(l) == '"') {
			quoted++;
			if (ms_addr_quoted(l, b, err))
				return -1;
		} else {
			while (ms_addr_atext(ms_addr_peek(l)))
				l->p++;
			if (l->p == start)
				return ms_addr_refuse(l, "local part missing",
				    err);
			if (ms_buf_add(b, start, (size_t)(l->p - start), err))
				return -1;
		}
		words++;
		if (l->strict && quoted && words > 1)
			return ms_addr_refuse(l,
			    "obsolete local part", err);
		if (!l->strict && ms_addr_cfws(l, err))
			return -1;
		if (ms_addr_peek(l) != '.')
			break;
		l->p++;
		if (ms_buf_addc(b, '.', err))
			return -1;
		if (!l->strict && ms_addr_cfws(l, err))
			return -1;
	}
	if (b->n == 0)
		return ms_addr_refuse(l, "empty local part", err);
	if (!ms_utf8_valid(b->p, b->n))
		return ms_fail(err, MS_DATA,
		    "RFC 6532 section 3.2: the local part is not UTF-8");
	return 0;
}

/* Controls of ISO 6429 (U+0080..U+009F) pass the UTF-8 check. */
static bool
has_c1(const struct ms_buf *b)
{
	size_t i;

	for (i = 0; i + 1 < b->n; i++)
		if (b->p[i] == 0xc2 && b->p[i + 1] < 0xa0)
			return true;
	return false;
}

static bool
is_dot_atom(const char *s)
{
	bool dot = true;

	for (; *s; s++) {
		if (*s == '.') {
			if (dot)
				return false;
			dot = true;
		} else {
			if (!ms_addr_atext((unsigned char)*s))
				return false;
			dot = false;
		}
	}
	return !dot;
}

static int
print_spec(const char *local, const char *domain, char **ret,
    struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(4 * MS_ADDR_MAX);
	bool quote = !is_dot_atom(local);
	int rc = -1;

	if (quote && ms_buf_addc(&b, '"', err))
		goto out;
	for (; *local; local++) {
		if (quote && (*local == '"' || *local == '\\') &&
		    ms_buf_addc(&b, '\\', err))
			goto out;
		if (ms_buf_addc(&b, (unsigned char)*local, err))
			goto out;
	}
	if ((quote && ms_buf_addc(&b, '"', err)) ||
	    ms_buf_addc(&b, '@', err) || ms_buf_adds(&b, domain, err))
		goto out;
	if (b.n > MS_ADDR_MAX) {
		ms_fail(err, MS_DATA, "RFC 5321 section 4.5.3.1.3: the "
		    "address is longer than %d octets", MS_ADDR_MAX);
		goto out;
	}
	*ret = ms_buf_steal(&b, NULL);
	if (*ret)
		rc = 0;
	else
		ms_fail_nomem(err);
out:
	ms_buf_clear(&b);
	return rc;
}

static int
domain_part(struct ms_addr_lex *l, char **ret, struct ms_err *err)
{
	if (ms_addr_peek(l) != '@') {
		if (!l->domain)
			return ms_addr_refuse(l, "'@' missing", err);
		return ms_domain_ascii(l->domain, strlen(l->domain), ret, err);
	}
	l->p++;
	if (ms_addr_cfws(l, err) || ms_addr_domain(l, ret, err))
		return -1;
	if (ms_addr_cfws(l, err)) {
		free(*ret);
		*ret = NULL;
		return -1;
	}
	return 0;
}

int
ms_addr_spec(struct ms_addr_lex *l, struct ms_addr *a, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(2 * MS_ADDR_MAX);
	char *domain = NULL, *local = NULL, *spec = NULL;
	int rc = -1;

	if (ms_addr_cfws(l, err) || local_part(l, &b, err))
		goto out;
	if (has_c1(&b)) {
		ms_addr_refuse(l, "control character in the local part", err);
		goto out;
	}
	if (ms_addr_cfws(l, err) || domain_part(l, &domain, err))
		goto out;
	local = ms_buf_steal(&b, NULL);
	if (!local) {
		ms_fail_nomem(err);
		goto out;
	}
	if (print_spec(local, domain, &spec, err))
		goto out;
	a->local = local;
	a->domain = domain;
	a->spec = spec;
	local = domain = NULL;
	rc = 0;
out:
	ms_buf_clear(&b);
	free(local);
	free(domain);
	return rc;
}
