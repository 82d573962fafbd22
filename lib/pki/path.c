/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of a path, RFC 5280 section 6.1. */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "pki/path.h"

#define RSA_BAD 1024	/* bits; below, a key is within reach of breaking */
#define RSA_WEAK 2048	/* RFC 8550 section 4.1 */

const char *
path_who(const struct path *p, X509 *x, char *to, size_t size)
{
	char *s;

	if (x == p->leaf || !x || X509_cmp(x, p->leaf) == 0) {
		snprintf(to, size, "certificate");
		return to;
	}
	s = ms_cert_subject(x);
	snprintf(to, size, "issuing certificate '%s'", s ? s : "?");
	free(s);
	return to;
}

X509_STORE_CTX *
path_ctx(struct path *p, unsigned long flags)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *vp;

	if (!ctx || X509_STORE_CTX_init(ctx, p->t->store, p->leaf,
	    p->helpers) != 1 ||
	    X509_STORE_CTX_set_app_data(ctx, p) != 1 ||
	    X509_VERIFY_PARAM_add0_policy(X509_STORE_CTX_get0_param(ctx),
	    OBJ_nid2obj(NID_any_policy)) != 1) {
		ms_fail_ssl(p->err, MS_OS, "cannot judge certificates");
		X509_STORE_CTX_free(ctx);
		return NULL;
	}
	vp = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(vp, p->at);
	/* an anchor is what was named as one, self-signed or not */
	X509_VERIFY_PARAM_set_flags(vp, X509_V_FLAG_PARTIAL_CHAIN |
	    X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_POLICY_CHECK | flags);
	return ctx;
}

/* ---- findings ---- */

static void
note_time(struct path *p, X509 *x, bool early)
{
	char who[256], when[MS_TIME_STR];
	time_t t = early ? ms_cert_not_before(x) : ms_cert_not_after(x);

	p->oom |= ms_report_add(p->r, MS_BAD, early ? "not-yet-valid" :
	    "expired", "RFC 5280 section 4.1.2.5", p->err, "%s %s %s",
	    path_who(p, x, who, sizeof(who)), early ? "is valid only from" :
	    "expired", ms_time_str(t, when));
}

static void
note_anchor(struct path *p, X509 *x)
{
	char *issuer;

	if (ms_trust_is_empty(p->t)) {
		p->oom |= ms_report_add(p->r, MS_UNDECIDED, "no-anchor", NULL,
		    p->err, "no trust anchors are configured");
		return;
	}
	issuer = x ? ms_cert_issuer(x) : NULL;
	p->oom |= ms_report_add(p->r, MS_UNDECIDED, "no-anchor",
	    "RFC 5280 section 6.1", p->err, "no path to a trust anchor: "
	    "certificate of issuer '%s' is not there",
	    issuer ? issuer : "?");
	free(issuer);
}

/* Called by X509_verify_cert() for each fault; 1 goes on. */
static int
fault(int good, X509_STORE_CTX *ctx)
{
	struct path *p = X509_STORE_CTX_get_app_data(ctx);
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);
	int e = X509_STORE_CTX_get_error(ctx);
	char who[256];

	if (good)
		return 1;
	switch (e) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		if (X509_STORE_CTX_get_error_depth(ctx) > 0)
			note_time(p, x, e == X509_V_ERR_CERT_NOT_YET_VALID);
		return 1;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		note_anchor(p, x);
		return 0;
	case X509_V_ERR_OUT_OF_MEM:
	case X509_V_ERR_STORE_LOOKUP:
		return 0;
	}
	p->oom |= ms_report_add(p->r, MS_BAD, "chain", "RFC 5280 section 6.1.3",
	    p->err, "%s: %s", path_who(p, x, who, sizeof(who)),
	    X509_verify_cert_error_string(e));
	return 0;
}

/* 1: the path reaches an anchor, p->chain is set; 0: it does not, said. */
static int
walk(struct path *p)
{
	X509_STORE_CTX *ctx = path_ctx(p, 0);
	size_t before = p->r->n;
	int rc;

	if (!ctx)
		return -1;
	X509_STORE_CTX_set_verify_cb(ctx, fault);
	rc = X509_verify_cert(ctx);
	if (rc == 1) {
		p->chain = X509_STORE_CTX_get1_chain(ctx);
		if (!p->chain)
			rc = ms_fail_nomem(p->err);
	} else if (!p->oom && p->r->n == before &&
	    X509_STORE_CTX_get_error(ctx) == X509_V_ERR_UNSPECIFIED) {
		/* an extension that cannot be decoded has no code of its own */
		rc = ms_report_add(p->r, MS_BAD, "chain",
		    "RFC 5280 section 6.1.3", p->err,
		    "a certificate of the path is malformed");
	} else if (p->oom || p->r->n == before) {
		/* neither an answer nor a finding: it was not judged */
		rc = ms_fail_ssl(p->err, MS_OS, "certificate path: %s",
		    X509_verify_cert_error_string(
		    X509_STORE_CTX_get_error(ctx)));
	} else {
		rc = 0;
	}
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	return rc;
}

