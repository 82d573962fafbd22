/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer that follows a script, in a process of its own: each step waits for
 * something and then says something.  What it heard stays readable.
 * The including file defines _GNU_SOURCE.
 */
#ifndef PEER_H
#define PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEER_HEARD 262144

struct step {
	/*
	 * NULL: nothing; "HTTP": a whole request; ".": up to the end of a
	 * message; "some": a few bytes; "NEW": close and accept again; "HANG":
	 * stay silent for good; else a line that begins so.
	 */
	const char *want;
	const char *say;	/* or NULL */
};

struct peer {
	pid_t pid;
	unsigned port;
	int listener;
	char *heard;		/* NUL-terminated, shared with the process */
};

static inline size_t
peer_hear(struct peer *p, int fd, size_t max)
{
	size_t n = strlen(p->heard);
	ssize_t k;

	if (max > PEER_HEARD - 1 - n)
		max = PEER_HEARD - 1 - n;
	k = max ? read(fd, p->heard + n, max) : 0;
	if (k <= 0)
		_exit(0);
	p->heard[n + (size_t)k] = '\0';
	return (size_t)k;
}

static inline void
peer_request(struct peer *p, int fd)
{
	size_t from = strlen(p->heard), length = 0;
	const char *end, *cl;

	while (!(end = strstr(p->heard + from, "\r\n\r\n")))
		peer_hear(p, fd, 1);
	cl = strcasestr(p->heard + from, "content-length:");
	if (cl && cl < end)
		length = (size_t)strtoul(cl + 15, NULL, 10);
	while (length > 0)
		length -= peer_hear(p, fd, length);
}

static inline void
peer_line(struct peer *p, int fd, const char *want)
{
	size_t from = strlen(p->heard);

	do {
		if (strchr(p->heard + from, '\n'))
			from = strlen(p->heard);
		while (!strchr(p->heard + from, '\n'))
			peer_hear(p, fd, 1);
	} while (strncmp(p->heard + from, want, strlen(want)) != 0);
}

static inline void
peer_message(struct peer *p, int fd)
{
	size_t from = strlen(p->heard);

	while (!strstr(p->heard + from, "\r\n.\r\n"))
		peer_hear(p, fd, 1);
}

static inline void
peer_run(struct peer *p, const struct step *s)
{
	int fd = accept(p->listener, NULL, NULL);

	for (; s->want || s->say; s++) {
		if (!s->want)
			;
		else if (strcmp(s->want, "HTTP") == 0)
			peer_request(p, fd);
		else if (strcmp(s->want, ".") == 0)
			peer_message(p, fd);
		else if (strcmp(s->want, "some") == 0)
			peer_hear(p, fd, 1000);
		else if (strcmp(s->want, "HANG") == 0)
			pause();
		else if (strcmp(s->want, "NEW") == 0) {
			close(fd);
			fd = accept(p->listener, NULL, NULL);
		} else
			peer_line(p, fd, s->want);
		if (s->say && send(fd, s->say, strlen(s->say),
		    MSG_NOSIGNAL) == -1)
			_exit(0);
	}
	shutdown(fd, SHUT_WR);
}

/* A free port on loopback; returns 0 in the process of the peer. */
static inline pid_t
peer_fork(struct peer *p)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->heard = mmap(NULL, PEER_HEARD, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	p->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (p->heard == MAP_FAILED ||
	    bind(p->listener, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(p->listener, 5) == -1 ||
	    getsockname(p->listener, (struct sockaddr *)&sin, &len) == -1)
		abort();
	p->port = ntohs(sin.sin_port);
	fflush(stdout);
	p->pid = fork();
	if (p->pid == 0)
		alarm(30);
	else
		close(p->listener);
	return p->pid;
}

static inline void
peer_start(struct peer *p, const struct step *script)
{
	if (peer_fork(p) == 0) {
		peer_run(p, script);
		_exit(0);
	}
}

/* Wait until the script is through, or stop it. */
static inline void
peer_stop(struct peer *p, bool finish)
{
	if (!finish)
		kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
}

static inline void
peer_forget(struct peer *p)
{
	munmap(p->heard, PEER_HEARD);
}

#endif
