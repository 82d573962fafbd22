/* SPDX-License-Identifier: Apache-2.0 */
/* ms-tsa: get, check and show RFC 3161 timestamps. */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "pdf.h"
#include "tsa-show.h"

#define RESPONSE_MAX (MS_TSP_TOKEN + 4096)

static bool query, reply, inspect, allow_legacy, pdf;
static char *hash, *verify;

static const struct ms_opt opts[] = {
	{ .name = "hash", .kind = MS_OPT_STR, .to = &hash, .arg = "NAME",
	    .choices = "sha256|sha384|sha512",
	    .help = "hash of the imprint (sha256)" },
	{ .name = "query", .kind = MS_OPT_FLAG, .to = &query, .no_conf = true,
	    .help = "write the TimeStampReq for FILE, ask nobody" },
	{ .name = "reply", .kind = MS_OPT_FLAG, .to = &reply, .no_conf = true,
	    .help = "send the TimeStampReq in FILE, write the "
	    "TimeStampResp" },
	{ .name = "verify", .kind = MS_OPT_STR, .to = &verify,
	    .arg = "TOKEN", .no_conf = true,
	    .help = "check that token or response over FILE" },
	{ .name = "inspect", .kind = MS_OPT_FLAG, .to = &inspect,
	    .no_conf = true, .help = "show the token or response in FILE" },
	{ .name = "pdf", .kind = MS_OPT_FLAG, .to = &pdf, .no_conf = true,
	    .help = "FILE is PDF: write it with a document timestamp" },
	{ .name = "allow-legacy", .kind = MS_OPT_FLAG, .to = &allow_legacy,
	    .no_conf = true, .help = "with --verify: let SHA-1 pass" },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	ms_cli_tsa_opts, ms_cli_trust_opts, ms_cli_chain_opts,
	ms_cli_output_opts, ms_cli_report_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-tsa",
	.usage = "[--tsa URL]... [--query | --reply | --verify TOKEN | "
	    "--inspect | --pdf] [FILE]",
	.about = "Get, check and show RFC 3161 timestamps.",
	.opts = opts,
	.groups = groups
};

static enum ms_oid
hash_oid(void)
{
	return hash ? ms_md_from_micalg(hash, strlen(hash)) : MS_OID_sha256;
}

/* The imprint of the input; read once, whatever its size. */
static int
imprint_of(struct ms_cli *c, enum ms_oid md, struct ms_buf *imprint)
{
	struct ms_digests *d = ms_digests_new(&md, 1, &c->err);
	struct ms_span v;
	struct ms_src *src;
	int rc = -1;

	if (!d)
		return -1;
	src = ms_spool_read(ms_cli_io.in, &c->err);
	while (src && (rc = ms_src_fill(src, &c->err)) == 1) {
		if (ms_digests_update(d, src->p, src->n, &c->err) != 0) {
			rc = -1;
			break;
		}
		ms_src_take(src, src->n);
	}
	if (rc == 0) {
		v = ms_digests_value(d, md);
		rc = ms_buf_add(imprint, v.p, v.n, &c->err);
	}
	ms_digests_free(d);
	return rc;
}

static int
slurp(struct ms_cli *c, struct ms_buf *b)
{
	struct ms_src *src = ms_spool_read(ms_cli_io.in, &c->err);

	return src ? ms_src_slurp(src, b, &c->err) : -1;
}

static int
publish(struct ms_cli *c, const struct ms_buf *der, const char *label)
{
	struct ms_sink *k, *armor = NULL;
	int rc = -1;

	if (ms_cli_output(c, true, false, &ms_cli_io) != 0)
		return -1;
	k = ms_out_sink(ms_cli_io.out);
	if (ms_cli_io.armor) {
		armor = ms_cms_armor(k, label, &c->err);
		if (!armor)
			return -1;
		k = armor;
	}
	if (ms_sink_write(k, der->p, der->n, &c->err) == 0 &&
	    (!armor || ms_sink_end(armor, &c->err) == 0))
		rc = ms_cli_publish(c, &ms_cli_io);
	ms_sink_free(armor);
	return rc;
}

