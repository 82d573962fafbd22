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
#include <time.h>

#include "base/base.h"

/* ---- options ---- */

/*
 * A program is a table of option rows, each bound to a variable of the
 * program.  The same rows make the parser, --help, --list-options (hidden,
 * for lints and completions) and the configuration keys.  A default stands in
 * the variable; strings and lists set here are freed by ms_cli_end().
 */
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

struct ms_cli_state;

struct ms_cli {
	const struct ms_prog *prog;
	struct ms_err err;
	struct ms_strs args;	/* operands */
	bool quiet;
	unsigned verbose;
	bool json;		/* --json of ms_cli_report_opts */
	char *home_config;	/* where configuration lies, directories; */
	char *home_data;	/* they need not exist yet */
	char *home_state;
	char *tmpdir;		/* $TMPDIR or /tmp */
	struct ms_cli_state *state;	/* private */
};

/*
 * Where things lie.  MAILSEAL_HOME: configuration in it, data (keys and
 * certificates) in MAILSEAL_HOME/data, state in MAILSEAL_HOME/state, and only
 * MAILSEAL_HOME/mailseal.conf is read.  Else $XDG_CONFIG_HOME/mailseal,
 * $XDG_DATA_HOME/mailseal, $XDG_STATE_HOME/mailseal with their defaults under
 * $HOME; for root data and state in /var/lib/mailseal/data and .../state.
 */

/*
 * Begin: set up *c (its old content is not looked at) from the environment,
 * parse argv, answer --help and --version, read the configuration and apply
 * it, then the command line over it.  Returns -1 to go on, else the exit code
 * to return at once (everything is freed then).  An unknown option, a value
 * out of range and a URI that carries a secret are MS_USAGE; an unknown
 * configuration key or section is MS_CONFIG.  A missing descriptor 0, 1 or 2
 * is filled so that no file opened later takes its place, and using it fails.
 * SIGPIPE is ignored from here on: writing to a gone reader is MS_IO.
 */
int ms_cli_begin(struct ms_cli *c, const struct ms_prog *prog, int argc,
    char **argv);
/*
 * Apply configuration section [address] (compared without regard to ASCII
 * case) to options the command line did not set.  0, or -1 with c->err.
 */
int ms_cli_section(struct ms_cli *c, const char *section);
/*
 * End: print c->err ("PROG: text", "PROG: hint: ..."), free everything, flush
 * stdout (a failure there is MS_IO) and return the exit code: the class of the
 * error, or without one rc.  MS_TEMPFAIL in rc goes before an error MS_NO.
 */
int ms_cli_end(struct ms_cli *c, int rc);
/* "PROG: text" on stderr unless quiet; control bytes escaped. */
void ms_cli_say(const struct ms_cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, only with -v. */
void ms_cli_verbose(const struct ms_cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "PROG: warning: text", unless quiet. */
void ms_cli_warn(const struct ms_cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Print an error that does not end the program (one of many operands). */
void ms_cli_error(const struct ms_cli *c, const struct ms_err *err);

/* ---- shared groups of options ---- */
/* Each group sets the one object below it and only stores what was given:
 * cmd/ turns it into keys, certificates and anchors. */

/* -i --identity, --key, --cert: who acts. */
struct ms_cli_who {
	struct ms_strs identity;	/* ADDRESS, FILE or URI */
	char *key;
	char *cert;
};
extern const struct ms_opt ms_cli_who_opts[];
extern struct ms_cli_who ms_cli_who;

/* --chain: further certificates, to send along or to build paths with. */
extern const struct ms_opt ms_cli_chain_opts[];
extern struct ms_strs ms_cli_chain;

/* --trust, --trust-tsa, --crl, --revocation, --at: whom we trust. */
struct ms_cli_trust {
	struct ms_strs trust;		/* FILE, DIR or "system" */
	struct ms_strs trust_tsa;	/* the same; none: as trust */
	struct ms_strs crl;
	char *revocation;		/* NULL, "off", "soft" or "hard" */
	time_t at;			/* 0: now */
};
extern const struct ms_opt ms_cli_trust_opts[];
extern struct ms_cli_trust ms_cli_trust;

/* --tsa: timestamp authorities in order; "none" among them: none. */
extern const struct ms_opt ms_cli_tsa_opts[];
extern struct ms_strs ms_cli_tsa;

/* --passphrase-fd, --passphrase-file, --askpass and the configuration key
 * passphrase-command: for programs that call ms_cli_passphrase(). */
extern const struct ms_opt ms_cli_secret_opts[];

/* --json (sets c->json) and --report FILE. */
extern const struct ms_opt ms_cli_report_opts[];
/*
 * Where a report goes: --report FILE, else descriptor fd (1, or 2 where the
 * result takes stdout).  End the sink with ms_cli_report_end(), which frees
 * it and tells whether all was written (MS_IO).
 */
int ms_cli_report(struct ms_cli *c, int fd, struct ms_sink **ret,
    struct ms_err *err);
int ms_cli_report_end(struct ms_cli *c, struct ms_sink *k, struct ms_err *err);
/* Whether --report or --json was given: for programs that are silent
 * otherwise. */
bool ms_cli_report_wanted(const struct ms_cli *c);

/* ---- input and output ---- */

/* -o --output, --armor, --allow-empty */
extern const struct ms_opt ms_cli_output_opts[];

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
 * Open the FILE operand (NULL or "-": stdin) as io->in, a spool with these
 * flags (enum ms_spool_flags); io->in_name is for messages.  A second input
 * takes the place of the first.  Fills c->err: MS_NOINPUT when it cannot be
 * opened; empty stdin is MS_DATA unless allow_empty.
 */
int ms_cli_input(struct ms_cli *c, const char *file, unsigned flags,
    struct ms_cli_io *io);
/*
 * Open io->output as io->out.  binary (what goes out is not text): refused
 * with MS_USAGE when it would go to a terminal, unless -o - or --armor.
 * secret: a new file has mode 0600.  Fills c->err.
 */
int ms_cli_output(struct ms_cli *c, bool binary, bool secret,
    struct ms_cli_io *io);
/* Publish what was written to io->out (ms_out_commit()).  Fills c->err. */
int ms_cli_publish(struct ms_cli *c, struct ms_cli_io *io);
/* Close the input and throw away an output that was not published. */
void ms_cli_io_clear(struct ms_cli_io *io);

/* ---- secrets ---- */

/* The longest passphrase, in bytes. */
#define MS_PASSPHRASE_MAX ((size_t)1023)

/*
 * The passphrase of WHAT ("key", "export", "pdf", "recipient", "tsa",
 * "smtp"; "pin" for a token), for `who` (a file or address, for the prompt),
 * by the ways of mailseal(7), in their order.  ret, which becomes secret, is
 * replaced by the first line without its end.  MS_NOPERM at once where nobody
 * can be asked.  confirm: a person is asked twice (for making).
 */
int ms_cli_passphrase(struct ms_cli *c, const char *what, const char *who,
    bool confirm, struct ms_buf *ret, struct ms_err *err);

/* ---- many files ---- */

/* Progress on a terminal, nothing elsewhere; total may be 0 (unknown). */
void ms_cli_progress(struct ms_cli *c, const char *what, uint64_t done,
    uint64_t total);

/* ---- servers ---- */

#include "cli/server.h"

#endif
