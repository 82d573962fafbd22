/* SPDX-License-Identifier: Apache-2.0 */
/* The source "dir:PATH": files of certificates. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "lookup/certtab.h"
#include "lookup/internal.h"

#define DIR_FILES 100000	/* files; whoever has more wants a database */
#define DIR_ENTRIES 400000	/* addresses over all files */
#define DIR_PATH 8192		/* bytes of a path */
/* A file changed in place leaves the directory's time alone; an index older
 * than this is made anew. */
#define DIR_INDEX_S 60
/* Two changes close together may leave the same time: an index made so soon
 * after a change is not relied on. */
#define DIR_SETTLE_S 2

static const char *const suffixes[] = { ".pem", ".crt", ".cer", ".der" };
#define NSUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

struct entry {
	unsigned char k[MS_CERTTAB_KEY];
	size_t file;
};

/* Which file has which address: what one reading of all files leaves. */
struct index {
	char **file;
	size_t nfile;
	struct entry *v;
	size_t n;
	size_t ndamaged;	/* files that could not be read */
	struct ms_err damaged;	/* the first of them */
	struct timespec mtime;	/* of the directory, before it was read */
	time_t made;		/* 0: not yet */
};

struct dir {
	char *path;
	struct index idx;
};

static void
index_clear(struct index *x)
{
	size_t i;

	for (i = 0; i < x->nfile; i++)
		free(x->file[i]);
	free(x->file);
	free(x->v);
	memset(x, 0, sizeof(*x));
}

static void
dir_free(void *state)
{
	struct dir *d = state;

	if (!d)
		return;
	index_clear(&d->idx);
	free(d->path);
	free(d);
}

static int
dir_open(const char *where, void **ret, struct ms_err *err)
{
	struct dir *d = calloc(1, sizeof(*d));

	if (!d || !(d->path = strdup(where))) {
		dir_free(d);
		return ms_fail_nomem(err);
	}
	*ret = d;
	return 0;
}

/* ---- reading a file ---- */

/* Offer the certificates of a file that carry the address; or all, when the
 * file is named for the address and none does. */
static int
offer_bag(struct asking *q, const struct ms_bag *bag, bool named,
    struct ms_err *err)
{
	int i, n = sk_X509_num(bag->certs), hits = 0;

	for (i = 0; i < n; i++) {
		X509 *x = sk_X509_value(bag->certs, i);

		if (!ms_cert_has_addr(x, lookup_addr(q)))
			continue;
		if (++hits > LOOKUP_CANDIDATES)
			break;
		if (lookup_offer(q, x, bag->certs, NULL, err) < 0)
			return -1;
	}
	for (i = 0; named && hits == 0 && i < n && i < LOOKUP_CANDIDATES; i++)
		if (lookup_offer(q, sk_X509_value(bag->certs, i), bag->certs,
		    NULL, err) < 0)
			return -1;
	return 0;
}

/* What is gone, or no file at all, is none: no error. */
static int
offer_file(struct asking *q, const char *path, bool named, struct ms_err *err)
{
	struct ms_bag bag;
	struct stat st;
	int rc;

	if (stat(path, &st) == 0 ? !S_ISREG(st.st_mode) :
	    errno == ENOENT || errno == ENAMETOOLONG)
		return 0;
	ms_bag_init(&bag);
	rc = ms_bag_read(&bag, path, NULL, NULL, err);
	if (rc == 0)
		rc = offer_bag(q, &bag, named, err);
	ms_bag_clear(&bag);
	return rc;
}

/* ---- ADDRESS.pem ---- */

/* The local part as it is, but for what a file name cannot hold and for the
 * sign that says so. */
static int
name_of(const struct ms_addr *a, struct ms_buf *b, struct ms_err *err)
{
	const char *p;

	for (p = a->local; *p; p++)
		if ((*p == '/' || *p == '%' ?
		    ms_buf_addf(b, err, "%%%02X", (unsigned char)*p) :
		    ms_buf_addc(b, *p, err)) != 0)
			return -1;
	return ms_buf_addf(b, err, "@%s", a->domain);
}

