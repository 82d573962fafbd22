/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process gives up before it works for strangers.  None of it comes
 * back, and all of it holds for its children.
 */
#ifndef MS_SERVE_SANDBOX_H
#define MS_SERVE_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"

/* What a process still needs beyond memory, its clock and what is open. */
enum {
	MS_SANDBOX_FORK = 1,	/* make processes, and close them in further */
	MS_SANDBOX_FILES = 2,	/* open files */
	MS_SANDBOX_NET = 4	/* make sockets and connect them */
};

/* No core dump, no debugger, no gain by set-user-ID programs. */
int ms_sandbox_secrets(struct ms_err *err);
/*
 * The former, and Landlock without a rule where the kernel has it, and a list
 * of system calls (seccomp): whoever makes another ends at once by SIGSYS.  No
 * process on it may run a program or make memory executable.
 */
int ms_sandbox(unsigned needs, struct ms_err *err);
/* Whether there is such a list: not in a build with a sanitizer, whose
 * run time opens files when it has something to say, and not on a processor
 * whose system calls we do not know. */
bool ms_sandbox_works(void);

struct ms_account {
	uid_t uid;
	gid_t gid;
};
/* The account called user; MS_USAGE when there is none, or when we are not
 * root and so cannot become it. */
int ms_account_find(const char *user, struct ms_account *a,
    struct ms_err *err);
/* Become it, for good. */
int ms_account_become(const struct ms_account *a, struct ms_err *err);

#endif
