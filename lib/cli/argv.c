/* SPDX-License-Identifier: Apache-2.0 */
/* The command line through popt. */
#include "cli/internal.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * popt replaces "!#:+" inside the value of an option by the next operand,
 * which it eats.  It never gets to see the sequence: arguments go in with a
 * byte between the colon and the plus and come out without it.
 */
static const char trap[] = "!#:";
#define TRAP_LEN (sizeof(trap) - 1)
#define TRAP_FILL '\001'

/* Where the fill bytes behind a trap at s end, if a plus follows. */
static const char *
trap_plus(const char *s)
{
	s += TRAP_LEN;
	while (*s == TRAP_FILL)
		s++;
	return *s == '+' ? s : NULL;
}

static char *
trap_hide(const char *s)
{
	char *ret = malloc(2 * strlen(s) + 1), *to = ret;

	if (ret == NULL)
		return NULL;
	for (; *s != '\0'; s++) {
		if (strncmp(s, trap, TRAP_LEN) == 0 && trap_plus(s) != NULL) {
			memcpy(to, trap, TRAP_LEN);
			to += TRAP_LEN;
			*to++ = TRAP_FILL;
			s += TRAP_LEN - 1;
			continue;
		}
		*to++ = *s;
	}
	*to = '\0';
	return ret;
}

static char *
trap_show(const char *s)
{
	char *ret = malloc(strlen(s) + 1), *to = ret;

	if (ret == NULL)
		return NULL;
	for (; *s != '\0'; s++) {
		if (strncmp(s, trap, TRAP_LEN) == 0 &&
		    s[TRAP_LEN] == TRAP_FILL && trap_plus(s) != NULL) {
			memcpy(to, trap, TRAP_LEN);
			to += TRAP_LEN;
			s += TRAP_LEN;
			continue;
		}
		*to++ = *s;
	}
	*to = '\0';
	return ret;
}

/* Where the scheme of a URI that ends at `end` begins, if it stands at the
 * head of s or behind a `=`; else NULL. */
static const char *
scheme_begin(const char *s, const char *end)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-";

	while (end > s && end[-1] != '=') {
		if (strchr(chars, end[-1]) == NULL)
			return NULL;
		end--;
	}
	return end;
}

/* "user:password@" in an authority, or a token's PIN. */
static bool
carries_secret(const char *s)
{
	const char *p = strstr(s, "pkcs11:"), *at;

	if (p != NULL && (p == s || p[-1] == '='))
		return strstr(p, "pin-value=") != NULL;
	p = strstr(s, "://");
	if (p == NULL || scheme_begin(s, p) == p || scheme_begin(s, p) == NULL)
		return false;
	p += 3;
	at = p + strcspn(p, "/?#");
	while (at > p && at[-1] != '@')
		at--;
	return at > p && memchr(p, ':', (size_t)(at - 1 - p)) != NULL;
}

/* The arguments as popt may see them; NULL-ended, owned. */
static const char **
make_argv(struct ms_cli *c, int argc, char **argv)
{
	const char **v = calloc((size_t)argc + 2, sizeof(*v));
	int i;

	if (v == NULL) {
		ms_fail_nomem(&c->err);
		return NULL;
	}
	/* A caller may leave even the name of the program away. */
	v[0] = strdup(c->prog->name);
	for (i = 1; i < argc; i++) {
		if (carries_secret(argv[i])) {
			ms_fail(&c->err, MS_USAGE, "argument %d is a URI that "
			    "carries a secret, which every user of this "
			    "machine could read", i);
			ms_hint(&c->err, "leave the secret out of the URI and "
			    "give it by --passphrase-file");
			break;
		}
		v[i] = trap_hide(argv[i]);
		if (v[i] == NULL) {
			ms_fail_nomem(&c->err);
			break;
		}
	}
	return v;
}

static void
free_argv(const char **v)
{
	size_t i;

	for (i = 0; v != NULL && v[i] != NULL; i++)
		free((char *)v[i]);
	free(v);
}

/* Values of poptOption.val: two per row, the option and its twin. */
#define VAL(row, off) ((int)(2 * (row) + (off) + 1))

static bool
takes_value(const struct ms_opt *o)
{
	return o->kind != MS_OPT_FLAG &&
	    (o->kind != MS_OPT_CALL || o->arg != NULL);
}

static void
fill_popt(const struct row *r, size_t i, struct poptOption *p)
{
	p->longName = r->o->name[0] != '\0' ? r->o->name : NULL;
	p->shortName = r->letter;
	p->argInfo = takes_value(r->o) ? POPT_ARG_STRING : POPT_ARG_NONE;
	p->val = VAL(i, 0);
}

