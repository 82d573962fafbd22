/* SPDX-License-Identifier: Apache-2.0 */
/* TSTInfo and TimeStampToken: RFC 3161 section 2.4.2, RFC 5816. */
#include <string.h>

#include "tsp/internal.h"

#define FUTURE_S 300		/* seconds that clocks may differ */

/* ---- TSTInfo ---- */

/* A small non-negative INTEGER under an implicit tag. */
static int
small(struct ms_span v, unsigned max, unsigned *to, const char *what,
    struct ms_err *err)
{
	uint64_t n = 0;
	size_t i;

	if (v.n == 0 || v.n > 4 || v.p[0] >= 0x80)
		return ms_fail(err, MS_DATA, "%s is out of range", what);
	for (i = 0; i < v.n; i++)
		n = n << 8 | v.p[i];
	if (n > max)
		return ms_fail(err, MS_DATA, "%s is out of range", what);
	*to = (unsigned)n;
	return 0;
}

static int
parse_accuracy(struct ms_span s, struct ms_tstinfo *ti, struct ms_err *err)
{
	struct ms_span v;
	int rc;

	ti->has_accuracy = true;
	rc = ms_der_maybe(&s, MS_INTEGER, &v, err);
	if (rc < 0 || (rc == 1 && small(v, 0x7fffffff, &ti->accuracy_s,
		"Accuracy.seconds", err) < 0))
		return -1;
	rc = ms_der_maybe(&s, MS_CTX(0), &v, err);
	if (rc < 0 || (rc == 1 && small(v, 999, &ti->accuracy_ms,
		"Accuracy.millis", err) < 0))
		return -1;
	rc = ms_der_maybe(&s, MS_CTX(1), &v, err);
	if (rc < 0 || (rc == 1 && small(v, 999, &ti->accuracy_us,
		"Accuracy.micros", err) < 0))
		return -1;
	return ms_der_done(&s, "Accuracy", err);
}

/* None is known here, so that a critical one makes the token useless. */
static int
parse_extensions(struct ms_span s, struct ms_err *err)
{
	struct ms_span ext, oid, v;
	bool critical;
	char name[128];

	while (s.n > 0) {
		if (ms_der_want(&s, MS_SEQUENCE, &ext, "Extension", err) < 0 ||
		    ms_der_want_oid(&ext, &oid, "Extension.extnID", err) < 0 ||
		    tsp_flag(&ext, &critical, "Extension.critical",
			err) < 0 ||
		    ms_der_want(&ext, MS_OCTETSTRING, &v,
			"Extension.extnValue", err) < 0 ||
		    ms_der_done(&ext, "Extension", err) < 0)
			return -1;
		if (critical)
			return ms_fail(err, MS_DATA, "RFC 3161 section 2.4.2: "
			    "critical extension %s is not known here",
			    ms_oid_dotted(oid, name, sizeof(name)));
	}
	return 0;
}

static int
parse_gentime(struct ms_span *seq, struct ms_tstinfo *ti, struct ms_err *err)
{
	struct ms_span v;

	if (ms_der_want(seq, MS_GENTIME, &v, "TSTInfo.genTime", err) < 0)
		return -1;
	return ms_der_parse_time(MS_GENTIME, v, &ti->time, &ti->micros, err);
}

/* accuracy, ordering, nonce, tsa, extensions */
static int
parse_options(struct ms_span *seq, struct ms_tstinfo *ti, struct ms_err *err)
{
	struct ms_span v;
	int rc;

	rc = ms_der_maybe(seq, MS_SEQUENCE, &v, err);
	if (rc < 0 || (rc == 1 && parse_accuracy(v, ti, err) < 0))
		return -1;
	if (tsp_flag(seq, &ti->ordering, "TSTInfo.ordering", err) < 0)
		return -1;
	rc = ms_der_maybe(seq, MS_INTEGER, &v, err);
	if (rc < 0 || (rc == 1 && tsp_integer(v, ti->nonce, sizeof(ti->nonce),
		&ti->nnonce, "TSTInfo.nonce", err) < 0))
		return -1;
	if (ms_der_maybe(seq, MS_CTXC(0), &v, err) < 0)
		return -1;
	rc = ms_der_maybe(seq, MS_CTXC(1), &v, err);
	if (rc < 0 || (rc == 1 && parse_extensions(v, err) < 0))
		return -1;
	return ms_der_done(seq, "TSTInfo", err);
}

