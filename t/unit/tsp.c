/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3161: requests, responses, tokens, authority; OpenSSL as the other. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <stdio.h>

#include "tap.h"
#include "testcert.h"
#include "tsp/tsp.h"

#define NOW ((time_t)1700000000)
#define YEAR ((time_t)365 * 86400)
#define POLICY "1.2.3.4.1"

static struct ms_key *ca_key;
static X509 *ca;
static struct ms_ident tsa, tsa_rsa;
static const unsigned char imprint[32] = { 1, 2, 3, 4 };
static const struct ms_span over = { imprint, sizeof(imprint) };

static void
make_ident(struct ms_ident *id, const char *type, const char *cn, long serial)
{
	id->key = tc_key(type);
	id->cert = tc_cert(cn, id->key, ca, ca_key, serial, NOW - YEAR,
	    NOW + YEAR, tc_tsa);
	id->chain = NULL;
	id->name = NULL;
}

static void
free_ident(struct ms_ident *id)
{
	X509_free(id->cert);
	ms_key_free(id->key);
}

static int clock_rc;
static time_t clock_now = NOW;
static unsigned clock_micros = 123456;

static int
test_clock(void *arg, time_t *t, unsigned *micros, struct ms_err *err)
{
	if (clock_rc)
		return ms_fail(err, clock_rc, "the clock is not synchronised");
	*t = clock_now;
	*micros = clock_micros;
	return 0;
}

static struct ms_tsa *
make_tsa(const struct ms_ident *id, unsigned accuracy_ms)
{
	static const char *const policies[] = { POLICY, "1.2.3.4.2" };
	struct ms_tsa_conf c = { id, policies, 2, accuracy_ms, false,
		test_clock, NULL, NULL, 0 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_tsa *t = NULL;

	if (ms_tsa_new(&c, &t, &err) < 0)
		tc_die(err.text);
	return t;
}

static struct ms_trust *
trust_ca(void)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_trust *t = ms_trust_new(&err);

	if (!t || ms_trust_add_cert(t, ca, &err) < 0)
		tc_die(err.text);
	return t;
}

/* ---- requests ---- */

static void
requests(void)
{
	struct ms_buf der = MS_BUF_INIT(4096);
	struct ms_err err = MS_ERR_INIT;
	const unsigned char *p;
	struct ms_tsq q, back;
	TS_REQ *req;
	int bit;

	ok(ms_tsq_make(&q, MS_OID_sha256, over, &err) == 0, "a request");
	ok(q.cert_req && q.nnonce == 8,
	    "it asks for certificates, has a nonce");
	ms_tsq_write(&q, &der, &err);
	p = der.p;
	req = d2i_TS_REQ(NULL, &p, (long)der.n);
	ok(req && TS_REQ_get_version(req) == 1 &&
	    TS_REQ_get_cert_req(req) && TS_REQ_get_nonce(req),
	    "OpenSSL reads it");
	TS_REQ_free(req);
	ok(ms_tsq_parse(ms_buf_span(&der), &back, &bit, &err) == 0 &&
	    back.md == MS_OID_sha256 && back.nimprint == 32 &&
	    memcmp(back.imprint, imprint, 32) == 0 && back.nnonce == 8 &&
	    memcmp(back.nonce, q.nonce, 8) == 0 && back.cert_req,
	    "we read it");
	ms_tsq_clear(&back);
	fails(ms_tsq_make(&back, MS_OID_sha1, over, &err), &err, MS_USAGE,
	    "SHA-256", "not over SHA-1");
	ms_tsq_clear(&back);
	ms_tsq_clear(&q);
	ms_buf_clear(&der);
}

/* A request written by hand: what is changed comes from the arguments. */
struct odd {
	const char *what;
	unsigned version;
	enum ms_oid md;
	size_t nimprint;
	const char *policy;	/* dotted, or NULL */
	const char *nonce;	/* octets, or NULL */
	size_t nnonce;
	int cert_req;		/* octet, -1: absent */
	bool extension, trailing;
	int bit;		/* that refuses it */
	const char *words;	/* of the message of parsing, or NULL */
};

static void
odd_request(const struct odd *o, struct ms_buf *der)
{
	unsigned char flag = (unsigned char)o->cert_req, h[64] = { 7 };
	struct ms_buf oid = MS_BUF_INIT(128);
	struct ms_der d;

	ms_buf_reset(der);
	ms_der_init(&d, der);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, o->version);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, o->md);
	ms_der_end(&d);
	ms_der_prim(&d, MS_OCTETSTRING, h, o->nimprint);
	ms_der_end(&d);
	if (o->policy) {
		ms_oid_parse(o->policy, &oid, NULL);
		ms_der_prim(&d, MS_OBJECT, oid.p, oid.n);
	}
	if (o->nonce)
		ms_der_prim(&d, MS_INTEGER, o->nonce, o->nnonce);
	if (o->cert_req >= 0)
		ms_der_prim(&d, MS_BOOLEAN, &flag, 1);
	if (o->extension)
		ms_der_prim(&d, MS_CTXC(0), "\x30\x07\x06\x02\x2a\x03\x04\x01"
		    "\x00", 9);
	ms_der_end(&d);
	if (o->trailing)
		ms_der_null(&d);
	ms_buf_clear(&oid);
}

