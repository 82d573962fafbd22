/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports: a "no" is an answer.  Whoever verifies adds findings, each with a
 * verdict, a stable code for machines, the clause it enforces and a sentence
 * for people.  A report is undecided until ms_report_conclude(), the one
 * place where success is set.
 */
#ifndef MS_BASE_REPORT_H
#define MS_BASE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/err.h"

enum ms_verdict {
	MS_UNDECIDED = 0,	/* could not be decided either way */
	MS_GOOD,
	MS_BAD,
	MS_NONE,		/* nothing there to judge */
	MS_NOTE			/* a finding that changes no verdict */
};

struct ms_finding {
	enum ms_verdict verdict;
	char *code;		/* "digest-mismatch": lower case, stable */
	char *clause;		/* "RFC 5652 section 5.4", or NULL */
	char *text;		/* UTF-8 sentence without full stop */
};

struct ms_report {
	enum ms_verdict verdict;
	bool concluded;
	bool retry;		/* undecided since a service was not there */
	bool lost;		/* a finding did not fit in memory */
	struct ms_finding *v;
	size_t n, cap;
	/* What all verifiers fill in; owned, NULL or -1: not known */
	char *signer;		/* addr-spec or, without one, the subject DN */
	time_t gentime;		/* genTime of a verified timestamp */
	time_t claimed;		/* claimed signing time */
	char *level;		/* "b-b", "b-t", "b-lt", "b-lta" */
};

void ms_report_init(struct ms_report *r);
void ms_report_clear(struct ms_report *r);
/*
 * Add a finding; clause may be NULL.  -1 only when out of memory; the report
 * then never concludes as good.  A finding added after the conclusion can
 * make the verdict worse, never better.
 */
int ms_report_add(struct ms_report *r, enum ms_verdict v, const char *code,
    const char *clause, struct ms_err *err, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* Whether a finding with this code is there. */
bool ms_report_has(const struct ms_report *r, const char *code);
/*
 * Set and return the verdict: bad if any finding is bad, else undecided if
 * any is undecided, else none if any says none, else good if any says good,
 * else undecided: who finds a signature good says so.  Call it when all
 * checks have run; a second call returns the first one's answer.
 */
enum ms_verdict ms_report_conclude(struct ms_report *r);
/* The decisive sentence: of the first bad, else undecided finding, else "". */
const char *ms_report_why(const struct ms_report *r);
/* "good", "bad", "undecided", "none", "note". */
const char *ms_verdict_str(enum ms_verdict v);

#endif
