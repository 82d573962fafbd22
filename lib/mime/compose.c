/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Composing: what is written is canonical, so that signing changes nothing.
 *
 * A body's beginning is held (MS_MIME_SCAN_MAX) to choose its encoding; text
 * that is longer goes as quoted-printable or base64, which hold anything.
 */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define TYPE_MAX 900	/* bytes of a media type given by the caller */

enum encoding {
	BIT7,
	QP,
	BASE64
};
static const char *const names[] = { "7bit", "quoted-printable", "base64" };

/* What a body is made of. */
struct scan {
	size_t longest;		/* line, without its end */
	size_t high;		/* bytes >= 0x80 */
	bool utf8;
	bool controls;		/* other than TAB, CR, LF */
	bool bare;		/* CR or LF alone */
	bool fragile;		/* blanks at line ends, "From ", a lone dot */
};

/* A body to be written: its beginning and the source of the rest. */
struct body {
	struct ms_buf head;
	bool whole;		/* head is all of it */
	struct ms_src *rest;	/* borrowed */
	struct scan scan;
	enum encoding encoding;
	bool canonical;		/* to be written with CRLF line ends */
};

/* The way out, which knows whether it stands at the beginning of a line. */
struct out {
	struct ms_sink k;	/* must be first */
	struct ms_sink *to;
	unsigned char last;
};

static int
out_write(struct ms_sink *k, const void *p, size_t n, struct ms_err *err)
{
	struct out *o = (struct out *)k;

	if (n)
		o->last = ((const unsigned char *)p)[n - 1];
	return ms_sink_write(o->to, p, n, err);
}

/* ---- choosing ---- */

static void
scan_line(struct scan *s, const unsigned char *p, size_t n)
{
	size_t i;

	s->longest = n > s->longest ? n : s->longest;
	for (i = 0; i < n; i++) {
		s->high += p[i] >= 0x80;
		s->bare |= p[i] == '\r';
		s->controls |= (p[i] < ' ' && p[i] != '\t' && p[i] != '\r') ||
		    p[i] == 0x7f;
	}
	if (n && (ms_mime_is_wsp(p[n - 1]) || (n == 1 && *p == '.') ||
	    (n >= 5 && memcmp(p, "From ", 5) == 0)))
		s->fragile = true;
}

static void
scan(struct scan *s, const unsigned char *p, size_t n)
{
	const unsigned char *lf;
	size_t k;

	memset(s, 0, sizeof(*s));
	s->utf8 = ms_utf8_valid(p, n);
	for (; n; p += k, n -= k) {
		lf = memchr(p, '\n', n);
		k = lf ? (size_t)(lf - p) + 1 : n;
		if (!lf)
			scan_line(s, p, k);
		else if (k > 1 && lf[-1] == '\r')
			scan_line(s, p, k - 2);
		else {
			s->bare = true;
			scan_line(s, p, k - 1);
		}
	}
}

static int
body_read(struct body *b, struct ms_src *src, struct ms_err *err)
{
	size_t n;
	int rc;

	memset(b, 0, sizeof(*b));
	ms_buf_init(&b->head, MS_MIME_SCAN_MAX);
	b->rest = src;
	while ((rc = ms_src_fill(src, err)) == 1) {
		n = MS_MIME_SCAN_MAX - b->head.n;
		if (n == 0)
			break;
		n = src->n < n ? src->n : n;
		if (ms_buf_add(&b->head, src->p, n, err))
			return -1;
		ms_src_take(src, n);
	}
	if (rc < 0)
		return -1;
	b->whole = rc == 0;
	if (b->head.n)
		scan(&b->scan, b->head.p, b->head.n);
	else
		b->scan.utf8 = true;
	return 0;
}

static bool
fits_7bit(const struct body *b)
{
	const struct scan *s = &b->scan;

	return b->whole && !s->high && !s->controls && !s->bare &&
	    !s->fragile && s->longest <= 76;
}

/* Base64 where more than a quarter would be escaped. */
static enum encoding
text_encoding(const struct body *b)
{
	if (fits_7bit(b))
		return BIT7;
	return b->scan.high > b->head.n / 4 ? BASE64 : QP;
}

static const char *
charset(const struct body *b)
{
	if (b->whole && !b->scan.high)
		return "us-ascii";
	/* A character may be cut off where the head ends. */
	return b->scan.utf8 || !b->whole ? "utf-8" : "unknown-8bit";
}

/* ---- writing ---- */