static const struct odd odds[] = {
	{ "version 2", 2, MS_OID_sha256, 32, NULL, NULL, 0, 0xff, false, false,
	    MS_TSP_badRequest, "version is 2" },
	{ "SHA-1", 1, MS_OID_sha1, 20, NULL, NULL, 0, 0xff, false, false,
	    MS_TSP_badAlg, "hash algorithm" },
	{ "MD5", 1, MS_OID_md5, 16, NULL, NULL, 0, 0xff, false, false,
	    MS_TSP_badAlg, "hash algorithm" },
	{ "imprint too short", 1, MS_OID_sha256, 31, NULL, NULL, 0, 0xff,
	    false, false, MS_TSP_badDataFormat, "31 octets" },
	{ "imprint of another hash", 1, MS_OID_sha384, 32, NULL, NULL, 0, 0xff,
	    false, false, MS_TSP_badDataFormat, "32 octets" },
	{ "nonce not minimal", 1, MS_OID_sha256, 32, NULL, "\0\1", 2, 0xff,
	    false, false, MS_TSP_badDataFormat, "nonce is not minimal" },
	{ "nonce of 65 octets", 1, MS_OID_sha256, 32, NULL,
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "4", 65, 0xff, false, false, MS_TSP_badDataFormat, "65 octets" },
	{ "certReq FALSE written out", 1, MS_OID_sha256, 32, NULL, NULL, 0, 0,
	    false, false, MS_TSP_badDataFormat, "certReq" },
	{ "trailing bytes", 1, MS_OID_sha256, 32, NULL, NULL, 0, 0xff, false,
	    true, MS_TSP_badDataFormat, "trailing" },
	{ "an extension", 1, MS_OID_sha256, 32, NULL, NULL, 0, 0xff, true,
	    false, MS_TSP_unacceptedExtension, NULL },
	{ "another policy", 1, MS_OID_sha256, 32, "1.2.3.9", NULL, 0, 0xff,
	    false, false, MS_TSP_unacceptedPolicy, NULL },
};

/* What OpenSSL finds in a rejection: status 2 and this bit alone. */
static int
rejected_with(const struct ms_buf *resp, int bit)
{
	const unsigned char *p = resp->p;
	TS_RESP *r = d2i_TS_RESP(NULL, &p, (long)resp->n);
	TS_STATUS_INFO *si = r ? TS_RESP_get_status_info(r) : NULL;
	const ASN1_BIT_STRING *f;
	int i, good = 0;

	if (si && ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(si)) == 2 &&
	    !TS_RESP_get_token(r) && p == resp->p + resp->n) {
		f = TS_STATUS_INFO_get0_failure_info(si);
		good = f != NULL;
		for (i = 0; f && i < 32; i++)
			if (ASN1_BIT_STRING_get_bit(f, i) != (i == bit))
				good = 0;
	}
	TS_RESP_free(r);
	return good;
}

