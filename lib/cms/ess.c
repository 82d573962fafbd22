/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes that name the signer's certificate inside the signature
 * (RFC 5035), so that nobody can put another certificate of the same key in
 * its place.
 */
#include <openssl/x509.h>
#include <string.h>

#include "cms/sd.h"

/*
 * SEQUENCE { certs SEQUENCE OF ESSCertIDv2 }, one ESSCertIDv2 with the default
 * SHA-256 left out (DER) and with issuerSerial.
 */
int
ess_write(X509 *x, struct ms_der *d, struct ms_err *err)
{
	struct ms_buf ias = MS_BUF_INIT(MS_CMS_SIGNERINFO);
	unsigned char hash[32];
	struct ms_span s, seq, name, v;
	int rc = -1, tag;

	if (ms_cert_sha256(x, hash, err) < 0 || ms_cert_ias(x, &ias, err) < 0)
		goto out;
	s = ms_buf_span(&ias);
	if (ms_der_want(&s, MS_SEQUENCE, &seq, "IssuerAndSerialNumber",
		err) < 0 || ms_der_next(&seq, &tag, &v, &name, err) < 0)
		goto out;
	ms_der_begin(d, MS_SEQUENCE);	/* SigningCertificateV2 */
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_begin(d, MS_SEQUENCE);	/* ESSCertIDv2 */
	ms_der_prim(d, MS_OCTETSTRING, hash, sizeof(hash));
	ms_der_begin(d, MS_SEQUENCE);	/* IssuerSerial */
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_begin(d, MS_CTXC(4));	/* directoryName */
	ms_der_raw(d, name.p, name.n);
	ms_der_end(d);
	ms_der_end(d);
	ms_der_raw(d, seq.p, seq.n);	/* serialNumber */
	ms_der_end(d);
	ms_der_end(d);
	ms_der_end(d);
	ms_der_end(d);
	rc = 0;
out:
	ms_buf_clear(&ias);
	return rc;
}

/* IssuerSerial of an ESSCertID against x: one directoryName and the serial. */
static int
issuer_serial(struct ms_span seq, X509 *x, bool *same, struct ms_err *err)
{
	struct ms_buf ias = MS_BUF_INIT(MS_CMS_SIGNERINFO);
	struct ms_span names, name, s, mine;
	int rc = -1;

	*same = false;
	if (ms_der_want(&seq, MS_SEQUENCE, &names, "IssuerSerial.issuer",
		err) < 0 ||
	    ms_der_want(&names, MS_CTXC(4), &name,
		"IssuerSerial.issuer directoryName", err) < 0 ||
	    ms_der_done(&names, "IssuerSerial.issuer", err) < 0 ||
	    ms_cert_ias(x, &ias, err) < 0)
		goto out;
	s = ms_buf_span(&ias);
	if (ms_der_want(&s, MS_SEQUENCE, &mine, "IssuerAndSerialNumber",
		err) < 0)
		goto out;
	/* Name and serialNumber, one behind the other, on both sides */
	*same = mine.n == name.n + seq.n &&
	    memcmp(mine.p, name.p, name.n) == 0 &&
	    memcmp(mine.p + name.n, seq.p, seq.n) == 0;
	rc = 0;
out:
	ms_buf_clear(&ias);
	return rc;
}

static int
cert_hash(X509 *x, enum ms_oid md, unsigned char to[EVP_MAX_MD_SIZE],
    size_t *n, struct ms_err *err)
{
	const EVP_MD *evp = ms_md_legacy(md);
	unsigned int len = 0;

	if (!evp)
		return ms_fail(err, MS_DATA, "RFC 5035 section 4: unknown "
		    "hashAlgorithm in the signing certificate attribute");
	if (X509_digest(x, evp, to, &len) != 1)
		return ms_fail_ssl(err, MS_OS, "cannot digest a certificate");
	*n = len;
	return 0;
}

/* One ESSCertID (SHA-1) or ESSCertIDv2. */
static int
certid(struct ms_span id, bool v2, X509 *x, bool *same, bool *sha1,
    struct ms_err *err)
{
	unsigned char mine[EVP_MAX_MD_SIZE];
	enum ms_oid md = v2 ? MS_OID_sha256 : MS_OID_sha1;
	struct ms_span alg, oid, hash, is;
	size_t n = 0;
	int rc;

	if (v2) {
		rc = ms_der_maybe(&id, MS_SEQUENCE, &alg, err);
		if (rc < 0)
			return -1;
		if (rc == 1) {
			if (ms_der_want_oid(&alg, &oid,
				"ESSCertIDv2.hashAlgorithm", err) < 0)
				return -1;
			md = ms_oid_find(oid);
			if (md == MS_OID_sha1)
				*sha1 = true;
		}
	}
	if (ms_der_want(&id, MS_OCTETSTRING, &hash, "ESSCertID.certHash",
		err) < 0 || cert_hash(x, md, mine, &n, err) < 0)
		return -1;
	*same = hash.n == n && memcmp(hash.p, mine, n) == 0;
	rc = ms_der_maybe(&id, MS_SEQUENCE, &is, err);
	if (rc < 0 || ms_der_done(&id, "ESSCertID", err) < 0)
		return -1;
	if (rc == 1 && *same)
		return issuer_serial(is, x, same, err);
	return 0;
}

/* RFC 5035 section 5.4.1: the first ESSCertID names the signer. */
static int
one_attr(struct ms_span value, bool v2, X509 *x, bool *same, bool *sha1,
    struct ms_err *err)
{
	struct ms_span sc, ids, id;

	if (ms_der_want(&value, MS_SEQUENCE, &sc, "SigningCertificate",
		err) < 0 ||
	    ms_der_done(&value, "SigningCertificate", err) < 0 ||
	    ms_der_want(&sc, MS_SEQUENCE, &ids, "SigningCertificate.certs",
		err) < 0 ||
	    ms_der_want(&ids, MS_SEQUENCE, &id, "ESSCertID", err) < 0)
		return -1;
	return certid(id, v2, x, same, sha1, err);
}

int
ess_check(struct ms_span attrs, X509 *x, int *named, bool *sha1,
    struct ms_err *err)
{
	static const enum ms_oid type[2] = { MS_OID_signingCertificate,
		MS_OID_signingCertificateV2 };
	struct ms_span v;
	bool same;
	int i, n;

	*named = -1;
	*sha1 = false;
	for (i = 0; i < 2; i++) {
		n = ms_attr_find(attrs, type[i], &v, err);
		if (n < 0)
			return -1;
		if (n == 0)
			continue;
		if (n > 1)
			return ms_fail(err, MS_DATA, "RFC 5035 section 5.4: "
			    "%s has more than one value",
			    ms_oid_name(type[i]));
		if (one_attr(v, i == 1, x, &same, sha1, err) < 0)
			return -1;
		*named = same && *named != 0;
	}
	return 0;
}
