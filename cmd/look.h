/* SPDX-License-Identifier: Apache-2.0 */
/* How ms-lookup prints what was found.  Every function fills c->err. */
#ifndef MS_LOOK_H
#define MS_LOOK_H

#include "common.h"

/* ADDRESS, YES|NO|UNKNOWN, REASON. */
int look_line(struct ms_cli *c, const char *addr, const struct ms_found *f,
    struct ms_sink *k);
/* For each certificate ADDRESS, used|refused, NAME, NOTAFTER, SUBJECT, WHY. */
int look_why(struct ms_cli *c, const char *addr, const struct ms_found *f,
    struct ms_sink *k);
int look_object(struct ms_cli *c, const char *addr, const struct ms_found *f,
    struct ms_sink *k);
/* Certificates that are no longer in force at that time count as none. */
int look_expiring(struct ms_cli *c, struct ms_found *f, time_t until);
/* The addresses in the certificates of a file, one a line; 0 or MS_NO. */
int look_emails(struct ms_cli *c, const char *file, struct ms_sink *k);

#endif
