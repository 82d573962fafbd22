/* SPDX-License-Identifier: Apache-2.0 */
#include "look.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES ((size_t)64 * 1024)	/* of one line of a report */
#define PEM_BYTES ((size_t)256 * 1024)	/* of one certificate */

static const char *
answer(const struct ms_found *f)
{
	switch (f->answer) {
	case MS_ANSWER_YES:
		return "YES";
	case MS_ANSWER_NO:
		return "NO";
	case MS_ANSWER_UNKNOWN:
		break;
	}
	return "UNKNOWN";
}

int
look_line(struct ms_cli *c, const char *addr, const struct ms_found *f,
    struct ms_sink *k)
{
	struct ms_buf b = MS_BUF_INIT(LINE_BYTES);
	int rc = -1;

	if (ms_common_column(&b, addr, &c->err) == 0 &&
	    ms_common_column(&b, answer(f), &c->err) == 0 &&
	    ms_common_column(&b, f->reason, &c->err) == 0 &&
	    ms_buf_addc(&b, '\n', &c->err) == 0)
		rc = ms_sink_write(k, b.p, b.n, &c->err);
	ms_buf_clear(&b);
	return rc;
}

static int
why_line(struct ms_cli *c, const char *addr, X509 *x, const char *why,
    struct ms_sink *k)
{
	struct ms_buf b = MS_BUF_INIT(LINE_BYTES);
	char name[MS_IDNAME], to[MS_TIME_STR];
	char *subject = ms_cert_subject(x);
	int rc = -1;

	if (ms_idstore_name(x, name, &c->err) == 0 &&
	    ms_common_column(&b, addr, &c->err) == 0 &&
	    ms_common_column(&b, why ? "refused" : "used", &c->err) == 0 &&
	    ms_common_column(&b, name, &c->err) == 0 &&
	    ms_common_column(&b, ms_time_str(ms_cert_not_after(x), to),
	    &c->err) == 0 &&
	    ms_common_column(&b, subject, &c->err) == 0 &&
	    ms_common_column(&b, why, &c->err) == 0 &&
	    ms_buf_addc(&b, '\n', &c->err) == 0)
		rc = ms_sink_write(k, b.p, b.n, &c->err);
	free(subject);
	ms_buf_clear(&b);
	return rc;
}

int
look_why(struct ms_cli *c, const char *addr, const struct ms_found *f,
    struct ms_sink *k)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (why_line(c, addr, f->certs[i], NULL, k) != 0)
			return -1;
	for (i = 0; i < f->nrefused; i++)
		if (why_line(c, addr, f->refused[i].cert, f->refused[i].why,
		    k) != 0)
			return -1;
	return 0;
}

static int
fill_cert(struct ms_json *j, X509 *x, const char *why, struct ms_err *err)
{
	struct ms_buf pem = MS_BUF_INIT(PEM_BYTES);
	char *subject = ms_cert_subject(x);
	char name[MS_IDNAME];
	int rc = -1;

	if (ms_idstore_name(x, name, err) == 0 &&
	    ms_cert_pem(x, &pem, err) == 0 &&
	    ms_json_str(j, "name", name, err) == 0 &&
	    ms_json_str(j, "subject", subject, err) == 0 &&
	    ms_json_time(j, "not-before", ms_cert_not_before(x), err) == 0 &&
	    ms_json_time(j, "not-after", ms_cert_not_after(x), err) == 0 &&
	    (!why || ms_json_str(j, "why", why, err) == 0))
		rc = ms_json_str(j, "pem", ms_buf_str(&pem), err);
	free(subject);
	ms_buf_clear(&pem);
	return rc;
}

/* Append a certificate to an array. */
static int
put_cert(struct ms_json *to, X509 *x, const char *why, struct ms_err *err)
{
	struct ms_json *j = ms_json_object(err);

	if (!j)
		return -1;
	if (fill_cert(j, x, why, err) == 0)
		return ms_json_put(to, NULL, j, err);
	ms_json_free(j);
	return -1;
}

