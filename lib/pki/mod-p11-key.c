/* SPDX-License-Identifier: Apache-2.0 */
/* A private key on a token: finding it, signing, decrypting. */
#define MS_P11_PRIVATE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki/mod-p11.h"

#define RSA_BYTES_MAX 2048	/* 16384 bits */
#define ECDSA_MAX 160		/* bytes of r and s, P-521 */

int
p11_key_here(struct ms_key *key, struct ms_err *err)
{
	struct p11_key *k = key->at;
	struct ms_buf b = MS_BUF_INIT(P11_VALUE_MAX);

	if (k->here && k->pid == getpid())
		return 0;
	k->here = false;
	k->pid = getpid();
	if (p11_token_forked(k->t, err) != 0 || p11_login(k->t, err) != 0 ||
	    p11_private(k->t, ms_buf_span(&k->id), key->pub, &k->o, err) !=
	    0 || p11_session(k->t, &k->s, err) != 0)
		return -1;
	k->each_time = p11_attr(k->t, k->o, CKA_ALWAYS_AUTHENTICATE, &b,
	    NULL) == 1 && b.p[0] == CK_TRUE;
	ms_buf_clear(&b);
	k->here = true;
	return 0;
}

/* ---- sign ---- */

static CK_MECHANISM_TYPE
hash_of(enum ms_oid md)
{
	return md == MS_OID_sha1 ? CKM_SHA_1 :
	    md == MS_OID_sha224 ? CKM_SHA224 :
	    md == MS_OID_sha256 ? CKM_SHA256 :
	    md == MS_OID_sha384 ? CKM_SHA384 : CKM_SHA512;
}

static CK_RSA_PKCS_MGF_TYPE
mgf_of(enum ms_oid md)
{
	return md == MS_OID_sha1 ? CKG_MGF1_SHA1 :
	    md == MS_OID_sha224 ? CKG_MGF1_SHA224 :
	    md == MS_OID_sha256 ? CKG_MGF1_SHA256 :
	    md == MS_OID_sha384 ? CKG_MGF1_SHA384 : CKG_MGF1_SHA512;
}

/* One operation; to has room for *n octets. */
static int
raw_sign(struct p11_key *k, CK_MECHANISM *m, struct ms_span in,
    unsigned char *to, CK_ULONG *n, struct ms_err *err)
{
	CK_RV rv = k->t->f->C_SignInit(k->s, m, k->o);

	if (rv != CKR_OK)
		return p11_fail(err, rv, "the key on token '%s' does not sign "
		    "that way", k->t->label);
	if (k->each_time && p11_login_again(k->t, k->s, err) != 0)
		return -1;
	rv = k->t->f->C_Sign(k->s, (CK_BYTE *)in.p, in.n, to, n);
	return rv == CKR_OK ? 0 : p11_fail(err, rv, "token '%s' does not sign",
	    k->t->label);
}

/* RFC 8017 section 9.2: the token pads, the DigestInfo is ours. */
static int
digest_info(enum ms_oid md, struct ms_span digest, struct ms_buf *to,
    struct ms_err *err)
{
	struct ms_der d;

	ms_der_init(&d, to);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, md);
	ms_der_null(&d);
	ms_der_end(&d);
	ms_der_prim(&d, MS_OCTETSTRING, digest.p, digest.n);
	ms_der_end(&d);
	return ms_der_finish(&d, err);
}

static int
sign_rsa(struct p11_key *k, const struct ms_sigalg *a, struct ms_span digest,
    struct ms_buf *sig, struct ms_err *err)
{
	struct ms_buf info = MS_BUF_INIT(256);
	CK_RSA_PKCS_PSS_PARAMS pss = { hash_of(a->md), mgf_of(a->md),
		(CK_ULONG)a->saltlen };
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	CK_ULONG n = RSA_BYTES_MAX;
	unsigned char *to = ms_buf_room(sig, n, err);
	int rc = to ? 0 : -1;

	if (a->kind == MS_SIG_RSA_PSS) {
		m.mechanism = CKM_RSA_PKCS_PSS;
		m.pParameter = &pss;
		m.ulParameterLen = sizeof(pss);
	} else if (rc == 0) {
		rc = digest_info(a->md, digest, &info, err);
		digest = ms_buf_span(&info);
	}
	if (rc == 0)
		rc = raw_sign(k, &m, digest, to, &n, err);
	if (rc == 0)
		sig->n += n;
	ms_buf_clear(&info);
	return rc;
}

/* Tokens give r and s one behind the other; CMS has Ecdsa-Sig-Value (RFC 5753
 * section 2.1.1). */
static int
ecdsa_der(const unsigned char *raw, size_t n, struct ms_buf *sig,
    struct ms_err *err)
{
	struct ms_der d;

