/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "certdb/certdb.h"
#include "pki/pki.h"

#define CERT_MAX ((size_t)64 * 1024)	/* bytes of one certificate */
#define SIBLINGS 64		/* certificates of one address compared */

enum query { Q_FIND, Q_CERT, Q_CERT_ID, Q_CERT_NEW, Q_IDX, Q_CHANGE, Q_STATE,
	Q_DROP, Q_DROP_IDX, Q_COUNT, Q_END };

static const char *const sql[Q_END] = {
	[Q_FIND] = "SELECT id FROM idx WHERE k = ?1 ORDER BY id DESC LIMIT ?2",
	[Q_CERT] = "SELECT st, ku, nb, der FROM cert WHERE id = ?1",
	[Q_CERT_NEW] = "INSERT INTO cert(nb, na, st, ku, der) "
	    "VALUES(?1, ?2, ?3, ?4, ?5) RETURNING id",
	[Q_CERT_ID] = "SELECT cert.id, cert.st FROM idx JOIN cert "
	    "ON cert.id = idx.id WHERE idx.k = ?1 AND cert.der = ?2",
	[Q_IDX] = "INSERT OR IGNORE INTO idx(k, id) VALUES(?1, ?2)",
	[Q_CHANGE] = "INSERT INTO change(op, id, time) VALUES(?1, ?2, ?3)",
	[Q_STATE] = "UPDATE cert SET st = ?2 WHERE id = ?1",
	[Q_DROP] = "DELETE FROM cert WHERE id = ?1",
	[Q_DROP_IDX] = "DELETE FROM idx WHERE k = ?1 AND id = ?2",
	[Q_COUNT] = "SELECT count(*) FROM cert WHERE st = ?1"
};

struct ms_certdb {
	struct ms_store *store;
	struct ms_stmt *q[Q_END];
	bool batch;
};

/* A certificate with what is stored of it. */
struct record {
	X509 *x;		/* borrowed */
	struct ms_buf der;
	struct ms_addrlist addrs;	/* of the SAN */
	time_t nb, na;
	int ku;
};

/* ---- opening ---- */

void
ms_certdb_close(struct ms_certdb *db)
{
	int i;

	if (!db)
		return;
	for (i = 0; i < Q_END; i++)
		ms_stmt_free(db->q[i]);
	ms_store_rollback(db->store);
	ms_store_close(db->store);
	free(db);
}

int
ms_certdb_open(const char *uri, bool create, struct ms_certdb **ret,
    struct ms_err *err)
{
	struct ms_certdb *db = calloc(1, sizeof(*db));
	int i, rc;

	if (!db)
		return ms_fail_nomem(err);
	if (strncmp(uri, "db:", 3) == 0)
		uri += 3;
	rc = ms_store_open(uri, create ? MS_STORE_CREATE : 0,
	    &ms_certtab_schema, &db->store, err);
	for (i = 0; rc == 0 && i < Q_END; i++)
		rc = ms_stmt_prepare(db->store, sql[i], &db->q[i], err);
	if (rc != 0) {
		ms_certdb_close(db);
		return -1;
	}
	*ret = db;
	return 0;
}

int
ms_certdb_begin(struct ms_certdb *db, struct ms_err *err)
{
	if (ms_store_begin(db->store, err) != 0)
		return -1;
	db->batch = true;
	return 0;
}

int
ms_certdb_commit(struct ms_certdb *db, struct ms_err *err)
{
	if (ms_store_commit(db->store, err) != 0)
		return -1;
	db->batch = false;
	return 0;
}

void
ms_certdb_rollback(struct ms_certdb *db)
{
	ms_store_rollback(db->store);
	db->batch = false;
}

/* ---- statements ---- */

/* Run a statement that gives no rows; its parameters are bound. */
static int
run(struct ms_certdb *db, enum query q, struct ms_err *err)
{
	int rc = ms_stmt_step(db->q[q], err);

	ms_stmt_reset(db->q[q], NULL);
	return rc < 0 ? -1 : 0;
}

static int
note(struct ms_certdb *db, enum ms_certtab_op op, int64_t id, time_t now,
    struct ms_err *err)
{
	struct ms_stmt *q = db->q[Q_CHANGE];

