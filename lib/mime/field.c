/* SPDX-License-Identifier: Apache-2.0 */
/* Writing header fields: text, addresses, parameters; folding. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define WORD_LONGEST 900	/* bytes without a blank that a line takes; RFC
				 * 5322 section 2.1.1 says 998 */
#define WORDS_LINE 76		/* columns, RFC 2047 section 2 */
#define WORD_FRAME 12		/* "=?utf-8?Q?" and "?=" */

size_t
ms_mime_column(const struct ms_buf *b)
{
	size_t i = b->n;

	while (i && b->p[i - 1] != '\n')
		i--;
	return b->n - i;
}

int
ms_mime_check_name(const char *name, struct ms_err *err)
{
	const char *s = name;

	while (*s > ' ' && *s < 0x7f && *s != ':')
		s++;
	if (s == name || *s || s - name > MS_MIME_FOLD - 2)
		return ms_fail(err, MS_DATA,
		    "RFC 5322 section 2.2: '%s' is no field name", name);
	return 0;
}

int
ms_mime_check_text(const char *utf8, struct ms_err *err)
{
	const char *s;

	for (s = utf8; *s; s++)
		if ((*s > 0 && *s < ' ' && *s != '\t') || *s == 0x7f)
			return ms_fail(err, MS_DATA, "RFC 5322 section 2.2: "
			    "control character 0x%02x in a header field",
			    (unsigned)*s);
	if (!ms_utf8_valid(utf8, (size_t)(s - utf8)))
		return ms_fail(err, MS_DATA,
		    "RFC 6532 section 3.2: a header field is not UTF-8");
	return 0;
}

int
ms_mime_put_token(struct ms_buf *b, const void *p, size_t n,
    struct ms_err *err)
{
	size_t col = ms_mime_column(b);
	bool fold = col > 1 && col + 1 + n > MS_MIME_FOLD;

	return ms_buf_adds(b, fold ? "\r\n " : " ", err) ||
	    ms_buf_add(b, p, n, err) ? -1 : 0;
}

/* ---- encoded words ---- */

static size_t
char_len(const char *s)
{
	unsigned char c = (unsigned char)*s;

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* What may stand for itself in a phrase too, RFC 2047 section 5. */
static bool
q_plain(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || (c && c < 0x80 && strchr("!*+-/", c));
}

static size_t
q_cost(const char *s, size_t n)
{
	size_t i, cost = 0;

	for (i = 0; i < n; i++)
		cost += q_plain((unsigned char)s[i]) || s[i] == ' ' ? 1 : 3;
	return cost;
}

/* How many bytes of s, in whole characters, fill at most `room` characters. */
static size_t
fill_word(const char *s, size_t room, bool q)
{
	size_t n = 0, used = 0, k, cost;

	while (s[n]) {
		k = char_len(s + n);
		cost = q ? used + q_cost(s + n, k) : (n + k + 2) / 3 * 4;
		if (cost > room)
			break;
		used = cost;
		n += k;
	}
	return n;
}

static int
add_q(struct ms_buf *b, const char *s, size_t n, struct ms_err *err)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] == ' ' || q_plain((unsigned char)s[i])) {
			if (ms_buf_addc(b, s[i] == ' ' ? '_' : s[i], err))
				return -1;
		} else if (ms_buf_addf(b, err, "=%02X",
		    (unsigned)(unsigned char)s[i])) {
			return -1;
		}
	}
	return 0;
}

int
ms_mime_put_words(struct ms_buf *b, const char *utf8, struct ms_err *err)
{
	size_t all = strlen(utf8), col, room, n;
	bool q = q_cost(utf8, all) <= (all + 2) / 3 * 4;

	while (*utf8) {
		col = ms_mime_column(b);
		room = col + 30 < WORDS_LINE ? WORDS_LINE - col - 1 : 0;
		if (!room) {
			if (ms_buf_adds(b, "\r\n", err))
				return -1;
			room = MS_MIME_WORD_MAX;
		}
		n = fill_word(utf8, room - WORD_FRAME, q);
		if (ms_buf_addf(b, err, " =?utf-8?%c?", q ? 'Q' : 'B') ||
		    (q ? add_q(b, utf8, n, err) :
		    ms_base64_encode(utf8, n, b, err)) ||
		    ms_buf_adds(b, "?=", err))
			return -1;
		utf8 += n;
	}
	return 0;
}

/* ---- text ---- */

static bool
is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static size_t
longest_word(const char *s)
{
	size_t n, longest = 0;

	for (; *s; s += n, s += strspn(s, " \t")) {
		n = strcspn(s, " \t");
		longest = n > longest ? n : longest;
	}
	return longest;
}

/* Text that a reader gets back unchanged without encoded words. */
static bool
goes_plain(const char *s)
{
	size_t n = strlen(s);

	return is_ascii(s) && !strstr(s, "=?") && (n == 0 ||
	    (!ms_mime_is_wsp(s[0]) && !ms_mime_is_wsp(s[n - 1]))) &&
	    longest_word(s) <= WORD_LONGEST;
}

/* Words with the blanks before them, folded before the blanks. */
static int
put_plain(struct ms_buf *b, const char *s, struct ms_err *err)
{
	size_t n, col;

	if (*s && ms_buf_addc(b, ' ', err))
		return -1;
	while (*s) {
		n = strspn(s, " \t");
		n += strcspn(s + n, " \t");
		col = ms_mime_column(b);
		if (ms_mime_is_wsp(*s) && col + n > MS_MIME_FOLD &&
		    ms_buf_adds(b, "\r\n", err))
			return -1;
		if (ms_buf_add(b, s, n, err))
			return -1;
		s += n;
	}
	return 0;
}

