/* SPDX-License-Identifier: Apache-2.0 */
/* SignedData: made and read, against OpenSSL in both directions. */
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>

#include "cms/signed.h"
#include "tap.h"
#include "testcert.h"

#define NOW ((time_t)1700000000)
#define YEAR ((time_t)365 * 86400)

static struct ms_key *ca_key;
static X509 *ca;
static const char text[] = "Notice: 1 <= 2, and that is signed.\r\n";

struct who {
	const char *type;
	bool pss;
	struct ms_ident id;
};

static struct who people[] = {
	{ "rsa2048", false, { NULL, NULL, NULL, NULL } },
	{ "rsa2048", true, { NULL, NULL, NULL, NULL } },
	{ "p256", false, { NULL, NULL, NULL, NULL } },
	{ "p384", false, { NULL, NULL, NULL, NULL } },
	{ "p521", false, { NULL, NULL, NULL, NULL } },
	{ "ed25519", false, { NULL, NULL, NULL, NULL } },
};
#define PEOPLE (sizeof(people) / sizeof(people[0]))
#define P256 2

static void
make_people(void)
{
	size_t i;

	ca_key = tc_key("p256");
	ca = tc_cert("Root", ca_key, NULL, NULL, 1, NOW - YEAR, NOW + 90 * YEAR,
	    tc_ca);
	for (i = 0; i < PEOPLE; i++) {
		people[i].id.key = i == 1 ? ms_key_ref(people[0].id.key) :
		    tc_key(people[i].type);
		people[i].id.cert = tc_cert(people[i].type, people[i].id.key,
		    ca, ca_key, 100 + (long)i, NOW - YEAR, NOW + 90 * YEAR,
		    tc_signer);
		people[i].id.chain = sk_X509_new_null();
		sk_X509_push(people[i].id.chain, ca);
	}
}

static void
free_people(void)
{
	size_t i;

	for (i = 0; i < PEOPLE; i++) {
		sk_X509_free(people[i].id.chain);
		X509_free(people[i].id.cert);
		ms_key_free(people[i].id.key);
	}
	X509_free(ca);
	ms_key_free(ca_key);
}

static void
conf_for(struct ms_sign_conf *c, struct ms_cms_signer *s, const struct who *w)
{
	memset(c, 0, sizeof(*c));
	memset(s, 0, sizeof(*s));
	s->id = &w->id;
	s->pss = w->pss;
	c->signers = s;
	c->nsigners = 1;
	c->content_type = MS_OID_data;
	c->signing_time = NOW;
}

static int
make(const struct ms_sign_conf *c, bool detached, struct ms_buf *der,
    struct ms_err *err)
{
	struct ms_span content = { (const unsigned char *)text,
		sizeof(text) - 1 };
	struct ms_sign *s = NULL;
	int rc = -1;

	if (ms_sign_new(c, &s, err) == 0 &&
	    ms_digests_update(ms_sign_digests(s), content.p, content.n,
		err) == 0 && ms_sign_final(s, err) == 0)
		rc = detached ? ms_sign_write_detached(s, der, err) :
		    ms_sign_write_whole(s, content, der, err);
	ms_sign_free(s);
	return rc;
}

/* Read der and judge signer i into r; the eContent goes to content. */
static int
judge(struct ms_span der, struct ms_span detached, size_t i, bool legacy,
    STACK_OF(X509) *more, struct ms_buf *content, struct ms_report *r,
    struct ms_err *err)
{
	struct ms_src *src = ms_src_mem(der.p, der.n, err), *c;
	struct ms_digests *d = NULL;
	struct ms_signed *sd = NULL;
	enum ms_oid mds[8];
	int rc = -1;
	size_t n;

	if (ms_signed_begin(src, &sd, err) < 0)
		goto out;
	c = ms_signed_content(sd, err);
	if (c && content && ms_src_slurp(c, content, err) < 0)
		goto out;
	if (!c) {
		n = ms_signed_mds(sd, mds, 8);
		d = ms_digests_new(mds, n, err);
		if (!d || ms_digests_update(d, detached.p, detached.n, err) < 0)
			goto out;
		ms_signed_set_digests(sd, d);
	}
	if (ms_signed_finish(sd, err) < 0 ||
	    ms_signed_add_certs(sd, more, err) < 0)
		goto out;
	if (i >= ms_signed_count(sd))
		rc = ms_report_add(r, MS_NONE, "none", NULL, err, "unsigned");
	else
		rc = ms_signer_check(sd, i, legacy, r, err);
out:
	ms_signed_free(sd);
	ms_digests_free(d);
	ms_src_free(src);
	return rc;
}

/* The verdict, as a word; "error" with the message shown when it cannot be
 * read. */
