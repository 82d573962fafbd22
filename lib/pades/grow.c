/* SPDX-License-Identifier: Apache-2.0 */
/* What an update may add: signature fields, and annotations. */
#include <stdlib.h>
#include <string.h>

#include "pades/diff.h"

void
diff_other(struct diff *d, const struct ms_pdf_obj *k, size_t key,
    uint32_t num)
{
	struct ms_span s = ms_pdf_text(k, key);

	diff_is(d, MS_PADES_OTHER, "%.*s of object %u was changed",
	    s.n < 40 ? (int)s.n : 40, (const char *)s.p, num);
}

/* Whether it takes any room on the page: a box has two different corners. */
static bool
is_visible(const struct ms_pdf_obj *o)
{
	size_t r = ms_pdf_key(o, 0, "Rect");

	if (r == MS_PDF_NIL)
		return false;
	if (ms_pdf_type(o, r) != MS_PDF_ARRAY || o->v[r].num != 4 ||
	    o->v[r].skip != 5)
		return true;
	return !ms_pdf_same(o, r + 1, o, r + 3) &&
	    !ms_pdf_same(o, r + 2, o, r + 4);
}

/* Keys that a new signature field or its widget may have: no actions. */
static bool
is_field_key(const struct ms_pdf_obj *o, size_t key)
{
	static const char *const keys[] = { "Type", "Subtype", "FT", "T",
		"TU", "TM", "V", "F", "Ff", "Rect", "P", "AP", "AS", "Lock",
		"SV", "DA", "MK", "DR", "Q", "Kids", "Parent", "Border", "BS",
		"M", "NM" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (ms_pdf_is_name(o, key, keys[i]))
			return true;
	return false;
}

/* All references in the new value lead to what is new, or were there. */
bool
diff_refers_anew(struct diff *d, const struct pair *p)
{
	size_t j, i, end = p->i == MS_PDF_NIL ? 0 : p->i + p->a->v[p->i].skip;
	bool was;

	for (j = p->j; j < p->j + p->b->v[p->j].skip; j++) {
		if (ms_pdf_type(p->b, j) != MS_PDF_REF ||
		    diff_fresh(d, p->b, j))
			continue;
		was = false;
		for (i = p->i; i < end; i++)
			was = was || ms_pdf_same(p->a, i, p->b, j);
		if (!was)
			return false;
	}
	return true;
}

int
diff_signature(struct diff *d, const struct ms_pdf_obj *o,
    enum ms_pades_change *c)
{
	struct ms_pdf_obj sig;
	uint32_t num, gen;
	int rc = 0;

	*c = MS_PADES_FORM;
	if (!ms_pdf_ref(o, ms_pdf_key(o, 0, "V"), &num, &gen))
		return 0;
	ms_pdf_obj_init(&sig);
	rc = ms_pdf_load(d->b, num, gen, &sig, d->err);
	if (rc == 0 && ms_pdf_is_name(&sig, ms_pdf_key(&sig, 0, "Type"),
	    "DocTimeStamp"))
		*c = MS_PADES_LONG_TERM;
	ms_pdf_obj_clear(&sig);
	return rc;
}

/* A new signature field: what it amounts to, or OTHER. */
static int
new_field(struct diff *d, const struct ms_pdf_obj *o, bool form)
{
	enum ms_pades_change c;
	size_t k, v = ms_pdf_key(o, 0, "V");
	bool sig = ms_pdf_is_name(o, ms_pdf_key(o, 0, "FT"), "Sig");

	/* a widget of its own takes FT from the field above */
	if (!sig && !form && o->num < d->limit)
		sig = d->field[o->num] != 0;
	if (diff_signature(d, o, &c) != 0)
		return -1;
	if (!sig || ms_pdf_type(o, 0) != MS_PDF_DICT || o->stream ||
	    (v != MS_PDF_NIL && !diff_fresh(d, o, v))) {
		diff_is(d, MS_PADES_OTHER, "object %u was added, which is no "
		    "signature field", o->num);
		return 0;
	}
	for (k = 1; k < o->n; k += o->v[k].skip) {
		struct pair p = { o, o, MS_PDF_NIL, k + 1 };

		if (!is_field_key(o, k) || (ms_pdf_is_name(o, k, "Kids") &&
		    !diff_refers_anew(d, &p)))
			diff_other(d, o, k, o->num);
		k++;
	}
	if (d->f->certified && is_visible(o))
		diff_is(d, MS_PADES_OTHER, "a visible signature field was "
		    "added to a certified document");
	diff_is(d, c, NULL);
	return 0;
}

/* An array of references that grew at its end: each new one is given to fn. */
static int
grown(struct diff *d, const struct pair *p,
    int (*fn)(struct diff *d, const struct ms_pdf_obj *o))
{
	struct ms_pdf_obj ha, hb, o;
	const struct ms_pdf_obj *a, *b;
	size_t i, j, n = 0, k, have;
	uint32_t num, gen;
	int rc = -1;

	ms_pdf_obj_init(&ha);
	ms_pdf_obj_init(&hb);
	ms_pdf_obj_init(&o);
	if (ms_pdf_deref(d->a, p->a, p->i, &ha, &a, &i, d->err) != 0 ||
	    ms_pdf_deref(d->b, p->b, p->j, &hb, &b, &j, d->err) != 0)
		goto out;
	rc = 0;
	have = ms_pdf_type(a, i) == MS_PDF_ARRAY ? (size_t)a->v[i].num : 0;
	if (ms_pdf_type(b, j) != MS_PDF_ARRAY || (size_t)b->v[j].num < have) {
		diff_is(d, MS_PADES_OTHER, "fields or annotations were "
		    "removed");
		goto out;
	}
	for (k = j + 1; rc == 0 && k < j + b->v[j].skip;
	    k += b->v[k].skip, n++) {
		if (n < have) {
			i += n == 0 ? 1 : a->v[i].skip;
			if (!ms_pdf_same(a, i, b, k))
				diff_is(d, MS_PADES_OTHER, "fields or "
				    "annotations were replaced");
			continue;
		}
		if (!diff_fresh(d, b, k) || !ms_pdf_ref(b, k, &num, &gen)) {
			diff_is(d, MS_PADES_OTHER, "an old object became a "
			    "field or an annotation");
			continue;
		}
		rc = ms_pdf_load(d->b, num, gen, &o, d->err);
		if (rc == 0)
			rc = fn(d, &o);
	}
out:
	ms_pdf_obj_clear(&ha);
	ms_pdf_obj_clear(&hb);
	ms_pdf_obj_clear(&o);
	return rc;
}

static int
form_field(struct diff *d, const struct ms_pdf_obj *o)
{
	return new_field(d, o, true);
}

static int
annotation(struct diff *d, const struct ms_pdf_obj *o)
{
	if (ms_pdf_is_name(o, ms_pdf_key(o, 0, "Subtype"), "Widget"))
		return new_field(d, o, false);
	diff_is(d, MS_PADES_ANNOTATIONS, NULL);
	return 0;
}

int
diff_fields(struct diff *d, const struct pair *p)
{
	return grown(d, p, form_field);
}

int
diff_annotations(struct diff *d, const struct pair *p)
{
	return grown(d, p, annotation);
}
