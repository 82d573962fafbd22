/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL databases.  SQLite now (WAL, busy timeout 10 s, foreign keys on,
 * prepared and bound statements only, schema by user_version); the contract
 * leaves room for `postgresql://`.  The library is a module.
 */
#ifndef MS_STORE_H
#define MS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct ms_store;
struct ms_stmt;

enum ms_store_flags {
	MS_STORE_READONLY = 1,
	MS_STORE_CREATE = 2,	/* make it, and give an empty file its schema */
	MS_STORE_NOWAIT = 4	/* MS_TEMPFAIL at once when it is busy */
};

/* One step of a schema: the statements that bring version i to i + 1. */
struct ms_schema {
	unsigned application_id;	/* tells our files from others */
	const char *const *steps;	/* NULL-terminated */
};

/*
 * uri: a path, or "sqlite:PATH".  The file is made 0600 with
 * MS_STORE_CREATE.  An older schema is brought up to date in one transaction,
 * unless opened with MS_STORE_READONLY.  A database of another application,
 * of a newer schema, or empty and opened without MS_STORE_CREATE, is
 * MS_CONFIG; a missing one MS_NOINPUT; a busy one MS_TEMPFAIL; a damaged one
 * MS_DATA; a full disk MS_IO; one that cannot be written MS_CANTCREAT.  The
 * same classes hold for the calls below, and there a violated constraint
 * (UNIQUE, NOT NULL, foreign key) is MS_NO, wrong SQL MS_BUG.
 */
int ms_store_open(const char *uri, unsigned flags,
    const struct ms_schema *schema, struct ms_store **ret,
    struct ms_err *err);
void ms_store_close(struct ms_store *st);

/* Run statements without parameters or rows. */
int ms_store_exec(struct ms_store *st, const char *sql, struct ms_err *err);
int ms_store_begin(struct ms_store *st, struct ms_err *err); /* IMMEDIATE */
int ms_store_commit(struct ms_store *st, struct ms_err *err);
void ms_store_rollback(struct ms_store *st);

/*
 * Prepare one statement (MS_BUG for more); it can be run again after
 * ms_stmt_reset(), which also forgets what was bound.  INSERT ... RETURNING
 * gives new row ids, UPDATE ... RETURNING what was changed.  Statements are
 * freed before their store is closed.
 */
int ms_stmt_prepare(struct ms_store *st, const char *sql,
    struct ms_stmt **ret, struct ms_err *err);
void ms_stmt_free(struct ms_stmt *q);
/* Bind parameter i (from 1); the bytes are copied.  A NULL text binds NULL,
 * a blob of no bytes an empty blob. */
int ms_stmt_bind_int(struct ms_stmt *q, int i, int64_t v, struct ms_err *err);
int ms_stmt_bind_text(struct ms_stmt *q, int i, const char *s,
    struct ms_err *err);
int ms_stmt_bind_blob(struct ms_stmt *q, int i, const void *p, size_t n,
    struct ms_err *err);
/* 1: a row is there; 0: done; -1. */
int ms_stmt_step(struct ms_stmt *q, struct ms_err *err);
int ms_stmt_reset(struct ms_stmt *q, struct ms_err *err);
/* Columns (from 0) of the row; borrowed until the next step.  For NULL: 0,
 * NULL, no bytes. */
int64_t ms_stmt_int(struct ms_stmt *q, int i);
const char *ms_stmt_text(struct ms_stmt *q, int i);
struct ms_span ms_stmt_blob(struct ms_stmt *q, int i);

#endif
