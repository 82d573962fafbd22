/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind the encrypted content: authAttrs, the tag, attributes
 * nobody vouches for, and the end of it all.
 */
#include <string.h>

#include <openssl/evp.h>

#include "cms/env-internal.h"
#include "cms/signed.h"

#define MAC_MAX ((size_t)1024)	/* bytes of the element, before it is judged */

int
ms_env_skip_if(struct ms_ber *r, int tag, const char *what, struct ms_err *err)
{
	int got, rc = ms_ber_peek(r, &got, err);

	if (rc <= 0 || got != tag)
		return rc < 0 ? -1 : 0;
	return ms_ber_skip(r, what, err) != 0 ? -1 : 1;
}

/* RFC 5083 section 2.1: content-type among authAttrs, which must be there when
 * the content is not data, tells the same type. */
static int
check_attrs(const struct ms_env *e, struct ms_span set, struct ms_err *err)
{
	struct ms_span attrs = { NULL, 0 }, v, oid;
	int rc = 0;

	if (set.n > 0) {
		if (ms_der_want(&set, MS_SET, &attrs, "authAttrs", err) != 0)
			return -1;
		rc = ms_attr_find(attrs, MS_OID_contentType, &v, err);
		if (rc < 0)
			return -1;
	}
	if (rc == 0)
		return e->content_type == MS_OID_data ? 0 :
		    ms_fail(err, MS_DATA, "RFC 5083 section 2.1: "
		    "content-type attribute missing");
	if (ms_der_want_oid(&v, &oid, "content-type", err) != 0 ||
	    ms_der_done(&v, "content-type", err) != 0)
		return -1;
	if (ms_oid_find(oid) != e->content_type)
		return ms_fail(err, MS_DATA, "RFC 5652 section 11.1: "
		    "content-type attribute is not the type of the content");
	return 0;
}

/*
 * authAttrs as they are authenticated (RFC 5083 section 2.2): DER, with the
 * tag of SET OF.  They come too late for the first reading.
 */
static int
read_attrs(struct ms_env *e, struct ms_buf *aad, struct ms_err *err)
{
	struct ms_buf raw = MS_BUF_INIT(MS_CMS_AUTHATTRS);
	struct ms_span s, attrs, one;
	struct ms_der d;
	int tag, rc;

	rc = ms_ber_peek(e->ber, &tag, err);
	if (rc <= 0 || tag != MS_CTXC(1))
		return rc < 0 ? -1 : 0;
	rc = -1;
	if (ms_ber_slurp(e->ber, &raw, MS_CMS_AUTHATTRS, "authAttrs",
	    err) != 0)
		goto out;
	s = ms_buf_span(&raw);
	if (ms_der_want(&s, MS_CTXC(1), &attrs, "authAttrs", err) != 0)
		goto out;
	ms_der_init(&d, aad);
	ms_der_begin(&d, MS_SET);
	while (attrs.n > 0) {
		struct ms_span v;

		if (ms_der_next(&attrs, &tag, &v, &one, err) != 0)
			goto out;
		ms_der_raw(&d, one.p, one.n);
	}
	ms_der_end_setof(&d);
	rc = ms_der_finish(&d, err);
out:
	ms_buf_clear(&raw);
	return rc;
}

static int
judge_attrs(struct ms_env *e, struct ms_err *err)
{
	struct ms_buf aad = MS_BUF_INIT(MS_CMS_AUTHATTRS + 16);
	struct ms_env_memo *m = e->memo;
	int rc = -1;

	if (read_attrs(e, &aad, err) != 0 ||
	    check_attrs(e, ms_buf_span(&aad), err) != 0)
		goto out;
	if (m->have_aad || aad.n == 0) {
		/* What this reading took for them must be what they are. */
		rc = ms_span_eq(ms_buf_span(&aad), ms_buf_span(&m->aad)) ? 0 :
		    ms_env_damaged(err);
		goto out;
	}
	if (ms_buf_add(&m->aad, aad.p, aad.n, err) != 0)
		goto out;
	m->have_aad = true;
	ms_fail(err, MS_DATA, "RFC 5083 section 2.2: authAttrs stand behind "
	    "the content: it takes a second reading");
out:
	ms_buf_clear(&aad);
	return rc;
}

static int
read_mac(struct ms_env *e, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MAC_MAX);
	struct ms_span s, mac;
	unsigned char tag[MS_AEAD_TAG];
	int rc = -1;

	if (ms_ber_slurp(e->ber, &b, MAC_MAX, "mac", err) != 0)
		goto out;
	s = ms_buf_span(&b);
	if (ms_der_want(&s, MS_OCTETSTRING, &mac, "mac", err) != 0)
		goto out;
	if (mac.n != MS_AEAD_TAG) {
		ms_fail(err, MS_DATA, "RFC 5084 section 3.2: a tag of %zu "
		    "octets, wanted %d", mac.n, MS_AEAD_TAG);
		goto out;
	}
	memcpy(tag, mac.p, sizeof(tag));
	if (EVP_CIPHER_CTX_ctrl(e->ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag),
	    tag) != 1) {
		ms_fail_ssl(err, MS_OS, "cannot set the tag");
		goto out;
	}
	rc = 0;
out:
	ms_buf_clear(&b);
	return rc;
}

int
ms_env_read_tail(struct ms_env *e, struct ms_err *err)
{
	struct ms_ber *r = e->ber;

	if (ms_ber_leave(r, "EncryptedContentInfo", err) != 0)
		return -1;
	if (e->auth && (judge_attrs(e, err) != 0 || read_mac(e, err) != 0 ||
	    ms_env_skip_if(r, MS_CTXC(2), "unauthAttrs", err) < 0))
		return -1;
	if (!e->auth &&
	    ms_env_skip_if(r, MS_CTXC(1), "unprotectedAttrs", err) < 0)
		return -1;
	if (ms_ber_leave(r, e->auth ? "AuthEnvelopedData" : "EnvelopedData",
	    err) != 0 || ms_ber_leave(r, "content", err) != 0 ||
	    ms_ber_leave(r, "ContentInfo", err) != 0)
		return -1;
	return ms_ber_finish(r, err);
}
