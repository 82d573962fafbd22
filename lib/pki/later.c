/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key that is fetched when it is first used.  Who decrypts with a store of
 * many keys is asked for the passphrase of the one that fits, not of all.
 */
#include <stdlib.h>
#include <string.h>

#include "pki/internal.h"

struct later {
	ms_key_load_fn *load;
	void (*free_arg)(void *arg);
	void *arg;
	struct ms_key *key;	/* once it is here */
};

static int
here(struct later *l, struct ms_err *err)
{
	return l->key ? 0 : l->load(l->arg, &l->key, err);
}

static int
later_sign(struct ms_key *k, const struct ms_sigalg *a, struct ms_span tbs,
    struct ms_buf *sig, struct ms_err *err)
{
	struct later *l = k->at;

	return here(l, err) < 0 ? -1 : ms_key_sign(l->key, a, tbs, sig, err);
}

static int
later_decrypt(struct ms_key *k, const struct ms_rsa_enc *e, struct ms_span in,
    struct ms_buf *out, struct ms_err *err)
{
	struct later *l = k->at;

	return here(l, err) < 0 ? -1 : ms_key_decrypt(l->key, e, in, out, err);
}

static int
later_derive(struct ms_key *k, EVP_PKEY *peer, struct ms_buf *secret,
    struct ms_err *err)
{
	struct later *l = k->at;

	return here(l, err) < 0 ? -1 : ms_key_derive(l->key, peer, secret, err);
}

static int
later_ready(struct ms_key *k, struct ms_err *err)
{
	struct later *l = k->at;
	const char *uri;

	if (here(l, err) < 0 || ms_key_ready(l->key, err) < 0)
		return -1;
	uri = ms_key_uri(l->key);
	if (uri && !k->uri && !(k->uri = strdup(uri)))
		return ms_fail_nomem(err);
	return 0;
}

static void
later_free(struct ms_key *k)
{
	struct later *l = k->at;

	ms_key_free(l->key);
	if (l->free_arg)
		l->free_arg(l->arg);
	free(l);
}

static const struct ms_key_ops later_ops = { later_sign, later_decrypt,
	later_derive, later_free, later_ready };

struct ms_key *
ms_key_later(EVP_PKEY *pub, ms_key_load_fn *load, void *arg,
    void (*free_arg)(void *arg), struct ms_err *err)
{
	struct ms_key *k = calloc(1, sizeof(*k));
	struct later *l = calloc(1, sizeof(*l));

	if (!k || !l || EVP_PKEY_up_ref(pub) != 1) {
		free(k);
		free(l);
		ms_fail_nomem(err);
		return NULL;
	}
	l->load = load;
	l->arg = arg;
	l->free_arg = free_arg;
	atomic_init(&k->refs, 1);
	k->ops = &later_ops;
	k->pub = pub;
	k->at = l;
	return k;
}
