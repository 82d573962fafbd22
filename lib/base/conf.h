/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration files: `key = value` lines, `[section]` lines, comment lines
 * that begin with # or ;.  No inline comments: a value is all that stands
 * behind the `=`, without surrounding blanks.  Lines up to MS_CONF_LINE
 * bytes; the same key again adds a value.  Which keys exist is the caller's
 * to know.
 */
#ifndef MS_BASE_CONF_H
#define MS_BASE_CONF_H

#include <stddef.h>

#include "base/err.h"

#define MS_CONF_LINE 8192
#define MS_CONF_SIZE ((size_t)1024 * 1024)	/* a whole file, in bytes */

struct ms_conf_entry {
	char *section;		/* "" before the first section line */
	char *key;
	char *value;		/* UTF-8, may be "" */
	unsigned line;
};

struct ms_conf {
	char *name;		/* for messages: "FILE:LINE: ..." */
	struct ms_conf_entry *v;
	size_t n;
};

void ms_conf_init(struct ms_conf *c);
void ms_conf_clear(struct ms_conf *c);
/*
 * Parse bytes, adding to what is there; MS_CONFIG with "NAME:LINE: ..." for
 * what is not understood.  Keys are a-z, 0-9 and hyphens; control characters
 * and what is not UTF-8 are refused.
 */
int ms_conf_parse(struct ms_conf *c, const char *name, const void *p, size_t n,
    struct ms_err *err);
/*
 * Read a file.  A file that others than its owner (the caller or root) can
 * write is refused (MS_CONFIG); a device such as /dev/null is not.  What
 * cannot be opened is MS_NOINPUT.
 */
int ms_conf_read(struct ms_conf *c, const char *path, struct ms_err *err);

#endif
