/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TAP for unit tests: ok(condition, "what it shows"), is_int(), is_str(),
 * fails(call, class, "words its message must hold"); return tap_done().
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

static int tap_n, tap_bad;

static inline int __attribute__((format(printf, 2, 3)))
ok(int good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_n);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!good)
		tap_bad++;
	return good;
}

static inline int
is_int(long long got, long long want, const char *what)
{
	if (!ok(got == want, "%s", what)) {
		printf("# got %lld, wanted %lld\n", got, want);
		return 0;
	}
	return 1;
}

static inline int
is_str(const char *got, const char *want, const char *what)
{
	int same = got && want ? strcmp(got, want) == 0 : got == want;

	if (!ok(same, "%s", what))
		printf("# got '%s', wanted '%s'\n", got ? got : "(null)",
		    want ? want : "(null)");
	return same;
}

/* A call failed with this class and these words in its message. */
static inline int
fails(int rc, struct ms_err *err, enum ms_class c, const char *words,
    const char *what)
{
	int good = rc == -1 && err->class == c && strstr(err->text, words);

	if (!ok(good, "%s", what))
		printf("# rc %d, class %d, text '%s'; wanted class %d, '%s'\n",
		    rc, (int)err->class, err->text, (int)c, words);
	ms_err_reset(err);
	return good;
}

static inline int
tap_done(void)
{
	printf("1..%d\n", tap_n);
	return tap_bad != 0;
}

#endif
