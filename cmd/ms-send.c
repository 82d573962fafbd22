/* SPDX-License-Identifier: Apache-2.0 */
/* ms-send: compose, sign, timestamp, encrypt for each recipient, deliver. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "send.h"

#define TRANSPORTS 16

static struct ms_strs transports;
static bool partial, dry_run, self = true;
static char *cipher, *smtp_ca;

static const struct ms_opt opts[] = {
	{ .name = "transport", .kind = MS_OPT_LIST, .to = &transports,
	    .arg = "URI", .help = "hand on there; tried in order" },
	{ .name = "smtp-ca", .kind = MS_OPT_STR, .to = &smtp_ca,
	    .arg = "FILE", .help = "whom a mail server's TLS is trusted by" },
	{ .name = "partial", .kind = MS_OPT_FLAG, .to = &partial,
	    .no_conf = true,
	    .help = "send to those who can be written to sealed" },
	{ .name = "dry-run", .kind = MS_OPT_FLAG, .to = &dry_run,
	    .no_conf = true, .help = "decide and report, send nothing" },
	{ .name = "self", .kind = MS_OPT_FLAG, .to = &self,
	    .help = "encrypt to the sender too (the default)" },
	{ .name = "cipher", .kind = MS_OPT_STR, .to = &cipher, .arg = "NAME",
	    .choices = "auto|aes-256-gcm|aes-128-gcm|aes-256-cbc|"
	    "aes-128-cbc", .help = "how the content is encrypted" },
	{ .name = "allow-empty", .kind = MS_OPT_FLAG,
	    .to = &ms_cli_io.allow_empty, .no_conf = true,
	    .help = "take an empty stdin" },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	send_own_opts, ms_common_source_opts, ms_cli_tsa_opts,
	ms_cli_who_opts, ms_cli_trust_opts, ms_cli_chain_opts,
	ms_cli_secret_opts, ms_cli_report_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-send",
	.usage = "[-s SUBJECT] [-a FILE]... [-t] [RCPT]...",
	.about = "Compose, sign, timestamp, encrypt and deliver a message.",
	.opts = opts,
	.groups = groups,
	.keep_short_h = true
};

/* All that is opened before anything is decided. */
struct means {
	struct ms_idents ids;
	struct ms_cms_signer signer;
	X509 **self;
	size_t nself;
	struct ms_trust *trust, *trust_tsa;
	struct ms_stamper *stamper;
	struct ms_lookup *lookup;
	struct ms_transport *transport[TRANSPORTS];
	size_t ntransport;
	struct ms_buf smtp_password;
};

static void
means_clear(struct means *x)
{
	size_t i;

	for (i = 0; i < x->ntransport; i++)
		ms_transport_free(x->transport[i]);
	ms_lookup_free(x->lookup);
	ms_stamper_free(x->stamper);
	ms_trust_free(x->trust);
	ms_trust_free(x->trust_tsa);
	for (i = 0; i < x->nself; i++)
		X509_free(x->self[i]);
	free(x->self);
	ms_idents_clear(&x->ids);
	ms_buf_clear(&x->smtp_password);
}

static int
add_self(struct ms_cli *c, struct means *x, X509 *cert)
{
	X509 **v = realloc(x->self, (x->nself + 1) * sizeof(*v));

	if (!v)
		return ms_fail_nomem(&c->err);
	x->self = v;
	X509_up_ref(cert);
	v[x->nself++] = cert;
	return 0;
}

/* The sender reads the copy too: certificates only, no key is needed. */
static int
find_self(struct ms_cli *c, struct means *x, const struct ms_addr *from)
{
	struct ms_idstore *s = NULL;
	struct ms_identries e = { NULL, 0 };
	time_t now = time(NULL);
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < x->ids.n; i++)
		if (ms_cert_may_at(x->ids.v[i].cert, MS_USE_ENCRYPT, now,
		    NULL))
			rc = add_self(c, x, x->ids.v[i].cert);
	if (rc != 0 || ms_common_idstore(c, &s) != 0)
		return -1;
	rc = ms_idstore_list(s, from, &e, &c->err);
	for (i = 0; rc == 0 && i < e.n; i++)
		if (ms_cert_may_at(e.v[i].cert, MS_USE_ENCRYPT, now, NULL))
			rc = add_self(c, x, e.v[i].cert);
	ms_identries_clear(&e);
	ms_idstore_free(s);
	return rc;
}

