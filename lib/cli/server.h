/* SPDX-License-Identifier: Apache-2.0 */
/* What the command lines of servers need besides; cli.h includes it. */
#ifndef MS_CLI_SERVER_H
#define MS_CLI_SERVER_H

#include "base/base.h"

/*
 * A descriptor that becomes readable on SIGTERM or SIGINT (stop) and another
 * on SIGHUP (hup), for servers.  The signals stay blocked; who starts another
 * program unblocks them there (posix_spawnattr_setsigmask()).
 */
int ms_cli_signals(int *stop_fd, int *hup_fd, struct ms_err *err);

/*
 * What --listen means for ms_serve(): "systemd" becomes the one descriptor
 * that sd_listen_fds(3) tells of, anything else stays.  Borrowed; NULL with
 * MS_USAGE when none was handed over.
 */
const char *ms_cli_listen(const char *spec, struct ms_err *err);

#endif
