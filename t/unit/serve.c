/* SPDX-License-Identifier: Apache-2.0 */
/* The server against clients on raw sockets, polite and not. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/serve.h"
#include "tap.h"

#define MAX_BODY 1000

static struct ms_err err = MS_ERR_INIT;
static char dir[] = "/tmp/unit-serve.XXXXXX";

/* Shared with the server's process. */
static struct {
	int reloads;
	char logged[400];
} *shared;

static int
handler(void *arg, const struct ms_request *req, struct ms_response *resp,
    struct ms_err *e)
{
	static char big[4 * 1024 * 1024];

	if (ms_streq(req->path, "/fail"))
		return ms_fail(e, MS_BUG, "secret detail");
	if (ms_streq(req->path, "/big")) {
		memset(big, 'B', sizeof(big));
		return ms_buf_add(&resp->body, big, sizeof(big), e);
	}
	resp->type = "text/plain";
	if (ms_streq(req->path, "/no")) {
		resp->status = 405;
		resp->allow = "POST";
		return ms_buf_adds(&resp->body, "only POST\nmore\n", e);
	}
	if (ms_streq(req->path, "/none")) {
		resp->status = 204;
		return 0;
	}
	return ms_buf_addf(&resp->body, e, "%s %s ?%s %s from %s: %.*s|",
	    req->method, req->path, req->query ? req->query : "", req->type,
	    req->peer, (int)req->body.n, (const char *)req->body.p);
}

static int
reload(void *arg, struct ms_err *e)
{
	shared->reloads++;
	return ms_fail(e, MS_CONFIG, "bad news");
}

static void
logger(void *arg, const char *line)
{
	snprintf(shared->logged, sizeof(shared->logged), "%s", line);
}

/* ---- a server in a process of its own ---- */

struct daemon {
	pid_t pid;
	int stop, hup;		/* writing ends */
	unsigned port;
	char name[128];
};

static void
start(struct daemon *d, struct ms_serve_conf c)
{
	char ready[64];
	int stop[2], hup[2], i, fd;
	ssize_t n = 0;
	const char *colon;

	snprintf(ready, sizeof(ready), "%s/ready", dir);
	unlink(ready);
	c.ready_file = ready;
	c.handler = handler;
	c.reload = reload;
	c.log = logger;
	c.max_body = MAX_BODY;
	if (pipe(stop) == -1 || pipe(hup) == -1)
		abort();
	fflush(stdout);
	d->pid = fork();
	if (d->pid == 0) {
		alarm(60);
		close(stop[1]);
		close(hup[1]);
		if (ms_serve(&c, stop[0], hup[0], &err) == -1)
			printf("# %s\n", err.text);
		fflush(stdout);
		_exit(err.class);
	}
	close(stop[0]);
	close(hup[0]);
	d->stop = stop[1];
	d->hup = hup[1];
	for (i = 0; i < 500; i++) {
		fd = open(ready, O_RDONLY);
		if (fd != -1) {
			n = read(fd, d->name, sizeof(d->name) - 1);
			close(fd);
			break;
		}
		usleep(10000);
	}
	d->name[n > 0 ? n - 1 : 0] = '\0';
	colon = strrchr(d->name, ':');
	d->port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
}

static int
stop(struct daemon *d)
{
	int status = -1;

	close(d->stop);
	close(d->hup);
	waitpid(d->pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- clients ---- */

static int
dial(const struct daemon *d)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)d->port) };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (d->port == 0) {
		snprintf(sun.sun_path, sizeof(sun.sun_path), "%s",
		    d->name + 5);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(fd, (void *)&sun, sizeof(sun)) == -1)
			return -1;
		return fd;
	}
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (void *)&sin, sizeof(sin)) == -1)
		return -1;
	return fd;
}

static void
say(int fd, const char *p, size_t n)
{
	if (send(fd, p, n, MSG_NOSIGNAL) == -1)
		printf("# send: %s\n", strerror(errno));
}

