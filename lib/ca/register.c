/* SPDX-License-Identifier: Apache-2.0 */
/* The register: one SQLite database. */
#include <stdlib.h>
#include <string.h>

#include "ca/internal.h"

/* name.host: 0 for an address, else the how manieth host. */
static const char *const steps[] = {
	"CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE TABLE cert (id INTEGER PRIMARY KEY,"
	" serial BLOB NOT NULL UNIQUE, sha256 BLOB NOT NULL UNIQUE,"
	" usage TEXT NOT NULL, subject TEXT NOT NULL,"
	" not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
	" issued INTEGER NOT NULL, der BLOB NOT NULL,"
	" revoked INTEGER, reason INTEGER);"
	"CREATE INDEX cert_revoked ON cert (revoked)"
	" WHERE revoked IS NOT NULL;"
	"CREATE TABLE name (name TEXT NOT NULL,"
	" cert INTEGER NOT NULL REFERENCES cert (id),"
	" host INTEGER NOT NULL,"
	" PRIMARY KEY (name, cert)) WITHOUT ROWID;"
	"CREATE INDEX name_cert ON name (cert);"
	"CREATE TABLE crl (number INTEGER PRIMARY KEY,"
	" this_update INTEGER NOT NULL, next_update INTEGER NOT NULL,"
	" entries INTEGER NOT NULL);",
	NULL
};

static const struct ms_schema schema = { 0x4d534341 /* MSCA */, steps };

int
register_open(const char *path, bool create, struct ms_store **ret,
    struct ms_err *err)
{
	return ms_store_open(path, create ? MS_STORE_CREATE : 0, &schema, ret,
	    err);
}

int
register_set(struct ms_store *st, const char *name, const char *value,
    struct ms_err *err)
{
	struct ms_stmt *q;
	int rc = -1;

	if (ms_stmt_prepare(st, "INSERT INTO setting VALUES (?, ?)", &q,
	    err) < 0)
		return -1;
	if (ms_stmt_bind_text(q, 1, name, err) == 0 &&
	    ms_stmt_bind_text(q, 2, value, err) == 0 &&
	    ms_stmt_step(q, err) == 0)
		rc = 0;
	ms_stmt_free(q);
	return rc;
}

int
register_get(struct ms_store *st, const char *name, char **value,
    struct ms_err *err)
{
	struct ms_stmt *q;
	int r = -1;

	*value = NULL;
	if (ms_stmt_prepare(st, "SELECT value FROM setting WHERE name = ?", &q,
	    err) < 0)
		return -1;
	if (ms_stmt_bind_text(q, 1, name, err) == 0 &&
	    (r = ms_stmt_step(q, err)) == 1 &&
	    !(*value = strdup(ms_stmt_text(q, 0))))
		r = ms_fail_nomem(err);
	ms_stmt_free(q);
	return r < 0 ? -1 : 0;
}

static int
add_cert(struct ms_stmt *q, X509 *x, enum ms_profile profile, time_t now,
    int64_t *id, struct ms_err *err)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	struct ms_buf der = MS_BUF_INIT(CERT_MAX);
	char *subject = ms_cert_subject(x);
	unsigned char sha[32];
	int rc = -1;

	if (!subject)
		ms_fail_nomem(err);
	else if (ms_cert_der(x, &der, err) == 0 &&
	    ms_cert_sha256(x, sha, err) == 0 &&
	    ms_stmt_bind_blob(q, 1, ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial), err) == 0 &&
	    ms_stmt_bind_blob(q, 2, sha, sizeof(sha), err) == 0 &&
	    ms_stmt_bind_text(q, 3, ms_ca_usage(profile), err) == 0 &&
	    ms_stmt_bind_text(q, 4, subject, err) == 0 &&
	    ms_stmt_bind_int(q, 5, ms_cert_not_before(x), err) == 0 &&
	    ms_stmt_bind_int(q, 6, ms_cert_not_after(x), err) == 0 &&
	    ms_stmt_bind_int(q, 7, now, err) == 0 &&
	    ms_stmt_bind_blob(q, 8, der.p, der.n, err) == 0 &&
	    ms_stmt_step(q, err) == 1) {
		*id = ms_stmt_int(q, 0);
		rc = 0;
	}
	ms_buf_clear(&der);
	free(subject);
	return rc;
}

static int
add_name(struct ms_stmt *q, const char *name, size_t host, int64_t cert,
    struct ms_err *err)
{
	if (ms_stmt_bind_text(q, 1, name, err) < 0 ||
	    ms_stmt_bind_int(q, 2, cert, err) < 0 ||
	    ms_stmt_bind_int(q, 3, (int64_t)host, err) < 0 ||
	    ms_stmt_step(q, err) < 0)
		return -1;
	return ms_stmt_reset(q, err);
}

