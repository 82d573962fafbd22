/* SPDX-License-Identifier: Apache-2.0 */
/* ms-tsad: the halves of a timestamp authority, see ms_tsa_ask in tsp.h. */
#ifndef MS_TSAD_H
#define MS_TSAD_H

#include "clock.h"
#include "common.h"
#include "journal/journal.h"
#include "serve-opts.h"
#include "serve/fleet.h"

struct tsad_conf {
	struct ms_strs policies, hashes;	/* as options name them */
	uint64_t accuracy_ms;
	bool ordering;
	char *record;			/* NULL: none is kept */
};

struct tsad_asked {
	struct ms_tsa_ask ask;
	struct ms_response *resp;
};

struct tsad {
	struct ms_cli *cli;
	const struct tsad_conf *conf;
	struct ms_clock clock;
	/* the half with the key */
	struct ms_idents ids;
	struct ms_tsa *tsa;
	struct ms_journal *journal;
	bool stuck;			/* the record could not be written */
	/* the half with the network */
	struct ms_tsa_rules *rules;
	struct ms_keeper *keeper;	/* NULL: both halves are here */
	struct tsad_asked asked[MS_SERVE_BATCH];
	size_t nasked;
	struct serve_tls tls;
	struct ms_buf out, in;		/* to the keeper and back */
};

void tsad_init(struct tsad *t, struct ms_cli *c, const struct tsad_conf *conf,
    bool trust_clock);
void tsad_clear(struct tsad *t);

/* Key and certificate, read anew; arg is a struct tsad, which is touched on
 * success only. */
int tsad_load(void *arg, struct ms_err *err);
/* A key on a token: its module opens files, or talks to a daemon that does. */
unsigned tsad_key_needs(void *arg);
/* What is answered at all. */
int tsad_rules(struct tsad *t, struct ms_err *err);
/*
 * No token leaves before its line is in the record; the others get
 * systemFailure.  A line is: time with microseconds, serial number, hash
 * algorithm and imprint, SHA-256 of the token.
 *
 * Answer up to MS_SERVE_BATCH struct ms_tsa_ask in a row: for each an int32_t
 * failure, a uint32_t length and so many octets of TimeStampResp are appended
 * to out.
 */
int tsad_issue(void *arg, struct ms_span asks, struct ms_buf *out,
    struct ms_err *err);

#endif