/* The table for popt; twins hold the names that are ours to free. */
static struct poptOption *
make_table(struct ms_cli *c, char **twins)
{
	struct ms_cli_state *st = c->state;
	struct poptOption *t = calloc(2 * st->nrow + 1, sizeof(*t));
	const struct ms_opt *o;
	size_t i, n = 0, k = 0;

	if (t == NULL)
		goto nomem;
	for (i = 0; i < st->nrow; i++) {
		o = st->row[i].o;
		if (o->conf_only)
			continue;
		fill_popt(&st->row[i], i, &t[n++]);
		if (o->kind != MS_OPT_FLAG || o->name[0] == '\0')
			continue;
		twins[k] = cli_twin(o->name);
		if (twins[k] == NULL)
			goto nomem;
		t[n].longName = twins[k++];
		t[n].argInfo = POPT_ARG_NONE;
		t[n++].val = VAL(i, 1);
	}
	return t;
nomem:
	free(t);
	ms_fail_nomem(&c->err);
	return NULL;
}

static int
usage_hint(struct ms_cli *c)
{
	return ms_hint(&c->err, "%s --help", c->prog->name);
}

/* Note one option for later; value is handed over. */
static int
note(struct ms_cli *c, int val, char *value)
{
	struct ms_cli_state *st = c->state;
	struct given *g;

	g = realloc(st->given, (st->ngiven + 1) * sizeof(*g));
	if (g == NULL) {
		free(value);
		return ms_fail_nomem(&c->err);
	}
	st->given = g;
	g += st->ngiven++;
	g->row = (size_t)(val - 1) / 2;
	g->off = (val - 1) % 2 == 1;
	g->value = NULL;
	if (value != NULL) {
		g->value = trap_show(value);
		free(value);
		if (g->value == NULL)
			return ms_fail_nomem(&c->err);
	}
	return 0;
}

static int
bad_option(struct ms_cli *c, poptContext con, int rc)
{
	char *bad = trap_show(poptBadOption(con, POPT_BADOPTION_NOALIAS));

	if (rc == POPT_ERROR_BADOPT)
		ms_fail(&c->err, MS_USAGE, "unknown option '%s'",
		    bad != NULL ? bad : "");
	else
		ms_fail(&c->err, MS_USAGE, "%s: %s", bad != NULL ? bad : "",
		    poptStrerror(rc));
	free(bad);
	return usage_hint(c);
}

static int
take_operands(struct ms_cli *c, poptContext con)
{
	const char **v = poptGetArgs(con);
	char *s;
	int rc;

	for (; v != NULL && *v != NULL; v++) {
		s = trap_show(*v);
		if (s == NULL)
			return ms_fail_nomem(&c->err);
		rc = ms_strs_add(&c->args, s, &c->err);
		free(s);
		if (rc == -1)
			return -1;
	}
	return 0;
}

static int
run_popt(struct ms_cli *c, poptContext con)
{
	int rc;

	while ((rc = poptGetNextOpt(con)) > 0)
		if (note(c, rc, poptGetOptArg(con)) == -1)
			return -1;
	if (rc != -1)
		return bad_option(c, con, rc);
	return take_operands(c, con);
}

int
cli_argv(struct ms_cli *c, int argc, char **argv)
{
	struct ms_cli_state *st = c->state;
	struct poptOption *table = NULL;
	poptContext con = NULL;
	const char **v;
	char **twins = NULL;
	size_t i;
	int rc = -1;

	v = make_argv(c, argc, argv);
	if (v == NULL || c->err.class != MS_OK)
		goto out;
	twins = calloc(st->nrow + 1, sizeof(*twins));
	if (twins == NULL) {
		ms_fail_nomem(&c->err);
		goto out;
	}
	table = make_table(c, twins);
	if (table == NULL)
		goto out;
	con = poptGetContext(c->prog->name, argc > 0 ? argc : 1, v, table, 0);
	if (con == NULL) {
		ms_fail_nomem(&c->err);
		goto out;
	}
	rc = run_popt(c, con);
out:
	if (con != NULL)
		poptFreeContext(con);
	free(table);
	for (i = 0; twins != NULL && twins[i] != NULL; i++)
		free(twins[i]);
	free(twins);
	free_argv(v);
	return rc;
}

/* "--name" or "-x", for messages. */
static int
apply_one(struct ms_cli *c, const struct given *g)
{
	struct row *r = &c->state->row[g->row];
	char what[80];

	if (r->o->name[0] != '\0')
		snprintf(what, sizeof(what), "--%s", r->o->name);
	else
		snprintf(what, sizeof(what), "-%c", r->letter);
	/* What the configuration gave a list, the command line replaces. */
	if (!r->given && r->o->kind == MS_OPT_LIST)
		ms_strs_clear(r->o->to);
	r->given = true;
	if (cli_set(r, g->value, g->off, what, &c->err) == -1)
		return usage_hint(c);
	return 0;
}

/*
 * The rows that answer at once or say where the configuration lies are
 * applied before it is read, all others after it.
 */
int
cli_apply_argv(struct ms_cli *c, bool common)
{
	struct ms_cli_state *st = c->state;
	size_t i;

	for (i = 0; i < st->ngiven; i++)
		if (st->row[st->given[i].row].common == common &&
		    apply_one(c, &st->given[i]) == -1)
			return -1;
	return 0;
}

bool
ms_cli_given(const struct ms_cli *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->state->nrow; i++)
		if (ms_streq(c->state->row[i].o->name, name))
			return c->state->row[i].given;
	return false;
}
