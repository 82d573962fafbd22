/* SPDX-License-Identifier: Apache-2.0 */
/* ms-ca: a certification authority for one's own house. */
#include <string.h>
#include <time.h>

#include "ca-common.h"

struct ca_opts ca_opts;

static const struct ms_opt opts[] = {
	{ .name = "ca-dir", .kind = MS_OPT_STR, .to = &ca_opts.dir,
	    .arg = "DIR", .help = "where the authority is" },
	{ .name = "subject", .kind = MS_OPT_STR, .to = &ca_opts.subject,
	    .arg = "NAME", .help = "common name", .no_conf = true },
	{ .name = "organization", .kind = MS_OPT_STR,
	    .to = &ca_opts.organization, .arg = "NAME",
	    .help = "organization in the name", .no_conf = true },
	{ .name = "usage", .kind = MS_OPT_STR, .to = &ca_opts.usage,
	    .arg = "LIST", .help = "sign, encrypt, tsa, ocsp, server, device, "
	    "officer", .no_conf = true },
	{ .name = "dns", .kind = MS_OPT_LIST, .to = &ca_opts.dns,
	    .arg = "HOST", .help = "host name or IP address",
	    .no_conf = true },
	{ .name = "days", .kind = MS_OPT_UINT, .to = &ca_opts.days,
	    .arg = "N", .help = "how long it is valid", .min = 1,
	    .max = 36500 },
	{ .name = "key-type", .kind = MS_OPT_STR, .to = &ca_opts.key_type,
	    .arg = "TYPE", .help = "type of a new key", .no_conf = true,
	    .choices = "rsa2048|rsa3072|rsa4096|p256|p384|p521" },
	{ .name = "p12", .kind = MS_OPT_STR, .to = &ca_opts.p12,
	    .arg = "FILE", .help = "issue: make keys, write PKCS#12",
	    .no_conf = true },
	{ .name = "pem", .kind = MS_OPT_STR, .to = &ca_opts.pem,
	    .arg = "FILE", .help = "issue: make keys, write PEM",
	    .no_conf = true },
	{ .name = "no-passphrase", .kind = MS_OPT_FLAG,
	    .to = &ca_opts.no_passphrase,
	    .help = "encrypt new keys (the default) or not", .no_conf = true },
	{ .name = "crl-url", .kind = MS_OPT_STR, .to = &ca_opts.crl_url,
	    .arg = "URL", .help = "init: where the list will be found",
	    .no_conf = true },
	{ .name = "reason", .kind = MS_OPT_STR, .to = &ca_opts.reason,
	    .arg = "WORD", .help = "revoke: why", .no_conf = true,
	    .choices = "unspecified|key-compromise|affiliation-changed|"
	    "superseded|cessation-of-operation|privilege-withdrawn" },
	{ .name = "dir", .kind = MS_OPT_STR, .to = &ca_opts.to_dir,
	    .arg = "DIR", .help = "publish: into this directory",
	    .no_conf = true },
	{ .name = "db", .kind = MS_OPT_STR, .to = &ca_opts.to_db,
	    .arg = "URI", .help = "publish: into this certificate database",
	    .no_conf = true },
	MS_OPT_END
};

static const struct ms_opt *const groups[] = { ms_cli_output_opts,
	ms_cli_secret_opts, ms_cli_report_opts, NULL };

static const struct ms_prog prog = {
	.name = "ms-ca",
	.usage = "init | issue [ADDRESS...] | renew WHICH | revoke WHICH... | "
	    "crl | list [WHICH...] | publish",
	.about = "Issue and revoke certificates in one's own house.",
	.opts = opts, .groups = groups,
	.verbs = "init|issue|renew|revoke|crl|list|publish"
};

/* ---- init, crl ---- */

static int
init(struct ms_cli *c)
{
	time_t now = time(NULL);
	struct ms_ca_new what = { .subject = ca_opts.subject,
		.organization = ca_opts.organization,
		.key_type = ca_opts.key_type ? ca_opts.key_type : "p384",
		.crl_url = ca_opts.crl_url,
		.not_before = now - CA_BACKDATE,
		.not_after = now + ca_days(3650) };
	struct ms_buf pass = MS_BUF_SECRET(MS_PASSPHRASE_MAX);
	int rc = 0;

	if (!what.subject) {
		ms_fail(&c->err, MS_USAGE, "the authority needs a name");
		return ms_hint(&c->err, "--subject 'NAME of the CA'");
	}
	if (!ca_opts.no_passphrase)
		rc = ms_cli_passphrase(c, "key", ca_opts.dir, true, &pass,
		    &c->err);
	if (rc == 0)
		rc = ms_ca_init(ca_opts.dir, &what,
		    ca_opts.no_passphrase ? NULL : &pass, &c->err);
	ms_buf_clear(&pass);
	if (rc == 0)
		ms_cli_verbose(c, "trust '%s/ca.pem' to trust what it issues",
		    ca_opts.dir);
	return rc;
}

static int
crl_bytes(X509_CRL *crl, bool armor, struct ms_buf *to, struct ms_err *err)
{
	unsigned char *der = NULL;
	int n = i2d_X509_CRL(crl, &der), rc;
	struct ms_span s = { der, n > 0 ? (size_t)n : 0 };

	if (n <= 0)
		return ms_fail_ssl(err, MS_BUG, "cannot encode the list");
	rc = armor ? ms_pem_write(to, "X509 CRL", s, err) :
	    ms_buf_add(to, s.p, s.n, err);
	OPENSSL_free(der);
	return rc;
}

