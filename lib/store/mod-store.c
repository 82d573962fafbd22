/* SPDX-License-Identifier: Apache-2.0 */
/* The module "store": SQLite. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/internal.h"

struct sqlite_store {
	struct ms_store top;
	sqlite3 *db;
	char *path;
};

struct sqlite_stmt {
	struct ms_stmt top;
	struct sqlite_store *st;
	sqlite3_stmt *q;
};

extern const struct ms_store_ops ms_module_store;

static struct sqlite_store *
upcast(struct ms_store *st)
{
	return (struct sqlite_store *)st;
}

static struct sqlite_stmt *
stmt_upcast(struct ms_stmt *q)
{
	return (struct sqlite_stmt *)q;
}

/* SQLite's primary result codes and what they mean for the caller. */
static const struct {
	int code;
	enum ms_class class;
} classes[] = {
	{ SQLITE_BUSY, MS_TEMPFAIL },
	{ SQLITE_LOCKED, MS_TEMPFAIL },
	{ SQLITE_PROTOCOL, MS_TEMPFAIL },
	{ SQLITE_CORRUPT, MS_DATA },
	{ SQLITE_NOTADB, MS_DATA },
	{ SQLITE_FORMAT, MS_DATA },
	{ SQLITE_TOOBIG, MS_DATA },
	{ SQLITE_MISMATCH, MS_DATA },
	{ SQLITE_FULL, MS_IO },
	{ SQLITE_IOERR, MS_IO },
	{ SQLITE_READONLY, MS_CANTCREAT },
	{ SQLITE_CANTOPEN, MS_NOINPUT },
	{ SQLITE_PERM, MS_NOINPUT },
	{ SQLITE_NOMEM, MS_OS },
	{ SQLITE_CONSTRAINT, MS_NO },
};

static int
fail(struct sqlite_store *st, int rc, struct ms_err *err)
{
	enum ms_class class = MS_BUG;
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].code == (rc & 0xff))
			class = classes[i].class;
	/* The handle's own text may belong to another failure. */
	text = st->db && sqlite3_extended_errcode(st->db) == rc ?
	    sqlite3_errmsg(st->db) : sqlite3_errstr(rc);
	return ms_fail(err, class, "database '%s': %s", st->path, text);
}

