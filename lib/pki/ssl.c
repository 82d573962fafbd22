/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "pki/alg.h"

bool
ms_ssl_nomem(void)
{
	unsigned long e;
	bool yes = false;

	while ((e = ERR_get_error()) != 0)
		if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
			yes = true;
	return yes;
}

/*
 * The oldest entry of the queue is the cause; what follows are the floors of
 * the library it went through.
 */
int
ms_fail_ssl(struct ms_err *err, enum ms_class c, const char *fmt, ...)
{
	const char *data = NULL, *reason;
	char text[512];
	unsigned long e;
	int flags = 0;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e = ERR_peek_error_data(&data, &flags);
	reason = e ? ERR_reason_error_string(e) : NULL;
	n = strlen(text);
	if (reason && data && *data && (flags & ERR_TXT_STRING))
		snprintf(text + n, sizeof(text) - n, ": %s (%s)", reason,
		    data);
	else if (reason)
		snprintf(text + n, sizeof(text) - n, ": %s", reason);
	if (ms_ssl_nomem())
		return ms_fail_nomem(err);
	return ms_fail(err, c, "%s", text);
}
