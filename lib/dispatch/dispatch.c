/* SPDX-License-Identifier: Apache-2.0 */
/* One message, all its recipients. */
#include "dispatch/dispatch.h"

#include <stdlib.h>

#include "dispatch/internal.h"

static size_t
count(const struct ms_dispatch_rcpt *r, size_t n, enum ms_state s)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++)
		k += r[i].state == s;
	return k;
}

/* One refused or deferred stops all: nothing leaves for the others. */
static int
stop_all(struct ms_dispatch_rcpt *r, size_t n, struct ms_err *err)
{
	size_t i, deferred = count(r, n, MS_STATE_DEFERRED);
	size_t refused = count(r, n, MS_STATE_REFUSED);

	for (i = 0; i < n; i++)
		if (r[i].state == MS_STATE_READY)
			ms_rcpt_state(&r[i], MS_STATE_DEFERRED, "not sent: "
			    "not every recipient can be sealed");
	ms_fail(err, deferred ? MS_TEMPFAIL : MS_NO, "nothing was sent: %zu "
	    "of %zu recipients cannot be written to sealed%s",
	    deferred + refused, n, deferred ? " now" : "");
	return ms_hint(err, deferred ? "try again later" :
	    "ms-lookup --why ADDRESS tells why; --partial sends to the "
	    "others");
}

/* One message on its way through. */
struct run {
	const struct ms_dispatch *d;
	struct ms_spool *message;	/* signed */
	const char *from;
	struct ms_dispatch_rcpt *rcpts;
	struct decided *v;
	size_t n;
	struct ms_err why;	/* what stopped a transport first */
};

static int
send_copy(struct run *r, struct decided *const *to, size_t n,
    struct ms_err *err)
{
	struct ms_spool *sealed = NULL;
	int rc = ms_seal_copy(r->d, r->message, to, n, &sealed, err);

	if (rc == 0)
		rc = ms_deliver_copy(r->d, sealed, r->from, to, n, &r->why,
		    err);
	ms_spool_free(sealed);
	return rc;
}

/* The copy that those in To and Cc share. */
static int
send_visible(struct run *r, struct ms_err *err)
{
	struct decided **group = calloc(r->n, sizeof(*group));
	size_t i, k = 0;
	int rc = 0;

	if (!group)
		return ms_fail_nomem(err);
	for (i = 0; i < r->n; i++)
		if (r->v[i].rcpt->state == MS_STATE_READY &&
		    r->v[i].rcpt->visible)
			group[k++] = &r->v[i];
	if (k > 0)
		rc = send_copy(r, group, k, err);
	free(group);
	return rc;
}

/*
 * All copies, one after the other.  As long as nobody has the message, one
 * copy that is not taken stops those behind it; afterwards they go on, since
 * nobody could call back what has left.
 */
static int
send_copies(struct run *r, struct ms_err *err)
{
	bool partial = r->d->partial, sent;
	size_t i;

	if (send_visible(r, err) != 0)
		return -1;
	sent = count(r->rcpts, r->n, MS_STATE_SEALED) > 0;
	for (i = 0; i < r->n; i++) {
		struct decided *one = &r->v[i];

		if (one->rcpt->state != MS_STATE_READY)
			continue;
		if (r->why.class != MS_OK && !sent && !partial) {
			ms_rcpt_state(one->rcpt, MS_STATE_DEFERRED,
			    "not sent: the copy for another recipient was not "
			    "taken");
			continue;
		}
		if (send_copy(r, &one, 1, err) != 0)
			return -1;
		sent |= one->rcpt->state == MS_STATE_SEALED;
	}
	return 0;
}

/* The whole result in one class. */
static int
conclude(const struct run *r, struct ms_err *err)
{
	size_t sealed = count(r->rcpts, r->n, MS_STATE_SEALED);
	size_t deferred = count(r->rcpts, r->n, MS_STATE_DEFERRED);
	size_t failed = count(r->rcpts, r->n, MS_STATE_FAILED);

	if (sealed == r->n)
		return 0;
	if (sealed > 0 || failed + count(r->rcpts, r->n,
	    MS_STATE_REFUSED) == r->n || r->why.class == MS_NO)
		return ms_fail(err, MS_NO, "%zu of %zu recipients have not "
		    "received it", r->n - sealed, r->n);
	if (r->why.class != MS_OK && r->why.class != MS_TEMPFAIL)
		return ms_fail(err, r->why.class, "nobody has received it: "
		    "%s", r->why.text);
	return ms_fail(err, MS_TEMPFAIL, "nobody has received it: %zu of %zu "
	    "recipients deferred", deferred, r->n);
}

/* Signing or sealing failed: what has not left yet does not leave. */
static int
give_up(struct run *r, const struct ms_err *e, struct ms_err *err)
{
	bool later = e->class == MS_TEMPFAIL;
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->rcpts[i].state == MS_STATE_READY)
			ms_rcpt_state(&r->rcpts[i], later ? MS_STATE_DEFERRED :
			    MS_STATE_REFUSED, "%.500s", e->text);
	later = later && count(r->rcpts, r->n, MS_STATE_SEALED) == 0;
	ms_fail(err, later || e->class != MS_TEMPFAIL ? e->class : MS_NO,
	    "%s", e->text);
	return e->hint[0] ? ms_hint(err, "%s", e->hint) : -1;
}

static int
sign_and_send(struct run *r, struct ms_spool *message, struct ms_err *err)
{
	struct ms_err e = MS_ERR_INIT;
	int rc = ms_seal_sign(r->d, message, &r->message, &e);
	size_t ready;

	if (rc == 0 && !r->d->dry_run)
		rc = send_copies(r, &e);
	ms_spool_free(r->message);
	if (rc != 0)
		return give_up(r, &e, err);
	if (!r->d->dry_run)
		return conclude(r, err);
	ready = count(r->rcpts, r->n, MS_STATE_READY);
	return ready == r->n ? 0 : ms_fail(err, MS_NO, "%zu of %zu recipients "
	    "would not receive it", r->n - ready, r->n);
}

int
ms_dispatch(const struct ms_dispatch *d, struct ms_spool *message,
    const char *from, struct ms_dispatch_rcpt *rcpts, size_t n,
    struct ms_err *err)
{
	struct run r = { .d = d, .from = from, .rcpts = rcpts, .n = n,
		.why = MS_ERR_INIT };
	size_t i, ready;
	int rc;

	if (n == 0)
		return ms_fail(err, MS_USAGE, "no recipients");
	r.v = calloc(n, sizeof(*r.v));
	if (!r.v)
		return ms_fail_nomem(err);
	for (i = 0; i < n; i++)
		r.v[i].rcpt = &rcpts[i];
	rc = ms_decide(d, r.v, n, err);
	ready = count(rcpts, n, MS_STATE_READY);
	if (rc == 0 && (ready == 0 || (ready < n && !d->partial)))
		rc = stop_all(rcpts, n, err);
	else if (rc == 0)
		rc = sign_and_send(&r, message, err);
	for (i = 0; i < n; i++)
		ms_found_clear(&r.v[i].found);
	free(r.v);
	return rc;
}
