/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/internal.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int
one(int a, int b, struct ms_err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, a);
	if (b != 0)
		sigaddset(&set, b);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return ms_fail_errno(err, MS_OS, "sigprocmask");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd == -1)
		return ms_fail_errno(err, MS_OS, "signalfd");
	return fd;
}

int
ms_cli_signals(int *stop_fd, int *hup_fd, struct ms_err *err)
{
	int stop, hup;

	stop = one(SIGTERM, SIGINT, err);
	if (stop == -1)
		return -1;
	hup = one(SIGHUP, 0, err);
	if (hup == -1) {
		close(stop);
		return -1;
	}
	*stop_fd = stop;
	*hup_fd = hup;
	return 0;
}
