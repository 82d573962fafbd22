/* SPDX-License-Identifier: Apache-2.0 */
/* ms-lookup: e-mail address to certificate. */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "look.h"

#define LINE_BYTES 4096		/* of one line of input */
#define PEM_BYTES ((size_t)256 * 1024)
#define PROGRESS 1024		/* addresses between two words about it */

static bool check, all, why;
static char *purpose, *cert_format, *emails;
static uint64_t expiring;

static const struct ms_opt opts[] = {
	{ .name = "check", .kind = MS_OPT_FLAG, .to = &check, .no_conf = true,
	    .help = "print YES, NO or UNKNOWN for each address" },
	{ .name = "all", .kind = MS_OPT_FLAG, .to = &all,
	    .help = "ask all sources, print all certificates" },
	{ .name = "for", .kind = MS_OPT_STR, .to = &purpose, .arg = "USE",
	    .choices = "encrypt|sign",
	    .help = "certificates to encrypt to (default), or of signers" },
	{ .name = "cert-format", .kind = MS_OPT_STR, .to = &cert_format,
	    .arg = "FORM", .choices = "pem|der",
	    .help = "PEM (default), or DER of one certificate" },
	{ .name = "why", .kind = MS_OPT_FLAG, .to = &why, .no_conf = true,
	    .help = "as --check, and why each certificate is used or not" },
	{ .name = "expiring", .kind = MS_OPT_DURATION, .to = &expiring,
	    .arg = "TIME", .no_conf = true, .min = 1,
	    .help = "print the addresses without a certificate by then" },
	{ .name = "emails", .kind = MS_OPT_STR, .to = &emails, .arg = "FILE",
	    .no_conf = true,
	    .help = "print the addresses in a certificate's file" },
	{ .name = "output", .letter = 'o', .kind = MS_OPT_STR,
	    .to = &ms_cli_io.output, .arg = "FILE", .no_conf = true,
	    .help = "write certificates there instead of stdout" },
	{ .name = "allow-empty", .kind = MS_OPT_FLAG,
	    .to = &ms_cli_io.allow_empty, .no_conf = true,
	    .help = "take an empty input for what it is" },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	ms_common_source_opts, ms_cli_trust_opts, ms_cli_chain_opts,
	ms_cli_report_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-lookup",
	.usage = "[--check | --why | --expiring TIME] [--source URI]... "
	    "[ADDRESS...]",
	.about = "Find the certificates of e-mail addresses.",
	.opts = opts,
	.groups = groups
};

struct job {
	struct ms_cli *c;
	struct ms_lookup *l;
	enum ms_usage use;
	time_t until;		/* --expiring */
	bool report;		/* lines or objects, not certificates */
	bool many;		/* certificates say whose they are */
	struct ms_sink *k;
	uint64_t done;
	int rc;			/* 0, MS_NO or MS_TEMPFAIL */
};

/* ---- one address ---- */

static int
put_certs(struct job *j, const char *addr, const struct ms_found *f)
{
	struct ms_buf b = MS_BUF_INIT(PEM_BYTES);
	size_t i, n = all ? f->n : 1;
	bool der = ms_streq(cert_format, "der");
	struct ms_err *err = &j->c->err;
	int rc = 0;

	if (j->many && (ms_buf_adds(&b, "# ", err) != 0 ||
	    ms_escape(&b, addr, strlen(addr), err) != 0 ||
	    ms_buf_addc(&b, '\n', err) != 0))
		rc = -1;
	for (i = 0; rc == 0 && i < n; i++) {
		rc = der ? ms_cert_der(f->certs[i], &b, err) :
		    ms_cert_pem(f->certs[i], &b, err);
		if (rc == 0)
			rc = ms_sink_write(j->k, b.p, b.n, err);
		ms_buf_reset(&b);
	}
	ms_buf_clear(&b);
	return rc;
}

/* No certificate: said on stderr, the next address is looked up. */
static void
say_none(struct job *j, const char *addr, const struct ms_found *f)
{
	struct ms_err e = MS_ERR_INIT;
	bool no = f->answer == MS_ANSWER_NO;

	ms_fail(&e, no ? MS_NO : MS_TEMPFAIL, "%s: %s%s", addr,
	    no ? "" : "could not be looked up: ", f->reason);
	if (f->nrefused > 0)
		ms_hint(&e, "ms-lookup --why %s", addr);
	ms_cli_error(j->c, &e);
}

static int
put(struct job *j, const char *addr, const struct ms_found *f)
{
	if (!j->report && f->answer == MS_ANSWER_YES)
		return put_certs(j, addr, f);
	if (!j->report) {
		say_none(j, addr, f);
		return 0;
	}
	if (expiring && !check && !why && f->answer == MS_ANSWER_YES)
		return 0;
	if (j->c->json)
		return look_object(j->c, addr, f, j->k);
	if (look_line(j->c, addr, f, j->k) != 0)
		return -1;
	return why ? look_why(j->c, addr, f, j->k) : 0;
}

/* What is no address has no certificate: NO, and the others are answered. */
static int
not_an_address(struct ms_found *f, const struct ms_err *e, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(2048);
	int rc;

	f->answer = MS_ANSWER_NO;
	rc = ms_buf_addf(&b, err, "not an e-mail address: %s", e->text);
	if (rc == 0 && !(f->reason = ms_buf_steal(&b, NULL)))
		rc = ms_fail_nomem(err);
	ms_buf_clear(&b);
	return rc;
}

