/* SPDX-License-Identifier: Apache-2.0 */
/* The PDF reader: cross-references, objects, fields, an update; then all
 * signatures judged, and one made. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pades/pades.h"

static int
count(void *arg, const struct ms_pdf_obj *o, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT((size_t)1024 * 1024);
	size_t i;

	for (i = 0; i < o->n; i++)
		if (ms_pdf_type(o, i) == MS_PDF_STRING) {
			ms_pdf_utf8(o, i, &b, NULL);
			ms_buf_reset(&b);
		}
	if (!ms_pdf_same(o, 0, o, 0))
		abort();
	ms_buf_clear(&b);
	return 0;
}

static int
stamp(void *arg, enum ms_oid md, struct ms_span imprint, struct ms_buf *token,
    struct ms_err *err)
{
	return ms_buf_add(token, "0\0", 2, err);
}

/* What was read can be stamped, and what comes out be read. */
static void
sign(int fd)
{
	struct ms_pades_sign conf = { .stamp = stamp };
	struct ms_pades_verify vc = { .judge = { .at = 0 } };
	struct ms_buf out = MS_BUF_INIT((size_t)64 * 1024 * 1024);
	struct ms_sink *k = ms_sink_buf(&out, NULL);
	struct ms_pades_result res;
	int again;

	ms_pades_result_init(&res);
	if (ms_pades_sign(&conf, fd, "x", k, NULL) == 0) {
		again = memfd_create("fuzz", MFD_CLOEXEC);
		if (again == -1 || write(again, out.p, out.n) < 0 ||
		    ms_pades_verify(&vc, again, &res, NULL) != 0 ||
		    res.n == 0)
			abort();
		close(again);
	}
	ms_pades_result_clear(&res);
	ms_sink_free(k);
	ms_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ms_pades_verify conf = { .judge = { .at = 1700000000 } };
	struct ms_pades_result res;
	struct ms_pdf *d = NULL;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd == -1 || write(fd, p, n) != (ssize_t)n)
		abort();
	lseek(fd, 0, SEEK_SET);
	if (ms_pdf_open(fd, 0, &d, NULL) == 0) {
		ms_pdf_each(d, count, NULL, NULL);
		ms_pades_result_init(&res);
		ms_pades_verify(&conf, fd, &res, NULL);
		ms_pades_result_clear(&res);
		sign(fd);
	}
	ms_pdf_free(d);
	close(fd);
	return 0;
}
