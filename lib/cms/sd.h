/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of SignedData share among themselves. */
#ifndef MS_CMS_SD_H
#define MS_CMS_SD_H

#include "cms/signed.h"

#define SD_MDS 8			/* different digests of one content */
#define SD_ALGS ((size_t)16 * 1024)	/* bytes of digestAlgorithms */
#define SD_TRIES 4			/* certificates tried as one signer's:
					 * each costs a verification or two */

/* ---- digests.c ---- */

/* Begin anew with another content. */
int digests_reset(struct ms_digests *d, struct ms_err *err);
/*
 * The beginning of the content, up to one block: what Ed25519 signs without
 * signed attributes (RFC 8419 section 3.1), where there is no digest.  False
 * when the content was longer.
 */
bool digests_content(const struct ms_digests *d, struct ms_span *content);

/* ---- making: sign.c, sign-write.c ---- */

#define SD_SIG ((size_t)4096)	/* octets of a signature: RSA-16384 has 2048 */

struct sd_maker {
	const struct ms_ident *id;
	struct ms_sigalg alg;
	struct ms_buf sid;	/* SignerIdentifier */
	struct ms_buf ess;	/* value of signingCertificateV2 */
	struct ms_buf attrs;	/* signedAttrs as they are signed: a SET */
	struct ms_buf sig;
	struct ms_buf token;
};

struct ms_sign {
	struct sd_maker *v;
	size_t n;
	enum ms_oid content_type;
	time_t signing_time;
	bool smimecaps, with_certs, final;
	ms_stamp_fn *stamp;
	void *stamp_arg;
	enum ms_oid mds[SD_MDS];
	size_t nmds;
	struct ms_digests *digests;
	char micalg[64];
	struct ms_buf certs;	/* CertificateSet, [0] IMPLICIT */
};

void sign_attr_begin(struct ms_der *d, enum ms_oid type);
void sign_attr_end(struct ms_der *d);

/* ---- reading ---- */

struct sd_signer {
	struct ms_signerinfo si;
	uint64_t version;
	struct ms_span md_seq;	/* contents of digestAlgorithm */
	struct ms_span alg_seq;	/* contents of signatureAlgorithm */
	/* issuerAndSerialNumber, decoded once: a name may be as large as the
	 * SignerInfo, and there may be many certificates to compare; NULL
	 * when it names none */
	X509_NAME *issuer;
	ASN1_INTEGER *serial;
	struct ms_buf raw;	/* the SignerInfo, which all spans lie in */
};

struct ms_signed {
	struct ms_ber *ber;
	struct ms_span type;	/* contents octets of eContentType */
	struct ms_buf type_buf;
	enum ms_oid mds[SD_MDS];
	size_t nmds;
	bool has_content;
	bool finished;
	struct ms_src *octets;	/* borrowed from ber */
	struct ms_src *content;	/* octets, digested */
	struct ms_digests *own;
	struct ms_digests *digests;	/* own, or the caller's */
	STACK_OF(X509) *certs;
	STACK_OF(X509_CRL) *crls;
	size_t unread_certs;	/* were there, but could not be read */
	struct sd_signer *v;
	size_t n;
};

/* Fill s from s->raw. */
int signerinfo_parse(struct sd_signer *s, struct ms_err *err);
void signerinfo_clear(struct sd_signer *s);
/* Whether x is whom the SignerIdentifier names. */
bool signerinfo_names(const struct sd_signer *s, X509 *x);

/* ---- attrs.c: signed attributes against what they must say ---- */

struct attrs_want {
	struct ms_span type;	/* eContentType, contents octets */
	struct ms_span digest;	/* of the content; {NULL,0}: not computed */
	enum ms_oid md;
	struct ms_span md_seq, alg_seq;
};
int attrs_check(struct ms_span attrs, const struct attrs_want *want,
    struct ms_report *r, struct ms_err *err);
/* signingTime, or -1 when absent or not to be understood. */
time_t attrs_signing_time(struct ms_span attrs);

/* ---- ess.c: signingCertificate and signingCertificateV2, RFC 5035 ---- */

/* Write the value of a signingCertificateV2 attribute for x. */
int ess_write(X509 *x, struct ms_der *d, struct ms_err *err);
/* *named gets 1 when the attributes name x, 0 when another certificate, -1
 * when there is no such attribute.  -1 when malformed. */
int ess_check(struct ms_span attrs, X509 *x, int *named, bool *sha1,
    struct ms_err *err);

#endif