	if (n == 0 || n % 2)
		return ms_fail(err, MS_DATA, "the token's ECDSA signature has "
		    "%zu octets", n);
	ms_der_init(&d, sig);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_integer(&d, raw, n / 2);
	ms_der_integer(&d, raw + n / 2, n / 2);
	ms_der_end(&d);
	return ms_der_finish(&d, err);
}

static int
sign_ecdsa(struct p11_key *k, EVP_PKEY *pub, struct ms_span digest,
    struct ms_buf *sig, struct ms_err *err)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	size_t order = ((size_t)EVP_PKEY_get_bits(pub) + 7) / 8;
	unsigned char raw[ECDSA_MAX];
	CK_ULONG n = sizeof(raw);

	/* FIPS 186-4 section 6.4: the leftmost bits, which not every token
	 * takes by itself; all our curves' orders but P-521's are whole
	 * octets, and no digest is longer than that. */
	if (digest.n > order)
		digest.n = order;
	if (raw_sign(k, &m, digest, raw, &n, err) != 0)
		return -1;
	return ecdsa_der(raw, n, sig, err);
}

static int
sign_eddsa(struct p11_key *k, struct ms_span tbs, struct ms_buf *sig,
    struct ms_err *err)
{
	CK_MECHANISM m = { CKM_EDDSA, NULL, 0 };
	CK_ULONG n = 64;
	unsigned char *to = ms_buf_room(sig, n, err);

	if (!to || raw_sign(k, &m, tbs, to, &n, err) != 0)
		return -1;
	sig->n += n;
	return 0;
}

/* What the token made is checked: a wrong key or a fault in the token would
 * show only at the reader, and a faulty RSA signature gives the key away. */
static int
p11_sign(struct ms_key *key, const struct ms_sigalg *a, struct ms_span tbs,
    struct ms_buf *sig, struct ms_err *err)
{
	struct p11_key *k = key->at;
	unsigned char md[EVP_MAX_MD_SIZE];
	struct ms_span digest = { md, 0 }, made;
	size_t before = sig->n;
	unsigned int n = 0;
	int rc;

	if (p11_key_here(key, err) != 0)
		return -1;
	if (a->kind != MS_SIG_ED25519 &&
	    EVP_Digest(tbs.p, tbs.n, md, &n, ms_md(a->md), NULL) != 1)
		return ms_fail_ssl(err, MS_OS, "cannot digest");
	digest.n = n;
	if (a->kind == MS_SIG_ED25519)
		rc = sign_eddsa(k, tbs, sig, err);
	else if (a->kind == MS_SIG_ECDSA)
		rc = sign_ecdsa(k, key->pub, digest, sig, err);
	else
		rc = sign_rsa(k, a, digest, sig, err);
	if (rc != 0)
		return -1;
	made.p = sig->p + before;
	made.n = sig->n - before;
	if (ms_sig_verify(key->pub, a, tbs, made, err) != 1)
		return ms_fail(err, MS_OS, "token '%s' made a signature that "
		    "its certificate does not verify", k->t->label);
	return 0;
}

/* ---- decrypt ---- */

/* Whether it is the token that failed, or the session, not the ciphertext. */
static bool
is_broken(CK_RV rv)
{
	static const CK_RV broken[] = { CKR_HOST_MEMORY, CKR_SLOT_ID_INVALID,
		CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DEVICE_REMOVED,
		CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED,
		CKR_SESSION_CLOSED, CKR_SESSION_HANDLE_INVALID,
		CKR_USER_NOT_LOGGED_IN, CKR_OPERATION_NOT_INITIALIZED,
		CKR_CRYPTOKI_NOT_INITIALIZED, CKR_FUNCTION_NOT_SUPPORTED };
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		if (rv == broken[i])
			return true;
	return false;
}

/* 1, 0 the ciphertext is none, -1; *init tells what beginning gave. */
static int
raw_decrypt(struct p11_key *k, CK_MECHANISM *m, struct ms_span in,
    unsigned char *to, CK_ULONG *n, CK_RV *init, struct ms_err *err)
{
	CK_RV rv = k->t->f->C_DecryptInit(k->s, m, k->o);

	*init = rv;
	if (rv != CKR_OK)
		return p11_fail(err, rv, "the key on token '%s' does not "
		    "decrypt that way", k->t->label);
	if (k->each_time && p11_login_again(k->t, k->s, err) != 0)
		return -1;
	rv = k->t->f->C_Decrypt(k->s, (CK_BYTE *)in.p, in.n, to, n);
	if (rv == CKR_OK)
		return 1;
	return is_broken(rv) ? p11_fail(err, rv, "token '%s' does not decrypt",
	    k->t->label) : 0;
}

/* Tokens that know OAEP not at all, or with SHA-1 alone, decrypt the bare
 * number, and the padding is taken off here. */
