/* SPDX-License-Identifier: Apache-2.0 */
/* TimeStampReq: RFC 3161 section 2.4.1. */
#include <string.h>

#include "tsp/internal.h"

#define NONCE 8			/* octets of the nonce we send */

/* ---- what request and TSTInfo have in common ---- */

int
tsp_imprint_parse(struct ms_span seq, enum ms_oid *md,
    unsigned char imprint[64], size_t *n, struct ms_err *err)
{
	struct ms_span alg, oid, v;
	const EVP_MD *evp;

	if (ms_der_want(&seq, MS_SEQUENCE, &alg, "messageImprint.hashAlgorithm",
		err) < 0 ||
	    ms_der_want_oid(&alg, &oid, "messageImprint.hashAlgorithm",
		err) < 0)
		return -1;
	if (alg.n > 0 &&
	    (ms_der_want(&alg, MS_NULL, &v, "hashAlgorithm.parameters",
		err) < 0 || ms_der_done(&alg, "hashAlgorithm", err) < 0))
		return -1;
	if (ms_der_want(&seq, MS_OCTETSTRING, &v,
		"messageImprint.hashedMessage", err) < 0 ||
	    ms_der_done(&seq, "messageImprint", err) < 0)
		return -1;
	*md = ms_oid_find(oid);
	evp = ms_md_legacy(*md);
	if (!evp) {
		*md = MS_OID_UNKNOWN;
		*n = 0;
		return 0;
	}
	if (v.n != (size_t)EVP_MD_get_size(evp))
		return ms_fail(err, MS_DATA, "RFC 3161 section 2.4.1: "
		    "messageImprint has %zu octets, %s has %d", v.n,
		    ms_oid_name(*md), EVP_MD_get_size(evp));
	memcpy(imprint, v.p, v.n);
	*n = v.n;
	return 0;
}

void
tsp_imprint_write(struct ms_der *d, enum ms_oid md,
    const unsigned char *imprint, size_t n)
{
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, md);
	/* RFC 5754 section 2 leaves it out, but old authorities ask for it */
	ms_der_null(d);
	ms_der_end(d);
	ms_der_prim(d, MS_OCTETSTRING, imprint, n);
	ms_der_end(d);
}

int
tsp_integer(struct ms_span v, unsigned char *to, size_t max, size_t *n,
    const char *what, struct ms_err *err)
{
	if (v.n == 0 || v.n > max)
		return ms_fail(err, MS_DATA, "%s has %zu octets, wanted 1 to "
		    "%zu", what, v.n, max);
	if (v.n > 1 && ((v.p[0] == 0 && v.p[1] < 0x80) ||
	    (v.p[0] == 0xff && v.p[1] >= 0x80)))
		return ms_fail(err, MS_DATA,
		    "X.690 section 8.3.2: %s is not minimal", what);
	memcpy(to, v.p, v.n);
	*n = v.n;
	return 0;
}

int
tsp_flag(struct ms_span *s, bool *flag, const char *what, struct ms_err *err)
{
	struct ms_span v;
	int rc = ms_der_maybe(s, MS_BOOLEAN, &v, err);

	if (rc < 0)
		return -1;
	*flag = rc == 1;
	if (rc == 1 && (v.n != 1 || v.p[0] != 0xff))
		return ms_fail(err, MS_DATA,
		    "X.690 section 11: %s is not the DER of TRUE", what);
	return 0;
}

/* ---- requests ---- */

int
ms_tsq_make(struct ms_tsq *q, enum ms_oid md, struct ms_span imprint,
    struct ms_err *err)
{
	const EVP_MD *evp = ms_md(md);

