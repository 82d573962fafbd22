/* SPDX-License-Identifier: Apache-2.0 */
/* What may change of an object, by its role. */
#include <stdlib.h>
#include <string.h>

#include "pades/diff.h"

/* Judge an entry that differs; the key is node `key` of k. */
typedef int entry_fn(struct diff *d, const struct ms_pdf_obj *k, size_t key,
    const struct pair *p);

/* The value of the same key in another dictionary. */
static size_t
counterpart(const struct ms_pdf_obj *k, size_t key,
    const struct ms_pdf_obj *o, size_t dict)
{
	struct ms_buf b = MS_BUF_INIT(4096);
	size_t at = MS_PDF_NIL;

	if (ms_pdf_bytes(k, key, &b, NULL) == 0 && ms_buf_str(&b) != NULL)
		at = ms_pdf_key(o, dict, ms_buf_str(&b));
	ms_buf_clear(&b);
	return at;
}

/* Call fn for each entry that is not the same in both. */
static int
each_entry(struct diff *d, const struct ms_pdf_obj *a, size_t i,
    const struct ms_pdf_obj *b, size_t j, entry_fn *fn)
{
	struct pair p = { a, b, 0, 0 };
	size_t k;

	if (ms_pdf_type(b, j) != MS_PDF_DICT ||
	    (i != MS_PDF_NIL && ms_pdf_type(a, i) != MS_PDF_DICT)) {
		diff_is(d, MS_PADES_OTHER, "object %u became something else",
		    b->num);
		return 0;
	}
	for (k = i + 1; i != MS_PDF_NIL && k < i + a->v[i].skip;
	    k += a->v[k].skip) {
		p.i = k + 1;
		p.j = counterpart(a, k, b, j);
		if ((p.j == MS_PDF_NIL || !ms_pdf_same(a, p.i, b, p.j)) &&
		    fn(d, a, k, &p) != 0)
			return -1;
		k++;
	}
	p.i = MS_PDF_NIL;
	for (k = j + 1; k < j + b->v[j].skip; k += b->v[k].skip) {
		p.j = k + 1;
		if ((i == MS_PDF_NIL ||
		    counterpart(b, k, a, i) == MS_PDF_NIL) &&
		    fn(d, b, k, &p) != 0)
			return -1;
		k++;
	}
	return 0;
}

/* ---- by role ---- */

static int
resource_entry(struct diff *d, const struct ms_pdf_obj *k, size_t key,
    const struct pair *p)
{
	if (p->i != MS_PDF_NIL)
		diff_other(d, k, key, p->b->num);
	diff_is(d, MS_PADES_FORM, NULL);
	return 0;
}

/* Resources of the form: fonts and the like may be added. */
static int
resources_entry(struct diff *d, const struct ms_pdf_obj *k, size_t key,
    const struct pair *p)
{
	if (p->j == MS_PDF_NIL)
		diff_other(d, k, key, p->b->num);
	else if (p->i != MS_PDF_NIL)
		return each_entry(d, p->a, p->i, p->b, p->j, resource_entry);
	diff_is(d, MS_PADES_FORM, NULL);
	return 0;
}

static int
form_entry(struct diff *d, const struct ms_pdf_obj *k, size_t key,
    const struct pair *p)
{
	if (ms_pdf_is_name(k, key, "Fields") && p->j != MS_PDF_NIL)
		return diff_fields(d, p);
	if (ms_pdf_is_name(k, key, "DR") &&
	    ms_pdf_type(p->a, p->i) == MS_PDF_DICT &&
	    ms_pdf_type(p->b, p->j) == MS_PDF_DICT)
		return each_entry(d, p->a, p->i, p->b, p->j, resources_entry);
	if (ms_pdf_is_name(k, key, "SigFlags"))
		diff_is(d, MS_PADES_LONG_TERM, NULL);
	else if (ms_pdf_is_name(k, key, "NeedAppearances") ||
	    (p->i == MS_PDF_NIL && (ms_pdf_is_name(k, key, "DR") ||
	    ms_pdf_is_name(k, key, "DA"))))
		diff_is(d, MS_PADES_FORM, NULL);
	else
		diff_other(d, k, key, p->b->num);
	return 0;
}