static int
offer_named(struct dir *d, struct asking *q, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(DIR_PATH);
	size_t i, stem;
	int rc = -1;

	if (ms_buf_addf(&b, err, "%s/", d->path) != 0 ||
	    name_of(lookup_addr(q), &b, err) != 0)
		goto out;
	stem = b.n;
	rc = 0;
	for (i = 0; rc == 0 && i < NSUFFIXES; i++) {
		b.n = stem;
		if (ms_buf_adds(&b, suffixes[i], err) != 0)
			rc = -1;
		else if (!ms_buf_str(&b))
			rc = ms_fail_nomem(err);
		else
			rc = offer_file(q, ms_buf_str(&b), true, err);
	}
out:
	ms_buf_clear(&b);
	return rc;
}

/* ---- the index ---- */

static bool
is_candidate(const char *name)
{
	size_t i, n = strlen(name), s;

	for (i = 0; name[0] != '.' && i < NSUFFIXES; i++) {
		s = strlen(suffixes[i]);
		if (n > s && ms_strcaseeq(name + n - s, suffixes[i]))
			return true;
	}
	return false;
}

static int
by_key(const void *a, const void *b)
{
	return memcmp(((const struct entry *)a)->k,
	    ((const struct entry *)b)->k, MS_CERTTAB_KEY);
}

static int
index_addr(struct index *x, const struct ms_addr *a, struct ms_err *err)
{
	struct entry *v;

	if (x->n >= DIR_ENTRIES)
		return ms_fail(err, MS_CONFIG, "more than %d addresses in a "
		    "directory; a database (db:) holds them", DIR_ENTRIES);
	if ((x->n & (x->n - 1)) == 0) {
		v = realloc(x->v, (x->n ? 2 * x->n : 1) * sizeof(*v));
		if (!v)
			return ms_fail_nomem(err);
		x->v = v;
	}
	if (ms_certtab_key_addr(a, x->v[x->n].k, err) != 0)
		return -1;
	x->v[x->n++].file = x->nfile - 1;
	return 0;
}

static int
index_name(struct index *x, const char *name, struct ms_err *err)
{
	char **v;

	if (x->nfile >= DIR_FILES)
		return ms_fail(err, MS_CONFIG, "more than %d files in a "
		    "directory; a database (db:) holds them", DIR_FILES);
	if ((x->nfile & (x->nfile - 1)) == 0) {
		v = realloc(x->file, (x->nfile ? 2 * x->nfile : 1) *
		    sizeof(*v));
		if (!v)
			return ms_fail_nomem(err);
		x->file = v;
	}
	if (!(x->file[x->nfile] = strdup(name)))
		return ms_fail_nomem(err);
	x->nfile++;
	return 0;
}

static int
index_bag(struct index *x, const struct ms_bag *bag, struct ms_err *err)
{
	struct ms_addrlist l;
	int i, rc = 0;
	size_t j;

	for (i = 0; rc == 0 && i < sk_X509_num(bag->certs); i++) {
		if (ms_cert_addrs(sk_X509_value(bag->certs, i), &l, err) != 0)
			return -1;
		for (j = 0; rc == 0 && j < l.n; j++)
			rc = index_addr(x, &l.v[j], err);
		ms_addrlist_clear(&l);
	}
	return rc;
}

/*
 * A file that cannot be read may hold the very address that is asked for, so
 * it is remembered and turns every NO of this directory into UNKNOWN.
 */
static int
index_file(struct index *x, const char *dir, const char *name,
    struct ms_err *err)
{
	struct ms_buf path = MS_BUF_INIT(DIR_PATH);
	struct ms_err why = MS_ERR_INIT;
	struct ms_bag bag;
	struct stat st;
	int rc = -1;

