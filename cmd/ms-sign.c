/* SPDX-License-Identifier: Apache-2.0 */
/* ms-sign: sign mail, PDF and files. */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "filter.h"
#include "pdf.h"

static char *format;
static bool opaque, detached, allow_other_from, pss;
static char *protect;
static char *field, *certify, *reason, *location, *contact, *name;

static const struct ms_opt opts[] = {
	{ .name = "format", .kind = MS_OPT_STR, .to = &format, .arg = "FORMAT",
	    .choices = FILTER_FORMATS, .no_conf = true,
	    .help = "what the input is (auto)" },
	{ .name = "opaque", .kind = MS_OPT_FLAG, .to = &opaque,
	    .help = "mail: put the message inside of the signature" },
	{ .name = "detached", .kind = MS_OPT_FLAG, .to = &detached,
	    .no_conf = true,
	    .help = "files: write the signature without the content" },
	{ .name = "protect-headers", .kind = MS_OPT_STR, .to = &protect,
	    .arg = "HOW", .choices = "clear|cipher|no",
	    .help = "mail: sign a copy of the header too (no)" },
	{ .name = "allow-other-from", .kind = MS_OPT_FLAG,
	    .to = &allow_other_from,
	    .help = "sign mail that is from somebody else" },
	{ .name = "pss", .kind = MS_OPT_FLAG, .to = &pss,
	    .help = "sign with RSASSA-PSS where the key is RSA" },
	{ .name = "field", .kind = MS_OPT_STR, .to = &field, .arg = "NAME",
	    .no_conf = true,
	    .help = "PDF: the signature field, an empty or a new one" },
	{ .name = "certify", .kind = MS_OPT_STR, .to = &certify,
	    .arg = "WHAT", .choices = "no-changes|form|annotate",
	    .no_conf = true, .help = "PDF: certify, and allow only that" },
	{ .name = "reason", .kind = MS_OPT_STR, .to = &reason, .arg = "TEXT",
	    .no_conf = true, .help = "PDF: why it is signed" },
	{ .name = "location", .kind = MS_OPT_STR, .to = &location,
	    .arg = "TEXT", .help = "PDF: where it is signed" },
	{ .name = "contact", .kind = MS_OPT_STR, .to = &contact,
	    .arg = "TEXT", .help = "PDF: how to reach the signer" },
	{ .name = "name", .kind = MS_OPT_STR, .to = &name, .arg = "TEXT",
	    .help = "PDF: the signer's name" },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	ms_cli_who_opts, ms_cli_tsa_opts, ms_cli_trust_opts, ms_cli_chain_opts,
	ms_cli_secret_opts, ms_cli_output_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-sign",
	.usage = "[-i ID] [--tsa URL]... [FILE]",
	.about = "Sign mail (S/MIME), PDF (PAdES) and files (CMS).",
	.opts = opts,
	.groups = groups
};

/* The signer for `from` (or anybody): its key may sign now. */
static const struct ms_ident *
choose(struct ms_cli *c, const struct ms_idents *l, const struct ms_addr *from)
{
	const struct ms_ident *id = ms_idents_signer(l, from, ms_common_at());
	const char *why = "";

	/* a key of another address: the library says what is wrong with it */
	if (id == NULL && from != NULL)
		id = ms_idents_signer(l, NULL, ms_common_at());
	if (id != NULL)
		return id;
	ms_cert_may_at(l->v[0].cert, MS_USE_SIGN, ms_common_at(), &why);
	ms_fail(&c->err, MS_NOINPUT, "'%s' cannot sign: %s", l->v[0].name,
	    why);
	return NULL;
}

/* --chain: certificates to send along. */
static int
add_chain(struct ms_cli *c, struct ms_ident *id)
{
	struct ms_bag bag;
	X509 *x;
	size_t i;
	int rc = 0;

	if (id->chain == NULL && (id->chain = sk_X509_new_null()) == NULL)
		return ms_fail_nomem(&c->err);
	for (i = 0; rc == 0 && i < ms_cli_chain.n; i++) {
		ms_bag_init(&bag);
		rc = ms_bag_read(&bag, ms_cli_chain.v[i], NULL, NULL, &c->err);
		while (rc == 0 && (x = sk_X509_shift(bag.certs)) != NULL) {
			if (sk_X509_push(id->chain, x) <= 0) {
				X509_free(x);
				rc = ms_fail_nomem(&c->err);
			}
		}
		ms_bag_clear(&bag);
	}
	return rc;
}

