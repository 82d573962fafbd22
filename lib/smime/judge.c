/* SPDX-License-Identifier: Apache-2.0 */
/* Judging one signed entity: RFC 1847, RFC 8551 section 3.5. */
#include <stdlib.h>
#include <string.h>

#include "smime/internal.h"

/* Digests where the message does not say which: RFC 8551 section 2.1. */
static const enum ms_oid usual[] = { MS_OID_sha256, MS_OID_sha384,
	MS_OID_sha512 };
#define USUAL (sizeof(usual) / sizeof(usual[0]))
#define MDS 8			/* digests announced in one message */

static int
add_report(struct ms_smime_result *res, struct ms_report **ret,
    struct ms_err *err)
{
	struct ms_report *v;

	if (res->n == SMIME_SIGNATURES)
		return ms_fail(err, MS_DATA, "more than %d signatures in one "
		    "message", SMIME_SIGNATURES);
	v = realloc(res->v, (res->n + 1) * sizeof(*v));
	if (v == NULL)
		return ms_fail_nomem(err);
	res->v = v;
	*ret = &v[res->n++];
	ms_report_init(*ret);
	return 0;
}

/* A claim of a signature that none can be made of. */
static int
bad_claim(struct smime_judge *g, const char *code, const char *clause,
    const char *text, struct ms_err *err)
{
	struct ms_report *r;

	if (add_report(g->res, &r, err) != 0)
		return -1;
	return ms_report_add(r, MS_BAD, code, clause, err, "%s", text);
}

int
smime_judge_signed(struct smime_judge *g, struct ms_signed *sd,
    struct ms_err *err)
{
	const struct ms_signerinfo *si;
	struct ms_report *r;
	size_t i;

	if (g->conf->certs != NULL &&
	    ms_signed_add_certs(sd, g->conf->certs, err) != 0)
		return -1;
	for (i = 0; i < ms_signed_count(sd); i++) {
		if (add_report(g->res, &r, err) != 0 ||
		    ms_judge_signer(sd, i, &g->conf->judge, r, err) != 0)
			return -1;
		si = ms_signed_get0(sd, i);
		if (smime_who_check(g->who, si->cert, r, err) != 0)
			return -1;
	}
	return 0;
}

int
smime_check_text(struct ms_span s, struct ms_err *err)
{
	bool text = ms_utf8_valid(s.p, s.n);
	size_t i;

	for (i = 0; i < s.n && text; i++)
		text = (s.p[i] >= ' ' && s.p[i] != 0x7f) || s.p[i] == '\t' ||
		    s.p[i] == '\r' || s.p[i] == '\n';
	return text ? 0 : ms_fail(err, MS_DATA,
	    "RFC 5322 section 2.2: the header is not text");
}

/* What is signed in mail is a MIME entity: id-data, and no object that was
 * signed for another purpose. */
static int
check_type(struct smime_judge *g, struct ms_signed *sd, struct ms_err *err)
{
	enum ms_oid type = ms_signed_content_type(sd);

	if (type == MS_OID_data)
		return 0;
	return ms_report_add(&g->res->whole, MS_BAD, "content-type",
	    "RFC 8551 section 2.4.2", err, "what was signed is %s, not data",
	    ms_oid_name(type));
}

/* ---- multipart/signed ---- */

struct clear {
	struct smime_judge *g;
	const struct ms_mime_entity *e;	/* of the multipart */
	struct ms_mime_parts *parts;
	enum ms_oid mds[MDS];	/* computed */
	size_t nmds;
	struct ms_digests *digests;
};

/* micalg: a list of names; where one is not known it says nothing. */
static void
read_micalg(struct clear *c)
{
	const char *s = ms_mime_param(&c->e->type, "micalg"), *end;
	bool known = true;
	enum ms_oid md;

	while (s != NULL && *s != '\0') {
		end = s + strcspn(s, ", ");
		md = ms_md_from_micalg(s, (size_t)(end - s));
		if (md == MS_OID_UNKNOWN || ms_md_legacy(md) == NULL ||
		    c->nmds == MDS)
			known = false;
		else
			c->mds[c->nmds++] = md;
		s = end + strspn(end, ", ");
	}
	if (known && c->nmds > 0)
		return;
	memcpy(c->mds, usual, sizeof(usual));
	c->nmds = USUAL;
}

/* Read what is signed to its end, and what its header says of From. */
static int
read_content(struct smime_judge *g, struct ms_src *src, struct ms_err *err)
{
	struct ms_mime_header h;
	struct ms_err why = MS_ERR_INIT;
	int rc = 0;

	ms_mime_header_init(&h);
	/* it need not be an entity at all: that is the signer's affair */
	if (ms_mime_header_read(src, &h, &why) == 0)
		rc = smime_who_inner(g->who, &h, &g->res->whole, err);
	else if (why.class != MS_DATA)
		rc = ms_fail(err, why.class, "%s", why.text);
	ms_mime_header_clear(&h);
	return rc == 0 ? ms_src_drain(src, err) : -1;
}