static int
catalog_form(struct diff *d, const struct pair *p)
{
	struct ms_pdf_obj ha, hb;
	const struct ms_pdf_obj *a, *b;
	size_t i, j;
	int rc = -1;

	ms_pdf_obj_init(&ha);
	ms_pdf_obj_init(&hb);
	if (ms_pdf_deref(d->a, p->a, p->i, &ha, &a, &i, d->err) == 0 &&
	    ms_pdf_deref(d->b, p->b, p->j, &hb, &b, &j, d->err) == 0) {
		if (ms_pdf_type(a, i) == MS_PDF_NULL)
			i = MS_PDF_NIL;
		rc = each_entry(d, a, i, b, j, form_entry);
	}
	ms_pdf_obj_clear(&ha);
	ms_pdf_obj_clear(&hb);
	return rc;
}

static int
catalog_entry(struct diff *d, const struct ms_pdf_obj *k, size_t key,
    const struct pair *p)
{
	if (p->j == MS_PDF_NIL)
		diff_other(d, k, key, p->b->num);
	else if (ms_pdf_is_name(k, key, "AcroForm"))
		return catalog_form(d, p);
	else if (ms_pdf_is_name(k, key, "DSS") ||
	    ms_pdf_is_name(k, key, "Extensions") ||
	    ms_pdf_is_name(k, key, "Version") ||
	    (ms_pdf_is_name(k, key, "Metadata") &&
	    diff_fresh(d, p->b, p->j)))
		diff_is(d, MS_PADES_LONG_TERM, NULL);
	else
		diff_other(d, k, key, p->b->num);
	return 0;
}

static int
page_entry(struct diff *d, const struct ms_pdf_obj *k, size_t key,
    const struct pair *p)
{
	if (p->j != MS_PDF_NIL && ms_pdf_is_name(k, key, "Annots"))
		return diff_annotations(d, p);
	diff_other(d, k, key, p->b->num);
	return 0;
}

static int
field_entry(struct diff *d, const struct ms_pdf_obj *k, size_t key,
    const struct pair *p)
{
	static const char *const filled[] = { "V", "AP", "AS", "F", "M", "I",
		"RV" };
	const struct ms_pdf_field *f = &d->fields.v[d->field[p->b->num] - 1];
	enum ms_pades_change c = MS_PADES_FORM;
	size_t i;

	for (i = 0; i < sizeof(filled) / sizeof(filled[0]); i++)
		if (ms_pdf_is_name(k, key, filled[i]))
			break;
	if (i == sizeof(filled) / sizeof(filled[0]) ||
	    (p->j != MS_PDF_NIL && !diff_refers_anew(d, p))) {
		diff_other(d, k, key, p->b->num);
		return 0;
	}
	if (f->sig && ms_pdf_is_name(k, key, "V") &&
	    diff_signature(d, p->b, &c) != 0)
		return -1;
	diff_is(d, c, NULL);
	return 0;
}

static int
field_changed(struct diff *d, const struct ms_pdf_obj *a,
    const struct ms_pdf_obj *b)
{
	const struct ms_pdf_field *f = &d->fields.v[d->field[a->num] - 1];
	size_t i, sub = ms_pdf_key(a, 0, "Subtype");

	if (f->sig && f->filled)
		diff_is(d, MS_PADES_OTHER, "the signed field '%s' was "
		    "changed", f->name);
	for (i = 0; i < d->f->nsigs; i++)
		if (pades_mdp_locks(&d->f->sigs[i].mdp, f->name))
			diff_is(d, MS_PADES_OTHER, "the locked field '%s' "
			    "was changed", f->name);
	/* what is an annotation of another kind is seen on the page as such */
	if (sub != MS_PDF_NIL && !ms_pdf_is_name(a, sub, "Widget"))
		diff_is(d, MS_PADES_OTHER, "object %u was changed", a->num);
	return each_entry(d, a, 0, b, 0, field_entry);
}

