/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "clock.h"

#include <string.h>
#include <sys/timex.h>

int
ms_clock_now(void *arg, time_t *t, unsigned *micros, struct ms_err *err)
{
	const struct ms_clock *c = arg;
	struct timespec now;
	struct timex tx;
	int state;

	if (!c->trust) {
		memset(&tx, 0, sizeof(tx));
		state = adjtimex(&tx);
		if (state == -1)
			return ms_fail_errno(err, MS_TEMPFAIL,
			    "cannot ask the kernel about its clock");
		if (state == TIME_ERROR || (tx.status & STA_UNSYNC))
			return ms_fail(err, MS_TEMPFAIL,
			    "the clock is not synchronised");
		/* maxerror is in microseconds */
		if (c->accuracy_ms != 0 &&
		    tx.maxerror > (long)c->accuracy_ms * 1000)
			return ms_fail(err, MS_TEMPFAIL, "the clock may be "
			    "wrong by %ld ms, more than the stated accuracy",
			    tx.maxerror / 1000);
	}
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return ms_fail_errno(err, MS_TEMPFAIL, "cannot read the clock");
	*t = now.tv_sec;
	*micros = (unsigned)(now.tv_nsec / 1000);
	return 0;
}
