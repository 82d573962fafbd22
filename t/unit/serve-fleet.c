/* SPDX-License-Identifier: Apache-2.0 */
/* Confinement, and a handler that was taken over. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/fleet.h"
#include "tap.h"

static char dir[] = "/tmp/unit-fleet.XXXXXX";

/* ---- what is forbidden ---- */

static void
do_open(void)
{
	(void)!open("/etc/passwd", O_RDONLY);
}

static void
do_socket(void)
{
	(void)!socket(AF_INET, SOCK_STREAM, 0);
}

static void
do_connect(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(9) };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)!connect(0, (void *)&sin, sizeof(sin));
}

static void
do_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void
do_fork(void)
{
	if (fork() == 0)
		_exit(0);
}

static void
do_code(void)
{
	(void)!mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
do_stat(void)
{
	struct stat sb;

	(void)!stat("/etc/passwd", &sb);
}

static const struct {
	const char *path;
	void (*act)(void);
} acts[] = {
	{ "/open", do_open }, { "/socket", do_socket },
	{ "/connect", do_connect }, { "/exec", do_exec },
	{ "/fork", do_fork }, { "/code", do_code }, { "/stat", do_stat },
};
#define NACTS (sizeof(acts) / sizeof(acts[0]))

/* The signal that ended a confined process which did this, or 0. */
static int
confined(unsigned needs, void (*act)(void))
{
	struct ms_err err = MS_ERR_INIT;
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (ms_sandbox(needs, &err) == -1)
			_exit(3);
		act();
		_exit(7);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	return WEXITSTATUS(status) == 7 ? 0 : -1;
}

static void
do_much(void)
{
	struct stat sb;
	int pair[2] = { 0, 1 };
	char *p = malloc(4 * 1024 * 1024);
	void *map;

	if (p)
		p[0] = 1;
	free(p);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || munmap(map, 4096) == -1 ||
	    fstat(1, &sb) == -1 || lseek(pair[0], 0, SEEK_CUR) == -2)
		_exit(4);
}

static void
confinement(void)
{
	size_t i;

	if (!ms_sandbox_works()) {
		ok(1, "confinement # SKIP a sanitizer needs its system calls");
		return;
	}
	for (i = 0; i < NACTS; i++)
		is_int(confined(0, acts[i].act), SIGSYS, acts[i].path);
	is_int(confined(0, do_much), 0, "memory and what is open may be used");
	is_int(confined(MS_SANDBOX_FILES, do_open), 0, "files, when needed");
	is_int(confined(MS_SANDBOX_FILES, do_socket), SIGSYS, "and only them");
	is_int(confined(MS_SANDBOX_NET, do_socket), 0, "sockets, when needed");
	is_int(confined(MS_SANDBOX_FORK, do_fork), 0, "processes, too");
	is_int(confined(MS_SANDBOX_FORK | MS_SANDBOX_NET | MS_SANDBOX_FILES,
	    do_exec), SIGSYS, "programs never");
}

/* ---- a whole fleet ---- */

static int
handler(void *arg, const struct ms_request *req, struct ms_response *resp,
    struct ms_err *e)
{
	size_t i;

	for (i = 0; i < NACTS; i++)
		if (ms_streq(req->path, acts[i].path))
			acts[i].act();
	resp->type = "text/plain";
	return ms_buf_addf(&resp->body, e, "%s|", req->path);
}

static int
work(void *arg, struct ms_keeper *k, struct ms_serve_conf *c,
    struct ms_err *e)
{
	return arg ? ms_fail(e, MS_CONFIG, "no work today") : 0;
}

static int
load(void *arg, struct ms_err *e)
{
	return 0;
}

static int log_fd;

static void
logger(void *arg, const char *line)
{
	dprintf(log_fd, "%s\n", line);
}

/* The answer to one request, or "" when the connection broke. */
static const char *
get(unsigned port, const char *path)
{
	static char got[4096];
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t n = 0;
	ssize_t k;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (void *)&sin, sizeof(sin)) == -1)
		return "not connected";
	dprintf(fd, "GET %s HTTP/1.0\r\n\r\n", path);
	while ((k = recv(fd, got + n, sizeof(got) - 1 - n, 0)) > 0)
		n += (size_t)k;
	got[n] = '\0';
	close(fd);
	return got;
}

static unsigned
wait_port(const char *ready)
{
	char line[128] = "";
	int i, fd;

	for (i = 0; i < 500; i++) {
		fd = open(ready, O_RDONLY);
		if (fd != -1) {
			if (read(fd, line, sizeof(line) - 1) < 1)
				line[0] = '\0';
			close(fd);
			return (unsigned)strtoul(strrchr(line, ':') + 1, NULL,
			    10);
		}
		usleep(10000);
	}
	return 0;
}

static void
taken_over(void)
{
	struct ms_fleet f = { .serve = { .listen = "127.0.0.1:0",
		.handler = handler, .log = logger, .deadline_ms = 2000 },
		.workers = 2, .load = load, .work = work };
	char ready[64], log[64], text[8192] = "";
	struct ms_err err = MS_ERR_INIT;
	unsigned port;
	int stop[2], status, fd;
	size_t i;
	ssize_t k;
	pid_t pid;

	snprintf(ready, sizeof(ready), "%s/ready", dir);
	snprintf(log, sizeof(log), "%s/log", dir);
	f.serve.ready_file = ready;
	log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (pipe(stop) == -1)
		abort();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(stop[1]);
		alarm(60);
		_exit(ms_fleet(&f, stop[0], -1, &err) == -1);
	}
	close(stop[0]);
	port = wait_port(ready);
	ok(strstr(get(port, "/fine"), "/fine|") != NULL, "served");
	for (i = 0; i < NACTS && ms_sandbox_works(); i++) {
		ok(get(port, acts[i].path)[0] == '\0',
		    "a worker that tries %s ends", acts[i].path);
		ok(strstr(get(port, "/fine"), "/fine|") != NULL,
		    "and the next request is served");
	}
	close(stop[1]);
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it ends well");
	fd = open(log, O_RDONLY);
	k = read(fd, text, sizeof(text) - 1);
	close(fd);
	ok(k > 0 && (!ms_sandbox_works() || strstr(text,
	    "was ended by signal 31")), "and said what happened");
	unlink(log);
	close(log_fd);
}

static void
no_start(void)
{
	struct ms_fleet f = { .serve = { .listen = "127.0.0.1:0",
		.handler = handler }, .workers = 2, .load = load,
		.work = work, .arg = dir };
	struct ms_err err = MS_ERR_INIT;
	int stop[2], rc;
	pid_t me = getpid();

	if (pipe(stop) == -1)
		abort();
	fflush(stdout);
	rc = ms_fleet(&f, stop[0], -1, &err);
	if (getpid() != me)
		_exit(0);
	fails(rc, &err, MS_CONFIG, "no work today",
	    "what a worker cannot begin is the parent's failure");
	f.user = "nobody-of-that-name";
	fails(ms_fleet(&f, stop[0], -1, &err), &err, MS_USAGE,
	    "there is no user 'nobody-of-that-name'", "no such user");
	close(stop[0]);
	close(stop[1]);
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	confinement();
	taken_over();
	no_start();
	rmdir(dir);
	return tap_done();
}
