/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates by address, for those who look them up in a directory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/internal.h"

#define FILE_MAX ((size_t)1024 * 1024)	/* bytes of one address's file */

/* ADDRESS.pem, or for an address that cannot be a file name one that whoever
 * reads the directory finds by looking into it. */
static char *
file_of(const char *dir, const char *addr, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(8192);
	char *s = NULL;
	int rc;

	rc = ms_buf_addf(&b, err, "%s/", dir);
	if (rc == 0 && (strchr(addr, '/') || addr[0] == '.')) {
		rc = ms_hex_encode(addr, strlen(addr), &b, err);
	} else if (rc == 0) {
		rc = ms_buf_adds(&b, addr, err);
	}
	if (rc == 0 && ms_buf_adds(&b, ".pem", err) == 0 &&
	    !(s = ms_buf_steal(&b, NULL)))
		ms_fail_nomem(err);
	ms_buf_clear(&b);
	return s;
}

static bool
is_public(const struct ms_ca_row *r, time_t at)
{
	return r->status == MS_CA_VALID && ms_cert_not_before(r->cert) <= at &&
	    (r->profile == MS_PROFILE_SIGN ||
	    r->profile == MS_PROFILE_ENCRYPT ||
	    r->profile == MS_PROFILE_OFFICER);
}

static int
put_file(const char *path, const struct ms_buf *pem, struct ms_err *err)
{
	struct ms_out *o;

	if (ms_out_open(path, false, 0, 0, &o, err) < 0)
		return -1;
	if (ms_sink_write(ms_out_sink(o), pem->p, pem->n, err) < 0) {
		ms_out_abort(o);
		return -1;
	}
	return ms_out_commit(o, err);
}

static int
publish_one(struct ms_ca *ca, const char *dir, const char *addr, time_t at,
    size_t *written, size_t *removed, struct ms_err *err)
{
	struct ms_ca_query q = { { NULL, 0 }, addr, -1, at };
	struct ms_buf pem = MS_BUF_INIT(FILE_MAX);
	char *path = file_of(dir, addr, err);
	struct ms_ca_rows l = { NULL, 0 };
	int rc = -1;
	size_t i;

	if (path)
		rc = ms_ca_find(ca, &q, &l, err);
	for (i = l.n; rc == 0 && i-- > 0; )
		if (is_public(&l.v[i], at))
			rc = ms_cert_pem(l.v[i].cert, &pem, err);
	if (rc == 0 && pem.n) {
		rc = put_file(path, &pem, err);
		*written += rc == 0;
	} else if (rc == 0 && unlink(path) == 0) {
		++*removed;
	} else if (rc == 0 && errno != ENOENT) {
		rc = ms_fail_errno(err, MS_IO, "cannot remove '%s'", path);
	}
	ms_ca_rows_clear(&l);
	ms_buf_clear(&pem);
	free(path);
	return rc;
}

int
ms_ca_publish(struct ms_ca *ca, const char *dir, time_t at, size_t *written,
    size_t *removed, struct ms_err *err)
{
	struct ms_stmt *q;
	int r;

	*written = *removed = 0;
	if (access(dir, W_OK | X_OK) < 0)
		return ms_fail_errno(err, MS_CANTCREAT, "cannot write to '%s'",
		    dir);
	if (ms_stmt_prepare(ca->st, "SELECT DISTINCT name FROM name "
	    "WHERE NOT host ORDER BY name", &q, err) < 0)
		return -1;
	while ((r = ms_stmt_step(q, err)) == 1)
		if ((r = publish_one(ca, dir, ms_stmt_text(q, 0), at, written,
		    removed, err)) < 0)
			break;
	ms_stmt_free(q);
	return r < 0 ? -1 : 0;
}
