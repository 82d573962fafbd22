/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP and SMTP as a client, over libcurl, which is a module.  One handle per
 * peer, so that the connection lives on between requests.
 */
#ifndef MS_NET_H
#define MS_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

/*
 * Whether host is "localhost" or a loopback address in digits; nothing is
 * looked up.
 */
bool ms_net_loopback(const char *host);

struct sockaddr;
/*
 * Whether an address is one of the public internet: not loopback, private
 * (RFC 1918, 4193, 6598), link-local, multicast, reserved, or such a one
 * inside of an IPv6 address (mapped, 6to4, NAT64).
 */
bool ms_net_public(const struct sockaddr *sa);

/* A user and password go nowhere without TLS, except to a loopback host
 * (MS_CONFIG). */
struct ms_net_auth {
	const char *user;	/* or NULL */
	const char *password;	/* or NULL */
	const char *ca_file;	/* PEM anchors of TLS, or NULL: the system's */
	const char *cert_file;	/* client certificate and key, PEM, or NULL */
	const char *key_file;
	const char *key_password;
};

/* ---- HTTP ---- */

struct ms_http;

struct ms_http_reply {
	long status;		/* HTTP status code */
	char type[128];		/* Content-Type without parameters, lower
				 * case; "" when there is none or it is too
				 * long */
	struct ms_buf body;	/* its maximum is set by the caller */
};

/*
 * url: http:// or https:// without user:password@ (MS_USAGE).  Timeouts in
 * milliseconds: connect, and the whole exchange.  Everything is copied.  No
 * proxy is used, TLS is 1.2 or later, and a ca_file replaces the system's
 * anchors.
 */
int ms_http_new(const char *url, const struct ms_net_auth *auth,
    unsigned connect_ms, unsigned total_ms, struct ms_http **ret,
    struct ms_err *err);
void ms_http_free(struct ms_http *h);
/* From now on connect only to addresses for which ms_net_public() holds, else
 * MS_NOPERM: for URLs that strangers name.  What the name resolved to counts,
 * when the connection is made. */
void ms_http_public_only(struct ms_http *h);
/*
 * POST n bytes (or GET when type is NULL).  0 for any HTTP status; no
 * redirects are followed.  MS_TEMPFAIL when the peer could not be reached, was
 * too slow or broke off; MS_NOPERM for a TLS certificate that does not
 * verify; MS_DATA for a body beyond the maximum and for what is not HTTP.
 * After a failure the body is empty.
 */
int ms_http_exchange(struct ms_http *h, const char *type, const void *p,
    size_t n, const char *accept, struct ms_http_reply *reply,
    struct ms_err *err);

/* ---- SMTP ---- */

struct ms_smtp;

enum ms_smtp_tls { MS_SMTP_TLS_NONE, MS_SMTP_TLS_STARTTLS,
	MS_SMTP_TLS_IMPLICIT };

struct ms_smtp_rcpt {
	const char *addr;	/* addr-spec; CR, LF, controls, blanks and angle
				 * brackets outside a quoted local part are
				 * refused with MS_DATA before anything is
				 * sent */
	int code;		/* out: the server's reply to RCPT, or to what
				 * else decided (MAIL, DATA, end of message);
				 * 0: not sent, and not refused either */
	char reply[256];	/* out: its text */
	bool maybe;		/* out: the connection broke behind the end of
				 * the message: it may have been accepted */
};

/*
 * host: a name or an address in digits.  With MS_SMTP_TLS_STARTTLS nothing is
 * said to a server that does not offer it.  Nothing is contacted yet.
 */
int ms_smtp_new(const char *host, unsigned port, enum ms_smtp_tls tls,
    const struct ms_net_auth *auth, unsigned connect_ms, unsigned total_ms,
    struct ms_smtp **ret, struct ms_err *err);
void ms_smtp_free(struct ms_smtp *s);
/*
 * Send one message to all the recipients in one transaction; an envelope_from
 * of "" or NULL is the null sender.  With `all_or_none` a refused recipient
 * ends it before DATA.  0: the server accepted responsibility after the end of
 * the message for every recipient whose code is 2xx.  -1 otherwise, and then
 * no recipient has a code of 2xx: MS_TEMPFAIL: connection failed or broke
 * (mid-message too; behind its end, the text says that it may have been
 * accepted), or 4xx; MS_NO: refused for good (5xx, or SMTPUTF8 is needed and
 * not offered); MS_NOPERM: log-in, certificate, or STARTTLS not offered.
 * Where recipients were refused with 4xx and 5xx, 4xx decides.  The message
 * must have CRLF line ends (MS_DATA for a bare CR or LF, and nothing is
 * accepted); dots are stuffed here.  A kept connection that the server has
 * closed meanwhile is made anew.
 */
int ms_smtp_send(struct ms_smtp *s, const char *envelope_from,
    struct ms_smtp_rcpt *rcpt, size_t nrcpt, bool all_or_none,
    struct ms_src *message, struct ms_err *err);

#endif
