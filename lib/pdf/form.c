/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog, the first page, the field tree (ISO 32000-2 section 12.7). */
#include <stdlib.h>
#include <string.h>

#include "pdf/internal.h"

#define FIELD_NAME ((size_t)8192)	/* bytes of a fully qualified name */

int
ms_pdf_catalog(struct ms_pdf *d, struct ms_pdf_obj *o, struct ms_err *err)
{
	uint32_t num, gen;

	if (!ms_pdf_ref(&d->trailer, ms_pdf_key(&d->trailer, 0, "Root"), &num,
	    &gen) || ms_pdf_load(d, num, gen, o, err) != 0)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.7.2: no "
		    "catalog");
	if (!ms_pdf_is_name(o, ms_pdf_key(o, 0, "Type"), "Catalog"))
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.7.2: "
		    "object %u is no catalog", num);
	return 0;
}

/* ---- pages ---- */

/* The first kid of node o that leads to a page, into next. */
static int
first_kid(struct ms_pdf *d, const struct ms_pdf_obj *o,
    struct ms_pdf_obj *next, struct ms_err *err)
{
	struct ms_pdf_obj hold;
	const struct ms_pdf_obj *in;
	uint32_t num, gen;
	size_t at, i, end;
	int64_t count;
	int rc = -1;

	ms_pdf_obj_init(&hold);
	if (ms_pdf_deref(d, o, ms_pdf_key(o, 0, "Kids"), &hold, &in, &at,
	    err) != 0)
		goto out;
	if (ms_pdf_type(in, at) != MS_PDF_ARRAY) {
		ms_fail(err, MS_DATA, "ISO 32000-2 section 7.7.3: object %u "
		    "of the page tree has no /Kids", o->num);
		goto out;
	}
	end = at + in->v[at].skip;
	for (i = at + 1; i < end; i += in->v[i].skip) {
		if (!ms_pdf_ref(in, i, &num, &gen))
			break;
		if (ms_pdf_load(d, num, gen, next, err) != 0)
			goto out;
		/* a branch without pages is not the way */
		if (!ms_pdf_int(next, ms_pdf_key(next, 0, "Count"), 0, 0,
		    &count)) {
			rc = 0;
			goto out;
		}
	}
	ms_fail(err, MS_DATA, "ISO 32000-2 section 7.7.3: the document has no "
	    "page that is an object of its own");
out:
	ms_pdf_obj_clear(&hold);
	return rc;
}

int
ms_pdf_first_page(struct ms_pdf *d, struct ms_pdf_obj *o, struct ms_err *err)
{
	struct ms_pdf_obj a, b, swap;
	uint32_t num, gen;
	unsigned depth;
	int rc = -1;

	ms_pdf_obj_init(&a);
	ms_pdf_obj_init(&b);
	if (ms_pdf_catalog(d, &a, err) != 0)
		goto out;
	if (!ms_pdf_ref(&a, ms_pdf_key(&a, 0, "Pages"), &num, &gen)) {
		ms_fail(err, MS_DATA, "ISO 32000-2 section 7.7.2: the "
		    "catalog has no /Pages");
		goto out;
	}
	if (ms_pdf_load(d, num, gen, &a, err) != 0)
		goto out;
	for (depth = 0; depth < MS_PDF_TREE; depth++) {
		if (ms_pdf_is_name(&a, ms_pdf_key(&a, 0, "Type"), "Page")) {
			swap = *o;
			*o = a;
			a = swap;
			rc = 0;
			goto out;
		}
		if (first_kid(d, &a, &b, err) != 0)
			goto out;
		swap = a;
		a = b;
		b = swap;
	}
	ms_fail(err, MS_DATA, "ISO 32000-2 section 7.7.3: the page tree is "
	    "deeper than %d or a loop", MS_PDF_TREE);
out:
	ms_pdf_obj_clear(&a);
	ms_pdf_obj_clear(&b);
	return rc;
}

/* ---- fields ---- */

struct walk {
	struct ms_pdf *d;
	struct ms_pdf_fields *l;
	unsigned char *seen;	/* a bit for each object number */
	struct ms_err *err;
};

static int
bad_form(struct walk *w, const char *what)
{
	return ms_fail(w->err, MS_DATA, "ISO 32000-2 section 12.7: %s", what);
}

static int
push(struct walk *w, uint32_t num, uint32_t gen, size_t parent)
{
	struct ms_pdf_fields *l = w->l;
	struct ms_pdf_field *f;
	size_t cap;

	if (w->seen[num / 8] & 1 << num % 8)
		return bad_form(w, "a field is in the form twice");
	w->seen[num / 8] |= (unsigned char)(1 << num % 8);
	if (l->n == MS_PDF_FIELDS)
		return bad_form(w, "the form has too many fields");
	if (l->n == l->cap) {
		cap = l->cap > 0 ? 2 * l->cap : 16;
		f = realloc(l->v, cap * sizeof(*f));
		if (f == NULL)
			return ms_fail_nomem(w->err);
		l->v = f;
		l->cap = cap;
	}
	f = &l->v[l->n];
	memset(f, 0, sizeof(*f));
	f->num = num;
	f->gen = gen;
	f->parent = parent;
	f->depth = parent == MS_PDF_NIL ? 0 : l->v[parent].depth + 1;
	l->n++;
	return f->depth < MS_PDF_TREE ? 0 :
	    bad_form(w, "the form is nested too deep");
}

