/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#12, RFC 7292.  Files of older makers are encrypted with RC2 or RC4,
 * which libcrypto keeps in its legacy provider: it is loaded when such a file
 * comes, into a library context of its own that lives as long as the reading.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "pki/internal.h"

#define BAG_DEPTH 8	/* safeContents within safeContents */

struct p12 {
	struct ms_bag *bag;
	struct file_pass *fp;
	PKCS12 *p;
	const char *pass;	/* NULL and "" differ, RFC 7292 B.1 */
	int npass;
	bool proven;		/* the MAC is right under this passphrase */
};

struct legacy {
	OSSL_LIB_CTX *ctx;
	OSSL_PROVIDER *def, *old;
};

static void
legacy_clear(struct legacy *l)
{
	if (l->old)
		OSSL_PROVIDER_unload(l->old);
	if (l->def)
		OSSL_PROVIDER_unload(l->def);
	OSSL_LIB_CTX_free(l->ctx);
}

static bool
legacy_init(struct legacy *l)
{
	memset(l, 0, sizeof(*l));
	l->ctx = OSSL_LIB_CTX_new();
	if (l->ctx && (l->def = OSSL_PROVIDER_load(l->ctx, "default")) &&
	    (l->old = OSSL_PROVIDER_load(l->ctx, "legacy")))
		return true;
	legacy_clear(l);
	return false;
}

static PKCS12 *
p12_decode(struct ms_span der, OSSL_LIB_CTX *ctx)
{
	PKCS12 *p = PKCS12_init_ex(NID_pkcs7_data, ctx, NULL);
	const unsigned char *at = der.p;

	/* on failure p is freed and set to NULL; it keeps its context */
	if (p && d2i_PKCS12(&p, &at, (long)der.n) && at != der.p + der.n) {
		PKCS12_free(p);
		p = NULL;
	}
	return p;
}

/* ---- the content ---- */

static int
take_cert(struct p12 *c, const PKCS12_SAFEBAG *bag, struct ms_err *err)
{
	X509 *found = PKCS12_SAFEBAG_get1_cert(bag), *x;
	struct ms_buf der = MS_BUF_INIT(MS_BAG_FILE);
	int rc = -1;

	if (!found)
		return ms_fail_ssl(err, MS_DATA, "%s: certificate malformed",
		    c->fp->name);
	/* read again, so that it belongs to the default context */
	if (ms_cert_der(found, &der, err) == 0 &&
	    ms_cert_parse(ms_buf_span(&der), &x, err) == 0)
		rc = bag_add_cert(c->bag, x, err);
	ms_buf_clear(&der);
	X509_free(found);
	return rc;
}

static int
take_key(struct p12 *c, const PKCS8_PRIV_KEY_INFO *p8, struct ms_err *err)
{
	EVP_PKEY *k = EVP_PKCS82PKEY(p8);

	if (!k)
		return ms_fail_ssl(err, MS_DATA,
		    "%s: RFC 5958 section 2: private key malformed",
		    c->fp->name);
	return bag_add_pkey(c->bag, k, err);
}

static int
take_shrouded(struct p12 *c, const PKCS12_SAFEBAG *bag, OSSL_LIB_CTX *ctx,
    struct ms_err *err)
{
	const X509_SIG *sig = PKCS12_SAFEBAG_get0_pkcs8(bag);
	PKCS8_PRIV_KEY_INFO *p8;
	const X509_ALGOR *alg;
	int rc;

	X509_SIG_get0(sig, &alg, NULL);
	if (pbe_check(alg, c->fp, err) < 0)
		return -1;
	p8 = PKCS12_decrypt_skey_ex(bag, c->pass, c->npass, ctx, NULL);
	if (!p8)
		return pbe_failed(c->fp->name, err);
	rc = take_key(c, p8, err);
	PKCS8_PRIV_KEY_INFO_free(p8);
	return rc;
}

static int take_bags(struct p12 *c, const STACK_OF(PKCS12_SAFEBAG) *bags,
    OSSL_LIB_CTX *ctx, int depth, struct ms_err *err);

