/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the PDF area share among themselves. */
#ifndef MS_PDF_INTERNAL_H
#define MS_PDF_INTERNAL_H

#include "pdf/pdf.h"

/* ---- text to nodes ---- */

enum pdf_mode {
	PDF_OBJECT,		/* to `endobj` or `stream` */
	PDF_DICT,		/* one container */
	PDF_SPAN		/* one value, all of the bytes */
};
/*
 * Parse into o->v; offsets are those of `s`.  1: the bytes end too early (never
 * when final), 0 with the bytes used in *used; -1.  In PDF_OBJECT mode
 * o->stream is set and *used is behind the keyword.
 */
int pdf_parse(struct ms_span s, bool final, enum pdf_mode mode,
    struct ms_pdf_obj *o, size_t *used, struct ms_err *err);

enum pdf_kind { PDF_T_MORE, PDF_T_END, PDF_T_BAD, PDF_T_NULL, PDF_T_BOOL,
	PDF_T_INT, PDF_T_REAL, PDF_T_NAME, PDF_T_STRING, PDF_T_OPEN_ARRAY,
	PDF_T_CLOSE_ARRAY, PDF_T_OPEN_DICT, PDF_T_CLOSE_DICT, PDF_T_WORD };
struct pdf_token {
	enum pdf_kind kind;
	size_t off, len;
	int64_t num;
};
/* The next token at *pos, which it moves behind it. */
void pdf_token(struct ms_span s, bool final, size_t *pos,
    struct pdf_token *t);
bool pdf_is_space(int c);
bool pdf_token_is(struct ms_span s, const struct pdf_token *t,
    const char *word);

/* ---- the document ---- */

/* Object streams that are kept decoded, and how much of them, bytes. */
#define CACHE_SLOTS 8
#define CACHE_BYTES ((size_t)32 * 1024 * 1024)
/* Object numbers in a piece of the cross-reference. */
#define PIECE 1024
#define PIECES (MS_PDF_OBJECTS / PIECE + 1)

struct slot {
	uint32_t num;		/* 0: empty */
	uint64_t used;		/* when */
	struct ms_buf bytes;
	size_t count;
	size_t *off;		/* count + 1 of them */
	uint32_t *nums;
};

struct entry {
	uint64_t off : 62;
	uint64_t where : 2;
	uint32_t gen;
};

struct ms_pdf {
	int fd;
	uint64_t size;
	struct ms_buf win;	/* bytes of the file at win_off */
	uint64_t win_off;
	struct entry **piece;	/* PIECES of them, NULL where nothing is */
	uint32_t limit;
	struct ms_pdf_section *sec;
	size_t nsec;
	struct ms_pdf_obj trailer;
	struct slot cache[CACHE_SLOTS];
	uint64_t clock;
	uint64_t inflated;	/* bytes decoded so far, against bombs */
	uint64_t lexed;		/* bytes of text read so far */
};

/* Text read in all: what an honest file needs is a few times its size. */
#define LEXED_BASE ((uint64_t)64 * 1024 * 1024)
#define LEXED_RATIO 32
/* Count bytes that are read; MS_DATA when they are too many. */
int pdf_spend(struct ms_pdf *d, size_t n, struct ms_err *err);

/* Lend at least `want` bytes at off (fewer only at the end); until the next
 * call. */
int pdf_view(struct ms_pdf *d, uint64_t off, size_t want, struct ms_span *s,
    struct ms_err *err);
/* Parse "num gen obj" and what follows at off; want 0: any number. */
int pdf_load_at(struct ms_pdf *d, uint64_t off, uint32_t want,
    struct ms_pdf_obj *o, struct ms_err *err);
/* Parse a dictionary at off (a trailer). */
int pdf_load_dict(struct ms_pdf *d, uint64_t off, struct ms_pdf_obj *o,
    struct ms_err *err);
/* Decode the stream of o (no filter, or FlateDecode, with a PNG predictor or
 * none), at most max bytes. */
int pdf_decode(struct ms_pdf *d, const struct ms_pdf_obj *o, size_t max,
    struct ms_buf *to, struct ms_err *err);
/* The object stream `num`, decoded. */
int pdf_slot(struct ms_pdf *d, uint32_t num, struct slot **ret,
    struct ms_err *err);
void pdf_cache_clear(struct ms_pdf *d);
/* Set an entry unless a newer section did. */
int pdf_entry_set(struct ms_pdf *d, uint64_t num, enum ms_pdf_where where,
    uint64_t off, uint32_t gen, struct ms_err *err);
/* Walk the chain that `startxref` begins. */
int pdf_xref(struct ms_pdf *d, struct ms_err *err);
/* The entries of the cross-reference stream o. */
int pdf_xref_stream(struct ms_pdf *d, const struct ms_pdf_obj *o,
    struct ms_err *err);

/* Module `flate`.  more(): the next encoded bytes, at most max: 1; 0 at the
 * end; -1.  put() takes decoded bytes. */
typedef int pdf_more_fn(void *arg, struct ms_span *s, size_t max,
    struct ms_err *err);
typedef int pdf_put_fn(void *arg, const unsigned char *p, size_t n,
    struct ms_err *err);
struct pdf_flate_ops {
	int (*inflate)(pdf_more_fn *more, pdf_put_fn *put, void *arg,
	    struct ms_err *err);
};

#endif
