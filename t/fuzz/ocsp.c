/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a responder or a distribution point answers.  The first byte says how:
 * the rest is an OCSP response or a list, or what a responder signs, or
 * patches one that is right.  Only a response whose
 * signature is right is believed, and what is said of another certificate
 * never is.
 */
#include <stdint.h>

#include <openssl/ocsp.h>

#include "pki/path.h"
#include "right.h"

#define MAX ((size_t)1 << 20)
#define MUST(x) do { if (!(x)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct ms_ident ca, other;
static X509 *leaf, *alien;
static struct ms_buf right = MS_BUF_INIT(MAX), tbs = MS_BUF_INIT(MAX);

static const struct tc_ext leaf_ext[] = {
	{ NID_key_usage, "critical,digitalSignature" },
	{ NID_info_access, "OCSP;URI:http://a.example/" },
	{ NID_crl_distribution_points, "URI:http://a.example/crl" },
	{ 0, NULL }
};

static void
add(struct ms_buf *b, unsigned char *der, int n)
{
	MUST(n > 0 && ms_buf_add(b, der, (size_t)n, NULL) == 0);
	OPENSSL_free(der);
}

static void
setup(void)
{
	OCSP_BASICRESP *b = OCSP_BASICRESP_new();
	ASN1_TIME *from = ASN1_TIME_set(NULL, RIGHT_NOW - 60);
	ASN1_TIME *to = ASN1_TIME_set(NULL, RIGHT_NOW + 60);
	unsigned char *der = NULL;
	OCSP_RESPONSE *r;
	OCSP_CERTID *id;
	int n;

	right_ident(&ca, 1, tc_ca);
	right_ident(&other, 2, tc_ca);
	leaf = tc_cert("Leaf", other.key, ca.cert, ca.key, 7,
	    RIGHT_NOW - 86400, RIGHT_NOW + 86400, leaf_ext);
	alien = tc_cert("Alien", other.key, ca.cert, ca.key, 8,
	    RIGHT_NOW - 86400, RIGHT_NOW + 86400, leaf_ext);
	id = OCSP_cert_to_id(EVP_sha1(), leaf, ca.cert);
	MUST(b && OCSP_basic_add1_status(b, id, V_OCSP_CERTSTATUS_GOOD, 0,
	    NULL, from, to) && OCSP_basic_sign(b, ca.cert,
	    ms_key_get0_soft(ca.key), NULL, NULL, OCSP_NOCERTS | OCSP_NOTIME));
	n = ASN1_item_i2d((const ASN1_VALUE *)OCSP_resp_get0_respdata(b),
	    &der, ASN1_ITEM_rptr(OCSP_RESPDATA));
	add(&tbs, der, n);
	r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, b);
	der = NULL;
	n = i2d_OCSP_RESPONSE(r, &der);
	add(&right, der, n);
	OCSP_RESPONSE_free(r);
	OCSP_BASICRESP_free(b);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
}

/* Wrap what is to be signed into a response whose signature is right. */
static void
sign(struct ms_span what, struct ms_buf *to)
{
	static const unsigned char ed25519[] = { 0x30, 5, 0x06, 3, 0x2b, 0x65,
		0x70 };
	static const unsigned char basic_oid[] = { 0x06, 9, 0x2b, 0x06, 1, 5,
		5, 7, 0x30, 1, 1 };
	static const unsigned char zero = 0;
	struct ms_buf sig = MS_BUF_INIT(MAX), basic = MS_BUF_INIT(MAX);
	struct ms_buf bits = MS_BUF_INIT(MAX);
	struct ms_sigalg a;
	struct ms_der d;

	MUST(ms_sigalg_for(ms_key_pub(ca.key), MS_OID_sha256, false, &a,
	    NULL) == 0 && ms_key_sign(ca.key, &a, what, &sig, NULL) == 0 &&
	    ms_buf_add(&bits, &zero, 1, NULL) == 0 &&
	    ms_buf_add(&bits, sig.p, sig.n, NULL) == 0);
	ms_der_init(&d, &basic);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_raw(&d, what.p, what.n);
	ms_der_raw(&d, ed25519, sizeof(ed25519));
	ms_der_prim(&d, MS_BITSTRING, bits.p, bits.n);
	ms_der_end(&d);
	MUST(ms_der_finish(&d, NULL) == 0);
	ms_der_init(&d, to);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_prim(&d, MS_ENUMERATED, &zero, 1);
	ms_der_begin(&d, MS_CTXC(0));
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_raw(&d, basic_oid, sizeof(basic_oid));
	ms_der_prim(&d, MS_OCTETSTRING, basic.p, basic.n);
	ms_der_end(&d);
	ms_der_end(&d);
	ms_der_end(&d);
	MUST(ms_der_finish(&d, NULL) == 0);
	ms_buf_clear(&sig);
	ms_buf_clear(&bits);
	ms_buf_clear(&basic);
}

static int
get(void *arg, const struct ms_fetch_query *q, struct ms_buf *to,
    struct ms_err *err)
{
	const struct ms_buf *b = arg;

	return b->n > to->max ? ms_fail(err, MS_DATA, "too large") :
	    ms_buf_add(to, b->p, b->n, err);
}

/* What is found out about x when everybody answers so. */
static void
judge(X509 *x, struct ms_buf *answer, bool *good, bool *revoked)
{
	struct ms_fetch f = { get, NULL, NULL, NULL, answer };
	struct ms_err err = MS_ERR_INIT;
	struct ms_trust *t = ms_trust_new(&err);
	struct ms_report r;

	ms_report_init(&r);
	MUST(t && ms_trust_add_cert(t, ca.cert, &err) == 0 &&
	    ms_trust_set_fetch(t, &f, &err) == 0);
	ms_trust_set_revocation(t, MS_REV_HARD);
	MUST(ms_trust_check(t, x, NULL, MS_USE_ANY, RIGHT_NOW, &r, &err) == 0);
	*revoked = ms_report_has(&r, "revoked");
	*good = !*revoked && !ms_report_has(&r, "revocation");
	ms_report_clear(&r);
	ms_trust_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ms_buf b = MS_BUF_INIT(MAX), s = MS_BUF_INIT(MAX);
	bool good, revoked, signs;
	struct ms_buf *to;

	if (!leaf) {
		setup();
		judge(leaf, &right, &good, &revoked);
		MUST(good);
		sign(ms_buf_span(&tbs), &b);
		judge(leaf, &b, &good, &revoked);
		MUST(good);
		ms_buf_clear(&b);
	}
	if (n < 1 || n > MAX / 2)
		return 0;
	signs = p[0] & 1;
	to = signs ? &s : &b;
	if (p[0] & 2) {
		const struct ms_buf *from = signs ? &tbs : &right;

		MUST(ms_buf_add(to, from->p, from->n, NULL) == 0);
		right_patch(to, p + 1, n - 1);
	} else {
		MUST(ms_buf_add(to, p + 1, n - 1, NULL) == 0);
	}
	if (signs)
		sign(ms_buf_span(&s), &b);
	judge(leaf, &b, &good, &revoked);
	/* the authority said nothing of the kind */
	MUST(signs || !revoked);
	judge(alien, &b, &good, &revoked);
	MUST(signs || !(good || revoked));
	ms_buf_clear(&b);
	ms_buf_clear(&s);
	return 0;
}