	ms_bag_init(&bag);
	if (ms_buf_addf(&path, err, "%s/%s", dir, name) != 0)
		goto out;
	if (!ms_buf_str(&path)) {
		ms_fail_nomem(err);
		goto out;
	}
	rc = 0;
	if (stat(ms_buf_str(&path), &st) == 0 ? !S_ISREG(st.st_mode) :
	    errno == ENOENT)
		goto out;
	if (ms_bag_read(&bag, ms_buf_str(&path), NULL, NULL, &why) != 0) {
		if (why.class == MS_OS)
			rc = ms_fail(err, why.class, "%s", why.text);
		else if (x->ndamaged++ == 0)
			x->damaged = why;
		goto out;
	}
	rc = index_name(x, name, err);
	if (rc == 0)
		rc = index_bag(x, &bag, err);
out:
	ms_bag_clear(&bag);
	ms_buf_clear(&path);
	return rc;
}

static int
index_make(struct dir *d, struct ms_err *err)
{
	struct index x;
	struct dirent *e;
	struct stat st;
	DIR *dir;
	int rc = 0;

	memset(&x, 0, sizeof(x));
	if (stat(d->path, &st) != 0 || !(dir = opendir(d->path)))
		return ms_fail_errno(err, MS_NOINPUT, "cannot open '%s'",
		    d->path);
	x.mtime = st.st_mtim;
	x.made = time(NULL);
	while (rc == 0 && (errno = 0, e = readdir(dir)))
		if (is_candidate(e->d_name))
			rc = index_file(&x, d->path, e->d_name, err);
	if (rc == 0 && errno != 0)
		rc = ms_fail_errno(err, MS_IO, "cannot read '%s'", d->path);
	closedir(dir);
	if (rc != 0) {
		index_clear(&x);
		return -1;
	}
	if (x.n > 1)
		qsort(x.v, x.n, sizeof(*x.v), by_key);
	index_clear(&d->idx);
	d->idx = x;
	return 0;
}

static bool
index_is_fresh(const struct dir *d)
{
	const struct index *x = &d->idx;
	time_t now = time(NULL);
	struct stat st;

	return x->made != 0 && now >= x->made &&
	    now - x->made <= DIR_INDEX_S &&
	    x->made - x->mtime.tv_sec >= DIR_SETTLE_S &&
	    stat(d->path, &st) == 0 &&
	    st.st_mtim.tv_sec == x->mtime.tv_sec &&
	    st.st_mtim.tv_nsec == x->mtime.tv_nsec;
}

static int
offer_indexed(struct dir *d, struct asking *q, struct ms_err *err)
{
	struct ms_buf path = MS_BUF_INIT(DIR_PATH);
	const struct index *x = &d->idx;
	size_t lo = 0, hi = x->n, mid;
	struct entry want;
	int rc;

	rc = ms_certtab_key_addr(lookup_addr(q), want.k, err);
	while (rc == 0 && lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (by_key(&x->v[mid], &want) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; rc == 0 && lo < x->n && by_key(&x->v[lo], &want) == 0; lo++) {
		ms_buf_reset(&path);
		rc = ms_buf_addf(&path, err, "%s/%s", d->path,
		    x->file[x->v[lo].file]);
		if (rc == 0 && !ms_buf_str(&path))
			rc = ms_fail_nomem(err);
		if (rc == 0)
			rc = offer_file(q, ms_buf_str(&path), false, err);
	}
	ms_buf_clear(&path);
	return rc;
}

static int
dir_find(void *state, struct asking *q, struct ms_err *err)
{
	struct dir *d = state;
	const struct index *x = &d->idx;
	int rc;

	rc = offer_named(d, q, err);
	if (lookup_first_is_enough(q) && lookup_is_found(q))
		return 0;
	if ((!index_is_fresh(d) && index_make(d, err) != 0) ||
	    offer_indexed(d, q, err) != 0)
		return -1;
	if (rc != 0 || lookup_is_found(q) || x->ndamaged == 0)
		return rc;
	if (x->ndamaged == 1)
		return ms_fail(err, MS_DATA, "%s", x->damaged.text);
	return ms_fail(err, MS_DATA, "%zu damaged files, the first: %s",
	    x->ndamaged, x->damaged.text);
}

const struct source_kind lookup_dir = { "dir:", dir_open, dir_find, NULL,
	dir_free };
