/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning and the end of a program. */
#include "cli/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Descriptors 0, 1 and 2 must be taken, or the next file we open becomes our
 * stdout.  What stands in for them fails when it is used: a result must not
 * vanish without a word.
 */
static int
fill_descriptors(struct ms_cli *c)
{
	int fd, got;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		got = open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
		if (got != fd)
			return ms_fail_errno(&c->err, MS_OS,
			    "cannot open '/dev/null' as descriptor %d", fd);
	}
	return 0;
}

static int
ignore_sigpipe(struct ms_cli *c)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_IGN;
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGPIPE, &sa, NULL) == -1)
		return ms_fail_errno(&c->err, MS_OS, "sigaction");
	return 0;
}

static int
check_verb(struct ms_cli *c)
{
	const char *p = c->prog->verbs, *v;
	size_t n;

	if (p == NULL)
		return 0;
	if (c->args.n == 0) {
		ms_fail(&c->err, MS_USAGE, "a command is missing: one of %s",
		    p);
		return ms_hint(&c->err, "%s --help", c->prog->name);
	}
	v = c->args.v[0];
	for (; *p != '\0'; p += n + (p[n] == '|')) {
		n = strcspn(p, "|");
		if (n == strlen(v) && memcmp(p, v, n) == 0)
			return 0;
	}
	ms_fail(&c->err, MS_USAGE, "unknown command '%s': none of %s", v,
	    c->prog->verbs);
	return ms_hint(&c->err, "%s --help", c->prog->name);
}

static int
set_up(struct ms_cli *c, int argc, char **argv)
{
	if (fill_descriptors(c) == -1 || ignore_sigpipe(c) == -1)
		return -1;
	c->state = calloc(1, sizeof(*c->state));
	if (c->state == NULL)
		return ms_fail_nomem(&c->err);
	if (cli_rows(c) == -1 || cli_argv(c, argc, argv) == -1)
		return -1;
	return cli_apply_argv(c, true);
}

static int
configure(struct ms_cli *c)
{
	if (cli_dirs(c) == -1 || cli_conf_read(c) == -1 ||
	    cli_conf_apply(c, "") == -1 || cli_apply_argv(c, false) == -1)
		return -1;
	c->json = cli_json;
	return check_verb(c);
}

int
ms_cli_begin(struct ms_cli *c, const struct ms_prog *prog, int argc,
    char **argv)
{
	memset(c, 0, sizeof(*c));
	c->prog = prog;
	if (set_up(c, argc, argv) == -1)
		return ms_cli_end(c, MS_BUG);
	if (c->state->help)
		return ms_cli_end(c, cli_help(c));
	if (c->state->version)
		return ms_cli_end(c, cli_version(c));
	if (c->state->list)
		return ms_cli_end(c, cli_list(c));
	if (configure(c) == -1)
		return ms_cli_end(c, MS_BUG);
	return -1;
}

int
ms_cli_section(struct ms_cli *c, const char *section)
{
	if (cli_conf_apply(c, section) == -1)
		return -1;
	c->json = cli_json;
	return 0;
}

static void
free_state(struct ms_cli *c)
{
	struct ms_cli_state *st = c->state;
	size_t i;

	if (st == NULL)
		return;
	ms_out_abort(st->report);
	cli_rows_clear(c);
	for (i = 0; i < st->ngiven; i++)
		free(st->given[i].value);
	free(st->given);
	for (i = 0; i < st->nconf; i++)
		ms_conf_clear(&st->conf[i]);
	free(st);
	c->state = NULL;
}

int
ms_cli_end(struct ms_cli *c, int rc)
{
	cli_progress_wipe(c);
	if (fflush(stdout) != 0 || ferror(stdout))
		ms_fail_errno(&c->err, MS_IO, "cannot write to stdout");
	if (c->err.class != MS_OK) {
		ms_cli_error(c, &c->err);
		if (rc != MS_TEMPFAIL || c->err.class != MS_NO)
			rc = (int)c->err.class;
	} else if (rc < 0) {
		rc = MS_BUG;
	}
	cli_secrets_wipe();
	free_state(c);
	ms_strs_clear(&c->args);
	free(c->home_config);
	free(c->home_data);
	free(c->home_state);
	free(c->tmpdir);
	c->home_config = c->home_data = c->home_state = c->tmpdir = NULL;
	return rc;
}

int
ms_cli_main(const struct ms_prog *prog, int argc, char **argv,
    int (*run)(struct ms_cli *c))
{
	struct ms_cli c;
	int rc = ms_cli_begin(&c, prog, argc, argv);

	if (rc >= 0)
		return rc;
	rc = run(&c);
	ms_cli_io_clear(&ms_cli_io);
	return ms_cli_end(&c, rc < 0 ? MS_BUG : rc);
}
