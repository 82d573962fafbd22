/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate revocation lists, RFC 5280 section 5. */
#include "pki/write.h"

/* Bytes of a list made: about two million revoked certificates. */
#define CRL_MAX ((size_t)128 * 1024 * 1024)

static void
write_revoked(struct ms_der *d, const struct ms_revoked *r, struct ms_err *err)
{
	unsigned char reason = (unsigned char)r->reason;

	ms_der_begin(d, MS_SEQUENCE);
	ms_der_integer(d, r->serial, r->nserial);
	ms_der_time(d, r->when);
	if (r->reason > 0) {	/* 5.3.1: unspecified is left out */
		ms_der_begin(d, MS_SEQUENCE);
		write_ext_begin(d, "2.5.29.21", false, err);
		ms_der_prim(d, MS_ENUMERATED, &reason, 1);
		write_ext_end(d);
		ms_der_end(d);
	}
	ms_der_end(d);
}

static int
write_list(struct ms_buf *tbs, const struct ms_ident *issuer,
    const struct ms_revoked *v, size_t n, uint64_t number, time_t from,
    time_t until, const struct ms_sigalg *a, struct ms_err *err)
{
	struct ms_der d;
	size_t i;

	ms_der_init(&d, tbs);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, 1);	/* v2 */
	write_sigalg(&d, a);
	if (write_subject(&d, issuer->cert, err) < 0)
		return -1;
	ms_der_time(&d, from);
	ms_der_time(&d, until);
	if (n) {
		ms_der_begin(&d, MS_SEQUENCE);
		for (i = 0; i < n; i++)
			write_revoked(&d, &v[i], err);
		ms_der_end(&d);
	}
	ms_der_begin(&d, MS_CTXC(0));
	ms_der_begin(&d, MS_SEQUENCE);
	write_aki(&d, issuer->cert, err);
	write_ext_begin(&d, "2.5.29.20", false, err);
	ms_der_uint(&d, number);
	write_ext_end(&d);
	ms_der_end(&d);
	ms_der_end(&d);
	ms_der_end(&d);
	return ms_der_finish(&d, err);
}

int
ms_issue_crl(const struct ms_ident *issuer, const struct ms_revoked *v,
    size_t n, uint64_t number, time_t this_update, time_t next_update,
    X509_CRL **ret, struct ms_err *err)
{
	struct ms_buf tbs = MS_BUF_INIT(CRL_MAX);
	struct ms_buf der = MS_BUF_INIT(CRL_MAX);
	const unsigned char *p;
	struct ms_sigalg a;
	X509_CRL *crl;
	int rc = -1;

	if (this_update >= next_update) {
		ms_fail(err, MS_USAGE, "RFC 5280 section 5.1.2.5: the list "
		    "would be out of date at once");
	} else if (ms_sigalg_for(ms_key_pub(issuer->key), MS_OID_sha256, false,
	    &a, err) == 0 && write_list(&tbs, issuer, v, n, number,
	    this_update, next_update, &a, err) == 0 &&
	    write_signed(&der, ms_buf_span(&tbs), issuer->key, &a,
	    err) == 0) {
		p = der.p;
		crl = d2i_X509_CRL(NULL, &p, (long)der.n);
		if (crl) {
			*ret = crl;
			rc = 0;
		} else {
			ms_fail_ssl(err, MS_BUG, "revocation list malformed");
		}
	}
	ms_buf_clear(&der);
	ms_buf_clear(&tbs);
	return rc;
}