static int
crl(struct ms_cli *c)
{
	struct ms_buf bytes = MS_BUF_INIT(CA_LIST_MAX);
	time_t now = time(NULL);
	struct ms_ca *ca = NULL;
	X509_CRL *list = NULL;
	int rc = -1;

	if (ms_ca_open(ca_opts.dir, ms_common_pass, c, &ca, &c->err) == 0 &&
	    ms_ca_begin(ca, &c->err) == 0 &&
	    ms_ca_crl(ca, now, now + ca_days(7), &list, &c->err) == 0 &&
	    crl_bytes(list, ms_cli_io.armor, &bytes, &c->err) == 0)
		rc = ca_deliver(c, ca, &ms_cli_io, false, &bytes);
	X509_CRL_free(list);
	ms_ca_close(ca);
	ms_buf_clear(&bytes);
	return rc;
}

/* ---- revoke, list ---- */

static int
revoke_rows(struct ms_cli *c, struct ms_ca *ca, const struct ms_ca_rows *l,
    int reason)
{
	char *serial;
	int r = 0;
	size_t i;

	for (i = 0; r >= 0 && i < l->n; i++) {
		serial = ms_cert_serial(l->v[i].cert);
		r = ms_ca_revoke(ca, l->v[i].cert, reason, time(NULL),
		    &c->err);
		if (r > 0)
			ms_cli_say(c, "%s was revoked before",
			    serial ? serial : "?");
		else if (r == 0)
			ms_cli_verbose(c, "%s revoked", serial ? serial : "?");
		free(serial);
	}
	return r < 0 ? -1 : 0;
}

static int
revoke(struct ms_cli *c)
{
	int reason = ms_ca_reason(ca_opts.reason ? ca_opts.reason :
	    "unspecified");
	struct ms_ca_rows l = { NULL, 0 };
	struct ms_ca *ca = NULL;
	int rc = -1;
	size_t i;

	if (c->args.n < 2)
		return ms_fail(&c->err, MS_USAGE, "revoke which? SERIAL, "
		    "ADDRESS or FILE of a certificate");
	if (ms_ca_open(ca_opts.dir, NULL, NULL, &ca, &c->err) == 0)
		rc = ms_ca_begin(ca, &c->err);
	for (i = 1; rc == 0 && i < c->args.n; i++) {
		rc = ca_which(c, ca, c->args.v[i], &l);
		if (rc == 0)
			rc = revoke_rows(c, ca, &l, reason);
		ms_ca_rows_clear(&l);
	}
	if (rc == 0)
		rc = ms_ca_commit(ca, &c->err);
	ms_ca_close(ca);
	if (rc == 0)
		ms_cli_verbose(c, "ms-ca crl makes the list that tells others");
	return rc;
}

static int
list(struct ms_cli *c)
{
	struct ms_ca_rows l = { NULL, 0 };
	struct ms_sink *out = NULL;
	struct ms_ca *ca = NULL;
	int rc = -1;
	size_t i, j;

	if (ms_ca_open(ca_opts.dir, NULL, NULL, &ca, &c->err) == 0)
		rc = ms_cli_report(c, 1, &out, &c->err);
	for (i = c->args.n > 1; rc == 0 && i < c->args.n; i++) {
		rc = ca_which(c, ca, i ? c->args.v[i] : NULL, &l);
		for (j = 0; rc == 0 && j < l.n; j++)
			rc = ca_print(c, &l.v[j], out);
		ms_ca_rows_clear(&l);
		if (i == 0)
			break;	/* no operand: all */
	}
	if (out && ms_cli_report_end(c, out, &c->err) < 0)
		rc = -1;
	ms_ca_close(ca);
	return rc;
}

static const struct {
	const char *name;
	int (*run)(struct ms_cli *c);
	bool operands;
} verbs[] = {
	{ "init", init, false }, { "issue", ca_issue, true },
	{ "renew", ca_renew, true }, { "revoke", revoke, true },
	{ "crl", crl, false }, { "list", list, true },
	{ "publish", ca_publish, false },
};

static int
run(struct ms_cli *c)
{
	const char *verb = c->args.v[0];
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!ms_streq(verbs[i].name, verb))
			continue;
		if (c->args.n > 1 && !verbs[i].operands)
			return ms_fail(&c->err, MS_USAGE, "%s takes no "
			    "operand, but there is '%s'", verb, c->args.v[1]);
		return verbs[i].run(c);
	}
	return ms_fail(&c->err, MS_BUG, "verb '%s' not known", verb);
}

int
main(int argc, char **argv)
{
	struct ms_cli c;
	int rc = ms_cli_begin(&c, &prog, argc, argv);
	char *dir = NULL;

	if (rc >= 0)
		return rc;
	rc = 0;
	if (!ca_opts.dir)
		rc = ca_default_dir(&c, &dir);
	if (rc == 0)
		rc = run(&c);
	rc = ms_cli_end(&c, rc < 0 ? MS_BUG : 0);
	free(dir);
	return rc;
}
