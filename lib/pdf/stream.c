/* SPDX-License-Identifier: Apache-2.0 */
/* The data of the streams that hold structure: cross-references and objects.
 * FlateDecode with or without a PNG predictor (ISO 32000-2 section 7.4.4). */
#include <stdlib.h>
#include <string.h>

#include "base/module.h"
#include "pdf/internal.h"

#define COLUMNS_MAX 64		/* bytes of a row: /W has three fields */
/* Bytes decoded in all: what an honest file needs is far less. */
#define INFLATE_BASE ((uint64_t)256 * 1024 * 1024)
#define INFLATE_RATIO 16
/* Bytes of the cross-reference stream of the highest object number. */
#define XREF_STREAM ((size_t)256 * 1024 * 1024)

struct decoder {
	struct ms_pdf *d;
	bool flate;
	size_t columns;		/* of a PNG predictor; 0: none */
	unsigned char row[COLUMNS_MAX + 1];
	unsigned char above[COLUMNS_MAX];
	size_t filled;
	size_t left;		/* decoded bytes still allowed */
	uint64_t off, len;	/* where the encoded ones go on */
	pdf_put_fn *put;
	void *arg;
};

static int
corrupt(struct ms_err *err, const char *what)
{
	return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.4.4: %s", what);
}

/* RFC 2083 section 6: one row, its first byte the filter. */
static int
unfilter(struct decoder *c, struct ms_err *err)
{
	unsigned char *x = c->row + 1, *b = c->above;
	int left, up, corner, p, pa, pb, pc;
	size_t i;

	for (i = 0; i < c->columns; i++) {
		left = i > 0 ? x[i - 1] : 0;
		corner = i > 0 ? b[i - 1] : 0;
		up = b[i];
		switch (c->row[0]) {
		case 0:
			continue;
		case 1:
			p = left;
			break;
		case 2:
			p = up;
			break;
		case 3:
			p = (left + up) / 2;
			break;
		case 4:
			pa = abs(up - corner);
			pb = abs(left - corner);
			pc = abs(left + up - 2 * corner);
			p = pa <= pb && pa <= pc ? left :
			    pb <= pc ? up : corner;
			break;
		default:
			return corrupt(err, "an unknown predictor of a row");
		}
		/* b[i] is overwritten only once b[i - 1] is not needed */
		x[i] = (unsigned char)(x[i] + p);
	}
	memcpy(b, x, c->columns);
	return 0;
}

static int
decoded(struct decoder *c, const unsigned char *p, size_t n,
    struct ms_err *err)
{
	size_t k;

	if (n > c->left)
		return corrupt(err, "a stream decodes to more than is allowed");
	c->left -= n;
	c->d->inflated += n;
	if (c->d->inflated > INFLATE_BASE + INFLATE_RATIO * c->d->size)
		return corrupt(err, "streams decode to much more than the "
		    "file holds");
	if (c->columns == 0)
		return c->put(c->arg, p, n, err);
	while (n > 0) {
		k = c->columns + 1 - c->filled;
		if (k > n)
			k = n;
		memcpy(c->row + c->filled, p, k);
		c->filled += k;
		p += k;
		n -= k;
		if (c->filled <= c->columns)
			break;
		c->filled = 0;
		if (unfilter(c, err) != 0 ||
		    c->put(c->arg, c->row + 1, c->columns, err) != 0)
			return -1;
	}
	return 0;
}

static int
more(void *arg, struct ms_span *s, size_t max, struct ms_err *err)
{
	struct decoder *c = arg;

	if (c->len == 0)
		return 0;
	if (pdf_view(c->d, c->off, 1, s, err) != 0)
		return -1;
	if (s->n > c->len)
		s->n = (size_t)c->len;
	if (s->n > max)
		s->n = max;
	c->off += s->n;
	c->len -= s->n;
	return 1;
}

static int
inflated(void *arg, const unsigned char *p, size_t n, struct ms_err *err)
{
	return decoded(arg, p, n, err);
}

static int
inflate_all(struct decoder *c, uint64_t off, uint64_t len, struct ms_err *err)
{
	const struct pdf_flate_ops *ops = ms_module("flate", err);

	if (!ops)
		return -1;
	c->off = off;
	c->len = len;
	return ops->inflate(more, inflated, c, err);
}

static int
copy_all(struct decoder *c, uint64_t off, uint64_t len, struct ms_err *err)
{
	struct ms_span s;

	while (len > 0) {
		if (pdf_view(c->d, off, 1, &s, err) != 0)
			return -1;
		if (s.n > len)
			s.n = (size_t)len;
		if (decoded(c, s.p, s.n, err) != 0)
			return -1;
		off += s.n;
		len -= s.n;
	}
	return 0;
}

