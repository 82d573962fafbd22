/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "tap.h"

static const char *const one[] = {
	"CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT UNIQUE, "
	    "b BLOB NOT NULL)",
	NULL
};
static const char *const two[] = {
	"CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT UNIQUE, "
	    "b BLOB NOT NULL)",
	"CREATE TABLE u(t INTEGER NOT NULL REFERENCES t(id));"
	"INSERT INTO t(a, b) VALUES('from step 2', x'00')",
	NULL
};
static const char *const broken[] = { "CREATE TABLE t(id INTEGER)",
	"CREATE TABLE v(x); CREATE NONSENSE", NULL };
static const struct ms_schema v1 = { 0x4d535401, one };
static const struct ms_schema v2 = { 0x4d535401, two };
static const struct ms_schema other = { 0x4d535402, one };
static const struct ms_schema bad = { 0x4d535403, broken };

static struct ms_err err = MS_ERR_INIT;

static void
write_file(const char *path, const char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || write(fd, p, n) != (ssize_t)n)
		abort();
	close(fd);
}

static int64_t
count(struct ms_store *st, const char *sql)
{
	struct ms_stmt *q;
	int64_t n = -1;

	if (ms_stmt_prepare(st, sql, &q, &err) == 0) {
		if (ms_stmt_step(q, &err) == 1)
			n = ms_stmt_int(q, 0);
		ms_stmt_free(q);
	}
	return n;
}

static void
test_opening(void)
{
	struct ms_store *st = NULL;
	struct stat sb;
	char junk[4096];

	fails(ms_store_open("none.db", 0, &v1, &st, &err), &err, MS_NOINPUT,
	    "cannot open database 'none.db'", "a missing file is not made");
	fails(ms_store_open("dir/none.db", MS_STORE_CREATE, &v1, &st, &err),
	    &err, MS_CANTCREAT, "cannot create", "nor without its directory");
	fails(ms_store_open("postgresql://h/d", 0, &v1, &st, &err), &err,
	    MS_CONFIG, "only a path or sqlite:PATH", "an unknown kind");
	fails(ms_store_open("sqlite:", 0, &v1, &st, &err), &err, MS_CONFIG,
	    "no path", "an empty path");
	fails(ms_store_open("/", 0, &v1, &st, &err), &err, MS_NOINPUT,
	    "not a regular file", "a directory");
	ok(ms_store_open("sqlite:a.db", MS_STORE_CREATE, &v1, &st, &err) == 0,
	    "made: %s", err.text);
	ok(stat("a.db", &sb) == 0 && (sb.st_mode & 0777) == 0600,
	    "mode 0600");
	ok(stat("a.db-wal", &sb) == 0 && (sb.st_mode & 0777) == 0600,
	    "so has its journal");
	ms_store_close(st);
	ok(ms_store_open(":memory:", MS_STORE_CREATE, &v1, &st, &err) == 0 &&
	    access(":memory:", F_OK) == 0, ":memory: is a file name");
	ms_store_close(st);

	fails(ms_store_open("a.db", 0, &other, &st, &err), &err, MS_CONFIG,
	    "belongs to another application", "another application's");
	memset(junk, 'x', sizeof(junk));
	write_file("junk.db", junk, sizeof(junk));
	fails(ms_store_open("junk.db", 0, &v1, &st, &err), &err, MS_DATA,
	    "not a database", "a file that is no database");
	write_file("empty.db", "", 0);
	fails(ms_store_open("empty.db", 0, &v1, &st, &err), &err, MS_CONFIG,
	    "is empty", "an empty file stays empty without CREATE");
	fails(ms_store_open("empty.db", MS_STORE_READONLY | MS_STORE_CREATE,
	    &v1, &st, &err), &err, MS_CONFIG, "is empty",
	    "and READONLY goes before CREATE");
}

static void
test_schema(void)
{
	struct ms_store *st = NULL;

	fails(ms_store_open("a.db", MS_STORE_READONLY, &v2, &st, &err), &err,
	    MS_CONFIG, "schema 1 is older", "READONLY does not migrate");
	ok(ms_store_open("a.db", 0, &v2, &st, &err) == 0, "migrated: %s",
	    err.text);
	is_int(count(st, "SELECT count(*) FROM t"), 1, "by the second step");
	ms_store_close(st);
	fails(ms_store_open("a.db", 0, &v1, &st, &err), &err, MS_CONFIG,
	    "schema 2 is newer", "an older program stays away");
	fails(ms_store_open("bad.db", MS_STORE_CREATE, &bad, &st, &err), &err,
	    MS_BUG, "schema step 2", "a broken step");
	ok(ms_store_open("bad.db", MS_STORE_CREATE, &v1, &st, &err) == 0,
	    "left nothing behind: %s", err.text);
	ms_store_close(st);
}

