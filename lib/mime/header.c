/* SPDX-License-Identifier: Apache-2.0 */
/* Header blocks, RFC 5322 section 2.2, kept byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define CLAUSE "RFC 5322 section 2.2: "

void
ms_mime_header_init(struct ms_mime_header *h)
{
	memset(h, 0, sizeof(*h));
	ms_buf_init(&h->raw, MS_MIME_HEADER_MAX);
}

void
ms_mime_header_clear(struct ms_mime_header *h)
{
	ms_buf_clear(&h->raw);
	free(h->v);
	ms_mime_header_init(h);
}

/* Where the line of n bytes ends without its line end. */
static size_t
strip_eol(const unsigned char *p, size_t n)
{
	if (n == 0 || p[n - 1] != '\n')
		return n;
	n--;
	return n && p[n - 1] == '\r' ? n - 1 : n;
}

/*
 * The colon of a field line, or NULL.  Blanks before the colon are obsolete
 * but read (section 4.5): a "From :" that one reader sees and another does
 * not must not hide here.
 */
static const unsigned char *
find_colon(const unsigned char *p, size_t n)
{
	size_t i, name;

	for (i = 0; i < n && p[i] > ' ' && p[i] < 0x7f && p[i] != ':'; i++)
		;
	name = i;
	while (i < n && ms_mime_is_wsp(p[i]))
		i++;
	return name && i < n && p[i] == ':' ? p + i : NULL;
}

/* What reading knows between two lines. */
struct reading {
	size_t line;		/* offset of the line that is being read */
	size_t field;		/* offset of the field it belongs to */
	size_t nfields;
	size_t mbox;		/* length of the mbox line */
	bool done;
};

static int
check_line(struct ms_mime_header *h, struct reading *r, struct ms_err *err)
{
	const unsigned char *p = h->raw.p + r->line;
	size_t all = h->raw.n - r->line, n = strip_eol(p, all);

	if (n == 0 && all) {
		h->blank = all;
		r->done = true;
		return 0;
	}
	if (memchr(p, '\r', n))
		return ms_fail(err, MS_DATA, CLAUSE
		    "bare CR in the header");
	if (ms_mime_is_wsp(*p)) {
		if (r->nfields == 0)
			return ms_fail(err, MS_DATA, CLAUSE
			    "the header begins with a continuation line");
	} else if (r->line == 0 && n > 5 && memcmp(p, "From ", 5) == 0 &&
	    !find_colon(p, n)) {
		r->mbox = all;
	} else {
		if (!find_colon(p, n))
			return ms_fail(err, MS_DATA, CLAUSE
			    "a line of the header is no field: '%.*s'",
			    (int)(n < 40 ? n : 40), (const char *)p);
		if (++r->nfields > MS_MIME_FIELDS_MAX)
			return ms_fail(err, MS_DATA, CLAUSE
			    "more than %d fields in a header",
			    MS_MIME_FIELDS_MAX);
		r->field = r->line;
	}
	r->line = h->raw.n;
	return 0;
}

/* Take bytes up to the end of the line or of what is ready. */
static int
take_piece(struct ms_src *src, struct ms_mime_header *h, struct reading *r,
    struct ms_err *err)
{
	const unsigned char *p = src->p, *nl = memchr(p, '\n', src->n);
	size_t n = nl ? (size_t)(nl - p) + 1 : src->n;
	bool begins = h->raw.n == r->line && !ms_mime_is_wsp(*p);

	if (memchr(p, 0, n))
		return ms_fail(err, MS_DATA, CLAUSE "NUL in the header");
	if (h->raw.n + n - (begins ? r->line : r->field) > MS_MIME_LINE_MAX)
		return ms_fail(err, MS_DATA, CLAUSE
		    "a field is longer than %zu bytes", MS_MIME_LINE_MAX);
	if (h->raw.n + n > MS_MIME_HEADER_MAX)
		return ms_fail(err, MS_DATA, CLAUSE
		    "the header is longer than %zu bytes",
		    MS_MIME_HEADER_MAX);
	if (ms_buf_add(&h->raw, p, n, err))
		return -1;
	if (begins)
		r->field = r->line;
	ms_src_take(src, n);
	return nl ? check_line(h, r, err) : 0;
}

