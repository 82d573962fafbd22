/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an update did to a document.  Nothing that is new may be seen but
 * through an object that was overridden, and each of those has a role that
 * says what of it may change: so the objects that did not change need not be
 * walked, only searched for references.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pades/diff.h"

void
diff_is(struct diff *d, enum ms_pades_change c, const char *why, ...)
{
	va_list ap;

	if (c <= d->f->change)
		return;
	d->f->change = c;
	d->f->why[0] = '\0';
	if (why == NULL)
		return;
	va_start(ap, why);
	vsnprintf(d->f->why, sizeof(d->f->why), why, ap);
	va_end(ap);
}

bool
diff_fresh(const struct diff *d, const struct ms_pdf_obj *o, size_t node)
{
	uint32_t num, gen;

	return ms_pdf_ref(o, node, &num, &gen) && num < d->limit &&
	    d->state[num] == FRESH;
}

/* ---- trailers ---- */

/* Keys that belong to the file's structure, or are looked at elsewhere. */
static bool
is_structural(const struct ms_pdf_obj *o, size_t key)
{
	static const char *const keys[] = { "Size", "Prev", "ID", "XRefStm",
		"Type", "W", "Index", "Filter", "DecodeParms", "Length",
		"Info" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (ms_pdf_is_name(o, key, keys[i]))
			return true;
	return false;
}

/* Every other entry of x is in y, with the same value. */
static bool
covers(const struct ms_pdf_obj *x, const struct ms_pdf_obj *y)
{
	struct ms_buf b = MS_BUF_INIT(4096);
	const char *key;
	bool good = true;
	size_t i, at;

	for (i = 1; good && i < x->v[0].skip; i += x->v[i].skip) {
		ms_buf_reset(&b);
		key = ms_pdf_bytes(x, i, &b, NULL) == 0 ? ms_buf_str(&b) :
		    NULL;
		at = key != NULL ? ms_pdf_key(y, 0, key) : MS_PDF_NIL;
		good = is_structural(x, i) ||
		    (at != MS_PDF_NIL && ms_pdf_same(x, i + 1, y, at));
		i++;
	}
	ms_buf_clear(&b);
	return good;
}

static void
check_trailers(struct diff *d)
{
	const struct ms_pdf_obj *x = ms_pdf_trailer(d->a);
	const struct ms_pdf_obj *y = ms_pdf_trailer(d->b);
	size_t i = ms_pdf_key(x, 0, "Info"), j = ms_pdf_key(y, 0, "Info");

	if (!covers(x, y) || !covers(y, x))
		diff_is(d, MS_PADES_OTHER, "the trailer was changed");
	if (ms_pdf_same(x, i, y, j))
		return;
	diff_is(d, diff_fresh(d, y, j) ? MS_PADES_LONG_TERM : MS_PADES_OTHER,
	    "the document information was replaced");
}

/* ---- which objects ---- */

/*
 * An entry that an update changed must lead into the update: one that leads
 * back would show what was prepared before the signature.
 */
static void
check_place(struct diff *d, uint32_t num, struct ms_pdf_entry e)
{
	uint64_t end = ms_pdf_size(d->a);
	struct ms_pdf_entry s;

	if (e.where == MS_PDF_IN_STREAM) {
		s = ms_pdf_entry(d->b, (uint32_t)e.off);
		if (s.where == MS_PDF_IN_FILE && s.off >= end &&
		    ms_pdf_entry(d->a, (uint32_t)e.off).where <= MS_PDF_FREE)
			return;
	} else if (e.off >= end) {
		return;
	}
	diff_is(d, MS_PADES_OTHER, "object %u now is another one of the "
	    "signed bytes", num);
}

static void
find_changes(struct diff *d)
{
	struct ms_pdf_entry x, y;
	uint32_t i;

	for (i = 0; i < d->limit; i++) {
		x = ms_pdf_entry(d->a, i);
		y = ms_pdf_entry(d->b, i);
		if (x.where <= MS_PDF_FREE && y.where <= MS_PDF_FREE)
			continue;
		if (x.where == y.where && x.off == y.off && x.gen == y.gen)
			continue;
		if (y.where <= MS_PDF_FREE) {
			diff_is(d, MS_PADES_OTHER, "object %u was removed", i);
			continue;
		}
		check_place(d, i, y);
		d->state[i] = x.where <= MS_PDF_FREE ? FRESH : OVER;
	}
}

static int
judge_objects(struct diff *d)
{
	uint32_t i;

	for (i = 0; i < d->limit; i++)
		if (d->state[i] == OVER && diff_object(d, i) != 0)
			return -1;
	return 0;
}

static int
run(struct diff *d)
{
	d->limit = ms_pdf_limit(d->a);
	if (ms_pdf_limit(d->b) > d->limit)
		d->limit = ms_pdf_limit(d->b);
	d->state = calloc(d->limit, 1);
	d->role = calloc(d->limit, 1);
	d->extra = calloc(d->limit, sizeof(*d->extra));
	d->field = calloc(d->limit, sizeof(*d->field));
	if (d->state == NULL || d->role == NULL || d->extra == NULL ||
	    d->field == NULL)
		return ms_fail_nomem(d->err);
	find_changes(d);
	check_trailers(d);
	if (d->f->change == MS_PADES_OTHER)
		return 0;
	return diff_roles(d) == 0 ? judge_objects(d) : -1;
}

int
pades_diff(struct pades_diff *f, struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	struct diff d = { .f = f, .a = f->before, .b = f->after,
	    .err = &why };
	int rc;

	f->change = MS_PADES_NONE;
	f->why[0] = '\0';
	rc = run(&d);
	if (rc != 0 && why.class == MS_DATA) {
		diff_is(&d, MS_PADES_OTHER, "%s", why.text);
		rc = 0;
	} else if (rc != 0) {
		ms_fail(err, why.class, "%s", why.text);
	}
	free(d.state);
	free(d.role);
	free(d.extra);
	free(d.field);
	ms_pdf_fields_clear(&d.fields);
	return rc;
}
