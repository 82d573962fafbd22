/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the contract (store.c) and the module that knows the database: every
 * object begins with the table that serves it, so that a second database can
 * stand beside the first.
 */
#ifndef MS_STORE_INTERNAL_H
#define MS_STORE_INTERNAL_H

#include "store/store.h"

/* How long a statement waits for another process, in milliseconds: longer
 * than any transaction of ours, shorter than a caller's patience. */
#define MS_STORE_BUSY_MS 10000

struct ms_store_ops {
	int (*open)(const char *path, unsigned flags,
	    const struct ms_schema *schema, struct ms_store **ret,
	    struct ms_err *err);
	void (*close)(struct ms_store *st);
	int (*exec)(struct ms_store *st, const char *sql, struct ms_err *err);
	void (*rollback)(struct ms_store *st);
	int (*prepare)(struct ms_store *st, const char *sql,
	    struct ms_stmt **ret, struct ms_err *err);
	void (*stmt_free)(struct ms_stmt *q);
	int (*bind_int)(struct ms_stmt *q, int i, int64_t v,
	    struct ms_err *err);
	int (*bind_text)(struct ms_stmt *q, int i, const char *s,
	    struct ms_err *err);
	int (*bind_blob)(struct ms_stmt *q, int i, const void *p, size_t n,
	    struct ms_err *err);
	int (*step)(struct ms_stmt *q, struct ms_err *err);
	void (*reset)(struct ms_stmt *q);
	int64_t (*get_int)(struct ms_stmt *q, int i);
	const char *(*get_text)(struct ms_stmt *q, int i);
	struct ms_span (*get_blob)(struct ms_stmt *q, int i);
};

struct ms_store {
	const struct ms_store_ops *ops;
};

struct ms_stmt {
	const struct ms_store_ops *ops;
};

#endif
