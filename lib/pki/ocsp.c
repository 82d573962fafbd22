/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP as a client, RFC 6960 and its lightweight profile RFC 5019. */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "pki/path.h"

#define SKEW_S 300		/* how far clocks may be apart */
#define AGE_S 86400		/* an answer without nextUpdate is old then */

int
ocsp_request(X509 *x, X509 *issuer, struct ms_buf *der, OCSP_CERTID **id,
    struct ms_err *err)
{
	/* RFC 5019 section 2.1.1: SHA-1 is what every responder looks up;
	 * it is a name here and proves nothing */
	OCSP_CERTID *one = OCSP_cert_to_id(EVP_sha1(), x, issuer);
	OCSP_CERTID *copy = one ? OCSP_CERTID_dup(one) : NULL;
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	unsigned char *p = NULL;
	int n = 0, rc = -1;

	if (req && copy && OCSP_request_add0_id(req, copy)) {
		copy = NULL;
		n = i2d_OCSP_REQUEST(req, &p);
	}
	if (n > 0)
		rc = ms_buf_add(der, p, (size_t)n, err);
	else
		ms_fail_ssl(err, MS_OS, "cannot make an OCSP request");
	if (rc == 0) {
		*id = one;
		one = NULL;
	}
	OPENSSL_free(p);
	OCSP_REQUEST_free(req);
	OCSP_CERTID_free(copy);
	OCSP_CERTID_free(one);
	return rc;
}

/* ---- who signed it ---- */

/* Whether a list of the issuer has the responder. */
static bool
is_listed(const struct ocsp_ask *q, X509 *signer, EVP_PKEY *issuer)
{
	X509_REVOKED *e;
	X509_CRL *crl;
	int i;

	for (i = 0; i < sk_X509_CRL_num(q->crls); i++) {
		crl = sk_X509_CRL_value(q->crls, i);
		if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
		    X509_get_subject_name(q->issuer)) == 0 &&
		    X509_CRL_get0_by_cert(crl, &e, signer) == 1 &&
		    X509_CRL_verify(crl, issuer) == 1)
			return true;
	}
	return false;
}

/*
 * RFC 6960 section 4.2.2.2: the issuer itself, or one to whom it issued a
 * certificate for this, with nobody between.
 */
static int
may_answer(const struct ocsp_ask *q, X509 *signer, struct ms_err *err)
{
	EVP_PKEY *issuer = X509_get0_pubkey(q->issuer);
	const char *why;

	if (X509_cmp(signer, q->issuer) == 0)
		return 0;
	if (X509_NAME_cmp(X509_get_issuer_name(signer),
	    X509_get_subject_name(q->issuer)) != 0 || !issuer ||
	    X509_verify(signer, issuer) != 1) {
		ERR_clear_error();
		return ms_fail(err, MS_DATA, "RFC 6960 section 4.2.2.2: the "
		    "responder's certificate is not from the issuer of the "
		    "certificate");
	}
	if (!ms_cert_may_at(signer, MS_USE_OCSP, q->now, &why))
		return ms_fail(err, MS_DATA, "responder: %s", why);
	if (is_listed(q, signer, issuer))
		return ms_fail(err, MS_DATA, "RFC 6960 section 4.2.2.2.1: the "
		    "responder's certificate is revoked");
	return 0;
}

static int
check_digest(const struct ocsp_ask *q, const X509_ALGOR *alg,
    struct ms_err *err)
{
	const ASN1_OBJECT *oid;
	int md = NID_undef;

	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	OBJ_find_sigid_algs(OBJ_obj2nid(oid), &md, NULL);
	if ((md == NID_sha1 && !q->legacy) || md == NID_md5 ||
	    md == NID_md4 || md == NID_md2)
		return ms_fail(err, MS_DATA, "OCSP response signed with %s",
		    OBJ_nid2sn(md));
	return 0;
}

static int
check_signature(const struct ocsp_ask *q, OCSP_BASICRESP *b,
    struct ms_err *err)
{
	STACK_OF(X509) *own = sk_X509_new_null();
	const X509_ALGOR *alg = OCSP_resp_get0_tbs_sigalg(b);
	X509 *signer = NULL;
	EVP_PKEY *key;
	int rc = -1;

	if (!own || sk_X509_push(own, q->issuer) <= 0) {
		ms_fail_nomem(err);
		goto out;
	}
	if (OCSP_resp_get0_signer(b, &signer, own) != 1) {
		ms_fail(err, MS_DATA, "RFC 6960 section 4.2.2.3: the "
		    "certificate of the OCSP response's signer is not there");
		goto out;
	}
	if (may_answer(q, signer, err) != 0 || check_digest(q, alg, err) != 0)
		goto out;
	key = X509_get0_pubkey(signer);
	if (!key || ASN1_item_verify(ASN1_ITEM_rptr(OCSP_RESPDATA), alg,
	    OCSP_resp_get0_signature(b), OCSP_resp_get0_respdata(b),
	    key) != 1) {
		ms_fail(err, MS_DATA, "RFC 6960 section 3.2: the signature of "
		    "the OCSP response is wrong");
		goto out;
	}
	rc = 0;
out:
	ERR_clear_error();
	sk_X509_free(own);
	return rc;
}

/* ---- what it says ---- */

/* From when on: its invalidityDate where that is earlier (section 4.4.5). */
static void
read_since(OCSP_SINGLERESP *one, const ASN1_GENERALIZEDTIME *when,
    struct rev_status *s)
{
	ASN1_GENERALIZEDTIME *inv;
	time_t t;

	s->since = asn1_time(when);
	inv = OCSP_SINGLERESP_get1_ext_d2i(one, NID_invalidity_date, NULL,
	    NULL);
	t = asn1_time(inv);
	if (inv && t != (time_t)-1 && s->since != (time_t)-1 && t < s->since)
		s->since = t;
	ASN1_GENERALIZEDTIME_free(inv);
	ERR_clear_error();
}