static void
rejections(void)
{
	struct ms_buf der = MS_BUF_INIT(4096), resp = MS_BUF_INIT(1 << 16);
	struct ms_buf token = MS_BUF_INIT(1 << 16);
	struct ms_tsa *t = make_tsa(&tsa, 1000);
	struct ms_err err = MS_ERR_INIT;
	struct ms_tsq q;
	size_t i;
	int bit;

	for (i = 0; i < sizeof(odds) / sizeof(odds[0]); i++) {
		odd_request(&odds[i], &der);
		if (odds[i].words)
			fails(ms_tsq_parse(ms_buf_span(&der), &q, &bit, &err),
			    &err, MS_DATA, odds[i].words, odds[i].what);
		ms_buf_reset(&resp);
		ms_tsa_answer(t, ms_buf_span(&der), &resp, &bit, &err);
		is_int(bit, odds[i].bit, odds[i].what);
		ok(rejected_with(&resp, odds[i].bit), "%s: as OpenSSL reads it",
		    odds[i].what);
	}
	ms_tsq_make(&q, MS_OID_sha256, over, &err);
	ms_buf_reset(&der);
	ms_tsq_write(&q, &der, &err);
	for (i = 0; i < der.n; i++) {
		ms_buf_reset(&resp);
		ms_tsa_answer(t, (struct ms_span){ der.p, i }, &resp, &bit,
		    &err);
		if (bit != MS_TSP_badDataFormat)
			break;
	}
	is_int((long long)i, (long long)der.n, "every truncation is refused");
	clock_rc = MS_TEMPFAIL;
	ms_buf_reset(&resp);
	ms_tsa_answer(t, ms_buf_span(&der), &resp, &bit, &err);
	ok(rejected_with(&resp, MS_TSP_timeNotAvailable), "no clock, no time");
	fails(ms_tsr_check(ms_buf_span(&resp), &q, NULL, NOW, &token, &err),
	    &err, MS_NO, "rejection, timeNotAvailable: the clock is not "
	    "synchronised", "the client names the failure");
	clock_rc = MS_OS;
	ms_buf_reset(&resp);
	ms_tsa_answer(t, ms_buf_span(&der), &resp, &bit, &err);
	ok(rejected_with(&resp, MS_TSP_systemFailure), "a broken clock");
	clock_rc = 0;
	clock_now = NOW + YEAR + 1;
	ms_buf_reset(&resp);
	ms_tsa_answer(t, ms_buf_span(&der), &resp, &bit, &err);
	ok(rejected_with(&resp, MS_TSP_timeNotAvailable),
	    "not with an expired certificate");
	clock_now = NOW - YEAR - 1;
	ms_buf_reset(&resp);
	ms_tsa_answer(t, ms_buf_span(&der), &resp, &bit, &err);
	ok(rejected_with(&resp, MS_TSP_timeNotAvailable),
	    "not before it is valid");
	clock_now = NOW;
	is_str(ms_tsp_failure_name(99), "unknown failure", "unknown bit");
	ms_tsq_clear(&q);
	ms_tsa_free(t);
	ms_buf_clear(&der);
	ms_buf_clear(&resp);
	ms_buf_clear(&token);
}

/* ---- our authority, OpenSSL as the client ---- */

static int
openssl_accepts(const struct ms_buf *req, const struct ms_buf *resp)
{
	const unsigned char *p = req->p;
	TS_REQ *q = d2i_TS_REQ(NULL, &p, (long)req->n);
	TS_VERIFY_CTX *ctx = TS_REQ_to_TS_VERIFY_CTX(q, NULL);
	X509_STORE *st = X509_STORE_new();
	TS_RESP *r;
	int rc;

	p = resp->p;
	r = d2i_TS_RESP(NULL, &p, (long)resp->n);
	X509_STORE_add_cert(st, ca);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(st), NOW);
	TS_VERIFY_CTX_add_flags(ctx, TS_VFY_SIGNATURE);
	TS_VERIFY_CTX_set_store(ctx, st);
	rc = r && p == resp->p + resp->n &&
	    TS_RESP_verify_response(ctx, r) == 1;
	if (!rc)
		ERR_print_errors_fp(stdout);
	TS_RESP_free(r);
	TS_REQ_free(q);
	TS_VERIFY_CTX_free(ctx);
	return rc;
}

static void
grants(const struct ms_ident *id, const char *name)
{
	struct ms_buf der = MS_BUF_INIT(4096), resp = MS_BUF_INIT(1 << 16);
	struct ms_buf token = MS_BUF_INIT(1 << 16);
	struct ms_tsa *t = make_tsa(id, 1000);
	struct ms_trust *trust = trust_ca();
	struct ms_err err = MS_ERR_INIT;
	struct ms_tstinfo ti;
	struct ms_report r;
	struct ms_tsq q;
	size_t with;
	int bit, i;

	ms_tsq_make(&q, MS_OID_sha256, over, &err);
	ms_tsq_write(&q, &der, &err);
	for (i = 0; i < 2; i++) {
		ms_buf_reset(&resp);
		ok(ms_tsa_answer(t, ms_buf_span(&der), &resp, &bit,
			&err) == 0 && bit == -1, "%s grants", name);
		ok(openssl_accepts(&der, &resp), "OpenSSL accepts %s", name);
	}
	if (!ok(ms_tsr_check(ms_buf_span(&resp), &q, trust, NOW, &token,
		&err) == 0, "we accept %s", name))
		printf("# %s\n", err.text);
	with = resp.n;
	ms_report_init(&r);
	ms_token_check(ms_buf_span(&token), MS_OID_sha256, over, trust, NOW,
	    false, &ti, &r, &err);
	is_int(ms_report_conclude(&r), MS_GOOD, "the token is good");
	ok(ti.time == NOW && ti.micros == 0 && ti.has_accuracy &&
	    ti.accuracy_s == 1 && ti.accuracy_ms == 0 && !ti.ordering &&
	    ti.nserial == 16 && ti.serial[0] > 0 && ti.serial[0] < 0x80,
	    "time, accuracy and serial number");
	ms_report_clear(&r);
	ms_tstinfo_clear(&ti);
	ms_tsq_clear(&q);

	/* without certificates, another policy, no nonce */
	odd_request(&(struct odd){ "", 1, MS_OID_sha512, 64, "1.2.3.4.2", NULL,
	    0, -1, false, false, 0, NULL }, &der);
	ms_buf_reset(&resp);
	ms_buf_reset(&token);
	ms_tsa_answer(t, ms_buf_span(&der), &resp, &bit, &err);
	ok(bit == -1 && resp.n + 300 < with, "certificates only when asked");
	ms_tsq_parse(ms_buf_span(&der), &q, &bit, &err);
	ok(ms_tsr_check(ms_buf_span(&resp), &q, NULL, NOW, &token, &err) == 0,
	    "taken as asked for");
	ms_tsq_clear(&q);
	ms_tsa_free(t);
	ms_trust_free(trust);
	ms_buf_clear(&der);
	ms_buf_clear(&resp);
	ms_buf_clear(&token);
}