static int
add_names(struct ms_store *st, const struct ms_ca_request *rq, int64_t cert,
    struct ms_err *err)
{
	struct ms_stmt *q;
	int rc = 0;
	size_t i;

	if (ms_stmt_prepare(st, "INSERT OR IGNORE INTO name VALUES (?, ?, ?)",
	    &q, err) < 0)
		return -1;
	for (i = 0; rc == 0 && i < rq->naddrs; i++)
		rc = add_name(q, rq->addrs[i].spec, 0, cert, err);
	for (i = 0; rc == 0 && i < rq->ndns; i++)
		rc = add_name(q, rq->dns[i], i + 1, cert, err);
	ms_stmt_free(q);
	return rc;
}

int
register_add(struct ms_store *st, X509 *x, enum ms_profile profile,
    const struct ms_ca_request *rq, time_t now, struct ms_err *err)
{
	struct ms_stmt *q;
	int64_t id = 0;
	int rc;

	if (ms_stmt_prepare(st, "INSERT INTO cert (serial, sha256, usage, "
	    "subject, not_before, not_after, issued, der) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id", &q, err) < 0)
		return -1;
	rc = add_cert(q, x, profile, now, &id, err);
	ms_stmt_free(q);
	return rc < 0 ? -1 : add_names(st, rq, id, err);
}

/* ---- reading ---- */

void
ms_ca_rows_clear(struct ms_ca_rows *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		X509_free(l->v[i].cert);
		free(l->v[i].names);
	}
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

const char *
ms_ca_status_str(enum ms_ca_status s)
{
	static const char *const text[] = { "valid", "expired", "revoked" };

	return text[s];
}

static int
add_row(struct ms_ca_rows *l, struct ms_stmt *q, time_t at,
    struct ms_err *err)
{
	struct ms_ca_row *v, row;
	const char *names = ms_stmt_text(q, 4);
	bool revoked = ms_stmt_text(q, 2) != NULL;
	int profile;

	v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (!v)
		return ms_fail_nomem(err);
	l->v = v;
	profile = ms_ca_profile(ms_stmt_text(q, 0));
	row.profile = profile < 0 ? MS_PROFILE_ROOT : (enum ms_profile)profile;
	row.issued = (time_t)ms_stmt_int(q, 1);
	row.revoked = revoked ? (time_t)ms_stmt_int(q, 2) : (time_t)-1;
	row.reason = (int)ms_stmt_int(q, 3);
	if (ms_cert_parse(ms_stmt_blob(q, 5), &row.cert, err) < 0)
		return ms_err_context(err, "register");
	row.status = revoked ? MS_CA_REVOKED :
	    ms_cert_not_after(row.cert) < at ? MS_CA_EXPIRED : MS_CA_VALID;
	row.names = strdup(names ? names : "");
	if (!row.names) {
		X509_free(row.cert);
		return ms_fail_nomem(err);
	}
	v[l->n++] = row;
	return 0;
}

/* A condition that was not given is met by all. */
static const char find_sql[] =
    "SELECT usage, issued, revoked, reason,"
    " (SELECT group_concat(name, char(10)) FROM name WHERE cert = cert.id), der"
    " FROM cert WHERE (?1 IS NULL OR serial = ?1)"
    " AND (?2 IS NULL OR id IN (SELECT cert FROM name WHERE name = ?2))"
    " AND (?3 IS NULL OR usage = ?3) ORDER BY id";

int
ms_ca_find(struct ms_ca *ca, const struct ms_ca_query *q,
    struct ms_ca_rows *l, struct ms_err *err)
{
	struct ms_stmt *s;
	int r = -1;

	l->v = NULL;
	l->n = 0;
	if (ms_stmt_prepare(ca->st, find_sql, &s, err) < 0)
		return -1;
	if ((!q->serial.n || ms_stmt_bind_blob(s, 1, q->serial.p,
	    q->serial.n, err) == 0) &&
	    ms_stmt_bind_text(s, 2, q->name, err) == 0 &&
	    (q->profile < 0 || ms_stmt_bind_text(s, 3,
	    ms_ca_usage((enum ms_profile)q->profile), err) == 0)) {
		while ((r = ms_stmt_step(s, err)) == 1)
			if ((r = add_row(l, s, q->at, err)) < 0)
				break;
	}
	ms_stmt_free(s);
	if (r < 0)
		ms_ca_rows_clear(l);
	return r < 0 ? -1 : 0;
}