static int
parse(struct ms_span der, struct ms_tstinfo *ti, struct ms_err *err)
{
	struct ms_span seq, v;
	uint64_t version;

	if (ms_der_want(&der, MS_SEQUENCE, &seq, "TSTInfo", err) < 0 ||
	    ms_der_done(&der, "TSTInfo", err) < 0 ||
	    ms_der_want_uint(&seq, &version, "TSTInfo.version", err) < 0)
		return -1;
	if (version != 1)
		return ms_fail(err, MS_DATA, "RFC 3161 section 2.4.2: "
		    "TSTInfo.version is %llu, wanted 1",
		    (unsigned long long)version);
	if (ms_der_want(&seq, MS_OBJECT, &v, "TSTInfo.policy", err) < 0 ||
	    ms_buf_add(&ti->policy, v.p, v.n, err) < 0 ||
	    ms_der_want(&seq, MS_SEQUENCE, &v, "TSTInfo.messageImprint",
		err) < 0 ||
	    tsp_imprint_parse(v, &ti->md, ti->imprint, &ti->nimprint,
		err) < 0 ||
	    ms_der_want(&seq, MS_INTEGER, &v, "TSTInfo.serialNumber",
		err) < 0 ||
	    tsp_integer(v, ti->serial, sizeof(ti->serial), &ti->nserial,
		"TSTInfo.serialNumber", err) < 0 ||
	    parse_gentime(&seq, ti, err) < 0)
		return -1;
	return parse_options(&seq, ti, err);
}

int
ms_tstinfo_parse(struct ms_span der, struct ms_tstinfo *ti,
    struct ms_err *err)
{
	memset(ti, 0, sizeof(*ti));
	ms_buf_init(&ti->policy, TSP_OID);
	if (parse(der, ti, err) < 0) {
		ms_tstinfo_clear(ti);
		return -1;
	}
	return 0;
}

void
ms_tstinfo_clear(struct ms_tstinfo *ti)
{
	ms_buf_clear(&ti->policy);
	memset(ti, 0, sizeof(*ti));
	ms_buf_init(&ti->policy, TSP_OID);
}

/* ---- judging a token ---- */

#define CLAUSE "RFC 3161 section 2.4.2"

struct judge {
	const struct tsp_subject *over;
	struct ms_trust *trust;
	time_t at;
	bool legacy;
	struct ms_tstinfo *ti;
	struct ms_report *r;
};

static int
check_imprint(const struct judge *j, struct ms_err *err)
{
	const struct ms_tstinfo *ti = j->ti;
	struct ms_span have = { ti->imprint, ti->nimprint };
	struct ms_span want = j->over->imprint;
	unsigned char digest[EVP_MAX_MD_SIZE];
	const EVP_MD *evp = ms_md_legacy(ti->md);
	unsigned int n = 0;

	if (!evp)
		return ms_report_add(j->r, MS_UNDECIDED, "algorithm", CLAUSE,
		    err, "the hash algorithm of the token's messageImprint is "
		    "not known here");
	if (ti->md == MS_OID_sha1 && ms_report_add(j->r,
		j->legacy ? MS_NOTE : MS_BAD, "weak-digest", CLAUSE, err,
		"the timestamp is over a SHA-1 imprint") < 0)
		return -1;
	if (j->over->data.p) {
		if (EVP_Digest(j->over->data.p, j->over->data.n, digest, &n,
			evp, NULL) != 1)
			return ms_fail_ssl(err, MS_OS, "cannot digest");
		want.p = digest;
		want.n = n;
	} else if (!want.p) {
		return 0;
	} else if (j->over->md != ti->md) {
		return ms_report_add(j->r, MS_BAD, "imprint", CLAUSE, err,
		    "the timestamp is over %s, wanted %s",
		    ms_oid_name(ti->md), ms_oid_name(j->over->md));
	}
	if (!ms_span_eq(have, want))
		return ms_report_add(j->r, MS_BAD, "imprint", CLAUSE, err,
		    "the timestamp is over something else: its messageImprint "
		    "differs");
	return 0;
}

/* RFC 3161 section 2.4.2, RFC 5816: the certificate must be named. */
static int
check_named(const struct judge *j, const struct ms_signerinfo *si,
    struct ms_err *err)
{
	struct ms_span v;

	if (ms_attr_find(si->attrs, MS_OID_signingCertificate, &v, NULL) != 0 ||
	    ms_attr_find(si->attrs, MS_OID_signingCertificateV2, &v, NULL) != 0)
		return 0;
	return ms_report_add(j->r, MS_BAD, "signing-cert", CLAUSE, err,
	    "signingCertificate attribute missing");
}

