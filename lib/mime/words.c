/* SPDX-License-Identifier: Apache-2.0 */
/* Encoded words, RFC 2047: reading. */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

struct word {
	char charset[MS_MIME_CHARSET_MAX + 1];
	int encoding;		/* 'B' or 'Q' */
	const char *text;
	size_t n;
	const char *end;	/* behind the word */
};

/* Words of one charset that follow each other: a sender may have cut a
 * character in two. */
struct run {
	char charset[MS_MIME_CHARSET_MAX + 1];
	struct ms_buf bytes;
	const char *from, *to;	/* as they stand in the value */
};

/* "=?charset*lang?encoding?text?=" at s. */
static bool
parse_word(const char *s, struct word *w)
{
	const char *p = s + 2, *q;
	size_t n;

	if (s[0] != '=' || s[1] != '?')
		return false;
	n = strcspn(p, "?* \t");
	if (n == 0 || n > MS_MIME_CHARSET_MAX)
		return false;
	memcpy(w->charset, p, n);
	w->charset[n] = '\0';
	p += n;
	if (*p == '*')		/* language, RFC 2231 section 5 */
		p += strcspn(p, "? \t");
	if (*p != '?' || !p[1] || !strchr("BbQq", p[1]) || p[2] != '?')
		return false;
	w->encoding = p[1] & ~0x20;
	w->text = p + 3;
	w->n = strcspn(w->text, "?");
	q = w->text + w->n;
	if (q[0] != '?' || q[1] != '=')
		return false;
	w->end = q + 2;
	return true;
}

static int
decode_q(const struct word *w, struct ms_buf *b, struct ms_err *err)
{
	size_t i;
	int hi, lo, c;

	for (i = 0; i < w->n; i++) {
		c = (unsigned char)w->text[i];
		if (c == '_') {
			c = ' ';
		} else if (c == '=' && i + 2 < w->n) {
			hi = ms_mime_hex((unsigned char)w->text[i + 1]);
			lo = ms_mime_hex((unsigned char)w->text[i + 2]);
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

/* 1: bytes added; 0: not what it says, leave the word as it is. */
static int
decode_word(const struct word *w, struct ms_buf *b, struct ms_err *err)
{
	struct ms_err quiet = MS_ERR_INIT;
	struct ms_buf padded = MS_BUF_INIT(MS_MIME_LINE_MAX + 4);
	size_t before = b->n;
	int rc = -1;

	if (w->encoding == 'Q')
		return decode_q(w, b, err) ? -1 : 1;
	/* Some senders leave the padding out. */
	if (ms_buf_add(&padded, w->text, w->n, err))
		goto out;
	while (padded.n % 4)
		if (ms_buf_addc(&padded, '=', err))
			goto out;
	rc = ms_base64_decode((char *)padded.p, padded.n, b, &quiet) == 0;
	if (!rc)
		b->n = before;
out:
	ms_buf_clear(&padded);
	return rc;
}

static int
flush(struct run *r, struct ms_buf *b, struct ms_err *err)
{
	int rc;

	if (!r->from)
		return 0;
	rc = ms_mime_to_utf8(r->charset, r->bytes.p, r->bytes.n, b, err);
	if (rc == 0)
		rc = ms_buf_add(b, r->from, (size_t)(r->to - r->from), err);
	r->from = NULL;
	ms_buf_reset(&r->bytes);
	return rc < 0 ? -1 : 0;
}

/* Take the word at s into the run; 1 if it was one. */
static int
take_word(const char *s, struct run *r, struct ms_buf *b, const char **end,
    struct ms_err *err)
{
	struct word w;
	int rc;

	if (!parse_word(s, &w))
		return 0;
	if (r->from && !ms_strcaseeq(r->charset, w.charset) &&
	    flush(r, b, err))
		return -1;
	rc = decode_word(&w, &r->bytes, err);
	if (rc <= 0)
		return rc;
	if (!r->from) {
		r->from = s;
		memcpy(r->charset, w.charset, sizeof(r->charset));
	}
	r->to = w.end;
	*end = w.end;
	return 1;
}

static int
decode(const char *s, struct ms_buf *b, struct ms_err *err)
{
	struct run r = { .bytes = MS_BUF_INIT(MS_MIME_LINE_MAX) };
	const char *end;
	size_t n;
	int rc = -1, got;

	while (*s) {
		got = s[0] == '=' ? take_word(s, &r, b, &end, err) : 0;
		if (got < 0)
			goto out;
		if (got) {
			/* Blanks between two words are no text. */
			s = end + strspn(end, " \t");
			if (strncmp(s, "=?", 2) != 0)
				s = end;
			continue;
		}
		if (r.from && s > r.to) {
			/* the next "=?" was no word after all */
			s = r.to;
		}
		if (flush(&r, b, err))
			goto out;
		n = strcspn(s + 1, "=") + 1;
		if (ms_buf_add(b, s, n, err))
			goto out;
		s += n;
	}
	rc = flush(&r, b, err);
out:
	ms_buf_clear(&r.bytes);
	return rc;
}

char *
ms_mime_decode_text(struct ms_span value, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(4 * MS_MIME_LINE_MAX);
	struct ms_buf clean = MS_BUF_INIT(4 * MS_MIME_LINE_MAX);
	char *s = ms_mime_unfold(value, err), *ret = NULL;

	if (!s)
		return NULL;
	if (decode(s, &b, err) == 0 &&
	    ms_mime_to_utf8("utf-8", b.p, b.n, &clean, err) == 1)
		ret = ms_mime_steal_text(&clean, err);
	free(s);
	ms_buf_clear(&b);
	ms_buf_clear(&clean);
	return ret;
}
