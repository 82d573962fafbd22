/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options.  A program is a table of option rows, each bound to a variable of
 * the program.  The same rows make the parser, --help, --list-options (hidden,
 * for lints and completions) and the configuration keys.  A default stands in
 * the variable; strings and lists set here are freed by ms_cli_end().
 */
#ifndef MS_CLI_OPT_H
#define MS_CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum ms_opt_kind {
	MS_OPT_FLAG,	/* bool *; a --no-NAME twin comes by itself */
	MS_OPT_STR,	/* char **; last wins */
	MS_OPT_LIST,	/* struct ms_strs *; repeated adds; the command line
			 * replaces what the configuration gave */
	MS_OPT_UINT,	/* uint64_t * within min..max */
	MS_OPT_TIME,	/* time_t *, ms_parse_time() */
	MS_OPT_DURATION,/* uint64_t * seconds, ms_parse_duration() */
	MS_OPT_CALL	/* call(to, value), in the order of the command line
			 * (sendmail flags); value is NULL without `arg` */
};

struct ms_strs {
	char **v;
	size_t n;
};
int ms_strs_add(struct ms_strs *l, const char *s, struct ms_err *err);
void ms_strs_clear(struct ms_strs *l);

struct ms_opt {
	const char *name;	/* long name, without dashes; "" when there is
				 * none.  A flag "no-x" has the twin "x" */
	char letter;		/* short name, or 0; the first row that claims
				 * a letter has it: own rows, groups, common */
	enum ms_opt_kind kind;
	void *to;
	const char *arg;	/* "FILE", shown in --help; NULL for flags */
	const char *help;	/* one line, lower case, no full stop */
	uint64_t min, max;
	int (*call)(void *to, const char *value, struct ms_err *err);
	const char *choices;	/* "auto|mail|cms": MS_OPT_STR is one of them */
	bool no_conf;		/* not a configuration key */
	bool conf_only;		/* configuration key, not an option */
	bool hidden;		/* accepted, not in --help (sendmail's legacy);
				 * not a configuration key either */
};
#define MS_OPT_END { .name = NULL }

/* A program, described once. */
struct ms_prog {
	const char *name;	/* "ms-sign" */
	const char *usage;	/* "[-i ID] [FILE]": the synopsis's tail */
	const char *about;	/* one sentence for --help */
	const struct ms_opt *opts;	/* its own, ended by MS_OPT_END */
	const struct ms_opt *const *groups;	/* shared groups, NULL-ended;
					 * or NULL */
	bool keep_short_h;	/* -h is not --help (ms-send) */
	/* verbs ("init|issue"): the first operand must be one of them (it
	 * stays args.v[0]); NULL when there are none */
	const char *verbs;
};

#endif
