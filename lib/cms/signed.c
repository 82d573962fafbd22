/* SPDX-License-Identifier: Apache-2.0 */
/* SignedData read as a stream: RFC 5652 section 5. */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "cms/sd.h"

#define OID_MAX 128		/* bytes of a content type */

/* ---- up to the content ---- */

static int
slurp_oid(struct ms_ber *ber, const char *what, struct ms_buf *b,
    struct ms_span *oid, struct ms_err *err)
{
	struct ms_span s;

	if (ms_ber_slurp(ber, b, OID_MAX, what, err) < 0)
		return -1;
	s = ms_buf_span(b);
	return ms_der_want_oid(&s, oid, what, err);
}

/* digestAlgorithms: those we know; what else is there serves no one here. */
static int
read_mds(struct ms_signed *sd, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(SD_ALGS);
	struct ms_span s, set, alg, oid;
	enum ms_oid md;
	size_t i;
	int rc = -1;

	if (ms_ber_slurp(sd->ber, &b, SD_ALGS, "SignedData.digestAlgorithms",
		err) < 0)
		goto out;
	s = ms_buf_span(&b);
	if (ms_der_want(&s, MS_SET, &set, "SignedData.digestAlgorithms",
		err) < 0)
		goto out;
	while (set.n > 0) {
		if (ms_der_want(&set, MS_SEQUENCE, &alg,
			"DigestAlgorithmIdentifier", err) < 0 ||
		    ms_der_want_oid(&alg, &oid, "DigestAlgorithmIdentifier",
			err) < 0)
			goto out;
		md = ms_oid_find(oid);
		for (i = 0; i < sd->nmds && sd->mds[i] != md; i++)
			;
		if (i == sd->nmds && i < SD_MDS && ms_md_legacy(md))
			sd->mds[sd->nmds++] = md;
	}
	rc = 0;
out:
	ms_buf_clear(&b);
	return rc;
}

static int
read_version(struct ms_ber *ber, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(OID_MAX);
	struct ms_span s;
	uint64_t v;
	int rc = -1;

	if (ms_ber_slurp(ber, &b, OID_MAX, "SignedData.version", err) == 0) {
		s = ms_buf_span(&b);
		rc = ms_der_want_uint(&s, &v, "SignedData.version", err);
	}
	ms_buf_clear(&b);
	return rc;
}

