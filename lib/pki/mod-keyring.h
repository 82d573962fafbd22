/* SPDX-License-Identifier: Apache-2.0 */
/* Module keyring: its table. */
#ifndef MS_PKI_MOD_KEYRING_H
#define MS_PKI_MOD_KEYRING_H

#include "base/module.h"
#include "pki/keyring.h"

typedef int keyring_found_fn(void *arg, struct ms_span secret,
    struct ms_err *err);

/* Attributes are names and values in turn, NULL at the end. */
struct ms_keyring_ops {
	/* Call found() with every secret that has the attributes, until it
	 * fails; *locked tells how many could not be read. */
	int (*find)(const char *const *attributes, keyring_found_fn *found,
	    void *arg, size_t *locked, struct ms_err *err);
	/* In place of one with the same attributes; text. */
	int (*put)(const char *const *attributes, const char *label,
	    struct ms_span secret, struct ms_err *err);
};

#endif
