/* SPDX-License-Identifier: Apache-2.0 */
/* Roles of objects that an update overrides, and who else refers to them. */
#include <stdlib.h>
#include <string.h>

#include "pades/diff.h"

/* Give the object behind a reference a role; the reference belongs to it. */
static void
assign(struct diff *d, const struct ms_pdf_obj *o, size_t node, enum role r)
{
	uint32_t num, gen;

	if (!ms_pdf_ref(o, node, &num, &gen) || num >= d->limit ||
	    d->state[num] != OVER)
		return;
	if (d->role[num] == R_NONE)
		d->role[num] = (unsigned char)r;
	if (d->role[num] == (unsigned char)r)
		d->extra[num]--;
}

/* The document security store: dictionaries and arrays, to the level of the
 * entries of VRI (EN 319 142-1 section 5.4.2). */
static int
assign_store(struct diff *d, const struct ms_pdf_obj *o, size_t node,
    unsigned depth)
{
	const struct ms_pdf_obj *in;
	struct ms_pdf_obj hold;
	size_t at, i;
	int rc;

	assign(d, o, node, R_DSS);
	ms_pdf_obj_init(&hold);
	rc = ms_pdf_deref(d->a, o, node, &hold, &in, &at, d->err);
	/* 3: the store, VRI, its entries, their arrays */
	if (rc == 0 && depth < 3 && !(in == &hold && hold.stream) &&
	    ms_pdf_type(in, at) == MS_PDF_DICT)
		for (i = at + 1; rc == 0 && i < at + in->v[at].skip;
		    i += in->v[i].skip) {
			i++;
			rc = assign_store(d, in, i, depth + 1);
		}
	ms_pdf_obj_clear(&hold);
	return rc;
}

static int
assign_catalog(struct diff *d, struct ms_pdf_obj *cat)
{
	const struct ms_pdf_obj *in, *t = ms_pdf_trailer(d->a);
	struct ms_pdf_obj hold;
	size_t at;
	int rc;

	d->role[cat->num] = R_CATALOG;
	assign(d, cat, ms_pdf_key(cat, 0, "AcroForm"), R_FORM);
	assign(d, cat, ms_pdf_key(cat, 0, "Metadata"), R_METADATA);
	assign(d, t, ms_pdf_key(t, 0, "Info"), R_INFO);
	ms_pdf_obj_init(&hold);
	rc = ms_pdf_deref(d->a, cat, ms_pdf_key(cat, 0, "AcroForm"), &hold,
	    &in, &at, d->err);
	if (rc == 0)
		assign(d, in, ms_pdf_key(in, at, "Fields"), R_FIELDS);
	at = ms_pdf_key(cat, 0, "DSS");
	if (rc == 0 && at != MS_PDF_NIL)
		rc = assign_store(d, cat, at, 0);
	ms_pdf_obj_clear(&hold);
	return rc;
}

/* Fields of the earlier revision, and signature fields that are new. */
static int
assign_fields(struct diff *d)
{
	struct ms_pdf_fields later;
	uint32_t num;
	size_t i;

	if (ms_pdf_fields(d->a, &d->fields, d->err) != 0 ||
	    ms_pdf_fields(d->b, &later, d->err) != 0)
		return -1;
	for (i = 0; i < later.n; i++) {
		num = later.v[i].num;
		if (later.v[i].sig && num < d->limit && d->state[num] == FRESH)
			d->field[num] = (uint32_t)i + 1;
	}
	ms_pdf_fields_clear(&later);
	for (i = 0; i < d->fields.n; i++) {
		num = d->fields.v[i].num;
		/* one that does not exist is not there to be changed */
		if (num >= d->limit || d->state[num] == FRESH)
			continue;
		d->field[num] = (uint32_t)i + 1;
		if (d->role[num] == R_NONE)
			d->role[num] = R_FIELD;
	}
	return 0;
}

/* Count the references in o to what is not as it was. */
static void
count(struct diff *d, const struct ms_pdf_obj *o)
{
	uint32_t num, gen;
	size_t i;

	for (i = 0; i < o->n; i++) {
		if (!ms_pdf_ref(o, i, &num, &gen) || num >= d->limit)
			continue;
		if (d->state[num] == FRESH)
			diff_is(d, MS_PADES_OTHER, "object %u, which the "
			    "signed document refers to, was added", num);
		else if (d->state[num] == OVER)
			d->extra[num]++;
	}
}

/* An object of the earlier revision: whom does it refer to? */
static int
search(void *arg, const struct ms_pdf_obj *o, struct ms_err *err)
{
	struct diff *d = arg;

	(void)err;
	/* the structure of the file is not content */
	if (o->stream && ms_pdf_is_name(o, ms_pdf_key(o, 0, "Type"), "XRef"))
		return 0;
	count(d, o);
	if (o->num >= d->limit || o->stream)
		return 0;
	if (ms_pdf_is_name(o, ms_pdf_key(o, 0, "Type"), "Page"))
		assign(d, o, ms_pdf_key(o, 0, "Annots"), R_ANNOTS);
	if (d->role[o->num] == R_FIELD)
		assign(d, o, ms_pdf_key(o, 0, "AP"), R_AP);
	return 0;
}

int
diff_roles(struct diff *d)
{
	struct ms_pdf_obj cat;
	int rc;

	ms_pdf_obj_init(&cat);
	count(d, ms_pdf_trailer(d->a));
	rc = ms_pdf_catalog(d->a, &cat, d->err);
	if (rc == 0 && cat.num < d->limit)
		rc = assign_catalog(d, &cat);
	if (rc == 0)
		rc = assign_fields(d);
	if (rc == 0)
		rc = ms_pdf_each(d->a, search, d, d->err);
	ms_pdf_obj_clear(&cat);
	return rc;
}
