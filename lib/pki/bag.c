/* SPDX-License-Identifier: Apache-2.0 */
/* What files hold: telling the formats apart and taking them in. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "pki/internal.h"

void
ms_bag_init(struct ms_bag *b)
{
	memset(b, 0, sizeof(*b));
}

void
ms_bag_clear(struct ms_bag *b)
{
	size_t i;

	sk_X509_pop_free(b->certs, X509_free);
	sk_X509_CRL_pop_free(b->crls, X509_CRL_free);
	for (i = 0; i < b->nkeys; i++)
		ms_key_free(b->keys[i]);
	free(b->keys);
	ms_bag_init(b);
}

static int
bag_room(const struct ms_bag *b, struct ms_err *err)
{
	int certs = sk_X509_num(b->certs), crls = sk_X509_CRL_num(b->crls);
	size_t n = b->nkeys;

	n += (certs > 0 ? (size_t)certs : 0) + (crls > 0 ? (size_t)crls : 0);
	if (n >= MS_BAG_ITEMS)
		return ms_fail(err, MS_DATA, "more than %d certificates, "
		    "revocation lists and keys in one file", MS_BAG_ITEMS);
	return 0;
}

int
bag_add_cert(struct ms_bag *b, X509 *x, struct ms_err *err)
{
	if (bag_room(b, err) < 0)
		goto fail;
	if ((!b->certs && !(b->certs = sk_X509_new_null())) ||
	    sk_X509_push(b->certs, x) <= 0) {
		ms_fail_nomem(err);
		goto fail;
	}
	return 0;
fail:
	X509_free(x);
	return -1;
}

int
bag_add_crl(struct ms_bag *b, X509_CRL *crl, struct ms_err *err)
{
	if (bag_room(b, err) < 0)
		goto fail;
	if ((!b->crls && !(b->crls = sk_X509_CRL_new_null())) ||
	    sk_X509_CRL_push(b->crls, crl) <= 0) {
		ms_fail_nomem(err);
		goto fail;
	}
	return 0;
fail:
	X509_CRL_free(crl);
	return -1;
}

int
bag_add_pkey(struct ms_bag *b, EVP_PKEY *pkey, struct ms_err *err)
{
	struct ms_key **v, *k;

	if (bag_room(b, err) < 0 || !(k = ms_key_soft(pkey, err))) {
		EVP_PKEY_free(pkey);
		return -1;
	}
	v = realloc(b->keys, (b->nkeys + 1) * sizeof(*v));
	if (!v) {
		ms_key_free(k);
		return ms_fail_nomem(err);
	}
	b->keys = v;
	v[b->nkeys++] = k;
	return 0;
}

int
file_pass_get(struct file_pass *fp, struct ms_err *err)
{
	if (fp->have)
		return 0;
	if (!fp->fn)
		return ms_fail(err, MS_NOPERM, "%s: needs a passphrase",
		    fp->name);
	if (fp->fn(fp->arg, "key", fp->name, &fp->pass, err) < 0)
		return -1;
	if (fp->pass.n > INT_MAX || !ms_buf_str(&fp->pass))
		return ms_fail_nomem(err);
	fp->have = true;
	return 0;
}

/* ---- one object ---- */

static int
crl_parse(struct ms_bag *b, struct ms_span der, const char *name,
    struct ms_err *err)
{
	const unsigned char *p = der.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);

	if (crl && p == der.p + der.n)
		return bag_add_crl(b, crl, err);
	X509_CRL_free(crl);
	return ms_fail_ssl(err, MS_DATA, "%s: RFC 5280 section 5.1: "
	    "certificate revocation list malformed", name);
}

static int
cert_parse(struct ms_bag *b, struct ms_span der, const char *name,
    struct ms_err *err)
{
	X509 *x;

	if (ms_cert_parse(der, &x, err) < 0)
		return ms_err_context(err, "%s", name);
	return bag_add_cert(b, x, err);
}

/* The elements of a SignedData's certificates or crls. */
static int
each_of_set(struct ms_bag *b, struct ms_span set, bool crls, const char *name,
    struct ms_err *err)
{
	struct ms_span v, whole;
	int tag;

