/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation by CRLs, RFC 5280 section 6.3.
 *
 * libcrypto takes one list for each certificate: the best one as of the time
 * of judgement.  For a judgement in the past that is not enough: a list made
 * later may tell of a revocation before, and the newest one may have dropped
 * an entry because the certificate has expired since.  So the lists are sorted
 * into generations, the newest of each issuer and scope first, and each
 * generation is asked by itself.  Who is revoked in one of them is revoked.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/path.h"

#define GENERATIONS 64		/* lists of one issuer and scope looked at */

struct asked {
	struct path *p;
	STACK_OF(X509_CRL) *all;	/* borrowed lists whose signature is
					 * right */
	STACK_OF(X509_CRL) *crls;	/* those of this generation */
	struct rev_status found[PATH_MAX_CERTS];	/* over all */
	struct rev_status now[PATH_MAX_CERTS];	/* in this one */
	X509_CRL *timed[PATH_MAX_CERTS];	/* judged by its times last */
	const X509_CRL *unfit[PATH_MAX_CERTS];	/* not to be believed */
};

/*
 * From when on the entry counts: its invalidityDate where that is earlier,
 * for a key stolen in March does not become good until it was reported in May.
 */
static void
read_entry(X509_REVOKED *e, struct rev_status *s)
{
	ASN1_GENERALIZEDTIME *inv;
	ASN1_ENUMERATED *reason;
	time_t t;

	s->state = REV_REVOKED;
	s->since = asn1_time(X509_REVOKED_get0_revocationDate(e));
	s->reason = -1;
	inv = X509_REVOKED_get_ext_d2i(e, NID_invalidity_date, NULL, NULL);
	t = asn1_time(inv);
	if (inv && t != (time_t)-1 && t < s->since)
		s->since = t;
	ASN1_GENERALIZEDTIME_free(inv);
	reason = X509_REVOKED_get_ext_d2i(e, NID_crl_reason, NULL, NULL);
	if (reason)
		s->reason = ASN1_ENUMERATED_get(reason);
	ASN1_ENUMERATED_free(reason);
	ERR_clear_error();
}

/*
 * RFC 3161 section 4: a timestamp authority's revocation spares the tokens from
 * before only when the list says that the key was not compromised.
 */
static bool
at_any_time(const struct path *p, int depth, const struct rev_status *s)
{
	return depth == 0 && p->use == MS_USE_TSA &&
	    s->reason != CRL_REASON_UNSPECIFIED &&
	    s->reason != CRL_REASON_AFFILIATION_CHANGED &&
	    s->reason != CRL_REASON_SUPERSEDED &&
	    s->reason != CRL_REASON_CESSATION_OF_OPERATION;
}

bool
path_revoked(const struct path *p, int depth, const struct rev_status *s)
{
	return s->since == (time_t)-1 || s->since <= p->at ||
	    at_any_time(p, depth, s);
}

/* libcrypto names the complete list also when a delta to it has the entry. */
static X509_REVOKED *
delta_entry(const struct asked *a, const X509_CRL *base, X509 *x)
{
	X509_REVOKED *e = NULL;
	X509_CRL *crl;
	int i;

	for (i = 0; i < sk_X509_CRL_num(a->crls); i++) {
		crl = sk_X509_CRL_value(a->crls, i);
		if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0 &&
		    X509_NAME_cmp(X509_CRL_get_issuer(crl),
		    X509_CRL_get_issuer(base)) == 0 &&
		    X509_CRL_get0_by_cert(crl, &e, x) > 0)
			return e;
	}
	return NULL;
}

static void
entry(struct asked *a, int depth, X509_CRL *crl, X509 *x)
{
	struct rev_status s = { REV_UNKNOWN, 0, -1 };
	X509_REVOKED *e = NULL;

	if (!crl || crl == a->unfit[depth])
		return;
	if (X509_CRL_get0_by_cert(crl, &e, x) <= 0)
		e = delta_entry(a, crl, x);
	if (!e)
		return;
	read_entry(e, &s);
	if (path_revoked(a->p, depth, &s))
		a->now[depth] = s;
}

/* Called for each fault while a generation is asked. */
static int
fault(int good, X509_STORE_CTX *ctx)
{
	struct asked *a = X509_STORE_CTX_get_app_data(ctx);
	int e = X509_STORE_CTX_get_error(ctx);
	int depth = X509_STORE_CTX_get_error_depth(ctx);
	X509_CRL *crl = X509_STORE_CTX_get0_current_crl(ctx);
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);
	struct rev_status *s;

	/* without data of ours it is the path of a list's own issuer */
	if (good || !a)
		return good;
	if (depth < 0 || depth >= PATH_MAX_CERTS)
		return 0;
	/* libcrypto forgets the list when it has judged its times */
	if (!crl)
		crl = a->timed[depth];
	s = &a->now[depth];
	switch (e) {
	case X509_V_ERR_CERT_REVOKED:
		entry(a, depth, crl, x);
		return 1;
	case X509_V_ERR_CRL_NOT_YET_VALID:
		a->timed[depth] = crl;
		return 1;	/* made later, tells of before */
	case X509_V_ERR_CRL_HAS_EXPIRED:
		a->timed[depth] = crl;
		if (s->state != REV_REVOKED)
			s->state = REV_STALE;
		return 1;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return 1;	/* said already */
	case X509_V_ERR_OUT_OF_MEM:
		return 0;
	}
	/* no list, or one that is not to be believed */
	if (s->state != REV_REVOKED)
		s->state = REV_UNKNOWN;
	a->unfit[depth] = crl;
	return 1;
}