static const char *
verdict_of(struct ms_span der, bool legacy, STACK_OF(X509) *more,
    char code[64])
{
	struct ms_span t = { (const unsigned char *)text, sizeof(text) - 1 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_report r;
	const char *word;
	size_t i;

	ms_report_init(&r);
	code[0] = 0;
	if (judge(der, t, 0, legacy, more, NULL, &r, &err) < 0) {
		printf("# %s\n", err.text);
		word = "error";
	} else {
		word = ms_verdict_str(ms_report_conclude(&r));
		for (i = 0; i < r.n; i++) {
			if (r.v[i].verdict == MS_NOTE ||
			    r.v[i].verdict == MS_GOOD)
				continue;
			if (!code[0])
				snprintf(code, 64, "%s", r.v[i].code);
			printf("# %s: %s (%s)\n", r.v[i].code, r.v[i].text,
			    r.v[i].clause ? r.v[i].clause : "-");
		}
	}
	ms_report_clear(&r);
	return word;
}

static void
judged(struct ms_span der, const char *want, const char *want_code,
    const char *what)
{
	char code[64];
	const char *word = verdict_of(der, false, NULL, code);

	if (!ok(ms_streq(word, want) && (!want_code ||
		ms_streq(code, want_code)), "%s", what))
		printf("# got %s %s, wanted %s %s\n", word, code, want,
		    want_code ? want_code : "");
}

static int
openssl_verifies(struct ms_span der, bool detached)
{
	const unsigned char *q = der.p;
	BIO *data = BIO_new_mem_buf(text, (int)sizeof(text) - 1);
	BIO *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &q, (long)der.n);
	X509_STORE *st = X509_STORE_new();
	char *p;
	int rc = 0;

	X509_STORE_add_cert(st, ca);
	if (cms)
		rc = CMS_verify(cms, NULL, st, detached ? data : NULL, out,
		    CMS_BINARY | CMS_CADES) == 1 &&
		    BIO_get_mem_data(out, &p) == (long)sizeof(text) - 1 &&
		    memcmp(p, text, sizeof(text) - 1) == 0;
	CMS_ContentInfo_free(cms);
	X509_STORE_free(st);
	BIO_free(data);
	BIO_free(out);
	return rc;
}

/* Find octets; -1 when they are not there. */
static long
find(const struct ms_buf *b, const void *p, size_t n)
{
	size_t i;

	for (i = 0; i + n <= b->n; i++)
		if (memcmp(b->p + i, p, n) == 0)
			return (long)i;
	return -1;
}

/* DER as OpenSSL would write it: decoding and encoding changes nothing. */
static int
is_der(struct ms_span der)
{
	const unsigned char *p = der.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
	unsigned char *out = NULL;
	int n = cms ? i2d_CMS_ContentInfo(cms, &out) : -1;
	int same = n >= 0 && (size_t)n == der.n && p == der.p + der.n &&
	    memcmp(out, der.p, der.n) == 0;

	CMS_ContentInfo_free(cms);
	OPENSSL_free(out);
	return same;
}

static void
round_trips(void)
{
	struct ms_buf der = MS_BUF_INIT(1 << 20), content = MS_BUF_INIT(4096);
	struct ms_err err = MS_ERR_INIT;
	struct ms_cms_signer s;
	struct ms_sign_conf c;
	struct ms_report r;
	char what[80];
	size_t i;
	int detached;

	for (i = 0; i < 2 * PEOPLE; i++) {
		const struct who *w = &people[i / 2];

		detached = i % 2;
		snprintf(what, sizeof(what), "%s%s%s", w->type,
		    w->pss ? " PSS" : "", detached ? " detached" : "");
		conf_for(&c, &s, w);
		ms_buf_reset(&der);
		if (!ok(make(&c, detached, &der, &err) == 0, "%s signs", what))
			printf("# %s\n", err.text);
		ok(is_der(ms_buf_span(&der)), "%s is DER", what);
		judged(ms_buf_span(&der), "good", NULL, what);
		/* libcrypto's CMS knows no Ed25519 */
		if (!ms_streq(w->type, "ed25519"))
			ok(openssl_verifies(ms_buf_span(&der), detached),
			    "%s verifies with OpenSSL", what);
	}
	ms_report_init(&r);
	conf_for(&c, &s, &people[P256]);
	ms_buf_reset(&der);
	make(&c, false, &der, &err);
	ok(find(&der, "\x02\x01\x01\x31", 4) == 23, "version 1 for id-data");
	ok(judge(ms_buf_span(&der), (struct ms_span){ NULL, 0 }, 0, false, NULL,
		&content, &r, &err) == 0 && ms_span_is(ms_buf_span(&content),
		text), "the eContent comes out");
	ms_report_clear(&r);
	ms_buf_clear(&der);
	ms_buf_clear(&content);
}