static void
test_statements(void)
{
	struct ms_store *st = NULL;
	struct ms_stmt *q = NULL;
	struct ms_span b;

	ok(ms_store_open("s.db", MS_STORE_CREATE, &v2, &st, &err) == 0,
	    "opened");
	ok(ms_stmt_prepare(st, "INSERT INTO t(a, b) VALUES(?, ?) RETURNING id",
	    &q, &err) == 0, "prepared");
	ok(ms_stmt_bind_text(q, 1, "'); DROP TABLE t; --", &err) == 0 &&
	    ms_stmt_bind_blob(q, 2, "a\0b", 3, &err) == 0, "bound");
	is_int(ms_stmt_step(q, &err), 1, "a row comes back");
	is_int(ms_stmt_int(q, 0), 2, "with the new id");
	is_int(ms_stmt_step(q, &err), 0, "and no other");
	ms_stmt_reset(q, &err);
	fails(ms_stmt_step(q, &err), &err, MS_NO, "NOT NULL",
	    "reset forgets what was bound");
	ms_stmt_bind_text(q, 1, "'); DROP TABLE t; --", &err);
	ms_stmt_bind_blob(q, 2, NULL, 0, &err);
	fails(ms_stmt_step(q, &err), &err, MS_NO, "UNIQUE",
	    "a violated constraint is a no");
	ms_stmt_bind_text(q, 1, NULL, &err);
	is_int(ms_stmt_step(q, &err), 1, "a NULL text, an empty blob");
	fails(ms_stmt_bind_int(q, 9, 1, &err), &err, MS_BUG, "database",
	    "a parameter that is not there");
	ms_stmt_free(q);

	ok(ms_stmt_prepare(st, "SELECT id, a, b FROM t WHERE id >= ? "
	    "ORDER BY id", &q, &err) == 0, "select");
	ms_stmt_bind_int(q, 1, 2, &err);
	is_int(ms_stmt_step(q, &err), 1, "first row");
	is_str(ms_stmt_text(q, 1), "'); DROP TABLE t; --", "its text");
	b = ms_stmt_blob(q, 2);
	ok(b.n == 3 && memcmp(b.p, "a\0b", 3) == 0, "its bytes");
	is_int(ms_stmt_step(q, &err), 1, "second row");
	ok(ms_stmt_text(q, 1) == NULL && ms_stmt_blob(q, 2).n == 0,
	    "NULL and no bytes");
	is_int(ms_stmt_step(q, &err), 0, "end");
	ms_stmt_free(q);

	fails(ms_stmt_prepare(st, "SELECT 1; SELECT 2", &q, &err), &err,
	    MS_BUG, "not one statement", "two statements");
	fails(ms_stmt_prepare(st, "SELECT \"misspelt\" FROM t", &q, &err),
	    &err, MS_BUG, "misspelt", "a misspelt column is no string");
	fails(ms_store_exec(st, "INSERT INTO u VALUES(99)", &err), &err, MS_NO,
	    "FOREIGN KEY", "foreign keys hold");
	ms_store_close(st);
	ok(ms_store_open("s.db", MS_STORE_READONLY, &v2, &st, &err) == 0,
	    "read only");
	fails(ms_store_exec(st, "DELETE FROM t", &err), &err, MS_CANTCREAT,
	    "readonly", "means read only");
	is_int(count(st, "SELECT count(*) FROM t"), 3, "and reads");
	ms_store_close(st);
}

static void
test_transactions(void)
{
	struct ms_store *a = NULL, *b = NULL;

	ms_store_open("t.db", MS_STORE_CREATE, &v1, &a, &err);
	ok(ms_store_open("t.db", MS_STORE_NOWAIT, &v1, &b, &err) == 0,
	    "opened twice: %s", err.text);
	ok(ms_store_begin(a, &err) == 0, "begun");
	ms_store_exec(a, "INSERT INTO t(b) VALUES(x'01')", &err);
	fails(ms_store_begin(b, &err), &err, MS_TEMPFAIL, "locked",
	    "a second writer is told to try again");
	is_int(count(b, "SELECT count(*) FROM t"), 0, "a reader is not");
	ms_store_rollback(a);
	is_int(count(a, "SELECT count(*) FROM t"), 0, "rolled back");
	ms_store_rollback(a);
	ok(ms_store_begin(b, &err) == 0 &&
	    ms_store_exec(b, "INSERT INTO t(b) VALUES(x'01')", &err) == 0 &&
	    ms_store_commit(b, &err) == 0, "committed");
	is_int(count(a, "SELECT count(*) FROM t"), 1, "and seen");
	ms_store_close(a);
	ms_store_close(b);
}

/* Several processes that make the same database all get it. */
static void
test_race(void)
{
	struct ms_store *st = NULL;
	int i, status, good = 0;

	fflush(stdout);
	for (i = 0; i < 4; i++)
		if (fork() == 0) {
			if (ms_store_open("race.db", MS_STORE_CREATE, &v2, &st,
			    &err) == -1)
				_exit(1);
			ms_store_close(st);
			_exit(0);
		}
	for (i = 0; i < 4; i++)
		if (wait(&status) > 0 && WIFEXITED(status) &&
		    WEXITSTATUS(status) == 0)
			good++;
	is_int(good, 4, "four at once");
	ms_store_open("race.db", 0, &v2, &st, &err);
	is_int(count(st, "SELECT count(*) FROM t"), 1, "migrated once");
	ms_store_close(st);
}

static void
test_damage(void)
{
	struct ms_store *st = NULL;
	char junk[4096];
	int fd, i;

	ms_store_open("d.db", MS_STORE_CREATE, &v1, &st, &err);
	for (i = 0; i < 200; i++)
		ms_store_exec(st, "INSERT INTO t(b) VALUES(zeroblob(500))",
		    &err);
	ms_store_close(st);
	memset(junk, 0xff, sizeof(junk));
	fd = open("d.db", O_WRONLY);
	for (i = 1; i < 8; i++)
		if (pwrite(fd, junk, sizeof(junk), i * 4096) == -1)
			abort();
	close(fd);
	ok(ms_store_open("d.db", 0, &v1, &st, &err) == 0, "opened");
	fails(ms_store_exec(st, "UPDATE t SET b = x'00'", &err), &err,
	    MS_DATA, "malformed", "a damaged database");
	ms_store_close(st);
}

int
main(void)
{
	char dir[] = "/tmp/unit-store.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) == -1)
		return 1;
	test_opening();
	test_schema();
	test_statements();
	test_transactions();
	test_race();
	test_damage();
	(void)!chdir("/");
	if (fork() == 0)
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
	wait(NULL);
	return tap_done();
}