static bool
is_plain(const struct ms_pdf_obj *o)
{
	size_t i;

	if (ms_pdf_type(o, 0) != MS_PDF_DICT || o->stream)
		return false;
	for (i = 1; i < o->n; i++)
		if (o->v[i].type >= MS_PDF_ARRAY)
			return false;
	return true;
}

static int
ap_entry(struct diff *d, const struct ms_pdf_obj *k, size_t key,
    const struct pair *p)
{
	if (p->j == MS_PDF_NIL || !diff_refers_anew(d, p))
		diff_other(d, k, key, p->b->num);
	diff_is(d, MS_PADES_FORM, NULL);
	return 0;
}

/* Objects that only those may refer to who have them in their role. */
static int
unshared(struct diff *d, const struct ms_pdf_obj *a,
    const struct ms_pdf_obj *b)
{
	struct pair p = { a, b, 0, 0 };
	bool good = d->extra[a->num] <= 0;

	switch (good ? d->role[a->num] : R_NONE) {
	case R_ANNOTS:
		if (!a->stream && !b->stream)
			return diff_annotations(d, &p);
		break;
	case R_AP:
		if (!a->stream && !b->stream)
			return each_entry(d, a, 0, b, 0, ap_entry);
		break;
	case R_DSS:
		if (!a->stream && !b->stream) {
			diff_is(d, MS_PADES_LONG_TERM, NULL);
			return 0;
		}
		break;
	case R_METADATA:
		if (a->stream && b->stream &&
		    ms_pdf_is_name(b, ms_pdf_key(b, 0, "Type"), "Metadata")) {
			diff_is(d, MS_PADES_LONG_TERM, NULL);
			return 0;
		}
		break;
	case R_INFO:
		if (is_plain(a) && is_plain(b)) {
			diff_is(d, MS_PADES_LONG_TERM, NULL);
			return 0;
		}
		break;
	default:
		break;
	}
	diff_is(d, MS_PADES_OTHER, "object %u was changed", a->num);
	return 0;
}

static bool
is_xref(const struct ms_pdf_obj *o)
{
	return o->stream &&
	    ms_pdf_is_name(o, ms_pdf_key(o, 0, "Type"), "XRef");
}

static int
changed(struct diff *d, const struct ms_pdf_obj *a,
    const struct ms_pdf_obj *b)
{
	struct pair p = { a, b, 0, 0 };
	bool streams = a->stream || b->stream;

	if (!streams && ms_pdf_same(a, 0, b, 0))
		return 0;	/* written again as it was */
	/* some writers use the number of an old cross-reference again */
	if (streams && d->extra[a->num] <= 0 && is_xref(a) && is_xref(b))
		return 0;
	if (streams)
		return unshared(d, a, b);
	switch (d->role[a->num]) {
	case R_CATALOG:
		return each_entry(d, a, 0, b, 0, catalog_entry);
	case R_FORM:
		return each_entry(d, a, 0, b, 0, form_entry);
	case R_FIELDS:
		return diff_fields(d, &p);
	case R_FIELD:
		return field_changed(d, a, b);
	default:
		break;
	}
	if (ms_pdf_is_name(a, ms_pdf_key(a, 0, "Type"), "Page"))
		return each_entry(d, a, 0, b, 0, page_entry);
	return unshared(d, a, b);
}

int
diff_object(struct diff *d, uint32_t num)
{
	struct ms_pdf_obj a, b;
	int rc = -1;

	ms_pdf_obj_init(&a);
	ms_pdf_obj_init(&b);
	if (ms_pdf_load_any(d->a, num, &a, d->err) == 0 &&
	    ms_pdf_load_any(d->b, num, &b, d->err) == 0) {
		if (a.gen != b.gen)
			diff_is(d, MS_PADES_OTHER, "object %u was replaced",
			    num);
		rc = changed(d, &a, &b);
	}
	ms_pdf_obj_clear(&a);
	ms_pdf_obj_clear(&b);
	return rc;
}
