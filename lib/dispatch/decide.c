/* SPDX-License-Identifier: Apache-2.0 */
/* Who can be written to, before anything is made. */
#include <stdarg.h>
#include <stdio.h>

#include "dispatch/internal.h"

void
ms_rcpt_state(struct ms_dispatch_rcpt *r, enum ms_state s, const char *fmt,
    ...)
{
	va_list ap;

	r->state = s;
	va_start(ap, fmt);
	vsnprintf(r->reason, sizeof(r->reason), fmt, ap);
	va_end(ap);
}

const char *
ms_state_str(enum ms_state s)
{
	switch (s) {
	case MS_STATE_READY:
		return "ready";
	case MS_STATE_SEALED:
		return "sealed";
	case MS_STATE_DEFERRED:
		return "deferred";
	case MS_STATE_REFUSED:
		return "refused";
	case MS_STATE_FAILED:
		return "failed";
	case MS_STATE_NONE:
		break;
	}
	return "undecided";
}

int
ms_decide(const struct ms_dispatch *d, struct decided *v, size_t n,
    struct ms_err *err)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct ms_dispatch_rcpt *r = v[i].rcpt;
		struct ms_found *f = &v[i].found;

		if (ms_lookup_find(d->lookup, &r->addr, MS_USE_ENCRYPT, false,
		    f, err) != 0)
			return -1;
		if (f->answer == MS_ANSWER_YES)
			ms_rcpt_state(r, MS_STATE_READY, "%s", "");
		else if (f->answer == MS_ANSWER_NO)
			ms_rcpt_state(r, MS_STATE_REFUSED, "%s",
			    f->reason ? f->reason : "no certificate");
		else
			ms_rcpt_state(r, MS_STATE_DEFERRED, "%s", f->reason ?
			    f->reason : "the look-up got no answer");
	}
	return 0;
}
