/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys on PKCS#11 tokens, named by URIs (RFC 7512), through p11-kit.  Module
 * `p11` is opened when the first such URI is used.
 *
 * A module that the URI names (module-path, module-name) is the only one that
 * is initialised, else those that p11-kit is configured with, but for those of
 * mere trust policy.  Nobody is asked for a PIN before a private key is needed
 * or a token shows nothing without; then once for each token, and never again
 * after the token refused it.  The PIN is the first line of the URI's
 * pin-source (a file), else pass() is asked for "pin" and the token's label.
 * A pin-value is MS_USAGE: others could read it.
 *
 * Errors: MS_UNAVAILABLE when there is no module or no such token, MS_NOPERM
 * when the PIN is wrong, locked or not to be had, MS_NOINPUT when the token
 * does not hold what is looked for.
 */
#ifndef MS_PKI_TOKEN_H
#define MS_PKI_TOKEN_H

#include "pki/key.h"

/* Whether it is such a URI, by its scheme. */
bool ms_token_is_uri(const char *s);
/*
 * Add the identities of the tokens that the URI names: every certificate that
 * matches its id, or its object (the certificate's label, or that of its key),
 * with the key of the same CKA_ID; certificates of authorities become the
 * chain.  certs (may be NULL or empty): the certificate is not on the token
 * but the first of these, the others lead up from it.  arg must live as long
 * as the identities.
 */
int ms_token_idents(const char *uri, STACK_OF(X509) *certs, ms_pass_fn *pass,
    void *arg, struct ms_idents *l, struct ms_err *err);
/* Add the certificates that the URI names to a bag. */
int ms_token_certs(const char *uri, ms_pass_fn *pass, void *arg,
    struct ms_bag *bag, struct ms_err *err);

#endif