static int
do_query(struct ms_cli *c)
{
	struct ms_buf imprint = MS_BUF_INIT(64), der = MS_BUF_INIT(4096);
	struct ms_tsq q;
	int rc = -1;

	if (imprint_of(c, hash_oid(), &imprint) == 0 &&
	    ms_tsq_make(&q, hash_oid(), ms_buf_span(&imprint), &c->err) == 0) {
		if (ms_tsq_write(&q, &der, &c->err) == 0)
			rc = publish(c, &der, "TIMESTAMP QUERY");
		ms_tsq_clear(&q);
	}
	ms_buf_clear(&imprint);
	ms_buf_clear(&der);
	return rc;
}

static int
need_stamper(struct ms_cli *c, struct ms_trust **trust,
    struct ms_stamper **s)
{
	if (ms_common_trust(c, true, trust) != 0 ||
	    ms_common_stamper(c, *trust, s) != 0)
		return -1;
	if (*s)
		return 0;
	ms_fail(&c->err, MS_CONFIG, "no timestamp authority named");
	return ms_hint(&c->err, "--tsa URL, or 'tsa = URL' in mailseal.conf");
}

static int
do_stamp(struct ms_cli *c)
{
	struct ms_buf imprint = MS_BUF_INIT(64);
	struct ms_buf token = MS_BUF_INIT(MS_TSP_TOKEN);
	struct ms_trust *trust = NULL;
	struct ms_stamper *s = NULL;
	int rc = -1;

	if (need_stamper(c, &trust, &s) == 0 &&
	    imprint_of(c, hash_oid(), &imprint) == 0 &&
	    ms_stamper_stamp(s, hash_oid(), ms_buf_span(&imprint), &token,
	    &c->err) == 0)
		rc = publish(c, &token, "CMS");
	ms_stamper_free(s);
	ms_trust_free(trust);
	ms_buf_clear(&imprint);
	ms_buf_clear(&token);
	return rc;
}

/* A timestamp over a PDF document goes into it. */
static int
do_pdf(struct ms_cli *c)
{
	struct ms_pades_sign conf = { .md = hash_oid() };
	struct ms_trust *trust = NULL;
	struct ms_stamper *s = NULL;
	int rc = -1;

	if (need_stamper(c, &trust, &s) == 0) {
		conf.stamp = ms_stamper_stamp;
		conf.stamp_arg = s;
		rc = pdf_sign(c, &conf);
	}
	ms_stamper_free(s);
	ms_trust_free(trust);
	return rc;
}

static int
do_reply(struct ms_cli *c)
{
	struct ms_buf req = MS_BUF_INIT(RESPONSE_MAX);
	struct ms_buf resp = MS_BUF_INIT(RESPONSE_MAX);
	struct ms_trust *trust = NULL;
	struct ms_stamper *s = NULL;
	int rc = -1;

	if (need_stamper(c, &trust, &s) == 0 && slurp(c, &req) == 0 &&
	    ms_stamper_relay(s, ms_buf_span(&req), &resp, &c->err) == 0)
		rc = publish(c, &resp, "TIMESTAMP RESPONSE");
	ms_stamper_free(s);
	ms_trust_free(trust);
	ms_buf_clear(&req);
	ms_buf_clear(&resp);
	return rc;
}

/* A file that holds a TimeStampToken, or a TimeStampResp around one. */
static int
read_token(struct ms_cli *c, const struct ms_buf *file, struct ms_buf *token)
{
	struct ms_src *src = ms_src_mem(file->p, file->n, &c->err);
	struct ms_src *bare = NULL;
	struct ms_buf der = MS_BUF_INIT(RESPONSE_MAX);
	bool owned = false;
	int rc = -1;

	if (!src)
		return -1;
	bare = ms_cms_unarmor(src, &owned, &c->err);
	if (!bare || ms_src_slurp(bare, &der, &c->err) != 0)
		goto out;
	if (ms_tsp_is_response(ms_buf_span(&der)))
		rc = ms_tsr_token(ms_buf_span(&der), token, &c->err);
	else
		rc = ms_buf_add(token, der.p, der.n, &c->err);
out:
	if (owned)
		ms_src_free(bare);
	ms_src_free(src);
	ms_buf_clear(&der);
	return rc;
}