static int
find_signer(struct ms_cli *c, struct means *x, const struct ms_addr *from)
{
	const struct ms_ident *id;

	if (ms_common_idents(c, from->spec, MS_USE_SIGN, &x->ids) != 0)
		return -1;
	id = ms_idents_signer(&x->ids, from, time(NULL));
	if (!id) {
		ms_fail(&c->err, MS_NOINPUT, "no certificate in force to sign "
		    "as %s", from->spec);
		return ms_hint(&c->err, "ms-id list %s shows what is there",
		    from->spec);
	}
	x->signer.id = id;
	return 0;
}

/* USER@ in a URI needs a password; one that is in it already is refused when
 * it is opened. */
static bool
wants_password(const char *uri)
{
	const char *at = strrchr(uri, '@'), *p = strstr(uri, "://");

	return strncmp(uri, "smtp", 4) == 0 && p && at > p + 3 &&
	    !memchr(p + 3, ':', (size_t)(at - p - 3));
}

static int
open_transports(struct ms_cli *c, struct means *x)
{
	extern char **environ;
	struct ms_net_auth auth;
	size_t i;

	memset(&auth, 0, sizeof(auth));
	auth.ca_file = smtp_ca;
	if (transports.n == 0) {
		ms_fail(&c->err, MS_CONFIG, "nowhere to hand messages on to");
		return ms_hint(&c->err, "--transport smtp://HOST, sendmail: "
		    "or maildir:PATH, or 'transport = URI' in mailseal.conf");
	}
	if (transports.n > TRANSPORTS)
		return ms_fail(&c->err, MS_USAGE, "more than %d transports",
		    TRANSPORTS);
	for (i = 0; i < transports.n; i++) {
		const char *uri = transports.v[i];

		if (wants_password(uri) && x->smtp_password.n == 0 &&
		    ms_cli_passphrase(c, "smtp", uri, false,
		    &x->smtp_password, &c->err) != 0)
			return -1;
		if (x->smtp_password.n > 0)
			auth.password = ms_buf_str(&x->smtp_password);
		if (ms_transport_open(uri, &auth, environ,
		    &x->transport[i], &c->err) != 0)
			return -1;
		x->ntransport++;
	}
	return 0;
}

static int
open_means(struct ms_cli *c, struct means *x, const struct ms_addr *from)
{
	if (find_signer(c, x, from) != 0 ||
	    (self && find_self(c, x, from) != 0) ||
	    ms_common_trust(c, false, &x->trust) != 0 ||
	    ms_common_trust(c, true, &x->trust_tsa) != 0 ||
	    ms_common_stamper(c, x->trust_tsa, &x->stamper) != 0 ||
	    ms_common_lookup(c, x->trust, &x->lookup) != 0)
		return -1;
	return dry_run && transports.n == 0 ? 0 : open_transports(c, x);
}

static int
report_line(struct ms_cli *c, struct ms_sink *k,
    const struct ms_dispatch_rcpt *r)
{
	struct ms_buf line = MS_BUF_INIT(16 * 1024);
	struct ms_json *j = NULL;
	int rc = -1;

	if (c->json) {
		j = ms_json_object(&c->err);
		if (j && ms_json_int(j, "version", 1, &c->err) == 0 &&
		    ms_json_str(j, "type", "delivery", &c->err) == 0 &&
		    ms_json_str(j, "address", r->addr.spec, &c->err) == 0 &&
		    ms_json_str(j, "state", ms_state_str(r->state),
		    &c->err) == 0 &&
		    ms_json_str(j, "reason", *r->reason ? r->reason : NULL,
		    &c->err) == 0)
			rc = ms_json_print(j, k, &c->err);
		ms_json_free(j);
	} else if (ms_common_column(&line, r->addr.spec, &c->err) == 0 &&
	    ms_common_column(&line, ms_state_str(r->state), &c->err) == 0 &&
	    ms_common_column(&line, r->reason, &c->err) == 0 &&
	    ms_buf_addc(&line, '\n', &c->err) == 0) {
		rc = ms_sink_write(k, line.p, line.n, &c->err);
	}
	ms_buf_clear(&line);
	return rc;
}

