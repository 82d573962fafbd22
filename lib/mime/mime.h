/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internet messages by bytes: RFC 5322, 2045, 2046, 2047, 2231, 1847, 6532.
 * What passes through is never rewritten; what is composed is canonical.
 * libmagic is loaded only to guess the type of an attachment.
 */
#ifndef MS_MIME_H
#define MS_MIME_H

#include "addr/addr.h"
#include "base/base.h"

#define MS_MIME_HEADER_MAX ((size_t)4 * 1024 * 1024)	/* one header block */
#define MS_MIME_FIELDS_MAX 10000	/* fields in one block */
#define MS_MIME_LINE_MAX ((size_t)1024 * 1024)	/* one field; RFC 5322 says
					 * 998 a line, readers meet more */
#define MS_MIME_DEPTH 64	/* nested multiparts that are followed */
#define MS_MIME_BOUNDARY_MAX 200	/* RFC 2046 says 70 */

/* ---- header blocks ---- */

struct ms_mime_field {
	struct ms_span raw;	/* name, colon, value, folds, line ends */
	struct ms_span name;
	struct ms_span value;	/* behind the colon, folds inside, without the
				 * last line end and without outer blanks */
};

struct ms_mime_header {
	struct ms_buf raw;	/* every byte that was read, also the empty
				 * line behind the block */
	struct ms_mime_field *v;
	size_t n;
	size_t blank;		/* how many of raw's last bytes are the empty
				 * line: 0 (end of input), 1 or 2 */
	bool crlf;		/* the first line ended in CRLF */
	struct ms_span mbox;	/* an mbox "From " line before the block */
};

/*
 * Read a header block off src up to and with the empty line.  MS_DATA, naming
 * RFC 5322 section 2.2, for a line that is no field (name chars 33..126 but
 * colon), NUL bytes, more than the limits above.  An input that begins with
 * an empty line has no fields (n == 0), which is fine for a body part.
 */
int ms_mime_header_read(struct ms_src *src, struct ms_mime_header *h,
    struct ms_err *err);
void ms_mime_header_init(struct ms_mime_header *h);
void ms_mime_header_clear(struct ms_mime_header *h);
/* First field of that name from index *i on (case-insensitive), or NULL; *i
 * is set behind it.  i may be NULL for the first of all. */
const struct ms_mime_field *ms_mime_field(const struct ms_mime_header *h,
    const char *name, size_t *i);
size_t ms_mime_count(const struct ms_mime_header *h, const char *name);
/* The value unfolded, comments kept, as malloc()ed string. */
char *ms_mime_unfold(struct ms_span value, struct ms_err *err);
/* Unfolded and RFC 2047 words decoded to UTF-8 (the charsets that mail uses;
 * words of others are left as they are).  Invalid bytes and control characters
 * become U+FFFD, so that what comes out is one line. */
char *ms_mime_decode_text(struct ms_span value, struct ms_err *err);

/* ---- structured values ---- */

struct ms_mime_param {
	char *name;		/* lower case */
	char *value;		/* RFC 2231 joined and decoded to UTF-8 */
};

struct ms_mime_value {
	char *token;		/* "multipart/signed", "attachment", "base64":
				 * lower case, comments dropped */
	struct ms_mime_param *v;
	size_t n;
};

/*
 * Content-Type, Content-Disposition, Content-Transfer-Encoding, ...  Lenient
 * with what is only shown (the first of two file names counts); MS_DATA when
 * boundary, protocol, micalg, smime-type or hp is there twice, in pieces,
 * empty, or ends where readers differ on it.
 */
int ms_mime_value_parse(struct ms_span value, struct ms_mime_value *mv,
    struct ms_err *err);
void ms_mime_value_clear(struct ms_mime_value *mv);
const char *ms_mime_param(const struct ms_mime_value *mv, const char *name);

/* What the header of an entity says about its body, defaults filled in
 * (text/plain; 7bit).  More than one Content-Type, or one that cannot be
 * read, is MS_DATA: readers would differ on it; so is more than one
 * Content-Transfer-Encoding. */
struct ms_mime_entity {
	struct ms_mime_value type;
	struct ms_mime_value disposition;
	char *encoding;		/* lower case */
	char *filename;		/* disposition's filename, else type's name;
				 * last path component, UTF-8; or NULL */
};
int ms_mime_entity(const struct ms_mime_header *h, struct ms_mime_entity *e,
    struct ms_err *err);
void ms_mime_entity_clear(struct ms_mime_entity *e);

/* The mailboxes of all fields of that name together; sets *l (empty if there
 * are none). */
int ms_mime_addrs(const struct ms_mime_header *h, const char *name,
    struct ms_addrlist *l, struct ms_err *err);
/* RFC 5322 date-time to UTC seconds. */
int ms_mime_date_parse(struct ms_span value, time_t *t, struct ms_err *err);
/* Append "Mon, 23 Nov 2026 18:25:18 +0000". */
int ms_mime_date(time_t t, struct ms_buf *b, struct ms_err *err);

/* ---- bodies ---- */

