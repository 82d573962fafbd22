/* SPDX-License-Identifier: Apache-2.0 */
/* What a token holds. */
#define MS_P11_PRIVATE
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "pki/mod-p11.h"

int
p11_find(struct p11_token *t, CK_ATTRIBUTE *what, size_t n,
    struct p11_objects *ret, struct ms_err *err)
{
	CK_ULONG got = 0;
	CK_RV rv;

	ret->n = 0;
	rv = t->f->C_FindObjectsInit(t->session, what, n);
	if (rv != CKR_OK)
		return p11_fail(err, rv, "cannot search token '%s'", t->label);
	do {
		rv = t->f->C_FindObjects(t->session, ret->v + ret->n,
		    P11_OBJECTS - ret->n, &got);
		if (rv == CKR_OK)
			ret->n += got;
	} while (rv == CKR_OK && got > 0 && ret->n < P11_OBJECTS);
	t->f->C_FindObjectsFinal(t->session);
	return rv == CKR_OK ? 0 :
	    p11_fail(err, rv, "cannot search token '%s'", t->label);
}

int
p11_attr(struct p11_token *t, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
    struct ms_buf *ret, struct ms_err *err)
{
	CK_ATTRIBUTE a = { type, NULL, 0 };

	ms_buf_reset(ret);
	if (t->f->C_GetAttributeValue(t->session, o, &a, 1) != CKR_OK ||
	    a.ulValueLen == 0 || a.ulValueLen == (CK_ULONG)-1)
		return 0;
	if (a.ulValueLen > P11_VALUE_MAX)
		return ms_fail(err, MS_DATA, "token '%s': an attribute of "
		    "%lu bytes", t->label, a.ulValueLen);
	a.pValue = ms_buf_room(ret, a.ulValueLen, err);
	if (!a.pValue)
		return -1;
	if (t->f->C_GetAttributeValue(t->session, o, &a, 1) != CKR_OK ||
	    a.ulValueLen > P11_VALUE_MAX)
		return 0;
	ret->n = a.ulValueLen;
	return 1;
}

void
p11_certs_clear(struct p11_certs *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		X509_free(l->v[i].x);
		ms_buf_clear(&l->v[i].id);
	}
	l->n = 0;
}

static int
add_cert(struct p11_token *t, CK_OBJECT_HANDLE o, struct p11_certs *l,
    struct ms_err *err)
{
	struct ms_buf der = MS_BUF_INIT(P11_VALUE_MAX);
	struct p11_cert *c = &l->v[l->n];
	int rc;

	ms_buf_init(&c->id, P11_VALUE_MAX);
	rc = p11_attr(t, o, CKA_VALUE, &der, err);
	if (rc == 1)
		rc = ms_cert_parse(ms_buf_span(&der), &c->x, err) == 0 ? 1 :
		    ms_err_context(err, "token '%s'", t->label);
	ms_buf_clear(&der);
	if (rc != 1)
		return rc;	/* 0: it is elsewhere, CKA_URL */
	l->n++;
	return p11_attr(t, o, CKA_ID, &c->id, err) < 0 ? -1 : 0;
}

/* All X.509 certificates that have this attribute, or all when it is NULL. */
static int
certs_with(struct p11_token *t, const CK_ATTRIBUTE *with, struct p11_certs *l,
    struct ms_err *err)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE x509 = CKC_X_509;
	CK_ATTRIBUTE a[3] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_CERTIFICATE_TYPE, &x509, sizeof(x509) },
	};
	struct p11_objects found;
	size_t i, n = 2;

	if (with)
		a[n++] = *with;
	if (p11_find(t, a, n, &found, err) != 0)
		return -1;
	for (i = 0; i < found.n && l->n < P11_OBJECTS; i++)
		if (add_cert(t, found.v[i], l, err) != 0)
			return -1;
	return 0;
}

/* The label is that of a key: the certificates with its CKA_ID. */
static int
certs_of_key(struct p11_token *t, CK_ATTRIBUTE *label, CK_OBJECT_CLASS class,
    struct p11_certs *l, struct ms_err *err)
{
	CK_ATTRIBUTE a[2] = { { CKA_CLASS, &class, sizeof(class) } };
	struct ms_buf id = MS_BUF_INIT(P11_VALUE_MAX);
	struct p11_objects found;
	CK_ATTRIBUTE with = { CKA_ID, NULL, 0 };
	size_t i;
	int rc;

	a[1] = *label;
	rc = p11_find(t, a, 2, &found, err);
	for (i = 0; rc == 0 && i < found.n; i++) {
		rc = p11_attr(t, found.v[i], CKA_ID, &id, err);
		if (rc != 1)
			continue;
		with.pValue = id.p;
		with.ulValueLen = id.n;
		rc = certs_with(t, &with, l, err);
	}
	ms_buf_clear(&id);
	return rc;
}

