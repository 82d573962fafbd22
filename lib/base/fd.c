/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/internal.h"

/* A descriptor that somebody else made non-blocking is waited for. */
static int
wait_for(int fd, short events)
{
	struct pollfd pfd = { fd, events, 0 };

	while (poll(&pfd, 1, -1) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return 0;
}

static bool
again(int fd, short events)
{
	if (errno == EINTR)
		return true;
	return (errno == EAGAIN || errno == EWOULDBLOCK) &&
	    wait_for(fd, events) == 0;
}

ssize_t
ms_fd_read(int fd, const char *name, void *p, size_t n, struct ms_err *err)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && again(fd, POLLIN));
	if (got < 0)
		ms_fail_errno(err, MS_IO, "cannot read '%s'", name);
	return got;
}

int
ms_fd_write(int fd, const char *name, const void *p, size_t n,
    struct ms_err *err)
{
	const unsigned char *at = p;
	ssize_t put;

	while (n > 0) {
		put = write(fd, at, n);
		if (put < 0 && again(fd, POLLOUT))
			continue;
		if (put < 0)
			return ms_fail_errno(err, MS_IO, "cannot write '%s'",
			    name);
		at += put;
		n -= (size_t)put;
	}
	return 0;
}

ssize_t
ms_fd_pread(int fd, unsigned char *p, size_t n, off_t off)
{
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got = pread(fd, p + done, n - done, off + (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int
ms_fd_pwrite(int fd, const unsigned char *p, size_t n, off_t off)
{
	ssize_t put;

	while (n > 0) {
		put = pwrite(fd, p, n, off);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		off += put;
		n -= (size_t)put;
	}
	return 0;
}

int
ms_fd_temp(const char *dir, struct ms_err *err)
{
	char path[4096];
	int fd;

#ifdef O_TMPFILE
	/* O_EXCL: it can never be linked into the file system. */
	fd = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
#endif
	if (snprintf(path, sizeof(path), "%s/mailseal.XXXXXX", dir) >=
	    (int)sizeof(path))
		errno = ENAMETOOLONG;
	else if ((fd = mkostemp(path, O_CLOEXEC)) >= 0) {
		unlink(path);
		return fd;
	}
	return ms_fail_errno(err, MS_CANTCREAT,
	    "cannot make a temporary file in '%s'", dir);
}