struct ms_mime_parts;

/*
 * The parts of a multipart body, streamed off src (borrowed).  Boundary lines
 * are found whatever the line ends are; the line end before a delimiter
 * belongs to the delimiter (RFC 2046 section 5.1.1).  MS_DATA for a boundary
 * that is empty, too long, not printable or ends in a blank.  Where src is a
 * part that ms_mime_parts_next() gave, the depth is counted: beyond
 * MS_MIME_DEPTH it is MS_DATA, naming RFC 2046 section 5.1.
 */
struct ms_mime_parts *ms_mime_parts_new(struct ms_src *src,
    const char *boundary, struct ms_err *err);
void ms_mime_parts_free(struct ms_mime_parts *m);
/*
 * 1: the next part begins, *part (borrowed) is its bytes, header and all, up
 * to the delimiter; 0: the close delimiter was met and the epilogue read; -1:
 * failed, also when the input ends without a close delimiter (MS_DATA).
 * What is unread of the part before is skipped.
 */
int ms_mime_parts_next(struct ms_mime_parts *m, struct ms_src **part,
    struct ms_err *err);
/* Preamble and epilogue held something else than white space. */
bool ms_mime_parts_stray(const struct ms_mime_parts *m);

/* Content-Transfer-Encoding undone: base64 (white space skipped; anything
 * else outside the alphabet, a group cut short, stray bits and text after
 * padding are MS_DATA), quoted-printable (what is no escape stands for
 * itself), 7bit, 8bit, binary; others MS_DATA. */
struct ms_src *ms_mime_decoder(struct ms_src *src, const char *encoding,
    struct ms_err *err);
/* Line ends made CRLF (bare LF and bare CR become CRLF), as they are signed
 * (RFC 8551 section 3.1.1). */
struct ms_src *ms_mime_crlf(struct ms_src *src, struct ms_err *err);
/* Base64 in lines of 64 characters, with CRLF or LF; end() ends the last
 * line. */
struct ms_sink *ms_mime_base64(struct ms_sink *to, bool crlf,
    struct ms_err *err);
/* Quoted-printable: lines (ended by LF or CRLF) within 76, ended by CRLF;
 * blanks at line ends, "From " and a lone dot at line starts are encoded. */
struct ms_sink *ms_mime_qp(struct ms_sink *to, struct ms_err *err);
/* CRLF to the line end wanted (false: LF); bare CR and LF stay. */
struct ms_sink *ms_mime_eol(struct ms_sink *to, bool crlf,
    struct ms_err *err);

/* ---- composing ---- */

/* Append "Name: value" folded at 78, ended by CRLF; text that is not ASCII as
 * RFC 2047 words (UTF-8, B or Q).  CR, LF, NUL in name or value: MS_DATA. */
int ms_mime_put_text(struct ms_buf *b, const char *name, const char *utf8,
    struct ms_err *err);
/* The same for an address list with its groups; display names encoded as
 * phrases.  An empty list without groups adds nothing. */
int ms_mime_put_addrs(struct ms_buf *b, const char *name,
    const struct ms_addrlist *l, struct ms_err *err);
/* Append '; name="value"' or RFC 2231 pieces, folded; no line end.  A value
 * has 4096 bytes at most. */
int ms_mime_put_param(struct ms_buf *b, const char *name, const char *utf8,
    struct ms_err *err);
/* A boundary of 36 characters that cannot occur in encoded text, from random
 * bytes. */
int ms_mime_boundary(char to[40], struct ms_err *err);
/* Append a msg-id, "<random@domain>", without the field's name. */
int ms_mime_message_id(const char *domain, struct ms_buf *b,
    struct ms_err *err);
/* The media type of a file: by libmagic when its module is there, else by
 * what the first bytes show; never fails.  first: its first bytes. */
void ms_mime_guess(const char *filename, struct ms_span first, char to[128]);

struct ms_mime_attachment {
	const char *filename;	/* shown name, UTF-8 */
	const char *type;	/* media type, or NULL to guess */
	struct ms_src *src;	/* borrowed */
};
struct ms_mime_draft {
	struct ms_buf header;	/* fields ended by CRLF, no Content-* and no
				 * MIME-Version */
	struct ms_src *text;	/* UTF-8 body, or NULL */
	struct ms_src *html;	/* alternative, or NULL */
	const struct ms_mime_attachment *attach;
	size_t nattach;
};
/*
 * Write the whole message: header, MIME-Version, body in the simplest
 * structure that holds it (text; multipart/alternative; multipart/mixed), each
 * part in the encoding it needs (7bit, quoted-printable, base64), lines within
 * 76, CRLF everywhere, so that signing needs no change.  Attachments keep
 * their bytes; only a message (RFC 2046 section 5.2.1) gets CRLF, or goes as
 * application/octet-stream where 7bit does not hold it.  Text that is not
 * UTF-8 is labelled unknown-8bit.  Sources are read once.
 */
int ms_mime_compose(const struct ms_mime_draft *d, struct ms_sink *to,
    struct ms_err *err);

#endif
