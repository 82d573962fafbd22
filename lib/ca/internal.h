/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of ca share. */
#ifndef MS_CA_INTERNAL_H
#define MS_CA_INTERNAL_H

#include "ca/ca.h"
#include "store/store.h"

#define CERT_MAX ((size_t)64 * 1024)	/* bytes of a certificate */
#define SERIAL 16			/* octets, random, positive */

struct ms_ca {
	struct ms_store *st;
	X509 *cert;
	struct ms_key *key;	/* NULL: not opened */
	char *organization;	/* settings, NULL when not set */
	char *crl_url;
	bool open;		/* between begin and commit */
};

/* dir/name, malloc()ed; NULL when out of memory. */
char *ca_path(const char *dir, const char *name, struct ms_err *err);

/* Open the register and make it when it is not there. */
int register_open(const char *path, bool create, struct ms_store **ret,
    struct ms_err *err);
int register_set(struct ms_store *st, const char *name, const char *value,
    struct ms_err *err);
/* malloc()ed, or NULL when it is not set. */
int register_get(struct ms_store *st, const char *name, char **value,
    struct ms_err *err);
int register_add(struct ms_store *st, X509 *x, enum ms_profile profile,
    const struct ms_ca_request *rq, time_t now, struct ms_err *err);

#endif
