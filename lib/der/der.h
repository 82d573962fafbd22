/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASN.1: a strict DER writer, a DER/BER walker over memory, and a BER reader
 * over a stream that handles indefinite lengths, constructed OCTET STRINGs and
 * contents of any size with bounded memory (X.690).  No crypto here.
 */
#ifndef MS_DER_H
#define MS_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/base.h"
#include "der/oid.h"

/* Identifier octets (one octet: tag numbers above 30 occur in nothing we
 * read, and are refused). */
enum {
	MS_BOOLEAN = 0x01, MS_INTEGER = 0x02, MS_BITSTRING = 0x03,
	MS_OCTETSTRING = 0x04, MS_NULL = 0x05, MS_OBJECT = 0x06,
	MS_ENUMERATED = 0x0a, MS_UTF8STRING = 0x0c, MS_PRINTABLE = 0x13,
	MS_IA5STRING = 0x16, MS_UTCTIME = 0x17, MS_GENTIME = 0x18,
	MS_SEQUENCE = 0x30, MS_SET = 0x31
};
#define MS_CTX(n) (0x80 | (n))		/* [n] IMPLICIT, primitive */
#define MS_CTXC(n) (0xa0 | (n))		/* [n], constructed */

/* ---- writing: everything goes into a buffer, lengths are filled in ---- */

#define MS_DER_DEPTH 32

struct ms_der {
	struct ms_buf *b;	/* borrowed */
	size_t open[MS_DER_DEPTH];
	int depth;
	bool failed;		/* sticky; ms_der_finish() tells */
	struct ms_err err;
};

void ms_der_init(struct ms_der *d, struct ms_buf *b);
/* Begin and end a constructed (or primitive wrapper) element. */
void ms_der_begin(struct ms_der *d, int tag);
void ms_der_end(struct ms_der *d);
/* SET OF: like ms_der_end(), with the elements sorted (X.690 11.6). */
void ms_der_end_setof(struct ms_der *d);
void ms_der_prim(struct ms_der *d, int tag, const void *p, size_t n);
void ms_der_raw(struct ms_der *d, const void *p, size_t n); /* whole TLVs */
void ms_der_oid(struct ms_der *d, enum ms_oid oid);
void ms_der_uint(struct ms_der *d, uint64_t v);
/* INTEGER from an unsigned big-endian magnitude. */
void ms_der_integer(struct ms_der *d, const void *p, size_t n);
void ms_der_null(struct ms_der *d);
void ms_der_bool(struct ms_der *d, bool v);	/* writes FALSE too */
/* RFC 5652 11.3: UTCTime from 1950 to 2049, else GeneralizedTime. */
void ms_der_time(struct ms_der *d, time_t t);
/* GeneralizedTime with `micros` as fraction (trailing zeros dropped). */
void ms_der_gentime(struct ms_der *d, time_t t, unsigned micros);
/* 0, or the first failure of all the above. */
int ms_der_finish(struct ms_der *d, struct ms_err *err);
/* The octets of identifier and definite length, for streams whose content
 * follows; returns how many (at most 10). */
size_t ms_der_head(unsigned char to[10], int tag, uint64_t n);
/* Size in bytes of a whole element with n content octets. */
uint64_t ms_der_size(uint64_t n);

/* ---- walking over memory ---- */

/*
 * Take the next element off *s.  *tag is its identifier octet, *v its
 * contents, *whole (may be NULL) the element with its head.  Definite, minimal
 * lengths only (DER); MS_DATA otherwise.
 */
int ms_der_next(struct ms_span *s, int *tag, struct ms_span *v,
    struct ms_span *whole, struct ms_err *err);
/* The same, wanting this tag; `what` is named in the message
 * ("SignerInfo.version"). */
int ms_der_want(struct ms_span *s, int tag, struct ms_span *v,
    const char *what, struct ms_err *err);
/* If the next element has this tag take it: 1; else 0; malformed -1. */
int ms_der_maybe(struct ms_span *s, int tag, struct ms_span *v,
    struct ms_err *err);
/* MS_DATA "trailing bytes after WHAT" unless *s is empty. */
int ms_der_done(const struct ms_span *s, const char *what,
    struct ms_err *err);
int ms_der_want_oid(struct ms_span *s, struct ms_span *oid, const char *what,
    struct ms_err *err);
/* A non-negative INTEGER that fits. */
int ms_der_want_uint(struct ms_span *s, uint64_t *v, const char *what,
    struct ms_err *err);
/*
 * UTCTime or GeneralizedTime to UTC seconds; *micros may be NULL.  Seconds
 * and Z are required (RFC 5280 4.1.2.5); a GeneralizedTime may have a fraction
 * of any length, of which six digits count, trailing zeros included.
 */
int ms_der_parse_time(int tag, struct ms_span v, time_t *t, unsigned *micros,
    struct ms_err *err);
/*
 * Rewrite a BER element (indefinite or overlong lengths, constructed strings)
 * as one with minimal definite lengths and strings in one piece, nesting at
 * most MS_DER_DEPTH, appended to der.  SETs are not sorted; a constructed
 * string under an implicit tag stays constructed, as nothing tells it from a
 * SEQUENCE.
 */
int ms_ber_to_der(struct ms_span ber, struct ms_buf *der, struct ms_err *err);

/* ---- reading a stream ---- */

/*
 * Lengths are definite up to 2^63 - 1 or indefinite; memory is bounded
 * whatever the input says.  `what` names an element in messages
 * ("EncryptedContentInfo"): a string literal, or one that lives as long as the
 * reader.  A failure is sticky.
 */
struct ms_ber;

/* Reader over src (borrowed), from where src stands. */
struct ms_ber *ms_ber_new(struct ms_src *src, struct ms_err *err);
void ms_ber_free(struct ms_ber *r);
/*
 * Look at the next element of the open constructed element: 1 with its tag in
 * *tag (the constructed bit of a string included), 0 at the end of the open
 * element (definite: all consumed; indefinite: end-of-contents; before the
 * outermost element, the end of the source), -1.
 */
int ms_ber_peek(struct ms_ber *r, int *tag, struct ms_err *err);
/* Enter the next element, which must be constructed and have this tag. */
int ms_ber_enter(struct ms_ber *r, int tag, const char *what,
    struct ms_err *err);
/* Leave the open element: it must be at its end. */
int ms_ber_leave(struct ms_ber *r, const char *what, struct ms_err *err);
/* Append the next element whole to `to`, rewritten as by ms_ber_to_der(), up
 * to max bytes; on failure `to` is as before. */
int ms_ber_slurp(struct ms_ber *r, struct ms_buf *to, size_t max,
    const char *what, struct ms_err *err);
/* Skip the next element, whatever its size.  What lies in a definite length is
 * not looked at. */
int ms_ber_skip(struct ms_ber *r, const char *what, struct ms_err *err);
/*
 * The contents of the next element, an OCTET STRING (tag given: universal or
 * context-implicit, primitive or constructed, definite or not, pieces nested
 * at most 4 deep), as a source that lends the bytes of the one below.  Read it
 * to its end before going on (MS_BUG otherwise).  Borrowed from r: one at a
 * time, never freed by the caller.  NULL on failure.
 */
struct ms_src *ms_ber_octets(struct ms_ber *r, int tag, const char *what,
    struct ms_err *err);
/* The outermost element was read whole and the source has ended: anything
 * behind it is MS_DATA "trailing bytes". */
int ms_ber_finish(struct ms_ber *r, struct ms_err *err);

#endif
