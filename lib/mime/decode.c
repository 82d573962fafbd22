/* SPDX-License-Identifier: Apache-2.0 */
/* Content-Transfer-Encoding undone, RFC 2045 section 6. */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define B64 "RFC 2045 section 6.8: "
#define BAD 0x80000000u
#define OUT_MAX (MS_BLOCK / 4 * 3 + 8)
#define QP_BLANKS MS_MIME_LINE_MAX	/* blanks held for a line's end */

struct decoder {
	struct ms_src s;	/* must be first */
	struct ms_src *src;
	/* base64: each character's bits where they belong in 24, or BAD */
	uint32_t d[4][256];
	uint32_t acc;
	unsigned count;		/* characters in acc, 0..3 */
	unsigned pad;		/* '=' seen */
	/* quoted-printable: '=' and what follows, blanks before a line end */
	unsigned char esc[2];
	unsigned nesc;
	bool soft;		/* "=" and blanks: only a line end may come */
	struct ms_buf blanks;
	struct ms_buf text;	/* decoded */
	unsigned char *out;
};

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
make_tables(struct decoder *d)
{
	size_t i, k;

	for (k = 0; k < 4; k++) {
		for (i = 0; i < 256; i++)
			d->d[k][i] = BAD;
		for (i = 0; i < 64; i++)
			d->d[k][(unsigned char)alphabet[i]] =
			    (uint32_t)i << (18 - 6 * k);
	}
}

/* Whole groups of four, up to the first byte that is not in the alphabet. */
static unsigned char *
fast(const struct decoder *d, const unsigned char **pp,
    const unsigned char *end, unsigned char *to)
{
	const unsigned char *p = *pp;
	uint32_t x, y;

	while (end - p >= 8) {
		x = d->d[0][p[0]] | d->d[1][p[1]] | d->d[2][p[2]] |
		    d->d[3][p[3]];
		y = d->d[0][p[4]] | d->d[1][p[5]] | d->d[2][p[6]] |
		    d->d[3][p[7]];
		if ((x | y) & BAD)
			break;
		to[0] = (unsigned char)(x >> 16);
		to[1] = (unsigned char)(x >> 8);
		to[2] = (unsigned char)x;
		to[3] = (unsigned char)(y >> 16);
		to[4] = (unsigned char)(y >> 8);
		to[5] = (unsigned char)y;
		to += 6;
		p += 8;
	}
	while (end - p >= 4) {
		x = d->d[0][p[0]] | d->d[1][p[1]] | d->d[2][p[2]] |
		    d->d[3][p[3]];
		if (x & BAD)
			break;
		to[0] = (unsigned char)(x >> 16);
		to[1] = (unsigned char)(x >> 8);
		to[2] = (unsigned char)x;
		to += 3;
		p += 4;
	}
	*pp = p;
	return to;
}

/* The group that padding ends: 2 or 3 characters give 1 or 2 bytes. */
static int
last_group(struct decoder *d, unsigned char **to, struct ms_err *err)
{
	unsigned unused = d->count == 2 ? 4 : 2;

	if (d->acc & ((1u << unused) - 1))
		return ms_fail(err, MS_DATA, B64
		    "base64 with stray bits before its padding");
	d->acc >>= unused;
	if (d->count == 3)
		*(*to)++ = (unsigned char)(d->acc >> 8);
	*(*to)++ = (unsigned char)d->acc;
	d->count = 0;
	return 0;
}

/* One character: white space, padding, a group cut by a line or block end. */
static int
slow(struct decoder *d, int c, unsigned char **to, struct ms_err *err)
{
	uint32_t v = d->d[3][c];

	if (c == '\r' || c == '\n' || ms_mime_is_wsp(c))
		return 0;
	if (c == '=') {
		if (d->pad ? d->pad == 2 : d->count < 2)
			return ms_fail(err, MS_DATA, B64
			    "misplaced padding in base64");
		if (d->pad) {
			d->pad = 2;
			return 0;
		}
		/* one '=' still to come behind two characters */
		d->pad = d->count == 2 ? 1 : 2;
		return last_group(d, to, err);
	}
	if (v & BAD)
		return ms_fail(err, MS_DATA, B64
		    "byte 0x%02x is not base64", (unsigned)c);
	if (d->pad)
		return ms_fail(err, MS_DATA, B64
		    "text after the padding of base64");
	d->acc = d->acc << 6 | v;
	if (++d->count == 4) {
		*(*to)++ = (unsigned char)(d->acc >> 16);
		*(*to)++ = (unsigned char)(d->acc >> 8);
		*(*to)++ = (unsigned char)d->acc;
		d->count = 0;
		d->acc = 0;
	}
	return 0;
}