static int
put_all(struct ms_json *j, const struct ms_found *f, bool refused,
    struct ms_err *err)
{
	struct ms_json *a = ms_json_array(err);
	size_t i, n = refused ? f->nrefused : f->n;
	int rc = a ? 0 : -1;

	for (i = 0; rc == 0 && i < n; i++)
		rc = refused ? put_cert(a, f->refused[i].cert,
		    f->refused[i].why, err) :
		    put_cert(a, f->certs[i], NULL, err);
	if (rc == 0)
		return ms_json_put(j, refused ? "refused" : "certificates", a,
		    err);
	ms_json_free(a);
	return -1;
}

int
look_object(struct ms_cli *c, const char *addr, const struct ms_found *f,
    struct ms_sink *k)
{
	struct ms_json *j = ms_json_object(&c->err);
	int rc = -1;

	if (j && ms_json_int(j, "version", 1, &c->err) == 0 &&
	    ms_json_str(j, "type", "lookup", &c->err) == 0 &&
	    ms_json_str(j, "address", addr, &c->err) == 0 &&
	    ms_json_str(j, "answer", answer(f), &c->err) == 0 &&
	    ms_json_str(j, "reason", f->reason, &c->err) == 0 &&
	    put_all(j, f, false, &c->err) == 0 &&
	    put_all(j, f, true, &c->err) == 0)
		rc = ms_json_print(j, k, &c->err);
	ms_json_free(j);
	return rc;
}

int
look_expiring(struct ms_cli *c, struct ms_found *f, time_t until)
{
	struct ms_buf why = MS_BUF_INIT(256);
	time_t last = -1, to;
	char when[MS_TIME_STR];
	size_t i;

	for (i = 0; i < f->n; i++) {
		to = ms_cert_not_after(f->certs[i]);
		if (to > last)
			last = to;
	}
	if (f->n == 0 || last >= until)
		return 0;
	if (ms_buf_addf(&why, &c->err, "expires %s",
	    ms_time_str(last, when)) != 0)
		return -1;
	free(f->reason);
	f->reason = ms_buf_steal(&why, NULL);
	f->answer = MS_ANSWER_NO;
	return f->reason ? 0 : ms_fail_nomem(&c->err);
}

int
look_emails(struct ms_cli *c, const char *file, struct ms_sink *k)
{
	struct ms_buf text = MS_BUF_INIT(MS_BAG_FILE);
	struct ms_addrlist l;
	struct ms_src *src;
	struct ms_bag bag;
	size_t j, n = 0;
	int i, rc = -1;

	ms_bag_init(&bag);
	if (ms_cli_input(c, file, MS_SPOOL_ONCE, &ms_cli_io) != 0 ||
	    !(src = ms_spool_read(ms_cli_io.in, &c->err)) ||
	    ms_src_slurp(src, &text, &c->err) != 0 ||
	    ms_bag_parse(&bag, ms_buf_span(&text), ms_cli_io.in_name, NULL,
	    NULL, &c->err) != 0)
		goto out;
	rc = 0;
	for (i = 0; rc == 0 && i < sk_X509_num(bag.certs); i++) {
		rc = ms_cert_addrs(sk_X509_value(bag.certs, i), &l, &c->err);
		if (rc != 0)
			break;
		for (j = 0; rc == 0 && j < l.n; j++, n++)
			rc = ms_sink_printf(k, &c->err, "%s\n", l.v[j].spec);
		ms_addrlist_clear(&l);
	}
	if (rc == 0 && n == 0)
		rc = ms_fail(&c->err, MS_NO, "%s: no certificate with an "
		    "e-mail address in it", ms_cli_io.in_name);
out:
	ms_bag_clear(&bag);
	ms_buf_clear(&text);
	return rc;
}