int
ms_mime_put_text(struct ms_buf *b, const char *name, const char *utf8,
    struct ms_err *err)
{
	size_t before = b->n;

	if (ms_mime_check_name(name, err) || ms_mime_check_text(utf8, err))
		return -1;
	if (ms_buf_addf(b, err, "%s:", name) ||
	    (goes_plain(utf8) ? put_plain(b, utf8, err) :
	    ms_mime_put_words(b, utf8, err)) ||
	    ms_buf_adds(b, "\r\n", err)) {
		b->n = before;
		return -1;
	}
	return 0;
}

/* ---- addresses ---- */

static bool
is_atom(int c)
{
	return q_plain(c) || (c && c < 0x80 && strchr("#$%&'=?^_`{|}~", c));
}

static bool
is_atoms(const char *s)
{
	const char *p;

	for (p = s; *p; p++)
		if (*p == ' ' ? p == s || p[-1] == ' ' || !p[1] :
		    !is_atom((unsigned char)*p))
			return false;
	return true;
}

static int
put_quoted(struct ms_buf *b, const char *s, struct ms_err *err)
{
	struct ms_buf t = MS_BUF_INIT(3 * WORD_LONGEST);
	int rc = -1;

	if (ms_buf_addc(&t, '"', err))
		goto out;
	for (; *s; s++)
		if (((*s == '"' || *s == '\\') &&
		    ms_buf_addc(&t, '\\', err)) ||
		    ms_buf_addc(&t, (unsigned char)*s, err))
			goto out;
	if (ms_buf_addc(&t, '"', err))
		goto out;
	rc = ms_mime_put_token(b, t.p, t.n, err);
out:
	ms_buf_clear(&t);
	return rc;
}

/*
 * A display name.  ASCII atoms go as they are: among them are the encoded
 * words of a name that was read from another message.
 */
static int
put_phrase(struct ms_buf *b, const char *s, struct ms_err *err)
{
	size_t n;

	if (ms_mime_check_text(s, err))
		return -1;
	if (!is_ascii(s) || longest_word(s) > WORD_LONGEST / 2)
		return ms_mime_put_words(b, s, err);
	if (!is_atoms(s)) {
		if (strlen(s) > WORD_LONGEST / 2)
			return ms_mime_put_words(b, s, err);
		return put_quoted(b, s, err);
	}
	for (; *s; s += n, s += *s == ' ') {
		n = strcspn(s, " ");
		if (ms_mime_put_token(b, s, n, err))
			return -1;
	}
	return 0;
}

static int
put_mailbox(struct ms_buf *b, const struct ms_addr *a, struct ms_err *err)
{
	char spec[MS_ADDR_MAX + 3];
	bool name = a->display && *a->display;

	if (ms_mime_check_text(a->spec, err))
		return -1;
	if (strlen(a->spec) > MS_ADDR_MAX)
		return ms_fail(err, MS_DATA, "RFC 5321 section 4.5.3.1.3: the "
		    "address is longer than %d octets", MS_ADDR_MAX);
	if (name && put_phrase(b, a->display, err))
		return -1;
	snprintf(spec, sizeof(spec), name ? "<%s>" : "%s", a->spec);
	return ms_mime_put_token(b, spec, strlen(spec), err);
}

struct addrs {
	struct ms_buf *b;
	const struct ms_addrlist *l;
	bool comma;		/* one is due before the next element */
	int open;		/* group that is open, or -1 */
	size_t next;		/* group that is not yet written */
};

static int
comma(struct addrs *s, struct ms_err *err)
{
	bool due = s->comma;

	s->comma = false;
	return due ? ms_buf_addc(s->b, ',', err) : 0;
}

static int
close_group(struct addrs *s, struct ms_err *err)
{
	if (s->open == -1)
		return 0;
	s->open = -1;
	s->comma = true;
	return ms_buf_addc(s->b, ';', err);
}

/* Open group `upto`; those before it that have no member are written too. */
static int
open_group(struct addrs *s, size_t upto, struct ms_err *err)
{
	for (; s->next <= upto; s->next++) {
		if (close_group(s, err) || comma(s, err) ||
		    put_phrase(s->b, s->l->group[s->next], err) ||
		    ms_buf_addc(s->b, ':', err))
			return -1;
		s->open = (int)s->next;
	}
	return 0;
}

static int
put_list(struct addrs *s, struct ms_err *err)
{
	const struct ms_addrlist *l = s->l;
	size_t i;
	int g;

	for (i = 0; i < l->n; i++) {
		g = l->v[i].group;
		if (g != s->open && close_group(s, err))
			return -1;
		if (g >= 0 && g != s->open) {
			if ((size_t)g < s->next || (size_t)g >= l->ngroup)
				return ms_fail(err, MS_BUG,
				    "address list with group %d", g);
			if (open_group(s, (size_t)g, err))
				return -1;
		}
		if (comma(s, err) || put_mailbox(s->b, &l->v[i], err))
			return -1;
		s->comma = true;
	}
	if (l->ngroup && open_group(s, l->ngroup - 1, err))
		return -1;
	return close_group(s, err);
}

int
ms_mime_put_addrs(struct ms_buf *b, const char *name,
    const struct ms_addrlist *l, struct ms_err *err)
{
	struct addrs s = { .b = b, .l = l, .open = -1 };
	size_t before = b->n;

	if (ms_mime_check_name(name, err))
		return -1;
	if (l->n == 0 && l->ngroup == 0)
		return 0;
	if (ms_buf_addf(b, err, "%s:", name) || put_list(&s, err) ||
	    ms_buf_adds(b, "\r\n", err)) {
		b->n = before;
		return -1;
	}
	return 0;
}
