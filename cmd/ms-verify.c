/* SPDX-License-Identifier: Apache-2.0 */
/* ms-verify: verify mail, PDF and files. */
#include <stdlib.h>
#include <string.h>

#include "verify.h"

struct verify_opts verify_opts;

static const struct ms_opt opts[] = {
	{ .name = "format", .kind = MS_OPT_STR, .to = &verify_opts.format,
	    .arg = "FORMAT", .choices = FILTER_FORMATS, .no_conf = true,
	    .help = "what the input is (auto)" },
	{ .name = "signer", .kind = MS_OPT_STR, .to = &verify_opts.signer,
	    .arg = "WHO", .no_conf = true,
	    .help = "ADDRESS, @DOMAIN or certificate FILE that must have "
	    "signed" },
	{ .name = "signature", .kind = MS_OPT_STR,
	    .to = &verify_opts.signature, .arg = "FILE", .no_conf = true,
	    .help = "the detached signature over the FILE operand" },
	{ .name = "extract", .letter = 'x', .kind = MS_OPT_FLAG,
	    .to = &verify_opts.extract, .no_conf = true,
	    .help = "write what was signed, once it is good" },
	{ .name = "parts", .kind = MS_OPT_FLAG, .to = &verify_opts.parts,
	    .no_conf = true, .help = "list the parts of the message" },
	{ .name = "part", .kind = MS_OPT_STR, .to = &verify_opts.part,
	    .arg = "N|NAME", .no_conf = true,
	    .help = "write one signed part, decoded" },
	{ .name = "human", .kind = MS_OPT_FLAG, .to = &verify_opts.human,
	    .no_conf = true, .help = "report in sentences" },
	{ .name = "allow-legacy", .kind = MS_OPT_FLAG,
	    .to = &verify_opts.allow_legacy,
	    .help = "let SHA-1 and short keys pass, with a note" },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	ms_cli_trust_opts, ms_cli_chain_opts, ms_cli_output_opts,
	ms_cli_report_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-verify",
	.usage = "[--trust FILE] [-x | --parts | --part N|NAME] [FILE...]",
	.about = "Verify signed mail (S/MIME), PDF (PAdES) and files (CMS).",
	.opts = opts,
	.groups = groups
};

static bool
writes(void)
{
	return verify_opts.extract || verify_opts.parts ||
	    verify_opts.part != NULL;
}

static int
check_usage(struct ms_cli *c)
{
	if (verify_opts.extract + verify_opts.parts +
	    (verify_opts.part != NULL) > 1)
		return ms_fail(&c->err, MS_USAGE, "-x, --parts and --part "
		    "exclude each other");
	if (verify_opts.human && c->json)
		return ms_fail(&c->err, MS_USAGE,
		    "--human and --json exclude each other");
	if (c->args.n > 1 && (writes() || verify_opts.signature != NULL))
		return ms_fail(&c->err, MS_USAGE, "one FILE at a time with "
		    "-x, --parts, --part and --signature");
	return 0;
}

/* --chain: where signers' certificates may be, too. */
static int
read_chain(struct ms_cli *c, STACK_OF(X509) **ret)
{
	struct ms_bag bag;
	size_t i;
	int rc = 0;

	ms_bag_init(&bag);
	for (i = 0; rc == 0 && i < ms_cli_chain.n; i++)
		rc = ms_bag_read(&bag, ms_cli_chain.v[i], NULL, NULL, &c->err);
	if (rc == 0) {
		*ret = bag.certs;
		bag.certs = NULL;
	}
	ms_bag_clear(&bag);
	return rc;
}

/* --signer: an address, @DOMAIN, or a file. */
static int
read_signer(struct ms_cli *c, struct ms_smime_verify *conf,
    struct ms_addr *addr)
{
	const char *s = verify_opts.signer;

	if (s == NULL)
		return 0;
	if (s[0] == '@' && strchr(s, '/') == NULL) {
		conf->signer_domain = s + 1;
		return 0;
	}
	if (strchr(s, '@') == NULL || strchr(s, '/') != NULL)
		return ms_common_cert(c, s, &conf->signer_cert);
	if (ms_addr_parse(s, strlen(s), addr, &c->err) != 0)
		return ms_err_context(&c->err, "--signer");
	conf->signer = addr;
	return 0;
}

/* The signature in `in`, what it is over in *content. */
static int
open_inputs(struct ms_cli *c, const char *file, struct ms_cli_io *sig,
    struct ms_smime_verify *conf, struct ms_spool **in)
{
	unsigned flags = writes() ? 0 : MS_SPOOL_ONCE;

	if (ms_cli_input(c, file, flags, &ms_cli_io) != 0)
		return -1;
	*in = ms_cli_io.in;
	if (verify_opts.signature == NULL)
		return 0;
	if (ms_cli_input(c, verify_opts.signature, flags, sig) != 0)
		return -1;
	conf->content = ms_cli_io.in;
	*in = sig->in;
	return 0;
}

/* Write what -x, --parts or --part ask for: 0, 1 (not there), -1. */
static int
write_result(struct ms_cli *c, const struct ms_smime_verify *conf,
    struct ms_spool *in, const struct ms_smime_result *res)
{
	bool binary = res->kind != MS_KIND_MAIL || verify_opts.part != NULL;
	struct ms_sink *out;
	int rc;

