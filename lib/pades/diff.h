/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that compare two revisions share. */
#ifndef MS_PADES_DIFF_H
#define MS_PADES_DIFF_H

#include "pades/internal.h"

enum state { SAME, OVER, FRESH };	/* an object in the later revision */

/* What an overridden object is in the earlier revision. */
enum role { R_NONE, R_CATALOG, R_FORM, R_FIELDS, R_FIELD, R_ANNOTS, R_AP,
	R_DSS, R_METADATA, R_INFO };

struct diff {
	struct pades_diff *f;
	struct ms_pdf *a, *b;	/* before, after */
	uint32_t limit;
	unsigned char *state, *role;	/* by object number */
	int32_t *extra;		/* references to an overridden object that do
				 * not belong to its role */
	uint32_t *field;	/* index in fields, plus 1; of what is new: a
				 * signature field or its widget */
	struct ms_pdf_fields fields;	/* of the earlier revision */
	struct ms_err *err;
};

/* The change is at least this; why: NULL or the words for it. */
void diff_is(struct diff *d, enum ms_pades_change c, const char *why, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether node is a reference to an object that is new. */
bool diff_fresh(const struct diff *d, const struct ms_pdf_obj *o, size_t node);
/* Roles and foreign references, from the earlier revision. */
int diff_roles(struct diff *d);
/* Judge object `num`, which is overridden. */
int diff_object(struct diff *d, uint32_t num);

/* Two values that stand for each other; a node may be MS_PDF_NIL. */
struct pair {
	const struct ms_pdf_obj *a, *b;
	size_t i, j;
};

/* "KEY of object NUM was changed". */
void diff_other(struct diff *d, const struct ms_pdf_obj *k, size_t key,
    uint32_t num);
/* All references in the later value lead to what is new, or were there. */
bool diff_refers_anew(struct diff *d, const struct pair *p);
/* What field o of the later revision amounts to by its value. */
int diff_signature(struct diff *d, const struct ms_pdf_obj *o,
    enum ms_pades_change *c);
/* Arrays of fields, of annotations, that may grow at their end. */
int diff_fields(struct diff *d, const struct pair *p);
int diff_annotations(struct diff *d, const struct pair *p);

#endif