static enum ms_protect
protection(void)
{
	return ms_streq(protect, "clear") ? MS_PROTECT_CLEAR :
	    ms_streq(protect, "cipher") ? MS_PROTECT_CIPHER : MS_PROTECT_NO;
}

static int
docmdp(void)
{
	if (certify == NULL)
		return 0;
	return ms_streq(certify, "no-changes") ? 1 :
	    ms_streq(certify, "form") ? 2 : 3;
}

static int
sign_pdf(struct ms_cli *c, const struct ms_cms_signer *signer,
    struct ms_stamper *stamper)
{
	struct ms_pades_sign conf = {
		.signer = signer,
		.field = field,
		.certify = docmdp(),
		.reason = reason,
		.location = location,
		.contact = contact,
		.name = name,
		.now = time(NULL),
	};

	if (stamper != NULL) {
		conf.stamp = ms_stamper_stamp;
		conf.stamp_arg = stamper;
	}
	return pdf_sign(c, &conf);
}

static int
sign(struct ms_cli *c, const struct ms_ident *id, enum ms_kind kind)
{
	struct ms_cms_signer signer = { .id = id, .pss = pss };
	struct ms_smime_sign conf = {
		.signers = &signer,
		.nsigners = 1,
		.format = filter_format(format),
		.opaque = opaque,
		.detached = detached,
		.armor = ms_cli_io.armor,
		.allow_other_from = allow_other_from,
		.protect = protection(),
		.now = time(NULL),
	};
	struct ms_trust *trust = NULL;
	struct ms_stamper *stamper = NULL;
	int rc = -1;

	if (ms_common_trust(c, true, &trust) != 0 ||
	    ms_common_stamper(c, trust, &stamper) != 0)
		goto out;
	if (kind == MS_KIND_PDF) {
		rc = sign_pdf(c, &signer, stamper);
		goto out;
	}
	if (stamper != NULL) {
		conf.stamp = ms_stamper_stamp;
		conf.stamp_arg = stamper;
	}
	if (ms_cli_output(c, kind != MS_KIND_MAIL, false, &ms_cli_io) != 0 ||
	    ms_smime_sign(&conf, ms_cli_io.in, ms_out_sink(ms_cli_io.out),
	    &c->err) != 0)
		goto out;
	rc = ms_cli_publish(c, &ms_cli_io);
out:
	ms_stamper_free(stamper);
	ms_trust_free(trust);
	return rc;
}

/* Options that are for another kind of input say so. */
static int
check_usage(struct ms_cli *c, enum ms_kind kind)
{
	bool pdf = field != NULL || certify != NULL || reason != NULL;

	if (kind != MS_KIND_PDF && pdf)
		return ms_fail(&c->err, MS_USAGE, "--field, --certify and "
		    "--reason are for PDF, and this is not");
	if (kind == MS_KIND_PDF && (detached || opaque || ms_cli_io.armor)) {
		ms_fail(&c->err, MS_USAGE, "--detached, --opaque and --armor "
		    "are not for PDF");
		return ms_hint(&c->err, "--format cms takes it as a file");
	}
	return 0;
}

static int
run(struct ms_cli *c)
{
	struct ms_addrlist from = { NULL, 0, NULL, 0 };
	struct ms_idents l = { NULL, 0 };
	const struct ms_ident *id;
	const struct ms_addr *who = NULL;
	enum ms_kind kind;
	int rc = -1;

	if (filter_input(c, format, &kind) != 0 ||
	    check_usage(c, kind) != 0 ||
	    (kind == MS_KIND_MAIL && filter_from(c, &from) != 0))
		goto out;
	if (from.n == 1)
		who = &from.v[0];
	if (ms_common_idents(c, who != NULL ? who->spec : NULL, MS_USE_SIGN,
	    &l) != 0)
		goto out;
	id = choose(c, &l, who);
	if (id == NULL || add_chain(c, &l.v[id - l.v]) != 0)
		goto out;
	ms_cli_verbose(c, "signing with '%s'", id->name);
	rc = sign(c, id, kind);
out:
	ms_idents_clear(&l);
	ms_addrlist_clear(&from);
	return rc;
}

int
main(int argc, char **argv)
{
	return ms_cli_main(&prog, argc, argv, run);
}