static int
decrypt_oaep(struct p11_key *k, const struct ms_rsa_enc *e, struct ms_span in,
    struct ms_buf *out, struct ms_err *err)
{
	CK_RSA_PKCS_OAEP_PARAMS p = { hash_of(e->md), mgf_of(e->mgf_md),
		CKZ_DATA_SPECIFIED, NULL, 0 };
	CK_MECHANISM m = { CKM_RSA_PKCS_OAEP, &p, sizeof(p) };
	CK_MECHANISM bare = { CKM_RSA_X_509, NULL, 0 };
	unsigned char em[RSA_BYTES_MAX];
	CK_ULONG n = sizeof(em);
	struct ms_err first = MS_ERR_INIT;
	CK_RV init;
	int r;

	r = raw_decrypt(k, &m, in, em, &n, &init, &first);
	if (r < 0 && init != CKR_OK) {
		n = sizeof(em);
		r = raw_decrypt(k, &bare, in, em, &n, &init, err);
		if (r == 1)
			r = p11_oaep(e, em, n, out, err);
	} else if (r < 0) {
		ms_fail(err, first.class, "%s", first.text);
	} else if (r == 1 && ms_buf_add(out, em, n, err) != 0) {
		r = -1;
	}
	ms_wipe(em, sizeof(em));
	return r;
}

static int
p11_decrypt(struct ms_key *key, const struct ms_rsa_enc *e, struct ms_span in,
    struct ms_buf *out, struct ms_err *err)
{
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	struct p11_key *k = key->at;
	CK_ULONG n = RSA_BYTES_MAX;
	unsigned char *to;
	CK_RV init;
	int r;

	if (!EVP_PKEY_is_a(key->pub, "RSA"))
		return ms_fail(err, MS_USAGE, "a key of type %s cannot decrypt",
		    EVP_PKEY_get0_type_name(key->pub));
	if (p11_key_here(key, err) != 0)
		return -1;
	if (e->pad == MS_RSA_OAEP)
		return decrypt_oaep(k, e, in, out, err);
	if (!(to = ms_buf_room(out, n, err)))
		return -1;
	r = raw_decrypt(k, &m, in, to, &n, &init, err);
	if (r == 1)
		out->n += n;
	return r;
}

/* ---- the key ---- */

static void
p11_key_free(struct ms_key *key)
{
	struct p11_key *k = key->at;

	if (k->here && k->pid == getpid())
		k->t->f->C_CloseSession(k->s);
	p11_token_free(k->t);
	ms_buf_clear(&k->id);
	free(k);
}

static const struct ms_key_ops p11_key_ops = { p11_sign, p11_decrypt,
	p11_derive, p11_key_free, p11_key_here };

/* The URI by which the key is found again: its token, its CKA_ID, and how the
 * module and the PIN are had, if that was said. */
static char *
uri_of(struct p11_token *t, const struct ms_buf *id)
{
	P11KitUri *from = t->p11->uri, *u = p11_kit_uri_new();
	CK_ATTRIBUTE a = { CKA_ID, id->p, id->n }, *label;
	char *text = NULL, *ret = NULL;

	if (!u)
		return NULL;
	*p11_kit_uri_get_token_info(u) = t->info;
	label = p11_kit_uri_get_attribute(from, CKA_LABEL);
	if (id->n > 0)
		p11_kit_uri_set_attribute(u, &a);
	else if (label)
		p11_kit_uri_set_attribute(u, label);
	p11_kit_uri_set_module_path(u, p11_kit_uri_get_module_path(from));
	p11_kit_uri_set_module_name(u, p11_kit_uri_get_module_name(from));
	p11_kit_uri_set_pin_source(u, p11_kit_uri_get_pin_source(from));
	if (p11_kit_uri_format(u, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &text) ==
	    P11_KIT_URI_OK)
		ret = text;
	p11_kit_uri_free(u);
	return ret;
}

struct ms_key *
p11_key(struct p11_token *t, struct ms_span id, EVP_PKEY *pub,
    struct ms_err *err)
{
	struct ms_key *key = calloc(1, sizeof(*key));
	struct p11_key *k = calloc(1, sizeof(*k));

	if (!key || !k)
		goto nomem;
	ms_buf_init(&k->id, P11_VALUE_MAX);
	if (ms_buf_add(&k->id, id.p, id.n, NULL) != 0 ||
	    !(key->uri = uri_of(t, &k->id)) || EVP_PKEY_up_ref(pub) != 1)
		goto nomem;
	k->t = p11_token_ref(t);
	atomic_init(&key->refs, 1);
	key->ops = &p11_key_ops;
	key->pub = pub;
	key->at = k;
	return key;
nomem:
	if (k)
		ms_buf_clear(&k->id);
	free(k);
	free(key ? key->uri : NULL);
	free(key);
	ms_fail_nomem(err);
	return NULL;
}
