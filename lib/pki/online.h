/* SPDX-License-Identifier: Apache-2.0 */
/* What the files share that ask others. */
#ifndef MS_PKI_ONLINE_H
#define MS_PKI_ONLINE_H

#include "pki/path.h"

#define URLS 4			/* that are tried of one certificate */
#define LISTS 64		/* fetched lists that are remembered */
#define ANSWERS 64		/* by OCSP, that are remembered */

struct list {
	char *url;
	X509_CRL *crl;		/* one of those of the trust */
	time_t again;		/* not before */
};

struct answer {
	unsigned char of[32];	/* SHA-256 of the certificate */
	struct rev_status status;
	time_t until;
};

struct online {
	struct ms_fetch f;
	struct list list[LISTS];
	size_t nlists;
	size_t issuers;		/* fetched so far */
	struct answer answer[ANSWERS];
	size_t issuer_answers;	/* the last place taken */
	unsigned asked;		/* by OCSP, so far */
};

time_t online_now(const struct path *p);

/* Use what came: 0 when it is right, -1 with err when not. */
typedef int online_use_fn(struct path *p, void *arg, struct ms_span got,
    time_t *until, struct ms_err *err);
/* Fetch and use; what was kept and is of no use is fetched anew. */
int online_fetch(struct path *p, struct ms_fetch_query *q,
    online_use_fn *use, void *arg, struct ms_err *err);

/* The http: and https: URLs that a certificate names, owned. */
struct urls {
	char *v[URLS];
	size_t n;
};
void urls_clear(struct urls *u);
/* RFC 5280 section 4.2.2.1. */
void urls_access(struct urls *u, X509 *x, int method);
/* RFC 5280 section 4.2.1.13. */
void urls_lists(struct urls *u, X509 *x);

#endif