static int
ask(struct asked *a, STACK_OF(X509_CRL) *crls)
{
	X509_STORE_CTX *ctx = path_ctx(a->p, X509_V_FLAG_CRL_CHECK |
	    X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_EXTENDED_CRL_SUPPORT |
	    X509_V_FLAG_USE_DELTAS);
	int i, n = sk_X509_num(a->p->chain), rc = 0;
	struct rev_status *f;

	if (!ctx)
		return -1;
	for (i = 0; i < n; i++) {
		a->now[i].state = REV_COVERED;
		a->timed[i] = NULL;
		a->unfit[i] = NULL;
	}
	X509_STORE_CTX_set_app_data(ctx, a);
	X509_STORE_CTX_set_verify_cb(ctx, fault);
	X509_STORE_CTX_set0_crls(ctx, crls);
	a->crls = crls;
	if (X509_verify_cert(ctx) != 1)
		rc = ms_fail_ssl(a->p->err, MS_OS, "revocation lists: %s",
		    X509_verify_cert_error_string(
		    X509_STORE_CTX_get_error(ctx)));
	for (i = 0; rc == 0 && i < n; i++) {
		f = &a->found[i];
		if (a->now[i].state > f->state ||
		    (a->now[i].state == REV_REVOKED &&
		    a->now[i].since < f->since))
			*f = a->now[i];
	}
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	return rc;
}

/* ---- generations ---- */

static bool
same_ext(const X509_CRL *a, const X509_CRL *b, int nid)
{
	int i = X509_CRL_get_ext_by_NID(a, nid, -1);
	int j = X509_CRL_get_ext_by_NID(b, nid, -1);

	if (i < 0 || j < 0)
		return i < 0 && j < 0;
	return ASN1_OCTET_STRING_cmp(
	    X509_EXTENSION_get_data(X509_CRL_get_ext(a, i)),
	    X509_EXTENSION_get_data(X509_CRL_get_ext(b, j))) == 0;
}

/* Same issuer with the same key, same scope, both complete or both deltas. */
static bool
same_series(const X509_CRL *a, const X509_CRL *b)
{
	return X509_NAME_cmp(X509_CRL_get_issuer(a),
	    X509_CRL_get_issuer(b)) == 0 &&
	    same_ext(a, b, NID_authority_key_identifier) &&
	    same_ext(a, b, NID_issuing_distribution_point) &&
	    (X509_CRL_get_ext_by_NID(a, NID_delta_crl, -1) < 0) ==
	    (X509_CRL_get_ext_by_NID(b, NID_delta_crl, -1) < 0);
}

/* How many of its series are newer. */
static int
generation(const STACK_OF(X509_CRL) *all, int k)
{
	const X509_CRL *crl = sk_X509_CRL_value(all, k), *other;
	time_t t = asn1_time(X509_CRL_get0_lastUpdate(crl)), u;
	int i, newer = 0;

	for (i = 0; i < sk_X509_CRL_num(all); i++) {
		other = sk_X509_CRL_value(all, i);
		if (i == k || !same_series(crl, other))
			continue;
		u = asn1_time(X509_CRL_get0_lastUpdate(other));
		if (u > t || (u == t && i < k))
			newer++;
	}
	return newer;
}

/* Whether a certificate reaches an anchor itself. */
static bool
reaches_anchor(const struct path *p, X509 *x)
{
	struct path own = *p;
	X509_STORE_CTX *ctx;
	bool good;

	own.leaf = x;
	own.err = NULL;
	ctx = path_ctx(&own, 0);
	good = ctx && X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	return good;
}

/*
 * Whether one who may have made the list signed it: a certificate of the path,
 * or a helper that reaches an anchor (an authority may sign its lists with a
 * key of their own).  A forged list must not come near the others: it could
 * not revoke, but it could stand in the way of a right one.
 */
bool
path_signs(const struct path *p, X509_CRL *crl)
{
	int i, n = sk_X509_num(p->chain), all = n + sk_X509_num(p->helpers);
	EVP_PKEY *k;
	X509 *x;

	for (i = 0; i < all; i++) {
		x = i < n ? sk_X509_value(p->chain, i) :
		    sk_X509_value(p->helpers, i - n);
		k = X509_get0_pubkey(x);
		if (k && X509_NAME_cmp(X509_get_subject_name(x),
		    X509_CRL_get_issuer(crl)) == 0 &&
		    X509_CRL_verify(crl, k) == 1 &&
		    (i < n || reaches_anchor(p, x)))
			return true;
	}
	return false;
}

