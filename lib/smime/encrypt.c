/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypting: application/pkcs7-mime (RFC 8551 sections 3.3 and 3.4), files as
 * (Auth)EnvelopedData.  One reading. */
#include "smime/internal.h"

static int
pour(const struct ms_smime_encrypt *conf, uint64_t size, struct ms_src *src,
    struct ms_sink *to, struct ms_err *err)
{
	struct ms_encrypt_conf ec = {
		.cipher = conf->cipher,
		.certs = conf->certs,
		.ncerts = conf->ncerts,
		.oaep = conf->oaep,
		.size = size,
		.content_type = MS_OID_data,
	};
	struct ms_sink *env = ms_encrypt(&ec, to, err);
	int rc;

	if (env == NULL)
		return -1;
	rc = ms_copy(src, env, err);
	if (rc == 0)
		rc = ms_sink_end(env, err);
	ms_sink_free(env);
	return rc;
}

/* `to` is a filter of our own: end it and free it. */
static int
finish(struct ms_sink *to, int rc, struct ms_err *err)
{
	if (rc == 0)
		rc = ms_sink_end(to, err);
	ms_sink_free(to);
	return rc;
}

int
smime_put_sealed(struct ms_sink *k, bool auth, struct ms_err *err)
{
	return ms_sink_printf(k, err, "Content-Type: application/pkcs7-mime;"
	    " smime-type=%s;\r\n name=\"smime.p7m\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment; filename=\"smime.p7m\"\r\n"
	    "\r\n", auth ? "authEnveloped-data" : "enveloped-data");
}

static int
put_body(const struct ms_smime_encrypt *conf, const struct smime_msg *m,
    struct ms_sink *k, struct ms_err *err)
{
	struct ms_sink *b64;
	struct ms_src *canon;
	int rc = -1;

	if (smime_put_sealed(k, ms_cipher_is_aead(conf->cipher), err) != 0)
		return -1;
	canon = smime_canon_new(m, MS_PROTECT_NO, err);
	if (canon == NULL)
		return -1;
	b64 = ms_mime_base64(k, true, err);
	if (b64 != NULL)
		rc = finish(b64, pour(conf, UINT64_MAX, canon, b64, err), err);
	ms_src_free(canon);
	return rc;
}

static int
encrypt_mail(const struct ms_smime_encrypt *conf, struct ms_spool *in,
    struct ms_sink *out, struct ms_err *err)
{
	struct ms_src *src = ms_spool_read(in, err);
	struct smime_msg m;
	struct ms_sink *k;
	int rc = -1;

	smime_msg_init(&m);
	if (src == NULL || smime_msg_read(&m, src, err) != 0)
		goto out;
	if (ms_streq(m.e.encoding, "binary")) {
		ms_fail(err, MS_DATA, "RFC 8551 section 3.1: a body with "
		    "Content-Transfer-Encoding binary has no canonical form");
		ms_hint(err, "encode it as base64");
		goto out;
	}
	if (smime_put_outer(&m.h, NULL, out, err) != 0)
		goto out;
	k = ms_mime_eol(out, m.h.crlf, err);
	if (k != NULL)
		rc = finish(k, put_body(conf, &m, k, err), err);
out:
	smime_msg_clear(&m);
	return rc;
}

static int
encrypt_file(const struct ms_smime_encrypt *conf, struct ms_spool *in,
    struct ms_sink *out, struct ms_err *err)
{
	struct ms_src *src = ms_spool_read(in, err);
	struct ms_sink *armor;
	uint64_t size;

	if (src == NULL)
		return -1;
	if (!ms_spool_size(in, &size))
		size = UINT64_MAX;
	if (!conf->armor)
		return pour(conf, size, src, out, err);
	armor = ms_cms_armor(out, "CMS", err);
	if (armor == NULL)
		return -1;
	return finish(armor, pour(conf, size, src, armor, err), err);
}

int
ms_smime_encrypt(const struct ms_smime_encrypt *conf, struct ms_spool *in,
    struct ms_sink *out, struct ms_err *err)
{
	enum ms_kind kind;

	if (smime_kind(conf->format, in, &kind, err) != 0)
		return -1;
	return kind == MS_KIND_MAIL ? encrypt_mail(conf, in, out, err) :
	    encrypt_file(conf, in, out, err);
}