	memset(q, 0, sizeof(*q));
	ms_buf_init(&q->policy, TSP_OID);
	if (!evp || imprint.n != (size_t)EVP_MD_get_size(evp))
		return ms_fail(err, MS_USAGE,
		    "a timestamp is over SHA-256, SHA-384 or SHA-512");
	q->md = md;
	memcpy(q->imprint, imprint.p, imprint.n);
	q->nimprint = imprint.n;
	q->cert_req = true;
	if (ms_random(q->nonce, NONCE, err) < 0)
		return -1;
	/* positive and minimal, whatever the others are */
	q->nonce[0] = (q->nonce[0] & 0x3f) | 0x40;
	q->nnonce = NONCE;
	return 0;
}

void
ms_tsq_clear(struct ms_tsq *q)
{
	ms_buf_clear(&q->policy);
	memset(q, 0, sizeof(*q));
	ms_buf_init(&q->policy, TSP_OID);
}

int
ms_tsq_write(const struct ms_tsq *q, struct ms_buf *der, struct ms_err *err)
{
	struct ms_der d;

	ms_der_init(&d, der);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, 1);
	tsp_imprint_write(&d, q->md, q->imprint, q->nimprint);
	if (q->policy.n > 0)
		ms_der_prim(&d, MS_OBJECT, q->policy.p, q->policy.n);
	if (q->nnonce > 0)
		ms_der_prim(&d, MS_INTEGER, q->nonce, q->nnonce);
	if (q->cert_req)
		ms_der_bool(&d, true);
	ms_der_end(&d);
	return ms_der_finish(&d, err);
}

/* reqPolicy, nonce, certReq, extensions */
static int
parse_options(struct ms_span *seq, struct ms_tsq *q, struct ms_err *err)
{
	struct ms_span v;
	int rc;

	rc = ms_der_maybe(seq, MS_OBJECT, &v, err);
	if (rc < 0 || (rc == 1 &&
	    ms_buf_add(&q->policy, v.p, v.n, err) < 0))
		return -1;
	rc = ms_der_maybe(seq, MS_INTEGER, &v, err);
	if (rc < 0 || (rc == 1 && tsp_integer(v, q->nonce, sizeof(q->nonce),
		&q->nnonce, "nonce", err) < 0))
		return -1;
	if (tsp_flag(seq, &q->cert_req, "certReq", err) < 0)
		return -1;
	rc = ms_der_maybe(seq, MS_CTXC(0), &v, err);
	if (rc < 0)
		return -1;
	q->has_extensions = rc == 1;
	return ms_der_done(seq, "TimeStampReq", err);
}

int
ms_tsq_parse(struct ms_span der, struct ms_tsq *q, int *fail,
    struct ms_err *err)
{
	struct ms_span seq, v;
	uint64_t version;

	memset(q, 0, sizeof(*q));
	ms_buf_init(&q->policy, TSP_OID);
	*fail = MS_TSP_badDataFormat;
	if (ms_der_want(&der, MS_SEQUENCE, &seq, "TimeStampReq", err) < 0 ||
	    ms_der_done(&der, "TimeStampReq", err) < 0 ||
	    ms_der_want_uint(&seq, &version, "TimeStampReq.version", err) < 0)
		return -1;
	if (version != 1) {
		*fail = MS_TSP_badRequest;
		return ms_fail(err, MS_DATA, "RFC 3161 section 2.4.1: "
		    "TimeStampReq.version is %llu, wanted 1",
		    (unsigned long long)version);
	}
	if (ms_der_want(&seq, MS_SEQUENCE, &v, "TimeStampReq.messageImprint",
		err) < 0 ||
	    tsp_imprint_parse(v, &q->md, q->imprint, &q->nimprint, err) < 0 ||
	    parse_options(&seq, q, err) < 0) {
		ms_tsq_clear(q);
		return -1;
	}
	if (!ms_md(q->md)) {
		*fail = MS_TSP_badAlg;
		ms_tsq_clear(q);
		return ms_fail(err, MS_DATA, "RFC 3161 section 2.4.1: the hash "
		    "algorithm of messageImprint is not supported");
	}
	*fail = -1;
	return 0;
}
