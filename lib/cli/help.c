/* SPDX-License-Identifier: Apache-2.0 */
/* --help, --version and --list-options, all made of the option rows. */
#include "cli/internal.h"

#include <string.h>
#include <unistd.h>

/* A page of help, in bytes. */
#define HELP_MAX ((size_t)64 * 1024)
/* The column where help texts begin. */
#define HELP_COLUMN 28

static bool
shown(const struct ms_opt *o)
{
	return !o->hidden && !o->conf_only;
}

/* "  -o, --output FILE", "      --[no-]armor" */
static int
left_side(const struct row *r, struct ms_buf *b, struct ms_err *err)
{
	const struct ms_opt *o = r->o;
	const char *name = o->name, *no = "";

	/* The help of "no-x" tells what it does, not what "x" does. */
	if (o->kind == MS_OPT_FLAG && !r->common &&
	    strncmp(name, "no-", 3) != 0)
		no = "[no-]";
	if (r->letter != 0)
		ms_buf_addf(b, err, "  -%c, --%s%s", r->letter, no, name);
	else
		ms_buf_addf(b, err, "      --%s%s", no, name);
	if (o->arg != NULL)
		ms_buf_addf(b, err, " %s", o->arg);
	return err->class == MS_OK ? 0 : -1;
}

static int
help_row(const struct row *r, struct ms_buf *b, struct ms_err *err)
{
	size_t begin = b->n, width;

	if (left_side(r, b, err) == -1)
		return -1;
	width = b->n - begin;
	if (width + 2 > HELP_COLUMN) {
		ms_buf_addc(b, '\n', err);
		width = 0;
	}
	for (; width < HELP_COLUMN; width++)
		ms_buf_addc(b, ' ', err);
	ms_buf_addf(b, err, "%s", r->o->help != NULL ? r->o->help : "");
	if (r->o->choices != NULL)
		ms_buf_addf(b, err, ": %s", r->o->choices);
	return ms_buf_addc(b, '\n', err);
}

static int
put(struct ms_buf *b, struct ms_err *err)
{
	struct ms_sink *k;
	int rc;

	if (err->class != MS_OK)
		return -1;
	k = ms_sink_fd(STDOUT_FILENO, "stdout", err);
	if (k == NULL)
		return -1;
	rc = ms_sink_write(k, b->p, b->n, err);
	if (rc == 0)
		rc = ms_sink_end(k, err);
	ms_sink_free(k);
	return rc;
}

int
cli_help(struct ms_cli *c)
{
	struct ms_buf b = MS_BUF_INIT(HELP_MAX);
	struct ms_cli_state *st = c->state;
	const struct ms_prog *p = c->prog;
	size_t i;
	int rc;

	ms_buf_addf(&b, &c->err, "Usage: %s %s\n%s\n", p->name,
	    p->usage != NULL ? p->usage : "[OPTION...]",
	    p->about != NULL ? p->about : "");
	if (p->verbs != NULL)
		ms_buf_addf(&b, &c->err, "\nCommands: %s\n", p->verbs);
	ms_buf_addc(&b, '\n', &c->err);
	for (i = 0; i < st->nrow; i++)
		if (shown(st->row[i].o))
			help_row(&st->row[i], &b, &c->err);
	ms_buf_addf(&b, &c->err, "\nThe manual: man %s\n", p->name);
	rc = put(&b, &c->err);
	ms_buf_clear(&b);
	return rc;
}

int
cli_version(struct ms_cli *c)
{
	struct ms_buf b = MS_BUF_INIT(HELP_MAX);
	int rc;

	ms_buf_addf(&b, &c->err, "%s (mailseal) %s\n", c->prog->name,
	    MS_VERSION);
	rc = put(&b, &c->err);
	ms_buf_clear(&b);
	return rc;
}

static const char *
standing(const struct ms_opt *o)
{
	if (o->conf_only)
		return "key-only";
	if (o->hidden)
		return "hidden";
	return o->no_conf ? "option" : "key";
}

static const char *
shape(const struct ms_opt *o)
{
	switch (o->kind) {
	case MS_OPT_FLAG:
		return "flag";
	case MS_OPT_LIST:
		return "list";
	default:
		return o->arg != NULL ? "value" : "action";
	}
}

/*
 * NAME, LETTER, ARG, CHOICES, standing and shape of each row, by TABs: for
 * lints and for the generator of completions.
 */
int
cli_list(struct ms_cli *c)
{
	struct ms_buf b = MS_BUF_INIT(HELP_MAX);
	struct ms_cli_state *st = c->state;
	const struct ms_opt *o;
	size_t i;
	int rc;

	for (i = 0; i < st->nrow; i++) {
		o = st->row[i].o;
		ms_buf_addf(&b, &c->err, "%s\t%c\t%s\t%s\t%s\t%s\n",
		    o->name[0] != '\0' ? o->name : "-",
		    st->row[i].letter != 0 ? st->row[i].letter : '-',
		    o->arg != NULL ? o->arg : "-",
		    o->choices != NULL ? o->choices : "-", standing(o),
		    shape(o));
	}
	rc = put(&b, &c->err);
	ms_buf_clear(&b);
	return rc;
}
