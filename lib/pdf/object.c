/* SPDX-License-Identifier: Apache-2.0 */
/* Indirect objects, ISO 32000-2 sections 7.3.10 and 7.5.7. */
#include <stdlib.h>
#include <string.h>

#include "pdf/internal.h"

/* Bytes looked at first for an object. */
#define FIRST ((size_t)512)

int
pdf_spend(struct ms_pdf *d, size_t n, struct ms_err *err)
{
	d->lexed += n;
	if (d->lexed > LEXED_BASE + LEXED_RATIO * d->size)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.4: "
		    "objects overlap");
	return 0;
}

/* The text that was parsed becomes the object's own. */
static int
keep(struct ms_pdf_obj *o, struct ms_span s, uint64_t at, struct ms_err *err)
{
	ms_buf_reset(&o->text);
	o->at = at;
	return ms_buf_add(&o->text, s.p, s.n, err);
}

/* Parse at off, looking at more and more bytes until the value is whole. */
static int
parse_at(struct ms_pdf *d, uint64_t off, enum pdf_mode mode,
    struct ms_pdf_obj *o, size_t *used, struct ms_err *err)
{
	size_t want = FIRST;
	struct ms_span s;
	int rc;

	for (;;) {
		if (pdf_view(d, off, want, &s, err) != 0)
			return -1;
		if (s.n > want)
			s.n = want;
		rc = pdf_parse(s, off + s.n == d->size, mode, o, used, err);
		if (rc < 0 || pdf_spend(d, rc == 0 ? *used : s.n, err) != 0)
			return -1;
		if (rc == 0)
			break;
		if (want == MS_PDF_TEXT)
			return ms_fail(err, MS_DATA, "an object of more than "
			    "%zu bytes", MS_PDF_TEXT);
		want = want * 4 < MS_PDF_TEXT ? want * 4 : MS_PDF_TEXT;
	}
	s.n = *used;
	return keep(o, s, off, err);
}

/* "12 0 obj": its length in *used. */
static int
parse_head(struct ms_pdf *d, uint64_t off, uint32_t want,
    struct ms_pdf_obj *o, size_t *used, struct ms_err *err)
{
	struct pdf_token num, gen, key;
	struct ms_span s;

	if (pdf_view(d, off, FIRST, &s, err) != 0)
		return -1;
	if (s.n > FIRST)
		s.n = FIRST;
	*used = 0;
	pdf_token(s, true, used, &num);
	pdf_token(s, true, used, &gen);
	pdf_token(s, true, used, &key);
	if (num.kind != PDF_T_INT || gen.kind != PDF_T_INT || num.num < 0 ||
	    num.num > MS_PDF_OBJECTS || gen.num < 0 || gen.num > 65535 ||
	    !pdf_token_is(s, &key, "obj") ||
	    (want != 0 && num.num != (int64_t)want))
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.3.10: no "
		    "object at %llu, where the cross-reference says",
		    (unsigned long long)off);
	o->num = (uint32_t)num.num;
	o->gen = (uint32_t)gen.num;
	return 0;
}

/* Behind the keyword stream there is CR LF or LF (7.3.8.1). */
static int
find_data(struct ms_pdf *d, struct ms_pdf_obj *o, uint64_t at,
    struct ms_err *err)
{
	struct ms_span s;

	if (pdf_view(d, at, 2, &s, err) != 0)
		return -1;
	if (s.n > 1 && s.p[0] == '\r' && s.p[1] == '\n')
		o->data = at + 2;
	else if (s.n > 0 && s.p[0] == '\n')
		o->data = at + 1;
	else
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.3.8.1: no "
		    "end of line behind the keyword stream of object %u",
		    o->num);
	return 0;
}

int
pdf_load_at(struct ms_pdf *d, uint64_t off, uint32_t want,
    struct ms_pdf_obj *o, struct ms_err *err)
{
	size_t head, used;

	if (parse_head(d, off, want, o, &head, err) != 0)
		return -1;
	if (parse_at(d, off + head, PDF_OBJECT, o, &used, err) != 0)
		return ms_err_context(err, "object %u", o->num);
	o->in_file = true;
	return o->stream ? find_data(d, o, off + head + used, err) : 0;
}

int
pdf_load_dict(struct ms_pdf *d, uint64_t off, struct ms_pdf_obj *o,
    struct ms_err *err)
{
	size_t used;

	if (parse_at(d, off, PDF_DICT, o, &used, err) != 0)
		return ms_err_context(err, "trailer");
	if (o->v[0].type != MS_PDF_DICT)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.5: the "
		    "trailer is no dictionary");
	return 0;
}

