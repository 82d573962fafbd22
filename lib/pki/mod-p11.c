/* SPDX-License-Identifier: Apache-2.0 */
/* Identities on tokens by p11-kit, which only this module knows. */
#define MS_P11_PRIVATE
#include <stdlib.h>

#include <openssl/x509v3.h>

#include "pki/mod-p11.h"

/* What is gathered from token after token. */
struct gather {
	struct ms_idents *l;
	STACK_OF(X509) *given;	/* certificates from elsewhere, or NULL */
	struct ms_bag *bag;	/* only certificates are wanted */
	bool logged_in;		/* look again, with a log-in */
	size_t tokens, found;
};

static bool
is_authority(X509 *x)
{
	return X509_check_ca(x) == 1;
}

static int
add(struct gather *g, struct p11_token *t, struct ms_span id, X509 *x,
    STACK_OF(X509) *chain, struct ms_err *err)
{
	EVP_PKEY *pub = X509_get0_pubkey(x);
	struct ms_key *k;
	int rc;

	if (!pub)
		return ms_fail_ssl(err, MS_DATA, "the certificate's key is of "
		    "no known type");
	k = p11_key(t, id, pub, err);
	if (!k)
		return -1;
	rc = idents_push(g->l, k, x, chain, k->uri, err);
	ms_key_free(k);
	g->found++;
	return rc;
}

/* The certificate lies elsewhere: it is the first of those. */
static int
add_given(struct gather *g, struct p11_token *t, struct ms_err *err)
{
	STACK_OF(X509) *chain = sk_X509_dup(g->given);
	struct ms_span none = { NULL, 0 };
	int rc = -1;

	if (!chain)
		return ms_fail_nomem(err);
	sk_X509_shift(chain);
	rc = add(g, t, none, sk_X509_value(g->given, 0), chain, err);
	sk_X509_free(chain);
	return rc;
}

/* Certificates of authorities lead up from the others, unless there are no
 * others. */
static int
add_found(struct gather *g, struct p11_token *t, const struct p11_certs *l,
    struct ms_err *err)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	int rc = chain ? 0 : ms_fail_nomem(err);
	bool all;
	size_t i;

	for (i = 0; rc == 0 && i < l->n; i++)
		if (is_authority(l->v[i].x) &&
		    sk_X509_push(chain, l->v[i].x) <= 0)
			rc = ms_fail_nomem(err);
	all = chain && (size_t)sk_X509_num(chain) == l->n;
	for (i = 0; rc == 0 && i < l->n; i++)
		if (all || !is_authority(l->v[i].x))
			rc = add(g, t, ms_buf_span(&l->v[i].id), l->v[i].x,
			    all ? NULL : chain, err);
	sk_X509_free(chain);
	return rc;
}

static int
look(void *arg, struct p11_token *t, struct ms_err *err)
{
	struct p11_certs *l = calloc(1, sizeof(*l));
	struct gather *g = arg;
	size_t i;
	int rc = 0;

	if (!l)
		return ms_fail_nomem(err);
	g->tokens++;
	if (g->logged_in)
		rc = p11_login(t, err);
	if (rc == 0 && g->given) {
		rc = add_given(g, t, err);
	} else if (rc == 0) {
		rc = p11_certs(t, l, err);
		for (i = 0; rc == 0 && g->bag && i < l->n; i++, g->found++) {
			X509_up_ref(l->v[i].x);
			rc = bag_add_cert(g->bag, l->v[i].x, err);
		}
		if (rc == 0 && !g->bag)
			rc = add_found(g, t, l, err);
	}
	p11_certs_clear(l);
	free(l);
	return rc;
}

/* Whom the certificate is from when it is elsewhere must be plain: one. */
static int
several(const struct gather *g, struct ms_err *err)
{
	ms_fail(err, MS_USAGE, "the PKCS#11 URI fits %zu tokens", g->tokens);
	return ms_hint(err, "name the one: pkcs11:token=LABEL, or its serial");
}

static int
gather(struct gather *g, const char *uri, ms_pass_fn *pass, void *arg,
    struct ms_err *err)
{
	struct p11 *p = NULL;
	int rc;

	if (p11_open(uri, &p, err) != 0)
		return -1;
	rc = p11_tokens(p, pass, arg, look, g, err);
	if (rc == 0 && g->tokens > 1 && (g->given || g->found == 0))
		rc = several(g, err);
	if (rc == 0 && g->found == 0) {
		/* Some tokens show even certificates to their owner only. */
		g->logged_in = true;
		rc = p11_tokens(p, pass, arg, look, g, err);
	}
	if (rc == 0 && g->found == 0) {
		rc = ms_fail(err, MS_NOINPUT, "the token has no certificate "
		    "that the PKCS#11 URI names");
		ms_hint(err, "p11tool --list-all shows what is on it; --cert "
		    "FILE names a certificate that lies elsewhere");
	}
	p11_free(p);
	return rc;
}

static int
idents(const char *uri, STACK_OF(X509) *certs, ms_pass_fn *pass, void *arg,
    struct ms_idents *l, struct ms_err *err)
{
	struct gather g = { .l = l,
		.given = sk_X509_num(certs) > 0 ? certs : NULL };

	return gather(&g, uri, pass, arg, err);
}

static int
certs(const char *uri, ms_pass_fn *pass, void *arg, struct ms_bag *bag,
    struct ms_err *err)
{
	struct gather g = { .bag = bag };

	return gather(&g, uri, pass, arg, err);
}

extern const struct ms_p11_ops ms_module_p11 MS_MODULE_EXPORT;
const struct ms_p11_ops ms_module_p11 = { idents, certs };
