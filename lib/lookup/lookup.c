/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sources, and the judgement of what they hold. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lookup/internal.h"

/* A source that could not be opened is tried again after so long. */
#define RETRY_S 5
#define REASON_MAX 4096		/* bytes */

static const struct source_kind *const kinds[] = { &lookup_dir, &lookup_db };
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

struct source {
	const struct source_kind *kind;
	char *uri;
	void *state;		/* NULL until it could be opened */
	struct ms_err why;	/* why it could not, when tried is set */
	time_t tried;
};

struct ms_lookup {
	struct ms_trust *trust;
	time_t at;
	struct source *v;
	size_t n;
};

struct asking {
	struct ms_lookup *l;
	const struct ms_addr *addr;
	enum ms_usage use;
	bool all;
	struct ms_found *f;
	bool undecided;		/* revocation of a candidate is not known */
	char *undecided_why;
};

int
ms_lookup_new(struct ms_trust *trust, time_t at, struct ms_lookup **ret,
    struct ms_err *err)
{
	struct ms_lookup *l = calloc(1, sizeof(*l));

	if (!l)
		return ms_fail_nomem(err);
	l->trust = trust;
	l->at = at;
	*ret = l;
	return 0;
}

void
ms_lookup_free(struct ms_lookup *l)
{
	size_t i;

	if (!l)
		return;
	for (i = 0; i < l->n; i++) {
		if (l->v[i].state)
			l->v[i].kind->free(l->v[i].state);
		free(l->v[i].uri);
	}
	free(l->v);
	free(l);
}

size_t
ms_lookup_count(const struct ms_lookup *l)
{
	return l->n;
}

static const struct source_kind *
kind_of(const char *uri)
{
	size_t i;

	for (i = 0; i < NKINDS; i++)
		if (strncmp(uri, kinds[i]->scheme,
		    strlen(kinds[i]->scheme)) == 0)
			return kinds[i];
	return NULL;
}

int
ms_lookup_add(struct ms_lookup *l, const char *uri, struct ms_err *err)
{
	const struct source_kind *k = kind_of(uri);
	struct source *v;

	if (ms_trust_is_empty(l->trust))
		return ms_fail(err, MS_CONFIG,
		    "no trust anchors: nothing found could be trusted");
	if (!k || uri[strlen(k->scheme)] == '\0') {
		ms_fail(err, MS_USAGE, "source '%s' is not known", uri);
		return ms_hint(err, "dir:PATH or db:URI");
	}
	v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (!v)
		return ms_fail_nomem(err);
	l->v = v;
	memset(&v[l->n], 0, sizeof(*v));
	v[l->n].kind = k;
	v[l->n].uri = strdup(uri);
	if (!v[l->n].uri)
		return ms_fail_nomem(err);
	l->n++;
	return 0;
}

void
ms_lookup_rest(struct ms_lookup *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].state && l->v[i].kind->rest)
			l->v[i].kind->rest(l->v[i].state);
}

void
ms_found_clear(struct ms_found *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		X509_free(f->certs[i]);
	for (i = 0; i < f->nrefused; i++) {
		X509_free(f->refused[i].cert);
		free(f->refused[i].why);
	}
	free(f->certs);
	free(f->refused);
	free(f->reason);
	free(f->warning);
	memset(f, 0, sizeof(*f));
}

/* ---- one candidate ---- */

const struct ms_addr *
lookup_addr(const struct asking *q)
{
	return q->addr;
}

bool
lookup_is_found(const struct asking *q)
{
	return q->f->n > 0;
}

bool
lookup_first_is_enough(const struct asking *q)
{
	return !q->all;
}

static bool
seen(const struct ms_found *f, X509 *x, int *usable)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (X509_cmp(f->certs[i], x) == 0) {
			*usable = 1;
			return true;
		}
	for (i = 0; i < f->nrefused; i++)
		if (X509_cmp(f->refused[i].cert, x) == 0) {
			*usable = 0;
			return true;
		}
	return false;
}

static int
refuse(struct asking *q, X509 *x, const char *why, struct ms_err *err)
{
	struct ms_refused *v;
	char *s;

	v = realloc(q->f->refused, (q->f->nrefused + 1) * sizeof(*v));
	if (!v)
		return ms_fail_nomem(err);
	q->f->refused = v;
	s = strdup(why);
	if (!s || X509_up_ref(x) != 1) {
		free(s);
		return ms_fail_nomem(err);
	}
	v[q->f->nrefused].cert = x;
	v[q->f->nrefused++].why = s;
	return 0;
}