static void
serials(void)
{
	struct ms_buf der = MS_BUF_INIT(4096), resp = MS_BUF_INIT(1 << 16);
	struct ms_buf token = MS_BUF_INIT(1 << 16);
	struct ms_tsa *t = make_tsa(&tsa, 100);
	struct ms_err err = MS_ERR_INIT;
	unsigned char last[32] = { 0 };
	struct ms_tstinfo ti;
	struct ms_report r;
	struct ms_tsq q;
	int i, bit, grow = 0;

	ms_tsq_make(&q, MS_OID_sha256, over, &err);
	ms_tsq_write(&q, &der, &err);
	for (i = 0; i < 8; i++) {
		/* standing still, then stepping back */
		clock_now = i < 4 ? NOW : NOW - 3600;
		ms_buf_reset(&resp);
		ms_buf_reset(&token);
		ms_tsa_answer(t, ms_buf_span(&der), &resp, &bit, &err);
		ms_tsr_token(ms_buf_span(&resp), &token, &err);
		ms_report_init(&r);
		ms_token_check(ms_buf_span(&token), MS_OID_sha256, over, NULL,
		    NOW, false, &ti, &r, &err);
		if (memcmp(ti.serial, last, 16) > 0)
			grow++;
		memcpy(last, ti.serial, 16);
		if (i == 0) {
			is_int(ti.micros, 123000, "no finer than accurate");
			is_int(ti.accuracy_ms, 100, "accuracy in milliseconds");
		}
		ms_report_clear(&r);
		ms_tstinfo_clear(&ti);
	}
	is_int(grow, 8, "serial numbers grow whatever the clock does");
	clock_now = NOW;
	ms_tsq_clear(&q);
	ms_tsa_free(t);
	ms_buf_clear(&der);
	ms_buf_clear(&resp);
	ms_buf_clear(&token);
}

/* What one process asks and another issues. */
static void
two_halves(void)
{
	static const char *const policies[] = { POLICY };
	static const enum ms_oid hashes[] = { MS_OID_sha512 };
	struct ms_tsa *t = make_tsa(&tsa, 1000);
	struct ms_buf req = MS_BUF_INIT(4096), resp = MS_BUF_INIT(1 << 16);
	struct ms_err err = MS_ERR_INIT;
	struct ms_tsa_rules *rules = NULL;
	struct ms_tsa_issued is;
	struct ms_tsa_ask ask;
	struct ms_tsq q;
	int bit = 0;

	ms_tsq_make(&q, MS_OID_sha256, over, &err);
	ms_tsq_write(&q, &req, &err);
	ms_tsa_rules_new(policies, 1, hashes, 1, &rules, &err);
	ok(ms_tsa_screen(rules, ms_buf_span(&req), &ask, &resp, &bit,
	    &err) == 0 && bit == MS_TSP_badAlg && resp.n > 0,
	    "a hash that is not on the list is rejected");
	ms_tsa_rules_free(rules);
	ms_buf_reset(&resp);
	ms_tsa_rules_new(policies, 1, NULL, 0, &rules, &err);
	ok(ms_tsa_screen(rules, ms_buf_span(&req), &ask, &resp, &bit,
	    &err) == 0 && bit == -1 && resp.n == 0, "a request screened");
	ok(ms_tsa_issue(t, &ask, &resp, &is, &bit, &err) == 0 && bit == -1 &&
	    is.time == NOW && is.token + is.ntoken == resp.n &&
	    resp.p[is.token] == 0x30, "and issued");
	ask.nimprint = 33;
	fails(ms_tsa_issue(t, &ask, &resp, &is, &bit, &err), &err, MS_BUG,
	    "out of bounds", "an imprint of another length is not signed");
	ask.nimprint = 32;
	ask.policy = 99;
	fails(ms_tsa_issue(t, &ask, &resp, &is, &bit, &err), &err, MS_BUG,
	    "out of bounds", "nor a policy that does not exist");
	ask.policy = 0;
	ask.nnonce = 65;
	fails(ms_tsa_issue(t, &ask, &resp, &is, &bit, &err), &err, MS_BUG,
	    "out of bounds", "nor a nonce beyond its field");
	ms_tsa_rules_free(rules);
	ms_tsq_clear(&q);
	ms_tsa_free(t);
	ms_buf_clear(&req);
	ms_buf_clear(&resp);
}

