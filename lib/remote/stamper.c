/* SPDX-License-Identifier: Apache-2.0 */
/* Timestamps from others, one authority after the other. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "remote/remote.h"

#define QUERY "application/timestamp-query"
#define REPLY "application/timestamp-reply"
/* A response is a token and a few octets around it. */
#define REPLY_MAX (MS_TSP_TOKEN + 4096)

struct authority {
	char *url;
	struct ms_http *http;	/* made when first asked, then kept */
};

struct ms_stamper {
	struct authority *v;
	size_t n;
	struct ms_net_auth auth;
	bool has_auth;
	unsigned connect_ms, total_ms;
	struct ms_trust *trust;
};

int
ms_stamper_new(const struct ms_stamper_conf *conf, struct ms_stamper **ret,
    struct ms_err *err)
{
	struct ms_stamper *s;
	size_t i;

	if (conf->nurls == 0)
		return ms_fail(err, MS_CONFIG, "no timestamp authority named");
	s = calloc(1, sizeof(*s));
	if (!s)
		return ms_fail_nomem(err);
	s->v = calloc(conf->nurls, sizeof(*s->v));
	if (!s->v)
		goto nomem;
	s->n = conf->nurls;
	for (i = 0; i < s->n; i++) {
		s->v[i].url = strdup(conf->urls[i]);
		if (!s->v[i].url)
			goto nomem;
	}
	if (conf->auth) {
		s->auth = *conf->auth;
		s->has_auth = true;
	}
	s->connect_ms = conf->connect_ms;
	s->total_ms = conf->total_ms;
	if (conf->trust && !ms_trust_is_empty(conf->trust))
		s->trust = conf->trust;
	*ret = s;
	return 0;
nomem:
	ms_stamper_free(s);
	return ms_fail_nomem(err);
}

void
ms_stamper_free(struct ms_stamper *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->n; i++) {
		ms_http_free(s->v[i].http);
		free(s->v[i].url);
	}
	free(s->v);
	free(s);
}

/* RFC 3161 section 3.4: one exchange over HTTP. */
static int
post(struct ms_stamper *s, struct authority *a, struct ms_span query,
    struct ms_http_reply *reply, struct ms_err *err)
{
	if (!a->http && ms_http_new(a->url, s->has_auth ? &s->auth : NULL,
	    s->connect_ms, s->total_ms, &a->http, err) != 0)
		return -1;
	if (ms_http_exchange(a->http, QUERY, query.p, query.n, REPLY, reply,
	    err) != 0)
		return -1;
	if (reply->status != 200)
		return ms_fail(err, MS_TEMPFAIL, "HTTP status %ld",
		    reply->status);
	if (!ms_streq(reply->type, REPLY))
		return ms_fail(err, MS_TEMPFAIL, "RFC 3161 section 3.4: the "
		    "reply is '%s', not " REPLY, reply->type);
	return 0;
}

/*
 * Ask one after the other.  With q the response is checked and its token goes
 * to `to`; without, the response itself does.
 */
static int
ask_all(struct ms_stamper *s, const struct ms_tsq *q, struct ms_span query,
    struct ms_buf *to, struct ms_err *err)
{
	struct ms_http_reply reply = { .body = MS_BUF_INIT(REPLY_MAX) };
	struct ms_buf why = MS_BUF_INIT(64 * 1024);
	struct ms_err e;
	size_t i;
	int rc = -1;

	for (i = 0; i < s->n && rc != 0; i++) {
		ms_err_reset(&e);
		ms_buf_reset(&reply.body);
		ms_buf_reset(to);
		rc = post(s, &s->v[i], query, &reply, &e);
		if (rc == 0)
			rc = q ? ms_tsr_check(ms_buf_span(&reply.body), q,
			    s->trust, time(NULL), to, &e) :
			    ms_buf_add(to, reply.body.p, reply.body.n, &e);
		if (rc == 0)
			break;
		ms_buf_addf(&why, NULL, "%s%s: %s", i ? "; " : "",
		    s->v[i].url, e.text);
		/* What this machine lacks no other authority can mend. */
		if (e.class == MS_UNAVAILABLE || e.class == MS_USAGE ||
		    e.class == MS_OS) {
			ms_fail(err, e.class, "%s", ms_buf_str(&why) ?
			    ms_buf_str(&why) : e.text);
			break;
		}
	}
	if (rc != 0) {
		ms_buf_reset(to);
		ms_fail(err, MS_TEMPFAIL, "no timestamp authority answered: "
		    "%s", ms_buf_str(&why) ? ms_buf_str(&why) : "");
		ms_hint(err, "try again later, or name another one with "
		    "--tsa URL");
	}
	ms_buf_clear(&why);
	ms_buf_clear(&reply.body);
	return rc;
}

int
ms_stamper_relay(struct ms_stamper *s, struct ms_span req,
    struct ms_buf *resp, struct ms_err *err)
{
	return ask_all(s, NULL, req, resp, err);
}

int
ms_stamper_stamp(void *arg, enum ms_oid md, struct ms_span imprint,
    struct ms_buf *token, struct ms_err *err)
{
	struct ms_buf query = MS_BUF_INIT(4096);
	struct ms_tsq q;
	int rc = -1;

	if (ms_tsq_make(&q, md, imprint, err) != 0)
		return -1;
	if (ms_tsq_write(&q, &query, err) == 0)
		rc = ask_all(arg, &q, ms_buf_span(&query), token, err);
	ms_buf_clear(&query);
	ms_tsq_clear(&q);
	return rc;
}
