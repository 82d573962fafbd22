/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: reading fields, choosing by use. RFC 5280, 8550, 9598. */
#ifndef MS_PKI_CERT_H
#define MS_PKI_CERT_H

#include <openssl/x509.h>

#include "addr/addr.h"
#include "base/base.h"
#include "der/der.h"

enum ms_usage {
	MS_USE_ANY,
	MS_USE_SIGN,	/* mail and documents: digitalSignature or
			 * nonRepudiation; EKU absent, emailProtection, any,
			 * or a document signing purpose */
	MS_USE_ENCRYPT,	/* keyEncipherment (RSA) or keyAgreement (EC) */
	MS_USE_TSA,	/* RFC 3161 2.3: critical timeStamping alone */
	MS_USE_SERVER,
	MS_USE_DEVICE,	/* clientAuth */
	MS_USE_OCSP
};

/* Strict DER certificate; trailing bytes refused. */
int ms_cert_parse(struct ms_span der, X509 **ret, struct ms_err *err);
int ms_cert_der(X509 *x, struct ms_buf *der, struct ms_err *err);
int ms_cert_pem(X509 *x, struct ms_buf *pem, struct ms_err *err);

/* Append PEM (RFC 7468) of any DER: label, base64 in lines of 64, label. */
int ms_pem_write(struct ms_buf *pem, const char *label, struct ms_span der,
    struct ms_err *err);

/* The addresses of a certificate: SAN rfc822Name and SmtpUTF8Mailbox (RFC
 * 9598); the subject's emailAddress only when there is no such SAN. */
int ms_cert_addrs(X509 *x, struct ms_addrlist *l, struct ms_err *err);
bool ms_cert_has_addr(X509 *x, const struct ms_addr *a);
/* The same, but only subjectAltName counts. */
int ms_cert_san_addrs(X509 *x, struct ms_addrlist *l, struct ms_err *err);
bool ms_cert_san_has_addr(X509 *x, const struct ms_addr *a);
/* Subject as one line UTF-8 (RFC 2253 order), malloc()ed. */
char *ms_cert_subject(X509 *x);
char *ms_cert_issuer(X509 *x);
char *ms_cert_serial(X509 *x);	/* lower-case hex */
time_t ms_cert_not_before(X509 *x);
time_t ms_cert_not_after(X509 *x);
/* Issuer and serialNumber, as DER SEQUENCE IssuerAndSerialNumber. */
int ms_cert_ias(X509 *x, struct ms_buf *der, struct ms_err *err);
/* Its subjectKeyIdentifier octets, {NULL,0} when absent; borrowed. */
struct ms_span ms_cert_ski(X509 *x);
/* Whether its SMIMECapabilities extension (RFC 4262) lists this algorithm. */
bool ms_cert_lists_capability(X509 *x, enum ms_oid algorithm);
/* SHA-256 of the DER. */
int ms_cert_sha256(X509 *x, unsigned char to[32], struct ms_err *err);

/*
 * Whether its keyUsage, EKU and key type allow the use.  When not, *why (may
 * be NULL) is a static sentence that names the clause ("RFC 5280 section
 * 4.2.1.3: keyUsage lacks keyEncipherment").
 */
bool ms_cert_may(X509 *x, enum ms_usage use, const char **why);
/* The same with the dates: notBefore <= at <= notAfter. */
bool ms_cert_may_at(X509 *x, enum ms_usage use, time_t at, const char **why);
/* Whether we seal for its key: RSA of 2048 to 16384 bits, X25519, or a curve
 * of RFC 8551 or RFC 5639. */
bool ms_cert_may_seal(X509 *x, const char **why);

#endif
