/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PDF (ISO 32000-2) by its objects: a strict reader and an append-only
 * writer; no crypto.
 *
 * The reader takes what the cross-reference chain says and nothing else:
 * there is no recovery, since a rebuilt document may be another one than
 * others see.  Everything is iterative and bounded; memory is 16 bytes for
 * each object number that is used, and what one object takes.
 *
 * An object is its text, as it stands in the file, and a flat array of nodes
 * over it in the order of the text: a container is followed by what is in it,
 * and v[i].skip leads from node i to the next one on the same level.  Node 0 is
 * the object's value.  What is not changed is written back byte for byte.
 */
#ifndef MS_PDF_H
#define MS_PDF_H

#include "base/base.h"

#define MS_PDF_OBJECTS 8388607	/* highest object number, ISO 32000-1 annex C */
#define MS_PDF_TEXT ((size_t)16 * 1024 * 1024)	/* bytes of one object, less
						 * its stream */
#define MS_PDF_NODES ((size_t)2 * 1024 * 1024)	/* nodes of one object */
#define MS_PDF_DEPTH 128	/* containers in each other in one object */
#define MS_PDF_SECTIONS 4096	/* cross-reference sections: one an update */
#define MS_PDF_STREAM ((size_t)16 * 1024 * 1024) /* bytes of an object stream,
						 * decoded */
#define MS_PDF_TREE 64		/* levels of a page or field tree */
#define MS_PDF_FIELDS 65536	/* nodes of the field tree */
#define MS_PDF_SPILL ((uint64_t)1024 * 1024 * 1024) /* bytes of a PDF from a
						 * pipe, which rest in memory */

enum ms_pdf_type { MS_PDF_NULL, MS_PDF_BOOL, MS_PDF_INT, MS_PDF_REAL,
	MS_PDF_NAME, MS_PDF_STRING, MS_PDF_ARRAY, MS_PDF_DICT, MS_PDF_REF };

struct ms_pdf_node {
	uint8_t type;		/* enum ms_pdf_type */
	uint32_t off, len;	/* its text */
	uint32_t skip;		/* nodes of it, itself included */
	uint32_t gen;		/* REF */
	int64_t num;		/* INT: value; REF: object number; BOOL: 0, 1;
				 * ARRAY: elements; DICT: entries; NAME: a hash
				 * of the decoded name */
};

struct ms_pdf_obj {
	struct ms_buf text;
	struct ms_pdf_node *v;	/* v[0] is the value */
	size_t n, cap;
	uint32_t num, gen;
	bool in_file;		/* not in an object stream: */
	uint64_t at;		/* where the text begins in the file */
	bool stream;
	uint64_t data;		/* where the stream's bytes begin */
};
void ms_pdf_obj_init(struct ms_pdf_obj *o);
void ms_pdf_obj_clear(struct ms_pdf_obj *o);

/* ---- a document ---- */

struct ms_pdf;

/*
 * Give a document that is not in a regular file random access: its bytes in
 * an anonymous file in memory, *fd (owned by the caller).  MS_DATA beyond
 * MS_PDF_SPILL.
 */
int ms_pdf_spill(struct ms_spool *in, int *fd, struct ms_err *err);
/*
 * Open the first `size` bytes of a regular file (fd is borrowed, its offset
 * not used): header, cross-reference chain, trailer.  size 0: all of it.
 * MS_DATA, naming the clause, for what is damaged.
 */
int ms_pdf_open(int fd, uint64_t size, struct ms_pdf **ret,
    struct ms_err *err);
void ms_pdf_free(struct ms_pdf *d);
uint64_t ms_pdf_size(const struct ms_pdf *d);
/* The newest trailer dictionary; borrowed. */
const struct ms_pdf_obj *ms_pdf_trailer(const struct ms_pdf *d);
/* /Encrypt is there. */
bool ms_pdf_encrypted(const struct ms_pdf *d);
/* One more than the highest object number (and at least /Size). */
uint32_t ms_pdf_limit(const struct ms_pdf *d);

enum ms_pdf_where { MS_PDF_ABSENT, MS_PDF_FREE, MS_PDF_IN_FILE,
	MS_PDF_IN_STREAM };
struct ms_pdf_entry {
	uint8_t where;		/* enum ms_pdf_where */
	uint32_t gen;		/* IN_STREAM: the index in it */
	uint64_t off;		/* IN_STREAM: the object stream's number */
};
struct ms_pdf_entry ms_pdf_entry(const struct ms_pdf *d, uint32_t num);

/* Cross-reference sections, newest first. */
struct ms_pdf_section {
	uint64_t off;
	bool is_stream;
	bool hybrid;		/* a table with /XRefStm */
};
size_t ms_pdf_sections(const struct ms_pdf *d);
const struct ms_pdf_section *ms_pdf_section(const struct ms_pdf *d, size_t i);

/*
 * Read an object (its place in o->num, o->gen); what does not exist or has
 * another generation is null, as ISO 32000-2 7.3.10 has it.  o is used again.
 */
int ms_pdf_load(struct ms_pdf *d, uint32_t num, uint32_t gen,
    struct ms_pdf_obj *o, struct ms_err *err);
/* The same by number alone. */
int ms_pdf_load_any(struct ms_pdf *d, uint32_t num, struct ms_pdf_obj *o,
    struct ms_err *err);
/* Read n bytes at off; MS_IO when the file is shorter now. */
int ms_pdf_read(struct ms_pdf *d, uint64_t off, void *to, size_t n,
    struct ms_err *err);
