/* SPDX-License-Identifier: Apache-2.0 */
/* prctl(2), seccomp(2), Landlock and setgroups(2) are beyond POSIX. */
#define _GNU_SOURCE
#include "serve/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0
#endif

bool
ms_sandbox_works(void)
{
	return ARCH != 0 && !SANITIZED;
}

int
ms_sandbox_secrets(struct ms_err *err)
{
	struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return ms_fail_errno(err, MS_OS, "cannot give up privileges");
	/* A sanitizer looks for leaks as a debugger does. */
	if (!SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return ms_fail_errno(err, MS_OS, "cannot forbid core dumps");
	return 0;
}

/* ---- Landlock: no rule, so nothing can be reached any more ---- */

/* The first word of its rule set names kinds of access to files, the second
 * of access to the network; how many there are grows with its version. */
static void
landlock(void)
{
	static const unsigned char kinds[] = { 0, 13, 14, 15, 15, 16 };
	uint64_t set[2] = { 0, 3 };
	long version, fd;

	version = syscall(444, NULL, (size_t)0, 1);
	if (version < 1)
		return;
	set[0] = ((uint64_t)1 << kinds[version < 5 ? version : 5]) - 1;
	fd = syscall(444, set, version < 4 ? (size_t)8 : (size_t)16, 0);
	if (fd == -1)
		return;
	/* What fails here is left to the list of system calls. */
	(void)syscall(446, (int)fd, 0);
	close((int)fd);
}

/* ---- system calls ---- */

#if ARCH
/* The frequent ones first. */
static const int always[] = {
	__NR_recvfrom, __NR_sendto, __NR_read, __NR_write,
#ifdef __NR_epoll_wait
	__NR_epoll_wait,
#endif
	__NR_epoll_pwait, __NR_epoll_ctl, __NR_accept4, __NR_close,
	__NR_recvmsg, __NR_sendmsg, __NR_readv, __NR_writev, __NR_shutdown,
#ifdef __NR_poll
	__NR_poll,
#endif
	__NR_ppoll, __NR_setsockopt, __NR_getsockopt, __NR_getsockname,
	__NR_getpeername, __NR_fcntl, __NR_lseek, __NR_pread64, __NR_pwrite64,
	__NR_fstat, __NR_fsync, __NR_fdatasync, __NR_ftruncate, __NR_brk,
	__NR_munmap, __NR_mremap, __NR_madvise, __NR_futex, __NR_sched_yield,
	__NR_rt_sigreturn, __NR_rt_sigprocmask, __NR_exit, __NR_exit_group,
	__NR_getpid, __NR_gettid, __NR_getrandom, __NR_clock_gettime,
	__NR_gettimeofday, __NR_clock_nanosleep, __NR_restart_syscall,
	__NR_adjtimex, __NR_clock_adjtime,
#ifdef __NR_time
	__NR_time,
#endif
};
static const int forking[] = { __NR_clone, __NR_wait4, __NR_set_robust_list,
	__NR_seccomp, __NR_prctl, __NR_prlimit64, 444, 446, __NR_setuid,
	__NR_setgid, __NR_setgroups };
static const int files[] = { __NR_openat, __NR_unlinkat, __NR_statx,
	__NR_faccessat, __NR_getdents64, __NR_renameat2, __NR_mkdirat,
#ifdef __NR_unlink
	__NR_unlink, __NR_open, __NR_stat, __NR_lstat, __NR_access,
	__NR_rename, __NR_mkdir, __NR_readlink,
#endif
	__NR_readlinkat, __NR_fallocate, __NR_fchmod, __NR_fchown,
	__NR_geteuid, __NR_getuid };
static const int net[] = { __NR_socket, __NR_connect, __NR_bind };

#define FILTER 256

struct filter {
	struct sock_filter v[FILTER];
	unsigned short n;
};

static void
step(struct filter *f, int code, uint32_t k, int yes, int no)
{
	if (f->n < FILTER)
		f->v[f->n++] = (struct sock_filter){ (unsigned short)code,
			(unsigned char)yes, (unsigned char)no, k };
}

static void
load(struct filter *f, size_t offset)
{
	step(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void
verdict(struct filter *f, uint32_t what)
{
	step(f, BPF_RET | BPF_K, what, 0, 0);
}

static void
allow(struct filter *f, const int *nr, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		step(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr[i], 0, 1);
		verdict(f, SECCOMP_RET_ALLOW);
	}
}

/* The low half of argument i: both processors are little-endian. */
static size_t
arg(int i)
{
	return offsetof(struct seccomp_data, args) + 8 * (size_t)i;
}

/* Memory that is not executable; the number is in the accumulator, and what
 * is not such a call is left to what follows. */
static void
allow_memory(struct filter *f, int nr)
{
	step(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 4);
	load(f, arg(2));
	step(f, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0);
	verdict(f, SECCOMP_RET_ALLOW);
	verdict(f, SECCOMP_RET_KILL_PROCESS);
}

/* fstat() of newer C libraries: of a descriptor, not of a path. */
static void
allow_fstatat(struct filter *f, bool paths)
{
	step(f, BPF_JMP | BPF_JEQ | BPF_K, __NR_newfstatat, 0, 4);
	load(f, arg(3));
	step(f, BPF_JMP | BPF_JSET | BPF_K, AT_EMPTY_PATH, 0, paths ? 0 : 1);
	verdict(f, SECCOMP_RET_ALLOW);
	verdict(f, SECCOMP_RET_KILL_PROCESS);
}

#define ALL(list) list, sizeof(list) / sizeof((list)[0])

static int
list_of_calls(unsigned needs, struct ms_err *err)
{
	struct filter f = { .n = 0 };
	struct sock_fprog prog = { .filter = f.v };

	load(&f, offsetof(struct seccomp_data, arch));
	step(&f, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	verdict(&f, SECCOMP_RET_KILL_PROCESS);
	load(&f, offsetof(struct seccomp_data, nr));
	allow(&f, ALL(always));
	if (needs & MS_SANDBOX_FORK)
		allow(&f, ALL(forking));
	if (needs & MS_SANDBOX_FILES)
		allow(&f, ALL(files));
	if (needs & MS_SANDBOX_NET)
		allow(&f, ALL(net));
	allow_memory(&f, __NR_mmap);
	allow_memory(&f, __NR_mprotect);
	allow_fstatat(&f, (needs & MS_SANDBOX_FILES) != 0);
	verdict(&f, SECCOMP_RET_KILL_PROCESS);
	if (f.n == FILTER)
		return ms_fail(err, MS_BUG, "too many system calls to list");
	prog.len = f.n;
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == -1)
		return ms_fail_errno(err, MS_OS,
		    "cannot give up system calls (seccomp)");
	return 0;
}
#endif

int
ms_sandbox(unsigned needs, struct ms_err *err)
{
	time_t then = 0;
	struct tm tm;

	if (ms_sandbox_secrets(err) == -1)
		return -1;
	if (!ms_sandbox_works())
		return 0;
	/* The C library opens a file when first asked for a date. */
	(void)OPENSSL_gmtime(&then, &tm);
	if ((needs & (MS_SANDBOX_FILES | MS_SANDBOX_NET)) == 0)
		landlock();
#if ARCH
	return list_of_calls(needs, err);
#else
	return 0;
#endif
}

/* ---- accounts ---- */

int
ms_account_find(const char *user, struct ms_account *a, struct ms_err *err)
{
	struct passwd pw, *found = NULL;
	char room[4096];

	if (getpwnam_r(user, &pw, room, sizeof(room), &found) != 0 || !found)
		return ms_fail(err, MS_USAGE, "there is no user '%s'", user);
	if (geteuid() != 0) {
		ms_fail(err, MS_USAGE, "only root can become '%s'", user);
		return ms_hint(err, "start it as that user instead");
	}
	a->uid = pw.pw_uid;
	a->gid = pw.pw_gid;
	return 0;
}

int
ms_account_become(const struct ms_account *a, struct ms_err *err)
{
	if (setgroups(1, &a->gid) == -1 || setgid(a->gid) == -1 ||
	    setuid(a->uid) == -1)
		return ms_fail_errno(err, MS_OS, "cannot become user %u",
		    (unsigned)a->uid);
	/* Linux has ways in which the former could be undone. */
	if (a->uid != 0 && setuid(0) == 0)
		return ms_fail(err, MS_OS, "privileges came back");
	return 0;
}
