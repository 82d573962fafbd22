/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that judge a path share. */
#ifndef MS_PKI_PATH_H
#define MS_PKI_PATH_H

#include <openssl/ocsp.h>

#include "pki/internal.h"
#include "pki/trust.h"

#define PATH_MAX_CERTS 128	/* certificates in a path; libcrypto stops at
				 * 100 */

/* What is known of a certificate's revocation, the weaker first. */
enum rev_state { REV_UNKNOWN, REV_STALE, REV_COVERED, REV_REVOKED };

struct rev_status {
	enum rev_state state;
	time_t since;		/* REV_REVOKED; -1: not told */
	long reason;		/* RFC 5280 section 5.3.1, -1: none */
};

struct online;

struct ms_trust {
	X509_STORE *store;	/* anchors */
	size_t anchors;
	STACK_OF(X509) *chain;	/* further issuers */
	STACK_OF(X509_CRL) *crls;
	enum ms_revocation revocation;
	bool legacy;
	bool fetch_issuers;
	struct online *online;	/* NULL: nobody is asked */
};

/* One judgement. */
struct path {
	struct ms_trust *t;
	X509 *leaf;
	STACK_OF(X509) *helpers;	/* borrowed certificates */
	enum ms_usage use;
	time_t at;
	struct ms_report *r;
	struct ms_err *err;
	int oom;		/* a finding could not be noted */
	STACK_OF(X509) *chain;	/* owned; leaf first, anchor last */
};

/* A context for this path, judged at its time; NULL with p->err. */
X509_STORE_CTX *path_ctx(struct path *p, unsigned long flags);
/* "certificate", or for issuers "certificate of CN=..."; to is at least 256. */
const char *path_who(const struct path *p, X509 *x, char *to, size_t size);
/* Judge revocation of the certificates of p->chain. */
int path_revocation(struct path *p);
/* Whether a revocation counts at the time of the path for the certificate at
 * that depth. */
bool path_revoked(const struct path *p, int depth, const struct rev_status *s);
/* Whether one who may have made the list signed it. */
bool path_signs(const struct path *p, X509_CRL *crl);

/* ---- asking others ---- */

/* Why it could not be learnt; empty when nobody was asked. */
struct online_why {
	struct ms_err err;
	bool retry;
};

void online_free(struct online *o);
/* Fetch issuers until the path reaches an anchor or no more are had. */
int online_issuers(struct path *p);
/* Whether lists are better asked for before single answers. */
bool online_lists_first(const struct path *p);
/* Ask the responder about the certificate at that depth; *s is changed when it
 * answered. */
int online_ocsp(struct path *p, int depth, struct rev_status *s,
    struct online_why *why);
/* Fetch its lists: 1 when one was added to those of p->t. */
int online_crls(struct path *p, int depth, struct online_why *why);

/* ---- OCSP ---- */

/* The OCSPRequest for one certificate, and the CertID that it asks for. */
int ocsp_request(X509 *x, X509 *issuer, struct ms_buf *der, OCSP_CERTID **id,
    struct ms_err *err);

/* What a response is judged by. */
struct ocsp_ask {
	OCSP_CERTID *id;
	X509 *x, *issuer;
	const STACK_OF(X509_CRL) *crls;	/* at hand, of whomever */
	time_t at;		/* the time judged */
	time_t now;
	bool legacy;		/* SHA-1 will do */
};
/*
 * RFC 6960 section 3.2.  0 with the answer, and until when it may be kept
 * (0: not at all); MS_NO: the responder does not know; MS_TEMPFAIL: it could
 * not answer; MS_DATA: it is not to be believed.
 */
int ocsp_judge(const struct ocsp_ask *q, struct ms_span der,
    struct rev_status *s, time_t *until, struct ms_err *err);

/* Why a CA certificate's extendedKeyUsage excludes the use, or NULL. */
const char *ca_refuses(X509 *x, enum ms_usage use);

#endif
