/* SPDX-License-Identifier: Apache-2.0 */
/* The cross-reference chain, ISO 32000-2 sections 7.5.4, 7.5.5 and 7.5.8. */
#include <stdlib.h>
#include <string.h>

#include "pdf/internal.h"

/* Where `startxref` must be, in bytes from the end (7.5.5, as Acrobat). */
#define TAIL ((size_t)1024)
#define ENTRY ((size_t)20)	/* bytes of an entry in a table */
#define LINE ((size_t)64)	/* bytes of a subsection's head */

/* What the trailer of one section says. */
struct links {
	bool has_prev;
	uint64_t prev;
	bool has_stream;
	uint64_t stream;
};

/* "startxref", a number, "%%EOF", and nothing but white space behind. */
static int
find_start(struct ms_pdf *d, uint64_t *off, struct ms_err *err)
{
	static const char key[] = "startxref";
	size_t n = d->size < TAIL ? (size_t)d->size : TAIL, i, at = n;
	struct ms_span s;
	struct pdf_token t;

	if (pdf_view(d, d->size - n, n, &s, err) != 0)
		return -1;
	s.n = n;
	for (i = 0; i + sizeof(key) - 1 <= n; i++)
		if (memcmp(s.p + i, key, sizeof(key) - 1) == 0)
			at = i;
	if (at == n)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.5: no "
		    "startxref at the end of the file");
	at += sizeof(key) - 1;
	pdf_token(s, true, &at, &t);
	if (t.kind != PDF_T_INT || t.num <= 0 || (uint64_t)t.num >= d->size)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.5: "
		    "startxref leads out of the file");
	*off = (uint64_t)t.num;
	while (at < n && pdf_is_space(s.p[at]))
		at++;
	if (n - at < 5 || memcmp(s.p + at, "%%EOF", 5) != 0)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.5: no "
		    "%%%%EOF behind startxref");
	return 0;
}

static int
add_section(struct ms_pdf *d, uint64_t off, bool is_stream,
    struct ms_err *err)
{
	struct ms_pdf_section *v;
	size_t i;

	for (i = 0; i < d->nsec; i++)
		if (d->sec[i].off == off)
			return ms_fail(err, MS_DATA, "ISO 32000-2 section "
			    "7.5.5: the cross-reference chain is a loop");
	if (d->nsec == MS_PDF_SECTIONS)
		return ms_fail(err, MS_DATA, "more than %d cross-reference "
		    "sections", MS_PDF_SECTIONS);
	if ((d->nsec & (d->nsec - 1)) == 0) {
		v = realloc(d->sec, (d->nsec > 0 ? 2 * d->nsec : 1) *
		    sizeof(*v));
		if (v == NULL)
			return ms_fail_nomem(err);
		d->sec = v;
	}
	v = &d->sec[d->nsec++];
	v->off = off;
	v->is_stream = is_stream;
	v->hybrid = false;
	return 0;
}

static int
read_link(struct ms_pdf *d, const struct ms_pdf_obj *t, const char *key,
    bool *has, uint64_t *off, struct ms_err *err)
{
	size_t at = ms_pdf_key(t, 0, key);
	int64_t v;

	*has = at != MS_PDF_NIL;
	if (!*has)
		return 0;
	if (!ms_pdf_int(t, at, 1, (int64_t)d->size - 1, &v))
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.5: /%s "
		    "leads out of the file", key);
	*off = (uint64_t)v;
	return 0;
}

/* The first trailer is the one that counts. */
static int
take_trailer(struct ms_pdf *d, struct ms_pdf_obj *t, struct links *l,
    struct ms_err *err)
{
	if (read_link(d, t, "Prev", &l->has_prev, &l->prev, err) != 0 ||
	    read_link(d, t, "XRefStm", &l->has_stream, &l->stream, err) != 0)
		return -1;
	if (d->trailer.n == 0) {
		d->trailer = *t;
		ms_pdf_obj_init(t);
	}
	return 0;
}

/* ---- tables ---- */

static bool
digits(const unsigned char *p, size_t n, uint64_t *v)
{
	*v = 0;
	while (n-- > 0) {
		if (*p < '0' || *p > '9')
			return false;
		*v = *v * 10 + (uint64_t)(*p++ - '0');
	}
	return true;
}

/* One entry; `used` says whether those in use are wanted now, or the free. */
static int
table_entry(struct ms_pdf *d, const unsigned char *p, uint64_t num, bool used,
    struct ms_err *err)
{
	uint64_t off, gen;
	int eol = p[18] << 8 | p[19];

	if (!digits(p, 10, &off) || p[10] != ' ' || !digits(p + 11, 5, &gen) ||
	    p[16] != ' ' || (p[17] != 'n' && p[17] != 'f') ||
	    (eol != 0x200d && eol != 0x200a && eol != 0x0d0a) || gen > 65535)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.4: the "
		    "entry of object %llu is malformed",
		    (unsigned long long)num);
	if ((p[17] == 'n') != used)
		return 0;
	if (!used)
		return pdf_entry_set(d, num, MS_PDF_FREE, 0, (uint32_t)gen,
		    err);
	/* an entry "in use" at 0 is how some writers say "not there" */
	if (off == 0)
		return pdf_entry_set(d, num, MS_PDF_FREE, 0, 0, err);
	if (off >= d->size)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.4: "
		    "object %llu lies outside of the file",
		    (unsigned long long)num);
	return pdf_entry_set(d, num, MS_PDF_IN_FILE, off, (uint32_t)gen, err);
}

