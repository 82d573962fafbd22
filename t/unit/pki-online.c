/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation and issuers asked of others, who are played here. */
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "pki.h"
#include "testcert.h"

#define OCSP_URL "http://ocsp.example/"
#define CRL_URL "http://crl.example/root.crl"
#define AIA_URL "http://aia.example/sub.cer"

static STACK_OF(X509) *extra;
static struct made root, other, responder, stranger, leaf, second, both;

/* ---- the others ---- */

static struct {
	struct ms_buf ocsp, crl, issuer;	/* what they answer */
	enum ms_class fails;	/* or how they fail */
	int asked[3];
	struct ms_buf kept;	/* of the last kind kept */
	time_t until;
	bool serve_kept;
	time_t now;
} net = { MS_BUF_INIT(1 << 20), MS_BUF_INIT(1 << 20), MS_BUF_INIT(1 << 20),
	MS_OK, { 0 }, MS_BUF_INIT(1 << 20), 0, false, NOW };

static int
get(void *arg, const struct ms_fetch_query *q, struct ms_buf *to,
    struct ms_err *e)
{
	static const char *const urls[] = { CRL_URL, OCSP_URL, AIA_URL };
	const struct ms_buf *from[] = { &net.crl, &net.ocsp, &net.issuer };

	net.asked[q->kind]++;
	if (!ms_streq(q->url, urls[q->kind]))
		return ms_fail(e, MS_BUG, "asked at %s", q->url);
	if (net.serve_kept && !q->anew)
		return ms_buf_add(to, net.kept.p, net.kept.n, e) == 0 ? 1 : -1;
	if (net.fails != MS_OK)
		return ms_fail(e, net.fails, "nobody there");
	if (from[q->kind]->n == 0)
		return ms_fail(e, MS_TEMPFAIL, "HTTP status 404");
	return ms_buf_add(to, from[q->kind]->p, from[q->kind]->n, e);
}

static void
keep(void *arg, const struct ms_fetch_query *q, struct ms_span b, time_t until)
{
	ms_buf_reset(&net.kept);
	ms_buf_add(&net.kept, b.p, b.n, NULL);
	net.until = until;
}

static time_t
now(void *arg)
{
	return net.now;
}

static void
quiet(void)
{
	ms_buf_reset(&net.ocsp);
	ms_buf_reset(&net.crl);
	ms_buf_reset(&net.issuer);
	ms_buf_reset(&net.kept);
	memset(net.asked, 0, sizeof(net.asked));
	net.fails = MS_OK;
	net.serve_kept = false;
	net.now = NOW;
	net.until = 0;
}

static struct ms_trust *
truster(const struct made *anchor, enum ms_revocation rev)
{
	struct ms_fetch f = { get, keep, now, NULL, NULL };
	struct ms_trust *t = ms_trust_new(&err);

	ms_trust_add_cert(t, anchor->id.cert, &err);
	ms_trust_set_revocation(t, rev);
	ms_trust_set_fetch(t, &f, &err);
	return t;
}

static void
judge_with(struct ms_trust *t, X509 *x, time_t at, enum ms_verdict want,
    bool retry, const char *text, const char *what)
{
	enum ms_verdict got;
	struct ms_report r;
	bool found = !*text;
	size_t i;
	int rc;

	ms_report_init(&r);
	rc = ms_trust_check(t, x, extra, MS_USE_SIGN, at, &r, &err);
	ms_report_add(&r, MS_GOOD, "signature", NULL, &err, "right");
	got = ms_report_conclude(&r);
	for (i = 0; i < r.n; i++)
		found = found || strstr(r.v[i].text, text);
	if (!ok(rc == 0 && got == want && found && r.retry == retry, "%s",
	    what)) {
		printf("# rc %d %s, verdict %s, retry %d\n", rc, err.text,
		    ms_verdict_str(got), r.retry);
		for (i = 0; i < r.n; i++)
			printf("# %s: %s\n", r.v[i].code, r.v[i].text);
	}
	ms_err_reset(&err);
	ms_report_clear(&r);
}

