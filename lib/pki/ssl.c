/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include <openssl/err.h>

#include "pki/alg.h"

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
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e = ERR_peek_error_data(&data, &flags);
	reason = e ? ERR_reason_error_string(e) : NULL;
	if (e && ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
		ms_fail_nomem(err);
	else if (!reason)
		ms_fail(err, c, "%s", text);
	else if (data && *data && (flags & ERR_TXT_STRING))
		ms_fail(err, c, "%s: %s (%s)", text, reason, data);
	else
		ms_fail(err, c, "%s: %s", text, reason);
	ERR_clear_error();
	return -1;
}
