/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a program or a person for one line. */
#include "cli/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

/*
 * Byte by byte, so that a second secret may follow on the next line of the
 * same descriptor.
 */
int
cli_read_line(int fd, const char *name, struct ms_buf *ret,
    struct ms_err *err)
{
	char byte = 0;
	ssize_t k;
	size_t got = 0;

	ms_buf_clear(ret);
	ms_buf_init_secret(ret, MS_PASSPHRASE_MAX);
	for (;;) {
		k = read(fd, &byte, 1);
		if (k == -1 && errno == EINTR)
			continue;
		if (k == -1)
			return ms_fail_errno(err, MS_NOPERM,
			    "cannot read a passphrase from %s", name);
		got += (size_t)k;
		if (k == 0 || byte == '\n')
			break;
		if (ret->n == MS_PASSPHRASE_MAX)
			return ms_fail(err, MS_NOPERM, "%s: a passphrase has "
			    "at most %zu bytes", name, MS_PASSPHRASE_MAX);
		if (ms_buf_addc(ret, byte, err) == -1)
			return -1;
	}
	ms_wipe(&byte, 1);
	if (got == 0)
		return ms_fail(err, MS_NOPERM,
		    "%s is empty: no passphrase there", name);
	if (ret->n > 0 && ret->p[ret->n - 1] == '\r')
		ret->n--;
	return 0;
}

/* Signals as a program expects them at its start: we ignore SIGPIPE, and a
 * server blocks what it reads by descriptor. */
static int
spawn(char *const argv[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, pipe_only;
	int e;

	sigemptyset(&none);
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	e = posix_spawn_file_actions_init(&fa);
	if (e != 0)
		return e;
	e = posix_spawnattr_init(&at);
	if (e != 0) {
		posix_spawn_file_actions_destroy(&fa);
		return e;
	}
	/* Our stdin is data, not the asker's. */
	e = posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, "/dev/null",
	    O_RDONLY, 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
	posix_spawnattr_setsigmask(&at, &none);
	posix_spawnattr_setsigdefault(&at, &pipe_only);
	posix_spawnattr_setflags(&at,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (e == 0)
		e = posix_spawnp(pid, argv[0], &fa, &at, argv, environ);
	posix_spawnattr_destroy(&at);
	posix_spawn_file_actions_destroy(&fa);
	return e;
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
cli_ask_program(char *const argv[], const char *name, struct ms_buf *ret,
    struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	int fd[2], e, rc;
	pid_t pid = -1;

	if (pipe(fd) == -1)
		return ms_fail_errno(err, MS_OS, "pipe");
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	e = spawn(argv, fd[1], &pid);
	close(fd[1]);
	if (e != 0) {
		close(fd[0]);
		return ms_fail(err, MS_NOPERM, "cannot run %s: %s", name,
		    strerror(e));
	}
	rc = cli_read_line(fd[0], name, ret, &why);
	close(fd[0]);
	e = wait_for(pid);
	/* That it failed explains more than that it printed nothing. */
	if (e != 0) {
		ms_buf_clear(ret);
		return ms_fail(err, MS_NOPERM, "%s failed, no passphrase",
		    name);
	}
	if (rc == -1)
		return ms_fail(err, why.class, "%s", why.text);
	return 0;
}

/* ---- the terminal ---- */

static volatile sig_atomic_t caught;

static void
on_signal(int sig)
{
	caught = sig;
}

static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
#define NWATCHED (sizeof(watched) / sizeof(watched[0]))

static void
watch(struct sigaction old[])
{
	struct sigaction sa;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;	/* no SA_RESTART: read() must end */
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < NWATCHED; i++)
		sigaction(watched[i], &sa, &old[i]);
}

static void
unwatch(const struct sigaction old[])
{
	size_t i;

	for (i = 0; i < NWATCHED; i++)
		sigaction(watched[i], &old[i], NULL);
}

static int
tty_open(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool
cli_tty_there(void)
{
	int fd = tty_open();

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

/* A line; stops at a caught signal. */
static int
tty_line(int fd, struct ms_buf *ret, struct ms_err *err)
{
	char byte = 0;
	ssize_t k;

	ms_buf_clear(ret);
	ms_buf_init_secret(ret, MS_PASSPHRASE_MAX);
	while (caught == 0) {
		k = read(fd, &byte, 1);
		if (k == -1 && errno == EINTR)
			continue;
		if (k <= 0 || byte == '\n')
			break;
		if (ms_buf_addc(ret, byte, err) == -1)
			return -1;
	}
	ms_wipe(&byte, 1);
	return 0;
}

static void
tty_put(int fd, const char *s)
{
	/* A prompt that cannot be written is seen by who waits for it. */
	if (write(fd, s, strlen(s)) == -1)
		return;
}

int
cli_ask_tty(const char *prompt, struct ms_buf *ret, struct ms_err *err)
{
	struct sigaction old[NWATCHED];
	struct termios was, quiet;
	int fd = tty_open(), rc, sig;

	if (fd == -1 || tcgetattr(fd, &was) == -1) {
		if (fd != -1)
			close(fd);
		return ms_fail(err, MS_NOPERM, "no terminal to ask at");
	}
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	do {
		caught = 0;
		watch(old);
		tcsetattr(fd, TCSAFLUSH, &quiet);
		tty_put(fd, prompt);
		rc = tty_line(fd, ret, err);
		tcsetattr(fd, TCSAFLUSH, &was);
		tty_put(fd, "\n");
		unwatch(old);
		sig = caught;
		/* Now it does what it would have done. */
		if (sig != 0)
			raise(sig);
	} while (sig == SIGTSTP);
	close(fd);
	if (sig != 0)
		return ms_fail(err, MS_NOPERM, "interrupted");
	return rc;
}