int
p11_certs(struct p11_token *t, struct p11_certs *l, struct ms_err *err)
{
	P11KitUri *u = t->p11->uri;
	CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(u, CKA_ID);
	CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(u, CKA_LABEL);
	size_t before = l->n;

	if (id || !label)
		return certs_with(t, id, l, err);
	if (certs_with(t, label, l, err) != 0)
		return -1;
	if (l->n == before &&
	    certs_of_key(t, label, CKO_PUBLIC_KEY, l, err) != 0)
		return -1;
	if (l->n == before &&
	    certs_of_key(t, label, CKO_PRIVATE_KEY, l, err) != 0)
		return -1;
	return 0;
}

/* ---- the private key ---- */

static CK_KEY_TYPE
type_of(EVP_PKEY *pub)
{
	if (EVP_PKEY_is_a(pub, "RSA") || EVP_PKEY_is_a(pub, "RSA-PSS"))
		return CKK_RSA;
	if (EVP_PKEY_is_a(pub, "EC"))
		return CKK_EC;
	if (EVP_PKEY_is_a(pub, "ED25519"))
		return CKK_EC_EDWARDS;
	return CKK_EC_EDWARDS + 1;	/* CKK_EC_MONTGOMERY */
}

/* Whether a big-endian number is that parameter of the public key. */
static bool
same_number(EVP_PKEY *pub, const char *name, const struct ms_buf *b)
{
	BIGNUM *want = NULL, *have = BN_bin2bn(b->p, (int)b->n, NULL);
	bool same = have && EVP_PKEY_get_bn_param(pub, name, &want) == 1 &&
	    BN_cmp(have, want) == 0;

	BN_free(have);
	BN_free(want);
	return same;
}

/* Whether the point of the public key object beside a private key is pub's; a
 * token that keeps none is believed. */
static bool
same_point(struct p11_token *t, CK_OBJECT_HANDLE o, EVP_PKEY *pub,
    struct ms_err *err)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	struct ms_buf id = MS_BUF_INIT(P11_VALUE_MAX);
	struct ms_buf point = MS_BUF_INIT(P11_VALUE_MAX);
	CK_ATTRIBUTE a[2] = { { CKA_CLASS, &class, sizeof(class) } };
	unsigned char want[256];
	size_t i, n = 0;
	struct p11_objects found;
	bool same = true;

	if (p11_attr(t, o, CKA_ID, &id, err) != 1)
		goto out;
	a[1].type = CKA_ID;
	a[1].pValue = id.p;
	a[1].ulValueLen = id.n;
	if (p11_find(t, a, 2, &found, err) != 0 ||
	    EVP_PKEY_get_octet_string_param(pub, OSSL_PKEY_PARAM_PUB_KEY, want,
	    sizeof(want), &n) != 1)
		goto out;
	/* The point comes as it is or, by PKCS#11 v2.40 section 2.3.3, in an
	 * OCTET STRING. */
	for (i = 0; i < found.n; i++)
		if (p11_attr(t, found.v[i], CKA_EC_POINT, &point, err) == 1) {
			same = point.n >= n && point.n <= n + 3 &&
			    memcmp(point.p + point.n - n, want, n) == 0;
			if (same)
				break;
		}
out:
	ms_buf_clear(&id);
	ms_buf_clear(&point);
	return same;
}

static bool
is_key_of(struct p11_token *t, CK_OBJECT_HANDLE o, EVP_PKEY *pub,
    struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(P11_VALUE_MAX);
	CK_KEY_TYPE type = 0;
	bool yes = false;

	if (p11_attr(t, o, CKA_KEY_TYPE, &b, err) == 1 &&
	    b.n == sizeof(type)) {
		memcpy(&type, b.p, sizeof(type));
		yes = type == type_of(pub);
	}
	if (yes && type == CKK_RSA)
		yes = p11_attr(t, o, CKA_MODULUS, &b, err) != 1 ||
		    same_number(pub, OSSL_PKEY_PARAM_RSA_N, &b);
	else if (yes)
		yes = same_point(t, o, pub, err);
	ms_buf_clear(&b);
	return yes;
}

int
p11_private(struct p11_token *t, struct ms_span id, EVP_PKEY *pub,
    CK_OBJECT_HANDLE *ret, struct ms_err *err)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE a[3] = { { CKA_CLASS, &class, sizeof(class) } }, *p;
	struct p11_objects found;
	size_t i, n = 1;

	if (id.n > 0) {
		a[n].type = CKA_ID;
		a[n].pValue = (void *)id.p;
		a[n++].ulValueLen = id.n;
	} else {
		p = p11_kit_uri_get_attribute(t->p11->uri, CKA_ID);
		if (p)
			a[n++] = *p;
		p = p11_kit_uri_get_attribute(t->p11->uri, CKA_LABEL);
		if (p)
			a[n++] = *p;
	}
	if (p11_find(t, a, n, &found, err) != 0)
		return -1;
	for (i = 0; i < found.n; i++)
		if (is_key_of(t, found.v[i], pub, err)) {
			*ret = found.v[i];
			return 0;
		}
	return ms_fail(err, MS_NOINPUT, "token '%s' has no private key for "
	    "the certificate", t->label);
}
