/* SPDX-License-Identifier: Apache-2.0 */
/* Private to lib/cli. */
#ifndef MS_CLI_INTERNAL_H
#define MS_CLI_INTERNAL_H

#include "cli/cli.h"

/* A row of the merged table: own rows, groups, common ones. */
struct row {
	const struct ms_opt *o;
	char letter;		/* 0 when an earlier row has it */
	bool given;		/* on the command line: configuration is mute */
	bool owned;		/* we made the string in *to */
	bool common;
};

/* What one argument of the command line asks for. */
struct given {
	size_t row;
	bool off;		/* the --no- twin */
	char *value;
};

struct ms_cli_state {
	struct row *row;
	size_t nrow;
	struct given *given;
	size_t ngiven;
	struct ms_opt common[8];
	bool help, version, list;
	bool only_home;			/* MAILSEAL_HOME: not /etc */
	char *config;			/* --config */
	struct ms_conf conf[2];
	size_t nconf;
	struct ms_out *report;		/* --report FILE while it is open */
	bool progress_shown;
	int64_t progress_next_ms;	/* when to draw again */
};

/* rows.c: the merged table, and setting a variable through its row */
int cli_rows(struct ms_cli *c);
void cli_rows_clear(struct ms_cli *c);
/* what: how the message calls the option ("--at"). */
int cli_set(struct row *r, const char *value, bool off, const char *what,
    struct ms_err *err);
/* The twin of flag name, or NULL without memory: "no-x" for "x" and back. */
char *cli_twin(const char *name);

/* argv.c: popt */
int cli_argv(struct ms_cli *c, int argc, char **argv);
/* Common rows, or all others. */
int cli_apply_argv(struct ms_cli *c, bool common);

/* dirs.c */
int cli_dirs(struct ms_cli *c);
/* conf.c */
int cli_conf_read(struct ms_cli *c);
/* Apply entries of this section ("" is the head of the file and the
 * program's own section). */
int cli_conf_apply(struct ms_cli *c, const char *section);

/* keys.c: every configuration key of every program, and the programs */
bool cli_key_known(const char *key);
bool cli_prog_known(const char *name);

/* help.c: to stdout, the exit code */
int cli_help(struct ms_cli *c);
int cli_version(struct ms_cli *c);
int cli_list(struct ms_cli *c);

/* say.c */
void cli_progress_wipe(const struct ms_cli *c);

/* groups.c, secret.c: what the groups store */
struct cli_secrets {
	struct ms_strs fd;
	struct ms_strs file;
	char *askpass;
	char *command;
};
extern struct cli_secrets cli_secrets;
void cli_secrets_wipe(void);	/* what was read from descriptors */
extern char *cli_report_file;
extern bool cli_json;

/* ask.c: one line from a program or a person into ret (secret) */
int cli_read_line(int fd, const char *name, struct ms_buf *ret,
    struct ms_err *err);
/* argv[0] is searched in PATH. */
int cli_ask_program(char *const argv[], const char *name, struct ms_buf *ret,
    struct ms_err *err);
/* false: there is no terminal. */
bool cli_tty_there(void);
int cli_ask_tty(const char *prompt, struct ms_buf *ret, struct ms_err *err);

#endif
