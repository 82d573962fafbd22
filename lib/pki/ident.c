/* SPDX-License-Identifier: Apache-2.0 */
/* Identities: keys with their certificates. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "pki/internal.h"

static void
ident_clear(struct ms_ident *id)
{
	X509_free(id->cert);
	ms_key_free(id->key);
	sk_X509_pop_free(id->chain, X509_free);
	free(id->name);
	memset(id, 0, sizeof(*id));
}

void
ms_idents_clear(struct ms_idents *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		ident_clear(&l->v[i]);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

static bool
has_key(const struct ms_bag *b, X509 *x)
{
	size_t i;

	for (i = 0; i < b->nkeys; i++)
		if (ms_key_matches(b->keys[i], x))
			return true;
	return false;
}

/* The certificates without a key here, borrowed. */
static STACK_OF(X509) *
leftovers(const struct ms_bag *b)
{
	STACK_OF(X509) *rest = sk_X509_new_null();
	int i;

	for (i = 0; rest && i < sk_X509_num(b->certs); i++) {
		X509 *x = sk_X509_value(b->certs, i);

		if (!has_key(b, x) && sk_X509_push(rest, x) <= 0) {
			sk_X509_free(rest);
			rest = NULL;
		}
	}
	return rest;
}

int
idents_push(struct ms_idents *l, struct ms_key *k, X509 *x,
    STACK_OF(X509) *chain, const char *name, struct ms_err *err)
{
	struct ms_ident id = { NULL, NULL, NULL, NULL }, *v;

	v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (!v)
		return ms_fail_nomem(err);
	l->v = v;
	id.name = strdup(name);
	id.chain = X509_chain_up_ref(chain);
	if (!id.name || !id.chain || X509_up_ref(x) != 1) {
		ident_clear(&id);
		return ms_fail_nomem(err);
	}
	id.cert = x;
	id.key = ms_key_ref(k);
	v[l->n++] = id;
	return 0;
}

int
ms_idents_add_bag(struct ms_idents *l, const struct ms_bag *b,
    const char *name, struct ms_err *err)
{
	STACK_OF(X509) *chain = leftovers(b);
	bool found;
	int rc = 0, j;
	size_t i;

	if (!chain)
		return ms_fail_nomem(err);
	for (i = 0; rc == 0 && i < b->nkeys; i++) {
		found = false;
		for (j = 0; rc == 0 && j < sk_X509_num(b->certs); j++) {
			X509 *x = sk_X509_value(b->certs, j);

			if (!ms_key_matches(b->keys[i], x))
				continue;
			found = true;
			rc = idents_push(l, b->keys[i], x, chain, name, err);
		}
		if (rc == 0 && !found) {
			rc = ms_fail(err, MS_DATA, "%s: no certificate beside "
			    "the private key", name);
			ms_hint(err, "name the certificate too: --cert FILE");
		}
	}
	sk_X509_free(chain);
	return rc;
}

const struct ms_ident *
ms_idents_signer(const struct ms_idents *l, const struct ms_addr *addr,
    time_t at)
{
	const struct ms_ident *best = NULL, *id;
	size_t i;

	for (i = 0; i < l->n; i++) {
		id = &l->v[i];
		if (!ms_cert_may_at(id->cert, MS_USE_SIGN, at, NULL) ||
		    (addr && !ms_cert_has_addr(id->cert, addr)))
			continue;
		if (!best || ms_cert_not_before(id->cert) >
		    ms_cert_not_before(best->cert))
			best = id;
	}
	return best;
}

/* ---- PKCS#12 ---- */

struct p12_out {
	STACK_OF(PKCS12_SAFEBAG) *certs, *keys;
	const char *pass;
	const char *friendly;
};

/* localKeyId ties a key to its certificate; by custom it is the SHA-1 of the
 * certificate, which secures nothing here. */
static int
name_bag(PKCS12_SAFEBAG *bag, X509 *x, const char *friendly)
{
	unsigned char id[EVP_MAX_MD_SIZE];
	unsigned int n;

	return bag && X509_digest(x, EVP_sha1(), id, &n) == 1 &&
	    PKCS12_add_localkeyid(bag, id, (int)n) == 1 &&
	    (!friendly || PKCS12_add_friendlyname_utf8(bag, friendly, -1) == 1);
}

