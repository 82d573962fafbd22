/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: how they come to be, and how they say that they have begun. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "serve/fleet-internal.h"

int64_t
fleet_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
fleet_pair(int type, int pair[2], struct ms_err *err)
{
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) == -1)
		return ms_fail_errno(err, MS_OS, "cannot make sockets");
	return 0;
}

int
fleet_pass_fd(int to, int fd, struct ms_err *err)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} u;
	char byte = 'f';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = u.room, .msg_controllen = sizeof(u.room) };
	struct cmsghdr *c;

	memset(&u, 0, sizeof(u));
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(to, &m, MSG_NOSIGNAL) != 1)
		return ms_fail_errno(err, MS_OS, "cannot reach the keeper");
	return 0;
}

/* ---- beginning ---- */

void
fleet_tell(int ctl, const struct ms_err *failed)
{
	char msg[1 + sizeof(struct ms_err)] = { FLEET_READY };

	if (failed) {
		msg[0] = FLEET_FAILED;
		memcpy(msg + 1, failed, sizeof(*failed));
	}
	/* Nobody to tell: the parent is gone, and the next read shows it. */
	(void)!send(ctl, msg, failed ? sizeof(msg) : 1, MSG_NOSIGNAL);
}

int
fleet_await(const struct fleet_child *c, int stop_fd, struct ms_err *err)
{
	struct pollfd p[2] = { { c->ctl, POLLIN, 0 }, { stop_fd, POLLIN, 0 } };
	char msg[1 + sizeof(struct ms_err)];
	struct ms_err why;
	ssize_t k;

	while (poll(p, 2, -1) == -1)
		if (errno != EINTR)
			return ms_fail_errno(err, MS_OS, "poll");
	if (p[1].revents)
		return ms_fail(err, MS_TEMPFAIL, "stopped at the start");
	k = recv(c->ctl, msg, sizeof(msg), 0);
	if (k == 1 && msg[0] == FLEET_READY)
		return 0;
	if (k != (ssize_t)sizeof(msg) || msg[0] != FLEET_FAILED)
		return ms_fail(err, MS_OS, "process %d ended at its start",
		    (int)c->pid);
	memcpy(&why, msg + 1, sizeof(why));
	why.text[sizeof(why.text) - 1] = '\0';
	why.hint[sizeof(why.hint) - 1] = '\0';
	ms_fail(err, why.class ? why.class : MS_BUG, "%s", why.text);
	return why.hint[0] ? ms_hint(err, "%s", why.hint) : -1;
}

int
fleet_fork(struct fleet_child *c, int *ctl, struct ms_err *err)
{
	int pair[2];

	if (fleet_pair(SOCK_SEQPACKET, pair, err) == -1)
		return -1;
	c->pid = fork();
	if (c->pid == -1) {
		ms_fail_errno(err, MS_OS, "cannot fork");
		close(pair[0]);
		close(pair[1]);
		c->pid = 0;
		return -1;
	}
	if (c->pid == 0) {
		close(pair[0]);
		*ctl = pair[1];
		return 1;
	}
	close(pair[1]);
	c->ctl = pair[0];
	return 0;
}

int
fleet_reap(struct fleet_child *c)
{
	int status = 0;

	close(c->ctl);
	while (waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
		;
	c->ctl = -1;
	c->pid = 0;
	return status;
}