static void
several_signers(void)
{
	struct ms_buf der = MS_BUF_INIT(1 << 20);
	struct ms_cms_signer s[3];
	struct ms_err err = MS_ERR_INIT;
	struct ms_sign_conf c;
	struct ms_sign *sign = NULL;
	struct ms_report r;
	size_t i;

	conf_for(&c, s, &people[0]);
	for (i = 0; i < 3; i++) {
		s[i].id = &people[i + 1].id;
		s[i].md = MS_OID_UNKNOWN;
		s[i].pss = false;
	}
	c.nsigners = 3;
	c.signing_time = (time_t)-1;
	ok(ms_sign_new(&c, &sign, &err) == 0, "three signers");
	is_str(ms_sign_micalg(sign), "sha-256,sha-384", "micalg of three");
	ms_sign_free(sign);
	ok(make(&c, false, &der, &err) == 0, "three sign");
	ok(openssl_verifies(ms_buf_span(&der), false),
	    "three verify with OpenSSL");
	for (i = 0; i < 4; i++) {
		ms_report_init(&r);
		judge(ms_buf_span(&der), (struct ms_span){ NULL, 0 }, i, false,
		    NULL, NULL, &r, &err);
		is_int(ms_report_conclude(&r), i < 3 ? MS_GOOD : MS_NONE,
		    "each is judged");
		ms_report_clear(&r);
	}
	ms_buf_clear(&der);
}

static void
making_refused(void)
{
	struct ms_ident wrong = people[P256].id;
	struct ms_err err = MS_ERR_INIT;
	struct ms_cms_signer s;
	struct ms_sign_conf c;
	struct ms_sign *sign = NULL;
	struct ms_buf der = MS_BUF_INIT(1 << 16), out = MS_BUF_INIT(1 << 16);
	struct ms_src *src;
	struct ms_sink *to;

	conf_for(&c, &s, &people[P256]);
	wrong.key = people[0].id.key;
	s.id = &wrong;
	fails(ms_sign_new(&c, &sign, &err), &err, MS_USAGE,
	    "does not belong to the certificate", "key of another certificate");
	c.nsigners = 0;
	fails(ms_sign_new(&c, &sign, &err), &err, MS_USAGE, "signers",
	    "no signer");
	conf_for(&c, &s, &people[P256]);
	ok(ms_sign_new(&c, &sign, &err) == 0, "one signer");
	fails(ms_sign_write_detached(sign, &der, &err), &err, MS_BUG,
	    "not signed yet", "written before it is signed");
	ms_digests_update(ms_sign_digests(sign), text, 5, &err);
	ok(ms_sign_final(sign, &err) == 0, "signed");
	fails(ms_sign_final(sign, &err), &err, MS_BUG, "signed already",
	    "signed twice");
	src = ms_src_mem(text, 4, &err);
	to = ms_sink_buf(&out, &err);
	fails(ms_sign_write(sign, src, 5, to, &err), &err, MS_IO, "less",
	    "less content than announced");
	ms_src_free(src);
	src = ms_src_mem(text, 6, &err);
	fails(ms_sign_write(sign, src, 5, to, &err), &err, MS_IO, "more",
	    "more content than announced");
	ms_src_free(src);
	ms_sink_free(to);
	ms_sign_free(sign);
	ms_buf_clear(&der);
	ms_buf_clear(&out);
}

static int
fake_stamp(void *arg, enum ms_oid md, struct ms_span imprint,
    struct ms_buf *token, struct ms_err *err)
{
	int *calls = arg;

	if (++*calls > 1)
		return ms_fail(err, MS_TEMPFAIL, "no authority answers");
	ok(md == MS_OID_sha256 && imprint.n == 32, "imprint is SHA-256");
	return ms_buf_add(token, "\x30\x03\x02\x01\x07", 5, err);
}

static void
stamped(void)
{
	struct ms_buf der = MS_BUF_INIT(1 << 20);
	struct ms_err err = MS_ERR_INIT;
	struct ms_cms_signer s;
	struct ms_sign_conf c;
	int calls = 0;

	conf_for(&c, &s, &people[P256]);
	c.stamp = fake_stamp;
	c.stamp_arg = &calls;
	ok(make(&c, false, &der, &err) == 0, "a timestamp is put in");
	ok(is_der(ms_buf_span(&der)) &&
	    openssl_verifies(ms_buf_span(&der), false),
	    "OpenSSL reads what has a timestamp");
	judged(ms_buf_span(&der), "good", NULL, "value with a timestamp");
	fails(make(&c, false, &der, &err), &err, MS_TEMPFAIL,
	    "no authority answers", "no timestamp, no signature");
	ms_buf_clear(&der);
}

/* ---- OpenSSL signs, we read ---- */

