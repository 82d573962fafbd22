/* SPDX-License-Identifier: Apache-2.0 */
/* Issuing: certificates and CRLs built field by field, RFC 5280. */
#ifndef MS_PKI_ISSUE_H
#define MS_PKI_ISSUE_H

#include "pki/cert.h"
#include "pki/key.h"

enum ms_profile { MS_PROFILE_ROOT, MS_PROFILE_SIGN, MS_PROFILE_ENCRYPT,
	MS_PROFILE_TSA, MS_PROFILE_OCSP, MS_PROFILE_SERVER,
	MS_PROFILE_DEVICE, MS_PROFILE_OFFICER };

struct ms_issue {
	enum ms_profile profile;
	const char *subject;	/* common name, UTF-8 */
	const char *organization;	/* or NULL */
	const struct ms_addr *addrs;	/* SAN rfc822Name or SmtpUTF8Mailbox */
	size_t naddrs;
	const char *const *dns;	/* SAN dNSName or iPAddress */
	size_t ndns;
	time_t not_before, not_after;
	const unsigned char *serial;	/* 1..20 octets, positive */
	size_t nserial;
	const char *crl_url;	/* cRLDistributionPoints, or NULL */
	const char *aia_url;	/* caIssuers, or NULL */
	const char *ocsp_url;
};

/* Issue for a public key by the issuer; issuer NULL: self-signed root with the
 * key `self`.  *ret is owned. */
int ms_issue_cert(const struct ms_issue *what, EVP_PKEY *pub,
    const struct ms_ident *issuer, struct ms_key *self, X509 **ret,
    struct ms_err *err);

struct ms_revoked {
	const unsigned char *serial;
	size_t nserial;
	time_t when;
	int reason;		/* RFC 5280 5.3.1, -1: none */
};
int ms_issue_crl(const struct ms_ident *issuer, const struct ms_revoked *v,
    size_t n, uint64_t number, time_t this_update, time_t next_update,
    X509_CRL **ret, struct ms_err *err);

/* A PKCS#10 request, PEM or DER: its self-signature is checked (proof of
 * possession); *pub owned; subject and SAN are advice to the caller. */
int ms_csr_parse(struct ms_span bytes, EVP_PKEY **pub, X509_REQ **req,
    struct ms_err *err);
/* Make one for a key. */
int ms_csr_write(struct ms_key *key, const char *subject,
    const struct ms_addr *addr, struct ms_buf *pem, struct ms_err *err);

#endif