/* Judge the token over the input; the answer is the exit code. */
static int
judge(struct ms_cli *c, struct ms_trust *trust, const struct ms_buf *token)
{
	struct ms_buf imprint = MS_BUF_INIT(64);
	struct ms_tstinfo ti;
	struct ms_report r;
	enum ms_oid md = hash_oid();
	int rc = -1;

	ms_report_init(&r);
	memset(&ti, 0, sizeof(ti));
	/* The token says which hash its imprint is of. */
	if (ms_token_info(ms_buf_span(token), &ti, &c->err) != 0)
		goto out;
	md = ti.md;
	ms_tstinfo_clear(&ti);
	if (imprint_of(c, md, &imprint) != 0 ||
	    ms_token_check(ms_buf_span(token), md, ms_buf_span(&imprint),
	    trust, ms_common_at(), allow_legacy, &ti, &r, &c->err) != 0)
		goto out;
	r.gentime = r.gentime == (time_t)-1 ? ti.time : r.gentime;
	ms_report_conclude(&r);
	if (r.verdict != MS_GOOD)
		r.gentime = (time_t)-1;
	if (tsa_report(c, ms_cli_io.in_name, &r) != 0)
		goto out;
	rc = r.verdict == MS_GOOD ? 0 :
	    r.verdict == MS_UNDECIDED && r.retry ? MS_TEMPFAIL : 1;
out:
	ms_tstinfo_clear(&ti);
	ms_report_clear(&r);
	ms_buf_clear(&imprint);
	return rc;
}

static int
do_verify(struct ms_cli *c, const char *file)
{
	struct ms_buf raw = MS_BUF_INIT(RESPONSE_MAX * 2);
	struct ms_buf token = MS_BUF_INIT(RESPONSE_MAX);
	struct ms_trust *trust = NULL;
	int rc = -1;

	if (ms_cli_input(c, verify, 0, &ms_cli_io) == 0 &&
	    slurp(c, &raw) == 0 && read_token(c, &raw, &token) == 0 &&
	    ms_cli_input(c, file, MS_SPOOL_ONCE, &ms_cli_io) == 0 &&
	    ms_common_trust(c, true, &trust) == 0)
		rc = judge(c, trust, &token);
	if (rc == 1 && ms_trust_is_empty(trust))
		ms_cli_say(c, "hint: name the authority's CA with "
		    "--trust FILE");
	ms_trust_free(trust);
	ms_buf_clear(&raw);
	ms_buf_clear(&token);
	return rc;
}

static int
do_inspect(struct ms_cli *c)
{
	struct ms_buf raw = MS_BUF_INIT(RESPONSE_MAX * 2);
	struct ms_buf token = MS_BUF_INIT(RESPONSE_MAX);
	struct ms_tstinfo ti;
	int rc = -1;

	memset(&ti, 0, sizeof(ti));
	if (slurp(c, &raw) == 0 && read_token(c, &raw, &token) == 0 &&
	    ms_token_info(ms_buf_span(&token), &ti, &c->err) == 0)
		rc = tsa_show(c, &ti);
	ms_tstinfo_clear(&ti);
	ms_buf_clear(&raw);
	ms_buf_clear(&token);
	return rc;
}

static int
run(struct ms_cli *c)
{
	const char *file = c->args.n ? c->args.v[0] : NULL;

	if (c->args.n > 1)
		return ms_fail(&c->err, MS_USAGE, "one FILE at a time");
	if (query + reply + inspect + pdf + (verify != NULL) > 1)
		return ms_fail(&c->err, MS_USAGE, "--query, --reply, "
		    "--verify, --inspect and --pdf exclude each other");
	if (pdf && ms_cli_io.armor)
		return ms_fail(&c->err, MS_USAGE, "--armor is not for --pdf");
	if (verify)
		return do_verify(c, file);
	if (ms_cli_input(c, file, MS_SPOOL_ONCE, &ms_cli_io) != 0)
		return -1;
	if (query)
		return do_query(c);
	if (reply)
		return do_reply(c);
	if (pdf)
		return do_pdf(c);
	return inspect ? do_inspect(c) : do_stamp(c);
}

int
main(int argc, char **argv)
{
	return ms_cli_main(&prog, argc, argv, run);
}