static int
take_bag(struct p12 *c, const PKCS12_SAFEBAG *bag, OSSL_LIB_CTX *ctx,
    int depth, struct ms_err *err)
{
	X509_CRL *crl;

	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_keyBag:
		return c->fp->fn ? take_key(c, PKCS12_SAFEBAG_get0_p8inf(bag),
		    err) : 0;
	case NID_pkcs8ShroudedKeyBag:
		return c->fp->fn ? take_shrouded(c, bag, ctx, err) : 0;
	case NID_certBag:
		if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
			return 0;
		return take_cert(c, bag, err);
	case NID_crlBag:
		crl = PKCS12_SAFEBAG_get1_crl(bag);
		if (!crl)
			return ms_fail_ssl(err, MS_DATA, "%s: certificate "
			    "revocation list malformed", c->fp->name);
		return bag_add_crl(c->bag, crl, err);
	case NID_safeContentsBag:
		if (depth >= BAG_DEPTH)
			return ms_fail(err, MS_DATA, "%s: PKCS#12 contents "
			    "nested more than %d deep", c->fp->name,
			    BAG_DEPTH);
		return take_bags(c, PKCS12_SAFEBAG_get0_safes(bag), ctx,
		    depth + 1, err);
	}
	return 0;	/* secrets and whatever else is not ours */
}

static int
take_bags(struct p12 *c, const STACK_OF(PKCS12_SAFEBAG) *bags,
    OSSL_LIB_CTX *ctx, int depth, struct ms_err *err)
{
	int i;

	for (i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++)
		if (take_bag(c, sk_PKCS12_SAFEBAG_value(bags, i), ctx, depth,
		    err) < 0)
			return -1;
	return 0;
}

static int
take_safe(struct p12 *c, PKCS7 *safe, OSSL_LIB_CTX *ctx, struct ms_err *err)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	int rc;

	if (PKCS7_type_is_data(safe)) {
		bags = PKCS12_unpack_p7data(safe);
		if (!bags)
			return ms_fail_ssl(err, MS_DATA, "%s: PKCS#12 contents "
			    "malformed", c->fp->name);
	} else if (PKCS7_type_is_encrypted(safe) && safe->d.encrypted &&
	    safe->d.encrypted->enc_data) {
		if (pbe_check(safe->d.encrypted->enc_data->algorithm, c->fp,
		    err) < 0)
			return -1;
		bags = PKCS12_unpack_p7encdata(safe, c->pass, c->npass);
		if (!bags)
			return pbe_failed(c->fp->name, err);
	} else {
		return 0;	/* public-key privacy mode: not for us */
	}
	rc = take_bags(c, bags, ctx, 0, err);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return rc;
}

static int
take_all(struct p12 *c, OSSL_LIB_CTX *ctx, struct ms_err *err)
{
	STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(c->p);
	int i, rc = 0;

	if (!safes)
		return ms_fail_ssl(err, MS_DATA, "%s: RFC 7292 section 4: "
		    "PKCS#12 malformed", c->fp->name);
	for (i = 0; rc == 0 && i < sk_PKCS7_num(safes); i++)
		rc = take_safe(c, sk_PKCS7_value(safes, i), ctx, err);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return rc;
}

/* ---- the passphrase ---- */

static bool
mac_right(struct p12 *c, const char *pass, int n)
{
	bool right = PKCS12_verify_mac(c->p, pass, n) == 1;

	if (!right) {
		ERR_clear_error();
		return false;
	}
	c->pass = pass;
	c->npass = n;
	c->proven = true;
	return true;
}

