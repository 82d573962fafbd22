/* SPDX-License-Identifier: Apache-2.0 */
/* Private to mime: limits and helpers that its files share. */
#ifndef MS_MIME_INTERNAL_H
#define MS_MIME_INTERNAL_H

#include "mime/mime.h"

#define MS_MIME_PARAMS_MAX 100	/* parameters and RFC 2231 pieces of a value */
#define MS_MIME_COMMENT_DEPTH 100	/* nested comments that are followed */
#define MS_MIME_CHARSET_MAX 40	/* bytes of a charset's name */
#define MS_MIME_FILENAME_MAX 255	/* bytes, what file systems take */
#define MS_MIME_PADDING_MAX 1000	/* blanks behind a boundary; a line has
					 * 998 */
#define MS_MIME_WORD_MAX 75	/* bytes of an encoded word, RFC 2047 2 */
#define MS_MIME_FOLD 78		/* columns, RFC 5322 section 2.1.1 */
#define MS_MIME_SCAN_MAX ((size_t)1024 * 1024)	/* bytes of a body that are
					 * held to choose its encoding */

/* What the magic module offers. */
struct ms_magic_ops {
	/* Media type of the first bytes of a file; 0, or -1 if it has none. */
	int (*guess)(const void *p, size_t n, char to[128]);
};

static inline bool
ms_mime_is_wsp(int c)
{
	return c == ' ' || c == '\t';
}

/* token of RFC 2045 section 5.1. */
bool ms_mime_is_token(int c);
/* Value of a hexadecimal digit, or -1. */
int ms_mime_hex(int c);
/* Skip white space, folds and comments from *p on; MS_DATA if a comment is not
 * closed. */
int ms_mime_cfws(const unsigned char **p, const unsigned char *end,
    struct ms_err *err);
/*
 * Append text of that charset as UTF-8; what is not valid in it becomes U+FFFD.
 * 1: done; 0: charset not known, nothing was added; -1: failed.
 */
int ms_mime_to_utf8(const char *charset, const void *p, size_t n,
    struct ms_buf *b, struct ms_err *err);
/* As C string, with control bytes but TAB replaced by U+FFFD; NULL without
 * memory.  b is cleared. */
char *ms_mime_steal_text(struct ms_buf *b, struct ms_err *err);

/* ---- parameters ---- */

/* One parameter, or one piece of it, as it stands in the value. */
struct ms_mime_piece {
	char *name;		/* lower case, without "*0*" */
	int index;		/* -1: not a piece */
	bool ext;		/* percent-encoded */
	struct ms_buf text;
};

struct ms_mime_parsing {
	const unsigned char *p, *end;
	struct ms_mime_piece *v;
	size_t n;
};

/* Whether what is signed or encrypted hangs on that parameter. */
bool ms_mime_is_critical(const char *name);
/* Join the pieces into the parameters of mv. */
int ms_mime_collect(const struct ms_mime_parsing *s, struct ms_mime_value *mv,
    struct ms_err *err);

/* ---- writing header fields ---- */

/* Column behind the last line end of b. */
size_t ms_mime_column(const struct ms_buf *b);
/* Refuse what must not stand in a header field. */
int ms_mime_check_name(const char *name, struct ms_err *err);
int ms_mime_check_text(const char *utf8, struct ms_err *err);
/* Append text as encoded words, each fold at a CRLF SP between them. */
int ms_mime_put_words(struct ms_buf *b, const char *utf8, struct ms_err *err);
/* Append a token with a blank before it, or a fold where it does not fit. */
int ms_mime_put_token(struct ms_buf *b, const void *p, size_t n,
    struct ms_err *err);

#endif
