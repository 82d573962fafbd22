/* SPDX-License-Identifier: Apache-2.0 */
/* A whole message from stdin, as sendmail takes it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "send.h"

#define FIELD_MAX ((size_t)4 * 1024 * 1024)

/*
 * "root (Cron Daemon)" and "root" are what cron writes: a name without a
 * domain, perhaps with a comment.  *ret is the value with a domain, or NULL
 * when the value is left as it is.
 */
static int
qualify_value(struct ms_cli *c, struct ms_span value, char **ret)
{
	struct ms_buf b = MS_BUF_INIT(FIELD_MAX);
	char *text, *comment, *full = NULL;
	size_t n;
	int rc = -1;

	*ret = NULL;
	text = ms_mime_unfold(value, &c->err);
	if (!text)
		return -1;
	if (strpbrk(text, "@,:;<>\"")) {
		free(text);
		return 0;
	}
	comment = strchr(text, '(');
	n = comment ? (size_t)(comment - text) : strlen(text);
	while (n > 0 && strchr(" \t", text[n - 1]))
		n--;
	if (comment)
		comment = strdup(comment);
	text[n] = '\0';
	if (n > 0 && send_qualify(c, text, &full) == 0 &&
	    ms_buf_addf(&b, &c->err, "%s%s%s", full, comment ? " " : "",
	    comment ? comment : "") == 0) {
		*ret = ms_buf_steal(&b, NULL);
		rc = *ret ? 0 : ms_fail_nomem(&c->err);
	}
	if (n == 0)
		rc = 0;
	free(full);
	free(comment);
	free(text);
	ms_buf_clear(&b);
	return rc;
}

static bool
is_address_field(struct ms_span name)
{
	return ms_span_caseis(name, "From") || ms_span_caseis(name, "To") ||
	    ms_span_caseis(name, "Cc") || ms_span_caseis(name, "Bcc");
}

/* The fields as they came, but for addresses without a domain. */
static int
copy_fields(struct ms_cli *c, const struct ms_mime_header *h,
    struct ms_buf *b)
{
	const char *eol = h->crlf ? "\r\n" : "\n";
	size_t i;

	for (i = 0; i < h->n; i++) {
		char *fixed = NULL;
		int rc;

		if (is_address_field(h->v[i].name) &&
		    qualify_value(c, h->v[i].value, &fixed) != 0)
			return -1;
		rc = fixed ? ms_buf_addf(b, &c->err, "%.*s: %s%s",
		    (int)h->v[i].name.n, (const char *)h->v[i].name.p, fixed,
		    eol) : ms_buf_add(b, h->v[i].raw.p, h->v[i].raw.n,
		    &c->err);
		free(fixed);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int
add_from(struct ms_cli *c, struct ms_buf *b, const char *eol)
{
	struct ms_addrlist l = { NULL, 0, NULL, 0 };
	struct ms_buf f = MS_BUF_INIT(FIELD_MAX);
	const char *from = send_default_from();
	int rc = -1;

	if (!from && send_opts.envelope_from && *send_opts.envelope_from)
		from = send_opts.envelope_from;
	if (!from) {
		ms_fail(&c->err, MS_DATA, "RFC 5322 section 3.6: no From "
		    "field, and nobody to send as");
		return ms_hint(&c->err, "--from ADDRESS, or 'identity = "
		    "ADDRESS' in mailseal.conf");
	}
	if (send_addrs(c, from, &l) != 0)
		return -1;
	if (send_opts.full_name && !l.v[0].display)
		l.v[0].display = strdup(send_opts.full_name);
	rc = ms_mime_put_addrs(&f, "From", &l, &c->err);
	if (rc == 0 && f.n >= 2)
		rc = ms_buf_addf(b, &c->err, "%.*s%s", (int)f.n - 2,
		    (const char *)f.p, eol);
	ms_addrlist_clear(&l);
	ms_buf_clear(&f);
	return rc;
}

/* RFC 6409 section 8: a submission agent adds what is missing. */
static int
complete(struct ms_cli *c, const struct ms_mime_header *h, struct ms_buf *b)
{
	const char *eol = h->crlf ? "\r\n" : "\n";
	const char *domain = "localhost.localdomain";

	if (ms_mime_count(h, "From") == 0 && add_from(c, b, eol) != 0)
		return -1;
	if (ms_mime_count(h, "Date") == 0 &&
	    (ms_buf_adds(b, "Date: ", &c->err) != 0 ||
	    ms_mime_date(time(NULL), b, &c->err) != 0 ||
	    ms_buf_adds(b, eol, &c->err) != 0))
		return -1;
	if (send_opts.domain)
		domain = send_opts.domain;
	if (ms_mime_count(h, "Message-ID") == 0 &&
	    (ms_buf_adds(b, "Message-ID: ", &c->err) != 0 ||
	    ms_mime_message_id(domain, b, &c->err) != 0 ||
	    ms_buf_adds(b, eol, &c->err) != 0))
		return -1;
	return 0;
}

/* Who is visible, and with -t who gets it at all. */
static int
take_rcpts(struct ms_cli *c, struct send_msg *m,
    const struct ms_mime_header *h)
{
	static const char *const fields[] = { "To", "Cc", "Bcc" };
	struct ms_addrlist in[3], op = { NULL, 0, NULL, 0 };
	size_t i, j, k;
	int rc = 0;

	memset(in, 0, sizeof(in));
	for (i = 0; rc == 0 && i < 3; i++)
		rc = ms_mime_addrs(h, fields[i], &in[i], &c->err);
	for (i = 0; rc == 0 && send_opts.from_header && i < 3; i++)
		rc = send_add_rcpts(c, m, &in[i], i < 2);
	for (i = 0; rc == 0 && i < c->args.n; i++) {
		rc = send_addrs(c, c->args.v[i], &op);
		if (rc == 0)
			rc = send_add_rcpts(c, m, &op, false);
		ms_addrlist_clear(&op);
	}
	/* An operand that stands in To or Cc is no secret to anybody. */
	for (i = 0; rc == 0 && i < m->n; i++)
		for (j = 0; j < 2 && !m->rcpts[i].visible; j++)
			for (k = 0; k < in[j].n; k++)
				m->rcpts[i].visible |= ms_addr_equal(
				    &in[j].v[k], &m->rcpts[i].addr);
	for (i = 0; i < 3; i++)
		ms_addrlist_clear(&in[i]);
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
	if (complete(c, &h, &fields) == 0 &&
	    copy_fields(c, &h, &fields) == 0 &&
	    ms_buf_adds(&fields, h.crlf ? "\r\n" : "\n", &c->err) == 0 &&
	    understand(c, m, &fields) == 0 &&
	    ms_sink_write(to, fields.p, fields.n, &c->err) == 0)
		rc = ms_copy(src, to, &c->err);
out:
	ms_mime_header_clear(&h);
	ms_buf_clear(&fields);
	return rc;
}