/* Behind those that are newer, or as new and valid longer. */
static int
take(struct asking *q, X509 *x, struct ms_err *err)
{
	time_t nb = ms_cert_not_before(x), na = ms_cert_not_after(x);
	struct ms_found *f = q->f;
	X509 **v = realloc(f->certs, (f->n + 1) * sizeof(X509 *));
	size_t i;

	if (!v)
		return ms_fail_nomem(err);
	f->certs = v;
	if (X509_up_ref(x) != 1)
		return ms_fail_nomem(err);
	for (i = f->n; i > 0; i--) {
		time_t b = ms_cert_not_before(v[i - 1]);

		if (b > nb || (b == nb && ms_cert_not_after(v[i - 1]) >= na))
			break;
		v[i] = v[i - 1];
	}
	v[i] = x;
	f->n++;
	return 0;
}

/* "RFC 5280 section 6.3: certificate was revoked ...", or without clause. */
static int
refuse_finding(struct asking *q, X509 *x, const struct ms_finding *g,
    struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(REASON_MAX);
	int rc = -1;

	if ((!g->clause || ms_buf_addf(&b, err, "%s: ", g->clause) == 0) &&
	    ms_buf_adds(&b, g->text, err) == 0) {
		if (ms_buf_str(&b))
			rc = refuse(q, x, ms_buf_str(&b), err);
		else
			ms_fail_nomem(err);
	}
	ms_buf_clear(&b);
	return rc;
}

/*
 * The decisive finding of a path, NULL when it is right.  An issuer that is
 * not there is a refusal, for the anchors are ours and we have them all; a
 * revocation list that is not there is none.
 */
static const struct ms_finding *
decisive(const struct ms_report *r, bool *undecided)
{
	const struct ms_finding *g = NULL;
	size_t i;

	*undecided = false;
	for (i = 0; i < r->n; i++)
		if (r->v[i].verdict == MS_BAD)
			return &r->v[i];
	for (i = 0; i < r->n; i++) {
		if (r->v[i].verdict != MS_UNDECIDED)
			continue;
		if (!ms_streq(r->v[i].code, "revocation"))
			return &r->v[i];
		g = &r->v[i];
	}
	*undecided = g != NULL;
	return g;
}

/* The path is right; what is to be said of it all the same. */
static int
accept(struct asking *q, const struct ms_report *r, struct ms_err *err)
{
	size_t i;

	if (r->lost)
		return ms_fail_nomem(err);
	for (i = 0; i < r->n && !q->f->warning; i++)
		if (ms_streq(r->v[i].code, "revocation-unreachable") &&
		    !(q->f->warning = strdup(r->v[i].text)))
			return ms_fail_nomem(err);
	return 1;
}

/* 1: the path is right; 0: refused, or undecided, which is noted; -1. */
static int
check_path(struct asking *q, X509 *x, STACK_OF(X509) *extra,
    struct ms_err *err)
{
	const struct ms_finding *g;
	struct ms_report r;
	bool undecided;
	int rc = -1;

	ms_report_init(&r);
	if (ms_trust_check(q->l->trust, x, extra, q->use, q->l->at, &r,
	    err) != 0)
		goto out;
	g = decisive(&r, &undecided);
	if (!g) {
		rc = accept(q, &r, err);
		goto out;
	}
	if (refuse_finding(q, x, g, err) != 0)
		goto out;
	q->undecided |= undecided;
	rc = 0;
	if (undecided && !q->undecided_why &&
	    !(q->undecided_why = strdup(g->text)))
		rc = ms_fail_nomem(err);
out:
	ms_report_clear(&r);
	return rc;
}

int
lookup_offer(struct asking *q, X509 *x, STACK_OF(X509) *extra,
    const char *no, struct ms_err *err)
{
	int rc;

	if (seen(q->f, x, &rc))
		return rc;
	if (!ms_cert_has_addr(x, q->addr))
		no = "RFC 8550 section 3: the certificate is for another "
		    "address";
	else if (!ms_cert_san_has_addr(x, q->addr))
		no = "RFC 5280 section 4.2.1.6: the address stands in the "
		    "subject, not in subjectAltName";
	if (no)
		return refuse(q, x, no, err);
	if (!ms_cert_may_at(x, q->use, q->l->at, &no) ||
	    (q->use == MS_USE_ENCRYPT && !ms_cert_may_seal(x, &no)))
		return refuse(q, x, no, err);
	rc = check_path(q, x, extra, err);
	if (rc == 1 && take(q, x, err) != 0)
		rc = -1;
	return rc;
}

