/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MS_MAIL_INTERNAL_H
#define MS_MAIL_INTERNAL_H

#include "mail/mail.h"

/* One kind of transport; its state is its own. */
struct ms_transport_ops {
	const char *scheme;	/* "maildir:", the whole prefix */
	/* rest: the URI behind the scheme. */
	void *(*open)(const char *rest, const char *scheme,
	    const struct ms_net_auth *auth, char *const *env,
	    struct ms_err *err);
	/* As ms_transport_send(); all states are MS_DELIVERY_NONE before. */
	int (*send)(void *state, const char *from,
	    struct ms_rcpt_result *rcpts, size_t n, bool partial,
	    struct ms_spool *message, struct ms_err *err);
	void (*free)(void *state);
};

extern const struct ms_transport_ops ms_transport_maildir;
extern const struct ms_transport_ops ms_transport_sendmail;
extern const struct ms_transport_ops ms_transport_smtp;
extern const struct ms_transport_ops ms_transport_smtps;

/* Give all recipients this state and reason. */
void ms_rcpts_set(struct ms_rcpt_result *rcpts, size_t n,
    enum ms_delivery state, const char *reason);

#endif