static void
openssl_signs(const struct who *w, unsigned flags, const EVP_MD *md,
    struct ms_buf *to)
{
	BIO *in = BIO_new_mem_buf(text, (int)sizeof(text) - 1);
	BIO *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms;
	CMS_SignerInfo *si;
	EVP_PKEY_CTX *k;
	char *p;
	long n;

	flags |= CMS_BINARY;
	cms = CMS_sign(NULL, NULL, NULL, in, flags | CMS_PARTIAL);
	si = CMS_add1_signer(cms, w->id.cert, ms_key_get0_soft(w->id.key), md,
	    flags | (w->pss ? CMS_KEY_PARAM : 0));
	if (!si)
		tc_die("CMS_add1_signer");
	if (w->pss) {
		k = CMS_SignerInfo_get0_pkey_ctx(si);
		EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(k, 20);
	}
	if (flags & CMS_STREAM)
		i2d_CMS_bio_stream(out, cms, in, (int)flags);
	else if (CMS_final(cms, in, NULL, flags) == 1)
		i2d_CMS_bio(out, cms);
	n = BIO_get_mem_data(out, &p);
	ms_buf_reset(to);
	ms_buf_add(to, p, (size_t)n, NULL);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(out);
}

/* n certificates of other keys that carry the signer's subjectKeyIdentifier,
 * put before the right one. */
static STACK_OF(X509) *
lookalikes(int n)
{
	const ASN1_OCTET_STRING *ski =
	    X509_get0_subject_key_id(people[0].id.cert);
	STACK_OF(X509) *l = sk_X509_new_null();
	X509 *x;
	int i;

	for (i = 0; i < n; i++) {
		x = tc_cert("Lookalike", people[P256].id.key, ca, ca_key,
		    500 + i, NOW - YEAR, NOW + YEAR, NULL);
		X509_add1_ext_i2d(x, NID_subject_key_identifier,
		    (void *)(uintptr_t)ski, 0, X509V3_ADD_DEFAULT);
		X509_sign(x, ms_key_get0_soft(ca_key), EVP_sha256());
		sk_X509_push(l, x);
	}
	X509_up_ref(people[0].id.cert);
	sk_X509_push(l, people[0].id.cert);
	return l;
}

static void
same_ski(struct ms_buf *der)
{
	STACK_OF(X509) *l;
	char code[64];
	int n;

	openssl_signs(&people[0], CMS_USE_KEYID | CMS_NOCERTS, EVP_sha256(),
	    der);
	for (n = 3; n <= 4; n++) {
		l = lookalikes(n);
		is_str(verdict_of(ms_buf_span(der), false, l, code),
		    n == 3 ? "good" : "bad", n == 3 ? "certificates of one "
		    "subjectKeyIdentifier: the one whose key it is" :
		    "but no more of them are tried than four");
		sk_X509_pop_free(l, X509_free);
	}
}

static void
from_openssl(void)
{
	static const struct {
		unsigned flags;
		const char *what;
	} how[] = {
		{ 0, "plain" }, { CMS_STREAM, "streamed BER" },
		{ CMS_NOATTR, "without attributes" },
		{ CMS_USE_KEYID, "by subjectKeyIdentifier" },
		{ CMS_DETACHED, "detached" },
		{ CMS_DETACHED | CMS_NOATTR, "detached without attributes" },
		{ CMS_CADES, "with signingCertificateV2" },
	};
	struct ms_buf der = MS_BUF_INIT(1 << 20);
	char what[100], code[64];
	STACK_OF(X509) *more;
	size_t i, k;

	for (i = 0; i + 1 < PEOPLE; i++)
		for (k = 0; k < sizeof(how) / sizeof(how[0]); k++) {
			/* libcrypto loses the parameters of PSS there */
			if (people[i].pss && how[k].flags == CMS_STREAM)
				continue;
			openssl_signs(&people[i], how[k].flags, EVP_sha256(),
			    &der);
			snprintf(what, sizeof(what), "OpenSSL's %s%s, %s",
			    people[i].type, people[i].pss ? " PSS" : "",
			    how[k].what);
			judged(ms_buf_span(&der), "good", NULL, what);
		}
	openssl_signs(&people[0], CMS_NOCERTS, EVP_sha256(), &der);
	judged(ms_buf_span(&der), "undecided", "no-certificate",
	    "without certificates");
	more = sk_X509_new_null();
	sk_X509_push(more, people[0].id.cert);
	is_str(verdict_of(ms_buf_span(&der), false, more, code), "good",
	    "with the certificate from elsewhere");
	sk_X509_free(more);
	same_ski(&der);
	openssl_signs(&people[0], 0, EVP_sha1(), &der);
	judged(ms_buf_span(&der), "bad", "weak-digest", "SHA-1");
	is_str(verdict_of(ms_buf_span(&der), true, NULL, code), "good",
	    "SHA-1 when legacy is allowed");
	openssl_signs(&people[0], 0, EVP_md5(), &der);
	judged(ms_buf_span(&der), "bad", "weak-digest", "MD5");
	ok(ms_streq(verdict_of(ms_buf_span(&der), true, NULL, code), "bad"),
	    "MD5 is never good");
	ms_buf_clear(&der);
}