/* ---- strength and use ---- */

static void
strength_key(struct path *p, X509 *x)
{
	EVP_PKEY *k = X509_get0_pubkey(x);
	char who[256];
	int bits;

	if (!k || !(EVP_PKEY_is_a(k, "RSA") || EVP_PKEY_is_a(k, "RSA-PSS")))
		return;
	bits = EVP_PKEY_get_bits(k);
	if (bits < RSA_WEAK)
		p->oom |= ms_report_add(p->r, bits < RSA_BAD ? MS_BAD : MS_NOTE,
		    "weak-key", "RFC 8550 section 4.1", p->err,
		    "%s has an RSA key of %d bits",
		    path_who(p, x, who, sizeof(who)), bits);
}

static void
strength_signature(struct path *p, X509 *x)
{
	int md = NID_undef, pk;
	enum ms_verdict v;
	char who[256];

	X509_get_signature_info(x, &md, &pk, NULL, NULL);
	if (md == NID_sha1)
		v = p->t->legacy ? MS_NOTE : MS_BAD;
	else if (md == NID_md5 || md == NID_md4 || md == NID_md2)
		v = MS_BAD;
	else
		return;
	p->oom |= ms_report_add(p->r, v, "weak-signature",
	    "RFC 8550 section 4.3", p->err, "%s is signed with %s",
	    path_who(p, x, who, sizeof(who)), OBJ_nid2sn(md));
}

/* What the anchor says of itself is not judged: it is trusted as named. */
static void
issuers(struct path *p)
{
	int i, n = sk_X509_num(p->chain);
	const char *why;
	char who[256];
	X509 *x;

	for (i = 0; i < n; i++) {
		x = sk_X509_value(p->chain, i);
		if (i > 0)
			strength_key(p, x);
		if (i < n - 1)
			strength_signature(p, x);
		if (i == 0 || i == n - 1 || !(why = ca_refuses(x, p->use)))
			continue;
		p->oom |= ms_report_add(p->r, MS_BAD, "use",
		    "RFC 5280 section 4.2.1.12", p->err, "%s: %s",
		    path_who(p, x, who, sizeof(who)), why);
	}
}

/* What can be said of the certificate itself, with or without a path. */
static void
leaf(struct path *p)
{
	time_t from = ms_cert_not_before(p->leaf);
	time_t until = ms_cert_not_after(p->leaf);
	const char *why;

	if (!ms_cert_may(p->leaf, p->use, &why))
		p->oom |= ms_report_add(p->r, MS_BAD, "use", NULL, p->err,
		    "%s", why);
	if (from == (time_t)-1 || until == (time_t)-1)
		p->oom |= ms_report_add(p->r, MS_BAD, "chain",
		    "RFC 5280 section 4.1.2.5", p->err, "validity malformed");
	else if (p->at < from || p->at > until)
		note_time(p, p->leaf, p->at < from);
	strength_key(p, p->leaf);
}

static STACK_OF(X509) *
join(const STACK_OF(X509) *a, const STACK_OF(X509) *b)
{
	STACK_OF(X509) *both = a ? sk_X509_dup(a) : sk_X509_new_null();
	int i;

	for (i = 0; both && i < sk_X509_num(b); i++) {
		if (sk_X509_push(both, sk_X509_value(b, i)) <= 0) {
			sk_X509_free(both);
			both = NULL;
		}
	}
	return both;
}

int
ms_trust_check(struct ms_trust *t, X509 *cert, STACK_OF(X509) *extra,
    enum ms_usage use, time_t at, struct ms_report *r, struct ms_err *err)
{
	struct path p = { t, cert, join(extra, t->chain), use, at, r, err, 0,
		NULL };
	int rc;

	if (!p.helpers)
		return ms_fail_nomem(err);
	ERR_clear_error();
	leaf(&p);
	rc = online_issuers(&p);
	if (rc == 0)
		rc = walk(&p);
	if (rc == 1) {
		issuers(&p);
		rc = path_revocation(&p);
	}
	if (p.oom)
		rc = -1;
	sk_X509_pop_free(p.chain, X509_free);
	sk_X509_free(p.helpers);
	return rc < 0 ? -1 : 0;
}