static void
no_authority(void)
{
	static const char *const policies[] = { "1.2.x" };
	struct ms_tsa_conf c = { &tsa, policies, 1, 0, false, test_clock,
		NULL, NULL, 0 };
	struct ms_ident plain;
	struct ms_err err = MS_ERR_INIT;
	struct ms_tsa *t = NULL;

	ok(ms_tsa_new(&c, &t, &err) == -1, "policy that is no OID");
	ms_err_reset(&err);
	c.npolicies = 0;
	fails(ms_tsa_new(&c, &t, &err), &err, MS_CONFIG, "policies",
	    "no policy");
	plain.key = tc_key("p256");
	plain.chain = NULL;
	plain.cert = tc_cert("No TSA", plain.key, ca, ca_key, 9, NOW - YEAR,
	    NOW + YEAR, tc_signer);
	c.id = &plain;
	c.policies = (const char *const[]){ POLICY };
	c.npolicies = 1;
	fails(ms_tsa_new(&c, &t, &err), &err, MS_CONFIG, "cannot timestamp",
	    "a certificate for mail does not timestamp");
	free_ident(&plain);
}

/* ---- OpenSSL's authority, we as the client ---- */

static ASN1_INTEGER *
next_serial(TS_RESP_CTX *ctx, void *data)
{
	ASN1_INTEGER *i = ASN1_INTEGER_new();

	ASN1_INTEGER_set(i, 42);
	return i;
}

static int
next_time(TS_RESP_CTX *ctx, void *data, long *sec, long *usec)
{
	*sec = (long)NOW;
	*usec = 0;
	return 1;
}

static void
openssl_answers(const struct ms_ident *id, const EVP_MD *ess,
    const struct ms_buf *req, struct ms_buf *to)
{
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	ASN1_OBJECT *policy = OBJ_txt2obj(POLICY, 1);
	BIO *in = BIO_new_mem_buf(req->p, (int)req->n);
	unsigned char *der = NULL;
	TS_RESP *r;
	int n;

	TS_RESP_CTX_set_signer_cert(ctx, id->cert);
	TS_RESP_CTX_set_signer_key(ctx, ms_key_get0_soft(id->key));
	TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256());
	TS_RESP_CTX_set_ess_cert_id_digest(ctx, ess);
	TS_RESP_CTX_set_def_policy(ctx, policy);
	TS_RESP_CTX_add_md(ctx, EVP_sha256());
	TS_RESP_CTX_set_accuracy(ctx, 1, 500, 100);
	TS_RESP_CTX_add_flags(ctx, TS_TSA_NAME | TS_ORDERING);
	TS_RESP_CTX_set_serial_cb(ctx, next_serial, NULL);
	TS_RESP_CTX_set_time_cb(ctx, next_time, NULL);
	r = TS_RESP_create_response(ctx, in);
	n = r ? i2d_TS_RESP(r, &der) : -1;
	if (n < 0)
		tc_die("OpenSSL does not answer");
	ms_buf_reset(to);
	ms_buf_add(to, der, (size_t)n, NULL);
	OPENSSL_free(der);
	TS_RESP_free(r);
	TS_RESP_CTX_free(ctx);
	ASN1_OBJECT_free(policy);
	BIO_free(in);
}

