/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keyring of the desktop: the Secret Service of the session bus, through
 * libsecret.  Module `keyring` is opened when it is first asked.
 *
 * An identity is one item: its secret is PEM of key, certificate and what
 * leads up from it, its attributes are application=mailseal, kind=identity,
 * address and name (16 hex digits of the certificate's SHA-256).  A passphrase
 * is an item with application=mailseal, what and who.
 *
 * Nobody is asked to unlock anything.  Errors: MS_UNAVAILABLE without a
 * session bus or a service on it, MS_NOPERM when what is looked for is locked.
 */
#ifndef MS_PKI_KEYRING_H
#define MS_PKI_KEYRING_H

#include "pki/key.h"

/* "keyring:ADDRESS" */
bool ms_keyring_is_uri(const char *s);
/* Add the identities of the address; MS_NOINPUT when there is none.  pass is
 * for items that somebody encrypted besides. */
int ms_keyring_idents(const char *uri, ms_pass_fn *pass, void *arg,
    struct ms_idents *l, struct ms_err *err);
/* Put an identity in for an address (an addr-spec), in place of the same one;
 * the keyring's own encryption protects it.  MS_NO when its key cannot leave
 * the place where it is kept. */
int ms_keyring_put(const struct ms_ident *id, const char *address,
    struct ms_err *err);
/* The passphrase of WHAT for whom: 1 with *ret, 0 there is none (or it is
 * locked), -1. */
int ms_keyring_passphrase(const char *what, const char *who,
    struct ms_buf *ret, struct ms_err *err);

#endif
