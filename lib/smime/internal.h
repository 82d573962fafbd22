/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the S/MIME area share among themselves. */
#ifndef MS_SMIME_INTERNAL_H
#define MS_SMIME_INTERNAL_H

#include "mime/protect.h"
#include "smime/smime.h"

#define SMIME_SIGNATURES 256	/* judged in one message */

/* ms_smime_kind(), less PDF, which is not ours. */
int smime_kind(enum ms_format format, struct ms_spool *in, enum ms_kind *kind,
    struct ms_err *err);

/* A message or body part whose header was read. */
struct smime_msg {
	struct ms_src *src;	/* what is behind the header; borrowed */
	struct ms_mime_header h;
	struct ms_mime_entity e;
};
/* Begin with smime_msg_init(); smime_msg_clear() also after a failure. */
void smime_msg_init(struct smime_msg *m);
int smime_msg_read(struct smime_msg *m, struct ms_src *src,
    struct ms_err *err);
void smime_msg_clear(struct smime_msg *m);

enum smime_what {
	SMIME_LEAF,
	SMIME_MULTIPART,	/* any but multipart/signed */
	SMIME_SIGNED,		/* multipart/signed */
	SMIME_CMS		/* application/pkcs7-mime and its other names */
};
enum smime_what smime_what(const struct ms_mime_entity *e);

bool smime_is_content(const struct ms_mime_field *f);
/* The source of what is signed or sealed: the Content-* fields, the protected
 * header unless m is signed or sealed already, and the body, canonical (RFC
 * 8551 section 3.1).  m is borrowed. */
struct ms_src *smime_canon_new(const struct smime_msg *m, enum ms_protect how,
    struct ms_err *err);
/*
 * Write the fields that stay outside, byte for byte, and MIME-Version where it
 * is missing.  skip (may be NULL): a header whose field names are left out.
 */
int smime_put_outer(const struct ms_mime_header *h,
    const struct ms_mime_header *skip, struct ms_sink *out,
    struct ms_err *err);
/* Write the Content-* fields of an encrypted body, which is to follow in
 * base64, and the empty line; k makes line ends. */
int smime_put_sealed(struct ms_sink *k, bool auth, struct ms_err *err);
/*
 * Write the message that an entity becomes when its envelope is taken off: the
 * outer fields, then the entity read off src, with the line ends of the outer
 * header.  Of a field in both the inner one is written, but for From: nobody
 * vouches for the inner one.
 */
int smime_put_inner(const struct ms_mime_header *outer, struct ms_src *src,
    struct ms_sink *out, struct ms_err *err);

/* A source whose first bytes come together, for ms_cms_guess(). */
struct ms_src *smime_ahead(struct ms_src *src, struct ms_err *err);

/* CMS bytes, whatever is around them. */
struct smime_carrier {
	struct smime_msg m;	/* mail that was opened */
	struct ms_src *cms;	/* DER or BER; NULL: the mail has none */
	struct ms_src *below;
	bool owned;
};
void smime_carrier_init(struct smime_carrier *c);
/* Begin a reading of a spool that holds a message or a file. */
int smime_carrier_open(struct smime_carrier *c, struct ms_spool *in,
    enum ms_kind kind, struct ms_err *err);
/* Those of a file (DER, BER, PEM), of a body. */
int smime_carrier_file(struct smime_carrier *c, struct ms_src *src,
    struct ms_err *err);
int smime_carrier_body(struct smime_carrier *c, struct smime_msg *m,
    struct ms_err *err);
void smime_carrier_clear(struct smime_carrier *c);

/* Who must have signed. */
struct smime_who {
	const struct ms_smime_verify *conf;
	const struct ms_mime_header *outer;	/* borrowed; NULL for a file */
	bool mail;
	bool twice;		/* two From fields */
	struct ms_addrlist from;	/* mail: one mailbox, or none ... */
	struct ms_err why;	/* ... and why none */
};
/* Read From; h is NULL for a file. */
int smime_who_init(struct smime_who *w, const struct ms_smime_verify *conf,
    const struct ms_mime_header *h, struct ms_err *err);
/* Report what is wrong with it. */
int smime_who_report(const struct smime_who *w, struct ms_report *whole,
    struct ms_err *err);
void smime_who_clear(struct smime_who *w);
/* A protected From (RFC 9788) must be the one outside; which other fields are
 * protected, and which were altered outside, is noted. */
int smime_who_inner(const struct smime_who *w, const struct ms_mime_header *h,
    struct ms_report *whole, struct ms_err *err);
/* Hold the signer's certificate against it. */
int smime_who_check(const struct smime_who *w, X509 *cert,
    struct ms_report *r, struct ms_err *err);
/* The one mailbox of From: MS_DATA, naming the clause, for none or several. */
int smime_from(const struct ms_mime_header *h, struct ms_addrlist *l,
    struct ms_err *err);

/* A judgement under way. */
struct smime_judge {
	const struct ms_smime_verify *conf;
	const struct smime_who *who;
	struct ms_smime_result *res;
	bool strict;		/* headers around the signature are text */
	unsigned depth;
	size_t outside;		/* body parts outside of any signature */
};
/* MS_DATA when s holds control characters or is not UTF-8: a changed block of
 * CBC ciphertext leaves a block of noise. */
int smime_check_text(struct ms_span s, struct ms_err *err);
/* SignedData that was read to its end: one report a signature. */
int smime_judge_signed(struct smime_judge *g, struct ms_signed *sd,
    struct ms_err *err);
/* A multipart/signed, an opaque signature; m's source is read to its end. */
int smime_judge_clear(struct smime_judge *g, struct smime_msg *m,
    struct ms_err *err);
int smime_judge_opaque(struct smime_judge *g, struct smime_msg *m,
    struct ms_err *err);
/*
 * Judge the values of the signature that an entity read off src carries, trust
 * left aside.  *verdict MS_NONE: it is not signed.  What cannot be read is
 * MS_BAD; -1 for what has nothing to do with the bytes, or when src fails.
 */
int smime_judge_value(struct ms_src *src, enum ms_kind kind,
    enum ms_verdict *verdict, struct ms_err *err);

#endif
