/* SPDX-License-Identifier: Apache-2.0 */
/* A signature with its timestamps: EN 319 122-1 sections 5.3 and 6. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tsp/internal.h"

#define TOKENS 16		/* timestamps of one signature */

/* The first address of the certificate, else its subject. */
static int
name_signer(X509 *x, struct ms_report *r, struct ms_err *err)
{
	struct ms_addrlist l = { NULL, 0, NULL, 0 };
	struct ms_err why = MS_ERR_INIT;

	free(r->signer);
	r->signer = NULL;
	/* An address that cannot be parsed is none. */
	if (ms_cert_addrs(x, &l, &why) == 0 && l.n > 0)
		r->signer = strdup(l.v[0].spec);
	else
		r->signer = ms_cert_subject(x);
	ms_addrlist_clear(&l);
	return r->signer ? 0 : ms_fail_nomem(err);
}

/* What was found about a timestamp becomes a finding about the signature. */
static int
take_findings(const struct ms_report *t, struct ms_report *r, bool *good,
    struct ms_err *err)
{
	const struct ms_finding *f;
	char code[64];
	size_t i;

	for (i = 0; i < t->n; i++) {
		f = &t->v[i];
		if (f->verdict == MS_NOTE || f->verdict == MS_GOOD)
			continue;
		*good = false;
		snprintf(code, sizeof(code), "timestamp-%s", f->code);
		if (ms_report_add(r, f->verdict, code, f->clause, err,
			"timestamp: %s", f->text) < 0)
			return -1;
	}
	if (t->retry)
		r->retry = true;
	return 0;
}

struct stamps {
	int n;			/* how many tokens there are */
	bool good;		/* all of them are */
	time_t earliest;
};

static int
one_token(struct ms_span token, const struct ms_signerinfo *si,
    const struct ms_judge *j, struct stamps *st, struct ms_report *r,
    struct ms_err *err)
{
	struct tsp_subject over = { MS_OID_UNKNOWN, { NULL, 0 }, si->sig };
	struct ms_tstinfo ti;
	struct ms_report t;
	bool good = true;
	int rc;

	ms_report_init(&t);
	rc = tsp_token_judge(token, &over, j->trust_tsa ? j->trust_tsa :
	    j->trust, j->at, j->legacy, &ti, &t, err);
	if (rc == 0)
		rc = take_findings(&t, r, &good, err);
	if (rc == 0 && good && (st->n == 0 || ti.time < st->earliest))
		st->earliest = ti.time;
	st->good = st->good && good;
	st->n++;
	ms_tstinfo_clear(&ti);
	ms_report_clear(&t);
	return rc;
}

static int
check_stamps(const struct ms_signerinfo *si, const struct ms_judge *j,
    struct stamps *st, struct ms_report *r, struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	struct ms_span v, body, token;
	int n, tag;

	if (si->unsigned_attrs.n == 0)
		return 0;
	n = ms_attr_find(si->unsigned_attrs, MS_OID_timeStampToken, &v, &why);
	if (n < 0 || n > TOKENS) {
		st->n = 1;
		st->good = false;
		return ms_report_add(r, MS_BAD, "timestamp-attributes",
		    "RFC 3161 appendix A", err, "unsigned attributes: %s",
		    n < 0 ? why.text : "too many timestamps");
	}
	while (n-- > 0)
		if (ms_der_next(&v, &tag, &body, &token, err) < 0 ||
		    one_token(token, si, j, st, r, err) < 0)
			return -1;
	return 0;
}

static int
check_path(struct ms_signed *sd, X509 *x, const struct ms_judge *j, time_t at,
    struct ms_report *r, struct ms_err *err)
{
	const char *why;

	if (!x)
		return 0;	/* ms_signer_check() has said so */
	if (j->trust && !ms_trust_is_empty(j->trust))
		return ms_trust_check(j->trust, x, ms_signed_certs(sd),
		    MS_USE_SIGN, at, r, err);
	if (!ms_cert_may(x, MS_USE_SIGN, &why))
		return ms_report_add(r, MS_BAD, "use", NULL, err, "%s", why);
	return ms_report_add(r, MS_UNDECIDED, "no-anchor",
	    "RFC 5280 section 6", err, "no trust anchor is configured");
}

/*
 * The path now, when there is a timestamp that could not be decided: that the
 * certificate has expired since is no "no" then, for it may have been valid at
 * genTime.  A revocation stays one.
 */
static int
check_path_unsure(struct ms_signed *sd, X509 *x, const struct ms_judge *j,
    struct ms_report *r, struct ms_err *err)
{
	const struct ms_finding *f;
	struct ms_report now;
	size_t i;
	int rc;

	ms_report_init(&now);
	rc = check_path(sd, x, j, j->at, &now, err);
	for (i = 0; rc == 0 && i < now.n; i++) {
		f = &now.v[i];
		rc = ms_report_add(r, f->verdict == MS_BAD &&
		    ms_streq(f->code, "expired") ? MS_UNDECIDED : f->verdict,
		    f->code, f->clause, err, "%s", f->text);
	}
	r->retry = r->retry || now.retry;
	ms_report_clear(&now);
	return rc;
}

static int
set_level(struct ms_report *r, const char *level, struct ms_err *err)
{
	free(r->level);
	r->level = strdup(level);
	return r->level ? 0 : ms_fail_nomem(err);
}

int
ms_judge_signer(struct ms_signed *sd, size_t i, const struct ms_judge *j,
    struct ms_report *r, struct ms_err *err)
{
	struct stamps st = { 0, true, 0 };
	const struct ms_signerinfo *si;
	time_t at = j->at;
	bool stamped, unsure;

	if (ms_signer_check(sd, i, j->legacy, r, err) < 0)
		return -1;
	si = ms_signed_get0(sd, i);
	r->claimed = si->signing_time;
	if (si->cert && name_signer(si->cert, r, err) < 0)
		return -1;
	if (j->value_only)
		return 0;
	if (check_stamps(si, j, &st, r, err) < 0)
		return -1;
	stamped = st.n > 0 && st.good;
	unsure = st.n > 0 && !st.good;
	if (stamped) {
		at = st.earliest;
		r->gentime = at;
	}
	if (set_level(r, stamped ? "b-t" : "b-b", err) < 0)
		return -1;
	return unsure ? check_path_unsure(sd, si->cert, j, r, err) :
	    check_path(sd, si->cert, j, at, r, err);
}