/* encapContentInfo up to the octets of eContent. */
static int
open_content(struct ms_signed *sd, struct ms_err *err)
{
	int rc, tag;

	if (ms_ber_enter(sd->ber, MS_SEQUENCE, "SignedData.encapContentInfo",
		err) < 0 ||
	    slurp_oid(sd->ber, "eContentType", &sd->type_buf, &sd->type,
		err) < 0)
		return -1;
	rc = ms_ber_peek(sd->ber, &tag, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return 0;
	if (ms_ber_enter(sd->ber, MS_CTXC(0), "eContent", err) < 0)
		return -1;
	sd->octets = ms_ber_octets(sd->ber, MS_OCTETSTRING, "eContent", err);
	if (!sd->octets)
		return -1;
	sd->own = ms_digests_new(sd->mds, sd->nmds, err);
	if (!sd->own)
		return -1;
	sd->content = ms_digests_src(sd->own, sd->octets, err);
	if (!sd->content)
		return -1;
	sd->digests = sd->own;
	sd->has_content = true;
	return 0;
}

static int
begin(struct ms_signed *sd, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(OID_MAX);
	struct ms_span oid;
	int rc = -1;

	if (ms_ber_enter(sd->ber, MS_SEQUENCE, "ContentInfo", err) < 0 ||
	    slurp_oid(sd->ber, "ContentInfo.contentType", &b, &oid, err) < 0)
		goto out;
	if (ms_oid_find(oid) != MS_OID_signedData) {
		ms_fail(err, MS_DATA, "RFC 5652 section 5.1: this is %s, not "
		    "signedData", ms_oid_name(ms_oid_find(oid)));
		goto out;
	}
	if (ms_ber_enter(sd->ber, MS_CTXC(0), "ContentInfo.content",
		err) < 0 ||
	    ms_ber_enter(sd->ber, MS_SEQUENCE, "SignedData", err) < 0 ||
	    read_version(sd->ber, err) < 0 ||
	    read_mds(sd, err) < 0 ||
	    open_content(sd, err) < 0)
		goto out;
	rc = 0;
out:
	ms_buf_clear(&b);
	return rc;
}

int
ms_signed_begin(struct ms_src *src, struct ms_signed **ret,
    struct ms_err *err)
{
	struct ms_signed *sd;

	sd = calloc(1, sizeof(*sd));
	if (!sd)
		return ms_fail_nomem(err);
	ms_buf_init(&sd->type_buf, OID_MAX);
	sd->certs = sk_X509_new_null();
	sd->crls = sk_X509_CRL_new_null();
	if (!sd->certs || !sd->crls) {
		ms_fail_nomem(err);
		goto fail;
	}
	sd->ber = ms_ber_new(src, err);
	if (!sd->ber || begin(sd, err) < 0)
		goto fail;
	*ret = sd;
	return 0;
fail:
	ms_signed_free(sd);
	return -1;
}

void
ms_signed_free(struct ms_signed *sd)
{
	size_t i;

	if (!sd)
		return;
	for (i = 0; sd->v && i < sd->n; i++)
		signerinfo_clear(&sd->v[i]);
	free(sd->v);
	sk_X509_pop_free(sd->certs, X509_free);
	sk_X509_CRL_pop_free(sd->crls, X509_CRL_free);
	ms_src_free(sd->content);
	ms_digests_free(sd->own);
	ms_ber_free(sd->ber);
	ms_buf_clear(&sd->type_buf);
	free(sd);
}

enum ms_oid
ms_signed_content_type(const struct ms_signed *sd)
{
	return ms_oid_find(sd->type);
}

struct ms_src *
ms_signed_content(struct ms_signed *sd, struct ms_err *err)
{
	return sd->content;
}

void
ms_signed_set_digests(struct ms_signed *sd, struct ms_digests *d)
{
	if (!sd->has_content)
		sd->digests = d;
}

size_t
ms_signed_mds(const struct ms_signed *sd, enum ms_oid *mds, size_t max)
{
	size_t i;

	for (i = 0; i < sd->nmds && i < max; i++)
		mds[i] = sd->mds[i];
	return sd->nmds;
}

/* ---- behind the content ---- */

/* A certificate nobody can read helps nobody: the signer's own then is
 * missing, and the verdict says so. */
static int
add_cert(struct ms_signed *sd, struct ms_span der, struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	X509 *x;

	if (sk_X509_num(sd->certs) >= MS_CMS_CERTS)
		return ms_fail(err, MS_DATA,
		    "more than %d certificates in one SignedData",
		    MS_CMS_CERTS);
	if (ms_cert_parse(der, &x, &why) < 0) {
		if (why.class != MS_DATA)
			return ms_fail(err, why.class, "%s", why.text);
		if (++sd->unread_certs > MS_CMS_CERTS)
			return ms_fail(err, MS_DATA,
			    "more than %d unreadable certificates in one "
			    "SignedData", MS_CMS_CERTS);
		return 0;
	}
	if (sk_X509_push(sd->certs, x) <= 0) {
		X509_free(x);
		return ms_fail_nomem(err);
	}
	return 0;
}

static int
add_crl(struct ms_signed *sd, struct ms_span der, struct ms_err *err)
{
	const unsigned char *p = der.p;
	X509_CRL *c;

	if (sk_X509_CRL_num(sd->crls) >= MS_CMS_CERTS)
		return ms_fail(err, MS_DATA,
		    "more than %d CRLs in one SignedData", MS_CMS_CERTS);
	c = d2i_X509_CRL(NULL, &p, (long)der.n);
	if (!c || p != der.p + der.n) {
		ERR_clear_error();
		X509_CRL_free(c);
		return 0;
	}
	if (sk_X509_CRL_push(sd->crls, c) <= 0) {
		X509_CRL_free(c);
		return ms_fail_nomem(err);
	}
	return 0;
}

/* CertificateSet [0] or RevocationInfoChoices [1]: of their choices the plain
 * SEQUENCE is what we use. */
static int
read_set(struct ms_signed *sd, int set, const char *what,
    int (*add)(struct ms_signed *, struct ms_span, struct ms_err *),
    struct ms_err *err)
{
	struct ms_buf one = MS_BUF_INIT(MS_CMS_CERTSET);
	size_t left = MS_CMS_CERTSET;
	int rc, tag;

	rc = ms_ber_peek(sd->ber, &tag, err);
	if (rc < 0)
		return -1;
	if (rc == 0 || tag != set)
		return 0;
	if (ms_ber_enter(sd->ber, set, what, err) < 0)
		return -1;
	while ((rc = ms_ber_peek(sd->ber, &tag, err)) == 1) {
		ms_buf_reset(&one);
		if (ms_ber_slurp(sd->ber, &one, left, what, err) < 0)
			break;
		left -= one.n < left ? one.n : left;
		if (tag == MS_SEQUENCE &&
		    add(sd, ms_buf_span(&one), err) < 0)
			break;
	}
	ms_buf_clear(&one);
	return rc == 0 ? ms_ber_leave(sd->ber, what, err) : -1;
}

static int
read_signers(struct ms_signed *sd, struct ms_err *err)
{
	const char *what = "SignedData.signerInfos";
	struct sd_signer *s;
	int rc, tag;

	sd->v = calloc(MS_CMS_SIGNERS, sizeof(*sd->v));
	if (!sd->v)
		return ms_fail_nomem(err);
	if (ms_ber_enter(sd->ber, MS_SET, what, err) < 0)
		return -1;
	while ((rc = ms_ber_peek(sd->ber, &tag, err)) == 1) {
		if (sd->n == MS_CMS_SIGNERS)
			return ms_fail(err, MS_DATA,
			    "more than %d SignerInfos in one SignedData",
			    MS_CMS_SIGNERS);
		s = &sd->v[sd->n++];
		ms_buf_init(&s->raw, MS_CMS_SIGNERINFO);
		if (ms_ber_slurp(sd->ber, &s->raw, MS_CMS_SIGNERINFO,
			"SignerInfo", err) < 0 ||
		    signerinfo_parse(s, err) < 0)
			return -1;
	}
	return rc == 0 ? ms_ber_leave(sd->ber, what, err) : -1;
}

static void
find_certs(struct ms_signed *sd)
{
	size_t i;
	int k;

	for (i = 0; i < sd->n; i++)
		for (k = 0; !sd->v[i].si.cert && k < sk_X509_num(sd->certs);
		     k++)
			if (signerinfo_names(&sd->v[i],
				sk_X509_value(sd->certs, k)))
				sd->v[i].si.cert = sk_X509_value(sd->certs, k);
}

int
ms_signed_finish(struct ms_signed *sd, struct ms_err *err)
{
	if (sd->finished)
		return 0;
	if (sd->has_content) {
		if (ms_src_drain(sd->content, err) < 0 ||
		    ms_ber_leave(sd->ber, "eContent", err) < 0)
			return -1;
	}
	if (ms_ber_leave(sd->ber, "encapContentInfo", err) < 0 ||
	    read_set(sd, MS_CTXC(0), "SignedData.certificates", add_cert,
		err) < 0 ||
	    read_set(sd, MS_CTXC(1), "SignedData.crls", add_crl, err) < 0 ||
	    read_signers(sd, err) < 0 ||
	    ms_ber_leave(sd->ber, "SignedData", err) < 0 ||
	    ms_ber_leave(sd->ber, "ContentInfo.content", err) < 0 ||
	    ms_ber_leave(sd->ber, "ContentInfo", err) < 0 ||
	    ms_ber_finish(sd->ber, err) < 0)
		return -1;
	find_certs(sd);
	sd->finished = true;
	return 0;
}

size_t
ms_signed_count(const struct ms_signed *sd)
{
	return sd->finished ? sd->n : 0;
}

const struct ms_signerinfo *
ms_signed_get0(const struct ms_signed *sd, size_t i)
{
	return i < ms_signed_count(sd) ? &sd->v[i].si : NULL;
}

STACK_OF(X509) *
ms_signed_certs(const struct ms_signed *sd)
{
	return sd->certs;
}

STACK_OF(X509_CRL) *
ms_signed_crls(const struct ms_signed *sd)
{
	return sd->crls;
}

int
ms_signed_add_certs(struct ms_signed *sd, STACK_OF(X509) *more,
    struct ms_err *err)
{
	X509 *x;
	int i;

	for (i = 0; more && i < sk_X509_num(more); i++) {
		x = sk_X509_value(more, i);
		if (X509_up_ref(x) != 1)
			return ms_fail_ssl(err, MS_OS, "cannot share a "
			    "certificate");
		if (sk_X509_push(sd->certs, x) <= 0) {
			X509_free(x);
			return ms_fail_nomem(err);
		}
	}
	find_certs(sd);
	return 0;
}
