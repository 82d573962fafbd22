/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying: where the signatures of a message or file are, and what they
 * amount to. */
#include <stdlib.h>
#include <string.h>

#include "smime/internal.h"

void
ms_smime_result_init(struct ms_smime_result *res)
{
	memset(res, 0, sizeof(*res));
	ms_report_init(&res->whole);
	res->verdict = MS_UNDECIDED;
}

void
ms_smime_result_clear(struct ms_smime_result *res)
{
	size_t i;

	for (i = 0; i < res->n; i++)
		ms_report_clear(&res->v[i]);
	free(res->v);
	ms_report_clear(&res->whole);
	ms_smime_result_init(res);
}

/* ---- walking a message down to its signatures ---- */

static int walk(struct smime_judge *g, struct ms_src *src, struct ms_err *err);

static int
walk_parts(struct smime_judge *g, struct ms_src *src, const char *boundary,
    struct ms_err *err)
{
	struct ms_mime_parts *parts;
	struct ms_src *part;
	int rc;

	parts = ms_mime_parts_new(src, boundary, err);
	if (parts == NULL)
		return -1;
	while ((rc = ms_mime_parts_next(parts, &part, err)) == 1)
		if (walk(g, part, err) != 0) {
			rc = -1;
			break;
		}
	ms_mime_parts_free(parts);
	return rc;
}

static int
walk_multipart(struct smime_judge *g, struct smime_msg *m, struct ms_err *err)
{
	const char *b = ms_mime_param(&m->e.type, "boundary");
	struct ms_src *src = m->src;
	char *boundary;
	int rc;

	if (b == NULL)
		return ms_fail(err, MS_DATA, "RFC 2046 section 5.1.1: "
		    "%s without a boundary", m->e.type.token);
	boundary = strdup(b);
	if (boundary == NULL)
		return ms_fail_nomem(err);
	/* headers of all levels together would be much to hold */
	if (g->depth > 0)
		smime_msg_clear(m);
	if (++g->depth > MS_MIME_DEPTH)
		rc = ms_fail(err, MS_DATA, "RFC 2046 section 5.1: multiparts "
		    "nested deeper than %d", MS_MIME_DEPTH);
	else
		rc = walk_parts(g, src, boundary, err);
	g->depth--;
	free(boundary);
	return rc;
}

/* m: a header that was read; all of its body is read. */
static int
walk_entity(struct smime_judge *g, struct smime_msg *m, struct ms_err *err)
{
	size_t before = g->res->n;
	int rc;

	switch (smime_what(&m->e)) {
	case SMIME_MULTIPART:
		return walk_multipart(g, m, err);
	case SMIME_SIGNED:
		rc = smime_judge_clear(g, m, err);
		break;
	case SMIME_CMS:
		rc = smime_judge_opaque(g, m, err);
		break;
	default:
		rc = ms_src_drain(m->src, err);
		break;
	}
	if (g->res->n == before)
		g->outside++;
	return rc;
}

static int
walk(struct smime_judge *g, struct ms_src *src, struct ms_err *err)
{
	struct smime_msg m;
	int rc;

	smime_msg_init(&m);
	rc = smime_msg_read(&m, src, err);
	if (rc == 0)
		rc = walk_entity(g, &m, err);
	smime_msg_clear(&m);
	return rc;
}

/* A signature further down covers a part of what the reader is shown. */
static int
check_cover(struct smime_judge *g, enum smime_what top, struct ms_err *err)
{
	struct ms_report *whole = &g->res->whole;

	if (g->res->n == 0) {
		if (whole->n > 0 && (ms_report_has(whole, "encrypted") ||
		    ms_report_has(whole, "openpgp") ||
		    ms_report_has(whole, "certs-only") ||
		    ms_report_has(whole, "not-signed")))
			return 0;
		return ms_report_add(whole, MS_NONE, "not-signed", NULL, err,
		    "the message is not signed");
	}
	if (top != SMIME_MULTIPART)
		return 0;
	if (g->outside > 0)
		return ms_report_add(whole, MS_BAD, "unsigned-parts",
		    "RFC 8551 section 3.1", err, "%zu body part%s outside the "
		    "signature", g->outside, g->outside == 1 ? " stands" :
		    "s stand");
	return ms_report_add(whole, MS_BAD, "partly-signed",
	    "RFC 8551 section 3.1", err, "signatures cover parts of the "
	    "message, not the whole");
}

