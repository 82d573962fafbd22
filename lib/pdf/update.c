/* SPDX-License-Identifier: Apache-2.0 */
/* Incremental updates, ISO 32000-2 section 7.5.6: what is appended to a
 * document whose bytes stay as they are. */
#include <stdlib.h>
#include <string.h>

#include "pdf/internal.h"

#define TABLE_MAX ((uint64_t)9999999999u)	/* ten digits, 7.5.4 */

struct put {
	uint32_t num, gen;
	uint64_t off;
};

struct ms_pdf_update {
	struct ms_pdf *d;
	struct ms_buf b;
	uint32_t next;
	struct put *v;
	size_t n, cap;
};

struct ms_pdf_update *
ms_pdf_update_new(struct ms_pdf *d, struct ms_err *err)
{
	struct ms_pdf_update *u = calloc(1, sizeof(*u));
	unsigned char last;

	if (u == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	u->d = d;
	u->next = ms_pdf_limit(d);
	ms_buf_init(&u->b, MS_PDF_UPDATE);
	if (ms_pdf_read(d, d->size - 1, &last, 1, err) != 0 ||
	    (last != '\n' && ms_buf_addc(&u->b, '\n', err) != 0)) {
		ms_pdf_update_free(u);
		return NULL;
	}
	return u;
}

void
ms_pdf_update_free(struct ms_pdf_update *u)
{
	if (u == NULL)
		return;
	ms_buf_clear(&u->b);
	free(u->v);
	free(u);
}

uint32_t
ms_pdf_update_number(struct ms_pdf_update *u)
{
	return u->next <= MS_PDF_OBJECTS ? u->next++ : 0;
}

struct ms_buf *
ms_pdf_update_bytes(struct ms_pdf_update *u)
{
	return &u->b;
}

static int
note(struct ms_pdf_update *u, uint32_t num, uint32_t gen, struct ms_err *err)
{
	struct put *v;
	size_t cap;

	if (num == 0)
		return ms_fail(err, MS_DATA, "ISO 32000-1 annex C: no object "
		    "number is left");
	if (u->n == u->cap) {
		cap = u->cap > 0 ? 2 * u->cap : 16;
		v = realloc(u->v, cap * sizeof(*v));
		if (v == NULL)
			return ms_fail_nomem(err);
		u->v = v;
		u->cap = cap;
	}
	u->v[u->n].num = num;
	u->v[u->n].gen = gen;
	u->v[u->n].off = u->d->size + u->b.n;
	u->n++;
	return 0;
}

int
ms_pdf_update_put(struct ms_pdf_update *u, uint32_t num, uint32_t gen,
    struct ms_span value, size_t *at, struct ms_err *err)
{
	if (note(u, num, gen, err) != 0 ||
	    ms_buf_addf(&u->b, err, "%u %u obj\n", num, gen) != 0)
		return -1;
	if (at != NULL)
		*at = u->b.n;
	if (ms_buf_add(&u->b, value.p, value.n, err) != 0)
		return -1;
	return ms_buf_adds(&u->b, "\nendobj\n", err);
}

/* ---- the cross-reference ---- */

static int
by_number(const void *a, const void *b)
{
	const struct put *x = a, *y = b;

	return x->num < y->num ? -1 : x->num > y->num;
}

/* How many numbers follow each other from i on. */
static size_t
run(const struct ms_pdf_update *u, size_t i)
{
	size_t n = 1;

	while (i + n < u->n && u->v[i + n].num == u->v[i].num + n)
		n++;
	return n;
}

/* An entry of the old trailer, as it stands there. */
static int
copy_entry(struct ms_pdf_update *u, const char *key, struct ms_err *err)
{
	size_t at = ms_pdf_key(&u->d->trailer, 0, key);
	struct ms_span s = ms_pdf_text(&u->d->trailer, at);

	if (at == MS_PDF_NIL)
		return 0;
	return ms_buf_addf(&u->b, err, " /%s ", key) != 0 ? -1 :
	    ms_buf_add(&u->b, s.p, s.n, err);
}

/* The first part of /ID stays, the second is new (14.4). */
static int
put_id(struct ms_pdf_update *u, struct ms_err *err)
{
	const struct ms_pdf_obj *t = &u->d->trailer;
	size_t id = ms_pdf_key(t, 0, "ID");
	unsigned char r[16];
	struct ms_span s;

	if (ms_pdf_type(t, id) != MS_PDF_ARRAY || t->v[id].num != 2 ||
	    ms_pdf_type(t, id + 1) != MS_PDF_STRING)
		return 0;
	s = ms_pdf_text(t, id + 1);
	if (ms_random(r, sizeof(r), err) != 0 ||
	    ms_buf_adds(&u->b, " /ID [", err) != 0 ||
	    ms_buf_add(&u->b, s.p, s.n, err) != 0 ||
	    ms_buf_adds(&u->b, " <", err) != 0 ||
	    ms_hex_encode(r, sizeof(r), &u->b, err) != 0)
		return -1;
	return ms_buf_adds(&u->b, ">]", err);
}

static int
put_trailer(struct ms_pdf_update *u, struct ms_err *err)
{
	if (ms_buf_addf(&u->b, err, " /Size %u", u->next) != 0 ||
	    copy_entry(u, "Root", err) != 0 ||
	    copy_entry(u, "Info", err) != 0 || put_id(u, err) != 0)
		return -1;
	return ms_buf_addf(&u->b, err, " /Prev %llu >>",
	    (unsigned long long)u->d->sec[0].off);
}

static int
put_table(struct ms_pdf_update *u, struct ms_err *err)
{
	size_t i, k, n;

	if (ms_buf_adds(&u->b, "xref\n", err) != 0)
		return -1;
	for (i = 0; i < u->n; i += n) {
		n = run(u, i);
		if (ms_buf_addf(&u->b, err, "%u %zu\n", u->v[i].num, n) != 0)
			return -1;
		for (k = i; k < i + n; k++) {
			if (u->v[k].off > TABLE_MAX)
				return ms_fail(err, MS_DATA, "ISO 32000-2 "
				    "section 7.5.4: a cross-reference table "
				    "ends at 10 GB");
			if (ms_buf_addf(&u->b, err, "%010llu %05u n\r\n",
			    (unsigned long long)u->v[k].off,
			    u->v[k].gen) != 0)
				return -1;
		}
	}
	if (ms_buf_adds(&u->b, "trailer\n<<", err) != 0)
		return -1;
	return put_trailer(u, err);
}

static int
put_row(struct ms_pdf_update *u, const struct put *p, struct ms_err *err)
{
	unsigned char r[11];
	uint64_t off = p->off;
	size_t i;

	r[0] = 1;
	for (i = 8; i >= 1; i--) {
		r[i] = (unsigned char)off;
		off >>= 8;
	}
	r[9] = (unsigned char)(p->gen >> 8);
	r[10] = (unsigned char)p->gen;
	return ms_buf_add(&u->b, r, sizeof(r), err);
}

/* Itself included; not compressed: it is small. */
static int
put_stream(struct ms_pdf_update *u, uint32_t me, struct ms_err *err)
{
	size_t i, n;

	if (ms_buf_addf(&u->b, err, "%u 0 obj\n<< /Type /XRef /W [1 8 2] "
	    "/Length %zu /Index [", me, u->n * 11) != 0)
		return -1;
	for (i = 0; i < u->n; i += n) {
		n = run(u, i);
		if (ms_buf_addf(&u->b, err, "%s%u %zu", i > 0 ? " " : "",
		    u->v[i].num, n) != 0)
			return -1;
	}
	if (ms_buf_adds(&u->b, "]", err) != 0 || put_trailer(u, err) != 0 ||
	    ms_buf_adds(&u->b, "\nstream\n", err) != 0)
		return -1;
	for (i = 0; i < u->n; i++)
		if (put_row(u, &u->v[i], err) != 0)
			return -1;
	return ms_buf_adds(&u->b, "\nendstream\nendobj", err);
}

int
ms_pdf_update_finish(struct ms_pdf_update *u, struct ms_err *err)
{
	bool stream = u->d->sec[0].is_stream;
	uint32_t me = stream ? ms_pdf_update_number(u) : 0;
	uint64_t at;

	if (stream && note(u, me, 0, err) != 0)
		return -1;
	at = u->d->size + u->b.n;
	qsort(u->v, u->n, sizeof(*u->v), by_number);
	if ((stream ? put_stream(u, me, err) : put_table(u, err)) != 0)
		return -1;
	return ms_buf_addf(&u->b, err, "\nstartxref\n%llu\n%%%%EOF\n",
	    (unsigned long long)at);
}