/* Push what an array of references leads to. */
static int
push_all(struct walk *w, const struct ms_pdf_obj *o, size_t node,
    size_t parent)
{
	const struct ms_pdf_obj *in;
	struct ms_pdf_obj hold;
	uint32_t num, gen;
	size_t at, i;
	int rc;

	ms_pdf_obj_init(&hold);
	rc = ms_pdf_deref(w->d, o, node, &hold, &in, &at, w->err);
	if (rc == 0 && ms_pdf_type(in, at) == MS_PDF_ARRAY) {
		for (i = at + 1; rc == 0 && i < at + in->v[at].skip;
		    i += in->v[i].skip)
			rc = ms_pdf_ref(in, i, &num, &gen) ?
			    push(w, num, gen, parent) :
			    bad_form(w, "a field that is no object of its "
			    "own");
	} else if (rc == 0 && ms_pdf_type(in, at) != MS_PDF_NULL) {
		rc = bad_form(w, "/Fields or /Kids is no array");
	}
	ms_pdf_obj_clear(&hold);
	return rc;
}

/* The name: the parent's, a point, its own. */
static int
read_name(struct walk *w, size_t i, const struct ms_pdf_obj *o)
{
	struct ms_pdf_field *f = &w->l->v[i];
	const struct ms_pdf_field *up = f->parent == MS_PDF_NIL ? NULL :
	    &w->l->v[f->parent];
	struct ms_buf b = MS_BUF_INIT(FIELD_NAME);
	size_t t = ms_pdf_key(o, 0, "T");
	const struct ms_pdf_obj *in;
	struct ms_pdf_obj hold;
	int rc = 0;

	ms_pdf_obj_init(&hold);
	if (up != NULL && up->name != NULL)
		rc = ms_buf_adds(&b, up->name, w->err);
	if (rc == 0 && t != MS_PDF_NIL) {
		if (b.n > 0)
			rc = ms_buf_addc(&b, '.', w->err);
		if (rc == 0)
			rc = ms_pdf_deref(w->d, o, t, &hold, &in, &t, w->err);
		if (rc == 0)
			rc = ms_pdf_utf8(in, t, &b, w->err);
	} else {
		f->widget = up != NULL;
	}
	if (rc == 0 && ms_buf_str(&b) == NULL)
		rc = ms_fail_nomem(w->err);
	if (rc == 0)
		f->name = ms_buf_steal(&b, NULL);
	ms_buf_clear(&b);
	ms_pdf_obj_clear(&hold);
	return rc == 0 && f->name == NULL ? ms_fail_nomem(w->err) : rc;
}

static int
read_field(struct walk *w, size_t i, const struct ms_pdf_obj *o)
{
	struct ms_pdf_field *f = &w->l->v[i];
	size_t ft = ms_pdf_key(o, 0, "FT"), v = ms_pdf_key(o, 0, "V");

	if (ms_pdf_type(o, 0) != MS_PDF_DICT || o->stream)
		return bad_form(w, "a field that is no dictionary");
	if (f->parent != MS_PDF_NIL) {
		f->sig = w->l->v[f->parent].sig;
		f->filled = w->l->v[f->parent].filled;
	}
	if (ft != MS_PDF_NIL)
		f->sig = ms_pdf_is_name(o, ft, "Sig");
	if (v != MS_PDF_NIL && ms_pdf_type(o, v) != MS_PDF_NULL) {
		f->filled = true;
		ms_pdf_ref(o, v, &f->value, &f->value_gen);
	}
	f->terminal = true;
	if (read_name(w, i, o) != 0)
		return -1;
	if (!f->widget && f->parent != MS_PDF_NIL)
		w->l->v[f->parent].terminal = false;
	return push_all(w, o, ms_pdf_key(o, 0, "Kids"), i);
}

static int
walk(struct walk *w, struct ms_pdf_obj *o)
{
	struct ms_pdf_obj hold;
	const struct ms_pdf_obj *in;
	size_t at, i;
	int rc = -1;

	ms_pdf_obj_init(&hold);
	if (ms_pdf_catalog(w->d, o, w->err) != 0 ||
	    ms_pdf_deref(w->d, o, ms_pdf_key(o, 0, "AcroForm"), &hold, &in,
	    &at, w->err) != 0 ||
	    push_all(w, in, ms_pdf_key(in, at, "Fields"), MS_PDF_NIL) != 0)
		goto out;
	for (i = 0; i < w->l->n; i++)
		if (ms_pdf_load(w->d, w->l->v[i].num, w->l->v[i].gen, o,
		    w->err) != 0 || read_field(w, i, o) != 0)
			goto out;
	rc = 0;
out:
	ms_pdf_obj_clear(&hold);
	return rc;
}

int
ms_pdf_fields(struct ms_pdf *d, struct ms_pdf_fields *l, struct ms_err *err)
{
	struct walk w = { d, l, NULL, err };
	struct ms_pdf_obj o;
	int rc;

	memset(l, 0, sizeof(*l));
	ms_pdf_obj_init(&o);
	w.seen = calloc(1, MS_PDF_OBJECTS / 8 + 1);
	rc = w.seen != NULL ? walk(&w, &o) : ms_fail_nomem(err);
	free(w.seen);
	ms_pdf_obj_clear(&o);
	if (rc != 0)
		ms_pdf_fields_clear(l);
	return rc;
}

void
ms_pdf_fields_clear(struct ms_pdf_fields *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
	memset(l, 0, sizeof(*l));
}