static int
exec(struct sqlite_store *st, const char *sql, struct ms_err *err)
{
	int rc = sqlite3_exec(st->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail(st, rc, err);
}

static int
store_exec(struct ms_store *st, const char *sql, struct ms_err *err)
{
	return exec(upcast(st), sql, err);
}

static void
store_rollback(struct ms_store *st)
{
	sqlite3 *db = upcast(st)->db;

	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

/* The integer of a one-row query. */
static int
query_int(struct sqlite_store *st, const char *sql, int64_t *ret,
    struct ms_err *err)
{
	sqlite3_stmt *q;
	int rc;

	rc = sqlite3_prepare_v2(st->db, sql, -1, &q, NULL);
	if (rc != SQLITE_OK)
		return fail(st, rc, err);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return rc == SQLITE_ROW ? 0 : fail(st, rc, err);
}

static void
store_close(struct ms_store *top)
{
	struct sqlite_store *st = upcast(top);

	sqlite3_close_v2(st->db);
	free(st->path);
	free(st);
}

/*
 * Make an empty file 0600, so that SQLite gives the journal the same mode.
 * An existing file is only looked at: opening and closing it here would drop
 * the POSIX locks that this process may hold on it.
 */
static int
check_file(const char *path, unsigned flags, struct ms_err *err)
{
	struct stat sb;
	int fd;

	if (stat(path, &sb) == 0) {
		if (!S_ISREG(sb.st_mode))
			return ms_fail(err, MS_NOINPUT,
			    "database '%s': not a regular file", path);
		return 0;
	}
	if (errno != ENOENT || !(flags & MS_STORE_CREATE))
		return ms_fail_errno(err, MS_NOINPUT,
		    "cannot open database '%s'", path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 && errno != EEXIST)
		return ms_fail_errno(err, MS_CANTCREAT,
		    "cannot create database '%s'", path);
	if (fd != -1)
		close(fd);
	return 0;
}

static int
configure(struct sqlite_store *st, unsigned flags, struct ms_err *err)
{
	sqlite3_extended_result_codes(st->db, 1);
	sqlite3_busy_timeout(st->db,
	    flags & MS_STORE_NOWAIT ? 0 : MS_STORE_BUSY_MS);
	/* The file may come from somebody else: its schema runs nothing, and
	 * a misspelt column is an error, not a string. */
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	return exec(st, "PRAGMA foreign_keys = ON;"
	    "PRAGMA cell_size_check = ON;"
	    "PRAGMA synchronous = FULL", err);
}

/*
 * Switching to WAL does not wait for other processes whatever the busy
 * timeout says; two that create the same database meet here.
 */
static int
use_wal(struct sqlite_store *st, unsigned flags, struct ms_err *err)
{
	struct timespec nap = { 0, 10 * 1000000L };
	int rc, tries = flags & MS_STORE_NOWAIT ? 1 : MS_STORE_BUSY_MS / 10;

	do {
		rc = sqlite3_exec(st->db, "PRAGMA journal_mode = WAL", NULL,
		    NULL, NULL);
		if ((rc & 0xff) != SQLITE_BUSY)
			break;
		nanosleep(&nap, NULL);
	} while (--tries > 0);
	return rc == SQLITE_OK ? 0 : fail(st, rc, err);
}

/* Read the schema's version and refuse what is not ours; *ret is -1 for a
 * file that is still empty. */
static int
check_schema(struct sqlite_store *st, const struct ms_schema *schema,
    int64_t steps, int64_t *ret, struct ms_err *err)
{
	int64_t app, version, objects;

	if (query_int(st, "PRAGMA application_id", &app, err) == -1 ||
	    query_int(st, "PRAGMA user_version", &version, err) == -1 ||
	    query_int(st, "SELECT count(*) FROM sqlite_master", &objects,
	    err) == -1)
		return -1;
	if (app == 0 && version == 0 && objects == 0) {
		*ret = -1;
		return 0;
	}
	if ((uint32_t)app != schema->application_id)
		return ms_fail(err, MS_CONFIG, "database '%s' belongs to "
		    "another application (application_id 0x%08x, not 0x%08x)",
		    st->path, (unsigned)(uint32_t)app, schema->application_id);
	if (version < 0 || version > steps)
		return ms_fail(err, MS_CONFIG, "database '%s': schema %lld is "
		    "newer than this program (%lld)", st->path,
		    (long long)version, (long long)steps);
	*ret = version;
	return 0;
}

/* Inside a transaction, which others that want the same wait for. */
static int
migrate(struct sqlite_store *st, const struct ms_schema *schema, int64_t steps,
    struct ms_err *err)
{
	char sql[96];
	int64_t v;

	if (check_schema(st, schema, steps, &v, err) == -1)
		return -1;
	if (v == steps)
		return 0;
	if (v == -1)
		v = 0;
	for (; v < steps; v++)
		if (exec(st, schema->steps[v], err) == -1)
			return ms_err_context(err, "schema step %lld",
			    (long long)v + 1);
	snprintf(sql, sizeof(sql),
	    "PRAGMA application_id = %d; PRAGMA user_version = %lld",
	    (int)schema->application_id, (long long)steps);
	return exec(st, sql, err);
}

static int
setup(struct sqlite_store *st, unsigned flags, const struct ms_schema *schema,
    struct ms_err *err)
{
	int64_t steps = 0, v;

	while (schema->steps[steps])
		steps++;
	if (configure(st, flags, err) == -1 ||
	    check_schema(st, schema, steps, &v, err) == -1)
		return -1;
	if (v == -1 && !(flags & MS_STORE_CREATE))
		return ms_fail(err, MS_CONFIG, "database '%s' is empty",
		    st->path);
	if (flags & MS_STORE_READONLY) {
		if (v == steps)
			return 0;
		return ms_fail(err, MS_CONFIG, "database '%s': schema %lld is "
		    "older than this program (%lld)", st->path, (long long)v,
		    (long long)steps);
	}
	if (use_wal(st, flags, err) == -1)
		return -1;
	if (v == steps)
		return 0;
	if (exec(st, "BEGIN IMMEDIATE", err) == -1)
		return -1;
	if (migrate(st, schema, steps, err) == -1 ||
	    exec(st, "COMMIT", err) == -1) {
		store_rollback(&st->top);
		return -1;
	}
	return 0;
}

static int
open_db(struct sqlite_store *st, unsigned flags, struct ms_err *err)
{
	struct ms_buf name = MS_BUF_INIT(8192);
	const char *s = NULL;
	int rc;

	/* ":memory:" and "file:x?mode=..." are SQLite's, not file names. */
	if ((*st->path == '/' || ms_buf_adds(&name, "./", err) == 0) &&
	    ms_buf_adds(&name, st->path, err) == 0)
		s = ms_buf_str(&name);
	if (!s) {
		ms_buf_clear(&name);
		return ms_fail_nomem(err);
	}
	rc = sqlite3_open_v2(s, &st->db, flags & MS_STORE_READONLY ?
	    SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, NULL);
	ms_buf_clear(&name);
	return rc == SQLITE_OK ? 0 : fail(st, rc, err);
}

static int
store_open(const char *path, unsigned flags, const struct ms_schema *schema,
    struct ms_store **ret, struct ms_err *err)
{
	struct sqlite_store *st;

	if (flags & MS_STORE_READONLY)
		flags &= ~(unsigned)MS_STORE_CREATE;
	if (check_file(path, flags, err) == -1)
		return -1;
	st = calloc(1, sizeof(*st));
	if (!st)
		return ms_fail_nomem(err);
	st->top.ops = &ms_module_store;
	st->path = strdup(path);
	if (!st->path)
		ms_fail_nomem(err);
	else if (open_db(st, flags, err) == 0 &&
	    setup(st, flags, schema, err) == 0) {
		*ret = &st->top;
		return 0;
	}
	store_close(&st->top);
	return -1;
}

/* ---- statements ---- */

static int
store_prepare(struct ms_store *top, const char *sql, struct ms_stmt **ret,
    struct ms_err *err)
{
	struct sqlite_store *st = upcast(top);
	struct sqlite_stmt *q;
	const char *tail;
	int rc;

	q = calloc(1, sizeof(*q));
	if (!q)
		return ms_fail_nomem(err);
	q->top.ops = &ms_module_store;
	q->st = st;
	rc = sqlite3_prepare_v3(st->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &q->q, &tail);
	if (rc != SQLITE_OK)
		fail(st, rc, err);
	else if (!q->q || tail[strspn(tail, " \t\n;")] != '\0')
		ms_fail(err, MS_BUG, "database '%s': not one statement: %s",
		    st->path, sql);
	else {
		*ret = &q->top;
		return 0;
	}
	sqlite3_finalize(q->q);
	free(q);
	return -1;
}

static void
stmt_free(struct ms_stmt *top)
{
	struct sqlite_stmt *q = stmt_upcast(top);

	sqlite3_finalize(q->q);
	free(q);
}

static int
bound(struct sqlite_stmt *q, int rc, struct ms_err *err)
{
	return rc == SQLITE_OK ? 0 : fail(q->st, rc, err);
}

static int
bind_int(struct ms_stmt *top, int i, int64_t v, struct ms_err *err)
{
	struct sqlite_stmt *q = stmt_upcast(top);

	return bound(q, sqlite3_bind_int64(q->q, i, v), err);
}

static int
bind_text(struct ms_stmt *top, int i, const char *s, struct ms_err *err)
{
	struct sqlite_stmt *q = stmt_upcast(top);

	return bound(q, sqlite3_bind_text(q->q, i, s, -1, SQLITE_TRANSIENT),
	    err);
}

static int
bind_blob(struct ms_stmt *top, int i, const void *p, size_t n,
    struct ms_err *err)
{
	struct sqlite_stmt *q = stmt_upcast(top);

	/* A NULL pointer would bind NULL instead of no bytes. */
	return bound(q, sqlite3_bind_blob64(q->q, i, n ? p : "", n,
	    SQLITE_TRANSIENT), err);
}

static int
stmt_step(struct ms_stmt *top, struct ms_err *err)
{
	struct sqlite_stmt *q = stmt_upcast(top);
	int rc = sqlite3_step(q->q);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	fail(q->st, rc, err);
	/* Otherwise the failed statement holds its locks. */
	sqlite3_reset(q->q);
	return -1;
}

static void
stmt_reset(struct ms_stmt *top)
{
	struct sqlite_stmt *q = stmt_upcast(top);

	/* It repeats the failure of the last step, already reported. */
	(void)sqlite3_reset(q->q);
	sqlite3_clear_bindings(q->q);
}

static int64_t
get_int(struct ms_stmt *top, int i)
{
	return sqlite3_column_int64(stmt_upcast(top)->q, i);
}

static const char *
get_text(struct ms_stmt *top, int i)
{
	return (const char *)sqlite3_column_text(stmt_upcast(top)->q, i);
}

static struct ms_span
get_blob(struct ms_stmt *top, int i)
{
	struct sqlite_stmt *q = stmt_upcast(top);
	struct ms_span s;

	/* In this order: the call for the bytes may convert the value. */
	s.p = sqlite3_column_blob(q->q, i);
	s.n = (size_t)sqlite3_column_bytes(q->q, i);
	return s;
}

const struct ms_store_ops ms_module_store MS_MODULE_EXPORT = {
	.open = store_open,
	.close = store_close,
	.exec = store_exec,
	.rollback = store_rollback,
	.prepare = store_prepare,
	.stmt_free = stmt_free,
	.bind_int = bind_int,
	.bind_text = bind_text,
	.bind_blob = bind_blob,
	.step = stmt_step,
	.reset = stmt_reset,
	.get_int = get_int,
	.get_text = get_text,
	.get_blob = get_blob,
};
