/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What certificates name to be fetched: revocation lists, OCSP answers,
 * issuers.  The URLs come from strangers, so where they lead is limited, and
 * so are the time and the bytes they may cost.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "remote/internal.h"

#define HANDLES 8		/* connections that are kept */
#define FAILURES 64		/* that are remembered */
#define FAILED_S 300		/* for so long */

struct handle {
	char *url;
	struct ms_http *http;
};

struct failure {
	char *url;
	enum ms_class class;
	char text[256];
	time_t until;
};

struct fetcher {
	char *cache;		/* or NULL */
	bool pruned;
	bool private_hosts;
	unsigned connect_ms, total_ms;
	uint64_t left_ms;	/* of the budget */
	struct handle handle[HANDLES];
	unsigned next_handle;
	struct failure failure[FAILURES];
	unsigned next_failure;
};

static const struct {
	const char *type, *accept;
} speak[] = {
	[MS_FETCH_CRL] = { NULL, "application/pkix-crl" },
	[MS_FETCH_OCSP] = { "application/ocsp-request",
	    "application/ocsp-response" },
	[MS_FETCH_ISSUER] = { NULL,
	    "application/pkix-cert, application/pkcs7-mime" },
};

static uint64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- failures ---- */

static const struct failure *
failed(const struct fetcher *f, const char *url)
{
	time_t now = time(NULL);
	size_t i;

	for (i = 0; i < FAILURES; i++)
		if (f->failure[i].until > now &&
		    ms_streq(f->failure[i].url, url))
			return &f->failure[i];
	return NULL;
}

/* The next certificate shall not wait for the same again. */
static void
note_failure(struct fetcher *f, const char *url, const struct ms_err *why)
{
	struct failure *x = &f->failure[f->next_failure++ % FAILURES];

	free(x->url);
	x->url = strdup(url);
	x->class = why->class;
	memcpy(x->text, why->text, sizeof(x->text));
	x->text[sizeof(x->text) - 1] = '\0';
	x->until = time(NULL) + FAILED_S;
}

/* ---- asking ---- */

static int
connect_to(struct fetcher *f, const char *url, struct ms_http **ret,
    struct ms_err *err)
{
	struct handle *h;
	size_t i;

	for (i = 0; i < HANDLES; i++) {
		if (ms_streq(f->handle[i].url, url)) {
			*ret = f->handle[i].http;
			return 0;
		}
	}
	h = &f->handle[f->next_handle++ % HANDLES];
	ms_http_free(h->http);
	free(h->url);
	h->http = NULL;
	h->url = strdup(url);
	if (!h->url)
		return ms_fail_nomem(err);
	if (ms_http_new(url, NULL, f->connect_ms, f->total_ms, &h->http,
	    err) != 0) {
		free(h->url);
		h->url = NULL;
		return -1;
	}
	if (!f->private_hosts)
		ms_http_public_only(h->http);
	*ret = h->http;
	return 0;
}

static int
ask(struct fetcher *f, const struct ms_fetch_query *q, struct ms_buf *to,
    struct ms_err *err)
{
	struct ms_http_reply reply = { .body = MS_BUF_INIT(to->max) };
	struct ms_http *http = NULL;
	uint64_t start = clock_ms(), spent;
	int rc;

	if (f->left_ms == 0)
		return ms_fail(err, MS_TEMPFAIL, "not asked: the time for "
		    "asking others is used up");
	rc = connect_to(f, q->url, &http, err);
	if (rc == 0)
		rc = ms_http_exchange(http, speak[q->kind].type, q->body.p,
		    q->body.n, speak[q->kind].accept, &reply, err);
	if (rc == 0 && reply.status != 200)
		rc = ms_fail(err, MS_TEMPFAIL, "HTTP status %ld",
		    reply.status);
	if (rc == 0)
		rc = ms_buf_add(to, reply.body.p, reply.body.n, err);
	ms_buf_clear(&reply.body);
	spent = clock_ms() - start;
	f->left_ms -= spent < f->left_ms ? spent : f->left_ms;
	return rc;
}

static int
get(void *arg, const struct ms_fetch_query *q, struct ms_buf *to,
    struct ms_err *err)
{
	struct fetcher *f = arg;
	const struct failure *before;
	struct ms_err why;

	if (f->cache && !q->anew && cache_get(f->cache, q, to))
		return 1;
	before = failed(f, q->url);
	if (before)
		return ms_fail(err, before->class, "%s", before->text);
	ms_err_reset(&why);
	if (ask(f, q, to, &why) == 0)
		return 0;
	note_failure(f, q->url, &why);
	return ms_fail(err, why.class, "%s", why.text);
}

static void
keep(void *arg, const struct ms_fetch_query *q, struct ms_span bytes,
    time_t until)
{
	struct fetcher *f = arg;

	if (!f->cache)
		return;
	if (!f->pruned)
		cache_prune(f->cache);
	f->pruned = true;
	cache_put(f->cache, q, bytes, until);
}

static time_t
now(void *arg)
{
	(void)arg;
	return time(NULL);
}

static void
fetcher_free(void *arg)
{
	struct fetcher *f = arg;
	size_t i;

	for (i = 0; i < HANDLES; i++) {
		ms_http_free(f->handle[i].http);
		free(f->handle[i].url);
	}
	for (i = 0; i < FAILURES; i++)
		free(f->failure[i].url);
	free(f->cache);
	free(f);
}

int
ms_fetcher_new(const struct ms_fetcher_conf *conf, struct ms_fetch *ret,
    struct ms_err *err)
{
	struct fetcher *f = calloc(1, sizeof(*f));

	if (!f || (conf->cache && !(f->cache = strdup(conf->cache)))) {
		free(f);
		return ms_fail_nomem(err);
	}
	f->private_hosts = conf->private_hosts;
	f->connect_ms = conf->connect_ms;
	f->total_ms = conf->total_ms;
	f->left_ms = conf->budget_ms;
	ret->get = get;
	ret->keep = keep;
	ret->now = now;
	ret->free = fetcher_free;
	ret->arg = f;
	return 0;
}
