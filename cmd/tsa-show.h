/* SPDX-License-Identifier: Apache-2.0 */
/* What ms-tsa prints of timestamps.  Both fill c->err. */
#ifndef MS_TSA_SHOW_H
#define MS_TSA_SHOW_H

#include "common.h"

/* The verdict over `name`, as ms-report(5) has it. */
int tsa_report(struct ms_cli *c, const char *name, const struct ms_report *r);
/* What a token says, a line a field. */
int tsa_show(struct ms_cli *c, const struct ms_tstinfo *ti);

#endif
