/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, ISO 32000-2 section 7.2 and 7.3. */
#include <string.h>

#include "pdf/internal.h"

bool
pdf_is_space(int c)
{
	return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' ||
	    c == ' ';
}

static bool
is_delimiter(int c)
{
	return c == '(' || c == ')' || c == '<' || c == '>' || c == '[' ||
	    c == ']' || c == '{' || c == '}' || c == '/' || c == '%';
}

static bool
is_regular(int c)
{
	return !pdf_is_space(c) && !is_delimiter(c);
}

/* Behind white space and comments. */
static size_t
skip_space(struct ms_span s, size_t i)
{
	while (i < s.n) {
		if (s.p[i] == '%')
			while (i < s.n && s.p[i] != '\n' && s.p[i] != '\r')
				i++;
		else if (pdf_is_space(s.p[i]))
			i++;
		else
			break;
	}
	return i;
}

static size_t
regular_end(struct ms_span s, size_t i)
{
	while (i < s.n && is_regular(s.p[i]))
		i++;
	return i;
}

/* Behind the closing parenthesis, or s.n + 1. */
static size_t
literal_end(struct ms_span s, size_t i)
{
	size_t depth = 0;

	for (; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return s.n + 1;
}

static bool
is_hex(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

/* Behind the closing bracket, s.n + 1, or 0: another character. */
static size_t
hex_end(struct ms_span s, size_t i)
{
	for (i++; i < s.n; i++) {
		if (s.p[i] == '>')
			return i + 1;
		if (!is_hex(s.p[i]) && !pdf_is_space(s.p[i]))
			return 0;
	}
	return s.n + 1;
}

static bool
is_name(struct ms_span s, size_t i, size_t end)
{
	for (; i < end; i++)
		if (s.p[i] == '#' && (end - i < 3 || !is_hex(s.p[i + 1]) ||
		    !is_hex(s.p[i + 2])))
			return false;
	return true;
}

/* A number: INT when it has no point and fits in 15 digits. */
static enum pdf_kind
number(struct ms_span s, const struct pdf_token *t, int64_t *num)
{
	size_t i = t->off, end = t->off + t->len, digits = 0, points = 0;
	bool minus = s.p[i] == '-';

	*num = 0;
	if (s.p[i] == '+' || s.p[i] == '-')
		i++;
	for (; i < end; i++) {
		if (s.p[i] == '.') {
			points++;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			return PDF_T_WORD;
		if (points == 0 && digits < 15)
			*num = *num * 10 + (s.p[i] - '0');
		digits++;
	}
	if (points > 1 || digits == 0)
		return PDF_T_WORD;
	if (minus)
		*num = -*num;
	return points > 0 || digits > 15 ? PDF_T_REAL : PDF_T_INT;
}

bool
pdf_token_is(struct ms_span s, const struct pdf_token *t, const char *word)
{
	struct ms_span v = { s.p + t->off, t->len };

	return t->kind == PDF_T_WORD && ms_span_is(v, word);
}

static void
word(struct ms_span s, struct pdf_token *t)
{
	t->kind = number(s, t, &t->num);
	if (t->kind != PDF_T_WORD)
		return;
	if (pdf_token_is(s, t, "null")) {
		t->kind = PDF_T_NULL;
	} else if (pdf_token_is(s, t, "true") || pdf_token_is(s, t, "false")) {
		t->num = s.p[t->off] == 't';
		t->kind = PDF_T_BOOL;
	}
}

/* What begins with a delimiter: its end, 0 when it is none, s.n + 1 when it
 * ends too late. */
static size_t
delimited(struct ms_span s, size_t i, struct pdf_token *t)
{
	size_t end;
	int c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : -1;

	switch (c) {
	case '[':
		t->kind = PDF_T_OPEN_ARRAY;
		return i + 1;
	case ']':
		t->kind = PDF_T_CLOSE_ARRAY;
		return i + 1;
	case '(':
		t->kind = PDF_T_STRING;
		return literal_end(s, i);
	case '/':
		t->kind = PDF_T_NAME;
		end = regular_end(s, i + 1);
		return end == s.n || is_name(s, i + 1, end) ? end : 0;
	case '<':
		if (next == -1)
			return s.n + 1;
		t->kind = next == '<' ? PDF_T_OPEN_DICT : PDF_T_STRING;
		return next == '<' ? i + 2 : hex_end(s, i);
	case '>':
		if (next == -1)
			return s.n + 1;
		t->kind = PDF_T_CLOSE_DICT;
		return next == '>' ? i + 2 : 0;
	default:
		return 0;
	}
}

void
pdf_token(struct ms_span s, bool final, size_t *pos, struct pdf_token *t)
{
	size_t i = skip_space(s, *pos), end;

	memset(t, 0, sizeof(*t));
	t->off = i;
	if (i == s.n) {
		t->kind = final ? PDF_T_END : PDF_T_MORE;
		return;
	}
	if (is_delimiter(s.p[i])) {
		end = delimited(s, i, t);
	} else {
		end = regular_end(s, i);
		t->kind = PDF_T_WORD;
	}
	/* a name or word at the end of the bytes may go on behind them */
	if (end == s.n && !final &&
	    (t->kind == PDF_T_NAME || t->kind == PDF_T_WORD))
		end = s.n + 1;
	if (end == 0 || (end > s.n && final) ||
	    (t->kind == PDF_T_NAME && end <= s.n && !is_name(s, i + 1, end))) {
		t->kind = PDF_T_BAD;
		return;
	}
	if (end > s.n) {
		t->kind = PDF_T_MORE;
		return;
	}
	t->len = end - i;
	*pos = end;
	if (t->kind == PDF_T_WORD)
		word(s, t);
}
