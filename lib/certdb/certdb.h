/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate database that the source "db:" reads: who publishes writes
 * here.  Nothing in it is trusted for being in it: whoever looks a certificate
 * up judges its path.  The tables are those of lookup/certtab.h.
 */
#ifndef MS_CERTDB_H
#define MS_CERTDB_H

#include <openssl/x509.h>
#include <stdint.h>
#include <time.h>

#include "lookup/certtab.h"

struct ms_certdb;

/*
 * uri as ms_store_open() takes it, with its errors; also with "db:" in front,
 * as --source has it.  create: makes a database that is not there.
 */
int ms_certdb_open(const char *uri, bool create, struct ms_certdb **ret,
    struct ms_err *err);
void ms_certdb_close(struct ms_certdb *db);

/* Many changes in one transaction, which is all of them or none and far
 * cheaper.  Without it each change is a transaction of its own. */
int ms_certdb_begin(struct ms_certdb *db, struct ms_err *err);
int ms_certdb_commit(struct ms_certdb *db, struct ms_err *err);
void ms_certdb_rollback(struct ms_certdb *db);

/*
 * Publish a certificate under each address in its subjectAltName; one without
 * any is MS_DATA.  It replaces those of the same issuer that began before it,
 * have no address that it lacks and no use (signing, encrypting) that it
 * lacks; when there is one that replaces it in turn, it comes in as replaced.
 * 1: it is new; 0: it was there already, and what it was (replaced, revoked)
 * it still is; -1.
 */
int ms_certdb_add(struct ms_certdb *db, X509 *x, time_t now,
    struct ms_err *err);
/* Mark it revoked, by issuer and serial number (RFC 5280 section 5.1.2.6).
 * 1: done; 0: it is not there or was revoked already. */
int ms_certdb_revoke(struct ms_certdb *db, X509 *x, time_t now,
    struct ms_err *err);
/* Take it out.  1: done; 0: it is not there. */
int ms_certdb_remove(struct ms_certdb *db, X509 *x, time_t now,
    struct ms_err *err);
/* How many certificates have this state. */
int ms_certdb_count(struct ms_certdb *db, enum ms_certtab_st st, uint64_t *n,
    struct ms_err *err);

#endif
