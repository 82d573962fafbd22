/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying: all signatures of a document, in the order of what they cover,
 * and what came after each. */
#include <stdlib.h>
#include <string.h>

#include "pades/internal.h"

#define CLAUSE "ISO 32000-2 section 12.8.1"

struct verify {
	const struct ms_pades_verify *conf;
	struct ms_pades_result *res;
	struct ms_pdf *d;	/* all of the file */
	int fd;
	struct pades_sig *sigs;
	size_t n, sound;	/* the sound ones come first */
	struct ms_err *err;
};

void
ms_pades_result_init(struct ms_pades_result *res)
{
	memset(res, 0, sizeof(*res));
	ms_report_init(&res->whole);
}

void
ms_pades_result_clear(struct ms_pades_result *res)
{
	size_t i;

	for (i = 0; i < res->n; i++)
		ms_report_clear(&res->v[i]);
	free(res->v);
	ms_report_clear(&res->whole);
	ms_pades_result_init(res);
}

const char *
ms_pades_change_str(enum ms_pades_change c)
{
	switch (c) {
	case MS_PADES_NONE:
		return "nothing was changed";
	case MS_PADES_LONG_TERM:
		return "validation data, timestamps or metadata were added";
	case MS_PADES_FORM:
		return "fields were filled in or signatures added";
	case MS_PADES_ANNOTATIONS:
		return "annotations were added";
	default:
		return "the document was changed";
	}
}

/* ---- finding them ---- */

static int
add_signature(struct verify *v, const struct ms_pdf_field *f)
{
	struct pades_sig *s = &v->sigs[v->n];

	ms_pdf_obj_init(&s->dict);
	ms_buf_init(&s->cms, MS_PADES_CONTENTS);
	s->r = &v->res->v[v->n];
	s->field = f->name;
	ms_report_init(s->r);
	v->n++;
	v->res->n++;
	if (ms_report_add(s->r, MS_NOTE, "field", NULL, v->err, "field '%s'",
	    f->name) != 0)
		return -1;
	if (f->value == 0)
		return ms_report_add(s->r, MS_BAD, "byte-range", CLAUSE,
		    v->err, "the signature is no object of its own");
	return pades_sig_read(v->d, f->value, f->value_gen, s, v->err);
}

static bool
is_signature(const struct ms_pdf_fields *l, size_t i)
{
	const struct ms_pdf_field *f = &l->v[i];

	/* a widget has the value of its parent, unless it has its own */
	return f->sig && f->filled && (f->value != 0 || !f->widget);
}

static int
find(struct verify *v, const struct ms_pdf_fields *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		n += is_signature(l, i);
	if (n > MS_PADES_SIGNATURES)
		return ms_fail(v->err, MS_DATA, "%zu signatures; at most %d "
		    "are judged", n, MS_PADES_SIGNATURES);
	v->sigs = calloc(n + 1, sizeof(*v->sigs));
	v->res->v = calloc(n + 1, sizeof(*v->res->v));
	if (v->sigs == NULL || v->res->v == NULL)
		return ms_fail_nomem(v->err);
	for (i = 0; i < l->n; i++)
		if (is_signature(l, i) && add_signature(v, &l->v[i]) != 0)
			return -1;
	return 0;
}