static void
from_openssl(void)
{
	struct ms_buf der = MS_BUF_INIT(4096), resp = MS_BUF_INIT(1 << 16);
	struct ms_buf token = MS_BUF_INIT(1 << 16);
	struct ms_trust *trust = trust_ca();
	struct ms_err err = MS_ERR_INIT;
	struct ms_tsq q, other;
	int i;

	ms_tsq_make(&q, MS_OID_sha256, over, &err);
	ms_tsq_write(&q, &der, &err);
	for (i = 0; i < 4; i++) {
		openssl_answers(i % 2 ? &tsa_rsa : &tsa, i < 2 ? EVP_sha1() :
		    EVP_sha256(), &der, &resp);
		ms_buf_reset(&token);
		if (!ok(ms_tsr_check(ms_buf_span(&resp), &q, trust, NOW,
			&token, &err) == 0, "OpenSSL's %s token, ESSCertID%s",
			i % 2 ? "RSA" : "P-256", i < 2 ? "" : "v2"))
			printf("# %s\n", err.text);
		ms_err_reset(&err);
	}
	other = q;
	other.nonce[3] ^= 1;
	fails(ms_tsr_check(ms_buf_span(&resp), &other, trust, NOW, &token,
		&err), &err, MS_DATA, "nonce", "another nonce");
	other = q;
	other.imprint[3] ^= 1;
	fails(ms_tsr_check(ms_buf_span(&resp), &other, trust, NOW, &token,
		&err), &err, MS_DATA, "messageImprint differs",
	    "another imprint");
	other = q;
	ms_buf_init(&other.policy, 100);
	ms_buf_adds(&other.policy, "\x2a\x03\x09", &err);
	fails(ms_tsr_check(ms_buf_span(&resp), &other, trust, NOW, &token,
		&err), &err, MS_DATA, "policy", "another policy");
	ms_buf_clear(&other.policy);
	fails(ms_tsr_check(ms_buf_span(&resp), &q, trust, NOW - 3600, &token,
		&err), &err, MS_DATA, "after the time", "from the future");
	resp.p[resp.n - 1] ^= 1;
	fails(ms_tsr_check(ms_buf_span(&resp), &q, NULL, NOW, &token, &err),
	    &err, MS_DATA, "signature value is wrong", "signature changed");
	resp.p[resp.n - 1] ^= 1;
	ms_buf_addc(&resp, 0, &err);
	fails(ms_tsr_check(ms_buf_span(&resp), &q, NULL, NOW, &token, &err),
	    &err, MS_DATA, "trailing", "trailing bytes");
	ms_buf_reset(&resp);
	ms_buf_add(&resp, "\x30\x05\x30\x03\x02\x01\x00", 7, &err);
	fails(ms_tsr_check(ms_buf_span(&resp), &q, NULL, NOW, &token, &err),
	    &err, MS_DATA, "no TimeStampToken", "granted nothing");
	ms_tsq_clear(&q);
	ms_trust_free(trust);
	ms_buf_clear(&der);
	ms_buf_clear(&resp);
	ms_buf_clear(&token);
}

/* ---- a TSTInfo by hand ---- */

struct tst {
	const char *what, *words;	/* words: NULL when it is right */
	int millis;			/* of accuracy, -1: none */
	bool extension, critical;
	const char *time;
};

static void
write_tst(const struct tst *o, struct ms_buf *b)
{
	unsigned char ms[2] = { (unsigned char)(o->millis >> 8),
		(unsigned char)o->millis };
	struct ms_der d;

	ms_buf_reset(b);
	ms_der_init(&d, b);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, 1);
	ms_der_prim(&d, MS_OBJECT, "\x2a\x03", 2);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, MS_OID_sha256);
	ms_der_end(&d);
	ms_der_prim(&d, MS_OCTETSTRING, imprint, 32);
	ms_der_end(&d);
	ms_der_uint(&d, 5);
	ms_der_prim(&d, MS_GENTIME, o->time, strlen(o->time));
	if (o->millis >= 0) {
		ms_der_begin(&d, MS_SEQUENCE);
		ms_der_prim(&d, MS_CTX(0), ms, 2);
		ms_der_end(&d);
	}
	if (o->extension) {
		ms_der_begin(&d, MS_CTXC(1));
		ms_der_begin(&d, MS_SEQUENCE);
		ms_der_prim(&d, MS_OBJECT, "\x2a\x03\x04", 3);
		if (o->critical)
			ms_der_bool(&d, true);
		ms_der_prim(&d, MS_OCTETSTRING, "", 0);
		ms_der_end(&d);
		ms_der_end(&d);
	}
	ms_der_end(&d);
}

static void
tstinfos(void)
{
	static const struct tst t[] = {
		{ "as it should be", NULL, 999, true, false,
		    "20231114221320.5Z" },
		{ "a critical extension", "critical extension 1.2.3.4", -1,
		    true, true, "20231114221320Z" },
		{ "accuracy of 1000 ms", "Accuracy.millis", 1000, false, false,
		    "20231114221320Z" },
		{ "time without a zone", "", -1, false, false,
		    "20231114221320" },
	};
	struct ms_buf b = MS_BUF_INIT(4096);
	struct ms_err err = MS_ERR_INIT;
	struct ms_tstinfo ti;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		write_tst(&t[i], &b);
		if (t[i].words) {
			fails(ms_tstinfo_parse(ms_buf_span(&b), &ti, &err),
			    &err, MS_DATA, t[i].words, t[i].what);
			continue;
		}
		ok(ms_tstinfo_parse(ms_buf_span(&b), &ti, &err) == 0 &&
		    ti.time == NOW && ti.micros == 500000 &&
		    ti.accuracy_ms == 999, "%s", t[i].what);
		ms_tstinfo_clear(&ti);
	}
	ms_buf_clear(&b);
}

