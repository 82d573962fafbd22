/* SPDX-License-Identifier: Apache-2.0 */
/* The value of a signature or document timestamp over what it covers. */
#include <stdlib.h>
#include <string.h>

#include "pades/internal.h"

/* What the CMS says that cannot be read is a finding; -1 for the rest. */
static int
unreadable(struct pades_sig *s, const struct ms_err *why, struct ms_err *err)
{
	if (why->class != MS_DATA)
		return ms_fail(err, why->class, "%s", why->text);
	return ms_report_add(s->r, MS_BAD, "contents",
	    "ISO 32000-2 section 12.8.1", err, "%s", why->text);
}

static int
digest_part(struct ms_pdf *d, struct ms_digests *g, uint64_t from,
    uint64_t to, struct ms_err *err)
{
	unsigned char *b = malloc(MS_BLOCK);
	size_t n;
	int rc = b != NULL ? 0 : ms_fail_nomem(err);

	while (rc == 0 && from < to) {
		n = to - from < MS_BLOCK ? (size_t)(to - from) : MS_BLOCK;
		rc = ms_pdf_read(d, from, b, n, err);
		if (rc == 0)
			rc = ms_digests_update(g, b, n, err);
		from += n;
	}
	free(b);
	return rc;
}

static struct ms_digests *
digest(struct ms_pdf *d, const struct pades_sig *s, const enum ms_oid *mds,
    size_t n, struct ms_err *err)
{
	struct ms_digests *g = ms_digests_new(mds, n, err);

	if (g == NULL)
		return NULL;
	if (digest_part(d, g, 0, s->a, err) == 0 &&
	    digest_part(d, g, s->b, s->end, err) == 0)
		return g;
	ms_digests_free(g);
	return NULL;
}

/* One signer, nothing inside (EN 319 142-1 section 4.1). */
static int
judge_signed(const struct ms_pades_verify *conf, struct pades_sig *s,
    struct ms_signed *sd, struct ms_err *err)
{
	X509 *cert;

	if (ms_signed_count(sd) != 1)
		return ms_report_add(s->r, MS_BAD, "contents",
		    "EN 319 142-1 section 4.1", err,
		    "it has %zu signers instead of one", ms_signed_count(sd));
	if (ms_judge_signer(sd, 0, &conf->judge, s->r, err) != 0)
		return -1;
	cert = ms_signed_get0(sd, 0)->cert;
	if (conf->who == NULL || cert == NULL)
		return 0;
	return conf->who(conf->who_arg, cert, s->r, err);
}

static int
judge_cms(const struct ms_pades_verify *conf, struct ms_pdf *d,
    struct pades_sig *s, struct ms_err *err)
{
	struct ms_src *src = ms_src_mem(s->cms.p, s->cms.n, err);
	enum ms_oid mds[8] = { MS_OID_sha256 };
	struct ms_err why = MS_ERR_INIT;
	struct ms_digests *g = NULL;
	struct ms_signed *sd = NULL;
	time_t claimed = s->r->claimed;
	size_t n;
	int rc = -1;

	if (src == NULL)
		return -1;
	if (ms_signed_begin(src, &sd, &why) != 0) {
		rc = unreadable(s, &why, err);
		goto out;
	}
	if (ms_signed_content(sd, &why) != NULL || why.class != MS_OK) {
		rc = ms_report_add(s->r, MS_BAD, "contents",
		    "EN 319 142-1 section 4.1", err,
		    "the CMS object has content of its own");
		goto out;
	}
	n = ms_signed_mds(sd, mds, sizeof(mds) / sizeof(mds[0]));
	n = n == 0 ? 1 : n < sizeof(mds) / sizeof(mds[0]) ? n :
	    sizeof(mds) / sizeof(mds[0]);
	g = digest(d, s, mds, n, err);
	if (g == NULL)
		goto out;
	ms_signed_set_digests(sd, g);
	if (ms_signed_finish(sd, &why) != 0)
		rc = unreadable(s, &why, err);
	else
		rc = judge_signed(conf, s, sd, err);
	if (s->r->claimed == (time_t)-1)
		s->r->claimed = claimed;
out:
	ms_signed_free(sd);
	ms_digests_free(g);
	ms_src_free(src);
	return rc;
}

static int
judge_token(const struct ms_pades_verify *conf, struct ms_pdf *d,
    struct pades_sig *s, struct ms_err *err)
{
	const struct ms_judge *j = &conf->judge;
	struct ms_trust *trust = j->trust_tsa != NULL ? j->trust_tsa :
	    j->trust;
	struct ms_err why = MS_ERR_INIT;
	struct ms_digests *g;
	struct ms_tstinfo ti;
	enum ms_oid md;
	int rc = -1;

	memset(&ti, 0, sizeof(ti));
	if (ms_token_info(ms_buf_span(&s->cms), &ti, &why) != 0)
		return unreadable(s, &why, err);
	md = ti.md;
	ms_tstinfo_clear(&ti);
	g = digest(d, s, &md, 1, err);
	if (g == NULL)
		return -1;
	memset(&ti, 0, sizeof(ti));
	rc = ms_token_check(ms_buf_span(&s->cms), md, ms_digests_value(g, md),
	    trust, j->at, j->legacy, &ti, s->r, err);
	if (rc == 0) {
		s->r->gentime = ti.time;
		free(s->r->level);
		s->r->level = strdup("timestamp");
		if (s->r->level == NULL)
			rc = ms_fail_nomem(err);
	}
	ms_tstinfo_clear(&ti);
	ms_digests_free(g);
	return rc;
}

int
pades_sig_judge(const struct ms_pades_verify *conf, struct ms_pdf *d,
    struct pades_sig *s, struct ms_err *err)
{
	size_t sub = ms_pdf_key(&s->dict, 0, "SubFilter");

	if (s->cms.n == 0)
		return 0;	/* said already */
	if (s->timestamp)
		return judge_token(conf, d, s, err);
	if (ms_pdf_is_name(&s->dict, sub, "ETSI.CAdES.detached") ||
	    ms_pdf_is_name(&s->dict, sub, "adbe.pkcs7.detached"))
		return judge_cms(conf, d, s, err);
	return ms_report_add(s->r, MS_UNDECIDED, "subfilter",
	    "ISO 32000-2 section 12.8.3", err,
	    "this kind of signature is not judged here");
}
