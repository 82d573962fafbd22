/* SPDX-License-Identifier: Apache-2.0 */
/* A signature judged with its timestamps, at genTime or now. */
#include <stdio.h>

#include "cms/sd.h"
#include "tap.h"
#include "testcert.h"
#include "tsp/tsp.h"

#define NOW ((time_t)1700000000)
#define DAY ((time_t)86400)
#define YEAR (365 * DAY)

static struct ms_key *ca_key, *tsa_ca_key;
static X509 *ca, *tsa_ca;
static struct ms_ident ana, tsa;
static struct ms_tsa *authority;
static time_t clock_now;

static int
test_clock(void *arg, time_t *t, unsigned *micros, struct ms_err *err)
{
	*t = clock_now;
	*micros = 0;
	return 0;
}

static int
stamp(void *arg, enum ms_oid md, struct ms_span imprint, struct ms_buf *token,
    struct ms_err *err)
{
	struct ms_buf req = MS_BUF_INIT(4096), resp = MS_BUF_INIT(1 << 16);
	struct ms_tsq q;
	int rc = -1;

	if (ms_tsq_make(&q, md, imprint, err) == 0 &&
	    ms_tsq_write(&q, &req, err) == 0 &&
	    ms_tsa_answer(authority, ms_buf_span(&req), &resp, NULL, err) == 0)
		rc = ms_tsr_check(ms_buf_span(&resp), &q, NULL, clock_now,
		    token, err);
	ms_tsq_clear(&q);
	ms_buf_clear(&req);
	ms_buf_clear(&resp);
	return rc;
}

static void
setup(void)
{
	static const char *const policies[] = { "1.2.3" };
	struct ms_tsa_conf c = { &tsa, policies, 1, 1000, false, test_clock,
		NULL, NULL, 0 };
	struct ms_err err = MS_ERR_INIT;

	ca_key = tc_key("p256");
	tsa_ca_key = tc_key("p256");
	ca = tc_cert("Root", ca_key, NULL, NULL, 1, NOW - 9 * YEAR,
	    NOW + 9 * YEAR, tc_ca);
	tsa_ca = tc_cert("TSA Root", tsa_ca_key, NULL, NULL, 1, NOW - 9 * YEAR,
	    NOW + 9 * YEAR, tc_ca);
	memset(&ana, 0, sizeof(ana));
	ana.key = tc_key("p256");
	ana.cert = tc_cert("Ana", ana.key, ca, ca_key, 7, NOW - YEAR,
	    NOW + YEAR, tc_signer);
	memset(&tsa, 0, sizeof(tsa));
	tsa.key = tc_key("p256");
	tsa.cert = tc_cert("TSA", tsa.key, tsa_ca, tsa_ca_key, 8,
	    NOW - 5 * YEAR, NOW + 2 * YEAR + DAY, tc_tsa);
	if (ms_tsa_new(&c, &authority, &err) < 0)
		tc_die(err.text);
}

static void
teardown(void)
{
	ms_tsa_free(authority);
	X509_free(ana.cert);
	ms_key_free(ana.key);
	X509_free(tsa.cert);
	ms_key_free(tsa.key);
	X509_free(ca);
	X509_free(tsa_ca);
	ms_key_free(ca_key);
	ms_key_free(tsa_ca_key);
}

/* Sign with id at `when`, with a timestamp from then unless plain. */
static void
sign(const struct ms_ident *id, time_t when, bool plain, struct ms_buf *der)
{
	struct ms_cms_signer s = { id, MS_OID_UNKNOWN, false };
	struct ms_sign_conf c;
	struct ms_sign *sign = NULL;
	struct ms_err err = MS_ERR_INIT;

	memset(&c, 0, sizeof(c));
	c.signers = &s;
	c.nsigners = 1;
	c.content_type = MS_OID_data;
	c.signing_time = when;
	c.stamp = plain ? NULL : stamp;
	clock_now = when;
	ms_buf_reset(der);
	if (ms_sign_new(&c, &sign, &err) < 0 ||
	    ms_digests_update(ms_sign_digests(sign), "text", 4, &err) < 0 ||
	    ms_sign_final(sign, &err) < 0 ||
	    ms_sign_write_whole(sign, (struct ms_span){
		(const unsigned char *)"text", 4 }, der, &err) < 0)
		tc_die(err.text);
	ms_sign_free(sign);
}

