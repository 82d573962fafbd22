/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of journal share. */
#ifndef MS_JOURNAL_INTERNAL_H
#define MS_JOURNAL_INTERNAL_H

#include "journal/journal.h"

#define JOURNAL_HASH 32		/* SHA-256 */
/* A line: a number of 20 digits, the text, 64 digits of hash, two TABs, LF. */
#define JOURNAL_LINE (MS_JOURNAL_TEXT + 20 + 2 * JOURNAL_HASH + 3)

/* Where a chain stands. */
struct journal_chain {
	uint64_t seq;		/* of the last whole line */
	unsigned char h[JOURNAL_HASH];
	bool known;		/* h is: false in the midst of a file */
};

/*
 * Take the next line, with its LF.  1: a whole one; 0: one that was cut short;
 * -1: neither, or not of this chain, with MS_DATA.
 */
int journal_step(struct journal_chain *c, struct ms_span line,
    struct ms_err *err);
/* H = SHA-256(H || line). */
int journal_hash(struct journal_chain *c, struct ms_span line,
    struct ms_err *err);

#endif
