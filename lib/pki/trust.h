/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust: anchors, CRLs, and the judgement of a path (RFC 5280 section 6, by
 * X509_verify_cert).  A verdict goes into a report; an error means that not
 * even "undecided" could be said.
 */
#ifndef MS_PKI_TRUST_H
#define MS_PKI_TRUST_H

#include <openssl/x509.h>
#include <time.h>

#include "base/base.h"
#include "pki/cert.h"

enum ms_revocation {
	MS_REV_SOFT = 0,	/* revoked: bad; not to be learnt: a note */
	MS_REV_OFF,		/* neither looked at nor asked */
	MS_REV_HARD		/* not to be learnt: undecided */
};

/* ---- what is asked of others ---- */

enum ms_fetch_kind {
	MS_FETCH_CRL,		/* GET; a list in DER */
	MS_FETCH_OCSP,		/* POST; RFC 6960 appendix A */
	MS_FETCH_ISSUER		/* GET; a certificate or certs-only CMS */
};
/* Bytes that are taken of each. */
#define MS_FETCH_CRL_MAX ((size_t)20 * 1024 * 1024)
#define MS_FETCH_OCSP_MAX ((size_t)64 * 1024)
#define MS_FETCH_ISSUER_MAX ((size_t)64 * 1024)

struct ms_fetch_query {
	enum ms_fetch_kind kind;
	const char *url;	/* http: or https:, as a certificate has it */
	struct ms_span body;	/* OCSPRequest; empty for the other kinds */
	bool anew;		/* what was kept was of no use */
};

/*
 * Who fetches: pki itself knows no network.  All are called with arg.
 */
struct ms_fetch {
	/*
	 * Append what the URL gives to `to`, whose maximum holds.  1: it was
	 * kept from before; 0: it comes from there; -1: MS_TEMPFAIL when
	 * asking again may help.
	 */
	int (*get)(void *arg, const struct ms_fetch_query *q,
	    struct ms_buf *to, struct ms_err *err);
	/* It was right: it may be kept until then.  NULL: nothing is kept. */
	void (*keep)(void *arg, const struct ms_fetch_query *q,
	    struct ms_span bytes, time_t until);
	/* What time it is; NULL: the time that is judged. */
	time_t (*now)(void *arg);
	void (*free)(void *arg);	/* or NULL */
	void *arg;
};

struct ms_trust;

struct ms_trust *ms_trust_new(struct ms_err *err);
void ms_trust_free(struct ms_trust *t);
/* A file (PEM, DER), a directory of such files, or "system". */
int ms_trust_add(struct ms_trust *t, const char *where, struct ms_err *err);
int ms_trust_add_cert(struct ms_trust *t, X509 *anchor, struct ms_err *err);
/* CRLs and further issuers (not anchors). */
int ms_trust_add_crl_file(struct ms_trust *t, const char *path,
    struct ms_err *err);
int ms_trust_add_crl(struct ms_trust *t, X509_CRL *crl, struct ms_err *err);
int ms_trust_add_chain_file(struct ms_trust *t, const char *path,
    struct ms_err *err);
void ms_trust_set_revocation(struct ms_trust *t, enum ms_revocation r);
/* Signatures with SHA-1 in certificates are a note instead of bad. */
void ms_trust_set_legacy(struct ms_trust *t, bool allow);
/*
 * Ask by f for the revocation of what no list covers, once a path has reached
 * an anchor: the OCSP responder that the certificate names (RFC 6960), then
 * its cRLDistributionPoints.  Lists that are right are kept as if they had
 * been given, so that t then serves one thread at a time.  f is copied;
 * f->free is called when t goes, also when this fails.
 */
int ms_trust_set_fetch(struct ms_trust *t, const struct ms_fetch *f,
    struct ms_err *err);
/* Fetch missing issuers too, from caIssuers of authorityInfoAccess (RFC 5280
 * section 4.2.2.1).  Whoever made the certificate chooses who is asked. */
void ms_trust_set_fetch_issuers(struct ms_trust *t, bool yes);
/* No anchor was added. */
bool ms_trust_is_empty(const struct ms_trust *t);

/*
 * Judge the path from leaf over `extra` (may be NULL: untrusted helpers from
 * the message) to an anchor, for that use, as of `at`.  Adds findings:
 * bad "expired", "not-yet-valid", "revoked" (with the revocation time), "use"
 * (ms_cert_may), "chain" (broken signature, CA flag, constraints), "weak-key"
 * (RSA under 1024 bits; a note under 2048), "weak-signature" (MD5, SHA-1);
 * undecided "no-anchor" (no anchors given, or issuer not found), "revocation"
 * (hard); notes "revocation-unknown" (soft), "revocation-unreachable" (soft;
 * who was asked gave nothing of use) and "issuer-unknown" (caIssuers gave
 * nothing); r->retry is set when an undecided answer is due to a service
 * that could not be asked (MS_TEMPFAIL).
 * A certificate whose CRL entry or OCSP answer is dated later than `at` is
 * good at `at`, unless an invalidityDate in it is not, or it is a timestamp
 * authority's and the reason is not one that spares its old tokens (RFC 3161
 * section 4: unspecified, affiliationChanged, superseded,
 * cessationOfOperation, said explicitly).  A CRL that was out of date at
 * `at` proves nobody unrevoked; one made later serves.
 * Adds nothing bad or undecided when the path is right.
 */
int ms_trust_check(struct ms_trust *t, X509 *leaf, STACK_OF(X509) *extra,
    enum ms_usage use, time_t at, struct ms_report *r, struct ms_err *err);

#endif
