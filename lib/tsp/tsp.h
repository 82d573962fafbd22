/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3161 and 5816: request, response, token; and the judgement of a
 * signature with a timestamp (CAdES-T, EN 319 122-1).
 */
#ifndef MS_TSP_H
#define MS_TSP_H

#include "cms/cms.h"

/* ---- requests ---- */

struct ms_tsq {
	enum ms_oid md;
	unsigned char imprint[64];
	size_t nimprint;
	struct ms_buf policy;	/* OID contents octets, or empty */
	unsigned char nonce[64];	/* INTEGER contents, or none */
	size_t nnonce;
	bool cert_req;
	bool has_extensions;
};
/* certReq TRUE, 8 random octets of nonce. */
int ms_tsq_make(struct ms_tsq *q, enum ms_oid md, struct ms_span imprint,
    struct ms_err *err);
void ms_tsq_clear(struct ms_tsq *q);
int ms_tsq_write(const struct ms_tsq *q, struct ms_buf *der,
    struct ms_err *err);
/* Strict DER.  *fail gets the PKIFailureInfo to answer with (RFC 3161
 * 2.4.2) when it fails. */
int ms_tsq_parse(struct ms_span der, struct ms_tsq *q, int *fail,
    struct ms_err *err);

/* PKIFailureInfo bits */
enum { MS_TSP_badAlg = 0, MS_TSP_badRequest = 2, MS_TSP_badDataFormat = 5,
	MS_TSP_timeNotAvailable = 14, MS_TSP_unacceptedPolicy = 15,
	MS_TSP_unacceptedExtension = 16, MS_TSP_addInfoNotAvailable = 17,
	MS_TSP_systemFailure = 25 };
const char *ms_tsp_failure_name(int bit);

/* ---- tokens ---- */

struct ms_tstinfo {
	struct ms_buf policy;	/* OID contents octets */
	enum ms_oid md;
	unsigned char imprint[64];
	size_t nimprint;
	unsigned char serial[32];
	size_t nserial;
	time_t time;
	unsigned micros;
	bool has_accuracy;
	unsigned accuracy_s, accuracy_ms, accuracy_us;
	bool ordering;
	unsigned char nonce[64];
	size_t nnonce;
};
int ms_tstinfo_parse(struct ms_span der, struct ms_tstinfo *ti,
    struct ms_err *err);
void ms_tstinfo_clear(struct ms_tstinfo *ti);

/* Whether the bytes are a TimeStampResp rather than a token. */
bool ms_tsp_is_response(struct ms_span der);
/* The TSTInfo in a token; nothing is judged. */
int ms_token_info(struct ms_span der, struct ms_tstinfo *ti,
    struct ms_err *err);
/*
 * Check a response to q: status granted, token of q's imprint, policy and
 * nonce, signed properly (value; trust only when it is given and not empty; a
 * token without the certificates that were not asked for is taken on its
 * word).  *token gets the DER TimeStampToken.  A rejection is MS_NO naming the
 * failure; a nonce or imprint that differs MS_DATA.
 */
int ms_tsr_check(struct ms_span der, const struct ms_tsq *q,
    struct ms_trust *trust, time_t at, struct ms_buf *token,
    struct ms_err *err);
/* Take the token out of a TimeStampResp without a request to compare. */
int ms_tsr_token(struct ms_span der, struct ms_buf *token,
    struct ms_err *err);

/*
 * Judge a token over an imprint: CMS value, eContentType id-ct-TSTInfo, one
 * signer, signingCertificate(V2), imprint equal, TSA's path and purpose at
 * genTime.  imprint {NULL,0}: not compared.  ti (may be NULL) is filled when
 * it could be parsed; clear it in any case.  trust NULL or empty: undecided
 * "no-anchor".  Findings: those of ms_signer_check() and ms_trust_check();
 * bad "token" (malformed, or larger than MS_TSP_TOKEN), "content-type",
 * "signers", "imprint", "signing-cert" (also when it is not named at all),
 * "use"; undecided "gentime" (later than `at`).
 */
int ms_token_check(struct ms_span der, enum ms_oid md, struct ms_span imprint,
    struct ms_trust *trust, time_t at, bool legacy, struct ms_tstinfo *ti,
    struct ms_report *r, struct ms_err *err);

