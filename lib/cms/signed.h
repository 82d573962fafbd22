/* SPDX-License-Identifier: Apache-2.0 */
/* SignedData, RFC 5652 section 5, made and read. */
#ifndef MS_CMS_SIGNED_H
#define MS_CMS_SIGNED_H

#include "pki/pki.h"

#define MS_CMS_SIGNERS 64	/* SignerInfos in one SignedData */
#define MS_CMS_CERTS 256	/* certificates in one SignedData */
#define MS_CMS_SIGNERINFO ((size_t)1024 * 1024)	/* bytes of one, with its
						 * unsigned attributes */
#define MS_CMS_CERTSET ((size_t)4 * 1024 * 1024)
#define MS_TSP_TOKEN ((size_t)64 * 1024)	/* bytes of one timestamp */

/* ---- digests of a stream, several at once ---- */

struct ms_digests;
/* mds: n digest OIDs allowed for reading. */
struct ms_digests *ms_digests_new(const enum ms_oid *mds, size_t n,
    struct ms_err *err);
void ms_digests_free(struct ms_digests *d);
int ms_digests_update(struct ms_digests *d, const void *p, size_t n,
    struct ms_err *err);
/* The value of one; final after the first call.  {NULL,0}: not computed. */
struct ms_span ms_digests_value(struct ms_digests *d, enum ms_oid md);
/* Source that digests what passes through it. */
struct ms_src *ms_digests_src(struct ms_digests *d, struct ms_src *src,
    struct ms_err *err);

/* ---- making ---- */

/*
 * Called with the SHA-256 (md) imprint of a signature value; puts the DER
 * TimeStampToken into token.  MS_TEMPFAIL when no authority answers.
 */
typedef int ms_stamp_fn(void *arg, enum ms_oid md, struct ms_span imprint,
    struct ms_buf *token, struct ms_err *err);

struct ms_cms_signer {
	const struct ms_ident *id;	/* borrowed */
	enum ms_oid md;		/* 0: SHA-256, or what the curve wants */
	bool pss;
};

struct ms_sign_conf {
	const struct ms_cms_signer *signers;
	size_t nsigners;
	enum ms_oid content_type;	/* MS_OID_data, MS_OID_TSTInfo, ... */
	time_t signing_time;	/* signingTime attribute; -1: left out */
	bool no_smimecaps;	/* no SMIMECapabilities (timestamps, PDF) */
	bool no_certs;		/* leave certificates out */
	ms_stamp_fn *stamp;	/* or NULL */
	void *stamp_arg;
};

struct ms_sign;
/*
 * A signature in the making: feed the content (ms_sign_digests()), then
 * ms_sign_final() signs the attributes (contentType, messageDigest,
 * signingCertificateV2, signingTime, SMIMECapabilities) for each signer and
 * gets the timestamps; then write it, as often as wanted.
 */
int ms_sign_new(const struct ms_sign_conf *conf, struct ms_sign **ret,
    struct ms_err *err);
void ms_sign_free(struct ms_sign *s);
struct ms_digests *ms_sign_digests(struct ms_sign *s);	/* borrowed */
int ms_sign_final(struct ms_sign *s, struct ms_err *err);
/*
 * Ready for another content with the same signers: what was computed from
 * keys and certificates is kept.  signing_time and with_certs replace those of
 * the configuration.
 */
int ms_sign_again(struct ms_sign *s, time_t signing_time, bool with_certs,
    struct ms_err *err);
/* micalg parameter of multipart/signed: "sha-256" or "sha-256,sha-384". */
const char *ms_sign_micalg(const struct ms_sign *s);
/* ContentInfo without eContent, DER. */
int ms_sign_write_detached(const struct ms_sign *s, struct ms_buf *der,
    struct ms_err *err);
/* ContentInfo with a content that lies in memory, DER; appended to der. */
int ms_sign_write_whole(const struct ms_sign *s, struct ms_span content,
    struct ms_buf *der, struct ms_err *err);
/* ContentInfo with the content (the same bytes again, `size` of them), DER;
 * MS_IO when there are more or fewer. */
int ms_sign_write(const struct ms_sign *s, struct ms_src *content,
    uint64_t size, struct ms_sink *to, struct ms_err *err);

/* ---- reading ---- */

struct ms_signerinfo {
	struct ms_span sid;	/* whole SignerIdentifier element */
	enum ms_oid md;		/* digestAlgorithm */
	struct ms_sigalg alg;
	bool alg_known;
	struct ms_span attrs;	/* signedAttrs contents (DER), or {NULL,0} */
	struct ms_span sig;
	struct ms_span unsigned_attrs;	/* contents, or {NULL,0} */
	X509 *cert;		/* found among certificates; borrowed or NULL */
	time_t signing_time;	/* claimed, or -1 */
};

struct ms_signed;
/*
 * Begin reading a ContentInfo that holds SignedData off src (borrowed): up to
 * the eContent.  MS_DATA when it is malformed.
 */
int ms_signed_begin(struct ms_src *src, struct ms_signed **ret,
    struct ms_err *err);
void ms_signed_free(struct ms_signed *sd);
enum ms_oid ms_signed_content_type(const struct ms_signed *sd);
/*
 * The eContent as a source that digests what passes (by digestAlgorithms), or
 * NULL with err untouched when there is none (detached).
 */
struct ms_src *ms_signed_content(struct ms_signed *sd, struct ms_err *err);
/* Detached: digests of the content, computed by the caller; borrowed until
 * sd is freed. */
void ms_signed_set_digests(struct ms_signed *sd, struct ms_digests *d);
/* What digestAlgorithms announces (for one who has the content still to
 * read): how many, the first `max` of them in mds. */
size_t ms_signed_mds(const struct ms_signed *sd, enum ms_oid *mds,
    size_t max);
/*
 * Read what is behind the content: certificates, CRLs, SignerInfos, to the end
 * of the ContentInfo; trailing bytes are MS_DATA.  More SignerInfos,
 * certificates or bytes than the limits are MS_DATA.
 */
int ms_signed_finish(struct ms_signed *sd, struct ms_err *err);
size_t ms_signed_count(const struct ms_signed *sd);
const struct ms_signerinfo *ms_signed_get0(const struct ms_signed *sd,
    size_t i);
STACK_OF(X509) *ms_signed_certs(const struct ms_signed *sd); /* borrowed */
STACK_OF(X509_CRL) *ms_signed_crls(const struct ms_signed *sd);
/* More certificates to find signers in (--chain, the reader's store). */
int ms_signed_add_certs(struct ms_signed *sd, STACK_OF(X509) *more,
    struct ms_err *err);

/*
 * Judge signer i's value: attributes complete and singular (RFC 5652 section
 * 11), contentType equal, messageDigest equal, signingCertificate(V2) equal
 * (RFC 5035 section 5.4), signature right.  Trust is not judged.  Findings:
 * good "value"; bad "attributes", "content-type", "digest", "signature",
 * "signing-cert", "weak-digest" (SHA-1 unless legacy, then a note),
 * "weak-key"; undecided "no-certificate", "algorithm".
 */
int ms_signer_check(struct ms_signed *sd, size_t i, bool legacy,
    struct ms_report *r, struct ms_err *err);
/* The values of an unsigned or signed attribute: number of values, *v set to
 * the contents of the SET (elements one after another); 0 when absent; -1 when
 * the attribute is there more than once or malformed. */
int ms_attr_find(struct ms_span attrs, enum ms_oid type, struct ms_span *v,
    struct ms_err *err);

#endif