	if (!verify_opts.parts && res->verdict != MS_GOOD)
		return 0;	/* the report says why */
	if (ms_cli_output(c, binary && !verify_opts.parts, false,
	    &ms_cli_io) != 0)
		return -1;
	out = ms_out_sink(ms_cli_io.out);
	if (verify_opts.extract)
		rc = ms_smime_extract(conf, in, res, out, &c->err);
	else if (verify_opts.parts)
		rc = ms_smime_parts(conf, in, res, verify_part, out, &c->err);
	else
		rc = ms_smime_part(conf, in, res, verify_opts.part, true, out,
		    &c->err);
	return rc == 0 ? ms_cli_publish(c, &ms_cli_io) : -1;
}

static int
one(struct ms_cli *c, const char *file, struct ms_smime_verify *conf,
    struct ms_smime_result *res, struct ms_sink *report)
{
	struct ms_cli_io sig = { .in_fd = -1 };
	struct ms_spool *in;
	int rc = -1;

	if (open_inputs(c, file, &sig, conf, &in) == 0 &&
	    ms_smime_kind(conf->format, in, &res->kind, &c->err) == 0 &&
	    (res->kind == MS_KIND_PDF ? verify_pdf(c, conf, res) :
	    ms_smime_verify(conf, in, res, &c->err)) == 0 &&
	    verify_report(c, file, res, report) == 0)
		rc = writes() ? write_result(c, conf, in, res) : 0;
	ms_cli_io_clear(&sig);
	ms_cli_io_clear(&ms_cli_io);
	return rc;
}

/* What the programs ends with, over all operands: a no, else a fault, else
 * what may be decided later. */
struct tally {
	bool no, retry, undecided;
	enum ms_class fault;
};

static void
count(struct tally *t, const struct ms_smime_result *res)
{
	size_t i;

	t->no = t->no || res->verdict == MS_BAD || res->verdict == MS_NONE;
	t->undecided = t->undecided || res->verdict != MS_GOOD;
	if (res->verdict != MS_UNDECIDED)
		return;
	for (i = 0; i < res->n; i++)
		t->retry = t->retry || res->v[i].retry;
}

static int
ending(const struct tally *t)
{
	if (t->no)
		return MS_NO;
	if (t->fault != MS_OK)
		return t->fault;
	if (t->retry)
		return MS_TEMPFAIL;
	return t->undecided ? MS_NO : MS_OK;
}

static int
verify_all(struct ms_cli *c, struct ms_smime_verify *conf,
    struct ms_sink *report)
{
	struct tally t = { false, false, false, MS_OK };
	struct ms_smime_result res;
	size_t i, n = c->args.n > 0 ? c->args.n : 1;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		ms_smime_result_init(&res);
		rc = one(c, c->args.n > 0 ? c->args.v[i] : NULL, conf, &res,
		    report);
		if (rc == 0)
			count(&t, &res);
		if (rc != 0 && n > 1) {	/* the others may do better */
			ms_err_context(&c->err, "%s", c->args.v[i]);
			ms_cli_error(c, &c->err);
			if (t.fault == MS_OK)
				t.fault = c->err.class;
			ms_err_reset(&c->err);
			rc = 0;
		}
		if (i + 1 == n && rc == 0 && t.undecided && !t.no &&
		    ms_trust_is_empty(conf->judge.trust))
			ms_cli_say(c, "hint: name the CA's certificate with "
			    "--trust FILE, or as 'trust = FILE' in "
			    "mailseal.conf");
		ms_smime_result_clear(&res);
	}
	return rc == 0 ? ending(&t) : -1;
}

static int
run(struct ms_cli *c)
{
	struct ms_smime_verify conf = {
		.judge = { .at = ms_common_at(),
		    .legacy = verify_opts.allow_legacy },
		.format = filter_format(verify_opts.format),
	};
	struct ms_addr addr = { NULL, NULL, NULL, NULL, -1 };
	struct ms_sink *report = NULL;
	int rc = -1;

	if (check_usage(c) != 0 ||
	    ms_common_trust(c, false, &conf.judge.trust) != 0 ||
	    ms_common_trust(c, true, &conf.judge.trust_tsa) != 0 ||
	    read_chain(c, &conf.certs) != 0 ||
	    read_signer(c, &conf, &addr) != 0 ||
	    ms_cli_report(c, writes() ? 2 : 1, &report, &c->err) != 0)
		goto out;
	ms_trust_set_legacy(conf.judge.trust, verify_opts.allow_legacy);
	ms_trust_set_legacy(conf.judge.trust_tsa, verify_opts.allow_legacy);
	rc = verify_all(c, &conf, report);
	if (ms_cli_report_end(c, report, &c->err) != 0)
		rc = -1;
out:
	ms_addr_clear(&addr);
	X509_free(conf.signer_cert);
	sk_X509_pop_free(conf.certs, X509_free);
	ms_trust_free(conf.judge.trust);
	ms_trust_free(conf.judge.trust_tsa);
	return rc;
}

int
main(int argc, char **argv)
{
	return ms_cli_main(&prog, argc, argv, run);
}
