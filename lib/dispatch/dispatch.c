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

/* All copies, one after the other. */
static int
send_copies(const struct ms_dispatch *d, struct ms_spool *message,
    const char *from, struct decided *v, size_t n, struct decided **group,
    struct ms_err *err)
{
	struct ms_spool *sealed = NULL;
	size_t i, visible = 0;
	int rc = 0;

	for (i = 0; i < n; i++)
		if (v[i].rcpt->state == MS_STATE_READY && v[i].rcpt->visible)
			group[visible++] = &v[i];
	if (visible > 0) {
		rc = ms_seal_copy(d, message, group, visible, &sealed, err);
		if (rc == 0)
			rc = ms_deliver_copy(d, sealed, from, group, visible,
			    err);
		ms_spool_free(sealed);
	}
	for (i = 0; rc == 0 && i < n; i++) {
		struct decided *one = &v[i];

		if (one->rcpt->state != MS_STATE_READY || one->rcpt->visible)
			continue;
		/* What stopped the visible copy stops the blind ones. */
		if (visible > 0 && !d->partial &&
		    group[0]->rcpt->state != MS_STATE_SEALED) {
			ms_rcpt_state(one->rcpt, MS_STATE_DEFERRED,
			    "not sent: the copy for the other recipients "
			    "was not accepted");
			continue;
		}
		sealed = NULL;
		rc = ms_seal_copy(d, message, &one, 1, &sealed, err);
		if (rc == 0)
			rc = ms_deliver_copy(d, sealed, from, &one, 1, err);
		ms_spool_free(sealed);
	}
	return rc;
}

/* The whole result in one class. */
static int
conclude(const struct ms_dispatch_rcpt *r, size_t n, struct ms_err *err)
{
	size_t sealed = count(r, n, MS_STATE_SEALED);
	size_t deferred = count(r, n, MS_STATE_DEFERRED);

	if (sealed == n)
		return 0;
	if (sealed == 0 && deferred > 0)
		return ms_fail(err, MS_TEMPFAIL, "nobody has received it: "
		    "%zu of %zu recipients deferred", deferred, n);
	return ms_fail(err, MS_NO, "%zu of %zu recipients have not received "
	    "it", n - sealed, n);
}

static int
sign_and_send(const struct ms_dispatch *d, struct ms_spool *message,
    const char *from, struct decided *v, struct ms_dispatch_rcpt *rcpts,
    size_t n, struct ms_err *err)
{
	struct decided **group = calloc(n, sizeof(*group));
	struct ms_spool *signed_msg = NULL;
	struct ms_err e = MS_ERR_INIT;
	size_t i;
	int rc;

	if (!group)
		return ms_fail_nomem(err);
	rc = ms_seal_sign(d, message, &signed_msg, &e);
	if (rc == 0 && !d->dry_run)
		rc = send_copies(d, signed_msg, from, v, n, group, &e);
	ms_spool_free(signed_msg);
	free(group);
	if (rc == 0)
		return d->dry_run ? 0 : conclude(rcpts, n, err);
	/* Signing or sealing failed: what has not left yet does not leave. */
	for (i = 0; i < n; i++)
		if (rcpts[i].state == MS_STATE_READY)
			ms_rcpt_state(&rcpts[i], e.class == MS_TEMPFAIL ?
			    MS_STATE_DEFERRED : MS_STATE_REFUSED, "%.500s",
			    e.text);
	if (e.class == MS_TEMPFAIL && count(rcpts, n, MS_STATE_SEALED) > 0)
		e.class = MS_NO;
	ms_fail(err, e.class, "%s", e.text);
	return e.hint[0] ? ms_hint(err, "%s", e.hint) : -1;
}

int
ms_dispatch(const struct ms_dispatch *d, struct ms_spool *message,
    const char *from, struct ms_dispatch_rcpt *rcpts, size_t n,
    struct ms_err *err)
{
	struct decided *v;
	size_t i, ready;
	int rc;

	if (n == 0)
		return ms_fail(err, MS_USAGE, "no recipients");
	v = calloc(n, sizeof(*v));
	if (!v)
		return ms_fail_nomem(err);
	for (i = 0; i < n; i++)
		v[i].rcpt = &rcpts[i];
	rc = ms_decide(d, v, n, err);
	ready = count(rcpts, n, MS_STATE_READY);
	if (rc == 0 && (ready == 0 || (ready < n && !d->partial)))
		rc = stop_all(rcpts, n, err);
	else if (rc == 0)
		rc = sign_and_send(d, message, from, v, rcpts, n, err);
	for (i = 0; i < n; i++)
		ms_found_clear(&v[i].found);
	free(v);
	return rc;
}