#define SAY(fd, text) say(fd, text, sizeof(text) - 1)

/* All until the server closes; or, with until, until that came. */
static char *
hear(int fd, const char *until)
{
	static char got[65536];
	struct pollfd pfd = { fd, POLLIN, 0 };
	size_t n = 0;
	ssize_t k;

	got[0] = '\0';
	while (n < sizeof(got) - 1 && poll(&pfd, 1, 10000) == 1) {
		k = recv(fd, got + n, sizeof(got) - 1 - n, 0);
		if (k <= 0)
			return got;
		n += (size_t)k;
		got[n] = '\0';
		if (until && strstr(got, until))
			return got;
	}
	printf("# no end: %s\n", got);
	return got;
}

static void
expect(const struct daemon *d, const char *request, size_t n,
    const char *begin, const char *words, const char *what)
{
	int fd = dial(d);
	const char *got;

	say(fd, request, n);
	got = hear(fd, NULL);
	if (!ok(strncmp(got, begin, strlen(begin)) == 0 &&
	    strstr(got, words), "%s", what))
		printf("# got: %s\n", got);
	close(fd);
}

#define EXPECT(d, request, begin, words, what) \
	expect(d, request, sizeof(request) - 1, begin, words, what)
/* Refused, and the connection closed although the client wants to go on. */
#define REFUSED(d, request, status, words) \
	EXPECT(d, request, "HTTP/1.1 " status, words, words)

static void
test_answers(const struct daemon *d)
{
	const char *got;
	int fd;

	EXPECT(d, "POST /a%20b?c=%20 HTTP/1.1\r\nHost: x\r\n"
	    "content-type: Text/X; q=1\r\nConnection: close\r\n"
	    "Content-Length: 4\r\n\r\nbody",
	    "HTTP/1.1 200 OK\r\nDate: ",
	    "POST /a b ?c=%20 text/x from 127.0.0.1: body|", "POST");
	EXPECT(d, "GET http://h/p HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ",
	    "GET /p ", "absolute form, 1.0 closes");
	EXPECT(d, "\r\nGET / HTTP/1.1\r\nHost:\r\nConnection: a, Close\r\n"
	    "\r\n", "HTTP/1.1 200 ", "GET / ", "an empty line before");
	EXPECT(d, "GET /no HTTP/1.0\r\n\r\n", "HTTP/1.1 405 ",
	    "\r\nAllow: POST\r\n", "405 says what is allowed");
	EXPECT(d, "GET /fail HTTP/1.0\r\n\r\n", "HTTP/1.1 500 ",
	    "500 Internal Server Error\n", "a fault of our own");
	is_str(shared->logged, "127.0.0.1: secret detail", "is logged");
	fd = dial(d);
	SAY(fd, "HEAD /x HTTP/1.0\r\n\r\n");
	got = hear(fd, NULL);
	ok(strstr(got, "\r\nContent-Length: 28\r\n") &&
	    !strstr(got, "HEAD /x"), "HEAD tells the length only");
	close(fd);
	fd = dial(d);
	SAY(fd, "GET /none HTTP/1.0\r\n\r\n");
	ok(!strstr(hear(fd, NULL), "Content-Length"), "204 has no length");
	close(fd);
}

