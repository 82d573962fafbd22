/* SPDX-License-Identifier: Apache-2.0 */
/* Which socket --listen systemd means. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "tap.h"

static struct ms_err err = MS_ERR_INIT;

static void
refused(const char *pid, const char *fds, const char *words, const char *what)
{
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", fds, 1);
	fails(ms_cli_listen("systemd", &err) ? 0 : -1, &err, MS_USAGE, words,
	    what);
}

int
main(void)
{
	char pid[20], parent[20];

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	snprintf(parent, sizeof(parent), "%ld", (long)getppid());
	is_str(ms_cli_listen("127.0.0.1:0", &err), "127.0.0.1:0",
	    "an address stays");
	unsetenv("LISTEN_PID");
	fails(ms_cli_listen("systemd", &err) ? 0 : -1, &err, MS_USAGE,
	    "no socket was handed over", "nothing from systemd");
	refused(parent, "1", "no socket was handed over", "another's socket");
	refused("x", "1", "no socket was handed over", "no process");
	refused(pid, "2", "2 sockets were handed over", "two sockets");
	refused(pid, "", "sockets were handed over", "no number");
	setenv("LISTEN_FDS", "1", 1);
	is_str(ms_cli_listen("systemd", &err), "fd:3", "one socket");
	return tap_done();
}
