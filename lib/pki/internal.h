/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of pki share and nobody else sees. */
#ifndef MS_PKI_INTERNAL_H
#define MS_PKI_INTERNAL_H

#include <stdatomic.h>

#include <openssl/pkcs12.h>

#include "pki/cert.h"
#include "pki/key.h"

/* Rounds of password-based key derivation in what we write. */
#define PBE_ROUNDS 600000
/* Rounds we are willing to spend on one object somebody gave us, some seconds,
 * and on all the objects of one file. */
#define PBE_ROUNDS_MAX 10000000
#define PBE_ROUNDS_FILE 40000000
/* The same for scrypt, as N * r * p. */
#define SCRYPT_WORK_MAX ((uint64_t)1 << 25)
#define SCRYPT_PER_ROUND 4	/* such units cost what a PBKDF2 round does */
#define PBE_SALT 16

/*
 * Where a key is kept.  sign, decrypt, derive and ready are those of key.h; the
 * first three may be NULL when the place cannot do it, the last when there is
 * nothing to do; free releases what `at` points to.
 */
struct ms_key_ops {
	int (*sign)(struct ms_key *k, const struct ms_sigalg *a,
	    struct ms_span tbs, struct ms_buf *sig, struct ms_err *err);
	int (*decrypt)(struct ms_key *k, const struct ms_rsa_enc *e,
	    struct ms_span in, struct ms_buf *out, struct ms_err *err);
	int (*derive)(struct ms_key *k, EVP_PKEY *peer, struct ms_buf *secret,
	    struct ms_err *err);
	void (*free)(struct ms_key *k);
	int (*ready)(struct ms_key *k, struct ms_err *err);
};

struct ms_key {
	atomic_uint refs;
	const struct ms_key_ops *ops;
	EVP_PKEY *pub;		/* owned */
	void *at;		/* the place's own */
	char *uri;		/* of the place, or NULL; owned */
};

/* Set the padding of an RSA signature on a context; 1 when right. */
int sigalg_padding(EVP_PKEY_CTX *ctx, const struct ms_sigalg *a);

/* Add to a bag; certs, CRLs and keys are handed over, also on failure. */
int bag_add_cert(struct ms_bag *b, X509 *x, struct ms_err *err);
int bag_add_crl(struct ms_bag *b, X509_CRL *crl, struct ms_err *err);
int bag_add_pkey(struct ms_bag *b, EVP_PKEY *pkey, struct ms_err *err);

/* The one passphrase of a file: asked for when first needed, kept for the
 * rest of the file. */
struct file_pass {
	const char *name;
	ms_pass_fn *fn;
	void *arg;
	bool have;
	struct ms_buf pass;
	uint64_t rounds;	/* spent so far */
};
int file_pass_get(struct file_pass *fp, struct ms_err *err);

/* Refuse a password-based AlgorithmIdentifier that would cost too much. */
int pbe_check(const X509_ALGOR *alg, struct file_pass *fp,
    struct ms_err *err);
int pbe_spend(uint64_t rounds, struct file_pass *fp, struct ms_err *err);
/* Say why decrypting under a passphrase failed, by the error queue: wrong
 * passphrase (MS_NOPERM), or not supported (MS_UNAVAILABLE). */
int pbe_failed(const char *name, struct ms_err *err);
/* One object each, DER, added to the bag. */
int pkcs8_parse(struct ms_bag *b, struct ms_span der, struct file_pass *fp,
    struct ms_err *err);
int pkcs8_parse_encrypted(struct ms_bag *b, struct ms_span der,
    struct file_pass *fp, struct ms_err *err);
int pkcs1_parse(struct ms_bag *b, struct ms_span der, struct file_pass *fp,
    struct ms_err *err);
int p12_parse(struct ms_bag *b, struct ms_span der, struct file_pass *fp,
    struct ms_err *err);
/* Add an identity; one more reference to key, cert and those in chain (may be
 * NULL) is taken. */
int idents_push(struct ms_idents *l, struct ms_key *k, X509 *x,
    STACK_OF(X509) *chain, const char *name, struct ms_err *err);
/* One extension's value by NID, refusing a repeated one: 1 with *ret and
 * *crit, 0 absent, -1 malformed or twice. */
int cert_ext(const X509 *x, int nid, void **ret, int *crit);
/* ASN1_TIME to UTC seconds, (time_t)-1 when malformed. */
time_t asn1_time(const ASN1_TIME *t);

#endif