static int
check_trust(const struct judge *j, struct ms_signed *sd,
    const struct ms_signerinfo *si, struct ms_err *err)
{
	const char *why;

	if (j->ti->time > j->at + FUTURE_S && ms_report_add(j->r, MS_UNDECIDED,
		"gentime", CLAUSE, err,
		"genTime lies after the time of judgement") < 0)
		return -1;
	if (!si->cert)
		return 0;
	if (!ms_cert_may(si->cert, MS_USE_TSA, &why))
		return ms_report_add(j->r, MS_BAD, "use",
		    "RFC 3161 section 2.3", err, "%s", why);
	if (!j->trust || ms_trust_is_empty(j->trust))
		return ms_report_add(j->r, MS_UNDECIDED, "no-anchor",
		    "RFC 5280 section 6", err,
		    "no trust anchor for timestamps is configured");
	return ms_trust_check(j->trust, si->cert, ms_signed_certs(sd),
	    MS_USE_TSA, j->ti->time, j->r, err);
}

static int
check_signer(const struct judge *j, struct ms_signed *sd, struct ms_err *err)
{
	if (ms_signed_count(sd) != 1)
		return ms_report_add(j->r, MS_BAD, "signers", CLAUSE, err,
		    "a token has one signature, this one has %zu",
		    ms_signed_count(sd));
	if (ms_signer_check(sd, 0, j->legacy, j->r, err) < 0 ||
	    check_named(j, ms_signed_get0(sd, 0), err) < 0 ||
	    check_imprint(j, err) < 0)
		return -1;
	return check_trust(j, sd, ms_signed_get0(sd, 0), err);
}

/* What is malformed is a "no", unless it was memory that failed. */
static int
malformed(const struct judge *j, const struct ms_err *why, struct ms_err *err)
{
	if (why->class != MS_DATA)
		return ms_fail(err, why->class, "%s", why->text);
	return ms_report_add(j->r, MS_BAD, "token", CLAUSE, err,
	    "malformed timestamp: %s", why->text);
}

static int
judge(const struct judge *j, struct ms_src *src, struct ms_err *err)
{
	struct ms_buf tst = MS_BUF_INIT(MS_TSP_TOKEN);
	struct ms_err why = MS_ERR_INIT;
	struct ms_signed *sd = NULL;
	struct ms_src *content;
	int rc;

	if (ms_signed_begin(src, &sd, &why) < 0) {
		rc = malformed(j, &why, err);
	} else if (ms_signed_content_type(sd) != MS_OID_TSTInfo) {
		rc = ms_report_add(j->r, MS_BAD, "content-type", CLAUSE, err,
		    "eContentType is %s, not id-ct-TSTInfo",
		    ms_oid_name(ms_signed_content_type(sd)));
	} else {
		content = ms_signed_content(sd, &why);
		if (!content)
			ms_fail(&why, MS_DATA, "there is no TSTInfo in it");
		if (!content || ms_src_slurp(content, &tst, &why) < 0 ||
		    ms_signed_finish(sd, &why) < 0 ||
		    ms_tstinfo_parse(ms_buf_span(&tst), j->ti, &why) < 0)
			rc = malformed(j, &why, err);
		else
			rc = check_signer(j, sd, err);
	}
	ms_signed_free(sd);
	ms_buf_clear(&tst);
	return rc;
}

int
tsp_token_judge(struct ms_span der, const struct tsp_subject *over,
    struct ms_trust *trust, time_t at, bool legacy, struct ms_tstinfo *ti,
    struct ms_report *r, struct ms_err *err)
{
	struct ms_tstinfo own;
	struct judge j = { over, trust, at, legacy, ti ? ti : &own, r };
	struct ms_src *src;
	int rc;

	memset(j.ti, 0, sizeof(*j.ti));
	ms_buf_init(&j.ti->policy, TSP_OID);
	if (der.n > MS_TSP_TOKEN)
		return ms_report_add(r, MS_BAD, "token", NULL, err,
		    "a timestamp of %zu octets is refused, the limit is %zu",
		    der.n, MS_TSP_TOKEN);
	src = ms_src_mem(der.p, der.n, err);
	if (!src)
		return -1;
	rc = judge(&j, src, err);
	ms_src_free(src);
	if (!ti)
		ms_tstinfo_clear(&own);
	return rc;
}

int
ms_token_check(struct ms_span der, enum ms_oid md, struct ms_span imprint,
    struct ms_trust *trust, time_t at, bool legacy, struct ms_tstinfo *ti,
    struct ms_report *r, struct ms_err *err)
{
	struct tsp_subject over = { md, imprint, { NULL, 0 } };

	return tsp_token_judge(der, &over, trust, at, legacy, ti, r, err);
}
