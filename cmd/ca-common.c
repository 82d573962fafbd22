/* SPDX-License-Identifier: Apache-2.0 */
#include "ca-common.h"

#include <string.h>

int
ca_default_dir(struct ms_cli *c, char **ret)
{
	struct ms_buf b = MS_BUF_INIT(8192);
	int rc;

	rc = ms_buf_addf(&b, &c->err, "%s/ca", c->home_data);
	if (rc == 0 && !(*ret = ms_buf_steal(&b, NULL)))
		rc = ms_fail_nomem(&c->err);
	if (rc == 0)
		ca_opts.dir = *ret;
	ms_buf_clear(&b);
	return rc;
}

time_t
ca_days(unsigned usual)
{
	return (time_t)(ca_opts.days ? ca_opts.days : usual) * 86400;
}

/* ---- which certificates ---- */

static bool
is_serial(const char *s)
{
	size_t n = strlen(s);

	return n >= 2 && n <= 40 && n % 2 == 0 &&
	    strspn(s, "0123456789abcdefABCDEF") == n;
}

static int
by_address(struct ms_cli *c, const char *which, struct ms_addr *a,
    struct ms_ca_query *q)
{
	if (ms_addr_parse(which, strlen(which), a, &c->err) < 0)
		return -1;
	q->name = a->spec;
	if (!ca_opts.usage)
		return 0;
	q->profile = ms_ca_profile(ca_opts.usage);
	if (q->profile < 0)
		return ms_fail(&c->err, MS_USAGE, "no usage '%s'",
		    ca_opts.usage);
	return 0;
}

/* A file's certificate must be the very one in the register. */
static int
by_file(struct ms_cli *c, X509 *x, struct ms_ca_query *q)
{
	const ASN1_INTEGER *s = X509_get0_serialNumber(x);

	q->serial.p = ASN1_STRING_get0_data(s);
	q->serial.n = (size_t)ASN1_STRING_length(s);
	return q->serial.n ? 0 : ms_fail(&c->err, MS_DATA,
	    "certificate without serial number");
}

static int
read_cert(struct ms_cli *c, const char *path, X509 **ret)
{
	struct ms_bag b;
	int rc;

	ms_bag_init(&b);
	rc = ms_bag_read(&b, path, NULL, NULL, &c->err);
	if (rc == 0 && !(*ret = sk_X509_shift(b.certs)))
		rc = ms_fail(&c->err, MS_DATA, "%s: no certificate in it",
		    path);
	ms_bag_clear(&b);
	return rc;
}

int
ca_which(struct ms_cli *c, struct ms_ca *ca, const char *which,
    struct ms_ca_rows *l)
{
	struct ms_ca_query q = { { NULL, 0 }, NULL, -1, time(NULL) };
	struct ms_buf serial = MS_BUF_INIT(64);
	struct ms_addr a = { .group = -1 };
	X509 *x = NULL;
	int rc = 0;

	if (!which && ca_opts.usage &&
	    (q.profile = ms_ca_profile(ca_opts.usage)) < 0)
		rc = ms_fail(&c->err, MS_USAGE, "no usage '%s'",
		    ca_opts.usage);
	else if (which && strchr(which, '@') && !strchr(which, '/'))
		rc = by_address(c, which, &a, &q);
	else if (which && is_serial(which)) {
		rc = ms_hex_decode(which, strlen(which), &serial, &c->err);
		q.serial = ms_buf_span(&serial);
	} else if (which && (rc = read_cert(c, which, &x)) == 0) {
		rc = by_file(c, x, &q);
	}
	if (rc == 0)
		rc = ms_ca_find(ca, &q, l, &c->err);
	if (rc == 0 && which && (l->n == 0 ||
	    (x && X509_cmp(x, l->v[0].cert) != 0)))
		rc = ms_fail(&c->err, MS_NO, "%s: no such certificate in the "
		    "register", which);
	X509_free(x);
	ms_addr_clear(&a);
	ms_buf_clear(&serial);
	return rc;
}

/* ---- one line of the list ---- */

