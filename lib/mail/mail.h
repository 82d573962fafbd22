/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing messages on: transports.  One file per kind, one table of kinds.
 */
#ifndef MS_MAIL_H
#define MS_MAIL_H

#include "mime/mime.h"
#include "net/net.h"

enum ms_delivery {
	MS_DELIVERY_NONE = 0,	/* not tried */
	MS_DELIVERED,		/* the next system took responsibility */
	MS_DEFERRED,		/* for now not: nothing was taken */
	MS_FAILED		/* refused for good */
};

struct ms_rcpt_result {
	const char *addr;	/* addr-spec; borrowed */
	enum ms_delivery state;
	bool maybe;		/* deferred, but the next system may have
				 * taken it: no other one is to be asked */
	char reason[256];	/* one line */
};

struct ms_transport;

/*
 * "smtp://[USER@]HOST[:PORT]" (port 25; STARTTLS required unless the host is
 * loopback), "smtps://[USER@]HOST[:PORT]" (465), "sendmail:[PATH]" (default
 * /usr/sbin/sendmail), "maildir:PATH" (one Maildir for all recipients, made
 * when missing).  A password in the URI is MS_USAGE, an unknown kind too.
 * Nothing is contacted yet.  env: the environment of programs that are
 * started (borrowed; msmtp looks for HOME), or NULL for none.
 */
int ms_transport_open(const char *uri, const struct ms_net_auth *auth,
    char *const *env, struct ms_transport **ret, struct ms_err *err);
void ms_transport_free(struct ms_transport *t);
/*
 * Deliver one message (a spool with CRLF line ends; it may be read again by
 * the next transport); from: envelope sender, an addr-spec or "" for the null
 * sender.  To all recipients or to none, as far as one transaction reaches
 * (sendmail and Maildir: all; SMTP: as many as the server takes at once);
 * with `partial` to as many as can be.  0: no recipient is
 * MS_DELIVERY_NONE and at least one MS_DELIVERED, which without `partial` are
 * all; -1 otherwise, and the states tell who got it all the same.  MS_NO:
 * refused for good; MS_TEMPFAIL: not now; MS_NOPERM, MS_UNAVAILABLE,
 * MS_CONFIG: never as things stand.
 */
int ms_transport_send(struct ms_transport *t, const char *from,
    struct ms_rcpt_result *rcpts, size_t n, bool partial,
    struct ms_spool *message, struct ms_err *err);

#endif
