/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: option tables, configuration, messages, exit codes, where
 * things lie, passphrases, progress.  For cmd/ only; the one area that prints,
 * reads the environment and installs signal handlers.
 */
#ifndef MS_CLI_H
#define MS_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/base.h"

/* ---- options ---- */

enum ms_opt_kind {
	MS_OPT_FLAG,	/* bool *; a --no-NAME twin comes by itself */
	MS_OPT_STR,	/* char **; last wins */
	MS_OPT_LIST,	/* struct ms_strs *; repeated adds; the command line
			 * replaces what the configuration gave */
	MS_OPT_UINT,	/* uint64_t * within min..max */
	MS_OPT_TIME,	/* time_t *, ms_parse_time() */
	MS_OPT_DURATION,/* uint64_t * seconds, ms_parse_duration() */
	MS_OPT_CALL	/* fn(arg, value): order matters (sendmail flags) */
};

struct ms_strs {
	char **v;
	size_t n;
};
int ms_strs_add(struct ms_strs *l, const char *s, struct ms_err *err);
void ms_strs_clear(struct ms_strs *l);

struct ms_opt {
	const char *name;	/* long name, without dashes */
	char letter;		/* short name, or 0 */
	enum ms_opt_kind kind;
	void *to;
	const char *arg;	/* "FILE", shown in --help; NULL for flags */
	const char *help;	/* one line, lower case, no full stop */
	uint64_t min, max;
	int (*call)(void *to, const char *value, struct ms_err *err);
	const char *choices;	/* "auto|mail|cms": MS_OPT_STR is one of them */
	bool no_conf;		/* not a configuration key */
	bool hidden;		/* accepted, not in --help (sendmail's legacy) */
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
	/* verbs ("init|issue"): the first operand; NULL when there are none */
	const char *verbs;
};

struct ms_cli {
	const struct ms_prog *prog;
	struct ms_err err;
	struct ms_strs args;	/* operands */
	bool quiet;
	unsigned verbose;
	bool json;
	char *config;		/* --config */
	char *home_config;	/* where configuration lies, directories */
	char *home_data;
	char *home_state;
	char *tmpdir;		/* $TMPDIR or /tmp */
	struct ms_strs passphrase_fd;	/* [WHAT=]N */
	struct ms_strs passphrase_file;	/* [WHAT=]FILE */
	char *askpass;
	char *passphrase_command;	/* configuration only */
	struct ms_conf conf[2];
	size_t nconf;
};

/*
 * Begin: set up *c from the environment, read the configuration, parse argv
 * over it, answer --help and --version.  Returns -1 to go on, else the exit
 * code to return at once.  Checks: unknown option 64, unknown configuration
 * key 78, a missing stdin/stdout/stderr descriptor is opened on /dev/null.
 * section: also applies configuration sections of that address later, by
 * ms_cli_section().
 */
int ms_cli_begin(struct ms_cli *c, const struct ms_prog *prog, int argc,
    char **argv);
/* Apply configuration section [address] to options the command line did not
 * set. */
int ms_cli_section(struct ms_cli *c, const char *section);
/*
 * End: print c->err ("PROG: text", "PROG: hint: ..."), free everything, flush
 * stdout (a failure there is MS_IO) and return the exit code: rc, or the class
 * of the error.
 */
int ms_cli_end(struct ms_cli *c, int rc);
/* "PROG: text" on stderr unless quiet; control bytes escaped. */
void ms_cli_say(const struct ms_cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, only with -v. */
void ms_cli_verbose(const struct ms_cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "PROG: warning: text", also when quiet is not set. */
void ms_cli_warn(const struct ms_cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Print an error that does not end the program (one of many operands). */
void ms_cli_error(const struct ms_cli *c, const struct ms_err *err);

/* ---- input and output ---- */

extern const struct ms_opt ms_cli_output_opts[];  /* -o --output, --armor */

struct ms_cli_io {
	char *output;		/* -o */
	bool armor;
	bool allow_empty;
	int in_fd;
	char *in_name;
	struct ms_spool *in;
	struct ms_out *out;
};
/* The option rows above set this one object. */
extern struct ms_cli_io ms_cli_io;

/*
 * Open the FILE operand (NULL or "-": stdin) as a spool with these flags.
 * MS_NOINPUT when it cannot be opened; empty stdin is MS_DATA with the hint of
 * the contract unless allow_empty.
 */
int ms_cli_input(struct ms_cli *c, const char *file, unsigned flags,
    struct ms_cli_io *io);
/* Open the output; binary to a terminal is MS_USAGE unless -o -. */
int ms_cli_output(struct ms_cli *c, bool binary, bool secret,
    struct ms_cli_io *io);
void ms_cli_io_clear(struct ms_cli_io *io);

/* ---- secrets ---- */

/*
 * The passphrase of WHAT ("key", "export", "recipient", "tsa", "smtp"), for
 * `who` (a file or address, for the prompt), by the ways of the contract in
 * their order.  MS_NOPERM at once where nobody can be asked.  confirm: ask
 * twice (for making).
 */
int ms_cli_passphrase(struct ms_cli *c, const char *what, const char *who,
    bool confirm, struct ms_buf *ret, struct ms_err *err);

/* ---- many files ---- */

/* Progress on a terminal, nothing elsewhere; total may be 0 (unknown). */
void ms_cli_progress(struct ms_cli *c, const char *what, uint64_t done,
    uint64_t total);

/* ---- signals ---- */

/* A descriptor that becomes readable on SIGTERM or SIGINT (stop) and on
 * SIGHUP (hup), for servers. */
int ms_cli_signals(int *stop_fd, int *hup_fd, struct ms_err *err);

#endif