static void
set_field(struct ms_mime_field *f, const unsigned char *p, size_t n)
{
	const unsigned char *colon = find_colon(p, n);
	const unsigned char *end = p + n, *name_end = colon;

	f->raw.p = p;
	f->raw.n = n;
	while (ms_mime_is_wsp(name_end[-1]))
		name_end--;
	f->name.p = p;
	f->name.n = (size_t)(name_end - p);
	p = colon + 1;
	while (p < end && (ms_mime_is_wsp(*p) || *p == '\r' || *p == '\n'))
		p++;
	while (end > p && (ms_mime_is_wsp(end[-1]) || end[-1] == '\r' ||
	    end[-1] == '\n'))
		end--;
	f->value.p = p;
	f->value.n = (size_t)(end - p);
}

/* Every line was checked: cut the block into fields. */
static int
split(struct ms_mime_header *h, const struct reading *r, struct ms_err *err)
{
	const unsigned char *p, *nl, *next, *end;

	if (h->raw.n == 0)
		return 0;
	p = h->raw.p + r->mbox;
	end = h->raw.p + h->raw.n - h->blank;
	h->mbox.p = h->raw.p;
	h->mbox.n = r->mbox;
	nl = memchr(h->raw.p, '\n', h->raw.n);
	h->crlf = nl && nl > h->raw.p && nl[-1] == '\r';
	if (r->nfields == 0)
		return 0;
	h->v = calloc(r->nfields, sizeof(*h->v));
	if (!h->v)
		return ms_fail_nomem(err);
	while (p < end) {
		next = p;
		do {
			nl = memchr(next, '\n', (size_t)(end - next));
			next = nl ? nl + 1 : end;
		} while (next < end && ms_mime_is_wsp(*next));
		set_field(&h->v[h->n++], p, (size_t)(next - p));
		p = next;
	}
	return 0;
}

int
ms_mime_header_read(struct ms_src *src, struct ms_mime_header *h,
    struct ms_err *err)
{
	struct reading r = { 0 };
	int rc;

	ms_mime_header_clear(h);
	while (!r.done && (rc = ms_src_fill(src, err)) != 0)
		if (rc < 0 || take_piece(src, h, &r, err))
			return -1;
	if (!r.done && h->raw.n > r.line && check_line(h, &r, err))
		return -1;
	return split(h, &r, err);
}

const struct ms_mime_field *
ms_mime_field(const struct ms_mime_header *h, const char *name, size_t *i)
{
	size_t k;

	for (k = i ? *i : 0; k < h->n; k++) {
		if (ms_span_caseis(h->v[k].name, name)) {
			if (i)
				*i = k + 1;
			return &h->v[k];
		}
	}
	if (i)
		*i = k;
	return NULL;
}

size_t
ms_mime_count(const struct ms_mime_header *h, const char *name)
{
	size_t i = 0, n = 0;

	while (ms_mime_field(h, name, &i))
		n++;
	return n;
}

char *
ms_mime_unfold(struct ms_span value, struct ms_err *err)
{
	char *s, *to;
	size_t i;

	if (value.n && memchr(value.p, 0, value.n)) {
		ms_fail(err, MS_DATA, CLAUSE "NUL in a field");
		return NULL;
	}
	s = malloc(value.n + 1);
	if (!s) {
		ms_fail_nomem(err);
		return NULL;
	}
	for (i = 0, to = s; i < value.n; i++)
		if (value.p[i] != '\r' && value.p[i] != '\n')
			*to++ = (char)value.p[i];
	*to = '\0';
	return s;
}