static void
short_key(void)
{
	struct who w = { "rsa1024", false, { NULL, NULL, NULL, NULL } };
	struct ms_buf der = MS_BUF_INIT(1 << 20);
	struct ms_err err = MS_ERR_INIT;
	struct ms_cms_signer s;
	struct ms_sign_conf c;
	char code[64];

	w.id.key = ms_key_soft(EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
	    (size_t)1024), &err);
	w.id.cert = tc_cert("Short", w.id.key, ca, ca_key, 99, NOW - YEAR,
	    NOW + YEAR, tc_signer);
	openssl_signs(&w, 0, EVP_sha256(), &der);
	judged(ms_buf_span(&der), "bad", "weak-key", "RSA of 1024 bits");
	is_str(verdict_of(ms_buf_span(&der), true, NULL, code), "good",
	    "when legacy is allowed");
	conf_for(&c, &s, &w);
	fails(make(&c, false, &der, &err), &err, MS_USAGE, "1024 bits",
	    "and we do not sign with it");
	X509_free(w.id.cert);
	ms_key_free(w.id.key);
	ms_buf_clear(&der);
}

/* ---- hostile input ---- */

static void
tampered(void)
{
	struct ms_buf der = MS_BUF_INIT(1 << 20);
	struct ms_err err = MS_ERR_INIT;
	struct ms_cms_signer s;
	struct ms_sign_conf c;
	char code[64];
	size_t i, bad = 0, good = 0;
	long at;

	conf_for(&c, &s, &people[P256]);
	make(&c, false, &der, &err);
	at = find(&der, "Notice", 6);
	der.p[at] ^= 1;
	judged(ms_buf_span(&der), "bad", "digest", "content changed");
	der.p[at] ^= 1;
	der.p[der.n - 1] ^= 1;
	judged(ms_buf_span(&der), "bad", "signature", "signature changed");
	der.p[der.n - 1] ^= 1;
	/* signingTime is UTCTime 231114221320Z */
	at = find(&der, "231114221320Z", 13);
	der.p[at + 11] ^= 1;
	judged(ms_buf_span(&der), "bad", "signature",
	    "signed attribute changed");
	der.p[at + 11] ^= 1;
	judged(ms_buf_span(&der), "good", NULL, "and back");
	/* No octet can be changed unnoticed but in what nothing signs: the
	 * version and digestAlgorithms of SignedData. */
	for (i = 0; i < der.n; i++) {
		der.p[i] ^= 0x04;
		if (ms_streq(verdict_of(ms_buf_span(&der), false, NULL, code),
			"good"))
			good++;
		else
			bad++;
		der.p[i] ^= 0x04;
	}
	printf("# %zu noticed, %zu not\n", bad, good);
	ok(good <= 2, "a flipped bit anywhere is noticed");
	ms_buf_clear(&der);
}

static void
truncated(void)
{
	struct ms_span t = { NULL, 0 };
	struct ms_buf der = MS_BUF_INIT(1 << 20);
	struct ms_err err = MS_ERR_INIT;
	struct ms_cms_signer s;
	struct ms_sign_conf c;
	struct ms_report r;
	size_t n, bad = 0, step;

	conf_for(&c, &s, &people[P256]);
	make(&c, false, &der, &err);
	step = der.n / 64;
	for (n = 0; n < der.n; n += step) {
		struct ms_span cut = { der.p, n };

		ms_report_init(&r);
		if (judge(cut, t, 0, false, NULL, NULL, &r, &err) == 0)
			bad++;
		ms_err_reset(&err);
		ms_report_clear(&r);
	}
	is_int((long long)bad, 0, "every truncation is refused");
	ms_report_init(&r);
	ms_buf_addc(&der, 0, &err);
	fails(judge(ms_buf_span(&der), t, 0, false, NULL, NULL, &r, &err), &err,
	    MS_DATA, "trailing", "trailing bytes");
	ms_report_clear(&r);
	ms_buf_clear(&der);
}

/*
 * A SignerInfo over `attrs` (contents of the SET), signed rightly with the
 * P-256 key: what a signer may say and must not.
 */
struct forged {
	enum ms_oid ctype;	/* eContentType */
	unsigned version;
	enum ms_oid md;
	bool no_attrs;		/* leave them out: they are the content then */
	void (*attrs)(struct ms_der *d);
	int signers;		/* copies of the SignerInfo; 0: one, -1: none */
	int certs;		/* the same of the certificate */
};

