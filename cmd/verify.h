/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ms-verify: its words, its report. */
#ifndef MS_VERIFY_H
#define MS_VERIFY_H

#include "common.h"
#include "filter.h"

struct verify_opts {
	char *format, *signer, *signature, *part;
	bool extract, parts, human, allow_legacy;
};
extern struct verify_opts verify_opts;

/* verify-report.c: a line, an object or a sentence a signature; one that says
 * none when there is none.  name: NULL for standard input. */
int verify_report(struct ms_cli *c, const char *name,
    const struct ms_smime_result *res, struct ms_sink *to);
/* verify-pdf.c: judge the input as a PDF document. */
int verify_pdf(struct ms_cli *c, const struct ms_smime_verify *conf,
    struct ms_smime_result *res);
/* An ms_part_fn whose arg is the sink: a line a part. */
int verify_part(void *sink, const struct ms_smime_part *p,
    struct ms_err *err);

#endif
