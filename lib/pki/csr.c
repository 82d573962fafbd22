/* SPDX-License-Identifier: Apache-2.0 */
/* Certification requests, PKCS#10 (RFC 2986). */
#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "pki/write.h"

static X509_REQ *
decode(struct ms_span bytes)
{
	const unsigned char *p = bytes.p;
	X509_REQ *req;
	BIO *in;

	if (bytes.n && bytes.p[0] == MS_SEQUENCE) {
		req = d2i_X509_REQ(NULL, &p, (long)bytes.n);
		if (req && p == bytes.p + bytes.n)
			return req;
		X509_REQ_free(req);
		return NULL;
	}
	in = BIO_new_mem_buf(bytes.p, (int)bytes.n);
	req = in ? PEM_read_bio_X509_REQ(in, NULL, NULL, NULL) : NULL;
	BIO_free(in);
	return req;
}

int
ms_csr_parse(struct ms_span bytes, EVP_PKEY **pub, X509_REQ **req,
    struct ms_err *err)
{
	X509_REQ *r = NULL;
	EVP_PKEY *k;
	int rc = -1;

	ERR_clear_error();
	if (bytes.n > SIGNED_MAX || !(r = decode(bytes))) {
		ms_fail_ssl(err, MS_DATA,
		    "RFC 2986 section 4: certification request malformed");
		goto out;
	}
	k = X509_REQ_get0_pubkey(r);
	if (!k || X509_REQ_verify(r, k) != 1) {
		ms_fail_ssl(err, MS_DATA, "RFC 2986 section 4.2: the signature "
		    "of the certification request is wrong");
		goto out;
	}
	if (EVP_PKEY_up_ref(k) != 1) {
		ms_fail_nomem(err);
		goto out;
	}
	*pub = k;
	*req = r;
	r = NULL;
	rc = 0;
out:
	ERR_clear_error();
	X509_REQ_free(r);
	return rc;
}

static int
write_info(struct ms_buf *tbs, struct ms_key *key, const char *subject,
    const struct ms_addr *addr, struct ms_err *err)
{
	struct ms_der d;

	ms_der_init(&d, tbs);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, 0);
	if (write_name(&d, NULL, subject, err) < 0 ||
	    write_spki(&d, ms_key_pub(key), err) < 0)
		return -1;
	ms_der_begin(&d, MS_CTXC(0));
	if (addr) {
		/* extensionRequest, RFC 2985 section 5.4.2 */
		ms_der_begin(&d, MS_SEQUENCE);
		write_oid(&d, "1.2.840.113549.1.9.14", err);
		ms_der_begin(&d, MS_SET);
		ms_der_begin(&d, MS_SEQUENCE);
		if (write_san(&d, addr, 1, NULL, 0, false, err) < 0)
			return -1;
		ms_der_end(&d);
		ms_der_end(&d);
		ms_der_end(&d);
	}
	ms_der_end(&d);
	ms_der_end(&d);
	return ms_der_finish(&d, err);
}

int
ms_csr_write(struct ms_key *key, const char *subject,
    const struct ms_addr *addr, struct ms_buf *pem, struct ms_err *err)
{
	struct ms_buf tbs = MS_BUF_INIT(SIGNED_MAX);
	struct ms_buf der = MS_BUF_INIT(SIGNED_MAX);
	struct ms_sigalg a;
	int rc = -1;

	if (ms_sigalg_for(ms_key_pub(key), MS_OID_sha256, false, &a,
	    err) == 0 && write_info(&tbs, key, subject, addr, err) == 0 &&
	    write_signed(&der, ms_buf_span(&tbs), key, &a, err) == 0)
		rc = ms_pem_write(pem, "CERTIFICATE REQUEST", ms_buf_span(&der),
		    err);
	ms_buf_clear(&der);
	ms_buf_clear(&tbs);
	return rc;
}
