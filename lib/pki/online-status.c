/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation as others tell it: single answers by OCSP, and lists.  A fetched
 * list serves all certificates of its issuer, as if it had been given.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/online.h"

#define ANSWER_KEEP_S 300	/* when it does not say for how long */
#define LIST_AGAIN_S 300	/* an old list is not asked for at once */
/* After so many single answers a list is fetched before the next: one list
 * tells of all certificates of an issuer. */
#define OCSP_FEW 8

static void
not_learnt(struct online_why *why, const char *url, const struct ms_err *e)
{
	why->retry |= e->class == MS_TEMPFAIL;
	ms_fail(&why->err, e->class, "%s: %s", url, e->text);
}

/* ---- OCSP ---- */

struct single {
	struct ocsp_ask q;
	struct rev_status s;
	time_t until;
};

static int
use_answer(struct path *p, void *arg, struct ms_span got, time_t *until,
    struct ms_err *err)
{
	struct single *a = arg;

	if (ocsp_judge(&a->q, got, &a->s, &a->until, err) != 0)
		return -1;
	*until = a->until;
	return 0;
}

bool
online_lists_first(const struct path *p)
{
	return p->t->online->asked >= OCSP_FEW;
}

static const struct answer *
recall(const struct online *o, const unsigned char of[32], time_t t)
{
	size_t i;

	for (i = 0; i < ANSWERS; i++)
		if (o->answer[i].until > t &&
		    memcmp(o->answer[i].of, of, 32) == 0)
			return &o->answer[i];
	return NULL;
}

/* Issuers are met again with the next certificate; the certificate itself,
 * which has the first place, when it is judged as of another time too. */
static void
remember(struct online *o, const unsigned char of[32], const struct single *a,
    int depth)
{
	struct answer *to = &o->answer[0];

	if (depth > 0) {
		o->issuer_answers %= ANSWERS - 1;
		to = &o->answer[++o->issuer_answers];
	}
	memcpy(to->of, of, 32);
	to->status = a->s;
	to->until = a->until > 0 ? a->until : a->q.now + ANSWER_KEEP_S;
}

static void
settle(const struct path *p, int depth, const struct rev_status *got,
    struct rev_status *s)
{
	*s = *got;
	/* revoked after the time that is judged: good then */
	if (s->state == REV_REVOKED && !path_revoked(p, depth, s))
		s->state = REV_COVERED;
}

static int
ask_responders(struct path *p, const struct urls *u, struct single *a,
    struct online_why *why)
{
	struct ms_buf req = MS_BUF_INIT(4096);
	struct ms_fetch_query q = { .kind = MS_FETCH_OCSP };
	struct ms_err e;
	size_t i;
	int rc;

	rc = ocsp_request(a->q.x, a->q.issuer, &req, &a->q.id, p->err);
	q.body = ms_buf_span(&req);
	for (i = 0; rc == 0 && a->s.state == REV_UNKNOWN && i < u->n; i++) {
		q.url = u->v[i];
		if (online_fetch(p, &q, use_answer, a, &e) != 0)
			not_learnt(why, u->v[i], &e);
	}
	OCSP_CERTID_free(a->q.id);
	ms_buf_clear(&req);
	return rc;
}

int
online_ocsp(struct path *p, int depth, struct rev_status *s,
    struct online_why *why)
{
	struct online *o = p->t->online;
	struct urls u = { { NULL }, 0 };
	const struct answer *before;
	unsigned char of[32];
	struct single a = { .q = { .x = sk_X509_value(p->chain, depth),
		.issuer = sk_X509_value(p->chain, depth + 1),
		.crls = p->t->crls, .at = p->at, .now = online_now(p),
		.legacy = p->t->legacy } };
	int rc;

	urls_access(&u, a.q.x, NID_ad_OCSP);
	if (u.n == 0)
		return 0;
	rc = ms_cert_sha256(a.q.x, of, p->err);
	before = rc == 0 ? recall(o, of, p->at > a.q.now ? p->at : a.q.now) :
	    NULL;
	if (before) {
		settle(p, depth, &before->status, s);
	} else if (rc == 0) {
		o->asked++;
		rc = ask_responders(p, &u, &a, why);
		if (rc == 0 && a.s.state != REV_UNKNOWN) {
			settle(p, depth, &a.s, s);
			remember(o, of, &a, depth);
		}
	}
	urls_clear(&u);
	return rc;
}

/* ---- lists ---- */

static int
use_list(struct path *p, void *arg, struct ms_span got, time_t *until,
    struct ms_err *err)
{
	const unsigned char *b = got.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &b, (long)got.n);

	if (!crl || b != got.p + got.n) {
		ERR_clear_error();
		X509_CRL_free(crl);
		return ms_fail(err, MS_DATA, "RFC 5280 section 5.1: not a "
		    "certificate revocation list in DER");
	}
	if (!path_signs(p, crl)) {
		ERR_clear_error();
		X509_CRL_free(crl);
		return ms_fail(err, MS_DATA, "RFC 5280 section 6.3.3: the "
		    "revocation list is not signed by who may");
	}
	*until = asn1_time(X509_CRL_get0_nextUpdate(crl));
	*(X509_CRL **)arg = crl;
	return 0;
}

static void
forget_list(struct ms_trust *t, size_t i)
{
	struct list *l = &t->online->list[i];

	free(l->url);
	if (sk_X509_CRL_delete_ptr(t->crls, l->crl))
		X509_CRL_free(l->crl);
	*l = t->online->list[--t->online->nlists];
}

/* Takes over crl.  The list that came from there before goes. */
static int
keep_list(struct path *p, const char *url, X509_CRL *crl)
{
	struct online *o = p->t->online;
	size_t i;
	int rc;

	for (i = 0; i < o->nlists; i++)
		if (ms_streq(o->list[i].url, url))
			break;
	if (i < o->nlists || o->nlists == LISTS)
		forget_list(p->t, i < o->nlists ? i : 0);
	rc = ms_trust_add_crl(p->t, crl, p->err);
	if (rc == 0) {
		i = o->nlists++;
		o->list[i].crl = crl;
		o->list[i].again = asn1_time(X509_CRL_get0_nextUpdate(crl));
		if (o->list[i].again < online_now(p) + LIST_AGAIN_S)
			o->list[i].again = online_now(p) + LIST_AGAIN_S;
		o->list[i].url = strdup(url);
		if (!o->list[i].url)
			rc = ms_fail_nomem(p->err);
	}
	X509_CRL_free(crl);
	return rc;
}

static bool
have_list(const struct online *o, const char *url, time_t t)
{
	size_t i;

	for (i = 0; i < o->nlists; i++)
		if (o->list[i].again > t && ms_streq(o->list[i].url, url))
			return true;
	return false;
}

int
online_crls(struct path *p, int depth, struct online_why *why)
{
	struct ms_fetch_query q = { .kind = MS_FETCH_CRL };
	struct urls u = { { NULL }, 0 };
	X509_CRL *crl = NULL;
	struct ms_err e;
	size_t i;
	int rc = 0;

	urls_lists(&u, sk_X509_value(p->chain, depth));
	for (i = 0; rc == 0 && i < u.n; i++) {
		if (have_list(p->t->online, u.v[i], online_now(p)))
			continue;
		q.url = u.v[i];
		if (online_fetch(p, &q, use_list, &crl, &e) != 0)
			not_learnt(why, u.v[i], &e);
		else
			rc = keep_list(p, u.v[i], crl) == 0 ? 1 : -1;
	}
	urls_clear(&u);
	return rc;
}
