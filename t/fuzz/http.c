/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of an HTTP request: found at the same place however it comes in
 * pieces, and parsed without a fault.
 */
#include <stdlib.h>
#include <string.h>

#include "serve/internal.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct serve_scan whole = { 0, 0 }, parts = { 0, 0 };
	struct ms_buf text = MS_BUF_INIT(65536);
	struct serve_head h;
	const char *why = NULL;
	size_t len = 0, piece_len = 0, i;
	int rc, rc2 = 0;

	rc = serve_scan(&whole, p, n, &len);
	for (i = 1; i <= n && rc2 == 0; i++)
		rc2 = serve_scan(&parts, p, i, &piece_len);
	if (rc != rc2 || len != piece_len)
		abort();
	if (rc != 1)
		return 0;
	rc = serve_head(p, len, 1000, &h, &text, &why);
	if (rc != 0 && (rc < 400 || rc > 599 || !why))
		abort();
	if (rc == 0 && (h.length > 1000 || h.path >= text.n ||
	    h.query >= text.n || text.p[text.n - 1] != '\0'))
		abort();
	ms_buf_clear(&text);
	return 0;
}