static void
judge(enum ms_revocation rev, X509 *x, time_t at, enum ms_verdict want,
    bool retry, const char *text, const char *what)
{
	struct ms_trust *t = truster(&root, rev);

	judge_with(t, x, at, want, retry, text, what);
	ms_trust_free(t);
}

/* ---- what is made for the tests ---- */

static void
issue(struct made *m, enum ms_profile profile, const struct made *by,
    const char *ocsp, const char *crl, const char *aia)
{
	static unsigned char count = 100;
	struct ms_addr a;
	struct ms_issue w = { .profile = profile, .subject = "Some",
		.not_before = NOW - 30 * DAY, .not_after = NOW + 30 * DAY,
		.crl_url = crl, .aia_url = aia, .ocsp_url = ocsp,
		.addrs = &a, .naddrs = profile == MS_PROFILE_SIGN };

	memset(m, 0, sizeof(*m));
	m->serial = ++count;
	w.serial = &m->serial;
	w.nserial = 1;
	m->id.key = ms_key_generate("p256", &err);
	if (ms_addr_parse("a@a.example", 11, &a, &err) != 0 ||
	    ms_issue_cert(&w, ms_key_pub(m->id.key), &by->id, NULL,
	    &m->id.cert, &err) != 0)
		abort();
	ms_addr_clear(&a);
}

struct says {
	const struct made *by;
	const struct made *about;
	const struct made *issuer;	/* of it; NULL: root */
	int status, reason;
	time_t revoked, from, until;	/* 0: none */
	bool no_cert;
	const EVP_MD *md;
	const char *invalid;	/* invalidityDate */
	const char *cutoff;	/* archiveCutoff */
	bool critical;
	const EVP_MD *sign;
};

static void
add_date(OCSP_SINGLERESP *one, int nid, const char *date, int crit)
{
	ASN1_GENERALIZEDTIME *t = ASN1_GENERALIZEDTIME_new();

	ASN1_GENERALIZEDTIME_set_string(t, date);
	OCSP_SINGLERESP_add1_ext_i2d(one, nid, t, crit, 0);
	ASN1_GENERALIZEDTIME_free(t);
}

static void
answers(const struct says *s)
{
	OCSP_BASICRESP *b = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(s->md ? s->md : EVP_sha1(),
	    s->about->id.cert, (s->issuer ? s->issuer : &root)->id.cert);
	ASN1_TIME *rev = s->revoked ? ASN1_TIME_set(NULL, s->revoked) : NULL;
	ASN1_TIME *from = ASN1_TIME_set(NULL, s->from);
	ASN1_TIME *until = s->until ? ASN1_TIME_set(NULL, s->until) : NULL;
	OCSP_SINGLERESP *one = OCSP_basic_add1_status(b, id, s->status,
	    s->reason, rev, from, until);
	unsigned char *der = NULL;
	OCSP_RESPONSE *r;
	int n;

	if (s->invalid)
		add_date(one, NID_invalidity_date, s->invalid, 0);
	if (s->cutoff)
		add_date(one, NID_id_pkix_OCSP_archiveCutoff, s->cutoff, 0);
	if (s->critical)
		add_date(one, NID_id_pkix_OCSP_archiveCutoff,
		    "20260101000000Z", 1);
	OCSP_basic_sign(b, s->by->id.cert, ms_key_get0_soft(s->by->id.key),
	    s->sign ? s->sign : EVP_sha256(), NULL,
	    s->no_cert ? OCSP_NOCERTS : 0);
	r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, b);
	n = i2d_OCSP_RESPONSE(r, &der);
	ms_buf_reset(&net.ocsp);
	ms_buf_add(&net.ocsp, der, (size_t)n, &err);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(r);
	OCSP_BASICRESP_free(b);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(rev);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
}