	if (ms_stmt_bind_int(q, 1, op, err) != 0 ||
	    ms_stmt_bind_int(q, 2, id, err) != 0 ||
	    ms_stmt_bind_int(q, 3, now, err) != 0)
		return -1;
	return run(db, Q_CHANGE, err);
}

static int
set_state(struct ms_certdb *db, int64_t id, enum ms_certtab_st st,
    enum ms_certtab_op op, time_t now, struct ms_err *err)
{
	struct ms_stmt *q = db->q[Q_STATE];

	if (ms_stmt_bind_int(q, 1, id, err) != 0 ||
	    ms_stmt_bind_int(q, 2, st, err) != 0 ||
	    run(db, Q_STATE, err) != 0)
		return -1;
	return note(db, op, id, now, err);
}

static int
put_key(struct ms_certdb *db, enum query what,
    const unsigned char k[MS_CERTTAB_KEY], int64_t id, struct ms_err *err)
{
	struct ms_stmt *q = db->q[what];

	if (ms_stmt_bind_blob(q, 1, k, MS_CERTTAB_KEY, err) != 0 ||
	    ms_stmt_bind_int(q, 2, id, err) != 0)
		return -1;
	return run(db, what, err);
}

/* ---- records ---- */

static void
record_clear(struct record *r)
{
	ms_buf_clear(&r->der);
	ms_addrlist_clear(&r->addrs);
}

static int
record_init(struct record *r, X509 *x, struct ms_err *err)
{
	memset(r, 0, sizeof(*r));
	ms_buf_init(&r->der, CERT_MAX);
	r->x = x;
	r->nb = ms_cert_not_before(x);
	r->na = ms_cert_not_after(x);
	if (ms_cert_may(x, MS_USE_SIGN, NULL))
		r->ku |= MS_CERTTAB_SIGN;
	if (ms_cert_may(x, MS_USE_ENCRYPT, NULL))
		r->ku |= MS_CERTTAB_ENCRYPT;
	if (ms_cert_san_addrs(x, &r->addrs, err) != 0 ||
	    ms_cert_der(x, &r->der, err) != 0) {
		record_clear(r);
		return -1;
	}
	return 0;
}

/* Put in or take out all keys of a record. */
static int
keys(struct ms_certdb *db, enum query what, const struct record *r,
    int64_t id, struct ms_err *err)
{
	struct ms_buf ias = MS_BUF_INIT(CERT_MAX);
	unsigned char k[MS_CERTTAB_KEY];
	size_t i;
	int rc = -1;

	if (ms_certtab_key_cert(ms_buf_span(&r->der), k, err) != 0 ||
	    put_key(db, what, k, id, err) != 0 ||
	    ms_cert_ias(r->x, &ias, err) != 0 ||
	    ms_certtab_key_ias(ms_buf_span(&ias), k, err) != 0 ||
	    put_key(db, what, k, id, err) != 0)
		goto out;
	rc = 0;
	for (i = 0; rc == 0 && i < r->addrs.n; i++)
		if (ms_certtab_key_addr(&r->addrs.v[i], k, err) != 0 ||
		    put_key(db, what, k, id, err) != 0)
			rc = -1;
out:
	ms_buf_clear(&ias);
	return rc;
}

/* 1: *id and *st of this very certificate; 0: it is not there; -1. */
static int
find(struct ms_certdb *db, struct ms_span der, int64_t *id, int64_t *st,
    struct ms_err *err)
{
	struct ms_stmt *q = db->q[Q_CERT_ID];
	unsigned char k[MS_CERTTAB_KEY];
	int rc;

	if (ms_certtab_key_cert(der, k, err) != 0 ||
	    ms_stmt_bind_blob(q, 1, k, sizeof(k), err) != 0 ||
	    ms_stmt_bind_blob(q, 2, der.p, der.n, err) != 0)
		return -1;
	rc = ms_stmt_step(q, err);
	if (rc == 1) {
		*id = ms_stmt_int(q, 0);
		*st = ms_stmt_int(q, 1);
	}
	ms_stmt_reset(q, NULL);
	return rc;
}

