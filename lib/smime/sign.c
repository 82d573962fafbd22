/* SPDX-License-Identifier: Apache-2.0 */
/* Signing: multipart/signed and application/pkcs7-mime (RFC 8551 section 3.5),
 * files as SignedData.  The first reading digests, the second one writes. */
#include <stdlib.h>
#include <string.h>

#include "smime/internal.h"

/* A signingTime further from Date makes readers call the signature bad; less
 * than their hour, since clocks differ.  Seconds. */
#define NEAR_DATE ((time_t)55 * 60)

struct job {
	const struct ms_smime_sign *conf;
	struct ms_spool *in;
	struct ms_sink *out;
	struct ms_sign *sign;
	uint64_t size;		/* octets of what is signed */
};

static int
begin(struct job *j, time_t signing_time, struct ms_err *err)
{
	struct ms_sign_conf sc = {
		.signers = j->conf->signers,
		.nsigners = j->conf->nsigners,
		.content_type = MS_OID_data,
		.signing_time = signing_time,
		.stamp = j->conf->stamp,
		.stamp_arg = j->conf->stamp_arg,
	};

	return ms_sign_new(&sc, &j->sign, err);
}

/* Digest src to its end and sign. */
static int
digest(struct job *j, struct ms_src *src, struct ms_err *err)
{
	struct ms_src *d = ms_digests_src(ms_sign_digests(j->sign), src, err);
	int rc;

	if (d == NULL)
		return -1;
	rc = ms_src_drain(d, err);
	j->size = d->pos;
	ms_src_free(d);
	return rc != 0 ? -1 : ms_sign_final(j->sign, err);
}

/* ---- mail ---- */

static int
check_signers(const struct ms_smime_sign *conf, const struct ms_mime_header *h,
    struct ms_err *err)
{
	struct ms_addrlist from = { NULL, 0, NULL, 0 };
	size_t i;
	int rc = -1;

	if (conf->allow_other_from)
		return 0;
	if (smime_from(h, &from, err) != 0)
		goto out;
	for (i = 0; i < conf->nsigners; i++) {
		if (ms_cert_has_addr(conf->signers[i].id->cert, &from.v[0]))
			continue;
		ms_fail(err, MS_NO, "RFC 8550 section 3: the certificate of "
		    "'%s' is not for the sender, %s",
		    conf->signers[i].id->name, from.v[0].spec);
		ms_hint(err, "sign with a key of %s, or --allow-other-from",
		    from.v[0].spec);
		goto out;
	}
	rc = 0;
out:
	ms_addrlist_clear(&from);
	return rc;
}

/* now, or -1 where it would contradict Date. */
static time_t
signing_time(const struct ms_mime_header *h, time_t now)
{
	const struct ms_mime_field *f = ms_mime_field(h, "Date", NULL);
	time_t date;

	if (f == NULL || ms_mime_count(h, "Date") > 1 ||
	    ms_mime_date_parse(f->value, &date, NULL) != 0)
		return (time_t)-1;
	if (date > now ? date - now > NEAR_DATE : now - date > NEAR_DATE)
		return (time_t)-1;
	return now;
}

static int
first_reading(struct job *j, struct ms_err *err)
{
	struct ms_src *src = ms_spool_read(j->in, err), *canon = NULL;
	struct smime_msg m;
	int rc = -1;

	smime_msg_init(&m);
	if (src == NULL || smime_msg_read(&m, src, err) != 0)
		goto out;
	/* Line ends of binary data must not be touched, and would be. */
	if (ms_streq(m.e.encoding, "binary")) {
		ms_fail(err, MS_DATA, "RFC 8551 section 3.1.3: a body with "
		    "Content-Transfer-Encoding binary cannot be signed");
		ms_hint(err, "encode it as base64");
		goto out;
	}
	if (check_signers(j->conf, &m.h, err) != 0 ||
	    begin(j, signing_time(&m.h, j->conf->now), err) != 0)
		goto out;
	canon = smime_canon_new(&m, j->conf->protect, err);
	if (canon != NULL)
		rc = digest(j, canon, err);
out:
	ms_src_free(canon);
	smime_msg_clear(&m);
	return rc;
}

static int
put_signature(struct job *j, struct ms_sink *k, struct ms_err *err)
{
	struct ms_buf der = MS_BUF_INIT(MS_SMIME_SIGNATURE);
	struct ms_sink *b64 = NULL;
	int rc = -1;

	if (ms_sign_write_detached(j->sign, &der, err) == 0)
		b64 = ms_mime_base64(k, true, err);
	if (b64 != NULL && ms_sink_write(b64, der.p, der.n, err) == 0)
		rc = ms_sink_end(b64, err);
	ms_sink_free(b64);
	ms_buf_clear(&der);
	return rc;
}