static int
load_null(struct ms_pdf_obj *o, struct ms_err *err)
{
	static const struct ms_span null = {
		(const unsigned char *)"null", 4
	};
	size_t used;

	o->in_file = false;
	if (pdf_parse(null, true, PDF_SPAN, o, &used, err) != 0)
		return -1;
	return keep(o, null, 0, err);
}

/* ---- object streams ---- */

static void
slot_clear(struct slot *s)
{
	ms_buf_clear(&s->bytes);
	free(s->off);
	free(s->nums);
	memset(s, 0, sizeof(*s));
}

void
pdf_cache_clear(struct ms_pdf *d)
{
	size_t i;

	for (i = 0; i < CACHE_SLOTS; i++)
		slot_clear(&d->cache[i]);
}

/* The least recently used slot, emptied, and more while they hold too much. */
static struct slot *
free_slot(struct ms_pdf *d)
{
	struct slot *oldest;
	size_t i, held;

	do {
		held = 0;
		oldest = NULL;
		for (i = 0; i < CACHE_SLOTS; i++) {
			held += d->cache[i].bytes.cap;
			if (oldest == NULL || (d->cache[i].num != 0 &&
			    (oldest->num == 0 ||
			    d->cache[i].used < oldest->used)))
				oldest = &d->cache[i];
		}
		held -= oldest->bytes.cap;
		slot_clear(oldest);
	} while (held > CACHE_BYTES - MS_PDF_STREAM);
	return oldest;
}

static int
bad_stream(struct ms_err *err, uint32_t num, const char *what)
{
	return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.7: object "
	    "stream %u: %s", num, what);
}

/* The pairs of number and place in front; places ascend, so that no text
 * belongs to two objects. */
static int
read_pairs(struct slot *s, uint32_t num, int64_t first, struct ms_err *err)
{
	struct ms_span b = ms_buf_span(&s->bytes);
	struct pdf_token n, o;
	size_t i, pos = 0, end = b.n;

	if ((uint64_t)first > b.n)
		return bad_stream(err, num, "/First is behind its end");
	b.n = (size_t)first;
	for (i = 0; i < s->count; i++) {
		pdf_token(b, true, &pos, &n);
		pdf_token(b, true, &pos, &o);
		if (n.kind != PDF_T_INT || o.kind != PDF_T_INT || n.num < 0 ||
		    n.num > MS_PDF_OBJECTS || o.num < 0 ||
		    (uint64_t)o.num > end - b.n ||
		    (i > 0 && b.n + (size_t)o.num <= s->off[i - 1]))
			return bad_stream(err, num, "its index is malformed");
		s->nums[i] = (uint32_t)n.num;
		s->off[i] = b.n + (size_t)o.num;
	}
	s->off[s->count] = end;
	return 0;
}

static int
fill_slot(struct ms_pdf *d, struct slot *s, uint32_t num, struct ms_err *err)
{
	struct ms_pdf_entry e = ms_pdf_entry(d, num);
	struct ms_pdf_obj o;
	int64_t n, first;
	int rc = -1;

	ms_pdf_obj_init(&o);
	ms_buf_init(&s->bytes, MS_PDF_STREAM);
	if (e.where != MS_PDF_IN_FILE) {
		bad_stream(err, num, "it does not exist");
		goto out;
	}
	if (pdf_load_at(d, e.off, num, &o, err) != 0)
		goto out;
	if (!o.stream ||
	    !ms_pdf_is_name(&o, ms_pdf_key(&o, 0, "Type"), "ObjStm") ||
	    !ms_pdf_int(&o, ms_pdf_key(&o, 0, "N"), 0, MS_PDF_OBJECTS, &n) ||
	    !ms_pdf_int(&o, ms_pdf_key(&o, 0, "First"), 0, MS_PDF_STREAM,
	    &first)) {
		bad_stream(err, num, "it is none");
		goto out;
	}
	if (pdf_decode(d, &o, MS_PDF_STREAM, &s->bytes, err) != 0)
		goto out;
	/* each pair takes four bytes at least */
	if ((size_t)n > s->bytes.n / 4 + 1) {
		bad_stream(err, num, "/N is wrong");
		goto out;
	}
	s->count = (size_t)n;
	s->off = calloc(s->count + 1, sizeof(*s->off));
	s->nums = calloc(s->count + 1, sizeof(*s->nums));
	if (s->off == NULL || s->nums == NULL)
		ms_fail_nomem(err);
	else
		rc = read_pairs(s, num, first, err);
out:
	ms_pdf_obj_clear(&o);
	return rc;
}

int
pdf_slot(struct ms_pdf *d, uint32_t num, struct slot **ret,
    struct ms_err *err)
{
	struct slot *s;
	size_t i;

