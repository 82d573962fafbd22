/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that can be read again: the one mechanism under "decide, then
 * publish".  A first reading judges (tag, signature, structure), a second one
 * releases, and the second is proven to see the same bytes as the first.
 *
 * - A regular file is read twice.  The first reading keeps a keyed tag per
 *   block (random key, in memory); each block of a later reading is checked
 *   against it before it is lent, so that a file changed meanwhile is MS_IO
 *   and never a byte that was not judged.  Small files are kept in memory.
 * - A pipe is spooled during the first reading: in memory up to
 *   MS_SPOOL_MEMORY bytes, then in an unlinked file (O_TMPFILE, 0600) of the
 *   directory given.  Unless MS_SPOOL_CIPHERTEXT says that the bytes are
 *   ciphertext, what goes to that file is sealed block by block with
 *   AES-256-GCM under a random key held in memory: plaintext never rests on
 *   disk.
 * - What a program makes itself (a composed message) is written into a spool
 *   by ms_spool_sink() and read as often as there are copies to make.
 *
 * Any number of readings, one at a time.
 */
#ifndef MS_BASE_SPOOL_H
#define MS_BASE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/io.h"

/* Bytes kept in memory before a spool goes to a file. */
#define MS_SPOOL_MEMORY ((size_t)8 * 1024 * 1024)

enum ms_spool_flags {
	MS_SPOOL_CIPHERTEXT = 1,	/* may rest on disk as it is */
	MS_SPOOL_ONCE = 2		/* read once: keep and check nothing */
};

struct ms_spool;

/*
 * Over an open descriptor (borrowed).  name is for messages, dir where an
 * unlinked file may be made (NULL: "/tmp").
 */
int ms_spool_fd(int fd, const char *name, const char *dir, unsigned flags,
    struct ms_spool **ret, struct ms_err *err);
/* Over borrowed memory. */
int ms_spool_mem(const void *p, size_t n, struct ms_spool **ret,
    struct ms_err *err);
/* Empty, to be written through ms_spool_sink(). */
int ms_spool_new(const char *dir, unsigned flags, struct ms_spool **ret,
    struct ms_err *err);
void ms_spool_free(struct ms_spool *sp);

/* Where a spool made by ms_spool_new() is written; borrowed.  Writing ends
 * with the first ms_spool_read(). */
struct ms_sink *ms_spool_sink(struct ms_spool *sp);

/*
 * Lend the first bytes, at most MS_BLOCK: as many as there are, so that a
 * guess at what they are needs no reading of its own.  Borrowed until the next
 * reading.  Before the first reading what a regular file shows is not yet
 * judged.  A reading that is under way ends (it is completed when it is the
 * first).
 */
int ms_spool_peek(struct ms_spool *sp, struct ms_span *first,
    struct ms_err *err);

/* Take these flags instead, as long as no reading was begun (a look is none):
 * what the bytes are may say how they are to be kept. */
void ms_spool_set_flags(struct ms_spool *sp, unsigned flags);

/*
 * Begin the next reading.  The source is borrowed from the spool and valid
 * until the next call or ms_spool_free().  The first reading, if it stopped
 * early, is completed (drained) first, so that sizes and tags are known.
 * NULL on failure.
 */
struct ms_src *ms_spool_read(struct ms_spool *sp, struct ms_err *err);

/* Whether the size is known now (file, memory, or a pipe read to its end);
 * sets *size in bytes. */
bool ms_spool_size(const struct ms_spool *sp, uint64_t *size);

#endif