static int
table_entries(struct ms_pdf *d, uint64_t *off, uint64_t first, uint64_t count,
    bool used, struct ms_err *err)
{
	struct ms_span s;
	uint64_t i;

	for (i = 0; i < count; i++, *off += ENTRY) {
		if (pdf_spend(d, ENTRY, err) != 0 ||
		    pdf_view(d, *off, ENTRY, &s, err) != 0)
			return -1;
		if (s.n < ENTRY)
			return ms_fail(err, MS_DATA, "ISO 32000-2 section "
			    "7.5.4: the cross-reference table is cut off");
		if (table_entry(d, s.p, first + i, used, err) != 0)
			return -1;
	}
	return 0;
}

/* Subsections up to the word trailer, *off behind it. */
static int
table_walk(struct ms_pdf *d, uint64_t *off, bool used, struct ms_err *err)
{
	struct pdf_token first, count;
	struct ms_span s;
	size_t pos;

	for (;;) {
		if (pdf_view(d, *off, LINE, &s, err) != 0)
			return -1;
		pos = 0;
		pdf_token(s, true, &pos, &first);
		if (pdf_token_is(s, &first, "trailer")) {
			*off += pos;
			return 0;
		}
		pdf_token(s, true, &pos, &count);
		if (first.kind != PDF_T_INT || count.kind != PDF_T_INT ||
		    first.num < 0 || count.num < 0 ||
		    first.num > MS_PDF_OBJECTS + 1 ||
		    count.num > MS_PDF_OBJECTS + 1)
			return ms_fail(err, MS_DATA, "ISO 32000-2 section "
			    "7.5.4: a subsection of the cross-reference table "
			    "is malformed");
		while (pos < s.n && (s.p[pos] == ' ' || s.p[pos] == '\r' ||
		    s.p[pos] == '\n'))
			pos++;
		*off += pos;
		if (table_entries(d, off, (uint64_t)first.num,
		    (uint64_t)count.num, used, err) != 0)
			return -1;
	}
}

static int
stream_at(struct ms_pdf *d, uint64_t off, struct ms_pdf_obj *o,
    struct ms_err *err)
{
	if (pdf_load_at(d, off, 0, o, err) != 0)
		return ms_err_context(err, "cross-reference at %llu",
		    (unsigned long long)off);
	if (!o->stream || !ms_pdf_is_name(o, ms_pdf_key(o, 0, "Type"), "XRef"))
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.8.2: "
		    "no cross-reference at %llu", (unsigned long long)off);
	return 0;
}

/*
 * Hybrid files (7.5.8.4) hide objects as free in the table: what is in use in
 * it goes first, then the stream beside it, then what is free.
 */
static int
table(struct ms_pdf *d, uint64_t off, struct links *l, struct ms_err *err)
{
	uint64_t begin = off + 4, at = begin;
	struct ms_pdf_obj t;
	int rc = -1;

	ms_pdf_obj_init(&t);
	if (add_section(d, off, false, err) != 0 ||
	    table_walk(d, &at, true, err) != 0 ||
	    pdf_load_dict(d, at, &t, err) != 0 ||
	    take_trailer(d, &t, l, err) != 0)
		goto out;
	if (l->has_stream) {
		d->sec[d->nsec - 1].hybrid = true;
		if (stream_at(d, l->stream, &t, err) != 0 ||
		    pdf_xref_stream(d, &t, err) != 0)
			goto out;
	}
	rc = table_walk(d, &begin, false, err);
out:
	ms_pdf_obj_clear(&t);
	return rc;
}

static int
stream(struct ms_pdf *d, uint64_t off, struct links *l, struct ms_err *err)
{
	struct ms_pdf_obj o;
	int rc = -1;

	ms_pdf_obj_init(&o);
	if (add_section(d, off, true, err) == 0 &&
	    stream_at(d, off, &o, err) == 0 &&
	    pdf_xref_stream(d, &o, err) == 0)
		rc = take_trailer(d, &o, l, err);
	l->has_stream = false;
	ms_pdf_obj_clear(&o);
	return rc;
}

static int
check_trailer(struct ms_pdf *d, struct ms_err *err)
{
	uint32_t num, gen, i;
	int64_t size;

	if (!ms_pdf_ref(&d->trailer, ms_pdf_key(&d->trailer, 0, "Root"), &num,
	    &gen))
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.5: the "
		    "trailer has no /Root");
	if (!ms_pdf_int(&d->trailer, ms_pdf_key(&d->trailer, 0, "Size"), 1,
	    MS_PDF_OBJECTS + 1, &size))
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.5: the "
		    "trailer has no valid /Size");
	/* such an object is hidden until an update makes /Size larger */
	for (i = (uint32_t)size; i < d->limit; i++)
		if (ms_pdf_entry(d, i).where > MS_PDF_FREE)
			return ms_fail(err, MS_DATA, "ISO 32000-2 section "
			    "7.5.5: object %u is not below /Size", i);
	return 0;
}

int
pdf_xref(struct ms_pdf *d, struct ms_err *err)
{
	struct links l = { .has_prev = true };
	struct ms_span s;
	int rc;

	if (find_start(d, &l.prev, err) != 0)
		return -1;
	while (l.has_prev) {
		if (pdf_view(d, l.prev, 5, &s, err) != 0)
			return -1;
		if (s.n >= 5 && memcmp(s.p, "xref", 4) == 0 &&
		    pdf_is_space(s.p[4]))
			rc = table(d, l.prev, &l, err);
		else
			rc = stream(d, l.prev, &l, err);
		if (rc != 0)
			return -1;
	}
	return check_trailer(d, err);
}