/* A CRL of this CA with one entry; reason -1: none. */
static X509_CRL *
revoke(X509 *issuer, struct ms_key *key, long serial_no, time_t when,
    long reason)
{
	X509_CRL *c = X509_CRL_new();
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, when);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *at = ASN1_TIME_set(NULL, NOW - 2 * YEAR);

	X509_CRL_set_version(c, 1);
	X509_CRL_set_issuer_name(c, X509_get_subject_name(issuer));
	X509_CRL_set1_lastUpdate(c, at);
	ASN1_TIME_set(at, NOW + 8 * YEAR);
	X509_CRL_set1_nextUpdate(c, at);
	ASN1_INTEGER_set(serial, serial_no);
	X509_REVOKED_set_serialNumber(r, serial);
	X509_REVOKED_set_revocationDate(r, t);
	if (reason >= 0) {
		ASN1_ENUMERATED *e = ASN1_ENUMERATED_new();

		ASN1_ENUMERATED_set(e, reason);
		X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, e, 0, 0);
		ASN1_ENUMERATED_free(e);
	}
	X509_CRL_add0_revoked(c, r);
	X509_CRL_sign(c, ms_key_get0_soft(key), EVP_sha256());
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(t);
	ASN1_TIME_free(at);
	return c;
}

/* What stands around a judgement. */
struct around {
	bool no_anchor, no_tsa_anchor;
	X509_CRL *crl, *tsa_crl;
	time_t at;
	bool value_only;
	/* the unsigned attributes to see instead of the real ones */
	const struct ms_buf *unsigned_attrs;
};

static void
judge(const struct ms_buf *der, const struct around *a, struct ms_report *r)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_trust *t = ms_trust_new(&err), *tt = ms_trust_new(&err);
	struct ms_judge j = { t, tt, a->at, false, a->value_only };
	struct ms_src *src = ms_src_mem(der->p, der->n, &err);
	struct ms_signed *sd = NULL;

	if (!a->no_anchor)
		ms_trust_add_cert(t, ca, &err);
	if (!a->no_tsa_anchor)
		ms_trust_add_cert(tt, tsa_ca, &err);
	if (a->crl)
		ms_trust_add_crl(t, a->crl, &err);
	if (a->tsa_crl)
		ms_trust_add_crl(tt, a->tsa_crl, &err);
	ms_report_init(r);
	if (ms_signed_begin(src, &sd, &err) < 0 ||
	    ms_signed_finish(sd, &err) < 0)
		tc_die(err.text);
	if (a->unsigned_attrs)
		sd->v[0].si.unsigned_attrs = ms_buf_span(a->unsigned_attrs);
	if (ms_judge_signer(sd, 0, &j, r, &err) < 0)
		tc_die(err.text);
	ms_report_conclude(r);
	ms_signed_free(sd);
	ms_src_free(src);
	ms_trust_free(t);
	ms_trust_free(tt);
}

static void
judged(const struct ms_buf *der, const struct around *a,
    enum ms_verdict verdict, const char *code, const char *what)
{
	struct ms_report r;
	size_t i;

	judge(der, a, &r);
	if (!ok(r.verdict == verdict && (!code || ms_report_has(&r, code)),
		"%s", what))
		printf("# got %s, wanted %s %s\n", ms_verdict_str(r.verdict),
		    ms_verdict_str(verdict), code ? code : "");
	for (i = 0; i < r.n; i++)
		printf("# %s %s: %s\n", ms_verdict_str(r.v[i].verdict),
		    r.v[i].code, r.v[i].text);
	ms_report_clear(&r);
}

static void
plainly(void)
{
	struct around a = { .at = NOW + DAY };
	struct ms_buf der = MS_BUF_INIT(1 << 16);
	struct ms_report r;

	sign(&ana, NOW, true, &der);
	judge(&der, &a, &r);
	is_int(r.verdict, MS_GOOD, "without a timestamp, now");
	is_str(r.signer, "ana@agency.example", "the signer's address");
	is_str(r.level, "b-b", "level b-b");
	ok(r.gentime == (time_t)-1 && r.claimed == NOW, "a claimed time only");
	ms_report_clear(&r);
	a.at = NOW + YEAR + DAY;
	judged(&der, &a, MS_BAD, "expired", "expired without a timestamp");
	a.at = NOW - YEAR - DAY;
	judged(&der, &a, MS_BAD, "not-yet-valid", "not yet valid");
	a.value_only = true;
	judged(&der, &a, MS_GOOD, "value", "the value alone");
	a = (struct around){ .at = NOW, .no_anchor = true };
	judged(&der, &a, MS_UNDECIDED, "no-anchor", "no anchor: undecided");
	der.p[der.n - 1] ^= 1;
	judged(&der, &a, MS_BAD, "signature", "bad all the same");
	sign(&tsa, NOW, true, &der);
	a.no_anchor = false;
	judged(&der, &a, MS_BAD, "use", "a TSA's certificate signs no mail");
	a.no_anchor = true;
	judged(&der, &a, MS_BAD, "use", "and no anchor changes that");
	ms_buf_clear(&der);
}

