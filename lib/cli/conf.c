/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: which are read, and what they set. */
#include "cli/internal.h"

#include <stdlib.h>
#include <string.h>

static int
check_entry(const struct ms_conf *f, const struct ms_conf_entry *e,
    struct ms_err *err)
{
	if (e->section[0] != '\0' && strchr(e->section, '@') == NULL &&
	    !cli_prog_known(e->section)) {
		ms_fail(err, MS_CONFIG, "%s:%u: unknown section [%s]",
		    f->name, e->line, e->section);
		return ms_hint(err, "a section is a program's name or an "
		    "address, see mailseal.conf(5)");
	}
	if (!cli_key_known(e->key)) {
		ms_fail(err, MS_CONFIG, "%s:%u: unknown key '%s'", f->name,
		    e->line, e->key);
		return ms_hint(err, "keys are the long options of the "
		    "programs, see mailseal.conf(5)");
	}
	return 0;
}

/* Read one file; a missing one is fine unless it was named. */
static int
read_one(struct ms_cli *c, const char *path, bool named)
{
	struct ms_cli_state *st = c->state;
	struct ms_conf *f = &st->conf[st->nconf];
	size_t i;

	ms_conf_init(f);
	if (ms_conf_read(f, path, &c->err) == -1) {
		ms_conf_clear(f);
		if (c->err.class != MS_NOINPUT)
			return -1;
		if (named) {
			c->err.class = MS_CONFIG;
			return -1;
		}
		ms_err_reset(&c->err);
		return 0;
	}
	st->nconf++;
	for (i = 0; i < f->n; i++)
		if (check_entry(f, &f->v[i], &c->err) == -1)
			return -1;
	return 0;
}

int
cli_conf_read(struct ms_cli *c)
{
	struct ms_buf path = MS_BUF_INIT(8192);
	const char *s;
	int rc = -1;

	if (c->state->config != NULL)
		return read_one(c, c->state->config, true);
	if (!c->state->only_home &&
	    read_one(c, MS_CONFDIR "/mailseal.conf", false) == -1)
		return -1;
	if (ms_buf_addf(&path, &c->err, "%s/mailseal.conf",
	    c->home_config) == 0) {
		s = ms_buf_str(&path);
		if (s != NULL)
			rc = read_one(c, s, false);
		else
			ms_fail_nomem(&c->err);
	}
	ms_buf_clear(&path);
	return rc;
}

/* yes, no: what a flag may be set to. */
static int
flag_value(const char *v, bool *off)
{
	if (ms_strcaseeq(v, "yes") || ms_strcaseeq(v, "true"))
		*off = false;
	else if (ms_strcaseeq(v, "no") || ms_strcaseeq(v, "false"))
		*off = true;
	else
		return -1;
	return 0;
}

static bool
configurable(const struct ms_opt *o)
{
	return o->conf_only || (!o->no_conf && !o->hidden);
}

static int
apply_entry(struct ms_cli *c, const struct ms_conf *f,
    const struct ms_conf_entry *e)
{
	struct ms_cli_state *st = c->state;
	struct row *r;
	bool off = false;
	size_t i;

	for (i = 0; i < st->nrow; i++) {
		r = &st->row[i];
		if (!configurable(r->o) || !ms_streq(r->o->name, e->key))
			continue;
		if (r->given)
			return 0;
		if (r->o->kind == MS_OPT_FLAG &&
		    flag_value(e->value, &off) == -1)
			return ms_fail(&c->err, MS_CONFIG,
			    "%s:%u: %s: '%s' is neither yes nor no", f->name,
			    e->line, e->key, e->value);
		if (cli_set(r, e->value, off, e->key, &c->err) == 0)
			return 0;
		if (c->err.class == MS_USAGE)
			c->err.class = MS_CONFIG;
		return ms_err_context(&c->err, "%s:%u", f->name, e->line);
	}
	/* Another program's key. */
	return 0;
}

static bool
section_fits(const struct ms_cli *c, const char *has, const char *wanted)
{
	if (wanted[0] != '\0')
		return ms_strcaseeq(has, wanted);
	return has[0] == '\0' || ms_streq(has, c->prog->name);
}

int
cli_conf_apply(struct ms_cli *c, const char *section)
{
	const struct ms_conf *f;
	size_t i, k;

	for (k = 0; k < c->state->nconf; k++) {
		f = &c->state->conf[k];
		for (i = 0; i < f->n; i++)
			if (section_fits(c, f->v[i].section, section) &&
			    apply_entry(c, f, &f->v[i]) == -1)
				return -1;
	}
	return 0;
}
