/* SPDX-License-Identifier: Apache-2.0 */
/* New readers for an encrypted message.  One reading; the content is neither
 * opened nor changed. */
#include <string.h>

#include "smime/internal.h"

static int
find_sealed(struct smime_carrier *c, enum ms_kind kind, struct ms_err *err)
{
	enum ms_oid type;

	if (c->cms == NULL)
		return ms_fail(err, MS_NO, "not encrypted");
	type = ms_cms_guess(c->cms, err);
	if (c->cms->failed)
		return ms_src_drain(c->cms, err);
	if (type == MS_OID_envelopedData || type == MS_OID_authEnvelopedData)
		return 0;
	if (type != MS_OID_UNKNOWN)
		return ms_fail(err, MS_NO, "not encrypted: this is %s",
		    ms_oid_name(type));
	return kind != MS_KIND_MAIL ? ms_fail(err, MS_NO, "not encrypted") :
	    ms_fail(err, MS_DATA, "RFC 8551 section 3.2: the body is not CMS");
}

/* `to` is a filter of our own: write, end it and free it. */
static int
pour(struct ms_rewrap *r, struct ms_sink *to, struct ms_err *err)
{
	int rc;

	if (to == NULL)
		return -1;
	rc = ms_rewrap_write(r, to, err);
	if (rc == 0)
		rc = ms_sink_end(to, err);
	ms_sink_free(to);
	return rc;
}

static int
put_mail(struct smime_carrier *c, struct ms_rewrap *r, struct ms_sink *out,
    struct ms_err *err)
{
	struct ms_sink *k;
	int rc = -1;

	if (smime_put_outer(&c->m.h, NULL, out, err) != 0)
		return -1;
	k = ms_mime_eol(out, c->m.h.crlf, err);
	if (k == NULL)
		return -1;
	if (smime_put_sealed(k, ms_rewrap_is_auth(r), err) == 0)
		rc = pour(r, ms_mime_base64(k, true, err), err);
	if (rc == 0)
		rc = ms_sink_end(k, err);
	ms_sink_free(k);
	return rc;
}

int
ms_smime_rewrap(const struct ms_smime_rewrap *conf, struct ms_spool *in,
    struct ms_sink *out, struct ms_smime_opened *ret, struct ms_err *err)
{
	struct ms_rewrap *r = NULL;
	struct smime_carrier c;
	enum ms_kind kind;
	int rc = -1;

	memset(ret, 0, sizeof(*ret));
	if (smime_kind(conf->format, in, &kind, err) != 0)
		return -1;
	smime_carrier_init(&c);
	if (smime_carrier_open(&c, in, kind, err) != 0 ||
	    find_sealed(&c, kind, err) != 0 ||
	    ms_rewrap_begin(c.cms, &conf->readers, &r, err) != 0)
		goto out;
	ret->was_encrypted = true;
	ret->cipher = ms_rewrap_cipher(r);
	ret->ident = ms_rewrap_ident(r);
	if (kind == MS_KIND_MAIL)
		rc = put_mail(&c, r, out, err);
	else if (c.owned || conf->armor)	/* PEM stays PEM */
		rc = pour(r, ms_cms_armor(out, "CMS", err), err);
	else
		rc = ms_rewrap_write(r, out, err);
out:
	ms_rewrap_free(r);
	smime_carrier_clear(&c);
	return rc;
}