	while (set.n) {
		if (ms_der_next(&set, &tag, &v, &whole, err) < 0)
			return ms_err_context(err, "%s", name);
		if (tag != MS_SEQUENCE)
			continue;	/* attribute certificates, other CRLs */
		if ((crls ? crl_parse(b, whole, name, err) :
		    cert_parse(b, whole, name, err)) < 0)
			return -1;
	}
	return 0;
}

/* Certs-only SignedData, RFC 5652 section 5.1; ours to read because signatures
 * and content, if there are any, are none of our business here. */
static int
p7_parse(struct ms_bag *b, struct ms_span der, const char *name,
    struct ms_err *err)
{
	struct ms_span s = der, ci, oid, v, sd, set;
	uint64_t version;
	int r;

	if (ms_der_want(&s, MS_SEQUENCE, &ci, "ContentInfo", err) < 0 ||
	    ms_der_done(&s, "ContentInfo", err) < 0 ||
	    ms_der_want_oid(&ci, &oid, "contentType", err) < 0)
		return ms_err_context(err, "%s", name);
	if (ms_oid_find(oid) != MS_OID_signedData)
		return ms_fail(err, MS_DATA, "%s: CMS, but no SignedData that "
		    "could hold certificates", name);
	if (ms_der_want(&ci, MS_CTXC(0), &v, "content", err) < 0 ||
	    ms_der_want(&v, MS_SEQUENCE, &sd, "SignedData", err) < 0 ||
	    ms_der_want_uint(&sd, &version, "SignedData.version", err) < 0 ||
	    ms_der_want(&sd, MS_SET, &set, "digestAlgorithms", err) < 0 ||
	    ms_der_want(&sd, MS_SEQUENCE, &v, "encapContentInfo", err) < 0 ||
	    (r = ms_der_maybe(&sd, MS_CTXC(0), &set, err)) < 0)
		return ms_err_context(err, "%s", name);
	if (r && each_of_set(b, set, false, name, err) < 0)
		return -1;
	if ((r = ms_der_maybe(&sd, MS_CTXC(1), &set, err)) < 0)
		return ms_err_context(err, "%s", name);
	return r ? each_of_set(b, set, true, name, err) : 0;
}

enum form { F_UNKNOWN, F_CERT, F_CRL, F_PKCS1, F_PKCS8, F_PKCS8_ENC, F_P12,
	F_P7 };

/* SEQUENCE { SEQUENCE { ... }, SEQUENCE, BIT STRING }: certificate or CRL.
 * The fourth field of a TBSCertificate, version aside, is a SEQUENCE; that of
 * a TBSCertList a time, and its serial is missing. */
static enum form
form_signed(struct ms_span tbs)
{
	struct ms_span v;
	int tag;

	if (ms_der_next(&tbs, &tag, &v, NULL, NULL) < 0)
		return F_UNKNOWN;
	if (tag == MS_CTXC(0))
		return F_CERT;
	if (tag == MS_SEQUENCE)
		return F_CRL;		/* version 1 */
	if (tag != MS_INTEGER ||
	    ms_der_want(&tbs, MS_SEQUENCE, &v, "", NULL) < 0 ||
	    ms_der_want(&tbs, MS_SEQUENCE, &v, "", NULL) < 0 ||
	    ms_der_next(&tbs, &tag, &v, NULL, NULL) < 0)
		return F_UNKNOWN;
	return tag == MS_SEQUENCE ? F_CERT : F_CRL;
}

static enum form
form_of(struct ms_span der)
{
	struct ms_span s, v, first;
	int tag, tag2;

	if (ms_der_want(&der, MS_SEQUENCE, &s, "", NULL) < 0 ||
	    ms_der_next(&s, &tag, &first, NULL, NULL) < 0)
		return F_UNKNOWN;
	if (tag == MS_OBJECT)
		return F_P7;
	if (ms_der_next(&s, &tag2, &v, NULL, NULL) < 0)
		return F_UNKNOWN;
	if (tag == MS_SEQUENCE)
		return tag2 == MS_OCTETSTRING ? F_PKCS8_ENC :
		    form_signed(first);
	if (tag != MS_INTEGER)
		return F_UNKNOWN;
	if (tag2 == MS_INTEGER || tag2 == MS_OCTETSTRING)
		return F_PKCS1;
	if (tag2 != MS_SEQUENCE)
		return F_UNKNOWN;
	return first.n == 1 && first.p[0] == 3 ? F_P12 : F_PKCS8;
}

