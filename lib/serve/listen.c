/* SPDX-License-Identifier: Apache-2.0 */
/* SO_REUSEPORT is beyond POSIX. */
#define _GNU_SOURCE
/* Where connections come from. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/internal.h"

/* Connections the kernel may keep waiting for us. */
#define BACKLOG 511

void
serve_peer_name(const struct sockaddr *sa, char *to, size_t n)
{
	const struct sockaddr_in *v4 = (const void *)sa;
	const struct sockaddr_in6 *v6 = (const void *)sa;
	char s[INET6_ADDRSTRLEN] = "?";

	if (sa->sa_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, s, sizeof(s));
		snprintf(to, n, "%s", s);
	} else if (sa->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, s, sizeof(s));
		snprintf(to, n, "%s", s);
	} else if (sa->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, s, sizeof(s));
		snprintf(to, n, "[%s]", s);
	} else
		snprintf(to, n, "unix");
}

static int
nonblocking(int fd)
{
	int fl = fcntl(fd, F_GETFL);

	return fl == -1 || fcntl(fd, F_SETFL, fl | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ? -1 : 0;
}

static int
bind_and_listen(struct serve_listener *l, const char *spec,
    const struct sockaddr *sa, socklen_t len, bool share,
    struct ms_err *err)
{
	int on = 1;

	l->fd = socket(sa->sa_family, SOCK_STREAM, 0);
	if (l->fd == -1)
		return ms_fail_errno(err, MS_OS, "cannot make a socket");
	if (sa->sa_family != AF_UNIX)
		setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (share)
		setsockopt(l->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (nonblocking(l->fd) == -1 || bind(l->fd, sa, len) == -1 ||
	    listen(l->fd, BACKLOG) == -1) {
		ms_fail_errno(err, MS_CANTCREAT, "cannot listen on %s", spec);
		close(l->fd);
		l->fd = -1;
		return -1;
	}
	return 0;
}

/* ---- TCP ---- */

static int
listen_tcp(const char *spec, struct serve_listener *l, struct ms_err *err)
{
	struct sockaddr_storage ss;
	struct sockaddr_in *v4 = (void *)&ss;
	struct sockaddr_in6 *v6 = (void *)&ss;
	const char *colon = strrchr(spec, ':');
	char host[INET6_ADDRSTRLEN];
	socklen_t len;
	uint64_t port;
	size_t n;

	if (!colon || ms_parse_uint(colon + 1, "port", 0, 65535, &port,
	    err) == -1)
		return ms_fail(err, MS_USAGE, "'%s' is not ADDR:PORT, "
		    "[ADDR]:PORT, unix:PATH or fd:N", spec);
	n = (size_t)(colon - spec);
	memset(&ss, 0, sizeof(ss));
	if (n >= 2 && spec[0] == '[' && colon[-1] == ']' &&
	    n - 2 < sizeof(host)) {
		memcpy(host, spec + 1, n - 2);
		host[n - 2] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		len = sizeof(*v6);
		if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1)
			return bind_and_listen(l, spec, (void *)&ss, len,
			    false, err);
	} else if (n < sizeof(host)) {
		memcpy(host, spec, n);
		host[n] = '\0';
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		len = sizeof(*v4);
		if (inet_pton(AF_INET, ms_streq(host, "localhost") ?
		    "127.0.0.1" : host, &v4->sin_addr) == 1)
			return bind_and_listen(l, spec, (void *)&ss, len,
			    false, err);
	}
	return ms_fail(err, MS_USAGE, "'%s': give the address in digits", spec);
}

/* ---- unix sockets ---- */

/* A socket that nobody listens on any more is what a crash leaves. */
static int
remove_stale(const struct sockaddr_un *sun, struct ms_err *err)
{
	struct stat sb;
	int fd, rc, e;

	if (lstat(sun->sun_path, &sb) == -1)
		return 0;
	if (!S_ISSOCK(sb.st_mode))
		return ms_fail(err, MS_CANTCREAT,
		    "cannot listen on unix:%s: it is not a socket",
		    sun->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1 || nonblocking(fd) == -1) {
		if (fd != -1)
			close(fd);
		return ms_fail_errno(err, MS_OS, "cannot make a socket");
	}
	rc = connect(fd, (const void *)sun, sizeof(*sun));
	e = errno;
	close(fd);
	if (rc == 0 || e != ECONNREFUSED)
		return ms_fail(err, MS_CANTCREAT,
		    "cannot listen on unix:%s: %s", sun->sun_path,
		    rc == 0 || e == EAGAIN ? "another server does" :
		    strerror(e));
	if (unlink(sun->sun_path) == -1)
		return ms_fail_errno(err, MS_CANTCREAT,
		    "cannot remove the stale socket %s", sun->sun_path);
	return 0;
}

static int
listen_unix(const char *path, struct serve_listener *l, struct ms_err *err)
{
	struct sockaddr_un sun;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (*path == '\0' || strlen(path) >= sizeof(sun.sun_path))
		return ms_fail(err, MS_USAGE,
		    "unix:%s: a path of 1 to %zu bytes is needed", path,
		    sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, strlen(path));
	if (remove_stale(&sun, err) == -1)
		return -1;
	l->unlink = strdup(path);
	if (!l->unlink)
		return ms_fail_nomem(err);
	if (bind_and_listen(l, path, (void *)&sun, sizeof(sun), false,
	    err) == -1) {
		free(l->unlink);
		l->unlink = NULL;
		return -1;
	}
	return 0;
}

/* ---- a descriptor from systemd ---- */

static int
listen_fd(const char *spec, struct serve_listener *l, struct ms_err *err)
{
	socklen_t len = sizeof(int);
	int yes = 0;
	uint64_t fd;

	if (ms_parse_uint(spec + 3, "fd", 0, 65535, &fd, err) == -1)
		return -1;
	if (getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == -1 ||
	    !yes || nonblocking((int)fd) == -1)
		return ms_fail(err, MS_USAGE, "%s is not a listening socket",
		    spec);
	l->fd = (int)fd;
	l->given = true;
	return 0;
}

int
serve_listen(const char *spec, struct serve_listener *l, struct ms_err *err)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char host[SERVE_PEER];
	int rc;

	memset(l, 0, sizeof(*l));
	l->fd = -1;
	if (strncmp(spec, "unix:", 5) == 0)
		rc = listen_unix(spec + 5, l, err);
	else if (strncmp(spec, "fd:", 3) == 0)
		rc = listen_fd(spec, l, err);
	else
		rc = listen_tcp(spec, l, err);
	if (rc == -1)
		return -1;
	if (getsockname(l->fd, (void *)&ss, &len) == -1) {
		ms_fail_errno(err, MS_OS, "getsockname");
		serve_unlisten(l);
		return -1;
	}
	if (ss.ss_family != AF_INET && ss.ss_family != AF_INET6) {
		snprintf(l->name, sizeof(l->name), "%s", spec);
		return 0;
	}
	serve_peer_name((void *)&ss, host, sizeof(host));
	snprintf(l->name, sizeof(l->name), "%s:%u", host,
	    (unsigned)ntohs(ss.ss_family == AF_INET ?
	    ((struct sockaddr_in *)&ss)->sin_port :
	    ((struct sockaddr_in6 *)&ss)->sin6_port));
	return 0;
}

int
serve_listen_beside(struct serve_listener *first, struct serve_listener *l,
    struct ms_err *err)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int on = 1;

	*l = *first;
	l->unlink = NULL;
	l->fd = -1;
	if (getsockname(first->fd, (void *)&ss, &len) == -1)
		return ms_fail_errno(err, MS_OS, "getsockname");
	if (first->given || ss.ss_family == AF_UNIX) {
		l->fd = fcntl(first->fd, F_DUPFD_CLOEXEC, 3);
		return l->fd == -1 ? ms_fail_errno(err, MS_OS, "fcntl") : 0;
	}
	/*
	 * The first was bound without it: where another server listens
	 * already, that failed.
	 */
	if (setsockopt(first->fd, SOL_SOCKET, SO_REUSEPORT, &on,
	    sizeof(on)) == -1)
		return ms_fail_errno(err, MS_OS, "SO_REUSEPORT");
	return bind_and_listen(l, first->name, (void *)&ss, len, true, err);
}

void
serve_unlisten(struct serve_listener *l)
{
	if (l->unlink)
		unlink(l->unlink);
	free(l->unlink);
	l->unlink = NULL;
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}
