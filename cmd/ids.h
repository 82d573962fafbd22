/* SPDX-License-Identifier: Apache-2.0 */
/* What ms-id says about identities.  Every function fills c->err. */
#ifndef MS_IDS_H
#define MS_IDS_H

#include "common.h"

/* Those of an address, the one of a name, or with NULL all.  must: MS_NOINPUT
 * when there is none. */
int ids_select(struct ms_cli *c, struct ms_idstore *s, const char *what,
    bool must, struct ms_identries *l);
/* Print one: a line of fields, or when full a line a field, with an empty line
 * in front when more is set; or an object with --json. */
int ids_print(struct ms_cli *c, const struct ms_identry *e, bool full,
    bool more, struct ms_sink *k);

/* Put identities into the keyring: for that address, or where `who` is a NAME
 * for each of the certificate's. */
int ids_into_keyring(struct ms_cli *c, struct ms_idstore *s,
    const struct ms_identries *e, const char *who);

#endif