/* ---- replacing ---- */

/* Whether all that b can do, a can, and began no earlier. */
static bool
replaces(const struct record *a, const struct record *b)
{
	size_t i, j;

	if (a->nb < b->nb || (b->ku & ~a->ku) != 0 ||
	    X509_NAME_cmp(X509_get_issuer_name(a->x),
	    X509_get_issuer_name(b->x)) != 0)
		return false;
	for (i = 0; i < b->addrs.n; i++) {
		for (j = 0; j < a->addrs.n; j++)
			if (ms_addr_equal(&b->addrs.v[i], &a->addrs.v[j]))
				break;
		if (j == a->addrs.n)
			return false;
	}
	return true;
}

/* The ids under the key, newest first; at most SIBLINGS. */
static int
siblings(struct ms_certdb *db, const unsigned char k[MS_CERTTAB_KEY],
    int64_t ids[SIBLINGS], size_t *n, struct ms_err *err)
{
	struct ms_stmt *q = db->q[Q_FIND];
	int rc;

	*n = 0;
	if (ms_stmt_bind_blob(q, 1, k, MS_CERTTAB_KEY, err) != 0 ||
	    ms_stmt_bind_int(q, 2, SIBLINGS, err) != 0)
		return -1;
	while ((rc = ms_stmt_step(q, err)) == 1)
		ids[(*n)++] = ms_stmt_int(q, 0);
	ms_stmt_reset(q, NULL);
	return rc;
}

/* The certificate of that id; *x NULL when it is not published. */
static int
fetch(struct ms_certdb *db, int64_t id, X509 **x, struct ms_err *err)
{
	struct ms_stmt *q = db->q[Q_CERT];
	int rc;

	*x = NULL;
	if (ms_stmt_bind_int(q, 1, id, err) != 0)
		return -1;
	rc = ms_stmt_step(q, err);
	if (rc == 1 && ms_stmt_int(q, 0) == MS_CERTTAB_PUBLISHED)
		rc = ms_cert_parse(ms_stmt_blob(q, 3), x, err);
	ms_stmt_reset(q, NULL);
	return rc < 0 ? -1 : 0;
}

/* Settle the newcomer with one sibling; sets *st when it comes in replaced. */
static int
settle(struct ms_certdb *db, const struct record *r, int64_t id, int64_t *st,
    time_t now, struct ms_err *err)
{
	struct record old;
	X509 *x;
	int rc = 0;

	if (fetch(db, id, &x, err) != 0)
		return -1;
	if (!x)
		return 0;
	if (record_init(&old, x, err) != 0) {
		X509_free(x);
		return -1;
	}
	if (replaces(r, &old))
		rc = set_state(db, id, MS_CERTTAB_REPLACED,
		    MS_CERTTAB_REPLACE, now, err);
	else if (replaces(&old, r))
		*st = MS_CERTTAB_REPLACED;
	record_clear(&old);
	X509_free(x);
	return rc;
}

static int
settle_all(struct ms_certdb *db, const struct record *r, int64_t *st,
    time_t now, struct ms_err *err)
{
	unsigned char k[MS_CERTTAB_KEY];
	int64_t ids[SIBLINGS];
	size_t i, j, n;

	for (i = 0; i < r->addrs.n; i++) {
		if (ms_certtab_key_addr(&r->addrs.v[i], k, err) != 0 ||
		    siblings(db, k, ids, &n, err) != 0)
			return -1;
		for (j = 0; j < n; j++)
			if (settle(db, r, ids[j], st, now, err) != 0)
				return -1;
	}
	return 0;
}

/* ---- the three changes ---- */

static int
insert(struct ms_certdb *db, const struct record *r, time_t now,
    struct ms_err *err)
{
	struct ms_stmt *q = db->q[Q_CERT_NEW];
	int64_t id, st = MS_CERTTAB_PUBLISHED;
	int rc;