static int
put_names(struct ms_json *j, const char *names, struct ms_err *err)
{
	struct ms_json *all = ms_json_array(err);
	int rc = all ? 0 : -1;
	char *one;
	size_t n;

	for (; rc == 0 && *names; names += n + (names[n] == '\n')) {
		n = strcspn(names, "\n");
		one = ms_span_dup((struct ms_span){
		    (const unsigned char *)names, n });
		rc = one ? ms_json_str(all, NULL, one, err) :
		    ms_fail_nomem(err);
		free(one);
	}
	if (rc < 0) {
		ms_json_free(all);
		return -1;
	}
	return ms_json_put(j, "names", all, err);
}

static int
print_json(const struct ms_ca_row *r, const char *serial, const char *subject,
    struct ms_sink *out, struct ms_err *err)
{
	struct ms_json *j = ms_json_object(err);
	int rc = -1;

	if (j && ms_json_int(j, "version", 1, err) == 0 &&
	    ms_json_str(j, "type", "certificate", err) == 0 &&
	    ms_json_str(j, "serial", serial, err) == 0 &&
	    ms_json_str(j, "status", ms_ca_status_str(r->status), err) == 0 &&
	    ms_json_str(j, "usage", ms_ca_usage(r->profile), err) == 0 &&
	    put_names(j, r->names, err) == 0 &&
	    ms_json_str(j, "subject", subject, err) == 0 &&
	    ms_json_time(j, "not-before", ms_cert_not_before(r->cert),
	    err) == 0 && ms_json_time(j, "not-after",
	    ms_cert_not_after(r->cert), err) == 0 &&
	    ms_json_time(j, "issued", r->issued, err) == 0 &&
	    ms_json_time(j, "revoked", r->revoked, err) == 0)
		rc = ms_json_print(j, out, err);
	ms_json_free(j);
	return rc;
}

static int
print_line(const struct ms_ca_row *r, const char *serial, const char *subject,
    struct ms_sink *out, struct ms_err *err)
{
	struct ms_buf line = MS_BUF_INIT(64 * 1024);
	char until[MS_TIME_STR];
	char *names = strdup(r->names), *p = names;
	const char *col[] = { serial, ms_ca_status_str(r->status),
		ms_ca_usage(r->profile),
		ms_time_str(ms_cert_not_after(r->cert), until), names,
		subject };
	int rc = names ? 0 : ms_fail_nomem(err);
	size_t i;

	while (rc == 0 && (p = strchr(p, '\n')))
		*p = ',';
	for (i = 0; rc == 0 && i < sizeof(col) / sizeof(col[0]); i++)
		rc = ms_common_column(&line, col[i], err);
	if (rc == 0)
		rc = ms_buf_addc(&line, '\n', err);
	if (rc == 0)
		rc = ms_sink_write(out, line.p, line.n, err);
	ms_buf_clear(&line);
	free(names);
	return rc;
}

int
ca_print(struct ms_cli *c, const struct ms_ca_row *r, struct ms_sink *out)
{
	char *serial = ms_cert_serial(r->cert);
	char *subject = ms_cert_subject(r->cert);
	int rc;

	if (!serial || !subject)
		rc = ms_fail_nomem(&c->err);
	else if (c->json)
		rc = print_json(r, serial, subject, out, &c->err);
	else
		rc = print_line(r, serial, subject, out, &c->err);
	free(subject);
	free(serial);
	return rc;
}

/* ---- out with it ---- */

int
ca_deliver(struct ms_cli *c, struct ms_ca *ca, struct ms_cli_io *io,
    bool secret, const struct ms_buf *bytes)
{
	bool text = memcmp(bytes->p, "-----", 5) == 0;
	int rc = -1;

	if (ms_cli_output(c, !text, secret, io) < 0 ||
	    ms_sink_write(ms_out_sink(io->out), bytes->p, bytes->n,
	    &c->err) < 0 || ms_ca_commit(ca, &c->err) < 0)
		goto out;
	rc = ms_out_commit(io->out, &c->err);
	io->out = NULL;
	if (rc < 0)
		ms_hint(&c->err, "the register has it all the same; ms-ca list "
		    "shows it");
out:
	ms_cli_io_clear(io);
	return rc;
}