static void
stamped(void)
{
	struct around a = { .at = NOW + 3 * YEAR };
	struct ms_buf der = MS_BUF_INIT(1 << 16);
	struct ms_report r;

	sign(&ana, NOW, false, &der);
	judge(&der, &a, &r);
	is_int(r.verdict, MS_GOOD,
	    "signer and authority expired since the timestamp");
	is_str(r.level, "b-t", "level b-t");
	is_int(r.gentime, NOW, "genTime");
	ms_report_clear(&r);
	a.no_tsa_anchor = true;
	judged(&der, &a, MS_UNDECIDED, "timestamp-no-anchor",
	    "the authority is not trusted");
	a = (struct around){ .at = NOW - DAY };
	judged(&der, &a, MS_UNDECIDED, "timestamp-gentime",
	    "a timestamp from the future");
	sign(&ana, NOW + 2 * YEAR, false, &der);
	a.at = NOW + 3 * YEAR;
	judged(&der, &a, MS_BAD, "expired", "timestamped when expired");
	sign(&ana, NOW - 2 * YEAR, false, &der);
	judged(&der, &a, MS_BAD, "not-yet-valid",
	    "timestamped before it was valid");
	ms_buf_clear(&der);
}

static void
revoked(void)
{
	struct around a = { .at = NOW + 30 * DAY };
	struct ms_buf der = MS_BUF_INIT(1 << 16);

	sign(&ana, NOW, false, &der);
	a.crl = revoke(ca, ca_key, 7, NOW + DAY, -1);
	judged(&der, &a, MS_GOOD, NULL, "revoked after the timestamp");
	X509_CRL_free(a.crl);
	a.crl = revoke(ca, ca_key, 7, NOW - DAY, -1);
	judged(&der, &a, MS_BAD, "revoked", "revoked before the timestamp");
	X509_CRL_free(a.crl);
	sign(&ana, NOW, true, &der);
	a.crl = revoke(ca, ca_key, 7, NOW + DAY, -1);
	judged(&der, &a, MS_BAD, "revoked", "revoked, without a timestamp");
	X509_CRL_free(a.crl);
	ms_buf_clear(&der);
}

/* RFC 3161 section 4 */
static void
authority_revoked(void)
{
	static const struct {
		int days;
		long reason;
		enum ms_verdict verdict;
		const char *what;
	} t[] = {
		{ -1, CRL_REASON_SUPERSEDED, MS_BAD, "revoked before" },
		{ 1, CRL_REASON_SUPERSEDED, MS_GOOD, "superseded since" },
		{ 1, CRL_REASON_UNSPECIFIED, MS_GOOD, "revoked since" },
		{ 1, CRL_REASON_CESSATION_OF_OPERATION, MS_GOOD, "ceased" },
		{ 1, CRL_REASON_KEY_COMPROMISE, MS_BAD, "key stolen since" },
		{ 1, -1, MS_BAD, "revoked since, nobody says why" },
	};
	struct around a = { .at = NOW + 30 * DAY };
	struct ms_buf der = MS_BUF_INIT(1 << 16);
	size_t i;

	sign(&ana, NOW, false, &der);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		a.tsa_crl = revoke(tsa_ca, tsa_ca_key, 8,
		    NOW + t[i].days * DAY, t[i].reason);
		judged(&der, &a, t[i].verdict, t[i].verdict == MS_BAD ?
		    "timestamp-revoked" : NULL, t[i].what);
		X509_CRL_free(a.tsa_crl);
	}
	ms_buf_clear(&der);
}

/* unsigned attributes with these tokens */
static void
attrs_with(const struct ms_span *tokens, size_t n, bool twice,
    struct ms_buf *out)
{
	struct ms_der d;
	size_t i;
	int k;