	if (settle_all(db, r, &st, now, err) != 0 ||
	    ms_stmt_bind_int(q, 1, r->nb, err) != 0 ||
	    ms_stmt_bind_int(q, 2, r->na, err) != 0 ||
	    ms_stmt_bind_int(q, 3, st, err) != 0 ||
	    ms_stmt_bind_int(q, 4, r->ku, err) != 0 ||
	    ms_stmt_bind_blob(q, 5, r->der.p, r->der.n, err) != 0)
		return -1;
	rc = ms_stmt_step(q, err);
	id = rc == 1 ? ms_stmt_int(q, 0) : 0;
	ms_stmt_reset(q, NULL);
	if (rc != 1 || keys(db, Q_IDX, r, id, err) != 0 ||
	    note(db, MS_CERTTAB_ADD, id, now, err) != 0)
		return -1;
	return 1;
}

static int
do_add(struct ms_certdb *db, const struct record *r, time_t now,
    struct ms_err *err)
{
	int64_t id, st;
	int rc;

	if (r->addrs.n == 0)
		return ms_fail(err, MS_DATA, "RFC 5280 section 4.2.1.6: no "
		    "e-mail address in subjectAltName");
	rc = find(db, ms_buf_span(&r->der), &id, &st, err);
	return rc == 0 ? insert(db, r, now, err) : rc < 0 ? -1 : 0;
}

static int
do_revoke(struct ms_certdb *db, const struct record *r, time_t now,
    struct ms_err *err)
{
	int64_t id, st;
	int rc = find(db, ms_buf_span(&r->der), &id, &st, err);

	if (rc != 1 || st == MS_CERTTAB_REVOKED)
		return rc < 0 ? -1 : 0;
	rc = set_state(db, id, MS_CERTTAB_REVOKED, MS_CERTTAB_REVOKE, now,
	    err);
	return rc == 0 ? 1 : -1;
}

static int
do_remove(struct ms_certdb *db, const struct record *r, time_t now,
    struct ms_err *err)
{
	struct ms_stmt *q = db->q[Q_DROP];
	int64_t id, st;
	int rc = find(db, ms_buf_span(&r->der), &id, &st, err);

	if (rc != 1)
		return rc;
	if (keys(db, Q_DROP_IDX, r, id, err) != 0 ||
	    ms_stmt_bind_int(q, 1, id, err) != 0 ||
	    run(db, Q_DROP, err) != 0 ||
	    note(db, MS_CERTTAB_REMOVE, id, now, err) != 0)
		return -1;
	return 1;
}

/* A change is whole or not at all; within a batch, the batch is. */
static int
change(struct ms_certdb *db, X509 *x, time_t now,
    int (*todo)(struct ms_certdb *, const struct record *, time_t,
    struct ms_err *), struct ms_err *err)
{
	struct record r;
	int rc = -1;

	if (record_init(&r, x, err) != 0)
		return -1;
	if (db->batch || ms_store_begin(db->store, err) == 0) {
		rc = todo(db, &r, now, err);
		if (!db->batch && rc >= 0 &&
		    ms_store_commit(db->store, err) != 0)
			rc = -1;
		if (!db->batch && rc < 0)
			ms_store_rollback(db->store);
	}
	record_clear(&r);
	return rc;
}

int
ms_certdb_add(struct ms_certdb *db, X509 *x, time_t now, struct ms_err *err)
{
	return change(db, x, now, do_add, err);
}

int
ms_certdb_revoke(struct ms_certdb *db, X509 *x, time_t now,
    struct ms_err *err)
{
	return change(db, x, now, do_revoke, err);
}

int
ms_certdb_remove(struct ms_certdb *db, X509 *x, time_t now,
    struct ms_err *err)
{
	return change(db, x, now, do_remove, err);
}

int
ms_certdb_count(struct ms_certdb *db, enum ms_certtab_st st, uint64_t *n,
    struct ms_err *err)
{
	struct ms_stmt *q = db->q[Q_COUNT];
	int rc;

	if (ms_stmt_bind_int(q, 1, st, err) != 0)
		return -1;
	rc = ms_stmt_step(q, err);
	if (rc == 1)
		*n = (uint64_t)ms_stmt_int(q, 0);
	ms_stmt_reset(q, NULL);
	return rc == 1 ? 0 : -1;
}
