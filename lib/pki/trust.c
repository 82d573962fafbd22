/* SPDX-License-Identifier: Apache-2.0 */
/* Anchors, helpers and CRLs, and the files they come from. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>

#include "pki/path.h"

struct ms_trust *
ms_trust_new(struct ms_err *err)
{
	struct ms_trust *t = calloc(1, sizeof(*t));

	if (!t || !(t->store = X509_STORE_new()) ||
	    !(t->chain = sk_X509_new_null()) ||
	    !(t->crls = sk_X509_CRL_new_null())) {
		ms_trust_free(t);
		ms_fail_nomem(err);
		return NULL;
	}
	return t;
}

void
ms_trust_free(struct ms_trust *t)
{
	if (!t)
		return;
	online_free(t->online);
	sk_X509_CRL_pop_free(t->crls, X509_CRL_free);
	sk_X509_pop_free(t->chain, X509_free);
	X509_STORE_free(t->store);
	free(t);
}

int
ms_trust_add_cert(struct ms_trust *t, X509 *anchor, struct ms_err *err)
{
	if (X509_STORE_add_cert(t->store, anchor) != 1)
		return ms_fail_ssl(err, MS_OS, "cannot keep trust anchor");
	t->anchors++;
	return 0;
}

int
ms_trust_add_crl(struct ms_trust *t, X509_CRL *crl, struct ms_err *err)
{
	if (X509_CRL_up_ref(crl) != 1)
		return ms_fail_nomem(err);
	if (sk_X509_CRL_push(t->crls, crl) <= 0) {
		X509_CRL_free(crl);
		return ms_fail_nomem(err);
	}
	return 0;
}

static int
add_helper(struct ms_trust *t, X509 *x, struct ms_err *err)
{
	if (X509_up_ref(x) != 1)
		return ms_fail_nomem(err);
	if (sk_X509_push(t->chain, x) <= 0) {
		X509_free(x);
		return ms_fail_nomem(err);
	}
	return 0;
}

/* The certificates of a file, each to add(); CRLs beside them are taken. */
static int
add_file(struct ms_trust *t, const char *path,
    int (*add)(struct ms_trust *, X509 *, struct ms_err *), struct ms_err *err)
{
	struct ms_bag b;
	int i, rc;

	ms_bag_init(&b);
	rc = ms_bag_read(&b, path, NULL, NULL, err);
	if (rc == 0 && sk_X509_num(b.certs) <= 0)
		rc = ms_fail(err, MS_DATA, "%s: no certificate in it", path);
	for (i = 0; rc == 0 && i < sk_X509_num(b.certs); i++)
		rc = add(t, sk_X509_value(b.certs, i), err);
	for (i = 0; rc == 0 && i < sk_X509_CRL_num(b.crls); i++)
		rc = ms_trust_add_crl(t, sk_X509_CRL_value(b.crls, i), err);
	ms_bag_clear(&b);
	return rc;
}

/* Every regular file of a directory, hidden ones aside. */
static int
add_dir(struct ms_trust *t, const char *dir, struct ms_err *err)
{
	struct ms_buf path = MS_BUF_INIT(8192);
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	int rc = 0;

	if (!d)
		return ms_fail_errno(err, MS_NOINPUT, "cannot open '%s'", dir);
	while (rc == 0 && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		ms_buf_reset(&path);
		rc = ms_buf_addf(&path, err, "%s/%s", dir, e->d_name);
		if (rc == 0 && stat(ms_buf_str(&path), &st) == 0 &&
		    S_ISREG(st.st_mode))
			rc = add_file(t, ms_buf_str(&path), ms_trust_add_cert,
			    err);
	}
	closedir(d);
	ms_buf_clear(&path);
	return rc;
}

int
ms_trust_add(struct ms_trust *t, const char *where, struct ms_err *err)
{
	struct stat st;

	if (ms_streq(where, "system")) {
		if (X509_STORE_set_default_paths(t->store) != 1)
			return ms_fail_ssl(err, MS_UNAVAILABLE,
			    "cannot open the system's trust anchors");
		t->anchors++;
		return 0;
	}
	if (stat(where, &st) < 0)
		return ms_fail_errno(err, MS_NOINPUT, "cannot open '%s'",
		    where);
	if (S_ISDIR(st.st_mode))
		return add_dir(t, where, err);
	return add_file(t, where, ms_trust_add_cert, err);
}

int
ms_trust_add_chain_file(struct ms_trust *t, const char *path,
    struct ms_err *err)
{
	return add_file(t, path, add_helper, err);
}

int
ms_trust_add_crl_file(struct ms_trust *t, const char *path, struct ms_err *err)
{
	struct ms_bag b;
	int i, rc;

	ms_bag_init(&b);
	rc = ms_bag_read(&b, path, NULL, NULL, err);
	if (rc == 0 && sk_X509_CRL_num(b.crls) <= 0)
		rc = ms_fail(err, MS_DATA, "%s: no certificate revocation list "
		    "in it", path);
	for (i = 0; rc == 0 && i < sk_X509_CRL_num(b.crls); i++)
		rc = ms_trust_add_crl(t, sk_X509_CRL_value(b.crls, i), err);
	ms_bag_clear(&b);
	return rc;
}

void
ms_trust_set_revocation(struct ms_trust *t, enum ms_revocation r)
{
	t->revocation = r;
}

void
ms_trust_set_legacy(struct ms_trust *t, bool allow)
{
	t->legacy = allow;
}

void
ms_trust_set_fetch_issuers(struct ms_trust *t, bool yes)
{
	t->fetch_issuers = yes;
}

bool
ms_trust_is_empty(const struct ms_trust *t)
{
	return t->anchors == 0;
}