/* ---- judging a signature with what stands around it ---- */

struct ms_judge {
	struct ms_trust *trust;	/* may be empty: undecided */
	struct ms_trust *trust_tsa;	/* NULL: the same */
	time_t at;		/* now, or --at */
	bool legacy;		/* --allow-legacy */
	bool value_only;	/* signature value, no trust, no timestamp */
};
/*
 * ms_signer_check() plus timestamp attributes (all must verify, the earliest
 * counts) plus the path at genTime, or at j->at without one.  Fills r->signer,
 * gentime, claimed, level.  Does not conclude: the caller may have more to
 * find (the From of a mail).  Findings about a timestamp have "timestamp-"
 * before their code; while one is undecided, an expired certificate is
 * undecided too.
 */
int ms_judge_signer(struct ms_signed *sd, size_t i, const struct ms_judge *j,
    struct ms_report *r, struct ms_err *err);

/* ---- answering (the authority's side) ---- */

struct ms_tsa;			/* signer, policies, reused contexts */
struct ms_tsa_conf {
	const struct ms_ident *id;	/* MS_USE_TSA */
	const char *const *policies;	/* dotted OIDs; the first is default */
	size_t npolicies;
	unsigned accuracy_ms;	/* 0: not stated */
	bool ordering;
	/* Current time; MS_TEMPFAIL when it is not trustworthy now. */
	int (*clock)(void *arg, time_t *t, unsigned *micros,
	    struct ms_err *err);
	void *clock_arg;
	const enum ms_oid *hashes;	/* accepted; none: all we know */
	size_t nhashes;
};
int ms_tsa_new(const struct ms_tsa_conf *conf, struct ms_tsa **ret,
    struct ms_err *err);
void ms_tsa_free(struct ms_tsa *t);
/*
 * Answer a request: resp gets a DER TimeStampResp in every case, granted or a
 * rejection with the right PKIFailureInfo; *failure (may be NULL) -1 when
 * granted, else the bit.  -1 only when not even that can be built.  A forked
 * process may go on with what its parent made: serial numbers differ.
 */
int ms_tsa_answer(struct ms_tsa *t, struct ms_span req, struct ms_buf *resp,
    int *failure, struct ms_err *err);

/*
 * The same in two halves, for two processes.  The first parses what strangers
 * send and needs no key; between them goes an ms_tsa_ask of plain fields; the
 * second parses nothing, and decides itself about time and serial number, so
 * that whoever took over the first half gets nothing but timestamps of now.
 */
struct ms_tsa_ask {
	unsigned md;		/* enum ms_oid */
	unsigned policy;	/* index into the policies */
	unsigned char nimprint, nnonce, cert_req;
	unsigned char imprint[64], nonce[64];
};
struct ms_tsa_rules;
/* Policies and hashes as in ms_tsa_conf, copied. */
int ms_tsa_rules_new(const char *const *policies, size_t npolicies,
    const enum ms_oid *hashes, size_t nhashes, struct ms_tsa_rules **ret,
    struct ms_err *err);
void ms_tsa_rules_free(struct ms_tsa_rules *r);
/* *failure -1: *ask is filled; else resp gets the rejection. */
int ms_tsa_screen(const struct ms_tsa_rules *r, struct ms_span req,
    struct ms_tsa_ask *ask, struct ms_buf *resp, int *failure,
    struct ms_err *err);

#define MS_TSA_SERIAL 16	/* octets; RFC 3161 allows 20 */
struct ms_tsa_issued {
	unsigned char serial[MS_TSA_SERIAL];
	time_t time;
	unsigned micros;
	size_t token, ntoken;	/* where it lies in resp */
};
/* *failure -1: *is tells what was issued.  Fields out of bounds are MS_BUG. */
int ms_tsa_issue(struct ms_tsa *t, const struct ms_tsa_ask *ask,
    struct ms_buf *resp, struct ms_tsa_issued *is, int *failure,
    struct ms_err *err);
/* A rejection with this bit and text appended to resp. */
int ms_tsa_reject(int bit, const char *text, struct ms_buf *resp,
    struct ms_err *err);

#endif
