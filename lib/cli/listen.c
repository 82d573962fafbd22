/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/internal.h"

#include <stdlib.h>
#include <unistd.h>

const char *
ms_cli_listen(const char *spec, struct ms_err *err)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t n;

	if (!ms_streq(spec, "systemd"))
		return spec;
	/* LISTEN_PID: the variables may have been meant for a parent. */
	if (!pid || !fds || ms_parse_uint(pid, "LISTEN_PID", 1, INT32_MAX, &n,
	    NULL) == -1 || n != (uint64_t)getpid()) {
		ms_fail(err, MS_USAGE, "no socket was handed over");
		ms_hint(err, "start it by a systemd.socket(5) unit, or name "
		    "an address: --listen ADDR:PORT");
		return NULL;
	}
	if (!ms_streq(fds, "1")) {
		ms_fail(err, MS_USAGE, "%s sockets were handed over, not one",
		    fds);
		return NULL;
	}
	return "fd:3";
}
