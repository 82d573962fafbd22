/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs have in common that sign, stamp and verify PDF. */
#ifndef MS_CMD_PDF_H
#define MS_CMD_PDF_H

#include "common.h"
#include "pades/pades.h"

/*
 * A descriptor of the input in ms_cli_io with random access: a regular file's
 * own, else a copy in memory that is to be closed (*owned).
 */
int pdf_input(struct ms_cli *c, int *fd, bool *owned);
/* Sign (or stamp) the input by conf, whose tmpdir and warn are set here, and
 * publish it. */
int pdf_sign(struct ms_cli *c, struct ms_pades_sign *conf);

#endif
