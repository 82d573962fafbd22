/* SPDX-License-Identifier: Apache-2.0 */
/* Media types by libmagic, which only this file knows. */
#include <string.h>

#include <magic.h>

#include "base/module.h"
#include "mime/internal.h"

/* A cookie must not be shared by threads, and opening one is cheap: the data
 * base is mapped, not read. */
static int
guess(const void *p, size_t n, char to[128])
{
	magic_t m = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS);
	const char *type = NULL;
	int rc = -1;

	if (!m)
		return -1;
	if (magic_load(m, NULL) == 0)
		type = magic_buffer(m, p, n);
	if (type && strlen(type) < 128) {
		memcpy(to, type, strlen(type) + 1);
		rc = 0;
	}
	magic_close(m);
	return rc;
}

extern const struct ms_magic_ops ms_module_magic MS_MODULE_EXPORT;
const struct ms_magic_ops ms_module_magic = { guess };