/* A token that both authorities signed, each rightly. */
static void
two_signers(void)
{
	static const struct tst right = { "", NULL, -1, false, false,
		"20231114221320Z" };
	struct ms_cms_signer s[2] = { { &tsa, MS_OID_UNKNOWN, false },
		{ &tsa_rsa, MS_OID_UNKNOWN, false } };
	struct ms_buf b = MS_BUF_INIT(4096), der = MS_BUF_INIT(1 << 16);
	struct ms_trust *trust = trust_ca();
	struct ms_err err = MS_ERR_INIT;
	struct ms_sign_conf c;
	struct ms_sign *m = NULL;
	struct ms_report r;
	int n;

	write_tst(&right, &b);
	memset(&c, 0, sizeof(c));
	c.signers = s;
	c.content_type = MS_OID_TSTInfo;
	c.signing_time = NOW;
	for (n = 1; n <= 2; n++) {
		c.nsigners = (size_t)n;
		ms_buf_reset(&der);
		if (ms_sign_new(&c, &m, &err) < 0 ||
		    ms_digests_update(ms_sign_digests(m), b.p, b.n, &err) < 0 ||
		    ms_sign_final(m, &err) < 0 ||
		    ms_sign_write_whole(m, ms_buf_span(&b), &der, &err) < 0)
			tc_die(err.text);
		ms_sign_free(m);
		ok(der.n > 30 && memcmp(der.p + 23, "\x02\x01\x03", 3) == 0,
		    "version 3 for another type than id-data");
		ms_report_init(&r);
		ms_token_check(ms_buf_span(&der), MS_OID_sha256, over, trust,
		    NOW, false, NULL, &r, &err);
		is_int(ms_report_conclude(&r), n == 1 ? MS_GOOD : MS_BAD,
		    "one signer, not two");
		ok(ms_report_has(&r, "signers") == (n == 2), "and why");
		ms_report_clear(&r);
	}
	ms_trust_free(trust);
	ms_buf_clear(&b);
	ms_buf_clear(&der);
}

/* ---- tokens and responses of real authorities ---- */

static const struct {
	const char *file;
	enum ms_verdict verdict;
	const char *code;	/* that must be among the findings */
} real[] = {
	{ "TimeStampToken.p7s", MS_GOOD, NULL },
	/* of two other authorities, over something else */
	{ "TimeStampTokenNoRoot.p7s", MS_BAD, "imprint" },
	{ "TimeStampTokenWithSigningCertificateV1.p7s", MS_BAD, "imprint" },
	/* the attribute was put in later: OpenSSL finds it wrong, too */
	{ "TimeStampTokenWithSigningTime.p7s", MS_BAD, "signature" },
	{ "SHA1TimeStampToken.p7s", MS_BAD, NULL },
	{ "Sha1SignedData.p7s", MS_BAD, "content-type" },
	{ "SignedDataWithoutSignedAttributes.p7s", MS_BAD, "content-type" },
	{ "TimeStampTokenInvalidSignedAttributeContentType.p7s", MS_BAD,
	    NULL },
	{ "TimeStampTokenWithAnInvalidAndAValidSignerInfo.p7s", MS_BAD, NULL },
	{ "TimeStampTokenWithInvalidCertificates.p7s", MS_BAD,
	    "signing-cert" },
	{ "TimeStampTokenWithInvalidContentType.p7s", MS_BAD, NULL },
	{ "TimeStampTokenWithInvalidSignature.p7s", MS_BAD, "signature" },
	{ "TimeStampTokenWithInvalidSigningCertificateV1.p7s", MS_BAD, NULL },
	{ "TimeStampTokenWithInvalidSigningCertificateV2.p7s", MS_BAD, NULL },
	{ "TimeStampTokenWithInvalidSigningTime.p7s", MS_BAD, NULL },
	{ "TimeStampTokenWithInvalidTSTInfo.p7s", MS_BAD, "token" },
	{ "TimeStampTokenWithInvalideContentType.p7s", MS_BAD, NULL },
	{ "TimeStampTokenWithMismatchCertHash.p7s", MS_BAD, "signing-cert" },
	{ "TimeStampTokenWithSHA1CertHash.p7s", MS_BAD, NULL },
	{ "TimeStampTokenWithSignedAttributeSHA1.p7s", MS_BAD, NULL },
	{ "TimeStampTokenWithSignerVersion2.p7s", MS_BAD, "attributes" },
	{ "TimeStampTokenWithSigningCertificateV1NoCert.p7s", MS_BAD,
	    "signing-cert" },
	{ "TimeStampTokenWithSigningCertificateV2NoCert.p7s", MS_BAD,
	    "signing-cert" },
	{ "TimeStampTokenWithSigningTimeBeforeExpected.p7s", MS_BAD, NULL },
	{ "TimeStampTokenWithTSTInfoVersion2.p7s", MS_BAD, "token" },
	{ "TimeStampTokenWithUnknownSignerIssuer.p7s", MS_UNDECIDED,
	    "no-certificate" },
	{ "TimeStampTokenWithValidAndInvalidSignerInfos.p7s", MS_BAD, NULL },
	{ "TimeStampTokenWithWrongSigningCertificateV2IssuerChoiceTag.p7s",
	    MS_BAD, "signing-cert" },
	{ "TimeStampTokenWithoutCertificate.p7s", MS_UNDECIDED,
	    "no-certificate" },
	{ "TimeStampTokenWithoutSignedAttributeContentType.p7s", MS_BAD,
	    "attributes" },
	{ "TimeStampTokenWithoutSignedAttributeDigest.p7s", MS_BAD,
	    "attributes" },
	{ "TimeStampTokenWithoutSignedAttributes.p7s", MS_BAD, "token" },
	{ "TimeStampTokenWithoutSigner.p7s", MS_BAD, "signers" },
	{ "TimeStampTokenWithoutSigningCertificate.p7s", MS_BAD,
	    "signing-cert" },
	{ "TimeStampTokenWithoutSigningCertificateV2IssuerSerial.p7s", MS_BAD,
	    NULL },
};

