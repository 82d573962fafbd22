/* SPDX-License-Identifier: Apache-2.0 */
/* Fetched things on disk, to be had again while they are in date. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "remote/internal.h"

#define PATH_LEN 8192		/* bytes */
#define HASH_HEX 64

static const char *const suffix[] = { [MS_FETCH_CRL] = ".crl",
	[MS_FETCH_OCSP] = ".ocsp", [MS_FETCH_ISSUER] = ".cer" };
#define NSUFFIX (sizeof(suffix) / sizeof(suffix[0]))

static int
path_of(const char *dir, const struct ms_fetch_query *q, struct ms_buf *path)
{
	unsigned char md[32];
	size_t n = strlen(q->url);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int rc = -1;

	/* the NUL keeps URL and body apart */
	if (c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(c, q->url, n + 1) == 1 &&
	    EVP_DigestUpdate(c, q->body.p, q->body.n) == 1 &&
	    EVP_DigestFinal_ex(c, md, NULL) == 1 &&
	    ms_buf_addf(path, NULL, "%s/", dir) == 0 &&
	    ms_hex_encode(md, sizeof(md), path, NULL) == 0 &&
	    ms_buf_adds(path, suffix[q->kind], NULL) == 0 &&
	    ms_buf_str(path))
		rc = 0;
	EVP_MD_CTX_free(c);
	return rc;
}

static bool
read_all(int fd, struct ms_buf *to)
{
	struct ms_src *s = ms_src_fd(fd, "cache", NULL);
	bool good = s && ms_src_slurp(s, to, NULL) == 0;

	ms_src_free(s);
	return good;
}

bool
cache_get(const char *dir, const struct ms_fetch_query *q, struct ms_buf *to)
{
	struct ms_buf path = MS_BUF_INIT(PATH_LEN);
	struct stat st;
	bool good = false;
	int fd = -1;

	if (path_of(dir, q, &path) == 0)
		fd = open(ms_buf_str(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
		    O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_mtime > time(NULL))
		good = read_all(fd, to);
	if (!good)
		ms_buf_reset(to);
	if (fd >= 0)
		close(fd);
	ms_buf_clear(&path);
	return good;
}

/* The directory and those above it. */
static int
make_dirs(const char *dir)
{
	char *path = strdup(dir), *p;
	int rc = path ? 0 : -1;

	for (p = path; rc == 0 && p && *p; ) {
		p = strchr(p + 1, '/');
		if (p)
			*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			rc = -1;
		if (p)
			*p = '/';
	}
	free(path);
	return rc;
}

void
cache_put(const char *dir, const struct ms_fetch_query *q,
    struct ms_span bytes, time_t until)
{
	struct timespec when[2] = { { until, 0 }, { until, 0 } };
	struct ms_buf path = MS_BUF_INIT(PATH_LEN);
	struct ms_out *o = NULL;

	if (path_of(dir, q, &path) != 0 || make_dirs(dir) != 0 ||
	    ms_out_open(ms_buf_str(&path), true, 0, 0, &o, NULL) != 0)
		goto out;
	if (ms_sink_write(ms_out_sink(o), bytes.p, bytes.n, NULL) != 0) {
		ms_out_abort(o);
		goto out;
	}
	/* until its time is set, the file counts as out of date */
	if (ms_out_commit(o, NULL) == 0)
		utimensat(AT_FDCWD, ms_buf_str(&path), when, 0);
out:
	ms_buf_clear(&path);
}

static bool
is_ours(const char *name)
{
	size_t i;

	if (strspn(name, "0123456789abcdef") != HASH_HEX)
		return false;
	for (i = 0; i < NSUFFIX; i++)
		if (ms_streq(name + HASH_HEX, suffix[i]))
			return true;
	return false;
}

void
cache_prune(const char *dir)
{
	DIR *d = opendir(dir);
	time_t now = time(NULL);
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (is_ours(e->d_name) && fstatat(dirfd(d), e->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime <= now)
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}
