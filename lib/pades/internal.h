/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the PAdES area share among themselves. */
#ifndef MS_PADES_INTERNAL_H
#define MS_PADES_INTERNAL_H

#include "pades/pades.h"

/* ---- what signatures allow, ISO 32000-2 section 12.8.2 ---- */

enum pades_lock { PADES_LOCK_NONE, PADES_LOCK_ALL, PADES_LOCK_INCLUDE,
	PADES_LOCK_EXCLUDE };
struct pades_mdp {
	int docmdp;		/* /P, or 0: no certification */
	enum pades_lock lock;	/* FieldMDP */
	char **names;
	size_t nnames;
};
/* The transforms of signature dictionary `sig`; clear it in any case. */
int pades_mdp_read(struct ms_pdf *d, const struct ms_pdf_obj *sig,
    struct pades_mdp *m, struct ms_err *err);
void pades_mdp_clear(struct pades_mdp *m);
bool pades_mdp_locks(const struct pades_mdp *m, const char *field);

/* ---- the update that holds a signature ---- */

struct pades_job {
	const struct ms_pades_sign *conf;
	struct ms_pdf *d;
	struct ms_pdf_update *u;
	struct ms_pdf_fields fields;
	size_t contents;	/* bytes of room for the CMS */
	size_t range_at;	/* where they are in the update: ByteRange, */
	size_t hex_at;		/* and the first hex digit of Contents */
	uint32_t sig_num, field_num;
	size_t field;		/* in `fields`, or MS_PDF_NIL: a new one */
	struct ms_err *err;
};
/* Refuse what must not be changed, choose the field. */
int pades_place_check(struct pades_job *j);
/* Build the whole update into j->u. */
int pades_place(struct pades_job *j);

/* ---- judging ---- */

/* One signature in the file. */
struct pades_sig {
	struct ms_report *r;
	char *field;		/* name; borrowed */
	struct ms_pdf_obj dict;
	uint64_t a, b, end;	/* the gap is [a, b), the cover [0, end) */
	bool sound;		/* its structure is right: the above counts */
	bool timestamp;
	struct pades_mdp mdp;
	struct ms_buf cms;
};
/* Check ByteRange and Contents against the file (d is all of it). */
int pades_sig_read(struct ms_pdf *d, uint32_t num, uint32_t gen,
    struct pades_sig *s, struct ms_err *err);
/* Digest what it covers; judge value, path and time. */
int pades_sig_judge(const struct ms_pades_verify *conf, struct ms_pdf *d,
    struct pades_sig *s, struct ms_err *err);

/*
 * What the update from `before` to `after` did; `after` begins with the bytes
 * of `before`.  certified: a certification forbids new visible signatures.
 * locks: FieldMDP of signatures in `before`.  why gets the words for
 * MS_PADES_ANNOTATIONS and above.  An error in reading is an answer:
 * MS_PADES_OTHER; -1 only for what has nothing to do with the bytes.
 */
struct pades_diff {
	struct ms_pdf *before, *after;
	bool certified;
	const struct pades_sig *sigs;	/* those of `before`, in order */
	size_t nsigs;
	enum ms_pades_change change;
	char why[256];
};
int pades_diff(struct pades_diff *f, struct ms_err *err);

#endif
