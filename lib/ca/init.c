/* SPDX-License-Identifier: Apache-2.0 */
/* Making an authority. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/internal.h"

static const char *const files[] = { "ca.pem", "ca.key", "register.db",
	"register.db-wal", "register.db-shm" };
#define NFILES (sizeof(files) / sizeof(files[0]))

/* The directories above dir. */
static int
make_parents(const char *dir, struct ms_err *err)
{
	char *path = strdup(dir), *p;
	int rc = 0;

	if (!path)
		return ms_fail_nomem(err);
	for (p = path + 1; rc == 0 && (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			rc = ms_fail_errno(err, MS_CANTCREAT,
			    "cannot make '%s'", path);
		*p = '/';
	}
	free(path);
	return rc;
}

/* What lies beside the place when it did not work out. */
static void
remove_all(const char *dir)
{
	char *path;
	size_t i;

	for (i = 0; i < NFILES; i++) {
		path = ca_path(dir, files[i], NULL);
		if (path)
			unlink(path);
		free(path);
	}
	rmdir(dir);
}

static int
put_file(const char *dir, const char *name, bool secret,
    const struct ms_buf *content, struct ms_err *err)
{
	char *path = ca_path(dir, name, err);
	struct ms_out *o;
	int rc = -1;

	if (path && ms_out_open(path, secret, 0, 0, &o, err) == 0) {
		rc = ms_sink_write(ms_out_sink(o), content->p, content->n,
		    err);
		if (rc == 0)
			rc = ms_out_commit(o, err);
		else
			ms_out_abort(o);
	}
	free(path);
	return rc;
}

static int
put_register(const char *dir, const struct ms_ca_new *what,
    struct ms_err *err)
{
	char *path = ca_path(dir, "register.db", err);
	struct ms_store *st = NULL;
	int rc = -1;

	if (path && register_open(path, true, &st, err) == 0 &&
	    ms_store_begin(st, err) == 0 &&
	    (!what->organization || register_set(st, "organization",
	    what->organization, err) == 0) &&
	    (!what->crl_url || register_set(st, "crl-url", what->crl_url,
	    err) == 0))
		rc = ms_store_commit(st, err);
	ms_store_close(st);
	free(path);
	return rc;
}

static int
make_cert(const struct ms_ca_new *what, struct ms_key *key,
    struct ms_buf *pem, struct ms_err *err)
{
	unsigned char serial[SERIAL];
	struct ms_issue w = { .profile = MS_PROFILE_ROOT,
		.subject = what->subject, .organization = what->organization,
		.not_before = what->not_before, .not_after = what->not_after,
		.serial = serial, .nserial = sizeof(serial) };
	X509 *x;
	int rc;

	if (ms_random(serial, sizeof(serial), err) < 0)
		return -1;
	serial[0] = (serial[0] & 0x7f) | 0x40;
	if (ms_issue_cert(&w, ms_key_pub(key), NULL, key, &x, err) < 0)
		return -1;
	rc = ms_cert_pem(x, pem, err);
	X509_free(x);
	return rc;
}

static int
make_all(const char *dir, const struct ms_ca_new *what,
    const struct ms_buf *pass, struct ms_err *err)
{
	struct ms_buf cert = MS_BUF_INIT(CERT_MAX);
	struct ms_buf secret = MS_BUF_SECRET(CERT_MAX);
	struct ms_key *key = ms_key_generate(what->key_type, err);
	int rc = -1;

	if (key && make_cert(what, key, &cert, err) == 0 &&
	    ms_key_write_pem(key, pass, &secret, err) == 0 &&
	    put_file(dir, "ca.key", true, &secret, err) == 0 &&
	    put_register(dir, what, err) == 0)
		rc = put_file(dir, "ca.pem", false, &cert, err);
	ms_key_free(key);
	ms_buf_clear(&secret);
	ms_buf_clear(&cert);
	return rc;
}

/* rename(2) takes the place of an empty directory and of nothing else. */
static int
take_place(const char *from, const char *dir, struct ms_err *err)
{
	if (rename(from, dir) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return ms_fail_errno(err, MS_CANTCREAT, "cannot make '%s'",
		    dir);
	ms_fail(err, MS_CANTCREAT, "'%s' is not empty: an authority is made "
	    "once", dir);
	return ms_hint(err, "--ca-dir names another place");
}

/* Before a passphrase is asked for and a key made in vain. */
static int
check_free(const char *dir, struct ms_err *err)
{
	char *path = ca_path(dir, "ca.pem", err);
	struct stat st;
	int rc = 0;

	if (!path)
		return -1;
	if (lstat(path, &st) == 0) {
		ms_fail(err, MS_CANTCREAT, "there is an authority in '%s' "
		    "already", dir);
		rc = ms_hint(err, "--ca-dir names another place");
	}
	free(path);
	return rc;
}

int
ms_ca_init(const char *dir, const struct ms_ca_new *what,
    const struct ms_buf *pass, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(8192);
	char *beside = NULL;
	size_t n = strlen(dir);
	int rc = -1;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (check_free(dir, err) < 0 || make_parents(dir, err) < 0 ||
	    ms_buf_add(&b, dir, n, err) < 0 ||
	    ms_buf_adds(&b, ".new-XXXXXX", err) < 0)
		goto out;
	if (!(beside = ms_buf_steal(&b, NULL))) {
		ms_fail_nomem(err);
		goto out;
	}
	if (!mkdtemp(beside)) {
		ms_fail_errno(err, MS_CANTCREAT, "cannot make '%s'", dir);
		goto out;
	}
	rc = make_all(beside, what, pass, err);
	if (rc == 0)
		rc = take_place(beside, dir, err);
	if (rc < 0)
		remove_all(beside);
out:
	free(beside);
	ms_buf_clear(&b);
	return rc;
}
