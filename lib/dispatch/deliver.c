/* SPDX-License-Identifier: Apache-2.0 */
/* Handing one sealed copy to its recipients. */
#include <stdlib.h>

#include "dispatch/internal.h"

/* Whether somebody has it, or may have. */
static bool
taken(const struct ms_rcpt_result *r, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (r[i].state == MS_DELIVERED || r[i].maybe)
			return true;
	return false;
}

/* One transport after the other, as long as nobody has taken anything; a
 * refusal for good is the same everywhere. */
static void
try_transports(const struct ms_dispatch *d, struct ms_spool *copy,
    const char *from, struct ms_rcpt_result *r, size_t n, struct ms_err *e)
{
	size_t i;

	for (i = 0; i < d->ntransports; i++) {
		ms_err_reset(e);
		if (ms_transport_send(d->transports[i], from, r, n,
		    d->partial, copy, e) == 0 || e->class == MS_NO ||
		    taken(r, n))
			break;
	}
}

static void
settle(struct ms_dispatch_rcpt *to, const struct ms_rcpt_result *r,
    const struct ms_err *e)
{
	if (r->state == MS_DELIVERED)
		ms_rcpt_state(to, MS_STATE_SEALED, "%s", "");
	else if (r->state == MS_FAILED)
		ms_rcpt_state(to, MS_STATE_FAILED, "%s", r->reason);
	else if (r->state == MS_DEFERRED)
		ms_rcpt_state(to, MS_STATE_DEFERRED, "%s", r->reason);
	else
		ms_rcpt_state(to, MS_STATE_DEFERRED, "not sent: another "
		    "recipient of the same copy was refused (%.400s)",
		    e->text);
}

int
ms_deliver_copy(const struct ms_dispatch *d, struct ms_spool *copy,
    const char *from, struct decided *const *to, size_t n,
    struct ms_err *why, struct ms_err *err)
{
	struct ms_rcpt_result *r = calloc(n, sizeof(*r));
	struct ms_err e = MS_ERR_INIT;
	size_t i;

	if (!r)
		return ms_fail_nomem(err);
	for (i = 0; i < n; i++)
		r[i].addr = to[i]->rcpt->addr.spec;
	try_transports(d, copy, from, r, n, &e);
	for (i = 0; i < n; i++)
		settle(to[i]->rcpt, &r[i], &e);
	if (e.class != MS_OK)
		ms_fail(why, e.class, "%s", e.text);
	free(r);
	return 0;
}
