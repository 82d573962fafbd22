/* SPDX-License-Identifier: Apache-2.0 */
/* Revoking, and the list of what is revoked. */
#include <stdlib.h>
#include <string.h>

#include "ca/internal.h"

static const struct {
	const char *name;
	int code;		/* RFC 5280 section 5.3.1 */
} reasons[] = {
	{ "unspecified", 0 }, { "key-compromise", 1 },
	{ "affiliation-changed", 3 }, { "superseded", 4 },
	{ "cessation-of-operation", 5 }, { "privilege-withdrawn", 9 },
};

int
ms_ca_reason(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (ms_streq(reasons[i].name, name))
			return reasons[i].code;
	return -1;
}

/* 1: newly revoked, 0: no row was changed. */
static int
mark(struct ms_ca *ca, const unsigned char sha[32], int reason, time_t when,
    struct ms_err *err)
{
	struct ms_stmt *q;
	int r = -1;

	if (ms_stmt_prepare(ca->st, "UPDATE cert SET revoked = ?, reason = ? "
	    "WHERE sha256 = ? AND revoked IS NULL RETURNING id", &q, err) < 0)
		return -1;
	if (ms_stmt_bind_int(q, 1, when, err) == 0 &&
	    ms_stmt_bind_int(q, 2, reason, err) == 0 &&
	    ms_stmt_bind_blob(q, 3, sha, 32, err) == 0)
		r = ms_stmt_step(q, err);
	/* a row returned: the statement is not done before the next step */
	if (r == 1 && ms_stmt_step(q, err) < 0)
		r = -1;
	ms_stmt_free(q);
	return r;
}

static int
is_ours(struct ms_ca *ca, const unsigned char sha[32], struct ms_err *err)
{
	struct ms_stmt *q;
	int r = -1;

	if (ms_stmt_prepare(ca->st, "SELECT id FROM cert WHERE sha256 = ?", &q,
	    err) < 0)
		return -1;
	if (ms_stmt_bind_blob(q, 1, sha, 32, err) == 0)
		r = ms_stmt_step(q, err);
	ms_stmt_free(q);
	return r;
}

int
ms_ca_revoke(struct ms_ca *ca, X509 *cert, int reason, time_t when,
    struct ms_err *err)
{
	unsigned char sha[32];
	char *serial;
	int r;

	if (ms_cert_sha256(cert, sha, err) < 0)
		return -1;
	r = mark(ca, sha, reason, when, err);
	if (r != 0)
		return r < 0 ? -1 : 0;
	r = is_ours(ca, sha, err);
	if (r != 0)
		return r;
	serial = ms_cert_serial(cert);
	ms_fail(err, MS_NO, "certificate %s was not issued here",
	    serial ? serial : "?");
	free(serial);
	return -1;
}

/* ---- the list ---- */

struct entries {
	struct ms_revoked *v;
	unsigned char (*serial)[20];
	size_t n, cap;
};

static void
entries_clear(struct entries *e)
{
	free(e->v);
	free(e->serial);
}

static int
entries_grow(struct entries *e, struct ms_err *err)
{
	size_t cap = e->cap ? e->cap * 2 : 64, i;
	struct ms_revoked *v;
	void *s;

	if (e->n < e->cap)
		return 0;
	if (!(v = realloc(e->v, cap * sizeof(*v))))
		return ms_fail_nomem(err);
	e->v = v;
	if (!(s = realloc(e->serial, cap * sizeof(*e->serial))))
		return ms_fail_nomem(err);
	e->serial = s;
	e->cap = cap;
	for (i = 0; i < e->n; i++)
		e->v[i].serial = e->serial[i];
	return 0;
}

static int
entries_read(struct ms_ca *ca, struct entries *e, struct ms_err *err)
{
	struct ms_stmt *q;
	struct ms_span s;
	int r;

	if (ms_stmt_prepare(ca->st, "SELECT serial, revoked, reason FROM cert "
	    "WHERE revoked IS NOT NULL ORDER BY revoked, id", &q, err) < 0)
		return -1;
	while ((r = ms_stmt_step(q, err)) == 1) {
		s = ms_stmt_blob(q, 0);
		if (s.n < 1 || s.n > sizeof(e->serial[0])) {
			r = ms_fail(err, MS_DATA, "register: serial number of "
			    "%zu octets", s.n);
			break;
		}
		if ((r = entries_grow(e, err)) < 0)
			break;
		memcpy(e->serial[e->n], s.p, s.n);
		e->v[e->n].serial = e->serial[e->n];
		e->v[e->n].nserial = s.n;
		e->v[e->n].when = (time_t)ms_stmt_int(q, 1);
		e->v[e->n].reason = (int)ms_stmt_int(q, 2);
		e->n++;
	}
	ms_stmt_free(q);
	return r;
}

/* The next number, taken by inserting it. */
static int
take_number(struct ms_ca *ca, time_t from, time_t until, size_t entries,
    uint64_t *number, struct ms_err *err)
{
	struct ms_stmt *q;
	int rc = -1;

	if (ms_stmt_prepare(ca->st, "INSERT INTO crl VALUES ((SELECT "
	    "coalesce(max(number), 0) + 1 FROM crl), ?, ?, ?) "
	    "RETURNING number", &q, err) < 0)
		return -1;
	if (ms_stmt_bind_int(q, 1, from, err) == 0 &&
	    ms_stmt_bind_int(q, 2, until, err) == 0 &&
	    ms_stmt_bind_int(q, 3, (int64_t)entries, err) == 0 &&
	    ms_stmt_step(q, err) == 1) {
		*number = (uint64_t)ms_stmt_int(q, 0);
		rc = ms_stmt_step(q, err) < 0 ? -1 : 0;
	}
	ms_stmt_free(q);
	return rc;
}

int
ms_ca_crl(struct ms_ca *ca, time_t this_update, time_t next_update,
    X509_CRL **ret, struct ms_err *err)
{
	struct ms_ident self = { ca->cert, ca->key, NULL, NULL };
	struct entries e = { NULL, NULL, 0, 0 };
	uint64_t number = 0;
	int rc = -1;

	if (!ca->key || !ca->open)
		return ms_fail(err, MS_BUG, "list without key or transaction");
	if (entries_read(ca, &e, err) == 0 &&
	    take_number(ca, this_update, next_update, e.n, &number, err) == 0)
		rc = ms_issue_crl(&self, e.v, e.n, number, this_update,
		    next_update, ret, err);
	entries_clear(&e);
	return rc;
}
