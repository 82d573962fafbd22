/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/internal.h"

int
ms_cert_parse(struct ms_span der, X509 **ret, struct ms_err *err)
{
	struct ms_span s = der, v, inner;
	const unsigned char *p = der.p;
	X509 *x;

	if (ms_der_want(&s, MS_SEQUENCE, &v, "Certificate", err) < 0 ||
	    ms_der_done(&s, "Certificate", err) < 0 ||
	    ms_der_want(&v, MS_SEQUENCE, &inner, "TBSCertificate", err) < 0)
		return -1;
	if (der.n > LONG_MAX || !(x = d2i_X509(NULL, &p, (long)der.n)))
		return ms_fail_ssl(err, MS_DATA,
		    "RFC 5280 section 4.1: certificate malformed");
	if (p != der.p + der.n) {
		X509_free(x);
		return ms_fail(err, MS_DATA, "trailing bytes after "
		    "Certificate");
	}
	*ret = x;
	return 0;
}

int
ms_cert_der(X509 *x, struct ms_buf *der, struct ms_err *err)
{
	int n = i2d_X509(x, NULL);
	unsigned char *to;

	if (n <= 0)
		return ms_fail_ssl(err, MS_BUG, "cannot encode certificate");
	if (!(to = ms_buf_room(der, (size_t)n, err)))
		return -1;
	i2d_X509(x, &to);
	der->n += (size_t)n;
	return 0;
}

int
ms_cert_pem(X509 *x, struct ms_buf *pem, struct ms_err *err)
{
	struct ms_buf der = MS_BUF_INIT(MS_BAG_FILE);
	int rc = -1;

	if (ms_cert_der(x, &der, err) == 0)
		rc = ms_pem_write(pem, "CERTIFICATE", ms_buf_span(&der), err);
	ms_buf_clear(&der);
	return rc;
}

int
cert_ext(const X509 *x, int nid, void **ret, int *crit)
{
	*ret = X509_get_ext_d2i(x, nid, crit, NULL);
	if (*ret)
		return 1;
	ERR_clear_error();
	return *crit == -1 ? 0 : -1;	/* -2: twice; else: malformed */
}

/* ---- names and addresses ---- */

static int
add_addr(struct ms_addrlist *l, const unsigned char *p, int n,
    struct ms_err *err)
{
	struct ms_addr *v, a;

	/* what is no address is nobody's address, not an error */
	if (n <= 0 || ms_addr_parse((const char *)p, (size_t)n, &a, NULL) < 0)
		return 0;
	v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (!v) {
		ms_addr_clear(&a);
		return ms_fail_nomem(err);
	}
	l->v = v;
	v[l->n++] = a;
	return 0;
}

/* RFC 9598 section 3: a UTF8String in an otherName. */
static const ASN1_STRING *
utf8_mailbox(const GENERAL_NAME *g)
{
	const OTHERNAME *o = g->d.otherName;

	if (OBJ_obj2nid(o->type_id) != NID_id_on_SmtpUTF8Mailbox ||
	    o->value->type != V_ASN1_UTF8STRING)
		return NULL;
	return o->value->value.utf8string;
}

/* Sets *any when there is a mail name at all, readable or not. */
static int
addrs_san(X509 *x, struct ms_addrlist *l, bool *any, struct ms_err *err)
{
	GENERAL_NAMES *names;
	const ASN1_STRING *s;
	const GENERAL_NAME *g;
	int crit, i, rc = 0;
	void *v;

	*any = false;
	if (cert_ext(x, NID_subject_alt_name, &v, &crit) <= 0) {
		*any = crit != -1;
		return 0;
	}
	names = v;
	for (i = 0; rc == 0 && i < sk_GENERAL_NAME_num(names); i++) {
		g = sk_GENERAL_NAME_value(names, i);
		s = NULL;
		if (g->type == GEN_EMAIL)
			s = g->d.rfc822Name;
		else if (g->type == GEN_OTHERNAME)
			s = utf8_mailbox(g);
		if (!s)
			continue;
		*any = true;
		rc = add_addr(l, ASN1_STRING_get0_data(s),
		    ASN1_STRING_length(s), err);
	}
	GENERAL_NAMES_free(names);
	return rc;
}

int
ms_cert_addrs(X509 *x, struct ms_addrlist *l, struct ms_err *err)
{
	const X509_NAME *n = X509_get_subject_name(x);
	const ASN1_STRING *s;
	int i = -1, rc;
	bool any;

	memset(l, 0, sizeof(*l));
	rc = addrs_san(x, l, &any, err);
	while (rc == 0 && !any && (i = X509_NAME_get_index_by_NID(n,
	    NID_pkcs9_emailAddress, i)) >= 0) {
		s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(n, i));
		rc = add_addr(l, ASN1_STRING_get0_data(s),
		    ASN1_STRING_length(s), err);
	}
	if (rc < 0)
		ms_addrlist_clear(l);
	return rc;
}

static bool
list_has(const struct ms_addrlist *l, const struct ms_addr *a)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (ms_addr_equal(&l->v[i], a))
			return true;
	return false;
}

