/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pki/cert.h"
#include "pki/mod-keyring.h"

#define SCHEME "keyring:"
#define SECRET_MAX ((size_t)1024 * 1024)	/* bytes of an identity */

static const struct ms_keyring_ops *
keyring(struct ms_err *err)
{
	return ms_module("keyring", err);
}

bool
ms_keyring_is_uri(const char *s)
{
	return strncmp(s, SCHEME, strlen(SCHEME)) == 0;
}

/* ---- identities ---- */

struct reading {
	const char *uri;
	ms_pass_fn *pass;
	void *arg;
	struct ms_idents *l;
	size_t n;
};

static int
found_identity(void *arg, struct ms_span secret, struct ms_err *err)
{
	struct reading *r = arg;
	struct ms_bag bag;
	int rc;

	ms_bag_init(&bag);
	rc = ms_bag_parse(&bag, secret, r->uri, r->pass, r->arg, err);
	if (rc == 0 && bag.nkeys == 0)
		rc = ms_fail(err, MS_DATA, "%s: no private key in it", r->uri);
	if (rc == 0)
		rc = ms_idents_add_bag(r->l, &bag, r->uri, err);
	ms_bag_clear(&bag);
	r->n++;
	return rc;
}

static int
nothing(const char *uri, size_t locked, struct ms_err *err)
{
	if (locked > 0) {
		ms_fail(err, MS_NOPERM, "%s: the keyring is locked", uri);
		return ms_hint(err, "log in to the desktop, or unlock it with "
		    "its own tool");
	}
	ms_fail(err, MS_NOINPUT, "%s: no such key in the keyring", uri);
	return ms_hint(err, "ms-id export --into keyring ADDRESS puts one "
	    "there");
}

int
ms_keyring_idents(const char *uri, ms_pass_fn *pass, void *arg,
    struct ms_idents *l, struct ms_err *err)
{
	const char *address = uri + strlen(SCHEME);
	const struct ms_keyring_ops *ops;
	struct reading r = { uri, pass, arg, l, 0 };
	struct ms_addr a;
	size_t locked = 0;
	int rc;

	if (ms_addr_parse(address, strlen(address), &a, err) != 0)
		return ms_err_context(err, "%s", uri);
	ops = keyring(err);
	rc = -1;
	if (ops) {
		const char *const what[] = { "application", "mailseal", "kind",
			"identity", "address", a.spec, NULL };

		rc = ops->find(what, found_identity, &r, &locked, err);
	}
	ms_addr_clear(&a);
	if (rc == 0 && r.n == 0)
		rc = nothing(uri, locked, err);
	return rc;
}

static int
write_identity(const struct ms_ident *id, struct ms_buf *pem,
    struct ms_err *err)
{
	int i;

	if (ms_key_write_pem(id->key, NULL, pem, err) != 0 ||
	    ms_cert_pem(id->cert, pem, err) != 0)
		return -1;
	for (i = 0; id->chain && i < sk_X509_num(id->chain); i++)
		if (ms_cert_pem(sk_X509_value(id->chain, i), pem, err) != 0)
			return -1;
	return 0;
}

int
ms_keyring_put(const struct ms_ident *id, const char *address,
    struct ms_err *err)
{
	const struct ms_keyring_ops *ops = keyring(err);
	struct ms_buf pem = MS_BUF_SECRET(SECRET_MAX);
	struct ms_buf name = MS_BUF_INIT(64), label = MS_BUF_INIT(1024);
	unsigned char md[32];
	int rc = -1;

	if (ops && write_identity(id, &pem, err) == 0 &&
	    ms_cert_sha256(id->cert, md, err) == 0 &&
	    ms_hex_encode(md, 8, &name, err) == 0 &&
	    ms_buf_addf(&label, err, "Mailseal: key of %s", address) == 0) {
		const char *const what[] = { "application", "mailseal", "kind",
			"identity", "address", address, "name",
			ms_buf_str(&name), NULL };

		rc = ops->put(what, ms_buf_str(&label), ms_buf_span(&pem), err);
	}
	ms_buf_clear(&pem);
	ms_buf_clear(&name);
	ms_buf_clear(&label);
	return rc;
}

/* ---- passphrases ---- */

struct phrase {
	struct ms_buf *ret;
	bool have;
};

static int
found_phrase(void *arg, struct ms_span secret, struct ms_err *err)
{
	struct phrase *p = arg;

	if (p->have)
		return 0;
	p->have = true;
	ms_buf_reset(p->ret);
	return ms_buf_add(p->ret, secret.p, secret.n, err);
}

int
ms_keyring_passphrase(const char *what, const char *who, struct ms_buf *ret,
    struct ms_err *err)
{
	const char *const a[] = { "application", "mailseal", "what", what,
		"who", who, NULL };
	const struct ms_keyring_ops *ops = keyring(err);
	struct phrase p = { ret, false };
	size_t locked = 0;

	if (!ops || ops->find(a, found_phrase, &p, &locked, err) != 0)
		return -1;
	return p.have;
}
