/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process with the keys.  The first one loads them and forks another for
 * each worker: what comes over the network of one worker cannot be seen by
 * the keeper of another, and a slow signature holds nobody else up.
 *
 * A message is its length in four octets, big-endian, and so many octets.
 */
/* SO_PEERCRED's neighbour SCM_RIGHTS needs CMSG_LEN. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/fleet-internal.h"

/* ---- messages ---- */

static int
send_all(int fd, const unsigned char *p, size_t n)
{
	ssize_t k;

	while (n > 0) {
		k = send(fd, p, n, MSG_NOSIGNAL);
		if (k == -1 && errno == EINTR)
			continue;
		if (k <= 0)
			return -1;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

/* The head goes with the message, so that it is one system call. */
static void
begin(struct ms_buf *b, struct ms_err *err)
{
	ms_buf_reset(b);
	ms_buf_add(b, "\0\0\0\0", 4, err);
}

static int
send_message(int fd, struct ms_buf *b)
{
	size_t n = b->n - 4;
	int i;

	for (i = 0; i < 4; i++)
		b->p[i] = (unsigned char)(n >> (24 - 8 * i));
	return send_all(fd, b->p, b->n);
}

/* 1: b holds one message behind its head; 0: the other side has ended; -1:
 * errno tells. */
static int
receive_message(int fd, struct ms_buf *b)
{
	size_t want = 4, room;
	unsigned char *p;
	ssize_t k;

	ms_buf_reset(b);
	while (b->n < want) {
		room = want - b->n < SERVE_READ ? SERVE_READ : want - b->n;
		p = ms_buf_room(b, room, NULL);
		if (!p)
			return -1;
		k = recv(fd, p, room, 0);
		if (k == -1 && errno == EINTR)
			continue;
		if (k <= 0)
			return (int)k;
		b->n += (size_t)k;
		if (b->n >= 4 && want == 4)
			want += (size_t)b->p[0] << 24 |
			    (size_t)b->p[1] << 16 | (size_t)b->p[2] << 8 |
			    b->p[3];
		/* One asks, one answers: nothing comes behind it. */
		if (want > MS_KEEPER_MESSAGE || b->n > want) {
			errno = EPROTO;
			return -1;
		}
	}
	return 1;
}

int
ms_keeper_ask(struct ms_keeper *k, struct ms_span msg, struct ms_buf *reply,
    struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_KEEPER_MESSAGE + SERVE_READ);
	int rc = -1;

	begin(&b, err);
	if (ms_buf_add(&b, msg.p, msg.n, err) == -1)
		goto out;
	rc = send_message(k->fd, &b) == -1 ? -1 : receive_message(k->fd, &b);
	if (rc == 1) {
		ms_buf_reset(reply);
		rc = ms_buf_add(reply, b.p + 4, b.n - 4, err);
	} else if (rc == 0)
		rc = ms_fail(err, MS_OS, "the keeper of the key has ended");
	else
		ms_fail_errno(err, MS_OS, "the keeper of the key");
out:
	ms_buf_clear(&b);
	return rc;
}

/* ---- the keeper of one worker ---- */

static void
keep(const struct ms_fleet *f, int fd)
{
	struct ms_buf in = MS_BUF_INIT(MS_KEEPER_MESSAGE + SERVE_READ);
	struct ms_buf out = MS_BUF_INIT(MS_KEEPER_MESSAGE);
	struct ms_err err = MS_ERR_INIT;
	struct ms_span msg;

	while (receive_message(fd, &in) == 1) {
		msg.p = in.p + 4;
		msg.n = in.n - 4;
		begin(&out, &err);
		if (f->keep(f->arg, msg, &out, &err) == -1) {
			if (f->serve.log)
				f->serve.log(f->serve.arg, err.text);
			break;
		}
		if (send_message(fd, &out) == -1)
			break;
	}
	close(fd);
	ms_buf_clear(&in);
	ms_buf_clear(&out);
}

/* ---- the first keeper ---- */

/* A descriptor from the parent; -1 when the parent is gone. */
static int
take_fd(int ctl)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} u;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = u.room, .msg_controllen = sizeof(u.room) };
	struct cmsghdr *c;
	ssize_t k;
	int fd;

	do
		k = recvmsg(ctl, &m, MSG_CMSG_CLOEXEC);
	while (k == -1 && errno == EINTR);
	c = k == 1 ? CMSG_FIRSTHDR(&m) : NULL;
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

void
fleet_keeper(const struct fleet_child_conf *c, int ctl)
{
	const struct ms_account *a = c->become;
	const struct ms_fleet *f = c->f;
	struct ms_err err = MS_ERR_INIT;
	unsigned needs = f->needs;
	pid_t pid;
	int fd;

	if (f->load(f->arg, &err) == -1 ||
	    (a && ms_account_become(a, &err) == -1) ||
	    ms_sandbox((needs |= fleet_key_needs(f)) | MS_SANDBOX_FORK,
	    &err) == -1) {
		fleet_tell(ctl, &err);
		close(ctl);
		return;
	}
	fleet_tell(ctl, NULL);
	while ((fd = take_fd(ctl)) != -1) {
		/* Those of workers that have ended. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		pid = fork();
		if (pid == 0) {
			close(ctl);
			if (ms_sandbox(needs, &err) == 0)
				keep(f, fd);
			return;
		}
		/* When fork() failed the worker sees the end at once. */
		close(fd);
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	close(ctl);
}