static int
select_signed(struct asked *a)
{
	const STACK_OF(X509_CRL) *from = a->p->t->crls;
	X509_CRL *crl;
	int i;

	a->all = sk_X509_CRL_new_null();
	if (!a->all)
		return ms_fail_nomem(a->p->err);
	for (i = 0; i < sk_X509_CRL_num(from); i++) {
		crl = sk_X509_CRL_value(from, i);
		if (path_signs(a->p, crl) &&
		    sk_X509_CRL_push(a->all, crl) <= 0)
			return ms_fail_nomem(a->p->err);
	}
	ERR_clear_error();
	return 0;
}

static int
ask_generation(struct asked *a, int g, int *left)
{
	STACK_OF(X509_CRL) *some = sk_X509_CRL_new_null();
	int i, rc = some ? 0 : ms_fail_nomem(a->p->err);

	for (i = 0; rc == 0 && i < sk_X509_CRL_num(a->all); i++) {
		if (generation(a->all, i) != g)
			continue;
		--*left;
		if (sk_X509_CRL_push(some, sk_X509_CRL_value(a->all, i)) <= 0)
			rc = ms_fail_nomem(a->p->err);
	}
	if (rc == 0)
		rc = ask(a, some);
	sk_X509_CRL_free(some);
	return rc;
}

static int
ask_all(struct asked *a)
{
	int rc = select_signed(a), left = sk_X509_CRL_num(a->all), g;

	for (g = 0; rc == 0 && left > 0 && g < GENERATIONS; g++)
		rc = ask_generation(a, g, &left);
	sk_X509_CRL_free(a->all);
	return rc;
}

/* ---- saying it ---- */

static const char *
reason_text(long reason)
{
	static const char *const text[] = { "unspecified", "key compromise",
		"CA compromise", "affiliation changed", "superseded",
		"cessation of operation", "on hold", NULL,
		"removed from the list", "privilege withdrawn",
		"AA compromise" };

	if (reason < 0 || reason > 10 || !text[reason])
		return "no reason given";
	return text[reason];
}

static void
say(struct path *p, X509 *x, const struct rev_status *s,
    const struct online_why *why)
{
	bool hard = p->t->revocation == MS_REV_HARD;
	bool asked = why->err.class != MS_OK;
	char who[256], when[MS_TIME_STR];

	path_who(p, x, who, sizeof(who));
	if (s->state == REV_REVOKED) {
		p->oom |= ms_report_add(p->r, MS_BAD, "revoked",
		    "RFC 5280 section 6.3", p->err, "%s was revoked %s (%s)",
		    who, ms_time_str(s->since, when), reason_text(s->reason));
		return;
	}
	if (s->state == REV_COVERED)
		return;
	p->oom |= ms_report_add(p->r, hard ? MS_UNDECIDED : MS_NOTE, hard ?
	    "revocation" : asked ? "revocation-unreachable" :
	    "revocation-unknown", "RFC 5280 section 6.3",
	    p->err, "%s: %s%s%s", who, s->state == REV_STALE ?
	    "its revocation list is out of date" :
	    "no revocation list covers it", asked ? "; " : "",
	    why->err.text);
	if (hard && why->retry)
		p->r->retry = true;
}

static bool
unsettled(const struct asked *a, int depth)
{
	return a->found[depth].state < REV_COVERED;
}

/* What the lists at hand do not tell. */
static int
ask_online(struct asked *a, int depth, struct online_why *why)
{
	bool first = online_lists_first(a->p);
	int rc = 0;

	if (!first)
		rc = online_ocsp(a->p, depth, &a->found[depth], why);
	while (rc == 0 && unsettled(a, depth)) {
		rc = online_crls(a->p, depth, why);
		if (rc <= 0)
			break;
		rc = ask_all(a);
	}
	if (rc == 0 && first && unsettled(a, depth))
		rc = online_ocsp(a->p, depth, &a->found[depth], why);
	return rc;
}

int
path_revocation(struct path *p)
{
	int i, n = sk_X509_num(p->chain), rc = 0;
	struct online_why why;
	struct asked *a;

	if (p->t->revocation == MS_REV_OFF || n < 2)
		return 0;	/* an anchor is not asked about */
	if (n > PATH_MAX_CERTS)
		return ms_fail(p->err, MS_DATA, "path of more than %d "
		    "certificates", PATH_MAX_CERTS);
	a = calloc(1, sizeof(*a));
	if (!a)
		return ms_fail_nomem(p->err);
	a->p = p;
	rc = ask_all(a);
	for (i = 0; rc == 0 && i < n - 1; i++) {
		memset(&why, 0, sizeof(why));
		if (p->t->online && unsettled(a, i))
			rc = ask_online(a, i, &why);
		if (rc == 0)
			say(p, sk_X509_value(p->chain, i), &a->found[i], &why);
	}
	free(a);
	return rc;
}