static void
test_keep_alive(const struct daemon *d)
{
	static const char one[] = "POST /1 HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: 3\r\n\r\nabc";
	static char many[100 * 60];
	int fd = dial(d), i, n = 0;
	size_t len = 0;
	const char *got;

	say(fd, one, 30);
	usleep(20000);
	say(fd, one + 30, sizeof(one) - 31);
	ok(strstr(hear(fd, "|"), ": abc|") != NULL, "in two pieces");
	say(fd, one, sizeof(one) - 1);
	ok(strstr(hear(fd, "|"), ": abc|") != NULL,
	    "a second one on the same connection");
	SAY(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
	    "Expect: 100-continue\r\n\r\n");
	ok(strstr(hear(fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n") !=
	    NULL, "100 (Continue)");
	SAY(fd, "hi");
	ok(strstr(hear(fd, "|"), ": hi|") != NULL, "and the body");
	for (i = 0; i < 99; i++)
		len += (size_t)snprintf(many + len, sizeof(many) - len,
		    "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", i);
	len += (size_t)snprintf(many + len, sizeof(many) - len,
	    "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	say(fd, many, len);
	got = hear(fd, NULL);
	for (; (got = strstr(got, "HTTP/1.1 200 ")); got += 5)
		n++;
	is_int(n, 100, "a hundred pipelined requests, in order");
	close(fd);
}

static void
test_refusals(const struct daemon *d)
{
	static char long_head[40000];

	REFUSED(d, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
	    "Content-Length: 2\r\n\r\nab", "400 ",
	    "RFC 9112 section 6.3: more than one Content-Length");
	REFUSED(d, "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "400 ",
	    "RFC 9112 section 3.2: more than one Host");
	REFUSED(d, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
	    "chunked\r\n\r\n0\r\n\r\n", "411 ", "RFC 9112 section 6.1");
	REFUSED(d, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
	    "Transfer-Encoding: gzip, chunked\r\n\r\n", "411 ",
	    "Transfer-Encoding is not accepted");
	REFUSED(d, "POST / HTTP/1.1\r\nHost: x\r\n\r\n", "411 ",
	    "no Content-Length");
	REFUSED(d, "GET / HTTP/1.1\r\n\r\n", "400 ",
	    "RFC 9112 section 3.2: no Host");
	REFUSED(d, "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "400 ",
	    "RFC 9112 section 5: malformed header field");
	REFUSED(d, "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "400 ",
	    "malformed header field");
	REFUSED(d, "GET / HTTP/1.1\r\nHost: x y\r\n\r\n", "400 ",
	    "malformed Host");
	REFUSED(d, "GET / HTTP/1.1\nHost: x\n\n", "400 ",
	    "a line without CR LF");
	REFUSED(d, "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", "400 ",
	    "a line without CR LF");
	REFUSED(d, "GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", "400 ",
	    "a line without CR LF");
	REFUSED(d, "\x16\x03\x01\x02\n", "400 ", "a line without CR LF");
	REFUSED(d, "GET /\r\n\r\n", "400 ", "malformed request line");
	REFUSED(d, "GET / HTTP/2.0\r\n\r\n", "505 ", "not HTTP/1.x");
	REFUSED(d, "G(T / HTTP/1.1\r\n\r\n", "400 ", "request line");
	REFUSED(d, "PUT / HTTP/1.1\r\nHost: x\r\n\r\n", "501 ",
	    "method not known");
	REFUSED(d, "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", "400 ",
	    "malformed request target");
	REFUSED(d, "GET /%4 HTTP/1.1\r\nHost: x\r\n\r\n", "400 ",
	    "malformed request target");
	REFUSED(d, "GET http:///x HTTP/1.1\r\nHost: x\r\n\r\n", "400 ",
	    "malformed request target");
	REFUSED(d, "GET x HTTP/1.1\r\nHost: x\r\n\r\n", "400 ",
	    "malformed request target");
	REFUSED(d, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na",
	    "400 ", "GET and HEAD have no body");
	REFUSED(d, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
	    "400 ", "malformed Content-Length");
	REFUSED(d, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n"
	    "\r\na", "400 ", "malformed Content-Length");
	REFUSED(d, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
	    "18446744073709551617\r\n\r\na", "413 ", "body too large");
	REFUSED(d, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n"
	    "\r\nab", "413 ", "Content Too Large");
	REFUSED(d, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
	    "Content-Encoding: gzip\r\n\r\na", "415 ", "Content-Encoding");
	REFUSED(d, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
	    "Content-Type: a/b\r\nContent-Type: a/b\r\n\r\na", "400 ",
	    "more than one Content-Type");
	REFUSED(d, "GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n", "417 ",
	    "expectation not known");
	memset(long_head, 'a', sizeof(long_head));
	memcpy(long_head, "GET / HTTP/1.1\r\nA: ", 19);
	expect(d, long_head, sizeof(long_head), "HTTP/1.1 431 ", "431",
	    "an endless field");
}

static void
test_too_many_fields(const struct daemon *d)
{
	char s[2000];
	size_t n;
	int i;

	n = (size_t)snprintf(s, sizeof(s), "GET / HTTP/1.1\r\nHost: x\r\n");
	for (i = 0; i < 100; i++)
		n += (size_t)snprintf(s + n, sizeof(s) - n, "A:\r\n");
	n += (size_t)snprintf(s + n, sizeof(s) - n, "\r\n");
	expect(d, s, n, "HTTP/1.1 431 ", "too many header fields",
	    "101 fields");
}

/* Refused while it goes on sending: it is heard out for a while, or the reset
 * would come before it reads why. */
static void
test_linger(const struct daemon *d)
{
	static char chunk[5000];
	int fd = dial(d), i;
	ssize_t k = 0;

	SAY(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n"
	    "\r\n");
	for (i = 0; i < 100 && k != -1; i++) {
		k = send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL);
		if (i == 0)
			usleep(20000);
	}
	is_int(i, 100, "a refused body may be sent to its end");
	ok(strstr(hear(fd, NULL), "HTTP/1.1 413 ") != NULL,
	    "and the answer read");
	close(fd);
}

/* A peer that takes its time, with a reply larger than any socket buffer. */
static void
test_slow_reader(const struct daemon *d)
{
	static char chunk[100000];
	size_t total = 0;
	int fd = dial(d);
	ssize_t k;

	SAY(fd, "GET /big HTTP/1.0\r\n\r\n");
	usleep(100000);
	while ((k = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		total += (size_t)k;
	ok(k == 0 && total > 4 * 1024 * 1024, "a reply in many pieces");
	close(fd);
}

static void
test_reload(const struct daemon *d)
{
	int i;

	if (write(d->hup, "x", 1) != 1)
		abort();
	for (i = 0; i < 500 && strstr(shared->logged, "bad news") == NULL;
	    i++)
		usleep(10000);
	is_int(shared->reloads, 1, "reloaded once");
	is_str(shared->logged, "cannot reload: bad news",
	    "a failure is logged");
}

static void
test_drain(struct daemon *d)
{
	int idle = dial(d), busy = dial(d), i, fd = -1;
	const char *got;

	SAY(idle, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(idle, "|");
	SAY(busy, "POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
	    "\r\na");
	/* Behind it in the queue: once this is answered, that was read. */
	SAY(idle, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(idle, "|");
	if (write(d->stop, "x", 1) != 1)
		abort();
	is_str(hear(idle, NULL), "", "an idle connection ends");
	for (i = 0; i < 500; i++) {
		fd = dial(d);
		if (fd == -1)
			break;
		close(fd);
		usleep(10000);
	}
	is_int(fd, -1, "nobody listens any more");
	SAY(busy, "b");
	got = hear(busy, NULL);
	ok(strstr(got, ": ab|") && strstr(got, "Connection: close"),
	    "what was under way is answered");
	close(idle);
	close(busy);
	is_int(stop(d), 0, "and the server returns");
}

static void
test_deadlines(void)
{
	struct ms_serve_conf c = { .listen = "127.0.0.1:0",
		.deadline_ms = 300, .idle_ms = 200 };
	struct pollfd pfd = { -1, POLLIN, 0 };
	struct daemon d;
	const char *got;
	int fd, i;

	start(&d, c);
	fd = pfd.fd = dial(&d);
	for (i = 0; i < 200 && poll(&pfd, 1, 50) == 0; i++)
		SAY(fd, "A");
	got = hear(fd, NULL);
	ok(i < 200 && strstr(got, "HTTP/1.1 408 "),
	    "a dripping head is cut at the deadline");
	close(fd);
	fd = pfd.fd = dial(&d);
	say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n",
	    50);
	for (i = 0; i < 200 && poll(&pfd, 1, 50) == 0; i++)
		SAY(fd, "A");
	got = hear(fd, NULL);
	ok(i < 200 && strstr(got, "HTTP/1.1 408 "), "so is a dripping body");
	close(fd);
	fd = dial(&d);
	is_str(hear(fd, NULL), "", "who says nothing is closed on");
	close(fd);
	fd = dial(&d);
	SAY(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	ok(strstr(hear(fd, NULL), "GET / ") != NULL,
	    "who says nothing more, too");
	close(fd);
	fd = dial(&d);
	SAY(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	is_int(stop(&d), 0, "a reader that never reads stops no one");
	close(fd);
}

static void
test_connections(void)
{
	struct ms_serve_conf c = { .listen = "127.0.0.1:0",
		.max_connections = 2, .deadline_ms = 3000 };
	struct daemon d;
	int a, b, e;

	start(&d, c);
	a = dial(&d);
	SAY(a, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(a, "|");
	b = dial(&d);
	SAY(b, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(b, "|");
	e = dial(&d);
	SAY(e, "GET /third HTTP/1.1\r\nHost: x\r\n\r\n");
	ok(strstr(hear(e, "|"), "/third") != NULL, "a third gets in");
	is_str(hear(a, NULL), "", "the one idle for longest makes room");
	SAY(b, "GET");
	SAY(e, "GET");
	close(a);
	a = dial(&d);
	SAY(a, "GET /wait HTTP/1.0\r\n\r\n");
	usleep(50000);
	close(b);
	ok(strstr(hear(a, NULL), "/wait") != NULL,
	    "while all are busy, a new one waits");
	close(a);
	close(e);
	is_int(stop(&d), 0, "stopped");
}

static void
test_unix(void)
{
	char spec[80];
	struct ms_serve_conf c = { .listen = spec, .handler = handler };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct daemon d;
	int fd;

	snprintf(spec, sizeof(spec), "unix:%s/s", dir);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", spec + 5);
	/* What a crash leaves behind. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(fd, (void *)&sun, sizeof(sun)) == -1)
		abort();
	close(fd);
	start(&d, c);
	is_str(d.name, spec, "a stale socket is replaced");
	EXPECT(&d, "GET /u HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ",
	    "from unix: |", "over a unix socket");
	fails(ms_serve(&c, 0, -1, &err), &err, MS_CANTCREAT,
	    "another server does", "a socket in use is not taken away");
	is_int(stop(&d), 0, "stopped");
	is_int(access(sun.sun_path, F_OK), -1, "and the socket removed");
	fd = open(sun.sun_path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	fails(ms_serve(&c, 0, -1, &err), &err, MS_CANTCREAT,
	    "it is not a socket", "a file stays");
}

static void
test_given(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct ms_serve_conf c = { .handler = handler };
	char spec[20];
	struct daemon d;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(spec, sizeof(spec), "fd:%d", fd);
	c.listen = spec;
	fails(ms_serve(&c, 0, -1, &err), &err, MS_USAGE,
	    "is not a listening socket", "a socket that does not listen");
	if (bind(fd, (void *)&sin, sizeof(sin)) == -1 || listen(fd, 5) == -1)
		abort();
	start(&d, c);
	ok(strncmp(d.name, "127.0.0.1:", 10) == 0, "a given socket");
	EXPECT(&d, "GET /g HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "GET /g",
	    "serves");
	is_int(stop(&d), 0, "stopped");
	close(fd);
}

static void
test_addresses(void)
{
	static const char *const bad[] = { "", "8080", "a.example:80",
		"127.0.0.1:x", "127.0.0.1:65536", "[::1]", "[::x]:1",
		"::1:80", "unix:", "fd:x", "fd:9999", "systemd" };
	struct ms_serve_conf c = { .handler = handler };
	char spec[150];
	struct daemon d;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c.listen = bad[i];
		fails(ms_serve(&c, 0, -1, &err), &err, MS_USAGE, "", bad[i]);
	}
	memset(spec, 'a', sizeof(spec));
	memcpy(spec, "unix:/", 6);
	spec[sizeof(spec) - 1] = '\0';
	c.listen = spec;
	fails(ms_serve(&c, 0, -1, &err), &err, MS_USAGE, "107 bytes",
	    "a path too long for a socket");
	c.listen = "127.0.0.1:0";
	start(&d, c);
	c.listen = d.name;
	fails(ms_serve(&c, 0, -1, &err), &err, MS_CANTCREAT,
	    "cannot listen on 127.0.0.1:", "a port in use");
	is_int(stop(&d), 0, "stopped");
}

static void
once(const char *type, const char *in, size_t n, struct ms_buf *out, int *rc)
{
	struct ms_serve_conf c = { .handler = handler, .max_body = MAX_BODY };
	struct ms_src *src = ms_src_mem(in, n, &err);
	struct ms_sink *sink = ms_sink_buf(out, &err);

	*rc = ms_serve_once(&c, type, src, sink, &err);
	ms_src_free(src);
	ms_sink_free(sink);
}

static int
refuse(void *arg, const struct ms_request *req, struct ms_response *resp,
    struct ms_err *e)
{
	resp->status = 415;
	if (req->body.n > 1)
		return ms_fail(e, MS_BUG, "broken");
	if (req->body.n == 1)
		return 0;
	resp->type = "text/plain";
	return ms_buf_adds(&resp->body, "not a query\n", e);
}

static void
test_once(void)
{
	static char large[MAX_BODY + 1];
	struct ms_serve_conf c = { .handler = refuse, .max_body = MAX_BODY };
	struct ms_buf out = MS_BUF_INIT(1000);
	struct ms_src *src;
	struct ms_sink *sink = ms_sink_buf(&out, &err);
	static const char *const words[] = { "not a query",
		"Unsupported Media Type", "broken" };
	int rc;
	size_t i;

	once("a/b", "in", 2, &out, &rc);
	ok(rc == 0 && ms_streq(ms_buf_str(&out),
	    "POST / ? a/b from stdin: in|"), "once");
	ms_buf_reset(&out);
	once("a/b", large, sizeof(large), &out, &rc);
	fails(rc, &err, MS_DATA, "1000 bytes", "once, too large");
	for (i = 0; i < 3; i++) {
		src = ms_src_mem("xx", i, &err);
		fails(ms_serve_once(&c, "a/b", src, sink, &err), &err,
		    i == 2 ? MS_BUG : MS_DATA, words[i], "once, refused");
		ms_src_free(src);
	}
	is_int((long long)out.n, 0, "and nothing written");
	ms_sink_free(sink);
	ms_buf_clear(&out);
}

int
main(void)
{
	struct ms_serve_conf c = { .listen = "127.0.0.1:0" };
	char cmd[sizeof(dir) + 8];
	struct daemon d;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!mkdtemp(dir) || shared == MAP_FAILED)
		return 1;
	start(&d, c);
	test_answers(&d);
	test_keep_alive(&d);
	test_refusals(&d);
	test_too_many_fields(&d);
	test_linger(&d);
	test_slow_reader(&d);
	test_reload(&d);
	test_drain(&d);
	test_deadlines();
	test_connections();
	test_unix();
	test_given();
	test_addresses();
	test_once();
	snprintf(cmd, sizeof(cmd), "%s/s", dir);
	unlink(cmd);
	rmdir(dir);
	return tap_done();
}
