/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/internal.h"

int
ms_store_open(const char *uri, unsigned flags, const struct ms_schema *schema,
    struct ms_store **ret, struct ms_err *err)
{
	const struct ms_store_ops *ops;
	const char *path = uri;

	if (strncmp(uri, "sqlite:", 7) == 0)
		path = uri + 7;
	else if (strstr(uri, "://"))
		return ms_fail(err, MS_CONFIG,
		    "database '%s': only a path or sqlite:PATH is known", uri);
	if (*path == '\0')
		return ms_fail(err, MS_CONFIG, "database '%s': no path", uri);
	ops = ms_module("store", err);
	if (!ops)
		return -1;
	return ops->open(path, flags, schema, ret, err);
}

void
ms_store_close(struct ms_store *st)
{
	if (st)
		st->ops->close(st);
}

int
ms_store_exec(struct ms_store *st, const char *sql, struct ms_err *err)
{
	return st->ops->exec(st, sql, err);
}

int
ms_store_begin(struct ms_store *st, struct ms_err *err)
{
	/* A deferred transaction would meet "busy" at its first write, when
	 * waiting no longer helps. */
	return st->ops->exec(st, "BEGIN IMMEDIATE", err);
}

int
ms_store_commit(struct ms_store *st, struct ms_err *err)
{
	return st->ops->exec(st, "COMMIT", err);
}

void
ms_store_rollback(struct ms_store *st)
{
	if (st)
		st->ops->rollback(st);
}

int
ms_stmt_prepare(struct ms_store *st, const char *sql, struct ms_stmt **ret,
    struct ms_err *err)
{
	return st->ops->prepare(st, sql, ret, err);
}

void
ms_stmt_free(struct ms_stmt *q)
{
	if (q)
		q->ops->stmt_free(q);
}

int
ms_stmt_bind_int(struct ms_stmt *q, int i, int64_t v, struct ms_err *err)
{
	return q->ops->bind_int(q, i, v, err);
}

int
ms_stmt_bind_text(struct ms_stmt *q, int i, const char *s, struct ms_err *err)
{
	return q->ops->bind_text(q, i, s, err);
}

int
ms_stmt_bind_blob(struct ms_stmt *q, int i, const void *p, size_t n,
    struct ms_err *err)
{
	return q->ops->bind_blob(q, i, p, n, err);
}

int
ms_stmt_step(struct ms_stmt *q, struct ms_err *err)
{
	return q->ops->step(q, err);
}

int
ms_stmt_reset(struct ms_stmt *q, struct ms_err *err)
{
	q->ops->reset(q);
	return 0;
}

int64_t
ms_stmt_int(struct ms_stmt *q, int i)
{
	return q->ops->get_int(q, i);
}

const char *
ms_stmt_text(struct ms_stmt *q, int i)
{
	return q->ops->get_text(q, i);
}

struct ms_span
ms_stmt_blob(struct ms_stmt *q, int i)
{
	return q->ops->get_blob(q, i);
}
