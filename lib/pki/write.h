/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that write certificates, CRLs and requests share. */
#ifndef MS_PKI_WRITE_H
#define MS_PKI_WRITE_H

#include "pki/internal.h"
#include "pki/issue.h"

#define SIGNED_MAX ((size_t)64 * 1024)	/* bytes of one certificate made */

/* Name of an organisation and a common name, either may be NULL: UTF-8, at
 * most 64 characters each (RFC 5280 appendix A.1), no control characters. */
int write_name(struct ms_der *d, const char *organization,
    const char *common_name, struct ms_err *err);
/* The subject of a certificate, as it stands there. */
int write_subject(struct ms_der *d, X509 *x, struct ms_err *err);
/* AlgorithmIdentifier of a certificate's signature. */
void write_sigalg(struct ms_der *d, const struct ms_sigalg *a);
int write_spki(struct ms_der *d, EVP_PKEY *pub, struct ms_err *err);
void write_oid(struct ms_der *d, const char *dotted, struct ms_err *err);
/* Extension: head, then its value is written, then write_ext_end(). */
void write_ext_begin(struct ms_der *d, const char *oid, bool critical,
    struct ms_err *err);
void write_ext_end(struct ms_der *d);
/* SubjectAltName; nothing when there are no names. */
int write_san(struct ms_der *d, const struct ms_addr *addrs, size_t naddrs,
    const char *const *dns, size_t ndns, bool critical, struct ms_err *err);
/* AuthorityKeyIdentifier of what the issuer's certificate signs. */
void write_aki(struct ms_der *d, X509 *issuer, struct ms_err *err);
/* SEQUENCE { tbs, algorithm, signature } into out. */
int write_signed(struct ms_buf *out, struct ms_span tbs, struct ms_key *key,
    const struct ms_sigalg *a, struct ms_err *err);

#endif