/* The only element of an array, or the node itself. */
static size_t
single(const struct ms_pdf_obj *o, size_t node)
{
	if (node == MS_PDF_NIL || o->v[node].type != MS_PDF_ARRAY)
		return node;
	return o->v[node].num == 1 ? node + 1 : MS_PDF_NIL;
}

static int
read_filter(struct decoder *c, const struct ms_pdf_obj *o, struct ms_err *err)
{
	size_t f = ms_pdf_key(o, 0, "Filter"), parms;
	int64_t predictor = 1, columns = 1, n;

	if (f == MS_PDF_NIL || o->v[f].type == MS_PDF_NULL ||
	    (o->v[f].type == MS_PDF_ARRAY && o->v[f].num == 0))
		return 0;
	if (!ms_pdf_is_name(o, single(o, f), "FlateDecode"))
		return corrupt(err, "a structural stream with another filter "
		    "than FlateDecode");
	c->flate = true;
	parms = single(o, ms_pdf_key(o, 0, "DecodeParms"));
	if (ms_pdf_type(o, parms) != MS_PDF_DICT)
		return 0;
	ms_pdf_int(o, ms_pdf_key(o, parms, "Predictor"), 1, 15, &predictor);
	if (predictor == 1)
		return 0;
	ms_pdf_int(o, ms_pdf_key(o, parms, "Columns"), 1, COLUMNS_MAX,
	    &columns);
	if (predictor < 10 ||
	    (ms_pdf_int(o, ms_pdf_key(o, parms, "Colors"), 0, 99, &n) &&
	    n != 1) || (ms_pdf_int(o, ms_pdf_key(o, parms, "BitsPerComponent"),
	    0, 99, &n) && n != 8))
		return corrupt(err, "a predictor that is not supported");
	c->columns = (size_t)columns;
	return 0;
}

/* /Length, direct or an object of its own. */
static int
read_length(struct ms_pdf *d, const struct ms_pdf_obj *o, uint64_t *len,
    struct ms_err *err)
{
	size_t at = ms_pdf_key(o, 0, "Length");
	struct ms_pdf_obj l;
	struct ms_pdf_entry e;
	uint32_t num, gen;
	int64_t v = -1;
	int rc = 0;

	if (!ms_pdf_ref(o, at, &num, &gen)) {
		ms_pdf_int(o, at, 0, INT64_MAX, &v);
	} else {
		/* never from an object stream, which would need a length */
		e = ms_pdf_entry(d, num);
		ms_pdf_obj_init(&l);
		if (e.where == MS_PDF_IN_FILE && e.gen == gen)
			rc = pdf_load_at(d, e.off, num, &l, err);
		if (rc == 0 && l.n > 0)
			ms_pdf_int(&l, 0, 0, INT64_MAX, &v);
		ms_pdf_obj_clear(&l);
	}
	if (rc == 0 && (v < 0 || (uint64_t)v > d->size - o->data))
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.3.8.2: "
		    "the /Length of object %u is wrong", o->num);
	*len = (uint64_t)v;
	return rc;
}

static int
check_end(struct ms_pdf *d, const struct ms_pdf_obj *o, uint64_t end,
    struct ms_err *err)
{
	struct pdf_token t;
	struct ms_span s;
	size_t pos = 0;

	if (pdf_view(d, end, 16, &s, err) != 0)
		return -1;
	pdf_token(s, true, &pos, &t);
	if (!pdf_token_is(s, &t, "endstream"))
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.3.8.2: "
		    "the /Length of object %u is wrong", o->num);
	return 0;
}

static int
decode(struct ms_pdf *d, const struct ms_pdf_obj *o, size_t max,
    pdf_put_fn *put, void *arg, struct ms_err *err)
{
	struct decoder c = { .d = d, .left = max, .put = put, .arg = arg };
	uint64_t len = 0;

	if (read_filter(&c, o, err) != 0 ||
	    read_length(d, o, &len, err) != 0 ||
	    check_end(d, o, o->data + len, err) != 0)
		return -1;
	if (c.flate ? inflate_all(&c, o->data, len, err) :
	    copy_all(&c, o->data, len, err))
		return -1;
	return c.filled > 0 ? corrupt(err, "the last row is cut off") : 0;
}

static int
put_buf(void *arg, const unsigned char *p, size_t n, struct ms_err *err)
{
	return ms_buf_add(arg, p, n, err);
}

int
pdf_decode(struct ms_pdf *d, const struct ms_pdf_obj *o, size_t max,
    struct ms_buf *to, struct ms_err *err)
{
	return decode(d, o, max, put_buf, to, err);
}

/* ---- cross-reference streams, 7.5.8.3 ---- */

