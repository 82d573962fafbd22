/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

/*
 * A message that was cut must not end inside a UTF-8 sequence: the printer
 * would show the rest of it escaped.
 */
static void
trim_cut(char *s)
{
	size_t n = strlen(s), i = n;

	while (i > 0 && n - i < 3 && ((unsigned char)s[i - 1] & 0xc0) == 0x80)
		i--;
	if (i > 0 && (unsigned char)s[i - 1] >= 0xc0)
		s[i - 1] = '\0';
}

static void
format(char *to, size_t size, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void
format(char *to, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(to, size, fmt, ap);

	if (n < 0)
		to[0] = '\0';
	else if ((size_t)n >= size)
		trim_cut(to);
}

int
ms_fail(struct ms_err *err, enum ms_class c, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL || err->class != MS_OK)
		return -1;
	err->class = c;
	va_start(ap, fmt);
	format(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
ms_fail_errno(struct ms_err *err, enum ms_class c, const char *fmt, ...)
{
	char why[128] = "";
	size_t n;
	int no = errno;
	va_list ap;

	if (err == NULL || err->class != MS_OK)
		return -1;
	err->class = c;
	va_start(ap, fmt);
	format(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (strerror_r(no, why, sizeof(why)) != 0)
		snprintf(why, sizeof(why), "error %d", no);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", why);
	errno = no;
	return -1;
}

int
ms_fail_nomem(struct ms_err *err)
{
	return ms_fail(err, MS_OS, "out of memory");
}

int
ms_hint(struct ms_err *err, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL || err->class == MS_OK || err->hint[0] != '\0')
		return -1;
	va_start(ap, fmt);
	format(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}

int
ms_err_context(struct ms_err *err, const char *fmt, ...)
{
	char front[sizeof(err->text)];
	size_t f, n, room = sizeof(err->text) - 1;
	va_list ap;

	if (err == NULL || err->class == MS_OK)
		return -1;
	va_start(ap, fmt);
	format(front, sizeof(front) / 2, fmt, ap);
	va_end(ap);
	f = strlen(front);
	front[f++] = ':';
	front[f++] = ' ';
	n = strlen(err->text);
	if (n > room - f)
		n = room - f;
	memmove(err->text + f, err->text, n);
	memcpy(err->text, front, f);
	err->text[f + n] = '\0';
	if (f + n == room)
		trim_cut(err->text);
	return -1;
}

void
ms_err_reset(struct ms_err *err)
{
	if (err == NULL)
		return;
	err->class = MS_OK;
	err->text[0] = '\0';
	err->hint[0] = '\0';
}