static void
attr(struct ms_der *d, enum ms_oid type, int tag, const void *p, size_t n)
{
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, type);
	ms_der_begin(d, MS_SET);
	ms_der_prim(d, tag, p, n);
	ms_der_end(d);
	ms_der_end(d);
}

static void
a_type(struct ms_der *d, enum ms_oid type)
{
	struct ms_span o = ms_oid_bytes(type);

	attr(d, MS_OID_contentType, MS_OBJECT, o.p, o.n);
}

static void
a_digest(struct ms_der *d)
{
	unsigned char h[32];

	EVP_Digest(text, sizeof(text) - 1, h, NULL, EVP_sha256(), NULL);
	attr(d, MS_OID_messageDigest, MS_OCTETSTRING, h, 32);
}

static void
f_right(struct ms_der *d)
{
	a_type(d, MS_OID_data);
	a_digest(d);
}

static void
f_no_type(struct ms_der *d)
{
	a_digest(d);
}

static void
f_wrong_type(struct ms_der *d)
{
	a_type(d, MS_OID_TSTInfo);
	a_digest(d);
}

static void
f_no_digest(struct ms_der *d)
{
	a_type(d, MS_OID_data);
}

static void
f_two_digests(struct ms_der *d)
{
	f_right(d);
	a_digest(d);
}

static void
f_two_values(struct ms_der *d)
{
	struct ms_span o = ms_oid_bytes(MS_OID_data);

	a_digest(d);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, MS_OID_contentType);
	ms_der_begin(d, MS_SET);
	ms_der_prim(d, MS_OBJECT, o.p, o.n);
	ms_der_prim(d, MS_OBJECT, o.p, o.n);
	ms_der_end(d);
	ms_der_end(d);
}

static void
f_bad_time(struct ms_der *d)
{
	f_right(d);
	attr(d, MS_OID_signingTime, MS_UTF8STRING, "noon", 4);
}

static void
f_other_cert(struct ms_der *d)
{
	unsigned char h[34] = { MS_OCTETSTRING, 32 };
	struct ms_buf b = MS_BUF_INIT(256);
	struct ms_der e;

	f_right(d);
	ms_cert_sha256(people[0].id.cert, h + 2, NULL);
	ms_der_init(&e, &b);
	ms_der_begin(&e, MS_SEQUENCE);
	ms_der_prim(&e, MS_SEQUENCE, h, sizeof(h));
	ms_der_end(&e);
	attr(d, MS_OID_signingCertificateV2, MS_SEQUENCE, b.p, b.n);
	ms_buf_clear(&b);
}

/* Its hash, but issuerSerial of another. */
static void
f_other_serial(struct ms_der *d)
{
	struct ms_buf b = MS_BUF_INIT(4096), ias = MS_BUF_INIT(4096);
	struct ms_span s, seq, name, v;
	unsigned char h[32];
	struct ms_der e;
	int tag;

	f_right(d);
	ms_cert_sha256(people[P256].id.cert, h, NULL);
	ms_cert_ias(people[0].id.cert, &ias, NULL);
	s = ms_buf_span(&ias);
	ms_der_want(&s, MS_SEQUENCE, &seq, "", NULL);
	ms_der_next(&seq, &tag, &v, &name, NULL);
	ms_der_init(&e, &b);
	ms_der_begin(&e, MS_SEQUENCE);
	ms_der_begin(&e, MS_SEQUENCE);
	ms_der_prim(&e, MS_OCTETSTRING, h, 32);
	ms_der_begin(&e, MS_SEQUENCE);
	ms_der_begin(&e, MS_SEQUENCE);
	ms_der_prim(&e, MS_CTXC(4), name.p, name.n);
	ms_der_end(&e);
	ms_der_raw(&e, seq.p, seq.n);
	ms_der_end(&e);
	ms_der_end(&e);
	ms_der_end(&e);
	attr(d, MS_OID_signingCertificateV2, MS_SEQUENCE, b.p, b.n);
	ms_buf_clear(&b);
	ms_buf_clear(&ias);
}

static void
f_broken_cert(struct ms_der *d)
{
	f_right(d);
	attr(d, MS_OID_signingCertificateV2, MS_SEQUENCE, "\x02\x01\x05", 3);
}

static void
f_protect(struct ms_der *d)
{
	f_right(d);
	/* SHA-1 with rsaEncryption */
	attr(d, MS_OID_cmsAlgorithmProtect, MS_SEQUENCE,
	    "\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a\xa1\x0b\x06\x09\x2a\x86\x48"
	    "\x86\xf7\x0d\x01\x01\x01", 22);
}

static void
write_alg(struct ms_der *d, enum ms_oid oid)
{
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, oid);
	ms_der_end(d);
}

