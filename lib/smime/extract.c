/* SPDX-License-Identifier: Apache-2.0 */
/* Writing what was signed, once it is good. */
#include "smime/internal.h"

static int
extract_clear(struct smime_msg *m, struct ms_sink *out, struct ms_err *err)
{
	const char *boundary = ms_mime_param(&m->e.type, "boundary");
	struct ms_mime_parts *parts;
	struct ms_src *part;
	int rc = -1;

	parts = ms_mime_parts_new(m->src, boundary != NULL ? boundary : "",
	    err);
	if (parts == NULL)
		return -1;
	if (ms_mime_parts_next(parts, &part, err) == 1)
		rc = ms_copy(part, out, err);
	else
		ms_fail(err, MS_BUG, "a part that was judged is not there");
	ms_mime_parts_free(parts);
	return rc;
}

/* Text was signed with CRLF; of a message with LF it comes out with LF. */
static int
copy_text(struct ms_src *src, struct ms_sink *out, struct ms_err *err)
{
	struct ms_sink *k = ms_mime_eol(out, false, err);
	int rc = -1;

	if (k != NULL && ms_copy(src, k, err) == 0)
		rc = ms_sink_end(k, err);
	ms_sink_free(k);
	return rc;
}

/* outer: the header of a message, or NULL for a file. */
static int
extract_cms(struct ms_src *der, const struct ms_mime_header *outer,
    struct ms_sink *out, struct ms_err *err)
{
	struct ms_signed *sd = NULL;
	struct ms_src *content;
	int rc = -1;

	if (ms_signed_begin(der, &sd, err) != 0)
		return -1;
	content = ms_signed_content(sd, err);
	if (content == NULL)
		ms_fail(err, MS_BUG, "a content that was judged is not there");
	else if (outer != NULL && !outer->crlf)
		rc = copy_text(content, out, err);
	else
		rc = ms_copy(content, out, err);
	ms_signed_free(sd);
	return rc;
}

int
ms_smime_extract(const struct ms_smime_verify *conf, struct ms_spool *in,
    const struct ms_smime_result *res, struct ms_sink *out,
    struct ms_err *err)
{
	struct smime_carrier c;
	struct ms_src *src;
	bool mail = res->kind == MS_KIND_MAIL;
	int rc;

	if (res->verdict != MS_GOOD)
		return ms_fail(err, MS_NO, "the signature is not good: nothing "
		    "is extracted");
	if (conf->content != NULL) {
		src = ms_spool_read(conf->content, err);
		return src != NULL ? ms_copy(src, out, err) : -1;
	}
	smime_carrier_init(&c);
	rc = smime_carrier_open(&c, in, res->kind, err);
	if (rc == 0 && c.cms != NULL)
		rc = extract_cms(c.cms, mail ? &c.m.h : NULL, out, err);
	else if (rc == 0)
		rc = extract_clear(&c.m, out, err);
	smime_carrier_clear(&c);
	return rc;
}
