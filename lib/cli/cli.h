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
#include "cli/groups.h"
#include "cli/opt.h"

struct ms_cli_state;

/* Asks a keyring for the passphrase of `what` for `who`: 1, 0 none, -1. */
typedef int ms_cli_keyring_fn(const char *what, const char *who,
    struct ms_buf *pass, struct ms_err *err);

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
	ms_cli_keyring_fn *keyring;	/* the command sets it, or NULL */
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
/* Whether the command line, and not the configuration, set that option. */
bool ms_cli_given(const struct ms_cli *c, const char *name);
/*
 * End: print c->err ("PROG: text", "PROG: hint: ..."), free everything, flush
 * stdout (a failure there is MS_IO) and return the exit code: the class of the
 * error, or without one rc.  MS_TEMPFAIL in rc goes before an error MS_NO.
 */
int ms_cli_end(struct ms_cli *c, int rc);
/*
 * All of a simple program's main(): begin, run, clear ms_cli_io, end.  run
 * returns the exit code, or -1 with c->err.
 */
int ms_cli_main(const struct ms_prog *prog, int argc, char **argv,
    int (*run)(struct ms_cli *c));
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