static int
put_clear(struct job *j, struct ms_src *canon, struct ms_sink *k,
    struct ms_err *err)
{
	const char *micalg = ms_sign_micalg(j->sign);
	const char *quote = strchr(micalg, ',') != NULL ? "\"" : "";
	char b[40];

	if (ms_mime_boundary(b, err) != 0 ||
	    ms_sink_printf(k, err, "Content-Type: multipart/signed;\r\n"
	    " protocol=\"application/pkcs7-signature\"; micalg=%s%s%s;\r\n"
	    " boundary=\"%s\"\r\n\r\n--%s\r\n", quote, micalg, quote, b,
	    b) != 0 ||
	    ms_copy(canon, k, err) != 0 ||
	    ms_sink_printf(k, err, "\r\n--%s\r\n"
	    "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n"
	    "\r\n", b) != 0 ||
	    put_signature(j, k, err) != 0)
		return -1;
	return ms_sink_printf(k, err, "\r\n--%s--\r\n", b);
}

static int
put_opaque(struct job *j, struct ms_src *canon, struct ms_sink *k,
    struct ms_err *err)
{
	struct ms_sink *b64;
	int rc = -1;

	if (ms_sink_puts(k, "Content-Type: application/pkcs7-mime;"
	    " smime-type=signed-data;\r\n name=\"smime.p7m\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment; filename=\"smime.p7m\"\r\n"
	    "\r\n", err) != 0)
		return -1;
	b64 = ms_mime_base64(k, true, err);
	if (b64 != NULL &&
	    ms_sign_write(j->sign, canon, j->size, b64, err) == 0)
		rc = ms_sink_end(b64, err);
	ms_sink_free(b64);
	return rc;
}

static int
second_reading(struct job *j, struct ms_err *err)
{
	struct ms_src *src = ms_spool_read(j->in, err), *canon = NULL;
	struct ms_sink *k = NULL;
	struct smime_msg m;
	int rc = -1;

	smime_msg_init(&m);
	if (src == NULL || smime_msg_read(&m, src, err) != 0 ||
	    smime_put_outer(&m.h, NULL, j->out, err) != 0)
		goto out;
	canon = smime_canon_new(&m, j->conf->protect, err);
	k = ms_mime_eol(j->out, m.h.crlf, err);
	if (canon == NULL || k == NULL)
		goto out;
	rc = j->conf->opaque ? put_opaque(j, canon, k, err) :
	    put_clear(j, canon, k, err);
	if (rc == 0)
		rc = ms_sink_end(k, err);
out:
	ms_sink_free(k);
	ms_src_free(canon);
	smime_msg_clear(&m);
	return rc;
}

/* ---- files ---- */

static int
write_file(struct job *j, struct ms_sink *to, struct ms_err *err)
{
	struct ms_buf der = MS_BUF_INIT(MS_SMIME_SIGNATURE);
	struct ms_src *src;
	int rc = -1;

	if (!j->conf->detached) {
		src = ms_spool_read(j->in, err);
		return src == NULL ? -1 :
		    ms_sign_write(j->sign, src, j->size, to, err);
	}
	if (ms_sign_write_detached(j->sign, &der, err) == 0)
		rc = ms_sink_write(to, der.p, der.n, err);
	ms_buf_clear(&der);
	return rc;
}

static int
sign_file(struct job *j, struct ms_err *err)
{
	struct ms_src *src = ms_spool_read(j->in, err);
	struct ms_sink *armor;
	int rc;

	if (src == NULL || begin(j, j->conf->now, err) != 0 ||
	    digest(j, src, err) != 0)
		return -1;
	if (!j->conf->armor)
		return write_file(j, j->out, err);
	armor = ms_cms_armor(j->out, "CMS", err);
	if (armor == NULL)
		return -1;
	rc = write_file(j, armor, err);
	if (rc == 0)
		rc = ms_sink_end(armor, err);
	ms_sink_free(armor);
	return rc;
}

int
ms_smime_sign(const struct ms_smime_sign *conf, struct ms_spool *in,
    struct ms_sink *out, struct ms_err *err)
{
	struct job j = { conf, in, out, NULL, 0 };
	enum ms_kind kind;
	int rc;

	if (smime_kind(conf->format, in, &kind, err) != 0)
		return -1;
	if (kind == MS_KIND_MAIL && conf->detached) {
		ms_fail(err, MS_USAGE, "--detached is for files: a signed "
		    "message holds its signature");
		return ms_hint(err, "--format cms takes it as a file");
	}
	if (kind != MS_KIND_MAIL)
		rc = sign_file(&j, err);
	else if ((rc = first_reading(&j, err)) == 0)
		rc = second_reading(&j, err);
	ms_sign_free(j.sign);
	return rc;
}
