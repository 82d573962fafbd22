/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of a certificate database, which the source "db:" reads and area
 * certdb writes.  A certificate is found through rows of idx, one for each
 * property it may be asked by; a key is the property's kind and the first
 * octets of a hash, as RFC 4387 section 2.1 allows, so that what is found is
 * compared again in full.
 *
 *	cert	id, nb and na (validity, seconds), st (enum ms_certtab_st), ku
 *		(bits of enum ms_certtab_ku), der
 *	idx	k (key), id
 *	meta	key, value
 *	change	seq, op (enum ms_certtab_op), id, time: what happened, in
 *		order, for copies that follow
 */
#ifndef MS_LOOKUP_CERTTAB_H
#define MS_LOOKUP_CERTTAB_H

#include "addr/addr.h"
#include "store/store.h"

enum ms_certtab_st {
	MS_CERTTAB_PUBLISHED = 0,
	MS_CERTTAB_REPLACED = 1,
	MS_CERTTAB_REVOKED = 2,
	MS_CERTTAB_EXPIRED = 3
};
enum ms_certtab_ku { MS_CERTTAB_SIGN = 1, MS_CERTTAB_ENCRYPT = 2 };
enum ms_certtab_op { MS_CERTTAB_ADD = 1, MS_CERTTAB_REPLACE = 2,
	MS_CERTTAB_REVOKE = 3, MS_CERTTAB_REMOVE = 4 };

extern const struct ms_schema ms_certtab_schema;

#define MS_CERTTAB_KEY 16	/* octets: the kind and 15 of the hash */

/* SHA-256 of the address: octets of the local part, "@", domain in A-labels
 * of lower case. */
int ms_certtab_key_addr(const struct ms_addr *a,
    unsigned char k[MS_CERTTAB_KEY], struct ms_err *err);
/* RFC 4387 certHash: SHA-1 of the certificate. */
int ms_certtab_key_cert(struct ms_span der, unsigned char k[MS_CERTTAB_KEY],
    struct ms_err *err);
/* RFC 4387 iAndSHash: SHA-1 of the IssuerAndSerialNumber. */
int ms_certtab_key_ias(struct ms_span ias, unsigned char k[MS_CERTTAB_KEY],
    struct ms_err *err);

#endif
