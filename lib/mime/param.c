/* SPDX-License-Identifier: Apache-2.0 */
/* Writing parameters, RFC 2045 section 5.1 and RFC 2231. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define VALUE_MAX 4096	/* bytes; what MS_MIME_PARAMS_MAX pieces hold */
#define NAME_MAX_PARAM 40
#define PIECE 50	/* characters of a piece's text */

/* attribute-char of RFC 2231 section 7, the careful half of it. */
static bool
attr_char(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || (c && c < 0x80 && strchr("-._~", c));
}

/* One piece with what goes before it: on this line, or on the next. */
static int
put_piece(struct ms_buf *b, const struct ms_buf *piece, struct ms_err *err)
{
	bool fits = ms_mime_column(b) + 2 + piece->n <= MS_MIME_FOLD - 1;

	return ms_buf_adds(b, fits ? "; " : ";\r\n ", err) ||
	    ms_buf_add(b, piece->p, piece->n, err) ? -1 : 0;
}

static int
add_escaped(struct ms_buf *t, const char *s, size_t n, bool ext,
    struct ms_err *err)
{
	size_t i;
	unsigned char c;

	for (i = 0; i < n; i++) {
		c = (unsigned char)s[i];
		if (ext && !attr_char(c)) {
			if (ms_buf_addf(t, err, "%%%02X", (unsigned)c))
				return -1;
			continue;
		}
		if (!ext && (c == '"' || c == '\\') &&
		    ms_buf_addc(t, '\\', err))
			return -1;
		if (ms_buf_addc(t, c, err))
			return -1;
	}
	return 0;
}

/* Bytes of s, in whole characters, for the next piece. */
static size_t
piece_len(const char *s, bool ext)
{
	size_t n = 0, k, used = 0;

	while (s[n]) {
		for (k = 1; ((unsigned char)s[n + k] & 0xc0) == 0x80; k++)
			;
		used += ext ? (attr_char((unsigned char)s[n]) ? 1 : 3 * k) : 2;
		if (used > PIECE)
			break;
		n += k;
	}
	return n;
}

static int
put_pieces(struct ms_buf *b, const char *name, const char *s, bool ext,
    struct ms_err *err)
{
	struct ms_buf t = MS_BUF_INIT(1024);
	bool several = s[piece_len(s, ext)] != '\0';
	unsigned i;
	size_t n;
	int rc = -1;

	for (i = 0; *s; i++, s += n) {
		n = piece_len(s, ext);
		ms_buf_reset(&t);
		if (ms_buf_adds(&t, name, err) ||
		    (several && ms_buf_addf(&t, err, "*%u", i)) ||
		    ms_buf_adds(&t, ext ? "*=" : "=\"", err) ||
		    (ext && i == 0 && ms_buf_adds(&t, "utf-8''", err)) ||
		    add_escaped(&t, s, n, ext, err) ||
		    (!ext && ms_buf_addc(&t, '"', err)) ||
		    put_piece(b, &t, err))
			goto out;
	}
	rc = 0;
out:
	ms_buf_clear(&t);
	return rc;
}

int
ms_mime_put_param(struct ms_buf *b, const char *name, const char *utf8,
    struct ms_err *err)
{
	struct ms_buf t = MS_BUF_INIT(4 * VALUE_MAX);
	size_t i, before = b->n, n = strlen(utf8);
	bool ext = false;
	int rc = -1;

	for (i = 0; name[i] && ms_mime_is_token((unsigned char)name[i]); i++)
		;
	if (i == 0 || name[i] || i > NAME_MAX_PARAM)
		return ms_fail(err, MS_DATA,
		    "RFC 2045 section 5.1: '%s' is no parameter name", name);
	if (ms_mime_check_text(utf8, err))
		return -1;
	if (n > VALUE_MAX)
		return ms_fail(err, MS_DATA, "RFC 2231 section 3: parameter "
		    "'%s' is longer than %d bytes", name, VALUE_MAX);
	for (i = 0; i < n; i++)
		ext |= (unsigned char)utf8[i] >= 0x80;
	if (!ext) {
		if (ms_buf_addf(&t, err, "%s=\"", name) ||
		    add_escaped(&t, utf8, n, false, err) ||
		    ms_buf_addc(&t, '"', err))
			goto out;
		if (t.n < MS_MIME_FOLD) {
			rc = put_piece(b, &t, err);
			goto out;
		}
	}
	rc = put_pieces(b, name, utf8, ext, err);
out:
	if (rc)
		b->n = before;
	ms_buf_clear(&t);
	return rc;
}

int
ms_mime_boundary(char to[40], struct ms_err *err)
{
	unsigned char r[16];
	size_t i;

	if (ms_random(r, sizeof(r), err))
		return -1;
	/* "=_" occurs neither in base64 nor in quoted-printable. */
	memcpy(to, "=_ms", 5);
	for (i = 0; i < sizeof(r); i++)
		snprintf(to + 4 + 2 * i, 3, "%02x", (unsigned)r[i]);
	return 0;
}

int
ms_mime_message_id(const char *domain, struct ms_buf *b, struct ms_err *err)
{
	unsigned char r[16];
	struct ms_buf t = MS_BUF_INIT(1024);
	char *ascii = NULL;
	int rc = -1;

	if (ms_domain_ascii(domain, strlen(domain), &ascii, err))
		return -1;
	if (ms_random(r, sizeof(r), err) == 0 &&
	    ms_hex_encode(r, sizeof(r), &t, err) == 0)
		rc = ms_buf_addf(b, err, "<%.*s@%s>", (int)t.n,
		    (const char *)t.p, ascii);
	free(ascii);
	ms_buf_clear(&t);
	return rc;
}
