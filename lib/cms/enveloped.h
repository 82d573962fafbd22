/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EnvelopedData (RFC 5652 section 6) and AuthEnvelopedData (RFC 5083), made
 * and read as streams.
 */
#ifndef MS_CMS_ENVELOPED_H
#define MS_CMS_ENVELOPED_H

#include "pki/pki.h"

#define MS_CMS_RECIPIENTINFO ((size_t)64 * 1024)	/* bytes of one, or of
				 * one recipient's share of a KeyAgree */
#define MS_CMS_RECIPIENTS 100000	/* in one message */
#define MS_CMS_AUTHATTRS ((size_t)1024 * 1024)
#define MS_GCM_MAX ((uint64_t)68719476704)	/* octets under one key and
					 * nonce: 2^36 - 32, SP 800-38D */

enum ms_cipher { MS_CIPHER_AUTO = 0, MS_AES_256_GCM, MS_AES_192_GCM,
	MS_AES_128_GCM, MS_AES_256_CBC, MS_AES_192_CBC, MS_AES_128_CBC,
	MS_CHACHA20_POLY1305, MS_DES_EDE3_CBC };
/* "aes-256-gcm" */
const char *ms_cipher_name(enum ms_cipher c);
enum ms_cipher ms_cipher_find(const char *name);	/* AUTO: unknown */
bool ms_cipher_is_aead(enum ms_cipher c);
/*
 * AES-256-GCM when each certificate says that its owner reads it
 * (SMIMECapabilities, RFC 4262), else AES-256-CBC, which all read; *which then
 * is the first that does not (may be NULL).
 */
enum ms_cipher ms_cipher_auto(X509 *const *certs, size_t n, X509 **which);

/* ---- making ---- */

struct ms_encrypt_conf {
	enum ms_cipher cipher;	/* not AUTO */
	X509 *const *certs;	/* one RecipientInfo each; RSA, P-256, P-384,
				 * P-521, brainpool, X25519 */
	size_t ncerts;
	bool oaep;		/* RSA by OAEP with SHA-256; else PKCS#1 v1.5 */
	uint64_t size;		/* octets of content, or UINT64_MAX: not known.
				 * Known: DER; else BER, indefinite */
	enum ms_oid content_type;	/* MS_OID_data */
};
/*
 * A filter: what is written to it goes out enveloped to `to` (borrowed);
 * ms_sink_end() writes the rest (tag).  The header goes out at once.  MS_USAGE
 * for a certificate that cannot be encrypted to, MS_DATA for more content than
 * `size` or than the cipher takes.
 */
struct ms_sink *ms_encrypt(const struct ms_encrypt_conf *conf,
    struct ms_sink *to, struct ms_err *err);

/* ---- reading ---- */

/* What the first reading found out and the next one need not do again; wiped
 * when cleared.  Begin with ms_env_memo_init(). */
struct ms_env_memo {
	bool have_key;
	struct ms_buf cek;
	size_t ident;		/* which identity fitted */
	bool have_aad;		/* authAttrs were seen: they are the AAD */
	struct ms_buf aad;
};
void ms_env_memo_init(struct ms_env_memo *m);
void ms_env_memo_clear(struct ms_env_memo *m);

struct ms_env;
/*
 * Begin reading a ContentInfo with (Auth)EnvelopedData off src (borrowed): up
 * to the encrypted content; a RecipientInfo that one of the identities fits
 * (issuer and serial, or subjectKeyIdentifier) is opened with its key.
 * MS_NO "no key here fits" (text says how many recipients and identities there
 * were); MS_DATA for ciphers outside the list, a cipher without authentication
 * in AuthEnvelopedData (RFC 5083 section 2.1), a tag shorter than 16 octets, a
 * nonce that is not 12 (RFC 5084 section 3.2); ciphers for reading only (3DES)
 * unless allow_legacy.  A wrong RSA v1.5 block goes on with a random key and
 * fails at the end like a damaged content.
 */
int ms_env_begin(struct ms_src *src, const struct ms_idents *ids,
    bool allow_legacy, struct ms_env_memo *memo, struct ms_env **ret,
    struct ms_err *err);
void ms_env_free(struct ms_env *e);
enum ms_cipher ms_env_cipher(const struct ms_env *e);
bool ms_env_is_auth(const struct ms_env *e);
enum ms_oid ms_env_content_type(const struct ms_env *e);
/*
 * The plaintext, UNPROVEN until this source has ended without failure: tag (or
 * padding), end of the structure and absence of trailing bytes are checked
 * before the end is reported.  A wrong tag, padding or key is one error:
 * MS_DATA "cannot be decrypted: damaged, or not meant for this key".  When
 * authAttrs were found behind the content the source ends with MS_DATA too,
 * but memo->have_aad is newly set: read again with the same memo.  Borrowed.
 */
struct ms_src *ms_env_content(struct ms_env *e);

/* ---- new readers for a message that is there ---- */

struct ms_rewrap_conf {
	const struct ms_idents *ids;	/* who can read it now */
	X509 *const *certs;	/* readers to be, as in struct ms_encrypt_conf;
				 * may be none when `keep` */
	size_t ncerts;
	bool oaep;
	bool keep;		/* those who read it now stay ... */
	X509 *const *drop;	/* ... but for these */
	size_t ndrop;
};
struct ms_rewrap;
/*
 * Begin reading a ContentInfo with (Auth)EnvelopedData off src (borrowed): up
 * to the ciphertext; the content key is opened as by ms_env_begin() and
 * encrypted to the new readers.  Ciphers for reading only are taken, too.
 * Nothing is written yet.  MS_NO when no key fits, when nobody in `drop` is a
 * reader, or when no reader would be left; MS_DATA as ms_env_begin().
 */
int ms_rewrap_begin(struct ms_src *src, const struct ms_rewrap_conf *conf,
    struct ms_rewrap **ret, struct ms_err *err);
void ms_rewrap_free(struct ms_rewrap *r);
enum ms_cipher ms_rewrap_cipher(const struct ms_rewrap *r);
size_t ms_rewrap_ident(const struct ms_rewrap *r);	/* which one fitted */
bool ms_rewrap_is_auth(const struct ms_rewrap *r);
/*
 * Write the message, once: new RecipientInfos and lengths, all else byte for
 * byte, in the form (DER, BER) it has.  The content is not decrypted, so that
 * nobody learns here whether it was changed, or whether an RSA v1.5 block held
 * its key.  -1, with a part written, when the structure turns out malformed.
 */
int ms_rewrap_write(struct ms_rewrap *r, struct ms_sink *to,
    struct ms_err *err);

#endif
