/* SPDX-License-Identifier: Apache-2.0 */
/* sendmail:[PATH]: the system's mail submission program. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mail/internal.h"

#define DEFAULT "/usr/sbin/sendmail"
/* -i -f FROM -- and the NULL behind the recipients */
#define FIXED_ARGS 6
#define EXIT_TEMPFAIL 75	/* sysexits(3) */

struct sendmail {
	char *path;
	char *const *env;
};

static void
sendmail_free(void *state)
{
	struct sendmail *s = state;

	free(s->path);
	free(s);
}

static void *
sendmail_open(const char *rest, const char *scheme,
    const struct ms_net_auth *auth, char *const *env, struct ms_err *err)
{
	struct sendmail *s = calloc(1, sizeof(*s));

	if (!s || !(s->path = strdup(*rest ? rest : DEFAULT))) {
		free(s);
		ms_fail_nomem(err);
		return NULL;
	}
	s->env = env;
	return s;
}

/* Start it with the read end of *to as its stdin and with no signal blocked
 * or ignored but for SIGPIPE's default. */
static int
start(const struct sendmail *s, char **argv, int *to, pid_t *pid,
    struct ms_err *err)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	char *none_env[] = { NULL };
	sigset_t none, dfl;
	int p[2], rc;

	if (pipe(p) != 0)
		return ms_fail_errno(err, MS_OS, "cannot make a pipe");
	fcntl(p[1], F_SETFD, FD_CLOEXEC);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, p[0], STDIN_FILENO);
	if (p[0] != STDIN_FILENO)
		posix_spawn_file_actions_addclose(&fa, p[0]);
	/* What it prints goes to stderr: stdout may be our report. */
	posix_spawn_file_actions_adddup2(&fa, STDERR_FILENO, STDOUT_FILENO);
	sigemptyset(&none);
	sigemptyset(&dfl);
	sigaddset(&dfl, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &dfl);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(pid, s->path, &fa, &attr, argv,
	    s->env ? s->env : none_env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	close(p[0]);
	if (rc != 0) {
		close(p[1]);
		errno = rc;
		return ms_fail_errno(err, rc == ENOENT ? MS_UNAVAILABLE :
		    MS_TEMPFAIL, "cannot run '%s'", s->path);
	}
	*to = p[1];
	return 0;
}

/* Local submission takes the line ends of the system. */
static int
feed(int fd, struct ms_spool *message, bool *cut, struct ms_err *err)
{
	struct ms_src *src = ms_spool_read(message, err);
	struct ms_sink *k = NULL, *eol = NULL;
	int rc = -1;

	*cut = true;
	if (!src)
		return -1;
	k = ms_sink_fd(fd, "sendmail", err);
	eol = k ? ms_mime_eol(k, false, err) : NULL;
	if (eol && ms_copy(src, eol, err) == 0 &&
	    ms_sink_end(eol, err) == 0 && ms_sink_end(k, err) == 0)
		rc = 0;
	*cut = src->failed;
	ms_sink_free(eol);
	ms_sink_free(k);
	return rc;
}

static int
wait_for(pid_t pid, const char *path, bool fed, struct ms_err *err)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return ms_fail_errno(err, MS_TEMPFAIL,
			    "cannot wait for '%s'", path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && fed)
		return 0;
	if (WIFSIGNALED(status))
		return ms_fail(err, MS_TEMPFAIL, "'%s' was killed by signal "
		    "%d", path, WTERMSIG(status));
	if (WEXITSTATUS(status) == EXIT_TEMPFAIL)
		return ms_fail(err, MS_TEMPFAIL, "'%s' says: try again later",
		    path);
	if (WEXITSTATUS(status) == 0)
		return ms_fail(err, MS_TEMPFAIL, "'%s' ended without reading "
		    "the message", path);
	return ms_fail(err, MS_NO, "'%s' refused it with exit code %d", path,
	    WEXITSTATUS(status));
}

static int
sendmail_send(void *state, const char *from, struct ms_rcpt_result *rcpts,
    size_t n, bool partial, struct ms_spool *message, struct ms_err *err)
{
	struct sendmail *s = state;
	struct ms_err e = MS_ERR_INIT, how = MS_ERR_INIT;
	const char **argv = calloc(n + FIXED_ARGS, sizeof(*argv));
	size_t i;
	bool fed, cut;
	pid_t pid = -1;
	int fd = -1, rc = -1;

	if (!argv)
		return ms_fail_nomem(err);
	argv[0] = s->path;
	argv[1] = "-i";
	argv[2] = "-f";
	argv[3] = *from ? from : "<>";
	argv[4] = "--";
	for (i = 0; i < n; i++)
		argv[5 + i] = rcpts[i].addr;
	if (start(s, (char **)argv, &fd, &pid, &e) == 0) {
		fed = feed(fd, message, &cut, &how) == 0;
		/* A message that could not be read whole must not be sent cut
		 * short: the program is ended before it sees the end. */
		if (cut)
			kill(pid, SIGKILL);
		close(fd);
		rc = wait_for(pid, s->path, fed, &e);
	}
	free(argv);
	if (rc == 0) {
		ms_rcpts_set(rcpts, n, MS_DELIVERED, "");
		return 0;
	}
	ms_rcpts_set(rcpts, n, e.class == MS_NO ? MS_FAILED : MS_DEFERRED,
	    e.text);
	return ms_fail(err, e.class, "%s", e.text);
}

const struct ms_transport_ops ms_transport_sendmail = {
	"sendmail:", sendmail_open, sendmail_send, sendmail_free
};
