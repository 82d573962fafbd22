/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the module "net": one peer's handle. */
#ifndef MS_NET_MOD_H
#define MS_NET_MOD_H

#include <curl/curl.h>

#include "net/internal.h"

struct net_peer {
	CURL *curl;
	char *url;		/* without a log-in */
	char *name;		/* the peer in messages */
	const char *protocols;	/* the only ones that may be spoken */
	char *user, *password, *ca_file, *cert_file, *key_file, *key_password;
	unsigned connect_ms, total_ms;
	char text[CURL_ERROR_SIZE];
	struct ms_err why;	/* what a callback of ours refused */
	bool refused;		/* an address that is not public */
};

/* Takes copies of everything but protocols. */
int net_peer_init(struct net_peer *p, const char *url, const char *name,
    const char *protocols, const struct ms_net_auth *auth,
    unsigned connect_ms, unsigned total_ms, struct ms_err *err);
void net_peer_clear(struct net_peer *p);
/* Forget the options of the last exchange, keep its connection, and set what
 * every exchange needs. */
int net_peer_reset(struct net_peer *p, struct ms_err *err);
CURLcode net_peer_perform(struct net_peer *p);
/* The exit class of a CURLcode. */
enum ms_class net_class(CURLcode rc);
/* What libcurl says about a failure, or what it calls the code. */
const char *net_text(const struct net_peer *p, CURLcode rc);

/* Connect to public addresses only; 0, or not when libcurl cannot. */
int net_guard(struct net_peer *p);

int net_smtp_new(const char *host, unsigned port, enum ms_smtp_tls tls,
    const struct ms_net_auth *auth, unsigned connect_ms, unsigned total_ms,
    struct ms_smtp **ret, struct ms_err *err);
void net_smtp_free(struct ms_smtp *s);
int net_smtp_send(struct ms_smtp *s, const char *from,
    struct ms_smtp_rcpt *rcpt, size_t nrcpt, bool all_or_none,
    struct ms_src *message, struct ms_err *err);

extern const struct ms_net_ops ms_module_net;

#endif