/* The first part, as it was signed. */
static int
digest_part(struct clear *c, struct ms_src *part, struct ms_err *err)
{
	struct ms_src *crlf, *d = NULL;
	int rc = -1;

	c->digests = ms_digests_new(c->mds, c->nmds, err);
	crlf = ms_mime_crlf(part, err);
	if (c->digests != NULL && crlf != NULL)
		d = ms_digests_src(c->digests, crlf, err);
	if (d != NULL)
		rc = read_content(c->g, d, err);
	ms_src_free(d);
	ms_src_free(crlf);
	return rc;
}

static bool
is_signature_type(const char *s)
{
	return ms_strcaseeq(s, "application/pkcs7-signature") ||
	    ms_strcaseeq(s, "application/x-pkcs7-signature");
}

static bool
knows_md(const struct clear *c, enum ms_oid md)
{
	size_t i;

	for (i = 0; i < c->nmds; i++)
		if (c->mds[i] == md)
			return true;
	return false;
}

/* What the multipart says of its signature must be so. */
static int
check_micalg(struct clear *c, struct ms_signed *sd, struct ms_err *err)
{
	const char *said = ms_mime_param(&c->e->type, "micalg");
	const struct ms_signerinfo *si;
	size_t i;

	for (i = 0; i < ms_signed_count(sd); i++) {
		si = ms_signed_get0(sd, i);
		if (knows_md(c, si->md) || ms_md_legacy(si->md) == NULL)
			continue;
		return ms_report_add(&c->g->res->whole, MS_BAD, "micalg",
		    "RFC 8551 section 3.5.3.2", err, "micalg is '%s', the "
		    "digest of the signature %s", said != NULL ? said : "",
		    ms_oid_name(si->md));
	}
	return 0;
}

static int
judge_p7s(struct clear *c, struct ms_src *der, struct ms_err *err)
{
	struct ms_signed *sd = NULL;
	int rc = -1;

	if (ms_signed_begin(der, &sd, err) != 0)
		return ms_err_context(err, "signature");
	if (ms_signed_content(sd, err) == NULL)
		ms_signed_set_digests(sd, c->digests);
	else if (ms_report_add(&c->g->res->whole, MS_BAD, "content-present",
	    "RFC 8551 section 3.5.3.1", err, "the signature of a "
	    "multipart/signed holds a content of its own") != 0)
		goto out;
	if (ms_signed_finish(sd, err) != 0) {
		ms_err_context(err, "signature");
		goto out;
	}
	if (ms_signed_count(sd) == 0)
		rc = bad_claim(c->g, "no-signer", "RFC 5652 section 5.1",
		    "the signature part holds no signature", err);
	else if (check_micalg(c, sd, err) == 0 &&
	    check_type(c->g, sd, err) == 0)
		rc = smime_judge_signed(c->g, sd, err);
out:
	ms_signed_free(sd);
	return rc;
}

/* The second part: a small object, held in memory. */
static int
second_part(struct clear *c, struct ms_src *part, struct ms_err *err)
{
	struct ms_buf der = MS_BUF_INIT(MS_SMIME_SIGNATURE);
	struct ms_src *d = NULL, *mem = NULL;
	struct smime_msg m;
	int rc = -1;

	smime_msg_init(&m);
	if (smime_msg_read(&m, part, err) != 0 ||
	    (c->g->strict && smime_check_text(ms_buf_span(&m.h.raw), err) != 0))
		goto out;
	if (!is_signature_type(m.e.type.token)) {
		rc = bad_claim(c->g, "signature-part", "RFC 1847 section 2.1",
		    "the second part of the multipart/signed is not "
		    "application/pkcs7-signature", err);
		goto out;
	}
	d = ms_mime_decoder(part, m.e.encoding, err);
	if (d == NULL || ms_src_slurp(d, &der, err) != 0) {
		ms_err_context(err, "signature part");
		goto out;
	}
	mem = ms_src_mem(der.p, der.n, err);
	if (mem != NULL)
		rc = judge_p7s(c, mem, err);
out:
	ms_src_free(mem);
	ms_src_free(d);
	ms_buf_clear(&der);
	smime_msg_clear(&m);
	return rc;
}

/* Behind the two parts there is nothing. */
static int
no_more(struct clear *c, struct ms_err *err)
{
	struct ms_report *whole = &c->g->res->whole;
	struct ms_src *part;
	size_t more = 0;
	int rc;

	while ((rc = ms_mime_parts_next(c->parts, &part, err)) == 1)
		more++;
	if (rc != 0)
		return -1;
	if (more > 0)
		return ms_report_add(whole, MS_BAD, "parts",
		    "RFC 1847 section 2.1", err, "the multipart/signed has "
		    "%zu parts, not two", 2 + more);
	if (ms_mime_parts_stray(c->parts))
		return ms_report_add(whole, MS_NOTE, "stray",
		    "RFC 2046 section 5.1.1", err, "text before or behind the "
		    "parts is not signed, and readers do not show it");
	return 0;
}

