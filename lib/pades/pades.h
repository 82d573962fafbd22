/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PAdES: signatures and timestamps in PDF (EN 319 142-1, ISO 32000-2 section
 * 12.8), made and judged.  Memory does not grow with the file.
 */
#ifndef MS_PADES_H
#define MS_PADES_H

#include "pdf/pdf.h"
#include "tsp/tsp.h"

#define MS_PADES_SIGNATURES 64	/* judged in one document: each costs a reading
				 * of it */
#define MS_PADES_CONTENTS ((size_t)1024 * 1024)	/* bytes of one /Contents */

/* ---- signing ---- */

struct ms_pades_sign {
	const struct ms_cms_signer *signer;	/* NULL: a document timestamp */
	ms_stamp_fn *stamp;	/* or NULL: level b-b */
	void *stamp_arg;
	enum ms_oid md;		/* of a document timestamp's imprint; 0:
				 * SHA-256 */
	const char *field;	/* an empty signature field's name, or that of
				 * a new one; NULL: a new one */
	int certify;		/* /P of a certification: 1 no changes, 2 forms
				 * and signatures, 3 annotations too; 0: none */
	const char *reason, *location, *contact, *name;	/* UTF-8, or NULL */
	time_t now;		/* the claimed time, /M */
	const char *tmpdir;
	/* Told what the caller should know; may be NULL. */
	void (*warn)(void *arg, const char *text);
	void *warn_arg;
};
/*
 * Append a signature (ETSI.CAdES.detached) or a document timestamp
 * (ETSI.RFC3161) to the document in the regular file fd (borrowed), and write
 * the whole to `out`, its first bytes being the document as it was.  Nothing
 * is written when it fails before that.  MS_DATA: damaged or encrypted; MS_NO:
 * a certification or a lock in it forbids the change.
 */
int ms_pades_sign(const struct ms_pades_sign *conf, int fd, const char *name,
    struct ms_sink *out, struct ms_err *err);

/* ---- verifying ---- */

/* What a later update did, the worst of all: the order is that of harm. */
enum ms_pades_change {
	MS_PADES_NONE,		/* nothing */
	MS_PADES_LONG_TERM,	/* validation data, document timestamps,
				 * metadata */
	MS_PADES_FORM,		/* fields filled in, signatures added */
	MS_PADES_ANNOTATIONS,	/* annotations added */
	MS_PADES_OTHER		/* anything else */
};
const char *ms_pades_change_str(enum ms_pades_change c);

struct ms_pades_verify {
	struct ms_judge judge;
	/* Holds a signer's certificate against who must have signed; NULL:
	 * anybody. */
	int (*who)(void *arg, X509 *cert, struct ms_report *r,
	    struct ms_err *err);
	void *who_arg;
};
struct ms_pades_result {
	struct ms_report *v;	/* one a signature or document timestamp, in
				 * the order of what they cover; concluded */
	size_t n;
	struct ms_report whole;	/* says none when there is no signature */
	enum ms_verdict verdict;	/* over all of them */
};
void ms_pades_result_init(struct ms_pades_result *res);
void ms_pades_result_clear(struct ms_pades_result *res);
/*
 * Judge all signatures and document timestamps of the document in the regular
 * file fd (borrowed).  -1 only when nothing could be judged (MS_DATA: the
 * document is damaged).
 *
 * Findings beside those of ms_judge_signer() and ms_token_check(): bad
 * "byte-range" (what it covers is not the document but for its own /Contents),
 * "contents" (no CMS, or more than it), "coverage" (bytes or objects behind it
 * that no update accounts for), "changed" (an update that is not allowed, or
 * none was), "subfilter" (undecided: a kind we do not judge); notes "field",
 * "whole" (it covers the whole file), "later" (what came after it).
 */
int ms_pades_verify(const struct ms_pades_verify *conf, int fd,
    struct ms_pades_result *res, struct ms_err *err);

#endif
