/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of (Auth)EnvelopedData share among themselves. */
#ifndef MS_CMS_ENV_INTERNAL_H
#define MS_CMS_ENV_INTERNAL_H

#include "cms/enveloped.h"

#define MS_AEAD_TAG 16		/* octets; no other length is taken */
#define MS_CEK_MAX 32		/* octets of the longest content key */
#define MS_IV_MAX 16

/* One content cipher; the table in cipher.c is the allow-list. */
struct ms_cipher_info {
	enum ms_cipher id;
	enum ms_oid oid;
	const char *name;	/* ours */
	const char *evp;	/* OpenSSL's */
	size_t keylen, ivlen, block;	/* octets; block 1: AEAD */
	bool aead;
	bool legacy;		/* for reading only */
	uint64_t max;		/* octets of content under one key and nonce */
};

/* NULL for MS_CIPHER_AUTO and what is not in the list. */
const struct ms_cipher_info *ms_cipher_info(enum ms_cipher c);
/* Octets of ciphertext for n of content. */
uint64_t ms_cipher_size(const struct ms_cipher_info *ci, uint64_t n);
/* contentEncryptionAlgorithm with its nonce or IV. */
void ms_cipher_write(struct ms_der *d, const struct ms_cipher_info *ci,
    const unsigned char *iv);
/*
 * Parse the contents of contentEncryptionAlgorithm; auth: it stands in
 * AuthEnvelopedData.  MS_DATA for what ms_env_begin() refuses.
 */
int ms_cipher_parse(struct ms_span alg, bool auth, bool allow_legacy,
    const struct ms_cipher_info **ret, unsigned char iv[MS_IV_MAX],
    struct ms_err *err);
/* A running cipher (1: encrypts, 0: decrypts), without padding of its own when
 * it decrypts; aad may be empty.  NULL on failure. */
EVP_CIPHER_CTX *ms_cipher_start(const struct ms_cipher_info *ci,
    const unsigned char *key, const unsigned char *iv, int enc,
    struct ms_span aad, struct ms_err *err);

/*
 * Key agreement (RFC 5753, 8418): how the key that wraps the content key is
 * derived from the shared secret.
 */
struct ms_kari {
	enum ms_oid scheme;
	struct ms_span wrap;	/* KeyWrapAlgorithm, whole element */
	size_t keklen;		/* octets */
	bool have_ukm;
	struct ms_span ukm;
};
/* Octets of the key that a wrap algorithm takes; 0: not one of ours. */
size_t ms_wrap_keylen(enum ms_oid wrap);
int ms_kari_kek(const struct ms_kari *ka, struct ms_span secret,
    unsigned char kek[32], struct ms_err *err);
/* RFC 3394; appends to out. */
int ms_wrap(const unsigned char *kek, size_t keklen, struct ms_span cek,
    struct ms_buf *out, struct ms_err *err);
/* 1: unwrapped into out; 0: it is not what was wrapped; -1. */
int ms_unwrap(const unsigned char *kek, size_t keklen, struct ms_span in,
    struct ms_buf *out, struct ms_err *err);

/* Write the RecipientInfo for one certificate.  *version: the highest of
 * RecipientInfo versions so far. */
int ms_recipient_write(struct ms_der *d, X509 *cert, bool oaep,
    struct ms_span cek, int *version, struct ms_err *err);

/*
 * Finding ours among the recipients.  They are shown to it one by one; those
 * that an identity fits are kept, at most MS_CMS_OURS of them.
 */
#define MS_CMS_OURS 64
struct ms_ours {
	size_t ident;		/* which identity it fits */
	size_t number;		/* which RecipientInfo, from 1 */
	bool agree;		/* KeyAgree, else KeyTrans */
	struct ms_span alg;	/* contents of keyEncryptionAlgorithm */
	struct ms_span orig;	/* KeyAgree: contents of originator */
	bool have_ukm;
	struct ms_span ukm;
	struct ms_span ek;	/* encryptedKey */
};
bool ms_ours_is_v15(const struct ms_ours *o);
/*
 * Open its content key with id's private key: 1 with exactly keylen octets in
 * cek; 0 when what is there is not such a key; -1 when the key cannot be used
 * or the algorithm is not one of ours.
 */
int ms_ours_open(const struct ms_ours *o, const struct ms_ident *id,
    size_t keylen, struct ms_buf *cek, struct ms_err *err);

struct ms_finder;
struct ms_finder *ms_finder_new(const struct ms_idents *ids,
    struct ms_err *err);
void ms_finder_free(struct ms_finder *f);
/* One more recipient, of a kind that is nobody's here. */
int ms_finder_count(struct ms_finder *f, struct ms_err *err);
/* A whole KeyTransRecipientInfo in DER. */
int ms_finder_ktri(struct ms_finder *f, struct ms_span ri, struct ms_err *err);
/*
 * A KeyAgreeRecipientInfo: what stands in it before recipientEncryptedKeys
 * (in DER; it must stay until the last of them), then each of those, whole.
 */
int ms_finder_kari(struct ms_finder *f, struct ms_span head,
    struct ms_err *err);
int ms_finder_rek(struct ms_finder *f, struct ms_span rek,
    struct ms_err *err);
/* Whether a rid (whole element of a RecipientInfo) names one of the
 * identities; which need no key for that. */
bool ms_finder_names(const struct ms_finder *f, struct ms_span rid);
/*
 * Open a content key of keylen octets with what was kept.  MS_NO when nothing
 * was.  A failed RSA v1.5 decryption succeeds with a random key.
 */
int ms_finder_open(struct ms_finder *f, size_t keylen, struct ms_buf *cek,
    size_t *ident, struct ms_err *err);

/* A reading. */
struct ms_env {
	struct ms_src src;	/* the plaintext */
	struct ms_ber *ber;
	struct ms_src *ct;	/* in ber */
	struct ms_env_memo *memo;
	const struct ms_cipher_info *ci;
	EVP_CIPHER_CTX *ctx;
	enum ms_oid content_type;
	bool auth;
	bool ended;
	/* CBC: the last block is held back, since it may be the padding; it
	 * stands at out[held_at] */
	bool held;
	size_t held_at;
	uint64_t total;		/* octets of ciphertext */
	unsigned char *out;
};

/* All RecipientInfos of a message that is made: they are sorted (DER) and
 * their length stands before them, so they are held in memory. */
#define MS_CMS_RECIPIENTINFOS ((size_t)256 * 1024 * 1024)
#define MS_CMS_SMALL ((size_t)1024)	/* bytes of an OID or
					 * AlgorithmIdentifier */

/* Slurp one small element into b and give its contents. */
int ms_env_small(struct ms_ber *r, int tag, const char *what,
    struct ms_buf *b, struct ms_span *v, struct ms_err *err);
/*
 * Read the head of a ContentInfo: contentType, which must be one of the two;
 * *auth tells which.  Then version, in its range.
 */
int ms_env_type(struct ms_ber *r, bool *auth, struct ms_err *err);
int ms_env_version(struct ms_ber *r, bool auth, int *version,
    struct ms_err *err);
/* Skip the next element of the open one if it has this tag: 1, else 0. */
int ms_env_skip_if(struct ms_ber *r, int tag, const char *what,
    struct ms_err *err);
/* Read from the end of the ciphertext to the end of the input. */
int ms_env_read_tail(struct ms_env *e, struct ms_err *err);

/* The one error of all that can be wrong behind the key. */
int ms_env_damaged(struct ms_err *err);

#endif
