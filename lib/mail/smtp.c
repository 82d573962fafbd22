/* SPDX-License-Identifier: Apache-2.0 */
/* smtp://[USER@]HOST[:PORT], smtps://[USER@]HOST[:PORT] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/internal.h"

#define CONNECT_MS 30000
/* RFC 5321 section 4.5.3.2.6: ten minutes after the final dot. */
#define TOTAL_MS 600000
/* Recipients that every server takes in one transaction, RFC 5321 section
 * 4.5.3.1.8. */
#define AT_ONCE_MIN 100

struct smtp {
	char *host;
	char *user;
	unsigned port;
	enum ms_smtp_tls tls;
	struct ms_net_auth auth;
	struct ms_smtp *conn;	/* kept between messages */
};

static void
smtp_free(void *state)
{
	struct smtp *s = state;

	ms_smtp_free(s->conn);
	free(s->host);
	free(s->user);
	free(s);
}

/* HOST, HOST:PORT, [v6]:PORT; a slash may end it. */
static int
parse_host(struct smtp *s, const char *p, struct ms_err *err)
{
	size_t n = strcspn(p, "/");
	const char *colon;
	uint64_t port;

	if (p[n] == '/' && p[n + 1] != '\0')
		return ms_fail(err, MS_USAGE, "'%s': nothing may follow the "
		    "host", p);
	s->host = ms_span_dup((struct ms_span){ (const unsigned char *)p, n });
	if (!s->host)
		return ms_fail_nomem(err);
	colon = strrchr(s->host, ':');
	if (colon && !strchr(colon, ']')) {
		if (ms_parse_uint(colon + 1, "port", 1, 65535, &port, err) != 0)
			return -1;
		s->port = (unsigned)port;
		s->host[colon - s->host] = '\0';
	}
	if (!*s->host)
		return ms_fail(err, MS_USAGE, "no host named");
	return 0;
}

static void *
smtp_open(const char *rest, const char *scheme,
    const struct ms_net_auth *auth, char *const *env, struct ms_err *err)
{
	struct smtp *s = calloc(1, sizeof(*s));
	bool implicit = ms_streq(scheme, "smtps://");
	const char *at = strrchr(rest, '@');

	if (!s) {
		ms_fail_nomem(err);
		return NULL;
	}
	if (auth)
		s->auth = *auth;
	if (at) {
		s->user = ms_span_dup((struct ms_span){
		    (const unsigned char *)rest, (size_t)(at - rest) });
		if (!s->user) {
			ms_fail_nomem(err);
			goto fail;
		}
		if (strchr(s->user, ':')) {
			ms_fail(err, MS_USAGE, "a password does not belong "
			    "into a URI");
			ms_hint(err, "--passphrase-file smtp=FILE gives it");
			goto fail;
		}
		s->auth.user = s->user;
	}
	s->port = implicit ? 465 : 25;
	if (parse_host(s, at ? at + 1 : rest, err) != 0)
		goto fail;
	s->tls = implicit ? MS_SMTP_TLS_IMPLICIT : ms_net_loopback(s->host) ?
	    MS_SMTP_TLS_NONE : MS_SMTP_TLS_STARTTLS;
	return s;
fail:
	smtp_free(s);
	return NULL;
}

/* Where the server named too many recipients (RFC 5321 section 4.5.3.1.10),
 * how many it takes at once; else 0. */
static size_t
too_many(const struct ms_smtp_rcpt *v, size_t n)
{
	size_t i;

	for (i = 0; i < n && v[i].code < 400; i++)
		continue;
	return i < n && i >= AT_ONCE_MIN && v[i].code == 452 ? i : 0;
}

/* What the server said to each, or what happened to all. */
static void
set_states(struct ms_rcpt_result *rcpts, const struct ms_smtp_rcpt *v,
    size_t n, const struct ms_err *e)
{
	bool refused = false;
	size_t i;

	for (i = 0; i < n; i++)
		refused |= v[i].code >= 500;
	for (i = 0; i < n; i++) {
		struct ms_rcpt_result *r = &rcpts[i];

		r->maybe = v[i].maybe;
		snprintf(r->reason, sizeof(r->reason), "%.*s",
		    (int)sizeof(r->reason) - 1, v[i].code >= 400 ?
		    v[i].reply : e->text);
		if (v[i].code / 100 == 2)
			r->state = MS_DELIVERED;
		else if (v[i].code >= 500)
			r->state = MS_FAILED;
		else if (v[i].code >= 400 || e->class != MS_NO)
			r->state = MS_DEFERRED;
		else	/* not sent because another one was refused, or since
			 * the server lacks what all of them need */
			r->state = refused ? MS_DELIVERY_NONE : MS_FAILED;
		if (r->state == MS_DELIVERED)
			r->reason[0] = '\0';
	}
}

static int
transact(struct smtp *s, const char *from, struct ms_smtp_rcpt *v, size_t n,
    bool partial, struct ms_spool *message, struct ms_err *e)
{
	struct ms_src *src = ms_spool_read(message, e);

	if (!src || (!s->conn && ms_smtp_new(s->host, s->port, s->tls,
	    &s->auth, CONNECT_MS, TOTAL_MS, &s->conn, e) != 0))
		return -1;
	return ms_smtp_send(s->conn, from, v, n, !partial, src, e);
}

/* Whether there is sense in trying the recipients behind these. */
static bool
go_on(const struct ms_smtp_rcpt *v, size_t n, int rc, bool partial)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].code >= 400 && partial)
			return true;	/* the server answers */
	return rc == 0;
}

static int
smtp_send(void *state, const char *from, struct ms_rcpt_result *rcpts,
    size_t n, bool partial, struct ms_spool *message, struct ms_err *err)
{
	struct smtp *s = state;
	struct ms_smtp_rcpt *v = calloc(n, sizeof(*v));
	size_t i, k, fewer, sent = 0, most = partial ? AT_ONCE_MIN : n;
	struct ms_err e = MS_ERR_INIT, first = MS_ERR_INIT;
	bool on = true;
	int rc;

	if (!v)
		return ms_fail_nomem(err);
	for (i = 0; i < n; i++)
		v[i].addr = rcpts[i].addr;
	for (i = 0; on && i < n; i += k) {
		k = n - i < most ? n - i : most;
		ms_err_reset(&e);
		rc = transact(s, from, v + i, k, partial, message, &e);
		fewer = rc == 0 ? 0 : too_many(v + i, k);
		if (fewer > 0) {
			most = fewer;
			k = 0;
			continue;
		}
		set_states(rcpts + i, v + i, k, &e);
		on = go_on(v + i, k, rc, partial);
		if (rc != 0)
			ms_fail(&first, e.class, "%s", e.text);
	}
	for (; i < n; i++) {
		rcpts[i].state = MS_DEFERRED;
		snprintf(rcpts[i].reason, sizeof(rcpts[i].reason),
		    "not sent: %.200s", e.text);
	}
	for (i = 0; i < n; i++)
		sent += rcpts[i].state == MS_DELIVERED;
	free(v);
	if (sent == n || (partial && sent > 0))
		return 0;
	return ms_fail(err, first.class, "%s", first.text);
}

const struct ms_transport_ops ms_transport_smtp = {
	"smtp://", smtp_open, smtp_send, smtp_free
};
const struct ms_transport_ops ms_transport_smtps = {
	"smtps://", smtp_open, smtp_send, smtp_free
};
