/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing a result.  A regular file is written beside its place without a
 * name (O_TMPFILE where the file system has it) and renamed over it only by
 * ms_out_commit(): mode of an existing file kept, symbolic links followed, a
 * secret file 0600 at most.  A device, a FIFO, /dev/fd/N and stdout are
 * written to; what goes there is held back up to MS_OUT_HOLD bytes, so that a
 * short result that fails at its end leaves them empty too.
 */
#ifndef MS_BASE_PUBLISH_H
#define MS_BASE_PUBLISH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/io.h"

#define MS_OUT_HOLD ((size_t)1024 * 1024)

struct ms_out;

/*
 * path: NULL or "-" is stdout.  secret: mode 0600, or less where the file that
 * is replaced has less.  in_dev and in_ino: the regular file that is being
 * read, refused as output with MS_USAGE (both 0: none).  MS_CANTCREAT when it
 * cannot be made.
 */
int ms_out_open(const char *path, bool secret, dev_t in_dev, ino_t in_ino,
    struct ms_out **ret, struct ms_err *err);
/* Where the result is written; borrowed. */
struct ms_sink *ms_out_sink(struct ms_out *o);
/* Flush, sync, rename; MS_IO on failure.  Frees o in any case. */
int ms_out_commit(struct ms_out *o, struct ms_err *err);
/* Throw away what was not yet published; frees o.  NULL is fine. */
void ms_out_abort(struct ms_out *o);

#endif
