/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/report.h"

/* Findings in one report; a hostile message must not make us hold more. */
#define FINDINGS_MAX 4096

void
ms_report_init(struct ms_report *r)
{
	memset(r, 0, sizeof(*r));
	r->verdict = MS_UNDECIDED;
	r->gentime = (time_t)-1;
	r->claimed = (time_t)-1;
}

static void
finding_clear(struct ms_finding *f)
{
	free(f->code);
	free(f->clause);
	free(f->text);
}

void
ms_report_clear(struct ms_report *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		finding_clear(&r->v[i]);
	free(r->v);
	free(r->signer);
	free(r->level);
	ms_report_init(r);
}

static char *
format(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

static char *
format(const char *fmt, va_list ap)
{
	va_list again;
	char *s = NULL;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0 && (s = malloc((size_t)n + 1)) != NULL)
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

static int
room(struct ms_report *r)
{
	struct ms_finding *v;
	size_t cap = r->cap ? r->cap * 2 : 8;

	if (r->n < r->cap)
		return 0;
	if (r->n >= FINDINGS_MAX)
		return -1;
	v = realloc(r->v, cap * sizeof(*v));
	if (v == NULL)
		return -1;
	r->v = v;
	r->cap = cap;
	return 0;
}

/* How much a verdict weighs against another: the heaviest decides. */
static int
weight(enum ms_verdict v)
{
	switch (v) {
	case MS_BAD:
		return 4;
	case MS_UNDECIDED:
		return 3;
	case MS_NONE:
		return 2;
	case MS_GOOD:
		return 1;
	case MS_NOTE:
		return 0;
	}
	return 3;
}

int
ms_report_add(struct ms_report *r, enum ms_verdict v, const char *code,
    const char *clause, struct ms_err *err, const char *fmt, ...)
{
	struct ms_finding f = { v, NULL, NULL, NULL };
	va_list ap;

	/* What comes too late can spoil a verdict, never improve it. */
	if (r->concluded && weight(v) > weight(r->verdict))
		r->verdict = v;
	f.code = strdup(code);
	f.clause = clause != NULL ? strdup(clause) : NULL;
	va_start(ap, fmt);
	f.text = format(fmt, ap);
	va_end(ap);
	if (f.code == NULL || f.text == NULL ||
	    (clause != NULL && f.clause == NULL) || room(r) != 0) {
		/* A finding that was lost must not turn into a "good". */
		r->lost = true;
		if (r->concluded && weight(MS_UNDECIDED) > weight(r->verdict))
			r->verdict = MS_UNDECIDED;
		finding_clear(&f);
		return ms_fail_nomem(err);
	}
	r->v[r->n++] = f;
	return 0;
}

bool
ms_report_has(const struct ms_report *r, const char *code)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (ms_streq(r->v[i].code, code))
			return true;
	}
	return false;
}

enum ms_verdict
ms_report_conclude(struct ms_report *r)
{
	enum ms_verdict v = MS_NOTE;
	size_t i;

	if (r->concluded)
		return r->verdict;
	for (i = 0; i < r->n; i++) {
		if (weight(r->v[i].verdict) > weight(v))
			v = r->v[i].verdict;
	}
	if (r->lost && weight(v) < weight(MS_UNDECIDED))
		v = MS_UNDECIDED;
	/* Where nothing was found good, nothing is good. */
	if (v == MS_NOTE)
		v = MS_UNDECIDED;
	r->verdict = v;
	r->concluded = true;
	return v;
}

const char *
ms_report_why(const struct ms_report *r)
{
	const char *why = "";
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->v[i].verdict == MS_BAD)
			return r->v[i].text;
		if (r->v[i].verdict == MS_UNDECIDED && why[0] == '\0')
			why = r->v[i].text;
	}
	return why;
}

const char *
ms_verdict_str(enum ms_verdict v)
{
	switch (v) {
	case MS_GOOD:
		return "good";
	case MS_BAD:
		return "bad";
	case MS_NONE:
		return "none";
	case MS_NOTE:
		return "note";
	case MS_UNDECIDED:
		break;
	}
	return "undecided";
}