static int
verify_mail(struct smime_judge *g, struct ms_src *src, struct ms_err *err)
{
	struct smime_who who = { .conf = g->conf };
	struct smime_msg m;
	enum smime_what top;
	int rc;

	smime_msg_init(&m);
	g->who = &who;
	rc = smime_msg_read(&m, src, err);
	if (rc == 0)
		rc = smime_who_init(&who, g->conf, &m.h, err);
	if (rc == 0) {
		top = smime_what(&m.e);
		rc = walk_entity(g, &m, err);
		if (rc == 0)
			rc = check_cover(g, top, err);
		if (rc == 0 && g->res->n > 0)
			rc = smime_who_report(&who, &g->res->whole, err);
	}
	smime_who_clear(&who);
	smime_msg_clear(&m);
	return rc;
}

/* ---- files ---- */

static int
digest_detached(struct ms_spool *content, struct ms_signed *sd,
    struct ms_digests **ret, struct ms_err *err)
{
	enum ms_oid mds[8] = { MS_OID_sha256, MS_OID_sha384, MS_OID_sha512 };
	size_t n = ms_signed_mds(sd, mds, 8);
	struct ms_src *src = ms_spool_read(content, err), *d;
	int rc;

	if (src == NULL)
		return -1;
	*ret = ms_digests_new(mds, n == 0 ? 3 : n < 8 ? n : 8, err);
	if (*ret == NULL)
		return -1;
	d = ms_digests_src(*ret, src, err);
	if (d == NULL)
		return -1;
	rc = ms_src_drain(d, err);
	ms_src_free(d);
	ms_signed_set_digests(sd, *ret);
	return rc;
}

static int
read_file(struct smime_judge *g, struct ms_signed *sd,
    struct ms_digests **digests, struct ms_err *err)
{
	struct ms_src *content = ms_signed_content(sd, err);

	if (content != NULL && g->conf->content != NULL)
		return ms_fail(err, MS_DATA, "the signature holds its own "
		    "content: it is not a detached one");
	if (content != NULL)
		return ms_src_drain(content, err);
	if (g->conf->content != NULL)
		return digest_detached(g->conf->content, sd, digests, err);
	return 0;
}

static int
verify_signed(struct smime_judge *g, struct ms_src *der, struct ms_err *err)
{
	struct ms_digests *digests = NULL;
	struct ms_signed *sd = NULL;
	int rc = -1;

	if (ms_signed_begin(der, &sd, err) != 0)
		return -1;
	if (read_file(g, sd, &digests, err) != 0 ||
	    ms_signed_finish(sd, err) != 0)
		goto out;
	if (ms_signed_count(sd) == 0) {
		rc = ms_report_add(&g->res->whole, MS_NONE, "certs-only",
		    "RFC 5652 section 5.1", err, "there is no signature, only "
		    "certificates");
	} else if (ms_signed_content(sd, err) == NULL && digests == NULL) {
		ms_fail(err, MS_DATA, "RFC 5652 section 5.2: the signature is "
		    "detached, and what was signed is not given");
		ms_hint(err, "ms-verify --signature SIGNATURE FILE");
	} else {
		rc = smime_judge_signed(g, sd, err);
	}
out:
	ms_signed_free(sd);
	ms_digests_free(digests);
	return rc;
}

static int
verify_der(struct smime_judge *g, struct ms_src *der, struct ms_err *err)
{
	enum ms_oid type = ms_cms_guess(der, err);

	if (type == MS_OID_signedData)
		return verify_signed(g, der, err);
	if (der->failed)
		return ms_src_drain(der, err);
	if (type != MS_OID_UNKNOWN)
		return ms_report_add(&g->res->whole, MS_NONE, "not-signed",
		    NULL, err, "this is %s, which is not signed",
		    ms_oid_name(type));
	ms_fail(err, MS_DATA, "this is neither a message nor CMS: there is no "
	    "signature to read");
	return ms_hint(err, "a signature in a file of its own: ms-verify "
	    "--signature SIGNATURE FILE");
}

static int
verify_file(struct smime_judge *g, struct ms_src *src, struct ms_err *err)
{
	struct smime_who who = { .conf = g->conf };
	struct smime_carrier c;
	int rc;

	g->who = &who;
	smime_carrier_init(&c);
	rc = smime_carrier_file(&c, src, err);
	if (rc == 0)
		rc = verify_der(g, c.cms, err);
	smime_carrier_clear(&c);
	return rc;
}

/* ---- what it amounts to ---- */

