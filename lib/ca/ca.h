/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certification authority for one's own house: a directory with
 *
 *	ca.pem		its certificate
 *	ca.key		its key, PKCS#8, mode 0600
 *	register.db	what it issued and revoked, mode 0600
 *
 * The register is the authority's memory: a certificate, a revocation or a
 * list is in it, synced, before anybody gets to see it.  Several processes may
 * work on one authority at the same time.
 */
#ifndef MS_CA_H
#define MS_CA_H

#include "pki/pki.h"

#define MS_CA_NAMES 100		/* addresses and hosts in one certificate */

struct ms_ca;

struct ms_ca_new {
	const char *subject;	/* common name, UTF-8 */
	const char *organization;	/* or NULL */
	const char *key_type;	/* as for ms_key_generate() */
	const char *crl_url;	/* put into what it issues, or NULL */
	time_t not_before, not_after;
};
/*
 * Make an authority in dir, all or nothing: it is made beside its place and
 * renamed.  Missing parent directories are made (0700).  pass encrypts the
 * key, NULL leaves it in clear.  MS_CANTCREAT when dir holds anything.
 */
int ms_ca_init(const char *dir, const struct ms_ca_new *what,
    const struct ms_buf *pass, struct ms_err *err);

/*
 * Open the authority in dir.  With pass its key is opened too, for issuing
 * and for lists; MS_NOINPUT when there is none, MS_DATA when key and
 * certificate do not belong together.
 */
int ms_ca_open(const char *dir, ms_pass_fn *pass, void *arg,
    struct ms_ca **ret, struct ms_err *err);
void ms_ca_close(struct ms_ca *ca);
X509 *ms_ca_cert(const struct ms_ca *ca);	/* borrowed */

/*
 * What follows until ms_ca_commit() is recorded together or not at all;
 * closing takes it back.  Nothing that was made in between may leave before
 * the commit has succeeded.
 */
int ms_ca_begin(struct ms_ca *ca, struct ms_err *err);
int ms_ca_commit(struct ms_ca *ca, struct ms_err *err);

/* ---- issuing ---- */

/* "sign", "encrypt", "tsa", "ocsp", "server", "device", "officer"; -1 when
 * there is no such usage. */
int ms_ca_profile(const char *usage);
const char *ms_ca_usage(enum ms_profile p);

struct ms_ca_request {
	enum ms_profile profile;
	const char *subject;	/* NULL: the first address or host, if it is
				 * short enough for a common name */
	const char *organization;	/* NULL: the authority's */
	const struct ms_addr *addrs;
	size_t naddrs;
	const char *const *dns;
	size_t ndns;
	time_t not_before, not_after;	/* cut to the authority's own end */
};
/*
 * Issue for a public key and record it; within ms_ca_begin().  An address is
 * needed for sign, encrypt and officer, a host for server (MS_USAGE).
 */
int ms_ca_issue(struct ms_ca *ca, const struct ms_ca_request *rq,
    EVP_PKEY *pub, X509 **ret, struct ms_err *err);
/* Issue again for the same key, names and profile; MS_NO when old was not
 * issued here or is revoked. */
int ms_ca_renew(struct ms_ca *ca, X509 *old, time_t not_before,
    time_t not_after, X509 **ret, struct ms_err *err);

/* ---- the register ---- */

enum ms_ca_status { MS_CA_VALID, MS_CA_EXPIRED, MS_CA_REVOKED };

struct ms_ca_row {
	X509 *cert;
	enum ms_profile profile;
	enum ms_ca_status status;
	time_t issued;
	time_t revoked;		/* -1: not */
	int reason;		/* RFC 5280 section 5.3.1 */
	char *names;		/* addresses and hosts, a newline between */
};
struct ms_ca_rows {
	struct ms_ca_row *v;
	size_t n;
};
void ms_ca_rows_clear(struct ms_ca_rows *l);

struct ms_ca_query {
	struct ms_span serial;	/* these octets, or {NULL,0} */
	const char *name;	/* an addr-spec as ms_addr.spec has it, or a
				 * host; or NULL */
	int profile;		/* -1: all */
	time_t at;		/* what is expired and what not */
};
/* Rows that match, in the order of issuing. */
int ms_ca_find(struct ms_ca *ca, const struct ms_ca_query *q,
    struct ms_ca_rows *l, struct ms_err *err);
/* "valid", "expired", "revoked" */
const char *ms_ca_status_str(enum ms_ca_status s);

/* ---- revoking ---- */

/* "unspecified", "key-compromise", "affiliation-changed", "superseded",
 * "cessation-of-operation", "privilege-withdrawn"; -1 for others. */
int ms_ca_reason(const char *name);
/* Record it; 1 when it was revoked before (nothing changes then), 0, -1. */
int ms_ca_revoke(struct ms_ca *ca, X509 *cert, int reason, time_t when,
    struct ms_err *err);
/*
 * The list of all that is revoked, with the next number; recorded, within
 * ms_ca_begin().  Entries stay when their certificates have expired, because
 * signatures outlive them.
 */
int ms_ca_crl(struct ms_ca *ca, time_t this_update, time_t next_update,
    X509_CRL **ret, struct ms_err *err);

/* ---- publishing ---- */

/*
 * Write ADDRESS.pem into dir for every address of the register: its sign,
 * encrypt and officer certificates in force, newest first; the file of an
 * address that has none any more is removed.  *written and *removed count
 * files.
 */
int ms_ca_publish(struct ms_ca *ca, const char *dir, time_t at,
    size_t *written, size_t *removed, struct ms_err *err);

#endif