static int
copy_body(struct body *b, struct ms_sink *k, struct ms_err *err)
{
	return ms_sink_write(k, b->head.p, b->head.n, err) ||
	    (b->whole ? 0 : ms_copy(b->rest, k, err)) ? -1 : 0;
}

static int
write_body(struct body *b, struct out *o, struct ms_err *err)
{
	struct ms_sink *enc;
	struct ms_src *mem, *crlf;
	int rc = -1;

	if (b->encoding == BIT7 && !b->canonical)
		return copy_body(b, &o->k, err);
	if (b->encoding == BIT7) {
		mem = ms_src_mem(b->head.p, b->head.n, err);
		crlf = mem ? ms_mime_crlf(mem, err) : NULL;
		if (crlf)
			rc = ms_copy(crlf, &o->k, err);
		ms_src_free(crlf);
		ms_src_free(mem);
		return rc;
	}
	enc = b->encoding == QP ? ms_mime_qp(&o->k, err) :
	    ms_mime_base64(&o->k, true, err);
	if (!enc)
		return -1;
	if (copy_body(b, enc, err) == 0)
		rc = ms_sink_end(enc, err);
	ms_sink_free(enc);
	return rc;
}

/* A text of the draft: header and body. */
static int
write_text(struct ms_src *src, const char *subtype, struct out *o,
    struct ms_err *err)
{
	struct ms_src *crlf = ms_mime_crlf(src, err);
	struct body b;
	int rc = -1;

	if (!crlf)
		return -1;
	if (body_read(&b, crlf, err) == 0) {
		b.encoding = text_encoding(&b);
		if (ms_sink_printf(&o->k, err, "Content-Type: text/%s; "
		    "charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n",
		    subtype, charset(&b), names[b.encoding]) == 0)
			rc = write_body(&b, o, err);
	}
	ms_buf_clear(&b.head);
	ms_src_free(crlf);
	return rc;
}

/*
 * The type of an attachment, and how it goes.  An attachment arrives byte for
 * byte; only a message is made canonical, since RFC 2046 section 5.2.1 lets no
 * encoding change it, and what cannot go so is a file like any other.
 */
static int
attachment_type(const struct ms_mime_attachment *a, struct body *b,
    char type[TYPE_MAX + 1], struct ms_err *err)
{
	struct ms_mime_value v;
	struct ms_span first = ms_buf_span(&b->head);
	bool text, message, multipart;

	if (first.n > MS_BLOCK)
		first.n = MS_BLOCK;
	if (!a->type)
		ms_mime_guess(a->filename, first, type);
	else if (strlen(a->type) <= TYPE_MAX)
		memcpy(type, a->type, strlen(a->type) + 1);
	else
		return ms_fail(err, MS_DATA,
		    "RFC 2045 section 5.1: media type too long");
	first.p = (unsigned char *)type;
	first.n = strlen(type);
	if (ms_mime_check_text(type, err) ||
	    ms_mime_value_parse(first, &v, err))
		return -1;
	text = strncmp(v.token, "text/", 5) == 0;
	message = strncmp(v.token, "message/", 8) == 0;
	multipart = strncmp(v.token, "multipart/", 10) == 0;
	b->canonical = ms_streq(v.token, "message/rfc822") && b->whole &&
	    !b->scan.high && !b->scan.controls && b->scan.longest <= 998;
	ms_mime_value_clear(&v);
	if (multipart || (message && !b->canonical))
		memcpy(type, "application/octet-stream", 25);
	b->encoding = b->canonical || (text && fits_7bit(b)) ? BIT7 : BASE64;
	if (text && !a->type && b->whole && b->scan.utf8)
		memcpy(type + strlen(type), b->scan.high ?
		    "; charset=utf-8" : "; charset=us-ascii",
		    b->scan.high ? 16 : 19);
	return 0;
}

static int
write_attachment(const struct ms_mime_attachment *a, struct out *o,
    struct ms_err *err)
{
	struct ms_buf h = MS_BUF_INIT((size_t)64 * 1024);
	char type[TYPE_MAX + 32];
	struct body b;
	int rc = -1;

