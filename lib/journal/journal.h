/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record that only grows: lines of text, each of which names the hash of
 * all before it, on the disk before what they tell of may happen.
 *
 *	SEQ <TAB> TEXT <TAB> H(n-1) <LF>	H(n) = SHA-256(H(n-1) || line n)
 *
 * H in lower-case hexadecimal, H(0) all zeros; SEQ counts from 1.  A line that
 * a crash or a full disk cut short is closed with "!" when the next one is
 * written, and counts in the chain; what it would have told of has not
 * happened.  Several processes may write one file.  A chain shows a change in
 * its midst, not that its end was cut off or all of it written anew: for that,
 * keep H somewhere else now and then.
 */
#ifndef MS_JOURNAL_H
#define MS_JOURNAL_H

#include <stdint.h>

#include "base/base.h"

/* Bytes of TEXT, at most. */
#define MS_JOURNAL_TEXT 800

struct ms_journal;

/*
 * Open to append, or make (mode 0600): a regular file.  Its end is checked:
 * MS_DATA when it is no such record.  A fork may go on with it.
 */
int ms_journal_open(const char *path, struct ms_journal **ret,
    struct ms_err *err);
void ms_journal_free(struct ms_journal *j);
/* Note one line for the next commit: UTF-8 without control bytes but TAB. */
int ms_journal_add(struct ms_journal *j, const char *text,
    struct ms_err *err);
/*
 * Write what was noted, and return 0 once it is on the disk.  -1: nothing of
 * it counts, although some may be there, and it is forgotten; a full disk may
 * have room again later (MS_IO), after a failed sync there is no going on.
 */
int ms_journal_commit(struct ms_journal *j, struct ms_err *err);

/* SHA-256, for what a line tells of. */
int ms_journal_digest(const void *p, size_t n, unsigned char to[32],
    struct ms_err *err);

struct ms_journal_sum {
	uint64_t records;	/* whole lines */
	uint64_t cut;		/* lines cut short */
	unsigned char head[32];	/* H of the last line */
};
/* Check a whole record; MS_DATA names the first line that is wrong. */
int ms_journal_check(const char *path, struct ms_journal_sum *sum,
    struct ms_err *err);

#endif