static int
base64_fill(struct ms_src *s, struct ms_err *err)
{
	struct decoder *d = (struct decoder *)s;
	const unsigned char *p, *end;
	unsigned char *to = d->out;
	size_t n;
	int rc;

	while (to == d->out) {
		rc = ms_src_fill(d->src, err);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			if (d->count || d->pad == 1)
				return ms_fail(err, MS_DATA, B64
				    "base64 ends within a group");
			s->end = true;
			return 0;
		}
		p = d->src->p;
		n = d->src->n < MS_BLOCK ? d->src->n : MS_BLOCK;
		end = p + n;
		while (p < end) {
			if (d->count == 0 && d->pad == 0)
				to = fast(d, &p, end, to);
			if (p < end && slow(d, *p++, &to, err))
				return -1;
		}
		ms_src_take(d->src, n);
	}
	s->p = d->out;
	s->n = (size_t)(to - d->out);
	return 0;
}

/* ---- quoted-printable ---- */

/* Blanks that proved not to end a line are text. */
static int
put_blanks(struct decoder *d, struct ms_buf *b, struct ms_err *err)
{
	if (d->blanks.n == 0)
		return 0;
	if (ms_buf_add(b, d->blanks.p, d->blanks.n, err))
		return -1;
	ms_buf_reset(&d->blanks);
	return 0;
}

/*
 * Behind '='.  Two digits are a byte; blanks and a line end are nothing; what
 * is neither stands for itself (note 2 of section 6.7).  1: c is used up.
 */
static int
escape(struct decoder *d, int c, struct ms_buf *b, struct ms_err *err)
{
	if (d->soft || (d->nesc == 1 && (ms_mime_is_wsp(c) || c == '\r' ||
	    c == '\n'))) {
		d->soft = true;
		if (c == '\n') {
			d->soft = false;
			d->nesc = 0;
			ms_buf_reset(&d->blanks);
			return 1;
		}
		if (ms_mime_is_wsp(c) || c == '\r')
			return ms_buf_addc(&d->blanks, c, err) ? -1 : 1;
		d->soft = false;
		d->nesc = 0;
		return ms_buf_addc(b, '=', err) ||
		    put_blanks(d, b, err) ? -1 : 0;
	}
	if (d->nesc == 1 && ms_mime_hex(c) >= 0) {
		d->esc[1] = (unsigned char)c;
		d->nesc = 2;
		return 1;
	}
	if (d->nesc == 2 && ms_mime_hex(c) >= 0) {
		d->nesc = 0;
		c = ms_mime_hex(d->esc[1]) << 4 | ms_mime_hex(c);
		return ms_buf_addc(b, c, err) ? -1 : 1;
	}
	if (ms_buf_addc(b, '=', err) ||
	    (d->nesc == 2 && ms_buf_addc(b, d->esc[1], err)))
		return -1;
	d->nesc = 0;
	return 0;
}

static int
qp_byte(struct decoder *d, int c, struct ms_buf *b, struct ms_err *err)
{
	int rc;

	if (d->nesc) {
		rc = escape(d, c, b, err);
		if (rc)
			return rc < 0 ? -1 : 0;
	}
	/* The CR of a line end is held with the blanks before it. */
	if (ms_mime_is_wsp(c) || c == '\r')
		return ms_buf_addc(&d->blanks, c, err);
	if (c == '\n') {
		rc = d->blanks.n && d->blanks.p[d->blanks.n - 1] == '\r';
		ms_buf_reset(&d->blanks);
		if (rc && ms_buf_addc(b, '\r', err))
			return -1;
		return ms_buf_addc(b, '\n', err);
	}
	if (put_blanks(d, b, err))
		return -1;
	if (c == '=') {
		d->nesc = 1;
		return 0;
	}
	return ms_buf_addc(b, c, err);
}

