/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers that did not come along, fetched from where certificates say. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/online.h"

#define ISSUERS 64		/* fetched certificates, for all paths */
#define DEPTH 8			/* of them for one path */
#define ISSUER_KEEP_S 86400	/* how long one is kept */

/* The certificate whose issuer is missing (owned), or NULL: there is a path,
 * or what is wrong with it is something else. */
static X509 *
orphan(struct path *p)
{
	struct path quiet = *p;
	X509_STORE_CTX *ctx;
	X509 *x = NULL;

	quiet.err = NULL;
	ctx = path_ctx(&quiet, 0);
	if (ctx && X509_verify_cert(ctx) != 1) {
		switch (X509_STORE_CTX_get_error(ctx)) {
		case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
		case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
		case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
			x = X509_STORE_CTX_get_current_cert(ctx);
		}
	}
	if (x && X509_up_ref(x) != 1)
		x = NULL;
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	return x;
}

struct wanted {
	X509 *child;
	X509 *found;		/* owned */
};

/* Only one that signed the child is taken. */
static int
use_issuer(struct path *p, void *arg, struct ms_span got, time_t *until,
    struct ms_err *err)
{
	struct wanted *w = arg;
	struct ms_bag b;
	EVP_PKEY *k;
	X509 *x;
	int i, rc;

	ms_bag_init(&b);
	rc = ms_bag_parse(&b, got, "what it gives", NULL, NULL, err);
	for (i = 0; rc == 0 && !w->found && i < sk_X509_num(b.certs); i++) {
		x = sk_X509_value(b.certs, i);
		k = X509_get0_pubkey(x);
		if (X509_NAME_cmp(X509_get_subject_name(x),
		    X509_get_issuer_name(w->child)) == 0 && k &&
		    X509_verify(w->child, k) == 1 && X509_up_ref(x) == 1)
			w->found = x;
	}
	ERR_clear_error();
	ms_bag_clear(&b);
	if (rc == 0 && !w->found)
		rc = ms_fail(err, MS_DATA, "RFC 5280 section 4.2.2.1: the "
		    "issuer is not in it");
	*until = online_now(p) + ISSUER_KEEP_S;
	return rc;
}

/* 1: one was added to the helpers, for this path and those to come. */
static int
add_issuer(struct path *p, X509 *child)
{
	struct ms_fetch_query q = { .kind = MS_FETCH_ISSUER };
	struct wanted w = { child, NULL };
	struct urls u = { { NULL }, 0 };
	bool retry = false;
	struct ms_err e;
	size_t i;
	int rc = 0;

	urls_access(&u, child, NID_ad_ca_issuers);
	for (i = 0; rc == 0 && !w.found && i < u.n; i++) {
		q.url = u.v[i];
		if (online_fetch(p, &q, use_issuer, &w, &e) == 0)
			continue;
		retry |= e.class == MS_TEMPFAIL;
		rc = ms_report_add(p->r, MS_NOTE, "issuer-unknown",
		    "RFC 5280 section 4.2.2.1", p->err, "issuer not to be "
		    "had: %s: %s", u.v[i], e.text);
	}
	urls_clear(&u);
	if (rc == 0 && !w.found)
		p->r->retry |= retry;
	if (rc == 0 && w.found) {
		p->t->online->issuers++;
		rc = sk_X509_push(p->t->chain, w.found) <= 0 ? -1 : 1;
		if (rc < 0)
			X509_free(w.found);
		else if (sk_X509_push(p->helpers, w.found) <= 0)
			rc = -1;
		if (rc < 0)
			ms_fail_nomem(p->err);
	}
	return rc;
}

int
online_issuers(struct path *p)
{
	X509 *child;
	int i, rc = 1;

	if (!p->t->online || !p->t->fetch_issuers ||
	    ms_trust_is_empty(p->t))
		return 0;
	for (i = 0; rc == 1 && i < DEPTH &&
	    p->t->online->issuers < ISSUERS; i++) {
		child = orphan(p);
		rc = child ? add_issuer(p, child) : 0;
		X509_free(child);
	}
	return rc < 0 ? -1 : 0;
}