static void
judge_real(size_t i, struct ms_trust *trust, struct ms_span want)
{
	struct ms_buf b = MS_BUF_INIT(1 << 16);
	struct ms_err err = MS_ERR_INIT;
	struct ms_report r;
	char path[200];
	size_t k;

	snprintf(path, sizeof(path), "tsp/%s", real[i].file);
	tc_vector(path, &b);
	ms_report_init(&r);
	if (ms_token_check(ms_buf_span(&b), MS_OID_sha256, want, trust,
		1631836800 + 86400, false, NULL, &r, &err) < 0)
		printf("# %s\n", err.text);
	if (!ok(ms_report_conclude(&r) == real[i].verdict &&
		(!real[i].code || ms_report_has(&r, real[i].code)), "%s",
		real[i].file))
		printf("# %s\n", ms_verdict_str(r.verdict));
	for (k = 0; k < r.n; k++)
		printf("# %s %s: %s\n", ms_verdict_str(r.v[k].verdict),
		    r.v[k].code, r.v[k].text);
	ms_report_clear(&r);
	ms_buf_clear(&b);
}

static void
real_tokens(void)
{
	struct ms_buf b = MS_BUF_INIT(1 << 16), token = MS_BUF_INIT(1 << 16);
	struct ms_err err = MS_ERR_INIT;
	unsigned char h[32];
	struct ms_span want = { h, 32 };
	struct ms_trust *trust;
	X509 *root;
	BIO *bio;
	size_t i;

	if (tc_vector("tsp/GlobalSignRootCA.crt", &b) < 0) {
		ok(1, "# SKIP the tokens of real authorities are not here");
		return;
	}
	bio = BIO_new_mem_buf(b.p, (int)b.n);
	root = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	trust = ms_trust_new(&err);
	ms_trust_add_cert(trust, root, &err);
	EVP_Digest("notation", 8, h, NULL, EVP_sha256(), NULL);
	for (i = 0; i < sizeof(real) / sizeof(real[0]); i++)
		judge_real(i, trust, want);
	ms_buf_reset(&b);
	tc_vector("tsp/granted.tsq", &b);
	ok(ms_tsr_token(ms_buf_span(&b), &token, &err) == 0 && token.n == 6595,
	    "granted.tsq");
	ms_buf_reset(&b);
	tc_vector("tsp/rejection.tsq", &b);
	fails(ms_tsr_token(ms_buf_span(&b), &token, &err), &err, MS_NO,
	    "rejection, badAlg: request contains unknown algorithm",
	    "rejection.tsq");
	ms_buf_reset(&b);
	tc_vector("tsp/malformed.tsq", &b);
	fails(ms_tsr_token(ms_buf_span(&b), &token, &err), &err, MS_DATA, "",
	    "malformed.tsq");
	ms_buf_reset(&b);
	tc_vector("tsp/validResponseWithSigningCertificateV1.tsr", &b);
	ok(ms_tsr_token(ms_buf_span(&b), &token, &err) == 0,
	    "validResponseWithSigningCertificateV1.tsr");
	X509_free(root);
	ms_trust_free(trust);
	ms_buf_clear(&b);
	ms_buf_clear(&token);
}

int
main(void)
{
	ca_key = tc_key("p256");
	ca = tc_cert("TSA Root", ca_key, NULL, NULL, 1, NOW - 2 * YEAR,
	    NOW + 2 * YEAR, tc_ca);
	make_ident(&tsa, "p256", "TSA", 2);
	make_ident(&tsa_rsa, "rsa2048", "TSA RSA", 3);
	requests();
	rejections();
	grants(&tsa, "P-256");
	grants(&tsa_rsa, "RSA");
	serials();
	two_halves();
	no_authority();
	from_openssl();
	tstinfos();
	two_signers();
	real_tokens();
	free_ident(&tsa);
	free_ident(&tsa_rsa);
	X509_free(ca);
	ms_key_free(ca_key);
	return tap_done();
}