/* ---- one address ---- */

/* Opened when first asked: a source that is away is no reason not to ask the
 * others, and may be back later. */
static int
open_source(struct source *s, struct ms_err *err)
{
	time_t now = time(NULL);

	if (s->state)
		return 0;
	if (s->tried == 0 || now < s->tried || now - s->tried >= RETRY_S) {
		ms_err_reset(&s->why);
		s->tried = now;
		if (s->kind->open(s->uri + strlen(s->kind->scheme), &s->state,
		    &s->why) == 0) {
			s->tried = 0;
			return 0;
		}
	}
	return ms_fail(err, s->why.class, "%s", s->why.text);
}

static int
add_reason(struct ms_buf *b, const char *what, const char *why)
{
	return ms_buf_addf(b, NULL, "%s%s%s%s", b->n ? "; " : "", what,
	    why ? ": " : "", why ? why : "");
}

static int
ask_sources(struct asking *q, struct ms_buf *away, struct ms_buf *from,
    struct ms_err *err)
{
	struct source *s;
	struct ms_err why = MS_ERR_INIT;
	size_t i, before;

	for (i = 0; i < q->l->n && (q->all || q->f->n == 0); i++) {
		s = &q->l->v[i];
		before = q->f->n;
		ms_err_reset(&why);
		if (open_source(s, &why) != 0 ||
		    s->kind->find(s->state, q, &why) != 0) {
			if (why.class == MS_OS || why.class == MS_BUG)
				return ms_fail(err, why.class, "%s: %s",
				    s->uri, why.text);
			add_reason(away, s->uri, why.text);
		}
		if (q->f->n > before)
			add_reason(from, s->uri, NULL);
	}
	return 0;
}

/* Why not, when all sources have answered. */
static void
reason_no(const struct asking *q, struct ms_buf *b)
{
	const struct ms_found *f = q->f;
	size_t i;

	if (f->nrefused > 1)
		ms_buf_addf(b, NULL, "%zu certificates, none may be used: ",
		    f->nrefused);
	if (f->nrefused > 0) {
		ms_buf_adds(b, f->refused[0].why, NULL);
		return;
	}
	ms_buf_adds(b, "no certificate in ", NULL);
	for (i = 0; i < q->l->n; i++)
		ms_buf_addf(b, NULL, "%s%s", i ? ", " : "", q->l->v[i].uri);
}

static void
conclude(struct asking *q, struct ms_buf *away, struct ms_buf *from)
{
	if (q->f->n > 0) {
		q->f->answer = MS_ANSWER_YES;
		if (away->n > 0)
			add_reason(from, ms_buf_str(away), NULL);
		if (q->f->warning)
			add_reason(from, q->f->warning, NULL);
	} else if (away->n > 0 || q->undecided) {
		q->f->answer = MS_ANSWER_UNKNOWN;
		if (q->undecided_why)
			add_reason(away, q->undecided_why, NULL);
	} else {
		q->f->answer = MS_ANSWER_NO;
	}
}

int
ms_lookup_find(struct ms_lookup *l, const struct ms_addr *addr,
    enum ms_usage use, bool all, struct ms_found *f, struct ms_err *err)
{
	struct ms_buf away = MS_BUF_INIT(REASON_MAX);
	struct ms_buf from = MS_BUF_INIT(REASON_MAX);
	struct asking q = { l, addr, use, all, f, false, NULL };
	struct ms_buf *why = &from;
	int rc;

	memset(f, 0, sizeof(*f));
	rc = ask_sources(&q, &away, &from, err);
	if (rc == 0) {
		conclude(&q, &away, &from);
		if (f->answer == MS_ANSWER_UNKNOWN)
			why = &away;
		else if (f->answer == MS_ANSWER_NO)
			reason_no(&q, why);
		f->reason = ms_buf_steal(why, NULL);
		if (!f->reason)
			rc = ms_fail_nomem(err);
	}
	if (rc != 0)
		ms_found_clear(f);
	free(q.undecided_why);
	ms_buf_clear(&away);
	ms_buf_clear(&from);
	return rc;
}