static int
put_cert(STACK_OF(PKCS12_SAFEBAG) **bags, STACK_OF(X509) *seen, X509 *x)
{
	int i;

	for (i = 0; i < sk_X509_num(seen); i++)
		if (X509_cmp(sk_X509_value(seen, i), x) == 0)
			return 1;
	return sk_X509_push(seen, x) > 0 && PKCS12_add_cert(bags, x);
}

static int
put_ident(struct p12_out *o, STACK_OF(X509) *seen, const struct ms_ident *id,
    struct ms_err *err)
{
	EVP_PKEY *pkey = ms_key_get0_soft(id->key);
	PKCS12_SAFEBAG *bag;

	if (!pkey)
		return ms_fail(err, MS_NO, "the private key of %s cannot leave "
		    "the place where it is kept", id->name);
	bag = PKCS12_add_cert(&o->certs, id->cert);
	if (sk_X509_push(seen, id->cert) <= 0 ||
	    !name_bag(bag, id->cert, o->friendly))
		return ms_fail_ssl(err, MS_OS, "cannot make PKCS#12");
	bag = PKCS12_add_key(&o->keys, pkey, 0, PBE_ROUNDS,
	    NID_aes_256_cbc, o->pass);
	if (!name_bag(bag, id->cert, o->friendly))
		return ms_fail_ssl(err, MS_OS, "cannot make PKCS#12");
	return 0;
}

static int
put_idents(struct p12_out *o, const struct ms_idents *l, struct ms_err *err)
{
	STACK_OF(X509) *seen = sk_X509_new_null();
	int j, rc = seen ? 0 : ms_fail_nomem(err);
	size_t i;

	for (i = 0; rc == 0 && i < l->n; i++)
		rc = put_ident(o, seen, &l->v[i], err);
	for (i = 0; rc == 0 && i < l->n; i++)
		for (j = 0; rc == 0 && j < sk_X509_num(l->v[i].chain); j++)
			if (!put_cert(&o->certs, seen,
			    sk_X509_value(l->v[i].chain, j)))
				rc = ms_fail_ssl(err, MS_OS,
				    "cannot make PKCS#12");
	sk_X509_free(seen);
	return rc;
}

/* The MAC has as many rounds as the encryption, else it would be the cheaper
 * thing to guess the passphrase by. */
static PKCS12 *
p12_seal(struct p12_out *o)
{
	STACK_OF(PKCS7) *safes = NULL;
	PKCS12 *p = NULL;

	if (PKCS12_add_safe(&safes, o->certs, NID_aes_256_cbc, PBE_ROUNDS,
	    o->pass) == 1 &&
	    PKCS12_add_safe(&safes, o->keys, -1, 0, NULL) == 1 &&
	    (p = PKCS12_add_safes(safes, 0)) &&
	    PKCS12_set_mac(p, o->pass, -1, NULL, PBE_SALT, PBE_ROUNDS,
	    EVP_sha256()) != 1) {
		PKCS12_free(p);
		p = NULL;
	}
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return p;
}

static int
p12_encode(PKCS12 *p, struct ms_buf *to, struct ms_err *err)
{
	int n = i2d_PKCS12(p, NULL);
	unsigned char *at;

	if (n <= 0)
		return ms_fail_ssl(err, MS_BUG, "cannot encode PKCS#12");
	if (!(at = ms_buf_room(to, (size_t)n, err)))
		return -1;
	i2d_PKCS12(p, &at);
	to->n += (size_t)n;
	return 0;
}

int
ms_idents_write_p12(const struct ms_idents *l, const struct ms_buf *pass,
    const char *friendly, struct ms_buf *p12, struct ms_err *err)
{
	char *secret = ms_span_dup(ms_buf_span(pass));
	struct p12_out o = { NULL, NULL, secret, friendly };
	PKCS12 *p = NULL;
	int rc = -1;

	if (!secret)
		ms_fail(err, MS_USAGE, "the passphrase holds a NUL byte");
	else if (put_idents(&o, l, err) == 0) {
		p = p12_seal(&o);
		rc = p ? p12_encode(p, p12, err) :
		    ms_fail_ssl(err, MS_OS, "cannot make PKCS#12");
	}
	PKCS12_free(p);
	sk_PKCS12_SAFEBAG_pop_free(o.certs, PKCS12_SAFEBAG_free);
	sk_PKCS12_SAFEBAG_pop_free(o.keys, PKCS12_SAFEBAG_free);
	ms_wipe_str(secret);
	return rc;
}
