/* SPDX-License-Identifier: Apache-2.0 */
/* Opening input, output and report, closed descriptors, signals. */
#include "cli/cli.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char dir[] = "/tmp/unit-cli-io.XXXXXX";

static const struct ms_opt no_opts[] = { MS_OPT_END };
static const struct ms_opt *const groups[] = {
	ms_cli_output_opts, ms_cli_report_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-sign", .opts = no_opts, .groups = groups
};

static int
begin(struct ms_cli *c, const char *a, const char *b)
{
	char *argv[] = { (char *)"x", (char *)a, (char *)b, NULL };

	return ms_cli_begin(c, &prog, a == NULL ? 1 : b == NULL ? 2 : 3,
	    argv);
}

static void
put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || write(fd, text, strlen(text)) == -1)
		perror(name);
	close(fd);
}

static const char *
get(const char *name)
{
	static char text[256];
	int fd = open(name, O_RDONLY);
	ssize_t n = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? NULL : text;
}

static void
become_stdin(int fd)
{
	dup2(fd, 0);
	close(fd);
}

/* stdin, opened as input: empty or not. */
static void
stdin_is(const char *option, bool empty, const char *what)
{
	struct ms_cli c;
	struct ms_src *s;
	int rc;

	ms_cli_io.allow_empty = false;
	begin(&c, option, NULL);
	rc = ms_cli_input(&c, NULL, 0, &ms_cli_io);
	if (empty) {
		fails(rc, &c.err, MS_DATA, "stdin is empty", what);
	} else if (ok(rc == 0, "%s", what) && option == NULL) {
		s = ms_spool_read(ms_cli_io.in, &c.err);
		ok(s != NULL && ms_src_fill(s, &c.err) == 1 &&
		    s->p[0] == 'x', "and its first byte is there");
	}
	ms_cli_io_clear(&ms_cli_io);
	ms_cli_end(&c, 0);
}

static void
test_stdin(void)
{
	int fd[2];

	put("empty", "");
	put("full", "xyz");
	become_stdin(open("/dev/null", O_RDONLY));
	stdin_is(NULL, true, "/dev/null");
	stdin_is("--allow-empty", false, "--allow-empty");
	become_stdin(open("empty", O_RDONLY));
	stdin_is(NULL, true, "an empty file");
	become_stdin(open("full", O_RDONLY));
	stdin_is(NULL, false, "a file");
	if (pipe(fd) == -1)
		return;
	close(fd[1]);
	become_stdin(fd[0]);
	stdin_is(NULL, true, "an empty pipe");
	if (pipe(fd) == -1 || write(fd[1], "x", 1) != 1)
		return;
	close(fd[1]);
	become_stdin(fd[0]);
	stdin_is(NULL, false, "a pipe");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1)
		return;
	close(fd[1]);
	become_stdin(fd[0]);
	stdin_is(NULL, true, "an empty socket");
}

static void
test_operands(void)
{
	struct ms_cli c;

	begin(&c, NULL, NULL);
	fails(ms_cli_input(&c, "gone", 0, &ms_cli_io), &c.err, MS_NOINPUT,
	    "cannot open 'gone': No such file", "a missing file");
	fails(ms_cli_input(&c, dir, 0, &ms_cli_io), &c.err, MS_NOINPUT,
	    "is a directory", "a directory");
	is_int(ms_cli_input(&c, "empty", 0, &ms_cli_io), 0,
	    "an empty file that was named");
	is_str(ms_cli_io.in_name, "empty", "its name");
	ms_cli_io_clear(&ms_cli_io);
	ms_cli_end(&c, 0);
}

static void
test_output(void)
{
	struct ms_sink *k = NULL;
	struct ms_cli c;

	begin(&c, "-o", "full");
	is_int(ms_cli_input(&c, "full", 0, &ms_cli_io), 0, "input");
	fails(ms_cli_output(&c, true, false, &ms_cli_io), &c.err, MS_USAGE,
	    "full", "the output is the input");
	ms_cli_io_clear(&ms_cli_io);
	ms_cli_end(&c, 0);

	begin(&c, "--report", "report");
	is_int(ms_cli_report(&c, 1, &k, &c.err), 0, "--report");
	ms_sink_puts(k, "line\n", &c.err);
	ok(get("report") == NULL, "not there before its end");
	is_int(ms_cli_report_end(&c, k, &c.err), 0, "its end");
	is_str(get("report"), "line\n", "what was reported");
	ms_cli_end(&c, 0);
}

static void
test_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), tty, was = dup(1);
	struct ms_cli c;

	grantpt(master);
	unlockpt(master);
	tty = open(ptsname(master), O_RDWR | O_NOCTTY);
	fflush(stdout);
	dup2(tty, 1);
	begin(&c, NULL, NULL);
	ms_cli_output(&c, true, false, &ms_cli_io);
	dup2(was, 1);
	fails(-1, &c.err, MS_USAGE, "does not go to a terminal",
	    "binary to a terminal");
	ms_cli_end(&c, 0);
	dup2(tty, 1);
	begin(&c, "-o", "-");
	is_int(ms_cli_output(&c, true, false, &ms_cli_io) +
	    (dup2(was, 1) == 1 ? 0 : 1), 0, "but with -o -");
	ms_cli_io_clear(&ms_cli_io);
	ms_cli_end(&c, 0);
	close(tty);
	close(master);
	close(was);
}

static void
test_closed(void)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct ms_cli c;
		char byte;

		close(0);
		close(1);
		close(2);
		if (begin(&c, NULL, NULL) != -1)
			_exit(1);
		if (open("full", O_RDONLY) < 3)
			_exit(2);
		if (read(0, &byte, 1) != -1 || write(1, "x", 1) != -1)
			_exit(3);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "closed descriptors are taken, and fail when used");
}

static bool
readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void
test_signals(void)
{
	struct ms_err err = MS_ERR_INIT;
	int stop = -1, hup = -1;

	is_int(ms_cli_signals(&stop, &hup, &err), 0, "signals");
	ok(!readable(stop) && !readable(hup), "none yet");
	raise(SIGHUP);
	ok(!readable(stop) && readable(hup), "SIGHUP");
	raise(SIGTERM);
	ok(readable(stop), "SIGTERM");
	close(stop);
	close(hup);
}

static int
forget(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	setenv("MAILSEAL_HOME", dir, 1);
	setenv("TMPDIR", dir, 1);
	dup2(open("stderr", O_WRONLY | O_CREAT, 0600), 2);
	test_stdin();
	test_operands();
	test_output();
	test_terminal();
	test_closed();
	test_signals();
	nftw(dir, forget, 8, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
