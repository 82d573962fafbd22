/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities of the store whose keys stay in their files until one is used,
 * so that a passphrase is asked only for the key that fits.
 */
#include <stdlib.h>
#include <string.h>

#include "remote/remote.h"

struct waiting {
	struct ms_idstore *store;	/* our own handle */
	char *name;
	EVP_PKEY *pub;
	ms_pass_fn *pass;
	void *arg;
};

static void
waiting_free(void *arg)
{
	struct waiting *w = arg;

	if (!w)
		return;
	ms_idstore_free(w->store);
	EVP_PKEY_free(w->pub);
	free(w->name);
	free(w);
}

static struct waiting *
waiting_new(const struct ms_idstore *s, const struct ms_identry *e,
    ms_pass_fn *pass, void *arg, struct ms_err *err)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (!w)
		goto nomem;
	w->pass = pass;
	w->arg = arg;
	w->name = strdup(e->name);
	w->pub = X509_get_pubkey(e->cert);
	if (!w->name || !w->pub)
		goto nomem;
	if (ms_idstore_open(ms_idstore_dir(s), &w->store, err) == 0)
		return w;
	waiting_free(w);
	return NULL;
nomem:
	waiting_free(w);
	ms_fail_nomem(err);
	return NULL;
}

/* Now the key is wanted: the file is read, the passphrase asked for. */
static int
fetch(void *arg, struct ms_key **ret, struct ms_err *err)
{
	struct waiting *w = arg;
	struct ms_idents l = { NULL, 0 };
	size_t i;
	int rc = -1;

	if (ms_idstore_get(w->store, w->name, w->pass, w->arg, &l, err) != 0)
		return -1;
	for (i = 0; rc != 0 && i < l.n; i++)
		if (EVP_PKEY_eq(ms_key_pub(l.v[i].key), w->pub) == 1) {
			*ret = ms_key_ref(l.v[i].key);
			rc = 0;
		}
	if (rc != 0)
		ms_fail(err, MS_DATA, "identity %s: its key is not that of "
		    "its certificate", w->name);
	ms_idents_clear(&l);
	return rc;
}

/* The certificate, what leads up from it, and the key that is to come. */
static int
fill(struct ms_ident *id, const struct ms_idstore *s,
    const struct ms_identry *e, struct ms_key *key, struct ms_err *err)
{
	struct ms_bag bag;
	X509 *own;
	int rc = -1;

	ms_bag_init(&bag);
	if (ms_idstore_bag(s, e->name, &bag, err) == 0) {
		/* The first is the identity's own. */
		own = sk_X509_shift(bag.certs);
		X509_free(own);
		id->chain = bag.certs;
		bag.certs = NULL;
		X509_up_ref(e->cert);
		id->cert = e->cert;
		id->key = key;
		id->name = strdup(e->name);
		rc = id->name ? 0 : ms_fail_nomem(err);
	}
	ms_bag_clear(&bag);
	return rc;
}

int
ms_idstore_later(const struct ms_idstore *s, const struct ms_identry *e,
    ms_pass_fn *pass, void *arg, struct ms_idents *l, struct ms_err *err)
{
	struct ms_ident *v = realloc(l->v, (l->n + 1) * sizeof(*v));
	struct waiting *w;
	struct ms_key *key;

	if (!v)
		return ms_fail_nomem(err);
	l->v = v;
	memset(&v[l->n], 0, sizeof(v[l->n]));
	w = waiting_new(s, e, pass, arg, err);
	if (!w)
		return -1;
	key = ms_key_later(w->pub, fetch, w, waiting_free, err);
	if (!key) {
		waiting_free(w);
		return -1;
	}
	if (fill(&v[l->n], s, e, key, err) != 0) {
		X509_free(v[l->n].cert);
		sk_X509_pop_free(v[l->n].chain, X509_free);
		ms_key_free(key);
		return -1;
	}
	l->n++;
	return 0;
}
