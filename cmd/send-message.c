/* SPDX-License-Identifier: Apache-2.0 */
/* A whole message from stdin, as sendmail takes it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "send.h"

static bool
is_address_field(struct ms_span name)
{
	return ms_span_caseis(name, "From") || ms_span_caseis(name, "To") ||
	    ms_span_caseis(name, "Cc") || ms_span_caseis(name, "Bcc") ||
	    ms_span_caseis(name, "Reply-To");
}

/* -F names who has no name. */
static int
put_from(struct ms_cli *c, struct ms_addrlist *l, struct ms_buf *b)
{
	if (send_opts.full_name && l->n == 1 && !l->v[0].display &&
	    !(l->v[0].display = strdup(send_opts.full_name)))
		return ms_fail_nomem(&c->err);
	return ms_mime_put_addrs(b, "From", l, &c->err);
}

/*
 * A field as it came, unless somebody in it has no domain: "root (Cron
 * Daemon)" and "root" are what cron writes.
 */
static int
copy_addrs(struct ms_cli *c, const struct ms_mime_field *f, struct ms_buf *b)
{
	struct ms_addrlist l;
	char name[16];
	bool completed;
	int rc;

	snprintf(name, sizeof(name), "%.*s", (int)f->name.n,
	    (const char *)f->name.p);
	if (send_parse(c, f->value, &l, &completed) != 0)
		return ms_err_context(&c->err, "%s", name);
	if (!completed)
		rc = ms_buf_add(b, f->raw.p, f->raw.n, &c->err);
	else if (ms_strcaseeq(name, "From"))
		rc = put_from(c, &l, b);
	else
		rc = ms_mime_put_addrs(b, name, &l, &c->err);
	ms_addrlist_clear(&l);
	return rc;
}

static int
copy_fields(struct ms_cli *c, const struct ms_mime_header *h,
    struct ms_buf *b)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if ((is_address_field(h->v[i].name) ?
		    copy_addrs(c, &h->v[i], b) : ms_buf_add(b, h->v[i].raw.p,
		    h->v[i].raw.n, &c->err)) != 0)
			return -1;
	return 0;
}

static int
add_from(struct ms_cli *c, struct ms_buf *b)
{
	struct ms_addrlist l = { NULL, 0, NULL, 0 };
	const char *from = send_default_from();
	int rc;

	if (!from && send_opts.envelope_from && *send_opts.envelope_from)
		from = send_opts.envelope_from;
	if (!from) {
		ms_fail(&c->err, MS_CONFIG, "RFC 5322 section 3.6: no From "
		    "field, and nobody to send as");
		return ms_hint(&c->err, "--from ADDRESS, or 'identity = "
		    "ADDRESS' in mailseal.conf");
	}
	rc = send_addrs(c, from, &l);
	if (rc == 0)
		rc = put_from(c, &l, b);
	ms_addrlist_clear(&l);
	return rc;
}

/* RFC 6409 section 8: a submission agent adds what is missing. */
static int
add_missing(struct ms_cli *c, const struct send_msg *m,
    const struct ms_mime_header *h, struct ms_buf *b)
{
	if (ms_mime_count(h, "Date") == 0 &&
	    (ms_buf_adds(b, "Date: ", &c->err) != 0 ||
	    ms_mime_date(time(NULL), b, &c->err) != 0 ||
	    ms_buf_adds(b, "\r\n", &c->err) != 0))
		return -1;
	if (ms_mime_count(h, "Message-ID") == 0 &&
	    (ms_buf_adds(b, "Message-ID: ", &c->err) != 0 ||
	    ms_mime_message_id(m->from.domain, b, &c->err) != 0 ||
	    ms_buf_adds(b, "\r\n", &c->err) != 0))
		return -1;
	return 0;
}

/* Who is visible, and with -t who gets it at all.  An operand that stands in
 * To or Cc is no secret to anybody. */
