/* SPDX-License-Identifier: Apache-2.0 */
/* What ms-sign, ms-verify, ms-encrypt and ms-decrypt have in common.  Every
 * function fills c->err. */
#ifndef MS_FILTER_H
#define MS_FILTER_H

#include "cli/cli.h"
#include "smime/smime.h"

#define FILTER_FORMATS "auto|mail|pdf|cms"

/* What --format says; NULL is auto. */
enum ms_format filter_format(const char *name);
/*
 * Open the one FILE operand, or stdin, and tell what it is: a kind, with
 * --format taken into account.  Says so with -v.  PDF is refused.
 */
int filter_input(struct ms_cli *c, const char *format, enum ms_kind *kind);
/* The mailboxes of From; none of them when the field is missing or cannot be
 * read: whoever needs it says so. */
int filter_from(struct ms_cli *c, struct ms_addrlist *from);

#endif
