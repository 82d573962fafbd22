/* SPDX-License-Identifier: Apache-2.0 */
/* What -i, --key and --cert mean. */
#include <stdlib.h>
#include <string.h>

#include "remote/remote.h"

/* A word with @ and without / is an address, unless it is a URI; anything else
 * is a file. */
bool
ms_ident_is_address(const char *s)
{
	return strchr(s, '@') && !strchr(s, '/') && !ms_token_is_uri(s) &&
	    !ms_keyring_is_uri(s);
}

/* Those identities of the store whose certificate may be used so. */
static int
from_store(struct ms_idstore *s, const char *who, enum ms_usage use,
    ms_pass_fn *pass, void *arg, struct ms_idents *l, struct ms_err *err)
{
	struct ms_identries e = { NULL, 0 };
	struct ms_addr addr;
	const char *why = NULL;
	size_t i, before = l->n;
	int rc = -1;

	memset(&addr, 0, sizeof(addr));
	if (who && ms_addr_parse(who, strlen(who), &addr, err) != 0)
		return -1;
	if (ms_idstore_list(s, who ? &addr : NULL, &e, err) != 0)
		goto out;
	for (i = 0; i < e.n; i++)
		if (ms_cert_may(e.v[i].cert, use, &why) &&
		    ms_idstore_later(s, &e.v[i], pass, arg, l, err) != 0)
			goto out;
	if (who && l->n == before) {
		if (e.n == 0)
			ms_fail(err, MS_NOINPUT, "no key of %s in the "
			    "identity store", who);
		else
			ms_fail(err, MS_NOINPUT, "no key of %s may be used "
			    "for this: %s", who, why ? why : "");
		ms_hint(err, "ms-id import FILE puts one there, ms-id list "
		    "shows what is there");
		goto out;
	}
	rc = 0;
out:
	ms_identries_clear(&e);
	ms_addr_clear(&addr);
	return rc;
}

/* Every certificate of the identities there. */
static int
certs_of_keyring(const char *uri, ms_pass_fn *pass, void *arg,
    struct ms_bag *bag, struct ms_err *err)
{
	struct ms_idents l = { NULL, 0 };
	int rc = ms_keyring_idents(uri, pass, arg, &l, err);
	size_t i;

	if (!bag->certs && !(bag->certs = sk_X509_new_null()))
		rc = ms_fail_nomem(err);
	for (i = 0; rc == 0 && i < l.n; i++)
		if (X509_add_cert(bag->certs, l.v[i].cert,
		    X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP) != 1)
			rc = ms_fail_nomem(err);
	ms_idents_clear(&l);
	return rc;
}

int
ms_ident_certs(const char *where, ms_pass_fn *pass, void *arg,
    struct ms_bag *bag, struct ms_err *err)
{
	if (ms_token_is_uri(where))
		return ms_token_certs(where, pass, arg, bag, err);
	if (ms_keyring_is_uri(where))
		return certs_of_keyring(where, pass, arg, bag, err);
	return ms_bag_read(bag, where, NULL, NULL, err);
}

static int
from_token(const char *uri, const char *cert, ms_pass_fn *pass, void *arg,
    struct ms_idents *l, struct ms_err *err)
{
	struct ms_bag bag;
	int rc = 0;

	ms_bag_init(&bag);
	if (cert)
		rc = ms_ident_certs(cert, pass, arg, &bag, err);
	if (rc == 0)
		rc = ms_token_idents(uri, bag.certs, pass, arg, l, err);
	ms_bag_clear(&bag);
	return rc;
}

static int
from_files(const char *key, const char *cert, ms_pass_fn *pass, void *arg,
    struct ms_idents *l, struct ms_err *err)
{
	struct ms_bag bag;
	int rc = -1;

	if (ms_token_is_uri(key))
		return from_token(key, cert, pass, arg, l, err);
	if (ms_keyring_is_uri(key))
		return ms_keyring_idents(key, pass, arg, l, err);
	ms_bag_init(&bag);
	/* Certificates first: the identity's own is looked for among all. */
	if (cert && ms_ident_certs(cert, pass, arg, &bag, err) != 0)
		goto out;
	if (ms_bag_read(&bag, key, pass, arg, err) != 0)
		goto out;
	if (bag.nkeys == 0) {
		ms_fail(err, MS_NOINPUT, "%s: no private key in it", key);
		ms_hint(err, "name the key's file with --key FILE, the "
		    "certificate's with --cert FILE");
		goto out;
	}
	rc = ms_idents_add_bag(l, &bag, key, err);
	if (rc != 0 && !cert)
		ms_hint(err, "name the certificate's file with --cert FILE");
out:
	ms_bag_clear(&bag);
	return rc;
}

int
ms_ident_load(struct ms_idstore *s, const struct ms_ident_spec *spec,
    enum ms_usage use, ms_pass_fn *pass, void *arg, struct ms_idents *l,
    struct ms_err *err)
{
	if (spec->key)
		return from_files(spec->key, spec->cert, pass, arg, l, err);
	if (spec->cert && !spec->identity) {
		ms_fail(err, MS_USAGE, "--cert without --key");
		return ms_hint(err, "--key FILE names its private key");
	}
	if (!spec->identity || ms_ident_is_address(spec->identity))
		return from_store(s, spec->identity, use, pass, arg, l, err);
	return from_files(spec->identity, spec->cert, pass, arg, l, err);
}
