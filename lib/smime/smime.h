/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S/MIME (RFC 8551) and files as CMS: sign, verify, encrypt, decrypt.  Each
 * takes a spool (bytes that can be read again), judges, and only then writes
 * to the sink: a function that fails has written nothing to it, but for
 * ms_smime_encrypt(), whose output is ciphertext.
 */
#ifndef MS_SMIME_H
#define MS_SMIME_H

#include "mime/mime.h"
#include "mime/protect.h"
#include "tsp/tsp.h"

#define MS_SMIME_SIGNATURE ((size_t)8 * 1024 * 1024)	/* bytes of a detached
						 * signature part */
#define MS_SMIME_LAYERS 8	/* encryption and signature layers followed */

enum ms_format { MS_FORMAT_AUTO, MS_FORMAT_MAIL, MS_FORMAT_PDF,
	MS_FORMAT_CMS };
enum ms_kind { MS_KIND_FILE, MS_KIND_MAIL, MS_KIND_PDF, MS_KIND_CMS };

/*
 * What the bytes are, by the contract's rule for `auto`: %PDF-; CMS (DER, BER
 * or PEM); mail (a header block with From and one of Date, To, Message-ID,
 * MIME-Version); else a file.  Only looks at the first bytes.
 */
int ms_smime_guess(struct ms_spool *in, enum ms_kind *kind,
    struct ms_err *err);
/* The same under a format that was named.  PDF is not for the functions below:
 * they refuse it with MS_UNAVAILABLE. */
int ms_smime_kind(enum ms_format format, struct ms_spool *in,
    enum ms_kind *kind, struct ms_err *err);
/*
 * The header of a message.  Only looks when the block ends within the first
 * MS_BLOCK bytes; else it begins a reading.
 */
int ms_smime_header(struct ms_spool *in, struct ms_mime_header *h,
    struct ms_err *err);
/*
 * Whether the body of the message is CMS as a whole (application/pkcs7-mime
 * and the other names it goes by): 1, 0, or -1.  *sealed: it also says that it
 * is encrypted (smime-type, RFC 8551 section 3.2.2); what is signed only is
 * plaintext in CMS.
 */
int ms_smime_is_cms(const struct ms_mime_header *h, bool *sealed,
    struct ms_err *err);

/* ---- signing ---- */

struct ms_smime_sign {
	const struct ms_cms_signer *signers;
	size_t nsigners;
	enum ms_format format;
	bool opaque;		/* mail: application/pkcs7-mime; signed-data */
	bool detached;		/* CMS: without the content */
	bool armor;		/* CMS: PEM */
	bool allow_other_from;
	enum ms_protect protect;	/* mail: copy the header inside */
	time_t now;
	ms_stamp_fn *stamp;
	void *stamp_arg;
};
/*
 * Mail: the Content-* fields and the body become the signed entity, all other
 * fields stay outside as they are, byte for byte (protect adds a copy).
 * MS_NO when the signer's certificate does not carry the one From address.
 */
int ms_smime_sign(const struct ms_smime_sign *conf, struct ms_spool *in,
    struct ms_sink *out, struct ms_err *err);

/* ---- encrypting ---- */

struct ms_smime_encrypt {
	enum ms_cipher cipher;	/* not AUTO */
	X509 *const *certs;
	size_t ncerts;
	bool oaep;
	enum ms_format format;
	bool armor;
};
int ms_smime_encrypt(const struct ms_smime_encrypt *conf, struct ms_spool *in,
    struct ms_sink *out, struct ms_err *err);

/* ---- decrypting ---- */

struct ms_smime_decrypt {
	const struct ms_idents *ids;
	enum ms_format format;
	bool allow_legacy;
	bool require_integrity;	/* refuse unauthenticated plaintext */
	bool if_encrypted;	/* copy what is not encrypted */
};
struct ms_smime_opened {
	enum ms_cipher cipher;
	bool authenticated;	/* AEAD tag, or a right inner signature */
	bool was_encrypted;
	size_t ident;		/* index of the identity that fitted */
};
/* MS_NO: no key fits, or not encrypted; MS_DATA: damaged. */
int ms_smime_decrypt(const struct ms_smime_decrypt *conf, struct ms_spool *in,
    struct ms_sink *out, struct ms_smime_opened *ret, struct ms_err *err);

