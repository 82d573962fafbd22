/* SPDX-License-Identifier: Apache-2.0 */
/* A message from options, operands and the body on stdin. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "send.h"

#define HEADER_MAX ((size_t)4 * 1024 * 1024)	/* bytes we compose */

/* Fields that we make ourselves: --header may not bring a second one. */
static const char *const ours[] = { "From", "To", "Cc", "Bcc", "Subject",
	"Reply-To", "Date", "Message-ID", "MIME-Version" };

static int
put_header(struct ms_cli *c, struct ms_buf *b, const char *line)
{
	const char *colon = strchr(line, ':');
	char *name;
	size_t i;
	int rc;

	if (!colon)
		return ms_fail(&c->err, MS_USAGE, "--header '%s': no colon in "
		    "it", line);
	name = ms_span_dup((struct ms_span){ (const unsigned char *)line,
	    (size_t)(colon - line) });
	if (!name)
		return ms_fail_nomem(&c->err);
	rc = 0;
	if (strncasecmp(name, "Content-", 8) == 0)
		rc = ms_fail(&c->err, MS_USAGE, "--header '%s': Content "
		    "fields belong to the parts", name);
	for (i = 0; rc == 0 && i < sizeof(ours) / sizeof(ours[0]); i++)
		if (ms_strcaseeq(name, ours[i]))
			rc = ms_fail(&c->err, MS_USAGE, "--header '%s': that "
			    "field is made by an option of its own", name);
	colon++;
	colon += strspn(colon, " \t");
	if (rc == 0)
		rc = ms_mime_put_text(b, name, colon, &c->err);
	free(name);
	return rc;
}

enum field_kind { TO_ALL, BLIND, NO_RCPT };

/* One address field of all the words (RFC 5322 section 3.6 has one of a
 * kind); its mailboxes become recipients as `kind` says. */
static int
put_addrs(struct ms_cli *c, struct send_msg *m, struct ms_buf *b,
    const char *name, const struct ms_strs *words, enum field_kind kind)
{
	struct ms_addrlist l = { NULL, 0, NULL, 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < words->n; i++)
		rc = send_addrs(c, words->v[i], &l);
	if (rc == 0 && kind != NO_RCPT)
		rc = send_see(c, m, &l, kind == TO_ALL, true);
	if (rc == 0 && kind != BLIND)
		rc = ms_mime_put_addrs(b, name, &l, &c->err);
	ms_addrlist_clear(&l);
	return rc;
}

static int
put_from(struct ms_cli *c, struct send_msg *m, struct ms_buf *b)
{
	struct ms_addrlist l = { NULL, 0, NULL, 0 };
	const char *from = send_default_from();
	int rc = -1;

	if (!from) {
		ms_fail(&c->err, MS_CONFIG, "nobody to send as");
		return ms_hint(&c->err, "--from ADDRESS, or 'identity = "
		    "ADDRESS' in mailseal.conf");
	}
	if (send_addrs(c, from, &l) != 0)
		return -1;
	if (l.n != 1) {
		ms_fail(&c->err, MS_USAGE, "--from takes one address");
		goto out;
	}
	if (!l.v[0].display && send_opts.full_name &&
	    !(l.v[0].display = strdup(send_opts.full_name))) {
		ms_fail_nomem(&c->err);
		goto out;
	}
	if (ms_mime_put_addrs(b, "From", &l, &c->err) == 0)
		rc = ms_addr_copy(&m->from, &l.v[0], &c->err);
out:
	ms_addrlist_clear(&l);
	return rc;
}

static int
put_all(struct ms_cli *c, struct send_msg *m, struct ms_buf *b)
{
	size_t i;

	if (put_from(c, m, b) != 0 ||
	    put_addrs(c, m, b, "To", &c->args, TO_ALL) != 0 ||
	    put_addrs(c, m, b, "Cc", &send_opts.cc, TO_ALL) != 0 ||
	    put_addrs(c, m, b, "Bcc", &send_opts.bcc, BLIND) != 0 ||
	    put_addrs(c, m, b, "Reply-To", &send_opts.reply_to,
	    NO_RCPT) != 0)
		return -1;
	if (send_opts.subject && ms_mime_put_text(b, "Subject",
	    send_opts.subject, &c->err) != 0)
		return -1;
	if (ms_buf_adds(b, "Date: ", &c->err) != 0 ||
	    ms_mime_date(time(NULL), b, &c->err) != 0 ||
	    ms_buf_adds(b, "\r\nMessage-ID: ", &c->err) != 0 ||
	    ms_mime_message_id(m->from.domain, b, &c->err) != 0 ||
	    ms_buf_adds(b, "\r\n", &c->err) != 0)
		return -1;
	for (i = 0; i < send_opts.header.n; i++)
		if (put_header(c, b, send_opts.header.v[i]) != 0)
			return -1;
	return 0;
}

struct opened {
	struct ms_mime_attachment *v;
	int *fd;
	size_t n;
	int html_fd;
};

static int
open_file(struct ms_cli *c, const char *path, int *fd, struct ms_src **src)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return ms_fail_errno(&c->err, MS_NOINPUT, "cannot open '%s'",
		    path);
	*src = ms_src_fd(*fd, path, &c->err);
	return *src ? 0 : -1;
}

static int
open_attachments(struct ms_cli *c, struct opened *o)
{
	const struct ms_strs *a = &send_opts.attach;
	const char *slash;
	size_t i;

	o->v = calloc(a->n ? a->n : 1, sizeof(*o->v));
	o->fd = calloc(a->n ? a->n : 1, sizeof(*o->fd));
	if (!o->v || !o->fd)
		return ms_fail_nomem(&c->err);
	for (i = 0; i < a->n; i++) {
		slash = strrchr(a->v[i], '/');
		o->v[i].filename = slash ? slash + 1 : a->v[i];
		o->n = i + 1;
		if (open_file(c, a->v[i], &o->fd[i], &o->v[i].src) != 0)
			return -1;
	}
	return 0;
}

static void
close_attachments(struct opened *o)
{
	size_t i;

	for (i = 0; i < o->n; i++) {
		ms_src_free(o->v[i].src);
		if (o->fd[i] > STDERR_FILENO)
			close(o->fd[i]);
	}
	free(o->v);
	free(o->fd);
	if (o->html_fd >= 0)
		close(o->html_fd);
}

int
send_compose(struct ms_cli *c, struct send_msg *m)
{
	struct ms_mime_draft d = { .header = MS_BUF_INIT(HEADER_MAX) };
	struct opened o = { NULL, NULL, 0, -1 };
	int rc = -1;

	if (send_opts.from_header) {
		ms_fail(&c->err, MS_USAGE, "-t takes recipients from a whole "
		    "message: not with -s, -a or --html");
		goto out;
	}
	if (put_all(c, m, &d.header) != 0 || open_attachments(c, &o) != 0)
		goto out;
	if (send_opts.html && open_file(c, send_opts.html, &o.html_fd,
	    &d.html) != 0)
		goto out;
	if (ms_cli_input(c, NULL, MS_SPOOL_ONCE, &ms_cli_io) != 0 ||
	    ms_spool_new(c->tmpdir, 0, &m->spool, &c->err) != 0)
		goto out;
	d.text = ms_spool_read(ms_cli_io.in, &c->err);
	d.attach = o.v;
	d.nattach = o.n;
	if (d.text)
		rc = ms_mime_compose(&d, ms_spool_sink(m->spool), &c->err);
out:
	ms_src_free(d.html);
	close_attachments(&o);
	ms_buf_clear(&d.header);
	return rc;
}