static int
form_parse(struct ms_bag *b, enum form f, struct ms_span der,
    struct file_pass *fp, struct ms_err *err)
{
	switch (f) {
	case F_CERT:
		return cert_parse(b, der, fp->name, err);
	case F_CRL:
		return crl_parse(b, der, fp->name, err);
	case F_P7:
		return p7_parse(b, der, fp->name, err);
	case F_P12:
		return p12_parse(b, der, fp, err);
	case F_PKCS1:
		return fp->fn ? pkcs1_parse(b, der, fp, err) : 0;
	case F_PKCS8:
		return fp->fn ? pkcs8_parse(b, der, fp, err) : 0;
	case F_PKCS8_ENC:
		return fp->fn ? pkcs8_parse_encrypted(b, der, fp, err) : 0;
	case F_UNKNOWN:
		break;
	}
	return ms_fail(err, MS_DATA, "%s: neither certificate nor key nor "
	    "anything else that is known here", fp->name);
}

/* DER; or BER, in which PKCS#12 and certs-only CMS also occur. */
static int
binary_parse(struct ms_bag *b, struct ms_span bytes, struct file_pass *fp,
    struct ms_err *err)
{
	struct ms_buf der = MS_BUF_SECRET(MS_BAG_FILE);
	enum form f = form_of(bytes);
	int rc;

	if (f == F_UNKNOWN && bytes.n && bytes.p[0] == MS_SEQUENCE &&
	    ms_ber_to_der(bytes, &der, NULL) == 0) {
		f = form_of(ms_buf_span(&der));
		if (f == F_P12 || f == F_P7)
			bytes = ms_buf_span(&der);
		else
			f = F_UNKNOWN;
	} else if (f == F_P7) {
		/* an inner part may have indefinite length all the same */
		if (ms_ber_to_der(bytes, &der, NULL) == 0)
			bytes = ms_buf_span(&der);
	}
	rc = form_parse(b, f, bytes, fp, err);
	ms_buf_clear(&der);
	return rc;
}

/* ---- PEM ---- */

static int
pem_pass(char *buf, int size, int rw, void *arg)
{
	struct file_pass *fp = arg;

	if (fp->pass.n > (size_t)size)
		return -1;
	if (fp->pass.n)
		memcpy(buf, fp->pass.p, fp->pass.n);
	return (int)fp->pass.n;
}

/* The encryption of RFC 1421 that stands in the header of older keys. */
static int
pem_unseal(char *header, unsigned char *data, long *n, struct file_pass *fp,
    struct ms_err *err)
{
	EVP_CIPHER_INFO ci;

	if (PEM_get_EVP_CIPHER_INFO(header, &ci) != 1)
		return ms_fail_ssl(err, MS_DATA, "%s: PEM header malformed",
		    fp->name);
	if (!ci.cipher)
		return 0;
	if (file_pass_get(fp, err) < 0)
		return -1;
	if (PEM_do_header(&ci, data, n, pem_pass, fp) == 1)
		return 0;
	return pbe_failed(fp->name, err);
}

static int
pem_object(struct ms_bag *b, const char *label, char *header,
    unsigned char *data, long n, struct file_pass *fp, struct ms_err *err)
{
	struct ms_span der = { data, (size_t)n };

	if (ms_streq(label, "CERTIFICATE") ||
	    ms_streq(label, "X509 CERTIFICATE"))
		return cert_parse(b, der, fp->name, err);
	if (ms_streq(label, "X509 CRL"))
		return crl_parse(b, der, fp->name, err);
	if (ms_streq(label, "PKCS7") || ms_streq(label, "CMS") ||
	    ms_streq(label, "PKCS12"))
		return binary_parse(b, der, fp, err);
	if (!fp->fn)
		return 0;
	if (ms_streq(label, "PRIVATE KEY"))
		return pkcs8_parse(b, der, fp, err);
	if (ms_streq(label, "ENCRYPTED PRIVATE KEY"))
		return pkcs8_parse_encrypted(b, der, fp, err);
	if (!ms_streq(label, "RSA PRIVATE KEY") &&
	    !ms_streq(label, "EC PRIVATE KEY"))
		return 0;	/* parameters, public keys, requests */
	if (pem_unseal(header, data, &n, fp, err) < 0)
		return -1;
	der.n = (size_t)n;
	return pkcs1_parse(b, der, fp, err);
}