static void
lists(const struct made *by, const struct made *revoked, time_t from,
    time_t until)
{
	struct ms_revoked v = { revoked ? &revoked->serial : NULL, 1,
		NOW - 2 * DAY, -1 };
	unsigned char *der = NULL;
	X509_CRL *c = NULL;
	int n;

	if (ms_issue_crl(&by->id, &v, revoked ? 1 : 0, 1, from, until, &c,
	    &err) != 0)
		abort();
	n = i2d_X509_CRL(c, &der);
	ms_buf_reset(&net.crl);
	ms_buf_add(&net.crl, der, (size_t)n, &err);
	OPENSSL_free(der);
	X509_CRL_free(c);
}

/* ---- the tests ---- */

/* What comes is right, but who answers is in a list: stale, so that it does
 * not settle the question itself. */
static void
revoked_responder(X509 *x)
{
	struct ms_revoked v = { &responder.serial, 1, NOW - 9 * DAY, 1 };
	struct ms_trust *t = truster(&root, MS_REV_HARD);
	X509_CRL *c = NULL;

	if (ms_issue_crl(&root.id, &v, 1, 1, NOW - 8 * DAY, NOW - 7 * DAY, &c,
	    &err) != 0 || ms_trust_add_crl(t, c, &err) != 0)
		abort();
	judge_with(t, x, NOW, MS_UNDECIDED, false, "section 4.2.2.2.1",
	    "the delegate is revoked");
	X509_CRL_free(c);
	ms_trust_free(t);
}

static void
single_answers(void)
{
	struct says s = { .by = &root, .about = &leaf,
		.status = V_OCSP_CERTSTATUS_GOOD, .reason = -1,
		.from = NOW - 60, .until = NOW + DAY };
	X509 *x = leaf.id.cert;

	quiet();
	answers(&s);
	judge(MS_REV_OFF, x, NOW, MS_GOOD, false, "", "off: good");
	is_int(net.asked[MS_FETCH_OCSP], 0, "off: nobody is asked");
	judge(MS_REV_HARD, x, NOW, MS_GOOD, false, "", "good, by the issuer");
	is_int(net.asked[MS_FETCH_OCSP], 1, "asked once");
	is_int(net.until, NOW + DAY, "kept until nextUpdate");
	s.by = &responder;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_GOOD, false, "", "good, delegated");
	revoked_responder(x);
	s.no_cert = true;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "section 4.2.2.3",
	    "the delegate's certificate is not there");
	s.no_cert = false;
	s.by = &second;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "lacks OCSPSigning",
	    "one of the issuer's who may not answer");
	s.by = &stranger;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "section 4.2.2.2",
	    "another authority's responder");
	judge(MS_REV_SOFT, x, NOW, MS_GOOD, false, "section 4.2.2.2",
	    "soft: said in a note");
	s.by = &root;
	s.about = &second;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "another certificate",
	    "about another certificate");
	s.about = &leaf;
	s.md = EVP_sha256();
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "another certificate",
	    "with another CertID than asked for");
	s.md = NULL;
	s.sign = EVP_sha1();
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "signed with SHA1",
	    "signed with SHA-1");
	s.sign = NULL;
	s.critical = true;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "section 4.4",
	    "a critical extension");
	s.critical = false;
	s.status = V_OCSP_CERTSTATUS_UNKNOWN;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "does not know",
	    "unknown to the responder");
	judge(MS_REV_SOFT, x, NOW, MS_GOOD, false, "does not know",
	    "soft: a note");
	s.status = V_OCSP_CERTSTATUS_GOOD;
	s.no_cert = true;
	answers(&s);
	net.ocsp.p[net.ocsp.n - 1] ^= 1;
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "", "last octet off");
	net.ocsp.p[net.ocsp.n - 1] ^= 1;
	ms_buf_addc(&net.ocsp, 0, &err);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "not an OCSP response",
	    "trailing octet");
}

