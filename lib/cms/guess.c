/* SPDX-License-Identifier: Apache-2.0 */
/* What a ContentInfo holds, by its first bytes. */
#include "cms/cms.h"

enum ms_oid
ms_cms_guess(struct ms_src *src, struct ms_err *err)
{
	const unsigned char *p;
	struct ms_span oid;
	size_t n, k;

	if (ms_src_fill(src, err) != 1)
		return MS_OID_UNKNOWN;
	p = src->p;
	n = src->n;
	if (n < 4 || p[0] != MS_SEQUENCE)
		return MS_OID_UNKNOWN;
	/* Length octets: short, indefinite or long form. */
	k = 2 + (p[1] > 0x80 ? p[1] & 0x7fu : 0);
	if (k + 2 > n || p[k] != MS_OBJECT || p[k + 1] >= 0x80 ||
	    k + 2 + p[k + 1] > n)
		return MS_OID_UNKNOWN;
	oid.p = p + k + 2;
	oid.n = p[k + 1];
	switch (ms_oid_find(oid)) {
	case MS_OID_data:
	case MS_OID_signedData:
	case MS_OID_envelopedData:
	case MS_OID_authEnvelopedData:
	case MS_OID_digestedData:
	case MS_OID_encryptedData:
	case MS_OID_compressedData:
		return ms_oid_find(oid);
	default:
		return MS_OID_UNKNOWN;
	}
}
