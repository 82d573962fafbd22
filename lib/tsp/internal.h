/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of tsp share among themselves. */
#ifndef MS_TSP_INTERNAL_H
#define MS_TSP_INTERNAL_H

#include "tsp/tsp.h"

#define TSP_MESSAGE ((size_t)128 * 1024) /* bytes of a request or response */
#define TSP_OID 128			/* bytes of a policy */

#define TSP_POLICIES 32			/* of one authority */
#define TSP_HASHES 8			/* likewise */

struct ms_tsa_rules {
	struct ms_buf policy[TSP_POLICIES];	/* OID contents octets */
	size_t npolicies;
	enum ms_oid hash[TSP_HASHES];
	size_t nhashes;		/* 0: all we know */
};

/* MessageImprint (contents of its SEQUENCE): *md is UNKNOWN when the hash is
 * not one we read; the octets' number must fit a known one. */
int tsp_imprint_parse(struct ms_span seq, enum ms_oid *md,
    unsigned char imprint[64], size_t *n, struct ms_err *err);
void tsp_imprint_write(struct ms_der *d, enum ms_oid md,
    const unsigned char *imprint, size_t n);
/* INTEGER contents into a fixed field: 1 to max octets, minimal. */
int tsp_integer(struct ms_span v, unsigned char *to, size_t max, size_t *n,
    const char *what, struct ms_err *err);
/* BOOLEAN DEFAULT FALSE: absent, or 0xff. */
int tsp_flag(struct ms_span *s, bool *flag, const char *what,
    struct ms_err *err);

/* Over what a token must be: its imprint, or the data itself (hashed with the
 * token's own algorithm); both NULL: not compared. */
struct tsp_subject {
	enum ms_oid md;
	struct ms_span imprint;
	struct ms_span data;
};
int tsp_token_judge(struct ms_span der, const struct tsp_subject *over,
    struct ms_trust *trust, time_t at, bool legacy, struct ms_tstinfo *ti,
    struct ms_report *r, struct ms_err *err);

#endif
