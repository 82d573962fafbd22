/* SPDX-License-Identifier: Apache-2.0 */
/* ms-ca issue and renew. */
#include <string.h>

#include "ca-common.h"

#define USAGES 7		/* of them in one --usage */

/* One run of ms-ca issue. */
struct job {
	struct ms_cli *c;
	struct ms_ca *ca;
	enum ms_profile usage[USAGES];
	size_t n;
	struct ms_addr *addrs;
	size_t naddrs;
	EVP_PKEY *csr;		/* its key, or NULL: new keys */
	struct ms_idents made;	/* new keys and their certificates */
	struct ms_buf export;	/* passphrase of the file of new keys */
	struct ms_buf out;	/* what is delivered */
};

static int
add_usage(struct job *j, const char *word, size_t n)
{
	struct ms_span s = { (const unsigned char *)word, n };
	char *name = ms_span_dup(s);
	int p = name ? ms_ca_profile(name) : -1;
	size_t i;

	if (p < 0)
		ms_fail(&j->c->err, MS_USAGE, "no usage '%s'",
		    name ? name : word);
	for (i = 0; p >= 0 && i < j->n; i++) {
		if (j->usage[i] == (enum ms_profile)p) {
			ms_fail(&j->c->err, MS_USAGE, "usage %s named twice",
			    name);
			p = -1;
		}
	}
	free(name);
	if (p < 0)
		return -1;
	j->usage[j->n++] = (enum ms_profile)p;
	return 0;
}

/* --usage: with new keys sign and encrypt, a key each, by default. */
static int
read_usages(struct job *j)
{
	const char *s = ca_opts.usage, *end;
	bool new_key = ca_opts.p12 || ca_opts.pem;

	if (!s && !new_key) {
		ms_fail(&j->c->err, MS_USAGE, "what is the certificate for?");
		return ms_hint(&j->c->err,
		    "--usage sign, --usage encrypt, ...");
	}
	if (!s)
		s = "sign,encrypt";
	for (;; s = end + 1) {
		end = s + strcspn(s, ",");
		if (add_usage(j, s, (size_t)(end - s)) < 0)
			return -1;
		if (!*end)
			break;
	}
	if (!new_key && j->n > 1) {
		ms_fail(&j->c->err, MS_USAGE, "a request has one key, and a "
		    "key has one usage");
		return ms_hint(&j->c->err, "--p12 FILE makes a key for each");
	}
	return 0;
}

static int
read_addrs(struct job *j)
{
	const struct ms_strs *a = &j->c->args;
	size_t i;

	j->addrs = calloc(a->n, sizeof(*j->addrs));
	if (!j->addrs)
		return ms_fail_nomem(&j->c->err);
	for (i = 1; i < a->n; i++) {
		if (ms_addr_parse(a->v[i], strlen(a->v[i]),
		    &j->addrs[j->naddrs], &j->c->err) < 0)
			return ms_err_context(&j->c->err, "'%s'", a->v[i]);
		j->naddrs++;
	}
	return 0;
}

static int
read_csr(struct job *j)
{
	struct ms_buf b = MS_BUF_INIT(64 * 1024);
	X509_REQ *req = NULL;
	struct ms_src *s;
	int rc = -1;

	if (ms_cli_input(j->c, NULL, 0, &ms_cli_io) == 0 &&
	    (s = ms_spool_read(ms_cli_io.in, &j->c->err)) &&
	    ms_src_slurp(s, &b, &j->c->err) == 0)
		rc = ms_csr_parse(ms_buf_span(&b), &j->csr, &req,
		    &j->c->err);
	X509_REQ_free(req);
	ms_buf_clear(&b);
	return rc;
}

static unsigned
usual_days(enum ms_profile p)
{
	switch (p) {
	case MS_PROFILE_TSA:
		return 1825;
	case MS_PROFILE_SERVER:
		return 397;
	default:
		return 730;
	}
}

static int
issue_one(struct job *j, enum ms_profile usage, EVP_PKEY *pub, X509 **ret)
{
	time_t now = time(NULL);
	struct ms_ca_request rq = { .profile = usage,
		.subject = ca_opts.subject,
		.organization = ca_opts.organization,
		.addrs = j->addrs, .naddrs = j->naddrs,
		.dns = (const char *const *)ca_opts.dns.v,
		.ndns = ca_opts.dns.n, .not_before = now - CA_BACKDATE,
		.not_after = now + ca_days(usual_days(usage)) };

	return ms_ca_issue(j->ca, &rq, pub, ret, &j->c->err);
}

static const char *
key_type(enum ms_profile usage)
{
	if (ca_opts.key_type)
		return ca_opts.key_type;
	/* what all mail readers know */
	return usage == MS_PROFILE_SIGN || usage == MS_PROFILE_ENCRYPT ?
	    "rsa3072" : "p256";
}

/* Keys are made before the register is locked. */
static int
make_keys(struct job *j)
{
	size_t i;

	j->made.v = calloc(j->n, sizeof(*j->made.v));
	if (!j->made.v)
		return ms_fail_nomem(&j->c->err);
	for (i = 0; i < j->n; i++) {
		j->made.v[i].key = ms_key_generate(key_type(j->usage[i]),
		    &j->c->err);
		if (!j->made.v[i].key)
			return -1;
		j->made.n++;
	}
	return 0;
}

static int
write_pem(struct job *j)
{
	const struct ms_buf *pass = ca_opts.no_passphrase ? NULL : &j->export;
	size_t i;

	for (i = 0; i < j->made.n; i++)
		if (ms_cert_pem(j->made.v[i].cert, &j->out,
		    &j->c->err) < 0 ||
		    ms_key_write_pem(j->made.v[i].key, pass, &j->out,
		    &j->c->err) < 0)
			return -1;
	return ms_cert_pem(ms_ca_cert(j->ca), &j->out, &j->c->err);
}