/* Each octet changed: never good, never a crash. */
static void
forged(void)
{
	struct says s = { .by = &responder, .about = &leaf,
		.status = V_OCSP_CERTSTATUS_GOOD, .reason = -1,
		.from = NOW - 60, .until = NOW + DAY };
	struct ms_report r;
	size_t i, good = 0;
	struct ms_trust *t;

	quiet();
	answers(&s);
	for (i = 0; i < net.ocsp.n; i += 3) {
		net.ocsp.p[i] ^= 1;
		t = truster(&root, MS_REV_HARD);
		ms_report_init(&r);
		ms_trust_check(t, leaf.id.cert, NULL, MS_USE_SIGN, NOW, &r,
		    &err);
		ms_report_add(&r, MS_GOOD, "signature", NULL, &err, "right");
		if (ms_report_conclude(&r) == MS_GOOD)
			good++;
		ms_report_clear(&r);
		ms_trust_free(t);
		net.ocsp.p[i] ^= 1;
	}
	ms_err_reset(&err);
	is_int((long long)good, 0, "no octet of an answer can be changed");
}

static void
times(void)
{
	struct says s = { .by = &root, .about = &leaf,
		.status = V_OCSP_CERTSTATUS_GOOD, .reason = -1,
		.from = NOW - 3 * DAY, .until = NOW - DAY };
	struct ms_trust *t;
	X509 *x = leaf.id.cert;

	quiet();
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "was good until",
	    "out of date");
	judge(MS_REV_HARD, x, NOW - 2 * DAY, MS_UNDECIDED, false,
	    "was good until", "an old one sent again for a time in the past");
	s.until = 0;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "was good until",
	    "old without nextUpdate");
	s.from = NOW - 60;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_GOOD, false, "",
	    "new without nextUpdate");
	is_int(net.until, 0, "but is not kept");
	net.asked[MS_FETCH_OCSP] = 0;
	t = truster(&root, MS_REV_HARD);
	judge_with(t, x, NOW, MS_GOOD, false, "", "as of now");
	judge_with(t, x, NOW - DAY, MS_GOOD, false, "", "as of yesterday");
	is_int(net.asked[MS_FETCH_OCSP], 1, "is asked for once");
	net.now += 600;
	judge_with(t, x, NOW, MS_GOOD, false, "", "after a while");
	is_int(net.asked[MS_FETCH_OCSP], 2, "it is asked for again");
	net.now -= 600;
	ms_trust_free(t);
	judge(MS_REV_HARD, x, NOW - 9 * DAY, MS_GOOD, false, "",
	    "good now is good before");
	judge(MS_REV_HARD, x, NOW + 9 * DAY, MS_UNDECIDED, false,
	    "was good until", "not in days to come");
	s.from = NOW + DAY;
	s.until = NOW + 2 * DAY;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "from the future",
	    "from the future");
	/* the certificate expired, then the answer was made */
	net.now = NOW + 40 * DAY;
	s.from = net.now - 60;
	s.until = net.now + DAY;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "section 4.4.4",
	    "who has expired may be forgotten");
	s.cutoff = "20260101000000Z";
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_GOOD, false, "",
	    "unless the responder remembers");
	s.by = &responder;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_UNDECIDED, false, "responder: ",
	    "the responder has expired");
}

static void
revoked(void)
{
	struct says s = { .by = &root, .about = &leaf,
		.status = V_OCSP_CERTSTATUS_REVOKED, .reason = 1,
		.revoked = NOW - 2 * DAY, .from = NOW - 60,
		.until = NOW + DAY };
	X509 *x = leaf.id.cert;

	quiet();
	answers(&s);
	judge(MS_REV_SOFT, x, NOW, MS_BAD, false, "was revoked 2027-01-13",
	    "revoked, also when soft");
	judge(MS_REV_HARD, x, NOW - 3 * DAY, MS_GOOD, false, "",
	    "good before that");
	judge(MS_REV_OFF, x, NOW, MS_GOOD, false, "", "not asked when off");
	s.invalid = "20270101000000Z";
	answers(&s);
	judge(MS_REV_HARD, x, NOW - 3 * DAY, MS_BAD, false,
	    "revoked 2027-01-01", "unless its key was stolen earlier");
	s.until = NOW - DAY;
	s.from = NOW - 2 * DAY;
	answers(&s);
	judge(MS_REV_HARD, x, NOW, MS_BAD, false, "was revoked",
	    "revoking is final: an old answer will do");
}

