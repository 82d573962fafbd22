/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys wherever they are kept, and what files hold.  A struct ms_key
 * does three things: sign, decrypt, derive; the caller never sees the key
 * itself, so that a key in a file and one in a token are the same to CMS.
 * It may have many owners, but works for one thread at a time.
 */
#ifndef MS_PKI_KEY_H
#define MS_PKI_KEY_H

#include <openssl/x509.h>

#include "addr/addr.h"
#include "pki/alg.h"

struct ms_key;

enum ms_rsa_pad { MS_RSA_PKCS1, MS_RSA_OAEP };

struct ms_rsa_enc {
	enum ms_rsa_pad pad;
	enum ms_oid md;		/* OAEP: hash */
	enum ms_oid mgf_md;	/* OAEP: MGF1 hash */
};

/* Key in memory; takes over pkey when it succeeds. */
struct ms_key *ms_key_soft(EVP_PKEY *pkey, struct ms_err *err);
/*
 * Key that load() fetches when it is first used; pub (a reference is taken) is
 * its public half, known before.  free_arg (may be NULL) is called with arg
 * when the key goes, not when this call fails.
 */
typedef int ms_key_load_fn(void *arg, struct ms_key **ret, struct ms_err *err);
struct ms_key *ms_key_later(EVP_PKEY *pub, ms_key_load_fn *load, void *arg,
    void (*free_arg)(void *arg), struct ms_err *err);
/* Do now what else is done when it is first used: read it, ask for its
 * passphrase, log in.  For who will be where that cannot be done. */
int ms_key_ready(struct ms_key *k, struct ms_err *err);
void ms_key_free(struct ms_key *k);
struct ms_key *ms_key_ref(struct ms_key *k);	/* one more owner */
/* Its public half; borrowed. */
EVP_PKEY *ms_key_pub(const struct ms_key *k);
/* The private key itself for exporting, or NULL when it cannot leave. */
EVP_PKEY *ms_key_get0_soft(const struct ms_key *k);
/* The URI of the token that it is kept on, or NULL; borrowed.  Of a key that is
 * fetched when first used it is known after ms_key_ready(). */
const char *ms_key_uri(const struct ms_key *k);
bool ms_key_matches(const struct ms_key *k, X509 *cert);

/* Sign tbs (hashed here); sig gets the signature octets as CMS has them
 * (ECDSA: DER Ecdsa-Sig-Value).  RSA keys under 2048 bits are MS_USAGE. */
int ms_key_sign(struct ms_key *k, const struct ms_sigalg *a,
    struct ms_span tbs, struct ms_buf *sig, struct ms_err *err);
/*
 * RSA decryption.  1 with the octets; 0 when the ciphertext does not decrypt
 * (no more is said: the caller goes on with a random key, RFC 3218); -1 when
 * the key could not be used at all.  A libcrypto that rejects PKCS#1 v1.5
 * implicitly gives 1 with octets of some length: a length that does not fit is
 * to be treated as 0.
 */
int ms_key_decrypt(struct ms_key *k, const struct ms_rsa_enc *e,
    struct ms_span in, struct ms_buf *out, struct ms_err *err);
/* ECDH shared secret with a peer's public key (same curve). */
int ms_key_derive(struct ms_key *k, EVP_PKEY *peer, struct ms_buf *secret,
    struct ms_err *err);

/* Generate: "rsa2048" "rsa3072" "rsa4096" "p256" "p384" "p521" "ed25519"
 * "x25519". */
struct ms_key *ms_key_generate(const char *type, struct ms_err *err);
/* PKCS#8 PEM: encrypted (PBES2, PBKDF2 with HMAC-SHA-256 and 600,000 rounds,
 * AES-256-CBC) unless pass is NULL. */
int ms_key_write_pem(const struct ms_key *k, const struct ms_buf *pass,
    struct ms_buf *pem, struct ms_err *err);

/* ---- files ---- */

/*
 * How a passphrase is had: what is "key", who names the file for the prompt.
 * MS_NOPERM when there is none.
 */
typedef int ms_pass_fn(void *arg, const char *what, const char *who,
    struct ms_buf *pass, struct ms_err *err);

#define MS_BAG_FILE ((size_t)4 * 1024 * 1024)	/* bytes of one file */
#define MS_BAG_ITEMS 10000

/* What a file holds. */
struct ms_bag {
	STACK_OF(X509) *certs;
	STACK_OF(X509_CRL) *crls;
	struct ms_key **keys;
	size_t nkeys;
};
void ms_bag_init(struct ms_bag *b);
void ms_bag_clear(struct ms_bag *b);
/*
 * Add what the bytes hold: PEM (any number of CERTIFICATE, X509 CRL, PRIVATE
 * KEY, ENCRYPTED PRIVATE KEY, RSA/EC PRIVATE KEY, PKCS7/CMS certs-only), or
 * DER of a certificate, CRL, PKCS#8, PKCS#12, certs-only CMS.  A wrong
 * passphrase is MS_NOPERM, an encryption that libcrypto lacks MS_UNAVAILABLE,
 * nothing known in it MS_DATA.  The passphrase is asked for at most once, and
 * never for what is not encrypted.  pass may be NULL when no secrets are
 * wanted: keys are skipped then, and an encrypted PKCS#12 is MS_NOPERM.
 */
int ms_bag_parse(struct ms_bag *b, struct ms_span bytes, const char *name,
    ms_pass_fn *pass, void *arg, struct ms_err *err);
int ms_bag_read(struct ms_bag *b, const char *path, ms_pass_fn *pass,
    void *arg, struct ms_err *err);

/* A key with its certificate and what leads up from it. */
struct ms_ident {
	X509 *cert;
	struct ms_key *key;
	STACK_OF(X509) *chain;	/* without cert; may be NULL */
	char *name;		/* where it came from, for messages */
};
struct ms_idents {
	struct ms_ident *v;
	size_t n;
};
void ms_idents_clear(struct ms_idents *l);
/* Every key of the bag with every certificate that carries its public key
 * (MS_DATA, naming `name`, when a key has none); certificates left over become
 * the chain. */
int ms_idents_add_bag(struct ms_idents *l, const struct ms_bag *b,
    const char *name, struct ms_err *err);
/* The best one to sign with at that time (keyUsage, EKU, dates; newest
 * notBefore wins), by address when addr is not NULL; or NULL. */
const struct ms_ident *ms_idents_signer(const struct ms_idents *l,
    const struct ms_addr *addr, time_t at);
/* PKCS#12 (PBES2, AES-256-CBC, PBKDF2 600,000, HMAC-SHA-256) of the
 * identities. */
int ms_idents_write_p12(const struct ms_idents *l, const struct ms_buf *pass,
    const char *friendly, struct ms_buf *p12, struct ms_err *err);

#endif