static int
look_up(struct job *j, const char *text, size_t n)
{
	struct ms_err *err = &j->c->err, e = MS_ERR_INIT;
	struct ms_found f;
	struct ms_addr a;
	int rc;

	memset(&f, 0, sizeof(f));
	if (ms_addr_parse(text, n, &a, &e) == 0) {
		rc = ms_lookup_find(j->l, &a, j->use, all, &f, err);
		if (rc == 0 && j->until)
			rc = look_expiring(j->c, &f, j->until);
		ms_addr_clear(&a);
	} else if (e.class == MS_DATA) {
		rc = not_an_address(&f, &e, err);
	} else {
		rc = ms_fail(err, e.class, "%s", e.text);
	}
	if (rc == 0)
		rc = put(j, text, &f);
	if (f.answer == MS_ANSWER_UNKNOWN)
		j->rc = MS_TEMPFAIL;
	else if (f.answer == MS_ANSWER_NO && j->rc == 0)
		j->rc = MS_NO;
	ms_found_clear(&f);
	if (++j->done % PROGRESS == 0)
		ms_cli_progress(j->c, "addresses", j->done, 0);
	return rc;
}

/* ---- many ---- */

/* A line without its end; what is longer than an address can be is cut. */
static int
one_line(struct job *j, struct ms_buf *line)
{
	const char *s;
	int rc;

	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	s = ms_buf_str(line);
	if (!s)
		return ms_fail_nomem(&j->c->err);
	rc = look_up(j, s, line->n);
	ms_buf_reset(line);
	return rc;
}

static int
gather(struct ms_buf *line, const unsigned char *p, size_t n,
    struct ms_err *err)
{
	size_t room = LINE_BYTES - line->n;

	return ms_buf_add(line, p, n < room ? n : room, err);
}

/* Nothing is ready: who waits for answers gets them before we wait. */
static int
before_waiting(struct job *j)
{
	ms_lookup_rest(j->l);
	return j->report ? ms_cli_report_flush(j->c, j->k, &j->c->err) : 0;
}

static int
from_stdin(struct job *j)
{
	struct ms_buf line = MS_BUF_INIT(LINE_BYTES);
	const unsigned char *nl;
	struct ms_src *src;
	bool part = false;
	int rc = -1;
	size_t n;

	if (ms_cli_input(j->c, NULL, MS_SPOOL_ONCE, &ms_cli_io) != 0 ||
	    !(src = ms_spool_read(ms_cli_io.in, &j->c->err)))
		goto out;
	for (;;) {
		if (src->n == 0 && (rc = before_waiting(j)) != 0)
			goto out;
		if ((rc = ms_src_fill(src, &j->c->err)) != 1)
			break;
		nl = memchr(src->p, '\n', src->n);
		n = nl ? (size_t)(nl - src->p) : src->n;
		rc = gather(&line, src->p, n, &j->c->err);
		ms_src_take(src, n + (nl != NULL));
		part = !nl;
		if (rc == 0 && nl)
			rc = one_line(j, &line);
		if (rc != 0)
			goto out;
	}
	if (rc == 0 && part)
		rc = one_line(j, &line);
out:
	ms_buf_clear(&line);
	return rc;
}

static int
look_up_all(struct job *j)
{
	size_t i;
	int rc;

	if (j->c->args.n == 0)
		return from_stdin(j);
	for (i = 0; i < j->c->args.n; i++) {
		rc = look_up(j, j->c->args.v[i], strlen(j->c->args.v[i]));
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* ---- the whole ---- */

static int
check_usage(struct ms_cli *c, const struct job *j)
{
	if (emails && (c->args.n > 0 || j->report))
		return ms_fail(&c->err, MS_USAGE,
		    "--emails goes with nothing else");
	if (j->report && ms_cli_io.output) {
		ms_fail(&c->err, MS_USAGE, "--output is for certificates");
		return ms_hint(&c->err, "--report FILE takes the answers");
	}
	if (ms_streq(cert_format, "der") && !j->report &&
	    (all || c->args.n != 1))
		return ms_fail(&c->err, MS_USAGE, "--cert-format der is for "
		    "one ADDRESS, without --all");
	return 0;
}

static int
run_report(struct job *j)
{
	int rc = ms_cli_report(j->c, 1, &j->k, &j->c->err);

	if (rc != 0)
		return -1;
	rc = emails ? look_emails(j->c, emails, j->k) : look_up_all(j);
	if (ms_cli_report_end(j->c, j->k, &j->c->err) != 0)
		rc = -1;
	return rc;
}

static int
run_certs(struct job *j)
{
	if (ms_cli_output(j->c, ms_streq(cert_format, "der"), false,
	    &ms_cli_io) != 0)
		return -1;
	j->k = ms_out_sink(ms_cli_io.out);
	if (look_up_all(j) != 0)
		return -1;
	return ms_cli_publish(j->c, &ms_cli_io);
}

static int
run(struct ms_cli *c)
{
	struct job j = { .c = c, .use = MS_USE_ENCRYPT,
		.report = check || why || expiring || c->json,
		.many = c->args.n != 1 };
	struct ms_trust *trust = NULL;
	int rc;

	if (check_usage(c, &j) != 0)
		return -1;
	if (emails)
		return run_report(&j);
	if (ms_streq(purpose, "sign"))
		j.use = MS_USE_SIGN;
	if (expiring)
		j.until = ms_common_at() + (time_t)expiring;
	rc = ms_common_trust(c, false, &trust);
	if (rc == 0)
		rc = ms_common_lookup(c, trust, &j.l);
	if (rc == 0)
		rc = j.report ? run_report(&j) : run_certs(&j);
	ms_lookup_free(j.l);
	ms_trust_free(trust);
	return rc == 0 ? j.rc : rc;
}

int
main(int argc, char **argv)
{
	return ms_cli_main(&prog, argc, argv, run);
}