	if (body_read(&b, a->src, err) || attachment_type(a, &b, type, err) ||
	    ms_buf_addf(&h, err, "Content-Type: %s", type) ||
	    (a->filename && ms_mime_put_param(&h, "name", a->filename, err)) ||
	    ms_buf_addf(&h, err, "\r\nContent-Transfer-Encoding: %s\r\n"
	    "Content-Disposition: attachment", names[b.encoding]) ||
	    (a->filename && ms_mime_put_param(&h, "filename", a->filename,
	    err)) || ms_buf_adds(&h, "\r\n\r\n", err))
		goto out;
	if (ms_sink_write(&o->k, h.p, h.n, err) == 0)
		rc = write_body(&b, o, err);
out:
	ms_buf_clear(&b.head);
	ms_buf_clear(&h);
	return rc;
}

/* ---- structure ---- */

static int
begin_multipart(const char *subtype, char boundary[40], struct out *o,
    struct ms_err *err)
{
	if (ms_mime_boundary(boundary, err))
		return -1;
	return ms_sink_printf(&o->k, err, "Content-Type: multipart/%s;\r\n"
	    " boundary=\"%s\"\r\n\r\n--%s\r\n", subtype, boundary, boundary);
}

static int
delimiter(const char *boundary, const char *close, struct out *o,
    struct ms_err *err)
{
	return ms_sink_printf(&o->k, err, "\r\n--%s%s\r\n", boundary, close);
}

static int
write_texts(const struct ms_mime_draft *d, struct out *o, struct ms_err *err)
{
	char boundary[40];
	struct ms_src *none;
	int rc;

	if (d->text && d->html)
		return begin_multipart("alternative", boundary, o, err) ||
		    write_text(d->text, "plain", o, err) ||
		    delimiter(boundary, "", o, err) ||
		    write_text(d->html, "html", o, err) ||
		    delimiter(boundary, "--", o, err) ? -1 : 0;
	if (d->html)
		return write_text(d->html, "html", o, err);
	if (d->text)
		return write_text(d->text, "plain", o, err);
	none = ms_src_mem(NULL, 0, err);
	rc = none ? write_text(none, "plain", o, err) : -1;
	ms_src_free(none);
	return rc;
}

static int
write_entity(const struct ms_mime_draft *d, struct out *o, struct ms_err *err)
{
	bool texts = d->text || d->html;
	char boundary[40];
	size_t i;

	if (d->nattach == 0)
		return write_texts(d, o, err);
	if (!texts && d->nattach == 1)
		return write_attachment(&d->attach[0], o, err);
	if (begin_multipart("mixed", boundary, o, err) ||
	    (texts && write_texts(d, o, err)))
		return -1;
	for (i = 0; i < d->nattach; i++)
		if (((texts || i) && delimiter(boundary, "", o, err)) ||
		    write_attachment(&d->attach[i], o, err))
			return -1;
	return delimiter(boundary, "--", o, err);
}

/* Fields only, each ended by CRLF, none of those that are made here. */
static int
check_header(const struct ms_buf *b, struct ms_err *err)
{
	struct ms_mime_header h;
	struct ms_src *src = ms_src_mem(b->p, b->n, err);
	struct ms_span name;
	size_t i;
	int rc = -1;

	if (!src)
		return -1;
	ms_mime_header_init(&h);
	if (ms_mime_header_read(src, &h, err))
		goto out;
	if (h.blank || src->n || (b->n && (b->n < 2 ||
	    memcmp(b->p + b->n - 2, "\r\n", 2) != 0))) {
		ms_fail(err, MS_DATA, "RFC 5322 section 2.1: the header of "
		    "the message does not end with a field");
		goto out;
	}
	for (i = 0; i < h.n; i++) {
		name = h.v[i].name;
		if (ms_span_caseis(name, "MIME-Version"))
			break;
		name.n = name.n < 8 ? name.n : 8;
		if (ms_span_caseis(name, "Content-"))
			break;
	}
	rc = i == h.n ? 0 : ms_fail(err, MS_DATA, "RFC 2045 section 3: the "
	    "field '%.*s' is made from the body", (int)h.v[i].name.n,
	    (const char *)h.v[i].name.p);
out:
	ms_mime_header_clear(&h);
	ms_src_free(src);
	return rc;
}

int
ms_mime_compose(const struct ms_mime_draft *d, struct ms_sink *to,
    struct ms_err *err)
{
	struct out o = { .k = { .write = out_write }, .to = to };

	if (check_header(&d->header, err) ||
	    ms_sink_write(&o.k, d->header.p, d->header.n, err) ||
	    ms_sink_puts(&o.k, "MIME-Version: 1.0\r\n", err) ||
	    write_entity(d, &o, err))
		return -1;
	/* A message ends with a line end. */
	return o.last == '\n' ? 0 : ms_sink_puts(&o.k, "\r\n", err);
}
