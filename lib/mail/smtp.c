/* SPDX-License-Identifier: Apache-2.0 */
/* smtp://[USER@]HOST[:PORT], smtps://[USER@]HOST[:PORT] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/internal.h"

#define CONNECT_MS 30000
/* RFC 5321 section 4.5.3.2.6: ten minutes after the final dot. */
#define TOTAL_MS 600000

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

static bool
is_loopback(const char *host)
{
	return ms_streq(host, "localhost") || ms_streq(host, "[::1]") ||
	    strncmp(host, "127.", 4) == 0;
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
	s->tls = implicit ? MS_SMTP_TLS_IMPLICIT : is_loopback(s->host) ?
	    MS_SMTP_TLS_NONE : MS_SMTP_TLS_STARTTLS;
	return s;
fail:
	smtp_free(s);
	return NULL;
}

/* What the server said to each, or what happened to all. */
static void
set_states(struct ms_rcpt_result *rcpts, const struct ms_smtp_rcpt *v,
    size_t n, bool sent, const struct ms_err *e)
{
	const char *why;
	size_t i;

	for (i = 0; i < n; i++) {
		int family = v[i].code / 100;

		why = v[i].code >= 400 ? v[i].reply : e->text;
		if (sent && family == 2) {
			rcpts[i].state = MS_DELIVERED;
			why = "";
		} else if (family == 5) {
			rcpts[i].state = MS_FAILED;
		} else if (family == 2 && e->class == MS_NO) {
			/* The others were refused, and so nobody got it. */
			rcpts[i].state = MS_DELIVERY_NONE;
		} else {
			rcpts[i].state = e->class == MS_NO ? MS_FAILED :
			    MS_DEFERRED;
		}
		snprintf(rcpts[i].reason, sizeof(rcpts[i].reason), "%.*s",
		    (int)sizeof(rcpts[i].reason) - 1, why);
	}
}

static int
smtp_send(void *state, const char *from, struct ms_rcpt_result *rcpts,
    size_t n, struct ms_spool *message, struct ms_err *err)
{
	struct smtp *s = state;
	struct ms_smtp_rcpt *v = calloc(n, sizeof(*v));
	struct ms_err e = MS_ERR_INIT;
	struct ms_src *src;
	size_t i;
	int rc = -1;

	if (!v)
		return ms_fail_nomem(err);
	for (i = 0; i < n; i++)
		v[i].addr = rcpts[i].addr;
	src = ms_spool_read(message, &e);
	if (src && (s->conn || ms_smtp_new(s->host, s->port, s->tls, &s->auth,
	    CONNECT_MS, TOTAL_MS, &s->conn, &e) == 0))
		rc = ms_smtp_send(s->conn, from, v, n, true, src, &e);
	set_states(rcpts, v, n, rc == 0, &e);
	free(v);
	if (rc != 0)
		ms_fail(err, e.class, "%s", e.text);
	return rc;
}

const struct ms_transport_ops ms_transport_smtp = {
	"smtp://", smtp_open, smtp_send, smtp_free
};
const struct ms_transport_ops ms_transport_smtps = {
	"smtps://", smtp_open, smtp_send, smtp_free
};