/* Without a passphrase, or with an empty one, nobody is asked. */
static int
prove(struct p12 *c, struct ms_err *err)
{
	const ASN1_INTEGER *iter;
	int64_t rounds = 1;

	PKCS12_get0_mac(NULL, NULL, NULL, &iter, c->p);
	if (iter && ASN1_INTEGER_get_int64(&rounds, iter) != 1)
		rounds = INT64_MAX;
	if (rounds < 1 || pbe_spend((uint64_t)rounds, c->fp, err) < 0)
		return ms_fail(err, MS_DATA, "%s: RFC 7292 section 4: MacData "
		    "malformed", c->fp->name);
	if (mac_right(c, NULL, 0) || mac_right(c, "", 0))
		return 0;
	if (file_pass_get(c->fp, err) < 0)
		return -1;
	if (mac_right(c, ms_buf_str(&c->fp->pass), (int)c->fp->pass.n))
		return 0;
	return ms_fail(err, MS_NOPERM, "%s: wrong passphrase", c->fp->name);
}

/* What was added to the bag since `keep` is taken out again. */
static void
bag_undo(struct ms_bag *b, size_t nkeys, int ncerts, int ncrls)
{
	while (b->nkeys > nkeys)
		ms_key_free(b->keys[--b->nkeys]);
	while (sk_X509_num(b->certs) > (ncerts > 0 ? ncerts : 0))
		X509_free(sk_X509_pop(b->certs));
	while (sk_X509_CRL_num(b->crls) > (ncrls > 0 ? ncrls : 0))
		X509_CRL_free(sk_X509_CRL_pop(b->crls));
}

/* One reading of the contents; what a failed one took in is undone. */
static int
attempt(struct p12 *c, OSSL_LIB_CTX *ctx, struct ms_err *err)
{
	int ncerts = sk_X509_num(c->bag->certs);
	int ncrls = sk_X509_CRL_num(c->bag->crls);
	size_t nkeys = c->bag->nkeys;

	if (take_all(c, ctx, err) == 0)
		return 0;
	bag_undo(c->bag, nkeys, ncerts, ncrls);
	return -1;
}

static int
attempt_legacy(struct p12 *c, struct ms_span der, struct ms_err *err)
{
	PKCS12 *first = c->p;
	struct legacy l;
	int rc = -1;

	if (!legacy_init(&l)) {
		ms_fail_ssl(err, MS_UNAVAILABLE, "%s: encrypted in a way that "
		    "needs libcrypto's legacy provider, which cannot be loaded",
		    c->fp->name);
		return ms_hint(err, "convert it on another machine: openssl "
		    "pkcs12 -legacy ...");
	}
	if ((c->p = p12_decode(der, l.ctx))) {
		rc = attempt(c, l.ctx, err);
		PKCS12_free(c->p);
	}
	c->p = first;
	legacy_clear(&l);
	return rc;
}

int
p12_parse(struct ms_bag *b, struct ms_span der, struct file_pass *fp,
    struct ms_err *err)
{
	struct p12 c = { b, fp, p12_decode(der, NULL), NULL, 0, false };
	struct ms_err first = MS_ERR_INIT;
	int rc = -1;

	if (!c.p)
		return ms_fail_ssl(err, MS_DATA, "%s: RFC 7292 section 4: "
		    "PKCS#12 malformed", fp->name);
	if (PKCS12_mac_present(c.p)) {
		if (prove(&c, err) < 0)
			goto out;
	} else if (attempt(&c, NULL, NULL) == 0) {
		rc = 0;		/* neither MAC nor encryption */
		goto out;
	} else {
		ERR_clear_error();
		if (file_pass_get(fp, err) < 0)
			goto out;
		c.pass = ms_buf_str(&fp->pass);
		c.npass = (int)fp->pass.n;
	}
	rc = attempt(&c, NULL, &first);
	if (rc < 0 && first.class == MS_UNAVAILABLE)
		rc = attempt_legacy(&c, der, err);
	else if (rc < 0 && first.class == MS_NOPERM && c.proven)
		ms_fail(err, MS_DATA, "%s: the passphrase is right, but the "
		    "contents are damaged", fp->name);
	else if (rc < 0)
		rc = ms_fail(err, first.class, "%s", first.text);
out:
	PKCS12_free(c.p);
	return rc;
}
