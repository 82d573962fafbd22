/* SPDX-License-Identifier: Apache-2.0 */
/* Key agreement with a private key on a token. */
#define MS_P11_PRIVATE
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "pki/mod-p11.h"

#define POINT_MAX 160		/* bytes of a P-521 point, and its head */

static int
coordinate(EVP_PKEY *peer, const char *name, unsigned char *to, int n)
{
	BIGNUM *v = NULL;
	int ok = EVP_PKEY_get_bn_param(peer, name, &v) == 1 &&
	    BN_bn2binpad(v, to, n) == n;

	BN_free(v);
	return ok;
}

/* Its point, uncompressed whatever form it came in. */
static int
point_of(EVP_PKEY *peer, unsigned char to[POINT_MAX], size_t *n,
    struct ms_err *err)
{
	int field = (EVP_PKEY_get_bits(peer) + 7) / 8;

	if (!EVP_PKEY_is_a(peer, "EC")) {
		if (EVP_PKEY_get_octet_string_param(peer,
		    OSSL_PKEY_PARAM_PUB_KEY, to, POINT_MAX, n) == 1)
			return 0;
	} else if (2 * field + 1 <= POINT_MAX) {
		to[0] = 4;
		*n = 2 * (size_t)field + 1;
		if (coordinate(peer, OSSL_PKEY_PARAM_EC_PUB_X, to + 1,
		    field) && coordinate(peer, OSSL_PKEY_PARAM_EC_PUB_Y,
		    to + 1 + field, field))
			return 0;
	}
	return ms_fail_ssl(err, MS_DATA, "RFC 5753 section 7.2: no public "
	    "key for an agreement");
}

static CK_RV
agree(struct p11_key *k, unsigned char *point, size_t n, size_t secret,
    CK_OBJECT_HANDLE *ret)
{
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, n, point };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG len = secret;
	CK_ATTRIBUTE a[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &no, sizeof(no) },
		{ CKA_SENSITIVE, &no, sizeof(no) },
		{ CKA_EXTRACTABLE, &yes, sizeof(yes) },
		{ CKA_VALUE_LEN, &len, sizeof(len) },
	};

	return k->t->f->C_DeriveKey(k->s, &m, k->o, a,
	    sizeof(a) / sizeof(a[0]), ret);
}

/* PKCS#11 v2.40 section 2.3.3 has the peer's point as it is; tokens of older
 * versions want it in an OCTET STRING. */
static int
raw_derive(struct p11_key *k, EVP_PKEY *peer, CK_OBJECT_HANDLE *ret,
    struct ms_err *err)
{
	unsigned char point[POINT_MAX], wrapped[POINT_MAX + 8];
	size_t n, head, secret = ((size_t)EVP_PKEY_get_bits(peer) + 7) / 8;
	CK_RV rv;

	if (EVP_PKEY_is_a(peer, "X25519"))
		secret = 32;
	if (point_of(peer, point, &n, err) != 0)
		return -1;
	rv = agree(k, point, n, secret, ret);
	if (rv == CKR_MECHANISM_PARAM_INVALID || rv == CKR_ARGUMENTS_BAD ||
	    rv == CKR_DOMAIN_PARAMS_INVALID) {
		head = ms_der_head(wrapped, MS_OCTETSTRING, n);
		memcpy(wrapped + head, point, n);
		rv = agree(k, wrapped, head + n, secret, ret);
	}
	return rv == CKR_OK ? 0 : p11_fail(err, rv, "the key on token '%s' "
	    "does no key agreement", k->t->label);
}

static int
check_peer(EVP_PKEY *pub, EVP_PKEY *peer, struct ms_err *err)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(peer, NULL);
	int rc = 0;

	if (!c || EVP_PKEY_public_check_quick(c) != 1)
		rc = ms_fail_ssl(err, MS_DATA, "RFC 5753 section 7.2: public "
		    "key is not on its curve");
	else if (EVP_PKEY_parameters_eq(pub, peer) == 0 ||
	    EVP_PKEY_get_base_id(pub) != EVP_PKEY_get_base_id(peer))
		rc = ms_fail(err, MS_DATA, "RFC 5753 section 3.1.1: public "
		    "key on another curve");
	EVP_PKEY_CTX_free(c);
	return rc;
}

int
p11_derive(struct ms_key *key, EVP_PKEY *peer, struct ms_buf *secret,
    struct ms_err *err)
{
	struct ms_buf z = MS_BUF_SECRET(P11_VALUE_MAX);
	struct p11_key *k = key->at;
	CK_OBJECT_HANDLE o;
	int rc = -1;

	if (check_peer(key->pub, peer, err) != 0 ||
	    p11_key_here(key, err) != 0 || raw_derive(k, peer, &o, err) != 0)
		return -1;
	if (p11_attr(k->t, o, CKA_VALUE, &z, err) == 1)
		rc = ms_buf_add(secret, z.p, z.n, err);
	else
		ms_fail(err, MS_UNAVAILABLE, "token '%s' does not tell the "
		    "agreed secret", k->t->label);
	k->t->f->C_DestroyObject(k->s, o);
	ms_buf_clear(&z);
	return rc;
}
