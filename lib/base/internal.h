/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of base share among themselves. */
#ifndef MS_BASE_INTERNAL_H
#define MS_BASE_INTERNAL_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * read(2) that is not disturbed by signals and waits on a non-blocking
 * descriptor.  Bytes read, 0 at the end, -1 with MS_IO.
 */
ssize_t ms_fd_read(int fd, const char *name, void *p, size_t n,
    struct ms_err *err);
/* Write all of it, likewise; 0 or -1 with MS_IO. */
int ms_fd_write(int fd, const char *name, const void *p, size_t n,
    struct ms_err *err);

#endif