bool
ms_cert_has_addr(X509 *x, const struct ms_addr *a)
{
	struct ms_addrlist l;
	bool has;

	if (ms_cert_addrs(x, &l, NULL) < 0)
		return false;
	has = list_has(&l, a);
	ms_addrlist_clear(&l);
	return has;
}

int
ms_cert_san_addrs(X509 *x, struct ms_addrlist *l, struct ms_err *err)
{
	bool any;
	int rc;

	memset(l, 0, sizeof(*l));
	rc = addrs_san(x, l, &any, err);
	if (rc < 0)
		ms_addrlist_clear(l);
	return rc;
}

bool
ms_cert_san_has_addr(X509 *x, const struct ms_addr *a)
{
	struct ms_addrlist l;
	bool has;

	if (ms_cert_san_addrs(x, &l, NULL) < 0)
		return false;
	has = list_has(&l, a);
	ms_addrlist_clear(&l);
	return has;
}

static char *
name_str(const X509_NAME *n)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p, *s = NULL;
	long len;

	if (bio && X509_NAME_print_ex(bio, n, 0,
	    (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) | XN_FLAG_FN_SN) >= 0) {
		len = BIO_get_mem_data(bio, &p);
		s = ms_span_dup((struct ms_span){ (unsigned char *)p,
		    (size_t)len });
	}
	BIO_free(bio);
	ERR_clear_error();
	return s;
}

char *
ms_cert_subject(X509 *x)
{
	return name_str(X509_get_subject_name(x));
}

char *
ms_cert_issuer(X509 *x)
{
	return name_str(X509_get_issuer_name(x));
}

char *
ms_cert_serial(X509 *x)
{
	const ASN1_INTEGER *s = X509_get0_serialNumber(x);
	struct ms_buf b = MS_BUF_INIT(4096);
	char *hex = NULL;

	if (ms_hex_encode(ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s), &b, NULL) == 0)
		hex = ms_buf_steal(&b, NULL);
	ms_buf_clear(&b);
	return hex;
}

/* ---- fields ---- */

time_t
asn1_time(const ASN1_TIME *t)
{
	struct tm tm;

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return (time_t)-1;
	return (time_t)ms_time_civil(tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

time_t
ms_cert_not_before(X509 *x)
{
	return asn1_time(X509_get0_notBefore(x));
}

time_t
ms_cert_not_after(X509 *x)
{
	return asn1_time(X509_get0_notAfter(x));
}

int
ms_cert_ias(X509 *x, struct ms_buf *der, struct ms_err *err)
{
	unsigned char *name = NULL, *serial = NULL;
	int nn, ns, rc = -1;
	struct ms_der d;

	nn = i2d_X509_NAME(X509_get_issuer_name(x), &name);
	ns = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &serial);
	if (nn <= 0 || ns <= 0) {
		ms_fail_ssl(err, MS_DATA, "certificate without issuer");
	} else {
		ms_der_init(&d, der);
		ms_der_begin(&d, MS_SEQUENCE);
		ms_der_raw(&d, name, (size_t)nn);
		ms_der_raw(&d, serial, (size_t)ns);
		ms_der_end(&d);
		rc = ms_der_finish(&d, err);
	}
	OPENSSL_free(name);
	OPENSSL_free(serial);
	return rc;
}

bool
ms_cert_lists_capability(X509 *x, enum ms_oid algorithm)
{
	int i = X509_get_ext_by_NID(x, NID_SMIMECapabilities, -1);
	const ASN1_OCTET_STRING *o;
	struct ms_span s, list, one, oid;

	if (i < 0)
		return false;
	o = X509_EXTENSION_get_data(X509_get_ext(x, i));
	s.p = ASN1_STRING_get0_data(o);
	s.n = (size_t)ASN1_STRING_length(o);
	if (ms_der_want(&s, MS_SEQUENCE, &list, "SMIMECapabilities",
	    NULL) != 0 || s.n > 0)
		return false;
	while (list.n > 0) {
		if (ms_der_want(&list, MS_SEQUENCE, &one, "SMIMECapability",
		    NULL) != 0 ||
		    ms_der_want_oid(&one, &oid, "capabilityID", NULL) != 0)
			return false;
		if (ms_oid_find(oid) == algorithm)
			return true;
	}
	return false;
}

/* Read off the extension's octets: the library's own accessor would first
 * interpret every extension of the certificate. */
struct ms_span
ms_cert_ski(X509 *x)
{
	struct ms_span none = { NULL, 0 }, s, v;
	const ASN1_OCTET_STRING *o;
	int i;

	i = X509_get_ext_by_NID(x, NID_subject_key_identifier, -1);
	if (i < 0)
		return none;
	o = X509_EXTENSION_get_data(X509_get_ext(x, i));
	s.p = ASN1_STRING_get0_data(o);
	s.n = (size_t)ASN1_STRING_length(o);
	if (ms_der_want(&s, MS_OCTETSTRING, &v, "subjectKeyIdentifier",
	    NULL) < 0 || s.n)
		return none;
	return v;
}

int
ms_cert_sha256(X509 *x, unsigned char to[32], struct ms_err *err)
{
	unsigned int n;

	if (X509_digest(x, EVP_sha256(), to, &n) != 1)
		return ms_fail_ssl(err, MS_OS, "cannot digest certificate");
	return 0;
}