static void
distribution_points(void)
{
	struct says s = { .by = &root, .about = &both,
		.status = V_OCSP_CERTSTATUS_GOOD, .reason = -1,
		.from = NOW - 60, .until = NOW + DAY };
	struct ms_trust *t;

	quiet();
	lists(&root, NULL, NOW - DAY, NOW + DAY);
	t = truster(&root, MS_REV_HARD);
	judge_with(t, second.id.cert, NOW, MS_GOOD, false, "", "a list");
	judge_with(t, second.id.cert, NOW, MS_GOOD, false, "", "again");
	judge_with(t, both.id.cert, NOW, MS_GOOD, false, "", "another one");
	judge_with(t, leaf.id.cert, NOW, MS_GOOD, false, "",
	    "one that names no list, but an issuer who has one");
	is_int(net.asked[MS_FETCH_CRL], 1, "the list was fetched once");
	is_int(net.asked[MS_FETCH_OCSP], 0, "and nothing else");
	is_int(net.until, NOW + DAY, "kept until nextUpdate");
	ms_trust_free(t);
	lists(&root, &second, NOW - DAY, NOW + DAY);
	judge(MS_REV_SOFT, second.id.cert, NOW, MS_BAD, false, "was revoked",
	    "a list has it");
	judge(MS_REV_SOFT, both.id.cert, NOW, MS_GOOD, false, "",
	    "it has not the other, whose responder is away");
	answers(&s);
	s.status = V_OCSP_CERTSTATUS_REVOKED;
	s.revoked = NOW - DAY;
	answers(&s);
	judge(MS_REV_SOFT, both.id.cert, NOW, MS_BAD, false, "was revoked",
	    "the responder is asked before the list");
	lists(&other, NULL, NOW - DAY, NOW + DAY);
	judge(MS_REV_HARD, second.id.cert, NOW, MS_UNDECIDED, false,
	    "not signed by who may", "another's list");
	lists(&root, NULL, NOW - 2 * DAY, NOW - DAY);
	net.asked[MS_FETCH_CRL] = 0;
	t = truster(&root, MS_REV_HARD);
	judge_with(t, second.id.cert, NOW, MS_UNDECIDED, false, "out of date",
	    "an old list");
	judge_with(t, second.id.cert, NOW, MS_UNDECIDED, false, "out of date",
	    "again");
	is_int(net.asked[MS_FETCH_CRL], 1, "is not asked for at once again");
	lists(&root, NULL, NOW - DAY, NOW + DAY);
	net.now += 600;
	judge_with(t, second.id.cert, NOW, MS_GOOD, false, "", "but later");
	ms_trust_free(t);
	ms_buf_reset(&net.crl);
	ms_buf_adds(&net.crl, "<html>", &err);
	judge(MS_REV_HARD, second.id.cert, NOW, MS_UNDECIDED, false,
	    "not a certificate revocation list", "no list at all");
}