static int
by_cover(const void *a, const void *b)
{
	const struct pades_sig *x = a, *y = b;

	if (x->sound != y->sound)
		return x->sound ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* Reports in the order of the signatures. */
static int
sort(struct verify *v)
{
	struct ms_report *sorted = calloc(v->n + 1, sizeof(*sorted));
	size_t i;

	if (sorted == NULL)
		return ms_fail_nomem(v->err);
	qsort(v->sigs, v->n, sizeof(*v->sigs), by_cover);
	for (i = 0; i < v->n; i++) {
		sorted[i] = *v->sigs[i].r;
		v->sigs[i].r = &sorted[i];
		v->sound += v->sigs[i].sound;
	}
	free(v->res->v);
	v->res->v = sorted;
	return 0;
}

/* ---- what came after ---- */

/* Nothing but white space behind `at`: 1, else 0. */
static int
only_space(struct ms_pdf *d, uint64_t at, struct ms_err *err)
{
	unsigned char b[64];
	uint64_t left = ms_pdf_size(d) - at;
	size_t i, n = left < sizeof(b) ? (size_t)left : sizeof(b);

	if (left > sizeof(b))
		return 0;
	if (ms_pdf_read(d, at, b, n, err) != 0)
		return -1;
	for (i = 0; i < n; i++)
		if (b[i] != '\r' && b[i] != '\n' && b[i] != ' ')
			return 0;
	return 1;
}

/* The revision that s covers is a document, has s, and all that follows is
 * accounted for by the chain: NULL, or why not. */
static const char *
check_revision(struct ms_pdf *d, struct ms_pdf *p, const struct pades_sig *s)
{
	struct ms_pdf_entry a = ms_pdf_entry(p, s->dict.num);
	struct ms_pdf_entry b = ms_pdf_entry(d, s->dict.num);
	size_t n = ms_pdf_sections(d), k = ms_pdf_sections(p), i;

	if (a.where != MS_PDF_IN_FILE || a.where != b.where ||
	    a.off != b.off || a.gen != b.gen)
		return "the signature is not in the document that it covers";
	if (n <= k)
		return "bytes were appended that belong to no update";
	for (i = 0; i < k; i++)
		if (ms_pdf_section(p, i)->off !=
		    ms_pdf_section(d, n - k + i)->off)
			return "the file is no update of what was signed";
	for (i = 0; i < n - k; i++)
		if (ms_pdf_section(d, i)->off < s->end ||
		    ms_pdf_section(d, i)->hybrid)
			return "an update uses cross-references of the signed "
			    "document";
	return NULL;
}

struct step {
	enum ms_pades_change change;
	char why[256];
};

/* The revision of signature i, or NULL with a finding. */
static int
open_revision(struct verify *v, size_t i, struct ms_pdf **ret)
{
	struct pades_sig *s = &v->sigs[i];
	struct ms_err why = MS_ERR_INIT;
	const char *text;

	if (ms_pdf_open(v->fd, s->end, ret, &why) != 0) {
		if (why.class != MS_DATA)
			return ms_fail(v->err, why.class, "%s", why.text);
		*ret = NULL;
		return ms_report_add(s->r, MS_BAD, "coverage", CLAUSE, v->err,
		    "what it covers is no document: %s", why.text);
	}
	text = check_revision(v->d, *ret, s);
	if (text == NULL)
		return 0;
	ms_pdf_free(*ret);
	*ret = NULL;
	return ms_report_add(s->r, MS_BAD, "coverage", CLAUSE, v->err, "%s",
	    text);
}

/* From the revision of signature i to the next, or to the whole file. */
static int
compare(struct verify *v, size_t i, struct ms_pdf *before,
    struct ms_pdf *after, struct step *step)
{
	struct pades_diff f = { .before = before, .after = after,
	    .sigs = v->sigs, .nsigs = i + 1 };
	size_t k;

	for (k = 0; k <= i; k++)
		f.certified = f.certified || v->sigs[k].mdp.docmdp != 0;
	if (pades_diff(&f, v->err) != 0)
		return -1;
	step->change = f.change;
	memcpy(step->why, f.why, sizeof(step->why));
	return 0;
}

/* Fill steps[i] for all sound signatures. */
static int
compare_all(struct verify *v, struct step *steps)
{
	struct ms_pdf *now = NULL, *next = NULL;
	size_t i;
	int rc = 0, whole;

	for (i = 0; rc == 0 && i < v->sound; i++) {
		whole = only_space(v->d, v->sigs[i].end, v->err);
		if (whole < 0)
			rc = -1;
		if (rc == 0 && whole == 0 && now == NULL &&
		    !ms_report_has(v->sigs[i].r, "coverage"))
			rc = open_revision(v, i, &now);
		if (rc != 0 || whole == 1) {
			steps[i].change = MS_PADES_NONE;
			continue;
		}
		if (i + 1 < v->sound && v->sigs[i + 1].end == v->sigs[i].end)
			continue;	/* the same revision */
		if (i + 1 < v->sound &&
		    (whole = only_space(v->d, v->sigs[i + 1].end,
		    v->err)) != 1)
			rc = whole < 0 ? -1 : open_revision(v, i + 1, &next);
		if (rc == 0 && now != NULL)
			rc = compare(v, i, now, next != NULL ? next : v->d,
			    &steps[i]);
		ms_pdf_free(now);
		now = next;
		next = NULL;
	}
	ms_pdf_free(now);
	return rc;
}

/* What the certification in force at signature i allows. */
static enum ms_pades_change
allowed(const struct verify *v, size_t i)
{
	size_t k;

	for (k = 0; k <= i; k++)
		switch (v->sigs[k].mdp.docmdp) {
		case 0:
			break;
		case 1:
			return MS_PADES_LONG_TERM;
		case 3:
			return MS_PADES_ANNOTATIONS;
		default:
			return MS_PADES_FORM;
		}
	return MS_PADES_FORM;
}

static int
report_change(struct verify *v, size_t i, const struct step *worst)
{
	struct ms_report *r = v->sigs[i].r;
	enum ms_pades_change c = worst->change;
	const char *text = worst->why[0] != '\0' ? worst->why :
	    ms_pades_change_str(c);

	if (c == MS_PADES_NONE) {
		if (ms_report_has(r, "coverage"))
			return 0;
		return ms_report_add(r, MS_NOTE, "whole", NULL, v->err,
		    "covers the whole file");
	}
	if (c > allowed(v, i))
		return ms_report_add(r, MS_BAD, "changed",
		    "ISO 32000-2 section 12.8.2", v->err,
		    "changed after it was signed: %s", text);
	/* an annotation may hide what was signed: a person has to look */
	if (c == MS_PADES_ANNOTATIONS)
		return ms_report_add(r, MS_UNDECIDED, "changed",
		    "ISO 32000-2 section 12.8.2", v->err,
		    "after it was signed %s", text);
	return ms_report_add(r, MS_NOTE, "later", NULL, v->err,
	    "after it was signed %s", ms_pades_change_str(c));
}

static int
judge_changes(struct verify *v)
{
	struct step *steps = calloc(v->sound + 1, sizeof(*steps));
	const struct step *worst;
	size_t i;
	int rc;

	if (steps == NULL)
		return ms_fail_nomem(v->err);
	rc = compare_all(v, steps);
	worst = &steps[v->sound];	/* nothing */
	for (i = v->sound; rc == 0 && i-- > 0; ) {
		if (steps[i].change > worst->change)
			worst = &steps[i];
		rc = report_change(v, i, worst);
	}
	free(steps);
	return rc;
}

/* ---- together ---- */

static void
conclude(struct ms_pades_result *res)
{
	enum ms_verdict v = MS_GOOD, each;
	size_t i;

	if (res->n == 0) {
		res->verdict = ms_report_conclude(&res->whole);
		return;
	}
	for (i = 0; i < res->n; i++) {
		each = ms_report_conclude(&res->v[i]);
		if (each == MS_BAD || (each != MS_GOOD && v == MS_GOOD))
			v = each == MS_BAD ? MS_BAD : MS_UNDECIDED;
	}
	res->verdict = v;
}

static int
judge(struct verify *v)
{
	struct ms_pdf_fields l;
	size_t i;
	int rc;

	if (ms_pdf_encrypted(v->d))
		return ms_fail(v->err, MS_DATA, "ISO 32000-2 section 7.6: the "
		    "document is encrypted");
	if (ms_pdf_fields(v->d, &l, v->err) != 0)
		return -1;
	rc = find(v, &l);
	if (rc == 0)
		rc = sort(v);
	if (rc == 0)
		rc = judge_changes(v);
	for (i = 0; rc == 0 && i < v->n; i++)
		rc = pades_sig_judge(v->conf, v->d, &v->sigs[i], v->err);
	if (rc == 0 && v->n == 0)
		rc = ms_report_add(&v->res->whole, MS_NONE, "unsigned", NULL,
		    v->err, "the document has no signature");
	ms_pdf_fields_clear(&l);
	return rc;
}

int
ms_pades_verify(const struct ms_pades_verify *conf, int fd,
    struct ms_pades_result *res, struct ms_err *err)
{
	struct verify v = { .conf = conf, .res = res, .fd = fd, .err = err };
	size_t i;
	int rc = -1;

	if (ms_pdf_open(fd, 0, &v.d, err) == 0)
		rc = judge(&v);
	for (i = 0; i < v.n; i++) {
		ms_pdf_obj_clear(&v.sigs[i].dict);
		ms_buf_clear(&v.sigs[i].cms);
		pades_mdp_clear(&v.sigs[i].mdp);
	}
	free(v.sigs);
	ms_pdf_free(v.d);
	if (rc == 0)
		conclude(res);
	return rc;
}
