/* SPDX-License-Identifier: Apache-2.0 */
/* TimeStampResp as a client reads it: RFC 3161 section 2.4.2. */
#include <string.h>

#include "tsp/internal.h"

#define CLAUSE "RFC 3161 section 2.4.2"

static const struct {
	int bit;
	const char *name;
} failures[] = {
	{ MS_TSP_badAlg, "badAlg" },
	{ MS_TSP_badRequest, "badRequest" },
	{ MS_TSP_badDataFormat, "badDataFormat" },
	{ MS_TSP_timeNotAvailable, "timeNotAvailable" },
	{ MS_TSP_unacceptedPolicy, "unacceptedPolicy" },
	{ MS_TSP_unacceptedExtension, "unacceptedExtension" },
	{ MS_TSP_addInfoNotAvailable, "addInfoNotAvailable" },
	{ MS_TSP_systemFailure, "systemFailure" },
};

const char *
ms_tsp_failure_name(int bit)
{
	size_t i;

	for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].bit == bit)
			return failures[i].name;
	return "unknown failure";
}

/* ---- PKIStatusInfo ---- */

struct status {
	uint64_t status;
	struct ms_span text;	/* first UTF8String, or {NULL,0} */
	int failure;		/* bit, or -1 */
};

/* PKIFailureInfo: the first bit that is set. */
static int
parse_failure(struct ms_span bits, int *failure, struct ms_err *err)
{
	size_t i;
	int k;

	if (bits.n == 0 || bits.p[0] > 7)
		return ms_fail(err, MS_DATA, CLAUSE ": malformed failInfo");
	for (i = 1; i < bits.n; i++)
		for (k = 0; k < 8; k++)
			if (bits.p[i] & (0x80 >> k)) {
				*failure = (int)(8 * (i - 1)) + k;
				return 0;
			}
	return 0;
}

static int
parse_status(struct ms_span seq, struct status *st, struct ms_err *err)
{
	struct ms_span v;
	int rc;

	memset(st, 0, sizeof(*st));
	st->failure = -1;
	if (ms_der_want_uint(&seq, &st->status, "PKIStatusInfo.status",
		err) < 0)
		return -1;
	rc = ms_der_maybe(&seq, MS_SEQUENCE, &v, err);
	if (rc < 0 || (rc == 1 && v.n > 0 && ms_der_want(&v, MS_UTF8STRING,
		&st->text, "PKIStatusInfo.statusString", err) < 0))
		return -1;
	rc = ms_der_maybe(&seq, MS_BITSTRING, &v, err);
	if (rc < 0 || (rc == 1 && parse_failure(v, &st->failure, err) < 0))
		return -1;
	return ms_der_done(&seq, "PKIStatusInfo", err);
}

static int
rejected(const struct status *st, struct ms_err *err)
{
	static const char *const names[] = { "granted", "granted with changes",
		"rejection", "waiting", "revocation warning",
		"revocation notification" };
	struct ms_buf text = MS_BUF_INIT(TSP_MESSAGE);
	const char *s = NULL;

	if (st->text.n > 0 && st->text.n <= 256 && ms_escape(&text,
		(const char *)st->text.p, st->text.n, NULL) == 0)
		s = ms_buf_str(&text);
	ms_fail(err, MS_NO, "the timestamp authority answered %s%s%s%s%s",
	    st->status < 6 ? names[st->status] : "an unknown status",
	    st->failure >= 0 ? ", " : "",
	    st->failure >= 0 ? ms_tsp_failure_name(st->failure) : "",
	    s ? ": " : "", s ? s : "");
	ms_buf_clear(&text);
	return -1;
}

/* The TimeStampToken of a granted response, as a whole element. */
static int
parse_response(struct ms_span der, struct ms_span *token, struct ms_err *err)
{
	struct ms_span seq, v;
	struct status st;
	int tag;

	if (der.n > TSP_MESSAGE)
		return ms_fail(err, MS_DATA, "a TimeStampResp of %zu octets is "
		    "refused, the limit is %zu", der.n, TSP_MESSAGE);
	if (ms_der_want(&der, MS_SEQUENCE, &seq, "TimeStampResp", err) < 0 ||
	    ms_der_done(&der, "TimeStampResp", err) < 0 ||
	    ms_der_want(&seq, MS_SEQUENCE, &v, "TimeStampResp.status",
		err) < 0 ||
	    parse_status(v, &st, err) < 0)
		return -1;
	if (st.status > 1)
		return rejected(&st, err);
	if (seq.n == 0)
		return ms_fail(err, MS_DATA,
		    CLAUSE ": granted, but there is no TimeStampToken");
	if (ms_der_next(&seq, &tag, &v, token, err) < 0 ||
	    ms_der_done(&seq, "TimeStampResp", err) < 0)
		return -1;
	if (token->n > MS_TSP_TOKEN)
		return ms_fail(err, MS_DATA, "a timestamp of %zu octets is "
		    "refused, the limit is %zu", token->n, MS_TSP_TOKEN);
	return 0;
}

int
ms_tsr_token(struct ms_span der, struct ms_buf *token, struct ms_err *err)
{
	struct ms_span t;

	if (parse_response(der, &t, err) < 0)
		return -1;
	return ms_buf_add(token, t.p, t.n, err);
}

/* ---- against the request ---- */

static int
compare(const struct ms_tsq *q, const struct ms_tstinfo *ti,
    struct ms_err *err)
{
	struct ms_span mine = { q->nonce, q->nnonce };
	struct ms_span theirs = { ti->nonce, ti->nnonce };

	if (q->nnonce > 0 && !ms_span_eq(mine, theirs))
		return ms_fail(err, MS_DATA,
		    CLAUSE ": the nonce is not the one that was sent");
	if (q->policy.n > 0 && !ms_span_eq(ms_buf_span(&q->policy),
		ms_buf_span(&ti->policy)))
		return ms_fail(err, MS_DATA,
		    CLAUSE ": the policy is not the one that was asked for");
	return 0;
}

/* A finding that stands in the way of taking the token, or NULL. */
static const struct ms_finding *
obstacle(const struct ms_report *r, const struct ms_tsq *q, bool trusted)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->v[i].verdict == MS_BAD)
			return &r->v[i];
	for (i = 0; i < r->n; i++) {
		if (r->v[i].verdict != MS_UNDECIDED ||
		    (!trusted && ms_streq(r->v[i].code, "no-anchor")) ||
		    (!trusted && !q->cert_req &&
		    ms_streq(r->v[i].code, "no-certificate")))
			continue;
		return &r->v[i];
	}
	return NULL;
}

int
ms_tsr_check(struct ms_span der, const struct ms_tsq *q,
    struct ms_trust *trust, time_t at, struct ms_buf *token,
    struct ms_err *err)
{
	struct ms_span t, imprint = { q->imprint, q->nimprint };
	const struct ms_finding *f;
	struct ms_tstinfo ti;
	struct ms_report r;
	int rc = -1;

	if (parse_response(der, &t, err) < 0)
		return -1;
	ms_report_init(&r);
	if (ms_token_check(t, q->md, imprint, trust, at, false, &ti, &r,
		err) < 0)
		goto out;
	f = obstacle(&r, q, trust && !ms_trust_is_empty(trust));
	if (f) {
		ms_fail(err, MS_DATA, "%s%s%s", f->clause ? f->clause : "",
		    f->clause ? ": " : "", f->text);
		goto out;
	}
	if (compare(q, &ti, err) < 0)
		goto out;
	rc = ms_buf_add(token, t.p, t.n, err);
out:
	ms_tstinfo_clear(&ti);
	ms_report_clear(&r);
	return rc;
}