static void
away(void)
{
	struct ms_trust *t;
	int i;

	quiet();
	net.fails = MS_TEMPFAIL;
	judge(MS_REV_HARD, both.id.cert, NOW, MS_UNDECIDED, true,
	    OCSP_URL ": nobody there", "away, hard: later");
	judge(MS_REV_SOFT, both.id.cert, NOW, MS_GOOD, false,
	    OCSP_URL ": nobody there", "away, soft: a note");
	net.fails = MS_NOPERM;
	judge(MS_REV_HARD, second.id.cert, NOW, MS_UNDECIDED, false,
	    CRL_URL ": nobody there", "not allowed: no use to try later");
	quiet();
	t = truster(&other, MS_REV_HARD);
	judge_with(t, both.id.cert, NOW, MS_UNDECIDED, false,
	    "no path to a trust anchor", "no anchor");
	is_int(net.asked[MS_FETCH_OCSP] + net.asked[MS_FETCH_CRL], 0,
	    "nobody is asked then");
	ms_trust_free(t);
	/* what was kept and is damaged */
	lists(&root, NULL, NOW - DAY, NOW + DAY);
	ms_buf_adds(&net.kept, "damaged", &err);
	net.serve_kept = true;
	judge(MS_REV_HARD, second.id.cert, NOW, MS_GOOD, false, "",
	    "what was kept is damaged: fetched anew");
	is_int(net.asked[MS_FETCH_CRL], 2, "asked twice");
	net.fails = MS_TEMPFAIL;
	judge(MS_REV_HARD, second.id.cert, NOW, MS_GOOD, false, "",
	    "what was kept is right: nobody need be there");
	/* many single answers, then a list */
	quiet();
	lists(&root, NULL, NOW - DAY, NOW + DAY);
	t = truster(&root, MS_REV_HARD);
	ms_buf_reset(&net.crl);
	for (i = 0; i < 8; i++)
		judge_with(t, both.id.cert, NOW, MS_UNDECIDED, true, "404",
		    "neither list nor answer");
	lists(&root, NULL, NOW - DAY, NOW + DAY);
	judge_with(t, both.id.cert, NOW, MS_GOOD, false, "", "now a list");
	is_int(net.asked[MS_FETCH_OCSP], 8, "asked for before an answer");
	ms_trust_free(t);
}

static void
issuers(void)
{
	static const struct tc_ext names[] = {
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_info_access, "caIssuers;URI:" AIA_URL },
		{ 0, NULL }
	};
	struct made top = { .id = { .key = tc_key("p256") } };
	struct made sub = { .id = { .key = tc_key("p256") } };
	struct made end = { .id = { .key = tc_key("p256") } };
	struct ms_trust *t;

	top.id.cert = tc_cert("Top", top.id.key, NULL, NULL, 1, NOW - DAY,
	    NOW + DAY, tc_ca);
	sub.id.cert = tc_cert("Sub", sub.id.key, top.id.cert, top.id.key, 2,
	    NOW - DAY, NOW + DAY, tc_ca);
	end.id.cert = tc_cert("End", end.id.key, sub.id.cert, sub.id.key, 3,
	    NOW - DAY, NOW + DAY, names);
	quiet();
	ms_cert_der(sub.id.cert, &net.issuer, &err);
	t = truster(&top, MS_REV_OFF);
	judge_with(t, end.id.cert, NOW, MS_UNDECIDED, false, "no path to",
	    "an issuer is not there");
	is_int(net.asked[MS_FETCH_ISSUER], 0, "and not fetched");
	ms_trust_set_fetch_issuers(t, true);
	judge_with(t, end.id.cert, NOW, MS_GOOD, false, "", "fetched");
	judge_with(t, end.id.cert, NOW, MS_GOOD, false, "", "still there");
	is_int(net.asked[MS_FETCH_ISSUER], 1, "fetched once");
	ms_trust_free(t);
	ms_buf_reset(&net.issuer);
	ms_cert_der(top.id.cert, &net.issuer, &err);
	t = truster(&top, MS_REV_OFF);
	ms_trust_set_fetch_issuers(t, true);
	judge_with(t, end.id.cert, NOW, MS_UNDECIDED, false,
	    "the issuer is not in it", "another certificate is no use");
	net.fails = MS_TEMPFAIL;
	judge_with(t, end.id.cert, NOW, MS_UNDECIDED, true,
	    "nobody there", "nobody there: later");
	ms_trust_free(t);
	made_clear(&top);
	made_clear(&sub);
	made_clear(&end);
}