static void
forge_signer(const struct forged *f, struct ms_der *d, struct ms_span sid,
    struct ms_span sig)
{
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_uint(d, f->version);
	ms_der_raw(d, sid.p, sid.n);
	write_alg(d, f->md);
	if (!f->no_attrs) {
		ms_der_begin(d, MS_CTXC(0));
		f->attrs(d);
		ms_der_end_setof(d);
	}
	write_alg(d, f->md == MS_OID_sha384 ? MS_OID_ecdsaWithSHA384 :
	    MS_OID_ecdsaWithSHA256);
	ms_der_prim(d, MS_OCTETSTRING, sig.p, sig.n);
	ms_der_end(d);
}

static void
forge(const struct forged *f, struct ms_buf *out)
{
	struct ms_buf set = MS_BUF_INIT(4096), sig = MS_BUF_INIT(4096),
	    sid = MS_BUF_INIT(4096), cert = MS_BUF_INIT(8192);
	struct ms_sigalg alg = { MS_SIG_ECDSA, MS_OID_sha256, 0 };
	struct ms_span tbs = { (const unsigned char *)text, sizeof(text) - 1 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_span content = tbs;
	struct ms_der d;
	int i;

	ms_der_init(&d, &set);
	ms_der_begin(&d, MS_SET);
	if (f->attrs)
		f->attrs(&d);
	ms_der_end_setof(&d);
	if (f->attrs)
		tbs = ms_buf_span(&set);
	if (f->attrs && f->no_attrs)
		content = tbs;
	ms_key_sign(people[P256].id.key, &alg, tbs, &sig, &err);
	ms_cert_ias(people[P256].id.cert, &sid, &err);
	ms_cert_der(people[P256].id.cert, &cert, &err);
	ms_buf_reset(out);
	ms_der_init(&d, out);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, MS_OID_signedData);
	ms_der_begin(&d, MS_CTXC(0));
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, 1);
	ms_der_begin(&d, MS_SET);
	write_alg(&d, MS_OID_sha256);
	ms_der_end(&d);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, f->ctype);
	ms_der_begin(&d, MS_CTXC(0));
	ms_der_prim(&d, MS_OCTETSTRING, content.p, content.n);
	ms_der_end(&d);
	ms_der_end(&d);
	ms_der_begin(&d, MS_CTXC(0));
	for (i = f->certs ? f->certs : 1; i > 0; i--)
		ms_der_raw(&d, cert.p, cert.n);
	ms_der_end(&d);
	ms_der_begin(&d, MS_SET);
	for (i = f->signers ? f->signers : 1; i > 0; i--)
		forge_signer(f, &d, ms_buf_span(&sid), ms_buf_span(&sig));
	ms_der_end(&d);
	ms_der_end(&d);
	ms_der_end(&d);
	ms_der_end(&d);
	ms_der_finish(&d, &err);
	if (err.class != MS_OK)
		tc_die(err.text);
	ms_buf_clear(&set);
	ms_buf_clear(&sig);
	ms_buf_clear(&sid);
	ms_buf_clear(&cert);
}

static void
forgeries(void)
{
	static const struct {
		struct forged f;
		const char *verdict, *code, *what;
	} t[] = {
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_right, 0, 0 },
		    "good", NULL, "attributes as they should be" },
		{ { MS_OID_data, 1, MS_OID_sha256, true, NULL, 0, 0 },
		    "good", NULL, "no attributes over id-data" },
		{ { MS_OID_TSTInfo, 1, MS_OID_sha256, true, NULL, 0, 0 },
		    "bad", "attributes", "no attributes over another type" },
		{ { MS_OID_data, 1, MS_OID_sha256, true, f_right, 0, 0 },
		    "bad", "attributes", "attributes turned into content" },
		{ { MS_OID_data, 3, MS_OID_sha256, false, f_right, 0, 0 },
		    "bad", "attributes", "version 3 with issuerAndSerial" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_no_type, 0, 0 },
		    "bad", "attributes", "contentType missing" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_wrong_type, 0, 0 },
		    "bad", "content-type", "contentType differs" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_no_digest, 0, 0 },
		    "bad", "attributes", "messageDigest missing" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_two_digests, 0, 0 },
		    "bad", "attributes", "messageDigest twice" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_two_values, 0, 0 },
		    "bad", "attributes", "contentType with two values" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_bad_time, 0, 0 },
		    "bad", "attributes", "signingTime that is none" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_other_cert, 0, 0 },
		    "bad", "signing-cert", "another certificate is named" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_other_serial, 0,
		    0 }, "bad", "signing-cert", "another issuerSerial" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_broken_cert, 0, 0 },
		    "bad", "signing-cert", "malformed signingCertificateV2" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_protect, 0, 0 },
		    "bad", "attributes", "cmsAlgorithmProtect differs" },
		{ { MS_OID_data, 1, MS_OID_sha384, false, f_right, 0, 0 },
		    "undecided", "algorithm", "digest that is not announced" },
	};
	struct ms_buf der = MS_BUF_INIT(1 << 16);
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		forge(&t[i].f, &der);
		judged(ms_buf_span(&der), t[i].verdict, t[i].code, t[i].what);
	}
	ms_buf_clear(&der);
}