/*
 * Call fn for every object that is in use, each once, in an order of the
 * reader's choice.  MS_DATA when objects overlap, so that the work would not
 * be in proportion to the file.
 */
typedef int ms_pdf_each_fn(void *arg, const struct ms_pdf_obj *o,
    struct ms_err *err);
int ms_pdf_each(struct ms_pdf *d, ms_pdf_each_fn *fn, void *arg,
    struct ms_err *err);

/* ---- looking into an object ---- */

#define MS_PDF_NIL ((size_t)-1)	/* no such node */

/* The value of a key of dictionary node `dict` (MS_PDF_NIL is fine). */
size_t ms_pdf_key(const struct ms_pdf_obj *o, size_t dict, const char *key);
enum ms_pdf_type ms_pdf_type(const struct ms_pdf_obj *o, size_t node);
bool ms_pdf_is_name(const struct ms_pdf_obj *o, size_t node, const char *s);
/* An INT in range; false otherwise. */
bool ms_pdf_int(const struct ms_pdf_obj *o, size_t node, int64_t min,
    int64_t max, int64_t *ret);
/* A REF with a number in range; false otherwise. */
bool ms_pdf_ref(const struct ms_pdf_obj *o, size_t node, uint32_t *num,
    uint32_t *gen);
struct ms_span ms_pdf_text(const struct ms_pdf_obj *o, size_t node);
/* The bytes of a name (without the slash) or a string, decoded. */
int ms_pdf_bytes(const struct ms_pdf_obj *o, size_t node, struct ms_buf *to,
    struct ms_err *err);
/* A text string (7.9.2.2: PDFDocEncoding, UTF-16BE, UTF-8) as UTF-8. */
int ms_pdf_utf8(const struct ms_pdf_obj *o, size_t node, struct ms_buf *to,
    struct ms_err *err);
/* The same value, token by token; entries of a dictionary in any order on the
 * first level, in the same order below. */
bool ms_pdf_same(const struct ms_pdf_obj *a, size_t i,
    const struct ms_pdf_obj *b, size_t j);
/*
 * The value behind `node` of o: if it is a REF, of what it leads to, loaded
 * into `hold` (chains of references are refused).  *at and *in say where it
 * is: o or hold.
 */
int ms_pdf_deref(struct ms_pdf *d, const struct ms_pdf_obj *o, size_t node,
    struct ms_pdf_obj *hold, const struct ms_pdf_obj **in, size_t *at,
    struct ms_err *err);

/* ---- forms and pages ---- */

struct ms_pdf_field {
	uint32_t num, gen;
	char *name;		/* fully qualified, UTF-8 */
	bool sig;		/* FT is Sig, its own or inherited */
	bool terminal;		/* no kid has a name of its own */
	bool widget;		/* a kid without a name of its own */
	bool filled;		/* has a value: it, or one above */
	size_t parent;		/* its index, or MS_PDF_NIL */
	unsigned depth;
	uint32_t value, value_gen;	/* of a signature: the reference in V,
				 * or 0 */
};
struct ms_pdf_fields {
	struct ms_pdf_field *v;
	size_t n, cap;
};
/* The field tree of the document's form; none when there is no form. */
int ms_pdf_fields(struct ms_pdf *d, struct ms_pdf_fields *l,
    struct ms_err *err);
void ms_pdf_fields_clear(struct ms_pdf_fields *l);
/* The catalog into o. */
int ms_pdf_catalog(struct ms_pdf *d, struct ms_pdf_obj *o,
    struct ms_err *err);
/* The first page into o. */
int ms_pdf_first_page(struct ms_pdf *d, struct ms_pdf_obj *o,
    struct ms_err *err);

/* ---- appending ---- */

/* An entry of a dictionary to be written: value NULL removes it. */
struct ms_pdf_edit {
	const char *key;
	const char *value;	/* PDF text */
};
/* Write dictionary node `dict` of o with these entries instead, or added. */
int ms_pdf_write_dict(const struct ms_pdf_obj *o, size_t dict,
    const struct ms_pdf_edit *edits, size_t n, struct ms_buf *to,
    struct ms_err *err);
/* Write array node `array` (MS_PDF_NIL: an empty one) with that behind. */
int ms_pdf_write_array(const struct ms_pdf_obj *o, size_t array,
    const char *more, struct ms_buf *to, struct ms_err *err);
/* UTF-8 as a text string. */
int ms_pdf_write_text(const char *utf8, struct ms_buf *to,
    struct ms_err *err);

#define MS_PDF_UPDATE ((size_t)64 * 1024 * 1024)	/* bytes of one */

struct ms_pdf_update;
/* An incremental update of d (borrowed), 7.5.6, in memory. */
struct ms_pdf_update *ms_pdf_update_new(struct ms_pdf *d,
    struct ms_err *err);
void ms_pdf_update_free(struct ms_pdf_update *u);
/* A new object's number; 0 when there is none left. */
uint32_t ms_pdf_update_number(struct ms_pdf_update *u);
/* Put an object; *at (may be NULL) is the place of its value's first byte in
 * the update. */
int ms_pdf_update_put(struct ms_pdf_update *u, uint32_t num, uint32_t gen,
    struct ms_span value, size_t *at, struct ms_err *err);
/* End it with the kind of cross-reference the document has. */
int ms_pdf_update_finish(struct ms_pdf_update *u, struct ms_err *err);
/* The bytes to append; borrowed, and may be patched in place. */
struct ms_buf *ms_pdf_update_bytes(struct ms_pdf_update *u);

#endif
