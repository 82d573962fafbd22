/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maildir:PATH.  Written in tmp/, synced, renamed into new/, directory synced:
 * a reader sees the whole message or none, and a crash loses nothing that was
 * reported as delivered.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mail/internal.h"

#define PATH_LEN 4096		/* bytes of a path */
#define UNIQUE 8		/* random octets in a name */

struct maildir {
	char *path;
};

static void
maildir_free(void *state)
{
	struct maildir *m = state;

	free(m->path);
	free(m);
}

static void *
maildir_open(const char *rest, const char *scheme,
    const struct ms_net_auth *auth, char *const *env, struct ms_err *err)
{
	struct maildir *m;

	if (!*rest) {
		ms_fail(err, MS_USAGE, "maildir: without a path");
		return NULL;
	}
	m = calloc(1, sizeof(*m));
	if (!m || !(m->path = strdup(rest))) {
		free(m);
		ms_fail_nomem(err);
		return NULL;
	}
	return m;
}

static int
make_dirs(const struct maildir *m, struct ms_err *err)
{
	static const char *const sub[] = { "", "/tmp", "/new", "/cur" };
	struct ms_buf path = MS_BUF_INIT(PATH_LEN);
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < 4; i++) {
		ms_buf_reset(&path);
		rc = ms_buf_addf(&path, err, "%s%s", m->path, sub[i]);
		if (rc == 0 && mkdir(ms_buf_str(&path), 0700) != 0 &&
		    errno != EEXIST)
			rc = ms_fail_errno(err, MS_TEMPFAIL,
			    "cannot make '%s'", ms_buf_str(&path));
	}
	ms_buf_clear(&path);
	return rc;
}

/* "SECONDS.RANDOM.mailseal": unique without knowing the host's name. */
static int
make_names(const struct maildir *m, struct ms_buf *tmp, struct ms_buf *to,
    struct ms_buf *dir, struct ms_err *err)
{
	struct ms_buf hex = MS_BUF_INIT(64);
	unsigned char rnd[UNIQUE];
	long long now = (long long)time(NULL);
	int rc = -1;

	if (ms_random(rnd, sizeof(rnd), err) == 0 &&
	    ms_hex_encode(rnd, sizeof(rnd), &hex, err) == 0 &&
	    ms_buf_addf(tmp, err, "%s/tmp/%lld.%s.mailseal", m->path, now,
	    ms_buf_str(&hex)) == 0 &&
	    ms_buf_addf(to, err, "%s/new/%lld.%s.mailseal", m->path, now,
	    ms_buf_str(&hex)) == 0 &&
	    ms_buf_addf(dir, err, "%s/new", m->path) == 0)
		rc = 0;
	ms_buf_clear(&hex);
	return rc;
}

/* A Maildir holds messages with the line ends of the system. */
static int
write_message(int fd, const char *name, struct ms_spool *message,
    struct ms_err *err)
{
	struct ms_src *src = ms_spool_read(message, err);
	struct ms_sink *k = NULL, *eol = NULL;
	int rc = -1;

	if (!src)
		return -1;
	k = ms_sink_fd(fd, name, err);
	eol = k ? ms_mime_eol(k, false, err) : NULL;
	if (eol && ms_copy(src, eol, err) == 0 &&
	    ms_sink_end(eol, err) == 0 && ms_sink_end(k, err) == 0) {
		rc = 0;
		if (fsync(fd) != 0)
			rc = ms_fail_errno(err, MS_TEMPFAIL,
			    "cannot write '%s'", name);
	}
	ms_sink_free(eol);
	ms_sink_free(k);
	return rc;
}

static int
sync_dir(const char *path, struct ms_err *err)
{
	int rc = 0, fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		rc = ms_fail_errno(err, MS_TEMPFAIL, "cannot sync '%s'", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
maildir_send(void *state, const char *from, struct ms_rcpt_result *rcpts,
    size_t n, bool partial, struct ms_spool *message, struct ms_err *err)
{
	struct maildir *m = state;
	struct ms_buf tmp = MS_BUF_INIT(PATH_LEN), to = MS_BUF_INIT(PATH_LEN);
	struct ms_buf dir = MS_BUF_INIT(PATH_LEN);
	struct ms_err e = MS_ERR_INIT;
	int fd = -1, rc = -1;

	if (make_dirs(m, &e) != 0 || make_names(m, &tmp, &to, &dir, &e) != 0)
		goto out;
	fd = open(ms_buf_str(&tmp), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	if (fd < 0) {
		ms_fail_errno(&e, MS_TEMPFAIL, "cannot make '%s'",
		    ms_buf_str(&tmp));
		goto out;
	}
	if (write_message(fd, ms_buf_str(&tmp), message, &e) != 0 ||
	    rename(ms_buf_str(&tmp), ms_buf_str(&to)) != 0) {
		ms_fail_errno(&e, MS_TEMPFAIL, "cannot deliver to '%s'",
		    m->path);
		unlink(ms_buf_str(&tmp));
		goto out;
	}
	/* Not synced is not delivered: taken back, so that trying again does
	 * not bring it twice. */
	if (sync_dir(ms_buf_str(&dir), &e) != 0) {
		unlink(ms_buf_str(&to));
		goto out;
	}
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	if (rc == 0) {
		ms_rcpts_set(rcpts, n, MS_DELIVERED, "");
	} else {
		/* A local disk that is full or shut today may not be so
		 * tomorrow. */
		ms_rcpts_set(rcpts, n, MS_DEFERRED, e.text);
		ms_fail(err, MS_TEMPFAIL, "%s", e.text);
	}
	ms_buf_clear(&tmp);
	ms_buf_clear(&to);
	ms_buf_clear(&dir);
	return rc;
}

const struct ms_transport_ops ms_transport_maildir = {
	"maildir:", maildir_open, maildir_send, maildir_free
};