/*
 * Section 4.4.4: of a certificate that had expired, "good" says something only
 * when the responder remembers so far back.
 */
static bool
remembers(const struct ocsp_ask *q, OCSP_SINGLERESP *one, time_t from)
{
	time_t end = ms_cert_not_after(q->x), since;
	ASN1_GENERALIZEDTIME *cutoff;

	if (from <= end)
		return true;
	cutoff = OCSP_SINGLERESP_get1_ext_d2i(one,
	    NID_id_pkix_OCSP_archiveCutoff, NULL, NULL);
	since = asn1_time(cutoff);
	ASN1_GENERALIZEDTIME_free(cutoff);
	ERR_clear_error();
	return since != (time_t)-1 && since <= end;
}

/* Section 4.2.2.1, both for now and for a later time that is judged. */
static int
check_times(const struct ocsp_ask *q, time_t from, time_t end, bool has_end,
    struct ms_err *err)
{
	time_t last = q->at > q->now ? q->at : q->now;
	char when[MS_TIME_STR];

	if (from == (time_t)-1 || (has_end && end == (time_t)-1))
		return ms_fail(err, MS_DATA, "RFC 6960 section 4.2.2.1: time "
		    "malformed");
	if (from > q->now + SKEW_S)
		return ms_fail(err, MS_DATA, "RFC 6960 section 4.2.2.1: the "
		    "OCSP response is from the future, %s",
		    ms_time_str(from, when));
	if (!has_end)
		end = from + AGE_S;
	if (end + SKEW_S < last)
		return ms_fail(err, MS_DATA, "RFC 6960 section 4.2.2.1: the "
		    "OCSP response was good until %s",
		    ms_time_str(end, when));
	return 0;
}

static int
read_single(const struct ocsp_ask *q, OCSP_SINGLERESP *one,
    struct rev_status *s, time_t *until, struct ms_err *err)
{
	ASN1_GENERALIZEDTIME *when = NULL, *from = NULL, *to = NULL;
	int reason = -1, status;
	time_t start, end;

	if (OCSP_SINGLERESP_get_ext_by_critical(one, 1, -1) >= 0)
		return ms_fail(err, MS_DATA, "RFC 6960 section 4.4: critical "
		    "extension that is not known");
	status = OCSP_single_get0_status(one, &reason, &when, &from, &to);
	start = asn1_time(from);
	end = asn1_time(to);
	if (status == V_OCSP_CERTSTATUS_REVOKED) {
		/* revoking is final, also when the answer is old */
		read_since(one, when, s);
		s->state = REV_REVOKED;
		s->reason = reason;
		*until = to && end > q->now ? end : 0;
		return 0;
	}
	if (status != V_OCSP_CERTSTATUS_GOOD)
		return ms_fail(err, MS_NO, "RFC 6960 section 2.2: the "
		    "responder does not know the certificate");
	if (check_times(q, start, end, to != NULL, err) != 0)
		return -1;
	if (!remembers(q, one, start))
		return ms_fail(err, MS_NO, "RFC 6960 section 4.4.4: the "
		    "responder need not remember a certificate that has "
		    "expired");
	s->state = REV_COVERED;
	*until = to ? end : 0;
	return 0;
}

/* ---- the response ---- */

static int
check_status(const OCSP_RESPONSE *r, struct ms_err *err)
{
	int status = OCSP_response_status((OCSP_RESPONSE *)r);

	if (status == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return 0;
	return ms_fail(err, status == OCSP_RESPONSE_STATUS_TRYLATER ||
	    status == OCSP_RESPONSE_STATUS_INTERNALERROR ? MS_TEMPFAIL :
	    MS_NO, "RFC 6960 section 2.3: the responder says '%s'",
	    OCSP_response_status_str(status));
}

static int
judge_basic(const struct ocsp_ask *q, OCSP_BASICRESP *b, struct rev_status *s,
    time_t *until, struct ms_err *err)
{
	struct rev_status got = { REV_UNKNOWN, (time_t)-1, -1 };
	int i = OCSP_resp_find(b, q->id, -1);
	OCSP_SINGLERESP *one = i < 0 ? NULL : OCSP_resp_get0(b, i);

	if (!one)
		return ms_fail(err, MS_DATA, "RFC 6960 section 3.2: the OCSP "
		    "response is about another certificate");
	if (OCSP_BASICRESP_get_ext_by_critical(b, 1, -1) >= 0)
		return ms_fail(err, MS_DATA, "RFC 6960 section 4.4: critical "
		    "extension that is not known");
	if (check_signature(q, b, err) != 0 ||
	    read_single(q, one, &got, until, err) != 0)
		return -1;
	*s = got;
	return 0;
}

int
ocsp_judge(const struct ocsp_ask *q, struct ms_span der,
    struct rev_status *s, time_t *until, struct ms_err *err)
{
	const unsigned char *p = der.p;
	OCSP_RESPONSE *r = NULL;
	OCSP_BASICRESP *b = NULL;
	int rc = -1;

	if (der.n <= MS_FETCH_OCSP_MAX)
		r = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	if (!r || p != der.p + der.n)
		ms_fail(err, MS_DATA, "RFC 6960 section 4.2.1: not an OCSP "
		    "response");
	else if (check_status(r, err) != 0)
		rc = -1;
	else if (!(b = OCSP_response_get1_basic(r)))
		ms_fail(err, MS_DATA, "RFC 6960 section 4.2.1: not a basic "
		    "OCSP response");
	else
		rc = judge_basic(q, b, s, until, err);
	ERR_clear_error();
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(r);
	return rc;
}
