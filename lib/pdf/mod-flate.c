/* SPDX-License-Identifier: Apache-2.0 */
/* FlateDecode by zlib, which only this file knows. */
#include <stdint.h>
#include <string.h>

#include <zlib.h>

#include "base/module.h"
#include "pdf/internal.h"

#define CHUNK ((size_t)16 * 1024)

static int
corrupt(struct ms_err *err, const char *what)
{
	return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.4.4: %s", what);
}

/* All of one piece; returns what inflate() said last, or -100 when that was an
 * error or put() failed. */
static int
piece(z_stream *z, struct ms_span s, pdf_put_fn *put, void *arg,
    struct ms_err *err)
{
	unsigned char out[CHUNK];
	int rc;

	z->next_in = (unsigned char *)(uintptr_t)s.p;
	z->avail_in = (unsigned)s.n;
	do {
		z->next_out = out;
		z->avail_out = sizeof(out);
		rc = inflate(z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
			corrupt(err, "the data is damaged");
			return -100;
		}
		if (put(arg, out, sizeof(out) - z->avail_out, err) != 0)
			return -100;
	} while (rc == Z_OK && z->avail_out == 0);
	return rc;
}

static int
inflate_all(pdf_more_fn *more, pdf_put_fn *put, void *arg, struct ms_err *err)
{
	struct ms_span s;
	z_stream z;
	int rc = Z_OK, r = 1;

	memset(&z, 0, sizeof(z));
	if (inflateInit(&z) != Z_OK)
		return ms_fail_nomem(err);
	while (rc != Z_STREAM_END && rc != -100 &&
	    (r = more(arg, &s, CHUNK, err)) == 1)
		rc = piece(&z, s, put, arg, err);
	inflateEnd(&z);
	if (rc == Z_STREAM_END)
		return 0;
	return rc == -100 || r < 0 ? -1 :
	    corrupt(err, "the data is cut off");
}

extern const struct pdf_flate_ops ms_module_flate MS_MODULE_EXPORT;
const struct pdf_flate_ops ms_module_flate = { inflate_all };