	ms_buf_reset(out);
	ms_der_init(&d, out);
	for (k = 0; k < (twice ? 2 : 1); k++) {
		ms_der_begin(&d, MS_SEQUENCE);
		ms_der_oid(&d, MS_OID_timeStampToken);
		ms_der_begin(&d, MS_SET);
		for (i = 0; i < n; i++)
			ms_der_raw(&d, tokens[i].p, tokens[i].n);
		ms_der_end(&d);
		ms_der_end(&d);
	}
}

/* A token over the signature value that der ends with. */
static void
token_over(const struct ms_buf *der, time_t when, struct ms_buf *token)
{
	struct ms_src *src = ms_src_mem(der->p, der->n, NULL);
	struct ms_signed *sd = NULL;
	struct ms_err err = MS_ERR_INIT;
	const struct ms_signerinfo *si;
	unsigned char h[32];

	if (ms_signed_begin(src, &sd, &err) < 0 ||
	    ms_signed_finish(sd, &err) < 0)
		tc_die(err.text);
	si = ms_signed_get0(sd, 0);
	EVP_Digest(si->sig.p, si->sig.n, h, NULL, EVP_sha256(), NULL);
	clock_now = when;
	ms_buf_reset(token);
	if (stamp(NULL, MS_OID_sha256, (struct ms_span){ h, 32 }, token,
		&err) < 0)
		tc_die(err.text);
	ms_signed_free(sd);
	ms_src_free(src);
}

static void
tokens(void)
{
	struct ms_buf der = MS_BUF_INIT(1 << 16), other = MS_BUF_INIT(1 << 16);
	struct ms_buf t1 = MS_BUF_INIT(1 << 16), t2 = MS_BUF_INIT(1 << 16);
	struct ms_buf attrs = MS_BUF_INIT(1 << 20), big = MS_BUF_INIT(1 << 20);
	struct around a = { .at = NOW + 30 * DAY, .unsigned_attrs = &attrs };
	struct ms_span t[20];
	struct ms_report r;
	size_t i;

	sign(&ana, NOW, true, &der);
	token_over(&der, NOW + 9 * DAY, &t1);
	token_over(&der, NOW + 2 * DAY, &t2);
	t[0] = ms_buf_span(&t1);
	t[1] = ms_buf_span(&t2);
	attrs_with(t, 2, false, &attrs);
	judge(&der, &a, &r);
	is_int(r.verdict, MS_GOOD, "two timestamps");
	is_int(r.gentime, NOW + 2 * DAY, "the earliest counts");
	ms_report_clear(&r);

	sign(&ana, NOW + 5, true, &other);
	token_over(&other, NOW, &t2);
	t[1] = t[0];
	t[0] = ms_buf_span(&t2);
	attrs_with(t, 2, false, &attrs);
	judge(&der, &a, &r);
	ok(r.verdict == MS_BAD && ms_report_has(&r, "timestamp-imprint") &&
	    r.gentime == (time_t)-1, "one of them over another signature");
	ms_report_clear(&r);

	t[0] = ms_buf_span(&t1);
	t1.p[t1.n - 1] ^= 1;
	attrs_with(t, 1, false, &attrs);
	judged(&der, &a, MS_BAD, "timestamp-signature", "a damaged timestamp");
	t1.p[t1.n - 1] ^= 1;
	attrs_with(t, 1, true, &attrs);
	judged(&der, &a, MS_BAD, "timestamp-attributes", "attribute twice");
	for (i = 0; i < 20; i++)
		t[i] = ms_buf_span(&t1);
	attrs_with(t, 20, false, &attrs);
	judged(&der, &a, MS_BAD, "timestamp-attributes", "too many");
	ms_buf_add(&big, "\x30\x83\x01\x00\x00", 5, NULL);
	memset(ms_buf_room(&big, 65536, NULL), 0, 65536);
	big.n += 65536;
	t[0] = ms_buf_span(&big);
	attrs_with(t, 1, false, &attrs);
	judged(&der, &a, MS_BAD, "timestamp-token", "a timestamp too large");
	ms_buf_clear(&der);
	ms_buf_clear(&other);
	ms_buf_clear(&t1);
	ms_buf_clear(&t2);
	ms_buf_clear(&attrs);
	ms_buf_clear(&big);
}

int
main(void)
{
	setup();
	plainly();
	stamped();
	revoked();
	authority_revoked();
	tokens();
	teardown();
	return tap_done();
}
