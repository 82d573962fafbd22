/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The algorithms we know, as an allow-list: digests and signatures.  What is
 * not in a table here does not exist for us.
 */
#ifndef MS_PKI_ALG_H
#define MS_PKI_ALG_H

#include <openssl/evp.h>

#include "base/base.h"
#include "der/der.h"

/* Digest of an OID: borrowed EVP_MD, or NULL when it is not allowed for
 * making (sha256, sha384, sha512). */
const EVP_MD *ms_md(enum ms_oid md);
/* The same for reading: sha1 and sha224 too, md5 never. */
const EVP_MD *ms_md_legacy(enum ms_oid md);
/* RFC 8551 section 3.5.3.2 names: "sha-256"; and back (also "sha256"). */
const char *ms_md_micalg(enum ms_oid md);
enum ms_oid ms_md_from_micalg(const char *s, size_t n);

enum ms_sig_kind { MS_SIG_RSA_PKCS1, MS_SIG_RSA_PSS, MS_SIG_ECDSA,
	MS_SIG_ED25519 };

struct ms_sigalg {
	enum ms_sig_kind kind;
	enum ms_oid md;		/* also of MGF1; sha512 for Ed25519 in CMS */
	int saltlen;		/* PSS, octets */
};

/* The algorithm to sign with for a public key: ECDSA P-384 takes SHA-384,
 * P-521 SHA-512; others md (MS_OID_sha256 usual).  pss: RSA with PSS (always
 * for an id-RSASSA-PSS key). */
int ms_sigalg_for(EVP_PKEY *pub, enum ms_oid md, bool pss,
    struct ms_sigalg *ret, struct ms_err *err);
/* AlgorithmIdentifier of a SignerInfo's signature. */
void ms_sigalg_write(struct ms_der *d, const struct ms_sigalg *a);
/*
 * Parse an AlgorithmIdentifier (contents of its SEQUENCE) as CMS has it:
 * rsaEncryption takes md from digestAlgorithm.  RFC 4055, 5754, 8419.
 */
int ms_sigalg_parse(struct ms_span seq, enum ms_oid digest_alg,
    struct ms_sigalg *ret, struct ms_err *err);
/* "RSA-PSS with SHA-256" */
const char *ms_sigalg_name(const struct ms_sigalg *a, char to[64]);

/*
 * Verify sig over tbs (hashed here).  1: right, 0: wrong (a key type that does
 * not fit included), -1: cannot be decided.
 */
int ms_sig_verify(EVP_PKEY *pub, const struct ms_sigalg *a,
    struct ms_span tbs, struct ms_span sig, struct ms_err *err);
/* The same over a digest that was already computed (not Ed25519). */
int ms_sig_verify_digest(EVP_PKEY *pub, const struct ms_sigalg *a,
    struct ms_span digest, struct ms_span sig, struct ms_err *err);

/*
 * Empty OpenSSL's error queue; whether memory had run out.  Then what failed
 * says nothing about the input: a signature that could not be computed is not
 * a wrong one.
 */
bool ms_ssl_nomem(void);
/* ms_fail() with the OpenSSL error queue, drained, behind the text. */
int ms_fail_ssl(struct ms_err *err, enum ms_class c, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
