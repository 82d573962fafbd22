/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of der share. */
#ifndef MS_DER_INTERNAL_H
#define MS_DER_INTERNAL_H

#include "der/der.h"

#define MS_TAG_STR 32

/* "SEQUENCE (0x30)", "[0] (0xa0)": an identifier octet for a message. */
const char *ms_der_tag_str(int tag, char to[MS_TAG_STR]);

/*
 * The streaming reader.  It holds the head of the next element when `have`,
 * or the end-of-contents of the open one when `eoc`; all else stays in the
 * source.  Positions are the source's, from its beginning, in bytes.
 */
struct ms_ber {
	struct ms_src *src;
	/* What is open; level[0] is the stream itself.  `end` is where the
	 * innermost definite length ends. */
	struct {
		uint64_t end;
		bool indef;	/* ended by end-of-contents, before `end` */
		const char *what;
	} level[MS_DER_DEPTH + 1];
	int depth;
	bool have, eoc;
	int tag;		/* of the head */
	bool indef;
	uint64_t len;
	bool any;		/* there was an element */
	bool failed;		/* sticky; the error is in `why` */
	struct ms_err why;
	/* The OCTET STRING lent by ms_ber_octets(). */
	struct ms_src octets;
	const char *string;	/* its name */
	bool lent;
	uint64_t left;		/* of the piece at hand */
	int base;		/* depth it began at; -1: primitive */
};

/* The functions below keep their error in r->why, and return -1. */
int ms_ber_fail(struct ms_ber *r, enum ms_class c, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The head of the next element: 1; 0 at the end of the open one. */
int ms_ber_head(struct ms_ber *r, const char *what);
/* The same, where there must be an element. */
int ms_ber_need(struct ms_ber *r, const char *what);
/* Open the constructed element whose head was read; leave the open one,
 * which is at its end. */
int ms_ber_push(struct ms_ber *r, const char *what);
void ms_ber_pop(struct ms_ber *r);
/* The next block of `left` bytes of contents, at most: how many are ready in
 * r->src, at least one. */
int ms_ber_block(struct ms_ber *r, uint64_t left, size_t *n, const char *what);
/*
 * The next piece of the constructed string whose element was opened at depth
 * base: 1 with its length in r->left, 0 when the string was read and left.
 * Pieces have the tag piece (X.690 8.6.4, 8.7.3, 8.23).
 */
int ms_ber_piece(struct ms_ber *r, int piece, int base, const char *what);
/* Hand the failure on to the caller's err. */
int ms_ber_tell(struct ms_ber *r, struct ms_err *err);

#endif