struct rows {
	struct ms_pdf *d;
	const struct ms_pdf_obj *o;
	size_t w[3], width;
	unsigned char row[COLUMNS_MAX];
	size_t filled;
	size_t index;		/* node of the next pair in /Index, or NIL */
	size_t pairs;		/* that are left */
	uint64_t num, left;	/* of the subsection */
};

static uint64_t
field(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static int
bad_stream(struct ms_err *err, const char *what)
{
	return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.8: %s", what);
}

/* Begin the next subsection: 1, or 0 when there is none. */
static int
next_subsection(struct rows *r, struct ms_err *err)
{
	int64_t first, count;

	if (r->pairs == 0)
		return 0;
	if (!ms_pdf_int(r->o, r->index, 0, MS_PDF_OBJECTS, &first) ||
	    !ms_pdf_int(r->o, r->index + 1, 0, MS_PDF_OBJECTS + 1, &count))
		return bad_stream(err, "/Index is malformed");
	r->index += 2;
	r->pairs--;
	r->num = (uint64_t)first;
	r->left = (uint64_t)count;
	return 1;
}

static int
take_row(struct rows *r, struct ms_err *err)
{
	uint64_t type = r->w[0] > 0 ? field(r->row, r->w[0]) : 1;
	uint64_t b = field(r->row + r->w[0], r->w[1]);
	uint64_t c = field(r->row + r->w[0] + r->w[1], r->w[2]);
	int rc = 1;

	while (r->left == 0 && rc == 1)
		rc = next_subsection(r, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return 0;	/* rows that nobody owns */
	r->left--;
	if (c > UINT32_MAX)
		return bad_stream(err, "an entry is out of range");
	switch (type) {
	case 0:
		return pdf_entry_set(r->d, r->num++, MS_PDF_FREE, 0,
		    (uint32_t)c, err);
	case 1:
		if (b >= r->d->size)
			return bad_stream(err, "an object lies outside of "
			    "the file");
		return pdf_entry_set(r->d, r->num++, b > 0 ? MS_PDF_IN_FILE :
		    MS_PDF_FREE, b, (uint32_t)c, err);
	case 2:
		if (b == 0 || b > MS_PDF_OBJECTS)
			return bad_stream(err, "an object stream's number is "
			    "out of range");
		return pdf_entry_set(r->d, r->num++, MS_PDF_IN_STREAM, b,
		    (uint32_t)c, err);
	default:
		return bad_stream(err, "an entry of unknown type");
	}
}

static int
put_rows(void *arg, const unsigned char *p, size_t n, struct ms_err *err)
{
	struct rows *r = arg;
	size_t k;

	while (n > 0) {
		k = r->width - r->filled;
		if (k > n)
			k = n;
		memcpy(r->row + r->filled, p, k);
		r->filled += k;
		p += k;
		n -= k;
		if (r->filled < r->width)
			break;
		r->filled = 0;
		if (take_row(r, err) != 0)
			return -1;
	}
	return 0;
}

static int
read_shape(struct rows *r, struct ms_err *err)
{
	const struct ms_pdf_obj *o = r->o;
	size_t w = ms_pdf_key(o, 0, "W"), i;
	int64_t v;

	if (ms_pdf_type(o, w) != MS_PDF_ARRAY || o->v[w].num < 3)
		return bad_stream(err, "/W is malformed");
	for (i = 0; i < 3; i++) {
		if (!ms_pdf_int(o, w + 1 + i, 0, 8, &v))
			return bad_stream(err, "/W is malformed");
		r->w[i] = (size_t)v;
		r->width += (size_t)v;
	}
	if (r->width == 0)
		return bad_stream(err, "/W is malformed");
	r->index = ms_pdf_key(o, 0, "Index");
	if (r->index == MS_PDF_NIL) {
		if (!ms_pdf_int(o, ms_pdf_key(o, 0, "Size"), 0,
		    MS_PDF_OBJECTS + 1, &v))
			return bad_stream(err, "/Size is missing");
		r->left = (uint64_t)v;
		return 0;
	}
	if (o->v[r->index].type != MS_PDF_ARRAY ||
	    o->v[r->index].num % 2 != 0)
		return bad_stream(err, "/Index is malformed");
	r->pairs = (size_t)o->v[r->index].num / 2;
	r->index++;
	return 0;
}

int
pdf_xref_stream(struct ms_pdf *d, const struct ms_pdf_obj *o,
    struct ms_err *err)
{
	struct rows r = { .d = d, .o = o };

	if (read_shape(&r, err) != 0 ||
	    decode(d, o, XREF_STREAM, put_rows, &r, err) != 0)
		return -1;
	if (r.filled > 0 || r.left > 0)
		return bad_stream(err, "it has fewer entries than it says");
	return 0;
}
