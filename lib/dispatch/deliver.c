/* SPDX-License-Identifier: Apache-2.0 */
/* Handing one sealed copy to its recipients. */
#include <stdlib.h>

#include "dispatch/internal.h"

/* One transport after the other, as long as nobody has taken anything. */
static int
try_transports(const struct ms_dispatch *d, struct ms_spool *copy,
    const char *from, struct ms_rcpt_result *r, size_t n, struct ms_err *e)
{
	size_t i;
	int rc = -1;

	for (i = 0; i < d->ntransports; i++) {
		ms_err_reset(e);
		rc = ms_transport_send(d->transports[i], from, r, n, copy, e);
		if (rc == 0 || e->class == MS_NO)
			break;
	}
	return rc;
}

/* Those the next system refused for good are taken out of r; how many are
 * left. */
static size_t
drop_failed(struct ms_rcpt_result *r, struct decided **who, size_t n)
{
	size_t i, left = 0;

	for (i = 0; i < n; i++) {
		if (r[i].state == MS_FAILED) {
			ms_rcpt_state(who[i]->rcpt, MS_STATE_FAILED, "%s",
			    r[i].reason);
			continue;
		}
		r[left] = r[i];
		who[left++] = who[i];
	}
	return left;
}

static void
settle(struct decided **who, const struct ms_rcpt_result *r, size_t n,
    const struct ms_err *e)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (r[i].state == MS_DELIVERED)
			ms_rcpt_state(who[i]->rcpt, MS_STATE_SEALED, "%s", "");
		else if (r[i].state == MS_FAILED)
			ms_rcpt_state(who[i]->rcpt, MS_STATE_FAILED, "%s",
			    r[i].reason);
		else if (r[i].state == MS_DEFERRED)
			ms_rcpt_state(who[i]->rcpt, MS_STATE_DEFERRED, "%s",
			    r[i].reason);
		else
			ms_rcpt_state(who[i]->rcpt, MS_STATE_DEFERRED,
			    "not sent: another recipient of the same copy "
			    "was refused (%s)", e->text);
	}
}

int
ms_deliver_copy(const struct ms_dispatch *d, struct ms_spool *copy,
    const char *from, struct decided *const *to, size_t n, struct ms_err *err)
{
	struct ms_rcpt_result *r = calloc(n, sizeof(*r));
	struct decided **who = calloc(n, sizeof(*who));
	struct ms_err e = MS_ERR_INIT;
	size_t i, left;
	int rc;

	if (!r || !who) {
		free(r);
		free(who);
		return ms_fail_nomem(err);
	}
	for (i = 0; i < n; i++) {
		who[i] = to[i];
		r[i].addr = to[i]->rcpt->addr.spec;
	}
	for (;;) {
		rc = try_transports(d, copy, from, r, n, &e);
		if (rc == 0 || !d->partial)
			break;
		/* Go on for the others, as long as that makes them fewer. */
		left = drop_failed(r, who, n);
		if (left == 0 || left == n) {
			n = left;
			break;
		}
		n = left;
	}
	settle(who, r, n, &e);
	free(r);
	free(who);
	return 0;
}
