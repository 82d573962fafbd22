/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MS_DISPATCH_INTERNAL_H
#define MS_DISPATCH_INTERNAL_H

#include "dispatch/dispatch.h"

/* What was decided for one recipient. */
struct decided {
	struct ms_dispatch_rcpt *rcpt;
	struct ms_found found;	/* its certificates when READY */
};

/* decide.c: look everybody up; states and reasons are set. -1: not an
 * answer. */
int ms_decide(const struct ms_dispatch *d, struct decided *v, size_t n,
    struct ms_err *err);

/* seal.c: the signed message, and one sealed copy of it. */
int ms_seal_sign(const struct ms_dispatch *d, struct ms_spool *message,
    struct ms_spool **ret, struct ms_err *err);
int ms_seal_copy(const struct ms_dispatch *d, struct ms_spool *signed_msg,
    struct decided *const *to, size_t n, struct ms_spool **ret,
    struct ms_err *err);

/* deliver.c: hand one copy to its recipients; states and reasons are set, and
 * what stopped the transport in *why (the first of all copies).  -1: no
 * memory. */
int ms_deliver_copy(const struct ms_dispatch *d, struct ms_spool *copy,
    const char *from, struct decided *const *to, size_t n,
    struct ms_err *why, struct ms_err *err);

void ms_rcpt_state(struct ms_dispatch_rcpt *r, enum ms_state s,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
