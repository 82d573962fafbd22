/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MS_LOOKUP_INTERNAL_H
#define MS_LOOKUP_INTERNAL_H

#include "lookup/lookup.h"

/* Certificates of one address looked at in one source; a directory or
 * database that holds more for one is misused. */
#define LOOKUP_CANDIDATES 64

struct asking;		/* one address being looked up */

/*
 * Offer a candidate: it is judged and put among the found or the refused.
 * extra: certificates that lay beside it and may help to build its path, or
 * NULL.  no: why the source itself rules it out, or NULL.  1: may be used;
 * 0: may not; -1: failed.
 */
int lookup_offer(struct asking *q, X509 *x, STACK_OF(X509) *extra,
    const char *no, struct ms_err *err);
const struct ms_addr *lookup_addr(const struct asking *q);
/* Whether one that may be used was offered, by this source or one before. */
bool lookup_is_found(const struct asking *q);
/* Whether a source may stop then. */
bool lookup_first_is_enough(const struct asking *q);

/* A kind of source: a row of the one table in lookup.c. */
struct source_kind {
	const char *scheme;	/* "dir:" */
	/* where: what stands behind the scheme, never empty */
	int (*open)(const char *where, void **ret, struct ms_err *err);
	/* Offer all candidates of the address.  -1: it could not be asked, or
	 * not in full; classes MS_OS and MS_BUG end the lookup. */
	int (*find)(void *state, struct asking *q, struct ms_err *err);
	/* Nothing is asked for a while; may be NULL. */
	void (*rest)(void *state);
	void (*free)(void *state);
};

extern const struct source_kind lookup_dir;
extern const struct source_kind lookup_db;

#endif
