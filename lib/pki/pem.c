/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/internal.h"

/* Octets in a line: 64 characters, RFC 7468 section 2. */
#define LINE 48

int
ms_pem_write(struct ms_buf *pem, const char *label, struct ms_span der,
    struct ms_err *err)
{
	size_t i, n;

	if (ms_buf_addf(pem, err, "-----BEGIN %s-----\n", label) < 0)
		return -1;
	for (i = 0; i < der.n; i += n) {
		n = der.n - i < LINE ? der.n - i : LINE;
		if (ms_base64_encode(der.p + i, n, pem, err) < 0 ||
		    ms_buf_addc(pem, '\n', err) < 0)
			return -1;
	}
	return ms_buf_addf(pem, err, "-----END %s-----\n", label);
}
