/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors.  An error means "could not decide"; a "no" of a verifier is not an
 * error but a report (report.h).  The class of an error is the exit code of
 * the program (sysexits(3) with the meanings of the command line contract).
 *
 * The place that finds the fault fills the error with ms_fail(); whoever is
 * above may add context or a hint, and nobody prints.  The first failure wins:
 * a later ms_fail() on the same object changes nothing, so that clean-up code
 * cannot hide the cause.
 */
#ifndef MS_BASE_ERR_H
#define MS_BASE_ERR_H

#include <stddef.h>

enum ms_class {
	MS_OK = 0,
	MS_NO = 1,		/* the answer is "no" */
	MS_USAGE = 64,		/* wrong command line */
	MS_DATA = 65,		/* data malformed or damaged */
	MS_NOINPUT = 66,	/* input cannot be opened */
	MS_UNAVAILABLE = 69,	/* something is missing on this machine */
	MS_BUG = 70,		/* our own fault */
	MS_OS = 71,		/* the system refused: memory, processes */
	MS_CANTCREAT = 73,	/* output cannot be created */
	MS_IO = 74,		/* reading or writing failed */
	MS_TEMPFAIL = 75,	/* try again: nothing lost, nothing twice */
	MS_NOPERM = 77,		/* passphrase or log-in refused */
	MS_CONFIG = 78		/* configuration wrong */
};

struct ms_err {
	enum ms_class class;
	char text[1024];	/* a line of UTF-8, no name, no newline */
	char hint[512];		/* what to do next, or "" */
};

#define MS_ERR_INIT { MS_OK, "", "" }

/*
 * Fill err (may be NULL) with class c and the message, unless it already holds
 * a failure.  Control bytes are escaped by the printer, not here.  Always
 * returns -1, so that a caller can `return ms_fail(...)`.
 */
int ms_fail(struct ms_err *err, enum ms_class c, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Like ms_fail(), with ": " and strerror(errno) behind the message. */
int ms_fail_errno(struct ms_err *err, enum ms_class c, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ms_fail(err, MS_OS, "out of memory"). */
int ms_fail_nomem(struct ms_err *err);

/* Set the hint of a failed err unless it has one; returns -1. */
int ms_hint(struct ms_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Put "context: " in front of the text of a failed err; returns -1. */
int ms_err_context(struct ms_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Forget a failure (when it was handled and another way is tried). */
void ms_err_reset(struct ms_err *err);

#endif