/* The certificate names nobody, its issuer does. */
static void
issuer_is_asked_about(void)
{
	static const struct tc_ext sub_ext[] = {
		{ NID_basic_constraints, "critical,CA:TRUE" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" },
		{ NID_info_access, "OCSP;URI:" OCSP_URL },
		{ 0, NULL }
	};
	struct made top = { .id = { .key = tc_key("p256") } };
	struct made sub = { .id = { .key = tc_key("p256") } };
	struct made end = { .id = { .key = tc_key("p256") } };
	struct says s = { .by = &top, .about = &sub, .issuer = &top,
		.status = V_OCSP_CERTSTATUS_GOOD, .reason = -1,
		.from = NOW - 60, .until = NOW + DAY };
	struct ms_trust *t;
	X509_CRL *c = NULL;

	top.id.cert = tc_cert("Top", top.id.key, NULL, NULL, 1, NOW - DAY,
	    NOW + DAY, tc_ca);
	sub.id.cert = tc_cert("Sub", sub.id.key, top.id.cert, top.id.key, 2,
	    NOW - DAY, NOW + DAY, sub_ext);
	end.id.cert = tc_cert("End", end.id.key, sub.id.cert, sub.id.key, 3,
	    NOW - DAY, NOW + DAY, tc_signer);
	quiet();
	answers(&s);
	t = truster(&top, MS_REV_HARD);
	sk_X509_push(extra, sub.id.cert);
	judge_with(t, end.id.cert, NOW, MS_UNDECIDED, false,
	    "certificate: no revocation list covers it",
	    "of the certificate nothing is known");
	if (ms_issue_crl(&sub.id, NULL, 0, 1, NOW - DAY, NOW + DAY, &c,
	    &err) != 0 || ms_trust_add_crl(t, c, &err) != 0)
		abort();
	X509_CRL_free(c);
	judge_with(t, end.id.cert, NOW, MS_GOOD, false, "",
	    "a list covers it, an answer its issuer");
	judge_with(t, end.id.cert, NOW, MS_GOOD, false, "", "again");
	is_int(net.asked[MS_FETCH_OCSP], 1, "its issuer is asked about once");
	ms_trust_free(t);
	s.status = V_OCSP_CERTSTATUS_REVOKED;
	s.revoked = NOW - DAY;
	answers(&s);
	t = truster(&top, MS_REV_SOFT);
	judge_with(t, end.id.cert, NOW, MS_BAD, false,
	    "issuing certificate 'CN=Sub,O=Test' was revoked",
	    "the issuer was revoked");
	judge_with(t, end.id.cert, NOW, MS_BAD, false, "was revoked", "again");
	ms_trust_free(t);
	sk_X509_zero(extra);
	made_clear(&top);
	made_clear(&sub);
	made_clear(&end);
}

int
main(void)
{
	extra = sk_X509_new_null();
	make(&root, MS_PROFILE_ROOT, "Root", NULL, NULL, 365);
	make(&other, MS_PROFILE_ROOT, "Other", NULL, NULL, 365);
	issue(&responder, MS_PROFILE_OCSP, &root, NULL, NULL, NULL);
	issue(&stranger, MS_PROFILE_OCSP, &other, NULL, NULL, NULL);
	issue(&leaf, MS_PROFILE_SIGN, &root, OCSP_URL, NULL, NULL);
	issue(&second, MS_PROFILE_SIGN, &root, NULL, CRL_URL, NULL);
	issue(&both, MS_PROFILE_SIGN, &root, OCSP_URL, CRL_URL, NULL);
	single_answers();
	forged();
	times();
	revoked();
	distribution_points();
	away();
	issuers();
	issuer_is_asked_about();
	quiet();
	sk_X509_free(extra);
	ms_buf_clear(&net.ocsp);
	ms_buf_clear(&net.crl);
	ms_buf_clear(&net.issuer);
	ms_buf_clear(&net.kept);
	made_clear(&root);
	made_clear(&other);
	made_clear(&responder);
	made_clear(&stranger);
	made_clear(&leaf);
	made_clear(&second);
	made_clear(&both);
	return tap_done();
}
