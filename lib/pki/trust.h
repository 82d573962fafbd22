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
	MS_REV_SOFT = 0,	/* a CRL says revoked: bad; no CRL: a note */
	MS_REV_OFF,
	MS_REV_HARD		/* no valid CRL: undecided */
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
/* No anchor was added. */
bool ms_trust_is_empty(const struct ms_trust *t);

/*
 * Judge the path from leaf over `extra` (may be NULL: untrusted helpers from
 * the message) to an anchor, for that use, as of `at`.  Adds findings:
 * bad "expired", "not-yet-valid", "revoked" (with the revocation time), "use"
 * (ms_cert_may), "chain" (broken signature, CA flag, constraints), "weak-key"
 * (RSA under 1024 bits; a note under 2048), "weak-signature" (MD5, SHA-1);
 * undecided "no-anchor" (no anchors given, or issuer not found), "revocation"
 * (hard); note "revocation-unknown" (soft).
 * A certificate whose CRL entry is dated later than `at` is good at `at`,
 * unless an invalidityDate in the entry is not, or it is a timestamp
 * authority's and the reason is not one that spares its old tokens (RFC 3161
 * section 4: unspecified, affiliationChanged, superseded,
 * cessationOfOperation, said explicitly).  A CRL that was out of date at
 * `at` proves nobody unrevoked; one made later serves.
 * Adds nothing bad or undecided when the path is right.
 */
int ms_trust_check(struct ms_trust *t, X509 *leaf, STACK_OF(X509) *extra,
    enum ms_usage use, time_t at, struct ms_report *r, struct ms_err *err);

#endif
