/* SPDX-License-Identifier: Apache-2.0 */
/*
 * E-mail address to certificate.  One file per source, one table of sources.
 * A lookup that could not be made is never a NO.
 */
#ifndef MS_LOOKUP_H
#define MS_LOOKUP_H

#include "pki/pki.h"

enum ms_answer {
	MS_ANSWER_UNKNOWN = 0,	/* a source could not be asked */
	MS_ANSWER_YES,
	MS_ANSWER_NO
};

struct ms_found {
	enum ms_answer answer;
	char *reason;		/* why NO or UNKNOWN; of a YES the source, and
				 * with `all` those that could not be asked */
	char *warning;		/* or NULL: one is used though who knows of its
				 * revocation could not be asked */
	X509 **certs;		/* owned; all that may be used, best first:
				 * newest notBefore, then notAfter */
	size_t n;
	struct ms_refused {	/* candidates that may not, for --why */
		X509 *cert;
		char *why;	/* names the clause */
	} *refused;
	size_t nrefused;
};
void ms_found_clear(struct ms_found *f);

struct ms_lookup;

/* trust: borrowed; certificates found must chain to it.  An empty one is
 * MS_CONFIG when the first source is added. */
int ms_lookup_new(struct ms_trust *trust, time_t at, struct ms_lookup **ret,
    struct ms_err *err);
void ms_lookup_free(struct ms_lookup *l);
/*
 * Add a source; an unknown kind is MS_USAGE.  It is opened when it is first
 * asked, so that one that is away makes an UNKNOWN.
 *
 * "dir:PATH": the files *.pem, *.crt, *.cer and *.der of a directory, PEM or
 * DER, any number of certificates in each.  A file named ADDRESS.pem (domain
 * as A-labels in lower case, "/" and "%" of the local part as %2F and %25) is
 * found without reading the others; else all are read once and their
 * addresses remembered, until the directory changes or a minute has passed.
 * A file that cannot be read may hold any address, so as long as there is one
 * the directory answers YES or UNKNOWN.
 *
 * "db:URI": a certificate database (certdb/certdb.h), opened read only.
 */
int ms_lookup_add(struct ms_lookup *l, const char *uri, struct ms_err *err);
size_t ms_lookup_count(const struct ms_lookup *l);
/* Nothing will be asked for a while: lets go of what a source holds on to
 * between lookups (a database's snapshot). */
void ms_lookup_rest(struct ms_lookup *l);
/*
 * Find the certificates of an address for MS_USE_ENCRYPT or MS_USE_SIGN: in
 * force, allowed by keyUsage and EKU, the address among its SAN (RFC 9598),
 * chain and revocation right, and for encrypting a key that we seal for.  The
 * first source with a YES answers unless `all`.  A candidate without a path to
 * an anchor is refused; one whose revocation is undecided makes an UNKNOWN
 * where there is no other.  Sets *f; -1 only for faults that are no answer
 * (out of memory).
 */
int ms_lookup_find(struct ms_lookup *l, const struct ms_addr *addr,
    enum ms_usage use, bool all, struct ms_found *f, struct ms_err *err);

#endif