static void
complain(struct ms_cli *c, const struct ms_dispatch_rcpt *r)
{
	struct ms_err e = MS_ERR_INIT;

	ms_fail(&e, MS_NO, "%s: %s: %s", r->addr.spec, ms_state_str(r->state),
	    r->reason);
	ms_cli_error(c, &e);
}

/* Silence when all is well, unless a report was asked for. */
static int
report(struct ms_cli *c, const struct send_msg *m)
{
	struct ms_sink *k = NULL;
	size_t i;
	int rc = 0;

	for (i = 0; i < m->n; i++)
		if (m->rcpts[i].state != MS_STATE_SEALED &&
		    m->rcpts[i].state != MS_STATE_READY)
			complain(c, &m->rcpts[i]);
	if (!dry_run && !ms_cli_report_wanted(c))
		return 0;
	if (ms_cli_report(c, 1, &k, &c->err) != 0)
		return -1;
	for (i = 0; rc == 0 && i < m->n; i++)
		rc = report_line(c, k, &m->rcpts[i]);
	return ms_cli_report_end(c, k, &c->err) == 0 ? rc : -1;
}

static int
send_it(struct ms_cli *c, struct send_msg *m, struct means *x)
{
	struct ms_dispatch d = { .signers = &x->signer, .nsigners = 1,
		.self = x->self, .nself = x->nself, .lookup = x->lookup,
		.cipher = cipher ? ms_cipher_find(cipher) : MS_CIPHER_AUTO,
		.transports = x->transport, .ntransports = x->ntransport,
		.partial = partial, .dry_run = dry_run, .now = time(NULL),
		.tmpdir = c->tmpdir };
	const char *from = send_opts.envelope_from ?
	    send_opts.envelope_from : m->from.spec;
	struct ms_err e = MS_ERR_INIT;
	int rc;

	if (x->stamper) {
		d.stamp = ms_stamper_stamp;
		d.stamp_arg = x->stamper;
	}
	rc = ms_dispatch(&d, m->spool, from, m->rcpts, m->n, &e);
	if (report(c, m) == 0 && rc != 0)
		c->err = e;
	return rc;
}

/* A null sender stays one; any other must be one address. */
static int
check_envelope(struct ms_cli *c)
{
	struct ms_addrlist l = { NULL, 0, NULL, 0 };
	char *spec = NULL;

	if (!send_opts.envelope_from || !*send_opts.envelope_from)
		return 0;
	if (send_addrs(c, send_opts.envelope_from, &l) != 0)
		return ms_err_context(&c->err, "envelope sender");
	if (l.n != 1)
		ms_fail(&c->err, MS_USAGE, "-f takes one address");
	else if (!(spec = strdup(l.v[0].spec)))
		ms_fail_nomem(&c->err);
	ms_addrlist_clear(&l);
	free(send_opts.envelope_from);
	send_opts.envelope_from = spec;
	return spec ? 0 : -1;
}

static int
run(struct ms_cli *c, struct send_msg *m, struct means *x)
{
	if (send_refused_mode(c) != 0 || check_envelope(c) != 0 ||
	    (send_composes() ? send_compose(c, m) : send_take(c, m)) != 0 ||
	    send_settle(c, m) != 0)
		return -1;
	if (m->n == 0) {
		ms_fail(&c->err, MS_USAGE, "no recipients");
		return ms_hint(&c->err, "name them, or take those of the "
		    "message with -t");
	}
	return open_means(c, x, &m->from) == 0 ? send_it(c, m, x) : -1;
}

int
main(int argc, char **argv)
{
	struct ms_cli c;
	struct send_msg m;
	struct means x;
	const char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;
	int rc = ms_cli_begin(&c, &prog, argc, argv);

	if (rc >= 0)
		return rc;
	memset(&m, 0, sizeof(m));
	memset(&x, 0, sizeof(x));
	ms_buf_init_secret(&x.smtp_password, MS_PASSPHRASE_MAX + 1);
	name = name ? name + 1 : argc > 0 ? argv[0] : "";
	if (ms_streq(name, "mailq") || ms_streq(name, "newaliases")) {
		ms_fail(&c.err, MS_USAGE, "%s is not ours to do", name);
		ms_hint(&c.err, "ms-send keeps no queue");
	} else {
		run(&c, &m, &x);
	}
	means_clear(&x);
	send_msg_clear(&m);
	ms_cli_io_clear(&ms_cli_io);
	return ms_cli_end(&c, 0);
}
