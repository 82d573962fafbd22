/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/internal.h"
#include "base/publish.h"
#include "base/text.h"

#define LINKS_MAX 40		/* symbolic links followed, as Linux does */

struct ms_out {
	struct ms_sink sink;
	char *name;		/* for messages */
	char *path;		/* a regular file's, links resolved */
	char *temp;		/* its name until it is renamed, or NULL */
	int fd;
	bool ours;		/* fd is to be closed */
	bool replaces;		/* the mode and owner of `old` are kept */
	bool secret;		/* ... though nobody else may read it */
	struct stat old;
	struct ms_buf held;
	size_t hold;		/* bytes held back before they go out */
	bool failed;
};

static int
flush(struct ms_out *o, struct ms_err *err)
{
	int rc;

	if (o->held.n == 0)
		return 0;
	rc = ms_fd_write(o->fd, o->name, o->held.p, o->held.n, err);
	/* What comes now is held in small pieces: the large buffer goes. */
	ms_buf_clear(&o->held);
	if (rc != 0)
		o->failed = true;
	return rc;
}

static int
out_write(struct ms_sink *k, const void *p, size_t n, struct ms_err *err)
{
	struct ms_out *o = (struct ms_out *)k;

	if (o->failed)
		return ms_fail(err, MS_IO, "cannot write '%s'", o->name);
	if (n <= o->hold - o->held.n)
		return ms_buf_add(&o->held, p, n, err);
	if (flush(o, err) != 0)
		return -1;
	/* Something has left: from here on only for speed. */
	o->hold = MS_BLOCK;
	if (n < o->hold)
		return ms_buf_add(&o->held, p, n, err);
	if (ms_fd_write(o->fd, o->name, p, n, err) == 0)
		return 0;
	o->failed = true;
	return -1;
}

static int
cannot_create(struct ms_out *o, struct ms_err *err)
{
	return ms_fail_errno(err, MS_CANTCREAT, "cannot create '%s'", o->name);
}

/* The length of the directory part of path, its slash included. */
static size_t
dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* Where a symbolic link at path leads, relative to where it stands. */
static char *
follow(const char *path)
{
	char to[PATH_MAX];
	size_t dir = dir_len(path);
	ssize_t n = readlink(path, to, sizeof(to) - 1);
	char *s;

	if (n < 0)
		return NULL;
	to[n] = '\0';
	if (to[0] == '/')
		dir = 0;
	s = malloc(dir + (size_t)n + 1);
	if (s != NULL) {
		memcpy(s, path, dir);
		memcpy(s + dir, to, (size_t)n + 1);
	}
	return s;
}

/* o->path: the name behind all links, also where nothing is there yet. */
static int
resolve(struct ms_out *o, const char *path, struct ms_err *err)
{
	struct stat st;
	char *next;
	int links = 0;

	o->path = strdup(path);
	if (o->path == NULL)
		return ms_fail_nomem(err);
	while (lstat(o->path, &st) == 0 && S_ISLNK(st.st_mode)) {
		errno = ELOOP;
		next = links++ < LINKS_MAX ? follow(o->path) : NULL;
		if (next == NULL)
			return cannot_create(o, err);
		free(o->path);
		o->path = next;
	}
	return 0;
}

/* A name beside the path that nobody has or guesses. */
static int
temp_name(struct ms_out *o, struct ms_err *err)
{
	unsigned char r[8];
	char hex[2 * sizeof(r) + 1];
	size_t i, dir = dir_len(o->path), size = dir + sizeof(hex) + 16;

	if (ms_random(r, sizeof(r), err) != 0)
		return -1;
	for (i = 0; i < sizeof(r); i++)
		snprintf(hex + 2 * i, 3, "%02x", r[i]);
	o->temp = malloc(size);
	if (o->temp == NULL)
		return ms_fail_nomem(err);
	snprintf(o->temp, size, "%.*s.mailseal-%s", (int)dir, o->path, hex);
	return 0;
}

/*
 * A file without a name, or, where the file system has none (or there is no
 * /proc to give it a name by), one with a name that is removed on failure.
 */