/* ---- new readers ---- */

struct ms_smime_rewrap {
	struct ms_rewrap_conf readers;
	enum ms_format format;
	bool armor;		/* a file that was not PEM becomes it */
};
/*
 * Give an encrypted message or file other readers (ms_rewrap_begin()) in one
 * reading.  Of mail the Content-* fields are written anew, all others stay.
 * MS_NO, before anything was written: not encrypted, or as ms_rewrap_begin().
 * What is malformed at the end shows there, with a part written.
 */
int ms_smime_rewrap(const struct ms_smime_rewrap *conf, struct ms_spool *in,
    struct ms_sink *out, struct ms_smime_opened *ret, struct ms_err *err);

/* ---- verifying ---- */

struct ms_smime_verify {
	struct ms_judge judge;
	enum ms_format format;
	const struct ms_addr *signer;	/* --signer ADDRESS, or NULL */
	const char *signer_domain;	/* --signer @DOMAIN, or NULL */
	X509 *signer_cert;	/* --signer FILE, or NULL */
	struct ms_spool *content;	/* detached CMS: the content, or NULL */
	STACK_OF(X509) *certs;	/* --chain, or NULL */
};
struct ms_smime_result {
	struct ms_report *v;	/* one a signature; concluded */
	size_t n;
	struct ms_report whole;	/* findings about the message as a whole:
				 * parts outside the signature, several From */
	enum ms_verdict verdict;	/* over all of them; undecided until
				 * set, in one place */
	enum ms_kind kind;
};
void ms_smime_result_init(struct ms_smime_result *res);
void ms_smime_result_clear(struct ms_smime_result *res);
/*
 * Judge.  -1 only when nothing could be judged (MS_DATA: no signature can be
 * read; a message without any signature is no error: verdict MS_NONE).
 */
int ms_smime_verify(const struct ms_smime_verify *conf, struct ms_spool *in,
    struct ms_smime_result *res, struct ms_err *err);
/* Hold a signer's certificate against conf's signer, signer_domain and
 * signer_cert, as for a file: sets r->signer, bad "signer", or the note
 * "signer-not-checked" when nobody was named. */
int ms_smime_who(const struct ms_smime_verify *conf, X509 *cert,
    struct ms_report *r, struct ms_err *err);
/*
 * Write what was signed and nothing else, after a good verdict: mail: the
 * signed entity (its header fields are those that were protected); CMS:
 * eContent.  MS_NO unless res->verdict is good.
 */
int ms_smime_extract(const struct ms_smime_verify *conf, struct ms_spool *in,
    const struct ms_smime_result *res, struct ms_sink *out,
    struct ms_err *err);

/* ---- parts ---- */

struct ms_smime_part {
	unsigned number;	/* from 1, in the order of the message */
	char *type;
	char *name;		/* or NULL */
	uint64_t size;		/* decoded, bytes */
	bool is_signed;
};
typedef int ms_part_fn(void *arg, const struct ms_smime_part *p,
    struct ms_err *err);
/*
 * Leaf parts of the message, those inside the judged signature marked signed
 * (only when the verdict is good); res may be NULL: none is.
 */
int ms_smime_parts(const struct ms_smime_verify *conf, struct ms_spool *in,
    const struct ms_smime_result *res, ms_part_fn *fn, void *arg,
    struct ms_err *err);
/* Write one part decoded; `which` is a number or a name.  only_signed: MS_NO
 * for one that is not. */
int ms_smime_part(const struct ms_smime_verify *conf, struct ms_spool *in,
    const struct ms_smime_result *res, const char *which, bool only_signed,
    struct ms_sink *out, struct ms_err *err);

#endif
