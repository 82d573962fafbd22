/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that knows whether it can be believed. */
#ifndef MS_CLOCK_H
#define MS_CLOCK_H

#include <stdbool.h>
#include <time.h>

#include "base/base.h"

struct ms_clock {
	bool trust;		/* believe it unchecked */
	unsigned accuracy_ms;	/* what its error must stay below */
};

/*
 * The time now, UTC, with microseconds; arg is a struct ms_clock.  MS_TEMPFAIL
 * when the kernel does not report it synchronised (adjtimex(2)), or reports an
 * error that may exceed the accuracy.
 */
int ms_clock_now(void *arg, time_t *t, unsigned *micros, struct ms_err *err);

#endif