static int
pem_parse(struct ms_bag *b, struct ms_span bytes, struct file_pass *fp,
    struct ms_err *err)
{
	BIO *in = BIO_new_mem_buf(bytes.p, (int)bytes.n);
	unsigned char *data;
	char *label, *header;
	unsigned long e;
	int rc = 0;
	long n;

	if (!in)
		return ms_fail_nomem(err);
	while (rc == 0 && PEM_read_bio_ex(in, &label, &header, &data, &n,
	    PEM_FLAG_EAY_COMPATIBLE) == 1) {
		rc = pem_object(b, label, header, data, n, fp, err);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)n);
	}
	e = ERR_peek_last_error();
	if (rc == 0 && ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		rc = ms_fail_ssl(err, MS_DATA, "%s: PEM malformed", fp->name);
	ERR_clear_error();
	BIO_free(in);
	return rc;
}

/* ---- the whole ---- */

static bool
is_pem(struct ms_span s)
{
	static const char mark[] = "-----BEGIN ";
	const unsigned char *p = s.p, *end = s.p + s.n;

	if (s.n && s.p[0] == MS_SEQUENCE && memchr(s.p, 0, s.n))
		return false;
	for (; end - p >= (ptrdiff_t)sizeof(mark) - 1; p++) {
		p = memchr(p, '-', (size_t)(end - p));
		if (!p || end - p < (ptrdiff_t)sizeof(mark) - 1)
			return false;
		if (memcmp(p, mark, sizeof(mark) - 1) == 0)
			return true;
	}
	return false;
}

static size_t
bag_count(const struct ms_bag *b)
{
	int certs = sk_X509_num(b->certs), crls = sk_X509_CRL_num(b->crls);

	return b->nkeys + (certs > 0 ? (size_t)certs : 0) +
	    (crls > 0 ? (size_t)crls : 0);
}

int
ms_bag_parse(struct ms_bag *b, struct ms_span bytes, const char *name,
    ms_pass_fn *pass, void *arg, struct ms_err *err)
{
	struct file_pass fp = { name, pass, arg, false,
		MS_BUF_SECRET(64 * 1024), 0 };
	size_t before = bag_count(b);
	int rc;

	if (bytes.n > MS_BAG_FILE)
		return ms_fail(err, MS_DATA, "%s: larger than %zu bytes", name,
		    MS_BAG_FILE);
	ERR_clear_error();
	if (is_pem(bytes))
		rc = pem_parse(b, bytes, &fp, err);
	else
		rc = binary_parse(b, bytes, &fp, err);
	ms_buf_clear(&fp.pass);
	if (rc == 0 && pass && bag_count(b) == before)
		rc = ms_fail(err, MS_DATA, "%s: no certificate, key or "
		    "revocation list in it", name);
	return rc;
}

static int
read_file(int fd, struct ms_buf *to, const char *path, struct ms_err *err)
{
	unsigned char *p;
	ssize_t n;

	do {
		if (!(p = ms_buf_room(to, 16384, err)))
			return ms_err_context(err, "%s", path);
		n = read(fd, p, 16384);
		if (n < 0 && errno != EINTR)
			return ms_fail_errno(err, MS_IO, "cannot read '%s'",
			    path);
		to->n += n > 0 ? (size_t)n : 0;
	} while (n != 0);
	return 0;
}

int
ms_bag_read(struct ms_bag *b, const char *path, ms_pass_fn *pass, void *arg,
    struct ms_err *err)
{
	struct ms_buf bytes = MS_BUF_SECRET(MS_BAG_FILE + 16384);
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ms_fail_errno(err, MS_NOINPUT, "cannot open '%s'", path);
	rc = read_file(fd, &bytes, path, err);
	close(fd);
	if (rc == 0)
		rc = ms_bag_parse(b, ms_buf_span(&bytes), path, pass, arg,
		    err);
	ms_buf_clear(&bytes);
	return rc;
}
