/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of options that programs share: the same words everywhere. */
#ifndef MS_CLI_GROUPS_H
#define MS_CLI_GROUPS_H

#include <stdbool.h>
#include <time.h>

#include "base/io.h"
#include "cli/opt.h"

struct ms_cli;

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

/* --trust, --trust-tsa, --crl, --revocation, --fetch-issuers, --fetch-private,
 * --at: whom we trust, and whom we ask about it. */
struct ms_cli_trust {
	struct ms_strs trust;		/* FILE, DIR or "system" */
	struct ms_strs trust_tsa;	/* the same; none: as trust */
	struct ms_strs crl;
	char *revocation;		/* NULL, "off", "soft" or "hard" */
	bool fetch_issuers;
	bool fetch_private;
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
/* What was reported so far goes out, for who waits for it; a FILE waits. */
int ms_cli_report_flush(struct ms_cli *c, struct ms_sink *k,
    struct ms_err *err);
/* Whether --report or --json was given: for programs that are silent
 * otherwise. */
bool ms_cli_report_wanted(const struct ms_cli *c);

#endif