static int
write_p12(struct job *j)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	int rc = -1;

	if (!chain || sk_X509_push(chain, ms_ca_cert(j->ca)) <= 0 ||
	    X509_up_ref(ms_ca_cert(j->ca)) != 1) {
		sk_X509_free(chain);
		return ms_fail_nomem(&j->c->err);
	}
	j->made.v[0].chain = chain;	/* freed with it */
	rc = ms_idents_write_p12(&j->made, &j->export,
	    j->naddrs ? j->addrs[0].spec : ca_opts.subject, &j->out,
	    &j->c->err);
	return rc;
}

static int
issue_new(struct job *j)
{
	struct ms_cli_io io = ms_cli_io;
	int rc = 0;
	size_t i;

	for (i = 0; rc == 0 && i < j->made.n; i++)
		rc = issue_one(j, j->usage[i], ms_key_pub(j->made.v[i].key),
		    &j->made.v[i].cert);
	if (rc == 0)
		rc = ca_opts.p12 ? write_p12(j) : write_pem(j);
	io.output = ca_opts.p12 ? ca_opts.p12 : ca_opts.pem;
	return rc < 0 ? -1 : ca_deliver(j->c, j->ca, &io, true, &j->out);
}

static int
issue_csr(struct job *j)
{
	X509 *x = NULL;
	int rc = -1;

	if (issue_one(j, j->usage[0], j->csr, &x) == 0 &&
	    ms_cert_pem(x, &j->out, &j->c->err) == 0)
		rc = ca_deliver(j->c, j->ca, &ms_cli_io, false, &j->out);
	X509_free(x);
	return rc;
}

/* Everything that can be asked or read or made is, before the register is. */
static int
prepare(struct job *j)
{
	const char *file = ca_opts.p12 ? ca_opts.p12 : ca_opts.pem;
	struct ms_err *err = &j->c->err;

	if ((ca_opts.p12 && ca_opts.pem) || (file && ms_cli_io.output))
		return ms_fail(err, MS_USAGE,
		    "one of --p12, --pem and --output");
	if (read_usages(j) < 0 || read_addrs(j) < 0)
		return -1;
	if (!file)
		return read_csr(j);
	if (!ca_opts.no_passphrase && ms_cli_passphrase(j->c, "export", file,
	    true, &j->export, err) < 0)
		return -1;
	return make_keys(j);
}

int
ca_issue(struct ms_cli *c)
{
	struct job j = { .c = c, .export = MS_BUF_SECRET(MS_PASSPHRASE_MAX),
		.out = MS_BUF_SECRET(MS_BAG_FILE) };
	int rc = -1;

	if (prepare(&j) == 0 && ms_ca_open(ca_opts.dir, ms_common_pass, c,
	    &j.ca, &c->err) == 0 && ms_ca_begin(j.ca, &c->err) == 0)
		rc = j.csr ? issue_csr(&j) : issue_new(&j);
	while (j.naddrs)
		ms_addr_clear(&j.addrs[--j.naddrs]);
	free(j.addrs);
	EVP_PKEY_free(j.csr);
	ms_idents_clear(&j.made);
	ms_ca_close(j.ca);
	ms_buf_clear(&j.out);
	ms_buf_clear(&j.export);
	return rc;
}

/* ---- renew ---- */

/* The newest one of each usage is renewed; older ones had their turn. */
static bool
is_newest(const struct ms_ca_rows *l, size_t i)
{
	size_t k;

	for (k = i + 1; k < l->n; k++)
		if (l->v[k].profile == l->v[i].profile &&
		    l->v[k].status != MS_CA_REVOKED)
			return false;
	return true;
}

static int
renew_rows(struct ms_cli *c, struct ms_ca *ca, const struct ms_ca_rows *l,
    struct ms_buf *out)
{
	time_t now = time(NULL);
	X509 *x = NULL;
	int rc = 0;
	size_t i;

	for (i = 0; rc == 0 && i < l->n; i++) {
		if (l->n > 1 && (l->v[i].status == MS_CA_REVOKED ||
		    !is_newest(l, i)))
			continue;
		rc = ms_ca_renew(ca, l->v[i].cert, now - CA_BACKDATE,
		    now + ca_days(usual_days(l->v[i].profile)), &x, &c->err);
		if (rc == 0)
			rc = ms_cert_pem(x, out, &c->err);
		X509_free(x);
		x = NULL;
	}
	if (rc == 0 && !out->n)
		rc = ms_fail(&c->err, MS_NO, "all of them are revoked");
	return rc;
}

int
ca_renew(struct ms_cli *c)
{
	struct ms_buf out = MS_BUF_INIT(MS_BAG_FILE);
	struct ms_ca_rows l = { NULL, 0 };
	struct ms_ca *ca = NULL;
	int rc = -1;

	if (c->args.n != 2)
		return ms_fail(&c->err, MS_USAGE, "renew which one? SERIAL, "
		    "ADDRESS or FILE of a certificate");
	if (ms_ca_open(ca_opts.dir, ms_common_pass, c, &ca, &c->err) == 0 &&
	    ms_ca_begin(ca, &c->err) == 0 &&
	    ca_which(c, ca, c->args.v[1], &l) == 0 &&
	    renew_rows(c, ca, &l, &out) == 0)
		rc = ca_deliver(c, ca, &ms_cli_io, false, &out);
	ms_ca_rows_clear(&l);
	ms_ca_close(ca);
	ms_buf_clear(&out);
	return rc;
}
