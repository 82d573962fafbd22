/* SPDX-License-Identifier: Apache-2.0 */
/* The source "db:URI", a certificate database, read only. */
#include <stdlib.h>
#include <time.h>

#include "lookup/certtab.h"
#include "lookup/internal.h"

/*
 * A read transaction costs more than the lookup in it, so one serves many;
 * but it holds the database's journal, and what it reads grows old.
 */
#define SNAPSHOT_LOOKUPS 1000
#define SNAPSHOT_S 1

struct db {
	struct ms_store *store;
	struct ms_stmt *find;
	unsigned lookups;	/* in this snapshot; 0: there is none */
	time_t since;
};

static void
db_free(void *state)
{
	struct db *d = state;

	if (!d)
		return;
	ms_stmt_free(d->find);
	if (d->store)
		ms_store_rollback(d->store);
	ms_store_close(d->store);
	free(d);
}

static int
db_open(const char *where, void **ret, struct ms_err *err)
{
	struct db *d = calloc(1, sizeof(*d));

	if (!d)
		return ms_fail_nomem(err);
	/* What was replaced comes last: it explains the least. */
	if (ms_store_open(where, MS_STORE_READONLY, &ms_certtab_schema,
	    &d->store, err) != 0 ||
	    ms_stmt_prepare(d->store, "SELECT cert.st, cert.der FROM idx "
	    "JOIN cert ON cert.id = idx.id WHERE idx.k = ?1 "
	    "ORDER BY cert.st = 1, cert.st, cert.nb DESC, cert.na DESC, "
	    "cert.id DESC LIMIT ?2", &d->find, err) != 0) {
		db_free(d);
		return -1;
	}
	*ret = d;
	return 0;
}

static void
db_rest(void *state)
{
	struct db *d = state;

	if (d->lookups > 0)
		ms_store_rollback(d->store);
	d->lookups = 0;
}

static int
snapshot(struct db *d, struct ms_err *err)
{
	time_t now = time(NULL);

	if (d->lookups >= SNAPSHOT_LOOKUPS || now < d->since ||
	    now - d->since > SNAPSHOT_S)
		db_rest(d);
	if (d->lookups == 0) {
		if (ms_store_exec(d->store, "BEGIN", err) != 0)
			return -1;
		d->since = now;
	}
	d->lookups++;
	return 0;
}

static const char *
ruled_out(int64_t st)
{
	switch (st) {
	case MS_CERTTAB_PUBLISHED:
		return NULL;
	case MS_CERTTAB_REPLACED:
		return "a newer certificate has replaced it in the database";
	case MS_CERTTAB_REVOKED:
		return "revoked, the database says";
	case MS_CERTTAB_EXPIRED:
		return "expired, the database says";
	}
	return "withdrawn from the database";
}

static int
db_find(void *state, struct asking *q, struct ms_err *err)
{
	unsigned char k[MS_CERTTAB_KEY];
	struct db *d = state;
	const char *no;
	int rc = -1;
	X509 *x;

	if (ms_certtab_key_addr(lookup_addr(q), k, err) != 0 ||
	    snapshot(d, err) != 0)
		return -1;
	if (ms_stmt_bind_blob(d->find, 1, k, sizeof(k), err) != 0 ||
	    ms_stmt_bind_int(d->find, 2, LOOKUP_CANDIDATES, err) != 0)
		goto out;
	while ((rc = ms_stmt_step(d->find, err)) == 1) {
		no = ruled_out(ms_stmt_int(d->find, 0));
		rc = ms_cert_parse(ms_stmt_blob(d->find, 1), &x, err);
		if (rc != 0)
			break;
		if (lookup_offer(q, x, NULL, no, err) < 0)
			rc = -1;
		X509_free(x);
		if (rc != 0)
			break;
	}
out:
	ms_stmt_reset(d->find, NULL);
	if (rc != 0)
		db_rest(d);
	return rc;
}

const struct source_kind lookup_db = { "db:", db_open, db_find, db_rest,
	db_free };
