/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of remote share. */
#ifndef MS_REMOTE_INTERNAL_H
#define MS_REMOTE_INTERNAL_H

#include "remote/remote.h"

/*
 * Fetched things on disk: a file each, the plain bytes, named by the hash of
 * what was asked; its modification time is when it goes out of date.  What
 * cannot be written is not kept, and nobody is told.
 */
/* Appends to `to`; false: not there, or out of date. */
bool cache_get(const char *dir, const struct ms_fetch_query *q,
    struct ms_buf *to);
void cache_put(const char *dir, const struct ms_fetch_query *q,
    struct ms_span bytes, time_t until);
/* Remove what is out of date. */
void cache_prune(const char *dir);

#endif
