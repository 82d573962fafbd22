/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the input and the output of a filter. */
#include "cli/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Wait until something can be read or the other side is gone. */
static void
wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, -1) == -1 && errno == EINTR)
		;
}

/*
 * Whether a descriptor is at its end before the first byte, found out without
 * taking a byte from it.
 */
static bool
is_empty(int fd, const struct stat *st)
{
	struct stat null;
	char byte;
	int n = 0;

	if (S_ISREG(st->st_mode))
		return lseek(fd, 0, SEEK_CUR) >= st->st_size;
	if (S_ISSOCK(st->st_mode))
		return recv(fd, &byte, 1, MSG_PEEK) == 0;
	if (S_ISFIFO(st->st_mode) || isatty(fd) == 1) {
		wait_readable(fd);
		return ioctl(fd, FIONREAD, &n) == 0 && n == 0;
	}
	return stat("/dev/null", &null) == 0 && S_ISCHR(st->st_mode) &&
	    st->st_rdev == null.st_rdev;
}

static int
open_input(struct ms_cli *c, const char *file, struct ms_cli_io *io)
{
	struct stat st;
	bool is_stdin = file == NULL || ms_streq(file, "-");

	io->in_name = strdup(is_stdin ? "stdin" : file);
	if (io->in_name == NULL)
		return ms_fail_nomem(&c->err);
	io->in_fd = is_stdin ? STDIN_FILENO :
	    open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (io->in_fd == -1)
		return ms_fail_errno(&c->err, MS_NOINPUT, "cannot open '%s'",
		    file);
	if (fstat(io->in_fd, &st) == -1)
		return ms_fail_errno(&c->err, MS_NOINPUT, "cannot read '%s'",
		    io->in_name);
	if (S_ISDIR(st.st_mode))
		return ms_fail(&c->err, MS_NOINPUT, "'%s' is a directory",
		    io->in_name);
	if (is_stdin && !io->allow_empty && is_empty(io->in_fd, &st)) {
		ms_fail(&c->err, MS_DATA, "stdin is empty");
		return ms_hint(&c->err, "did the program before it fail?");
	}
	return 0;
}

static void
close_input(struct ms_cli_io *io)
{
	ms_spool_free(io->in);
	io->in = NULL;
	if (io->in_fd > STDERR_FILENO)
		close(io->in_fd);
	io->in_fd = -1;
	free(io->in_name);
	io->in_name = NULL;
}

int
ms_cli_input(struct ms_cli *c, const char *file, unsigned flags,
    struct ms_cli_io *io)
{
	close_input(io);
	if (open_input(c, file, io) == -1)
		return -1;
	return ms_spool_fd(io->in_fd, io->in_name, c->tmpdir, flags, &io->in,
	    &c->err);
}

int
ms_cli_output(struct ms_cli *c, bool binary, bool secret,
    struct ms_cli_io *io)
{
	struct stat st;
	dev_t dev = 0;
	ino_t ino = 0;

	if (binary && !io->armor && io->output == NULL &&
	    isatty(STDOUT_FILENO) == 1) {
		ms_fail(&c->err, MS_USAGE,
		    "binary output does not go to a terminal");
		return ms_hint(&c->err, "give -o FILE, or -o - to force it");
	}
	if (io->in_fd != -1 && fstat(io->in_fd, &st) == 0 &&
	    S_ISREG(st.st_mode)) {
		dev = st.st_dev;
		ino = st.st_ino;
	}
	ms_out_abort(io->out);
	io->out = NULL;
	return ms_out_open(io->output, secret, dev, ino, &io->out, &c->err);
}

int
ms_cli_publish(struct ms_cli *c, struct ms_cli_io *io)
{
	struct ms_out *o = io->out;

	io->out = NULL;
	return ms_out_commit(o, &c->err);
}

void
ms_cli_io_clear(struct ms_cli_io *io)
{
	close_input(io);
	ms_out_abort(io->out);
	io->out = NULL;
}

int
ms_cli_report(struct ms_cli *c, int fd, struct ms_sink **ret,
    struct ms_err *err)
{
	struct ms_cli_state *st = c->state;
	struct ms_sink *k;

	if (cli_report_file == NULL) {
		k = ms_sink_fd(fd, fd == 1 ? "stdout" : "stderr", err);
	} else {
		if (ms_out_open(cli_report_file, false, 0, 0, &st->report,
		    err) == -1)
			return -1;
		k = ms_out_sink(st->report);
	}
	if (k == NULL)
		return -1;
	*ret = k;
	return 0;
}

bool
ms_cli_report_wanted(const struct ms_cli *c)
{
	return cli_report_file != NULL || c->json;
}

int
ms_cli_report_flush(struct ms_cli *c, struct ms_sink *k, struct ms_err *err)
{
	/* A descriptor's sink holds back a block and nothing else: it can be
	 * ended more than once. */
	return c->state->report != NULL ? 0 : ms_sink_end(k, err);
}

int
ms_cli_report_end(struct ms_cli *c, struct ms_sink *k, struct ms_err *err)
{
	struct ms_out *o = c->state->report;
	int rc;

	if (o != NULL) {
		c->state->report = NULL;
		return ms_out_commit(o, err);
	}
	rc = ms_sink_end(k, err);
	ms_sink_free(k);
	return rc;
}