static int
take_rcpts(struct ms_cli *c, struct send_msg *m,
    const struct ms_mime_header *h)
{
	static const char *const fields[] = { "To", "Cc", "Bcc" };
	struct ms_addrlist l;
	size_t i;
	int rc;

	for (i = 0; i < 3; i++) {
		if (ms_mime_addrs(h, fields[i], &l, &c->err) != 0)
			return -1;
		rc = send_see(c, m, &l, i < 2, send_opts.from_header);
		ms_addrlist_clear(&l);
		if (rc != 0)
			return -1;
	}
	memset(&l, 0, sizeof(l));
	for (rc = 0, i = 0; rc == 0 && i < c->args.n; i++)
		rc = send_addrs(c, c->args.v[i], &l);
	if (rc == 0)
		rc = send_see(c, m, &l, false, true);
	ms_addrlist_clear(&l);
	return rc;
}

static int
take_from(struct ms_cli *c, struct send_msg *m,
    const struct ms_mime_header *h)
{
	struct ms_addrlist l = { NULL, 0, NULL, 0 };
	int rc;

	if (ms_mime_count(h, "From") != 1)
		return ms_fail(&c->err, MS_DATA, "RFC 5322 section 3.6: "
		    "%zu From fields", ms_mime_count(h, "From"));
	rc = ms_mime_addrs(h, "From", &l, &c->err);
	if (rc == 0 && l.n != 1)
		rc = ms_fail(&c->err, MS_DATA, "From names %zu mailboxes: "
		    "which of them signs?", l.n);
	if (rc == 0)
		rc = ms_addr_copy(&m->from, &l.v[0], &c->err);
	ms_addrlist_clear(&l);
	return rc;
}

/* Read the completed header as everybody else will. */
static int
understand(struct ms_cli *c, struct send_msg *m, const struct ms_buf *fields)
{
	struct ms_mime_header h;
	struct ms_src *src = ms_src_mem(fields->p, fields->n, &c->err);
	int rc = -1;

	ms_mime_header_init(&h);
	if (src && ms_mime_header_read(src, &h, &c->err) == 0 &&
	    take_from(c, m, &h) == 0)
		rc = take_rcpts(c, m, &h);
	ms_mime_header_clear(&h);
	ms_src_free(src);
	return rc;
}

int
send_take(struct ms_cli *c, struct send_msg *m)
{
	struct ms_buf fields = MS_BUF_INIT(MS_MIME_HEADER_MAX);
	struct ms_mime_header h;
	struct ms_src *src;
	struct ms_sink *to;
	int rc = -1;

	ms_mime_header_init(&h);
	if (ms_cli_input(c, NULL, MS_SPOOL_ONCE, &ms_cli_io) != 0 ||
	    ms_spool_new(c->tmpdir, 0, &m->spool, &c->err) != 0)
		goto out;
	src = ms_spool_read(ms_cli_io.in, &c->err);
	if (!src || ms_mime_header_read(src, &h, &c->err) != 0) {
		ms_hint(&c->err, "stdin is taken as a whole message; with -s, "
		    "-a or --html it is the body");
		goto out;
	}
	if (h.n == 0) {
		ms_fail(&c->err, MS_DATA, "RFC 5322 section 2.1: stdin has no "
		    "header block");
		ms_hint(&c->err, "with -s, -a or --html stdin is the body");
		goto out;
	}
	to = ms_spool_sink(m->spool);
	if ((ms_mime_count(&h, "From") > 0 || add_from(c, &fields) == 0) &&
	    copy_fields(c, &h, &fields) == 0 &&
	    understand(c, m, &fields) == 0 &&
	    add_missing(c, m, &h, &fields) == 0 &&
	    ms_buf_adds(&fields, "\r\n", &c->err) == 0 &&
	    ms_sink_write(to, fields.p, fields.n, &c->err) == 0)
		rc = ms_copy(src, to, &c->err);
out:
	ms_mime_header_clear(&h);
	ms_buf_clear(&fields);
	return rc;
}