static void
limits(void)
{
	static const struct {
		struct forged f;
		const char *words;
	} t[] = {
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_right,
		    MS_CMS_SIGNERS + 1, 0 }, "more than 64 SignerInfos" },
		{ { MS_OID_data, 1, MS_OID_sha256, false, f_right, 0,
		    MS_CMS_CERTS + 1 }, "more than 256 certificates" },
	};
	struct ms_span none = { NULL, 0 };
	struct ms_buf b = MS_BUF_INIT(1 << 24);
	struct ms_err err = MS_ERR_INIT;
	struct ms_report r;
	size_t i;

	ms_report_init(&r);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		forge(&t[i].f, &b);
		fails(judge(ms_buf_span(&b), none, 0, false, NULL, NULL, &r,
			&err), &err, MS_DATA, t[i].words, t[i].words);
	}
	forge(&(struct forged){ MS_OID_data, 1, MS_OID_sha256, false, f_right,
	    -1, 0 }, &b);
	judged(ms_buf_span(&b), "none", "none", "no signer: nothing to judge");
	ms_report_clear(&r);
	ms_buf_clear(&b);
}

static void
not_signed(void)
{
	static const unsigned char enveloped[] = { 0x30, 0x0f, 0x06, 0x09, 0x2a,
		0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03, 0xa0, 0x02,
		0x30, 0x00 };
	struct ms_span e = { enveloped, sizeof(enveloped) };
	struct ms_err err = MS_ERR_INIT;
	struct ms_report r;

	ms_report_init(&r);
	fails(judge(e, (struct ms_span){ NULL, 0 }, 0, false, NULL, NULL, &r,
		&err), &err, MS_DATA, "envelopedData, not signedData",
	    "not SignedData");
	ms_report_clear(&r);
}

/* ---- what others made ---- */

static X509 *
read_pem(const char *name)
{
	struct ms_buf b = MS_BUF_INIT(1 << 16);
	X509 *x = NULL;
	BIO *bio;

	if (tc_vector(name, &b) == 0) {
		bio = BIO_new_mem_buf(b.p, (int)b.n);
		x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		BIO_free(bio);
	}
	ms_buf_clear(&b);
	return x;
}

static void
vectors(void)
{
	static const struct {
		const char *file;
		int signers;
		bool detached;
	} t[] = {
		{ "rfc9216/signedByAliceRSA.p7m", 1, false },
		{ "rfc9216/signedByAliceRSAPSS.p7m", 1, false },
		{ "rfc9216/signedByAliceAndCarlosNoCerts.p7m", 2, false },
		{ "rfc9216/signedByCarlosEd25519.p7m", 1, false },
		{ "rfc9216/signedByCarlosDetached.p7m", 1, true },
	};
	static const char content[] = "This is some sample content.";
	struct ms_span over = { (const unsigned char *)content,
		sizeof(content) - 1 };
	struct ms_buf b = MS_BUF_INIT(1 << 16);
	struct ms_err err = MS_ERR_INIT;
	STACK_OF(X509) *more;
	struct ms_report r;
	X509 *alice, *carlos;
	size_t i;
	int k;

	alice = read_pem("rfc9216/lamps-alice.crt");
	carlos = read_pem("rfc9216/lamps-carlos.crt");
	if (!alice || !carlos) {
		ok(1, "# SKIP the RFC 9216 vectors are not here");
		return;
	}
	more = sk_X509_new_null();
	sk_X509_push(more, alice);
	sk_X509_push(more, carlos);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		ms_buf_reset(&b);
		tc_vector(t[i].file, &b);
		for (k = 0; k < t[i].signers; k++) {
			ms_report_init(&r);
			if (judge(ms_buf_span(&b), over, (size_t)k, false, more,
				NULL, &r, &err) < 0)
				printf("# %s\n", err.text);
			is_int(ms_report_conclude(&r), MS_GOOD, t[i].file);
			printf("# %s\n", ms_report_why(&r));
			ms_report_clear(&r);
			ms_err_reset(&err);
		}
	}
	sk_X509_pop_free(more, X509_free);
	ms_buf_clear(&b);
}

int
main(void)
{
	make_people();
	round_trips();
	several_signers();
	making_refused();
	stamped();
	from_openssl();
	short_key();
	tampered();
	truncated();
	forgeries();
	limits();
	not_signed();
	vectors();
	free_people();
	return tap_done();
}
