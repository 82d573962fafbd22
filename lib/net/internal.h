/* SPDX-License-Identifier: Apache-2.0 */
/* Between the contract (net.c) and the module that knows libcurl. */
#ifndef MS_NET_INTERNAL_H
#define MS_NET_INTERNAL_H

#include "net/net.h"

/* Longest envelope address, in bytes: RFC 5321 section 4.5.3.1.3 gives a
 * path 256 octets, angle brackets included. */
#define MS_NET_ADDR 254
/* Header fields of one HTTP reply together, in bytes: far beyond what
 * servers send, small enough to be held by nobody. */
#define MS_NET_HEAD ((size_t)256 * 1024)

struct ms_net_ops {
	int (*http_new)(const char *url, const struct ms_net_auth *auth,
	    unsigned connect_ms, unsigned total_ms, struct ms_http **ret,
	    struct ms_err *err);
	void (*http_free)(struct ms_http *h);
	int (*http_exchange)(struct ms_http *h, const char *type,
	    const void *p, size_t n, const char *accept,
	    struct ms_http_reply *reply, struct ms_err *err);
	int (*smtp_new)(const char *host, unsigned port, enum ms_smtp_tls tls,
	    const struct ms_net_auth *auth, unsigned connect_ms,
	    unsigned total_ms, struct ms_smtp **ret, struct ms_err *err);
	void (*smtp_free)(struct ms_smtp *s);
	int (*smtp_send)(struct ms_smtp *s, const char *from,
	    struct ms_smtp_rcpt *rcpt, size_t nrcpt, bool all_or_none,
	    struct ms_src *message, struct ms_err *err);
};

struct ms_http {
	const struct ms_net_ops *ops;
	bool public_only;
};

struct ms_smtp {
	const struct ms_net_ops *ops;
};

#endif
