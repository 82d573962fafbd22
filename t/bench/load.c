/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-load PORT CONNECTIONS SECONDS REQUEST: POST the bytes of a file to
 * 127.0.0.1 over connections that are kept, one request in hand on each.
 * Prints answers, losses, and the milliseconds that half, 99 of 100, and all
 * of the answers took at most.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

#define CONNECTIONS 4096
#define TICKS 100000		/* of 0.1 ms: what takes 10 s counts as that */

static struct conn {
	int fd;
	size_t got, want;	/* bytes of the answer; want 0: head to come */
	double since;
	char head[4096];
} conns[CONNECTIONS];

static char request[8192];
static size_t nrequest;
static unsigned port;
static int ep;
static long answers, lost, ticks[TICKS + 1];

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
ask(struct conn *c)
{
	c->got = c->want = 0;
	c->since = now();
	if (send(c->fd, request, nrequest, MSG_NOSIGNAL) != (ssize_t)nrequest)
		lost++;
}

static void
dial(struct conn *c)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int on = 1;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd == -1 || connect(c->fd, (void *)&sin, sizeof(sin)) == -1)
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
	ask(c);
}

static void
answered(struct conn *c)
{
	double took = (now() - c->since) * 10000;

	answers++;
	ticks[took < TICKS ? (long)took : TICKS]++;
	ask(c);
}

static void
hear(struct conn *c)
{
	char junk[65536], *end, *len;
	size_t room = c->want ? sizeof(junk) : sizeof(c->head) - 1 - c->got;
	ssize_t k = recv(c->fd, c->want ? junk : c->head + c->got, room, 0);

	if (k <= 0) {
		lost++;
		close(c->fd);
		dial(c);
		return;
	}
	c->got += (size_t)k;
	if (!c->want) {
		c->head[c->got] = '\0';
		end = strstr(c->head, "\r\n\r\n");
		len = strstr(c->head, "Content-Length: ");
		if (!end || !len)
			return;
		c->want = (size_t)(end + 4 - c->head) +
		    strtoul(len + 16, NULL, 10);
	}
	if (c->got >= c->want)
		answered(c);
}

static double
quantile(double part)
{
	long seen = 0, i;

	for (i = 0; i < TICKS; i++) {
		seen += ticks[i];
		if ((double)seen >= part * (double)answers)
			break;
	}
	return (double)(i + 1) / 10;
}

static void
read_request(const char *path)
{
	char body[4096];
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(body, 1, sizeof(body), f) : 0;

	if (!f)
		die(path);
	fclose(f);
	nrequest = (size_t)snprintf(request, sizeof(request),
	    "POST / HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/timestamp-query\r\n"
	    "Content-Length: %zu\r\n\r\n", n);
	memcpy(request + nrequest, body, n);
	nrequest += n;
}

int
main(int argc, char **argv)
{
	struct epoll_event ev[256];
	uint64_t p, n, seconds, i;
	double end;
	int k, j;

	if (argc != 5 || ms_parse_uint(argv[1], "PORT", 1, 65535, &p,
		NULL) < 0 || ms_parse_uint(argv[2], "CONNECTIONS", 1,
		CONNECTIONS, &n, NULL) < 0 || ms_parse_uint(argv[3],
		"SECONDS", 1, 3600, &seconds, NULL) < 0)
		return 64;
	port = (unsigned)p;
	read_request(argv[4]);
	ep = epoll_create1(0);
	for (i = 0; i < n; i++)
		dial(&conns[i]);
	end = now() + (double)seconds;
	while (now() < end) {
		k = epoll_wait(ep, ev, 256, 1000);
		for (j = 0; j < k; j++)
			hear(ev[j].data.ptr);
	}
	printf("%ld %ld %.1f %.1f %.1f\n", answers, lost, quantile(0.5),
	    quantile(0.99), quantile(1));
	return 0;
}
