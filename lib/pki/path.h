/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that judge a path share. */
#ifndef MS_PKI_PATH_H
#define MS_PKI_PATH_H

#include "pki/internal.h"
#include "pki/trust.h"

struct ms_trust {
	X509_STORE *store;	/* anchors */
	size_t anchors;
	STACK_OF(X509) *chain;	/* further issuers */
	STACK_OF(X509_CRL) *crls;
	enum ms_revocation revocation;
	bool legacy;
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
/* Why a CA certificate's extendedKeyUsage excludes the use, or NULL. */
const char *ca_refuses(X509 *x, enum ms_usage use);

#endif