/* Bytes that stand for themselves whatever comes next. */
static size_t
plain_run(const unsigned char *p, size_t n)
{
	size_t k;

	for (k = 0; k < n; k++)
		if (p[k] <= ' ' || p[k] == '=')
			break;
	return k;
}

static int
qp_block(struct decoder *d, const unsigned char *p, size_t n,
    struct ms_err *err)
{
	size_t k;

	while (n) {
		k = d->nesc ? 0 : plain_run(p, n);
		if (k) {
			if (put_blanks(d, &d->text, err) ||
			    ms_buf_add(&d->text, p, k, err))
				return -1;
		} else {
			k = 1;
			if (qp_byte(d, *p, &d->text, err))
				return -1;
		}
		p += k;
		n -= k;
	}
	return 0;
}

/* "=" at the very end is a soft line break; blanks there are padding. */
static int
qp_end(struct decoder *d, struct ms_err *err)
{
	if (d->nesc == 2 && (ms_buf_addc(&d->text, '=', err) ||
	    ms_buf_addc(&d->text, d->esc[1], err)))
		return -1;
	d->nesc = 0;
	return 0;
}

static int
qp_fill(struct ms_src *s, struct ms_err *err)
{
	struct decoder *d = (struct decoder *)s;
	size_t n;
	int rc;

	ms_buf_reset(&d->text);
	while (d->text.n == 0) {
		rc = ms_src_fill(d->src, err);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			if (qp_end(d, err))
				return -1;
			if (d->text.n == 0)
				s->end = true;
			break;
		}
		n = d->src->n < MS_BLOCK ? d->src->n : MS_BLOCK;
		if (qp_block(d, d->src->p, n, err))
			return -1;
		ms_src_take(d->src, n);
	}
	s->p = d->text.p;
	s->n = d->text.n;
	return 0;
}

/* ---- nothing to undo ---- */

static int
same_fill(struct ms_src *s, struct ms_err *err)
{
	struct ms_src *src = ((struct decoder *)s)->src;
	int rc = ms_src_fill(src, err);

	if (rc < 0)
		return -1;
	if (rc == 0) {
		s->end = true;
		return 0;
	}
	s->p = src->p;
	s->n = src->n;
	ms_src_take(src, src->n);
	return 0;
}

static void
decoder_free(struct ms_src *s)
{
	struct decoder *d = (struct decoder *)s;

	ms_buf_clear(&d->blanks);
	ms_buf_clear(&d->text);
	free(d->out);
	free(d);
}

struct ms_src *
ms_mime_decoder(struct ms_src *src, const char *encoding, struct ms_err *err)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (!d) {
		ms_fail_nomem(err);
		return NULL;
	}
	d->src = src;
	d->s.free = decoder_free;
	ms_buf_init(&d->blanks, QP_BLANKS);
	ms_buf_init(&d->text, QP_BLANKS + 2 * MS_BLOCK);
	if (ms_strcaseeq(encoding, "base64")) {
		make_tables(d);
		d->s.fill = base64_fill;
		d->out = malloc(OUT_MAX);
		if (!d->out) {
			ms_fail_nomem(err);
			goto fail;
		}
	} else if (ms_strcaseeq(encoding, "quoted-printable")) {
		d->s.fill = qp_fill;
	} else if (ms_strcaseeq(encoding, "7bit") ||
	    ms_strcaseeq(encoding, "8bit") ||
	    ms_strcaseeq(encoding, "binary")) {
		d->s.fill = same_fill;
	} else {
		ms_fail(err, MS_DATA, "RFC 2045 section 6.1: "
		    "Content-Transfer-Encoding '%s' is not known", encoding);
		goto fail;
	}
	return &d->s;
fail:
	decoder_free(&d->s);
	return NULL;
}
