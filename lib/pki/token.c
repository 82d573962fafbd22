/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "pki/mod-p11.h"

/* RFC 3986 section 3.1: schemes are compared without regard to case. */
bool
ms_token_is_uri(const char *s)
{
	return strncasecmp(s, "pkcs11:", 7) == 0;
}

int
ms_token_idents(const char *uri, STACK_OF(X509) *certs, ms_pass_fn *pass,
    void *arg, struct ms_idents *l, struct ms_err *err)
{
	const struct ms_p11_ops *ops = ms_module("p11", err);

	return ops ? ops->idents(uri, certs, pass, arg, l, err) : -1;
}

int
ms_token_certs(const char *uri, ms_pass_fn *pass, void *arg,
    struct ms_bag *bag, struct ms_err *err)
{
	const struct ms_p11_ops *ops = ms_module("p11", err);

	return ops ? ops->certs(uri, pass, arg, bag, err) : -1;
}