static int
open_temp(struct ms_out *o, mode_t mode, struct ms_err *err)
{
	size_t dir = dir_len(o->path);
	char *at = dir > 0 ? strndup(o->path, dir) : strdup(".");

	if (at == NULL)
		return ms_fail_nomem(err);
	o->fd = -1;
	if (access("/proc/self/fd", X_OK) == 0)
		o->fd = open(at, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	free(at);
	if (o->fd < 0) {
		if (temp_name(o, err) != 0)
			return -1;
		o->fd = open(o->temp, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC,
		    mode);
		if (o->fd < 0) {
			free(o->temp);
			o->temp = NULL;
			return cannot_create(o, err);
		}
	}
	o->ours = true;
	return 0;
}

/*
 * The descriptor that a path such as /dev/fd/3 stands for, or -1.  Opening
 * such a path anew would write a redirected file from its beginning.
 */
static int
path_fd(const char *path)
{
	static const char *const dirs[] = { "/dev/fd/", "/proc/self/fd/" };
	uint64_t v;
	size_t i, n;

	if (ms_streq(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (ms_streq(path, "/dev/stderr"))
		return STDERR_FILENO;
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		n = strlen(dirs[i]);
		if (strncmp(path, dirs[i], n) == 0 &&
		    ms_parse_uint(path + n, "", 0, INT_MAX, &v, NULL) == 0)
			return (int)v;
	}
	return -1;
}

static int
open_file(struct ms_out *o, const char *path, bool secret, struct ms_err *err)
{
	o->replaces = stat(path, &o->old) == 0;
	if (!o->replaces && errno != ENOENT)
		return cannot_create(o, err);
	if (o->replaces && !S_ISREG(o->old.st_mode)) {
		o->replaces = false;
		o->fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
		if (o->fd < 0)
			return cannot_create(o, err);
		o->ours = true;
		return 0;
	}
	/* A file that may not be written may not be replaced either. */
	if (o->replaces && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
		return cannot_create(o, err);
	if (resolve(o, path, err) != 0)
		return -1;
	o->hold = MS_BLOCK;
	return open_temp(o, secret || o->replaces ? 0600 : 0666, err);
}

int
ms_out_open(const char *path, bool secret, dev_t in_dev, ino_t in_ino,
    struct ms_out **ret, struct ms_err *err)
{
	struct ms_out *o = calloc(1, sizeof(*o));
	bool std = path == NULL || ms_streq(path, "-");
	int fd = std ? STDOUT_FILENO : path_fd(path);
	struct stat st;

	if (o == NULL)
		return ms_fail_nomem(err);
	o->fd = -1;
	o->secret = secret;
	ms_buf_init_secret(&o->held, MS_OUT_HOLD);
	o->hold = MS_OUT_HOLD;
	o->sink.write = out_write;
	o->name = strdup(std ? "stdout" : path);
	if (o->name == NULL) {
		ms_fail_nomem(err);
		goto fail;
	}
	if (fd >= 0) {
		o->fd = fd;
		if (fstat(fd, &st) != 0) {
			cannot_create(o, err);
			goto fail;
		}
	} else {
		if (open_file(o, path, secret, err) != 0)
			goto fail;
		st = o->old;
	}
	if ((fd >= 0 || o->replaces) && S_ISREG(st.st_mode) &&
	    (in_dev != 0 || in_ino != 0) &&
	    st.st_dev == in_dev && st.st_ino == in_ino) {
		ms_fail(err, MS_USAGE, "'%s' is the input and the output",
		    o->name);
		goto fail;
	}
	*ret = o;
	return 0;
fail:
	ms_out_abort(o);
	return -1;
}

struct ms_sink *
ms_out_sink(struct ms_out *o)
{
	return &o->sink;
}

/* Owner (as far as we may) and mode of the file that is replaced. */
static int
keep_mode(struct ms_out *o)
{
	mode_t mode = o->old.st_mode & 0777;
	struct stat now;

	if (fstat(o->fd, &now) != 0)
		return -1;
	if (geteuid() == 0) {
		if (fchown(o->fd, o->old.st_uid, o->old.st_gid) != 0)
			return -1;
	} else if (now.st_gid != o->old.st_gid &&
	    fchown(o->fd, (uid_t)-1, o->old.st_gid) != 0) {
		/* Another group must not get what this one had. */
		mode &= (mode_t)~070 | ((mode & 07) << 3);
	}
	/* A key must not go where a certificate stood for all to read. */
	if (o->secret)
		mode &= 0600;
	return fchmod(o->fd, mode);
}

static void
sync_dir(const char *path)
{
	size_t n = dir_len(path);
	char *dir = n > 0 ? strndup(path, n) : strdup(".");
	int fd = dir != NULL ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
	    -1;

	/* The file itself is safe; not every directory can be synced. */
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

static int
commit_file(struct ms_out *o, struct ms_err *err)
{
	char self[64];

	if ((o->replaces && keep_mode(o) != 0) || fsync(o->fd) != 0)
		return ms_fail_errno(err, MS_IO, "cannot write '%s'", o->name);
	if (o->temp == NULL) {
		if (temp_name(o, err) != 0)
			return -1;
		snprintf(self, sizeof(self), "/proc/self/fd/%d", o->fd);
		if (linkat(AT_FDCWD, self, AT_FDCWD, o->temp,
		    AT_SYMLINK_FOLLOW) != 0) {
			ms_fail_errno(err, MS_IO, "cannot write '%s'",
			    o->name);
			free(o->temp);
			o->temp = NULL;
			return -1;
		}
	}
	if (rename(o->temp, o->path) != 0)
		return ms_fail_errno(err, MS_IO, "cannot write '%s'", o->name);
	free(o->temp);
	o->temp = NULL;
	sync_dir(o->path);
	return 0;
}

int
ms_out_commit(struct ms_out *o, struct ms_err *err)
{
	int rc = -1;

	if (o->failed) {
		ms_fail(err, MS_IO, "cannot write '%s'", o->name);
		goto out;
	}
	if (flush(o, err) != 0 || (o->path != NULL && commit_file(o, err) != 0))
		goto out;
	if (o->ours) {
		o->ours = false;
		if (close(o->fd) != 0 && errno != EINTR) {
			ms_fail_errno(err, MS_IO, "cannot write '%s'",
			    o->name);
			goto out;
		}
	}
	rc = 0;
out:
	ms_out_abort(o);
	return rc;
}

void
ms_out_abort(struct ms_out *o)
{
	if (o == NULL)
		return;
	if (o->temp != NULL)
		unlink(o->temp);
	if (o->ours)
		close(o->fd);
	ms_buf_clear(&o->held);
	free(o->temp);
	free(o->path);
	free(o->name);
	free(o);
}
