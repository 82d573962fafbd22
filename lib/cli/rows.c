/* SPDX-License-Identifier: Apache-2.0 */
/* The merged table of options, and setting variables through its rows. */
#include "cli/internal.h"

#include <stdlib.h>
#include <string.h>

int
ms_strs_add(struct ms_strs *l, const char *s, struct ms_err *err)
{
	char **v = realloc(l->v, (l->n + 1) * sizeof(*v));

	if (v == NULL)
		return ms_fail_nomem(err);
	l->v = v;
	l->v[l->n] = strdup(s);
	if (l->v[l->n] == NULL)
		return ms_fail_nomem(err);
	l->n++;
	return 0;
}

void
ms_strs_clear(struct ms_strs *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

char *
cli_twin(const char *name)
{
	size_t n = strlen(name) + 4;
	char *s;

	if (strncmp(name, "no-", 3) == 0)
		return strdup(name + 3);
	s = malloc(n);
	if (s != NULL) {
		memcpy(s, "no-", 3);
		memcpy(s + 3, name, n - 3);
	}
	return s;
}

static int
verbose_more(void *to, const char *value, struct ms_err *err)
{
	++*(unsigned *)to;
	return 0;
}

static int
verbose_none(void *to, const char *value, struct ms_err *err)
{
	*(unsigned *)to = 0;
	return 0;
}

/* Rows that every program has; they point into this *c. */
static void
common_rows(struct ms_cli *c)
{
	struct ms_cli_state *st = c->state;
	const struct ms_opt rows[] = {
		{ .name = "quiet", .letter = 'q', .kind = MS_OPT_FLAG,
		    .to = &c->quiet, .no_conf = true,
		    .help = "say nothing but errors" },
		{ .name = "verbose", .letter = 'v', .kind = MS_OPT_CALL,
		    .to = &c->verbose, .no_conf = true, .call = verbose_more,
		    .help = "say what is done; twice says more" },
		{ .name = "no-verbose", .kind = MS_OPT_CALL,
		    .to = &c->verbose, .hidden = true,
		    .call = verbose_none },
		{ .name = "config", .kind = MS_OPT_STR, .to = &st->config,
		    .arg = "FILE", .no_conf = true,
		    .help = "read this configuration instead of the usual" },
		{ .name = "help", .letter = c->prog->keep_short_h ? 0 : 'h',
		    .kind = MS_OPT_FLAG, .to = &st->help, .no_conf = true,
		    .help = "print this help" },
		{ .name = "version", .kind = MS_OPT_FLAG, .to = &st->version,
		    .no_conf = true, .help = "print the version" },
		{ .name = "list-options", .kind = MS_OPT_FLAG,
		    .to = &st->list, .hidden = true },
		MS_OPT_END
	};

	memcpy(st->common, rows, sizeof(rows));
}

static size_t
count(const struct ms_opt *o)
{
	size_t n = 0;

	while (o != NULL && o[n].name != NULL)
		n++;
	return n;
}

static bool
letter_taken(const struct ms_cli_state *st, char letter)
{
	size_t i;

	for (i = 0; i < st->nrow; i++)
		if (st->row[i].letter == letter)
			return true;
	return false;
}

static void
add_rows(struct ms_cli_state *st, const struct ms_opt *o, bool common)
{
	struct row *r;

	for (; o != NULL && o->name != NULL; o++) {
		r = &st->row[st->nrow];
		r->o = o;
		r->common = common;
		if (o->letter != 0 && !letter_taken(st, o->letter))
			r->letter = o->letter;
		st->nrow++;
	}
}

int
cli_rows(struct ms_cli *c)
{
	const struct ms_opt *const *g;
	struct ms_cli_state *st = c->state;
	size_t n;

	common_rows(c);
	n = count(c->prog->opts) + count(st->common);
	for (g = c->prog->groups; g != NULL && *g != NULL; g++)
		n += count(*g);
	st->row = calloc(n, sizeof(*st->row));
	if (st->row == NULL)
		return ms_fail_nomem(&c->err);
	add_rows(st, c->prog->opts, false);
	for (g = c->prog->groups; g != NULL && *g != NULL; g++)
		add_rows(st, *g, false);
	add_rows(st, st->common, true);
	return 0;
}

void
cli_rows_clear(struct ms_cli *c)
{
	struct ms_cli_state *st = c->state;
	struct row *r;
	size_t i;

	for (i = 0; i < st->nrow; i++) {
		r = &st->row[i];
		if (r->o->kind == MS_OPT_STR && r->owned) {
			free(*(char **)r->o->to);
			*(char **)r->o->to = NULL;
		} else if (r->o->kind == MS_OPT_LIST) {
			ms_strs_clear(r->o->to);
		}
	}
	free(st->row);
	st->row = NULL;
	st->nrow = 0;
}

static int
check_choice(const char *choices, const char *value, const char *what,
    struct ms_err *err)
{
	const char *p = choices;
	size_t n, len = strlen(value);

	for (;;) {
		n = strcspn(p, "|");
		if (n == len && memcmp(p, value, n) == 0)
			return 0;
		if (p[n] == '\0')
			break;
		p += n + 1;
	}
	return ms_fail(err, MS_USAGE, "%s: '%s' is none of %s", what, value,
	    choices);
}

static int
set_str(struct row *r, const char *value, const char *what,
    struct ms_err *err)
{
	char *s;

	if (r->o->choices != NULL &&
	    check_choice(r->o->choices, value, what, err) == -1)
		return -1;
	s = strdup(value);
	if (s == NULL)
		return ms_fail_nomem(err);
	if (r->owned)
		free(*(char **)r->o->to);
	*(char **)r->o->to = s;
	r->owned = true;
	return 0;
}

static int
set_uint(const struct ms_opt *o, const char *value, const char *what,
    struct ms_err *err)
{
	uint64_t max = o->max != 0 ? o->max : UINT64_MAX;

	return ms_parse_uint(value, what, o->min, max, o->to, err);
}

static int
set_duration(const struct ms_opt *o, const char *value, const char *what,
    struct ms_err *err)
{
	uint64_t s;

	if (ms_parse_duration(value, what, &s, err) == -1)
		return -1;
	if (s < o->min || (o->max != 0 && s > o->max))
		return ms_fail(err, MS_USAGE, "%s: '%s' is out of range",
		    what, value);
	*(uint64_t *)o->to = s;
	return 0;
}

int
cli_set(struct row *r, const char *value, bool off, const char *what,
    struct ms_err *err)
{
	const struct ms_opt *o = r->o;

	switch (o->kind) {
	case MS_OPT_FLAG:
		*(bool *)o->to = !off;
		return 0;
	case MS_OPT_STR:
		return set_str(r, value, what, err);
	case MS_OPT_LIST:
		if (o->choices != NULL &&
		    check_choice(o->choices, value, what, err) == -1)
			return -1;
		return ms_strs_add(o->to, value, err);
	case MS_OPT_UINT:
		return set_uint(o, value, what, err);
	case MS_OPT_TIME:
		if (ms_parse_time(value, o->to, err) == -1)
			return ms_err_context(err, "%s", what);
		return 0;
	case MS_OPT_DURATION:
		return set_duration(o, value, what, err);
	case MS_OPT_CALL:
		return o->call(o->to, value, err);
	}
	return ms_fail(err, MS_BUG, "%s: no such kind of option", what);
}
