/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of enveloped CMS share: keys and certificates made with
 * OpenSSL directly, sealing and opening in one call, sources that dribble.
 */
#ifndef CMS_HELP_H
#define CMS_HELP_H

#include <stdlib.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "cms/cms.h"
#include "tap.h"

#define DAMAGED "cannot be decrypted: damaged, or not meant for this key"
#define MANY ((size_t)64 * 1024 * 1024)

/* One who reads. */
struct reader {
	EVP_PKEY *pkey;
	X509 *cert;
	struct ms_ident id;
};

static inline EVP_PKEY *
make_key(const char *type)
{
	if (ms_streq(type, "X25519") || ms_streq(type, "ED25519"))
		return EVP_PKEY_Q_keygen(NULL, NULL, type);
	if (strncmp(type, "RSA", 3) == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
		    (size_t)strtoul(type + 3, NULL, 10));
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
}

/* A certificate for pub, signed by a throw-away issuer (X25519 cannot sign
 * itself), with a subjectKeyIdentifier. */
static inline X509 *
make_cert(EVP_PKEY *pub, const char *cn, long serial)
{
	EVP_PKEY *ca = make_key("P-256");
	X509 *x = X509_new();
	X509_NAME *n = X509_get_subject_name(x);
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, n);
	X509_set_pubkey(x, pub);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_key_identifier, "hash");
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	X509_sign(x, ca, EVP_sha256());
	EVP_PKEY_free(ca);
	return x;
}

static inline void
reader_init(struct reader *r, const char *type, const char *cn, long serial)
{
	struct ms_err err = MS_ERR_INIT;

	memset(r, 0, sizeof(*r));
	r->pkey = make_key(type);
	r->cert = make_cert(r->pkey, cn, serial);
	EVP_PKEY_up_ref(r->pkey);
	r->id.cert = r->cert;
	r->id.key = ms_key_soft(r->pkey, &err);
	r->id.name = NULL;
	if (r->id.key == NULL)
		printf("# %s: %s\n", type, err.text);
}

static inline void
reader_clear(struct reader *r)
{
	ms_key_free(r->id.key);
	X509_free(r->cert);
	EVP_PKEY_free(r->pkey);
}

/* Lends `step` bytes at a time. */
struct dribble {
	struct ms_src src;
	const unsigned char *p;
	size_t n, step;
};

static inline int
dribble_fill(struct ms_src *s, struct ms_err *err)
{
	struct dribble *d = (struct dribble *)s;
	size_t k = d->n < d->step ? d->n : d->step;

	s->p = d->p;
	s->n = k;
	s->end = k == 0;
	d->p += k;
	d->n -= k;
	return 0;
}

static inline void
dribble_init(struct dribble *d, struct ms_span in, size_t step)
{
	memset(d, 0, sizeof(*d));
	d->src.fill = dribble_fill;
	d->p = in.p;
	d->n = in.n;
	d->step = step;
}

/* Seal `in`, written in steps. */
static inline int
seal(const struct ms_encrypt_conf *conf, struct ms_span in, size_t step,
    struct ms_buf *out, struct ms_err *err)
{
	struct ms_sink *to = ms_sink_buf(out, err);
	struct ms_sink *k = ms_encrypt(conf, to, err);
	int rc = k != NULL ? 0 : -1;

	while (rc == 0 && in.n > 0) {
		size_t n = in.n < step ? in.n : step;

		rc = ms_sink_write(k, in.p, n, err);
		in.p += n;
		in.n -= n;
	}
	if (rc == 0)
		rc = ms_sink_end(k, err);
	ms_sink_free(k);
	ms_sink_free(to);
	return rc;
}

/* One reading. */
static inline int
reading(struct ms_span in, size_t step, const struct ms_idents *ids,
    bool legacy, struct ms_env_memo *memo, struct ms_buf *plain,
    struct ms_err *err)
{
	struct ms_env *e = NULL;
	struct dribble d;
	int rc;

	dribble_init(&d, in, step);
	ms_buf_reset(plain);
	rc = ms_env_begin(&d.src, ids, legacy, memo, &e, err);
	if (rc == 0)
		rc = ms_src_slurp(ms_env_content(e), plain, err);
	ms_env_free(e);
	return rc;
}

/* Open as its callers do: again when authAttrs were found. */
static inline int
open_it(struct ms_span in, size_t step, const struct ms_idents *ids,
    bool legacy, struct ms_buf *plain, struct ms_err *err)
{
	struct ms_env_memo memo;
	int rc;

	ms_env_memo_init(&memo);
	rc = reading(in, step, ids, legacy, &memo, plain, err);
	if (rc != 0 && memo.have_aad) {
		ms_err_reset(err);
		rc = reading(in, step, ids, legacy, &memo, plain, err);
	}
	ms_env_memo_clear(&memo);
	return rc;
}

/* Some bytes that are no pattern. */
static inline struct ms_span
some_bytes(unsigned char *to, size_t n)
{
	struct ms_span s = { to, n };
	unsigned x = 12345;
	size_t i;

	for (i = 0; i < n; i++) {
		x = x * 1103515245 + 12345;
		to[i] = (unsigned char)(x >> 16);
	}
	return s;
}

#endif