static int
both_parts(struct clear *c, struct ms_err *err)
{
	const char *missing = "the multipart/signed lacks its second part";
	struct ms_src *part;
	int rc = ms_mime_parts_next(c->parts, &part, err);

	if (rc == 1 && digest_part(c, part, err) != 0)
		return -1;
	if (rc == 1)
		rc = ms_mime_parts_next(c->parts, &part, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return bad_claim(c->g, "parts", "RFC 1847 section 2.1",
		    missing, err);
	if (second_part(c, part, err) != 0)
		return -1;
	return no_more(c, err);
}

static bool
is_identity(const char *encoding)
{
	return ms_strcaseeq(encoding, "7bit") ||
	    ms_strcaseeq(encoding, "8bit") || ms_strcaseeq(encoding, "binary");
}

int
smime_judge_clear(struct smime_judge *g, struct smime_msg *m,
    struct ms_err *err)
{
	const char *protocol = ms_mime_param(&m->e.type, "protocol");
	const char *boundary = ms_mime_param(&m->e.type, "boundary");
	struct clear c = { .g = g, .e = &m->e };
	int rc;

	if (ms_strcaseeq(protocol, "application/pgp-signature")) {
		if (ms_report_add(&g->res->whole, MS_NONE, "openpgp", NULL,
		    err, "signed with OpenPGP, which is not S/MIME") != 0)
			return -1;
		return ms_src_drain(m->src, err);
	}
	if (!is_signature_type(protocol) && ms_report_add(&g->res->whole,
	    MS_BAD, "protocol", "RFC 1847 section 2.1", err,
	    "multipart/signed with protocol '%s'", protocol != NULL ?
	    protocol : "") != 0)
		return -1;
	if (boundary == NULL)
		return ms_fail(err, MS_DATA, "RFC 2046 section 5.1.1: "
		    "multipart/signed without a boundary");
	/* A reader that decodes all of it sees other parts than we do. */
	if (!is_identity(m->e.encoding) && ms_report_add(&g->res->whole,
	    MS_BAD, "encoding", "RFC 2045 section 6.4", err,
	    "multipart/signed with Content-Transfer-Encoding '%s'",
	    m->e.encoding) != 0)
		return -1;
	c.parts = ms_mime_parts_new(m->src, boundary, err);
	if (c.parts == NULL)
		return -1;
	read_micalg(&c);
	rc = both_parts(&c, err);
	ms_mime_parts_free(c.parts);
	ms_digests_free(c.digests);
	return rc;
}

/* ---- application/pkcs7-mime ---- */

static int
not_signed(struct smime_judge *g, enum ms_oid type, struct ms_src *der,
    struct ms_err *err)
{
	bool sealed = type == MS_OID_envelopedData ||
	    type == MS_OID_authEnvelopedData;

	if (type == MS_OID_UNKNOWN)
		return ms_fail(err, MS_DATA, "RFC 8551 section 3.2: the body "
		    "is not CMS");
	if (ms_report_add(&g->res->whole, MS_NONE, sealed ? "encrypted" :
	    "not-signed", NULL, err, sealed ? "the message is encrypted: open "
	    "it with ms-decrypt first" : "the message holds %s, which is not "
	    "signed", ms_oid_name(type)) != 0)
		return -1;
	return ms_src_drain(der, err);
}

static int
judge_der(struct smime_judge *g, struct ms_src *der, struct ms_err *err)
{
	enum ms_oid type = ms_cms_guess(der, err);
	struct ms_signed *sd = NULL;
	struct ms_src *content;
	int rc = -1;

	if (der->failed)
		return ms_src_drain(der, err);
	if (type != MS_OID_signedData)
		return not_signed(g, type, der, err);
	if (ms_signed_begin(der, &sd, err) != 0)
		return -1;
	content = ms_signed_content(sd, err);
	if ((content != NULL && read_content(g, content, err) != 0) ||
	    ms_signed_finish(sd, err) != 0)
		goto out;
	if (ms_signed_count(sd) == 0)
		rc = ms_report_add(&g->res->whole, MS_NONE, "certs-only",
		    "RFC 8551 section 3.8", err, "there is no signature, only "
		    "certificates");
	else if (content == NULL)
		rc = bad_claim(g, "no-content", "RFC 8551 section 3.5.2",
		    "signed-data without the content that was signed", err);
	else if (check_type(g, sd, err) == 0)
		rc = smime_judge_signed(g, sd, err);
out:
	ms_signed_free(sd);
	return rc;
}

int
smime_judge_opaque(struct smime_judge *g, struct smime_msg *m,
    struct ms_err *err)
{
	struct smime_carrier c;
	int rc;

	smime_carrier_init(&c);
	rc = smime_carrier_body(&c, m, err);
	if (rc == 0)
		rc = judge_der(g, c.cms, err);
	smime_carrier_clear(&c);
	return rc;
}