/* What is wrong with the message as a whole is wrong with each signature. */
static int
spread(struct ms_smime_result *res, struct ms_err *err)
{
	const struct ms_finding *f;
	size_t i, k;

	for (i = 0; i < res->n; i++) {
		for (k = 0; k < res->whole.n; k++) {
			f = &res->whole.v[k];
			if (f->verdict == MS_NONE)
				continue;
			if (ms_report_add(&res->v[i], f->verdict, f->code,
			    f->clause, err, "%s", f->text) != 0)
				return -1;
		}
	}
	return 0;
}

/* The one place where the verdict is set. */
static void
conclude(struct ms_smime_result *res)
{
	bool undecided = res->whole.lost;
	bool bad = false;
	enum ms_verdict v;
	size_t i;

	ms_report_conclude(&res->whole);
	for (i = 0; i < res->n; i++) {
		v = ms_report_conclude(&res->v[i]);
		bad = bad || v == MS_BAD;
		undecided = undecided || (v != MS_GOOD && v != MS_BAD);
	}
	if (bad)
		res->verdict = MS_BAD;
	else if (undecided)
		res->verdict = MS_UNDECIDED;
	else
		res->verdict = res->n > 0 ? MS_GOOD : MS_NONE;
}

int
ms_smime_verify(const struct ms_smime_verify *conf, struct ms_spool *in,
    struct ms_smime_result *res, struct ms_err *err)
{
	struct smime_judge g = { .conf = conf, .res = res };
	struct ms_src *src;
	int rc;

	if (conf->content != NULL)
		res->kind = MS_KIND_CMS;
	else if (smime_kind(conf->format, in, &res->kind, err) != 0)
		return -1;
	src = ms_spool_read(in, err);
	if (src == NULL)
		return -1;
	if (res->kind == MS_KIND_MAIL)
		rc = verify_mail(&g, src, err);
	else
		rc = verify_file(&g, src, err);
	if (rc != 0 || spread(res, err) != 0)
		return -1;
	conclude(res);
	return 0;
}

/* What a failed reading of a header did not take is where it failed. */
static int
check_refused(const struct ms_src *src, struct ms_err *err)
{
	if (src->n > 0 && memchr(src->p, 0, src->n) != NULL)
		return ms_fail(err, MS_DATA, "RFC 5322 section 2.2: NUL");
	return 0;
}

/* What is signed in a decrypted entity or file, if anything. */
static int
judge_inside(struct smime_judge *g, struct ms_src *src, enum ms_kind kind,
    struct ms_err *err)
{
	struct smime_msg m;
	struct ms_err why = MS_ERR_INIT;
	int rc = 0;

	if (kind != MS_KIND_MAIL)
		return ms_cms_guess(src, err) == MS_OID_signedData ?
		    verify_signed(g, src, err) : 0;
	smime_msg_init(&m);
	if (ms_mime_header_read(src, &m.h, &why) != 0 &&
	    why.class != MS_DATA)
		rc = ms_fail(err, why.class, "%s", why.text);
	else if (smime_check_text(ms_buf_span(&m.h.raw), err) != 0 ||
	    (why.class != MS_OK && check_refused(src, err) != 0))
		rc = -1;
	else if (why.class == MS_OK) {
		m.src = src;
		rc = ms_mime_entity(&m.h, &m.e, err);
		if (rc == 0 && smime_what(&m.e) != SMIME_MULTIPART)
			rc = walk_entity(g, &m, err);
	}
	/* else: text without a header is a body */
	smime_msg_clear(&m);
	return rc;
}

int
smime_judge_value(struct ms_src *src, enum ms_kind kind,
    enum ms_verdict *verdict, struct ms_err *err)
{
	const struct ms_smime_verify conf = {
		.judge = { .value_only = true, .legacy = true },
	};
	struct smime_who who = { .conf = &conf };
	struct ms_smime_result res;
	struct smime_judge g = { .conf = &conf, .who = &who, .res = &res,
		.strict = true };
	struct ms_err why = MS_ERR_INIT;
	struct ms_src *ahead = smime_ahead(src, err);
	int rc;

	if (ahead == NULL)
		return -1;
	ms_smime_result_init(&res);
	rc = judge_inside(&g, ahead, kind, &why);
	if (rc == 0)
		rc = spread(&res, &why);
	conclude(&res);
	*verdict = rc == 0 ? res.verdict : MS_BAD;
	/* what the source below has to say goes before all that */
	if (rc == 0 || why.class == MS_DATA)
		rc = ms_src_drain(ahead, err);
	else
		ms_fail(err, why.class, "%s", why.text);
	ms_smime_result_clear(&res);
	ms_src_free(ahead);
	return rc;
}