	for (i = 0; i < CACHE_SLOTS; i++) {
		s = &d->cache[i];
		if (s->num == num) {
			s->used = ++d->clock;
			*ret = s;
			return 0;
		}
	}
	s = free_slot(d);
	if (fill_slot(d, s, num, err) != 0) {
		slot_clear(s);
		return -1;
	}
	s->num = num;
	s->used = ++d->clock;
	*ret = s;
	return 0;
}

/* Object `i` of a decoded object stream. */
static int
load_from(struct ms_pdf *d, struct slot *s, size_t i, struct ms_pdf_obj *o,
    struct ms_err *err)
{
	struct ms_span b = { s->bytes.p + s->off[i],
	    s->off[i + 1] - s->off[i] };
	size_t used;

	o->num = s->nums[i];
	o->gen = 0;
	o->in_file = false;
	if (pdf_spend(d, b.n, err) != 0 ||
	    pdf_parse(b, true, PDF_SPAN, o, &used, err) != 0)
		return ms_err_context(err, "object %u", o->num);
	return keep(o, b, 0, err);
}

static int
load_compressed(struct ms_pdf *d, uint32_t num, struct ms_pdf_entry e,
    struct ms_pdf_obj *o, struct ms_err *err)
{
	struct slot *s;

	if (pdf_slot(d, (uint32_t)e.off, &s, err) != 0)
		return -1;
	if (e.gen >= s->count || s->nums[e.gen] != num)
		return bad_stream(err, (uint32_t)e.off,
		    "an object is not where the cross-reference says");
	return load_from(d, s, e.gen, o, err);
}

/* ---- loading ---- */

int
ms_pdf_load(struct ms_pdf *d, uint32_t num, uint32_t gen,
    struct ms_pdf_obj *o, struct ms_err *err)
{
	struct ms_pdf_entry e = ms_pdf_entry(d, num);
	uint32_t has = e.where == MS_PDF_IN_FILE ? e.gen : 0;

	if (e.where > MS_PDF_FREE && has == gen)
		return ms_pdf_load_any(d, num, o, err);
	o->num = num;
	o->gen = gen;
	o->stream = false;
	return load_null(o, err);
}

int
ms_pdf_load_any(struct ms_pdf *d, uint32_t num, struct ms_pdf_obj *o,
    struct ms_err *err)
{
	struct ms_pdf_entry e = ms_pdf_entry(d, num);

	if (e.where == MS_PDF_IN_STREAM)
		return load_compressed(d, num, e, o, err);
	if (e.where != MS_PDF_IN_FILE) {
		o->num = num;
		o->gen = 0;
		return load_null(o, err);
	}
	if (pdf_load_at(d, e.off, num, o, err) != 0)
		return -1;
	if (o->gen != e.gen)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.3.10: "
		    "object %u has another generation than the "
		    "cross-reference says", num);
	return 0;
}

/* All objects of one object stream that the table has there. */
static int
each_in_stream(struct ms_pdf *d, uint32_t num, struct ms_pdf_obj *o,
    ms_pdf_each_fn *fn, void *arg, struct ms_err *err)
{
	struct ms_pdf_entry e;
	struct slot *s;
	size_t i;

	if (pdf_slot(d, num, &s, err) != 0)
		return -1;
	for (i = 0; i < s->count; i++) {
		e = ms_pdf_entry(d, s->nums[i]);
		if (e.where != MS_PDF_IN_STREAM || e.off != num || e.gen != i)
			continue;
		if (load_from(d, s, i, o, err) != 0 || fn(arg, o, err) != 0)
			return -1;
	}
	return 0;
}

/* First those in the file, then stream by stream, each decoded once. */
int
ms_pdf_each(struct ms_pdf *d, ms_pdf_each_fn *fn, void *arg,
    struct ms_err *err)
{
	unsigned char *streams = calloc(1, MS_PDF_OBJECTS / 8 + 1);
	struct ms_pdf_entry e;
	struct ms_pdf_obj o;
	uint32_t i;
	int rc = 0;

	ms_pdf_obj_init(&o);
	if (streams == NULL)
		rc = ms_fail_nomem(err);
	for (i = 0; rc == 0 && i < d->limit; i++) {
		e = ms_pdf_entry(d, i);
		if (e.where == MS_PDF_IN_STREAM)
			streams[e.off / 8] |= (unsigned char)(1 << e.off % 8);
		if (e.where != MS_PDF_IN_FILE)
			continue;
		rc = ms_pdf_load_any(d, i, &o, err);
		if (rc == 0)
			rc = fn(arg, &o, err);
	}
	for (i = 0; rc == 0 && i <= MS_PDF_OBJECTS; i++)
		if (streams[i / 8] & 1 << i % 8)
			rc = each_in_stream(d, i, &o, fn, arg, err);
	ms_pdf_obj_clear(&o);
	free(streams);
	return rc;
}
