/* SPDX-License-Identifier: Apache-2.0 */
/* The table of transports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/internal.h"

static const struct ms_transport_ops *const kinds[] = {
	&ms_transport_smtp, &ms_transport_smtps, &ms_transport_sendmail,
	&ms_transport_maildir
};

struct ms_transport {
	const struct ms_transport_ops *ops;
	void *state;
};

int
ms_transport_open(const char *uri, const struct ms_net_auth *auth,
    char *const *env, struct ms_transport **ret, struct ms_err *err)
{
	struct ms_transport *t;
	size_t i, n = sizeof(kinds) / sizeof(kinds[0]);

	for (i = 0; i < n; i++)
		if (strncmp(uri, kinds[i]->scheme,
		    strlen(kinds[i]->scheme)) == 0)
			break;
	if (i == n) {
		ms_fail(err, MS_USAGE, "'%s' is no transport we know", uri);
		return ms_hint(err, "smtp://HOST, smtps://HOST, sendmail: or "
		    "maildir:PATH");
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return ms_fail_nomem(err);
	t->ops = kinds[i];
	t->state = t->ops->open(uri + strlen(t->ops->scheme), t->ops->scheme,
	    auth, env, err);
	if (!t->state) {
		free(t);
		return -1;
	}
	*ret = t;
	return 0;
}

void
ms_transport_free(struct ms_transport *t)
{
	if (!t)
		return;
	t->ops->free(t->state);
	free(t);
}

int
ms_transport_send(struct ms_transport *t, const char *from,
    struct ms_rcpt_result *rcpts, size_t n, bool partial,
    struct ms_spool *message, struct ms_err *err)
{
	ms_rcpts_set(rcpts, n, MS_DELIVERY_NONE, "");
	if (n == 0)
		return ms_fail(err, MS_BUG, "no recipients for a transport");
	return t->ops->send(t->state, from, rcpts, n, partial, message,
	    err);
}

void
ms_rcpts_set(struct ms_rcpt_result *rcpts, size_t n, enum ms_delivery state,
    const char *reason)
{
	size_t i;

	for (i = 0; i < n; i++) {
		rcpts[i].state = state;
		rcpts[i].maybe = false;
		snprintf(rcpts[i].reason, sizeof(rcpts[i].reason), "%s",
		    reason);
	}
}
