/* SPDX-License-Identifier: Apache-2.0 */
/* Composing: fields, parameters, encodings, whole messages; what is written
 * reads back. */
#include <stdlib.h>

#include "mime/mime.h"
#include "tap.h"

static struct ms_err err;

static struct ms_span
span(const char *s)
{
	struct ms_span r = { (const unsigned char *)s, strlen(s) };

	return r;
}

/* No line beyond 78 columns, none of blanks only, each ended by CRLF. */
static bool
folded(const struct ms_buf *b)
{
	size_t i, col = 0;
	bool text = false;

	for (i = 0; i < b->n; i++) {
		if (b->p[i] == '\n') {
			if (i == 0 || b->p[i - 1] != '\r' || !text || col > 79)
				return false;
			col = 0;
			text = false;
			continue;
		}
		col++;
		text |= b->p[i] > ' ';
	}
	return col == 0;
}

/* RFC 2047 section 2: words of 75 characters, their lines of 76. */
static bool
words_fit(const struct ms_buf *b)
{
	size_t i, col = 0, start = 0;
	bool word = false;

	for (i = 0; i < b->n; i++) {
		if (b->p[i] <= ' ') {
			word = i > start + 1 && b->p[start] == '=' &&
			    b->p[start + 1] == '?';
			if (word && (i - start > 75 || col > 76))
				return false;
			start = i + 1;
		}
		col = b->p[i] == '\n' ? 0 : col + 1;
	}
	return true;
}

/* Written text reads back as itself. */
static void
text(const char *in, const char *want)
{
	struct ms_buf b = MS_BUF_INIT(100000);
	struct ms_span v;
	char *back;

	ok(ms_mime_put_text(&b, "Subject", in, &err) == 0 && folded(&b) &&
	    words_fit(&b),
	    "%.60s is folded", in);
	if (want && !is_str(ms_buf_str(&b), want, "as expected"))
		printf("# %s\n", err.text);
	v.p = b.p + 8;
	v.n = b.n - 10;
	if (v.n && *v.p == ' ') {
		v.p++;
		v.n--;
	}
	while (v.n && (*v.p == '\r' || *v.p == '\n' || *v.p == ' ')) {
		v.p++;
		v.n--;
	}
	back = ms_mime_decode_text(v, &err);
	is_str(back, in, "and reads back");
	free(back);
	ms_buf_clear(&b);
}

static void
test_text(void)
{
	struct ms_buf b = MS_BUF_INIT(100000);
	char s[1200];
	size_t i, n;

	text("Hello", "Subject: Hello\r\n");
	text("", "Subject:\r\n");
	text("J\303\274rgen  X", "Subject: =?utf-8?Q?J=C3=BCrgen__X?=\r\n");
	text("a =?utf-8?Q?b?= c", NULL);
	text(" blanks ", NULL);
	text("a  b\tc", "Subject: a  b\tc\r\n");
	/* all cuts between characters of two, three and four bytes */
	for (n = 1; n < 130; n += 7) {
		s[0] = '\0';
		for (i = 0; i < n; i++)
			memcpy(s + strlen(s), i % 3 ? i % 2 ?
			    "\346\227\245" : "\360\237\231\202" : "\303\274",
			    i % 3 ? i % 2 ? 4 : 5 : 3);
		text(s, NULL);
	}
	memset(s, 'x', sizeof(s));
	for (i = 5; i < 500; i += 1 + i % 13)
		s[i] = ' ';
	s[500] = '\0';
	text(s, NULL);
	memset(s, 'x', 1100);
	s[1100] = '\0';
	text(s, NULL);
	memset(s, 'x', 100);
	s[100] = '\0';
	ok(ms_mime_put_text(&b, "Subject", s, &err) == 0,
	    "a long word stays whole");
	n = b.n;
	fails(ms_mime_put_text(&b, "Subject", "a\r\nBcc: x", &err), &err,
	    MS_DATA, "RFC 5322 section 2.2: control character 0x0d", "CR");
	fails(ms_mime_put_text(&b, "Subject", "a\nb", &err), &err, MS_DATA,
	    "control character 0x0a", "LF");
	fails(ms_mime_put_text(&b, "Sub:ject", "a", &err), &err, MS_DATA,
	    "'Sub:ject' is no field name", "colon in a name");
	fails(ms_mime_put_text(&b, "A\nB", "a", &err), &err, MS_DATA,
	    "is no field name", "LF in a name");
	fails(ms_mime_put_text(&b, "", "a", &err), &err, MS_DATA,
	    "is no field name", "no name");
	fails(ms_mime_put_text(&b, "A", "\377", &err), &err, MS_DATA,
	    "RFC 6532 section 3.2", "not UTF-8");
	is_int((long long)b.n, (long long)n, "nothing was added");
	ms_buf_clear(&b);
}

/* List in, field out, list back. */
static void
addrs(const char *in, const char *want)
{
	struct ms_buf b = MS_BUF_INIT(1000000);
	struct ms_addrlist l, m;
	size_t i;
	bool same;

	if (ms_addrlist_parse(in, strlen(in), false, &l, &err) ||
	    ms_mime_put_addrs(&b, "To", &l, &err)) {
		ok(0, "%s: %s", in, err.text);
		return;
	}
	if (want)
		is_str(ms_buf_str(&b), want, in);
	ok(ms_addrlist_parse((char *)b.p + 3, b.n - 5, true, &m, &err) == 0,
	    "reads back");
	same = l.n == m.n && l.ngroup == m.ngroup;
	for (i = 0; same && i < l.n; i++)
		same = ms_addr_equal(&l.v[i], &m.v[i]) &&
		    l.v[i].group == m.v[i].group;
	ok(same && folded(&b), "as the same list");
	ms_addrlist_clear(&l);
	ms_addrlist_clear(&m);
	ms_buf_clear(&b);
}

static void
test_addrs(void)
{
	struct ms_buf b = MS_BUF_INIT(1000000);
	struct ms_addr a = { .group = -1 };
	struct ms_addrlist l = { .v = &a, .n = 1 };
	char name[] = "x\r\nBcc: y", spec[] = "x@y\r\nBcc: y";
	int i;

	addrs("a@b.example", "To: a@b.example\r\n");
	addrs("Ana Li <a@b.example>, \"O, N\" <o@n.example>",
	    "To: Ana Li <a@b.example>, \"O, N\" <o@n.example>\r\n");
	addrs("\"a \\\"q\\\" b\" <a@b.example>",
	    "To: \"a \\\"q\\\" b\" <a@b.example>\r\n");
	addrs("\"J\303\274rgen, X\" <a@b.example>",
	    "To: =?utf-8?Q?J=C3=BCrgen=2C_X?= <a@b.example>\r\n");
	addrs("=?utf-8?Q?J=C3=BCrgen?= <a@b.example>",
	    "To: =?utf-8?Q?J=C3=BCrgen?= <a@b.example>\r\n");
	addrs("x@a.test, G: a@a.test, b@a.test;, E:;, y@a.test, L:;",
	    "To: x@a.test, G: a@a.test, b@a.test;, y@a.test, E:;, L:;\r\n");
	addrs("undisclosed-recipients:;", "To: undisclosed-recipients:;\r\n");
	for (i = 0; i < 50; i++)
		ms_buf_addf(&b, &err, "Some One %d <someone%d@host.example>,",
		    i * i * i, i);
	addrs(ms_buf_str(&b), NULL);
	a.display = name;
	a.spec = spec;
	ms_buf_reset(&b);
	fails(ms_mime_put_addrs(&b, "To", &l, &err), &err, MS_DATA,
	    "control character 0x0d", "CR in an address");
	spec[3] = '\0';
	fails(ms_mime_put_addrs(&b, "To", &l, &err), &err, MS_DATA,
	    "control character 0x0d", "CR in a display name");
	is_int((long long)b.n, 0, "nothing was added");
	ms_buf_clear(&b);
}

static void
param(const char *in, const char *want)
{
	struct ms_buf b = MS_BUF_INIT(100000);
	struct ms_mime_value v;

	ms_buf_adds(&b, "Content-Disposition: attachment", &err);
	if (ms_mime_put_param(&b, "filename", in, &err)) {
		ok(0, "%s: %s", in, err.text);
		return;
	}
	if (want)
		is_str(ms_buf_str(&b) + 31, want, in);
	if (ok(ms_mime_value_parse(span(ms_buf_str(&b) + 21), &v, &err) == 0,
	    "reads back")) {
		is_str(ms_mime_param(&v, "filename"), in, "as itself");
		ms_mime_value_clear(&v);
	}
	ms_buf_adds(&b, "\r\n", &err);
	ok(folded(&b), "and is folded");
	ms_buf_clear(&b);
}

static void
test_param(void)
{
	struct ms_buf b = MS_BUF_INIT(100000);
	char s[5000], m[40], n[40];

	param("notice.pdf", "; filename=\"notice.pdf\"");
	param("a \"b\" \\.pdf", "; filename=\"a \\\"b\\\" \\\\.pdf\"");
	param("\303\274ber 1.pdf",
	    "; filename*=utf-8''%C3%BCber%201.pdf");
	param("", "; filename=\"\"");
	memset(s, 'a', sizeof(s));
	s[300] = '\0';
	s[77] = '"';
	param(s, NULL);
	memcpy(s + 297, "\342\202\254", 3);
	param(s, NULL);
	fails(ms_mime_put_param(&b, "a", "x\ny", &err), &err, MS_DATA,
	    "control character 0x0a", "LF in a parameter");
	fails(ms_mime_put_param(&b, "a b", "x", &err), &err, MS_DATA,
	    "'a b' is no parameter name", "a name");
	memset(s, 'a', sizeof(s));
	s[4999] = '\0';
	fails(ms_mime_put_param(&b, "a", s, &err), &err, MS_DATA,
	    "longer than 4096 bytes", "a long parameter");
	ok(ms_mime_boundary(m, &err) == 0 && ms_mime_boundary(n, &err) == 0 &&
	    !ms_streq(m, n) && strlen(m) == 36 && memcmp(m, "=_", 2) == 0,
	    "boundaries differ");
	ok(ms_mime_message_id("B.example", &b, &err) == 0 && b.n == 44 &&
	    strcmp(ms_buf_str(&b) + 33, "@b.example>") == 0, "a Message-ID");
	fails(ms_mime_message_id("b example", &b, &err), &err, MS_DATA,
	    "is no domain name", "and none");
	ms_buf_clear(&b);
}

static void
qp(const char *in, const char *want)
{
	struct ms_buf b = MS_BUF_INIT(100000), back = MS_BUF_INIT(100000);
	struct ms_sink *to = ms_sink_buf(&b, &err), *k;
	struct ms_src *mem, *dec;
	size_t step, n = strlen(in), i, same = 0;

	for (step = 1; step < 4; step++) {
		ms_buf_reset(&b);
		ms_buf_reset(&back);
		k = ms_mime_qp(to, &err);
		for (i = 0; i < n; i += step)
			ms_sink_write(k, in + i, n - i < step ? n - i : step,
			    &err);
		ms_sink_end(k, &err);
		ms_sink_free(k);
		mem = ms_src_mem(b.p, b.n, &err);
		dec = ms_mime_decoder(mem, "quoted-printable", &err);
		ms_src_slurp(dec, &back, &err);
		same += back.n == n && (n == 0 || !memcmp(back.p, in, n));
		ms_src_free(dec);
		ms_src_free(mem);
	}
	if (want)
		is_str(ms_buf_str(&b), want, "quoted-printable");
	is_int((long long)same, 3, "comes back");
	for (i = n = 0; i < b.n && n <= 77; i++)
		n = b.p[i] == '\n' ? 0 : n + 1;
	ok(n <= 77, "in short lines");
	ms_sink_free(to);
	ms_buf_clear(&b);
	ms_buf_clear(&back);
}

static void
test_qp(void)
{
	char s[4000];
	size_t i;

	qp("a=b\r\n", "a=3Db\r\n");
	qp("a \r\nb\t\r\n ", "a=20\r\nb=09\r\n=20");
	qp("From x\r\nFro\r\nXFrom \r\n", "=46rom x\r\nFro\r\nXFrom=20\r\n");
	qp(".\r\n..\r\n.", "=2E\r\n..\r\n=2E");
	qp("\303\274", "=C3=BC");
	qp("a\rb", "a=0Db");
	for (i = 0; i < sizeof(s) - 1; i++)
		s[i] = "aaaa bc.\303\274=From "[i * i % 15];
	s[i] = '\0';
	qp(s, NULL);
	memset(s, 'x', sizeof(s) - 1);
	qp(s, NULL);
	s[76] = '\0';
	qp(s, s);
	memcpy(s + 75, "From y", 7);
	qp(s, NULL);
	memcpy(s + 75, "..", 3);
	qp(s, NULL);
}

/* ---- whole messages ---- */

/* Type, encoding, name and text of each leaf, in brackets where they nest. */
static void
walk(struct ms_src *src, struct ms_buf *to)
{
	struct ms_mime_header h;
	struct ms_mime_entity e;
	struct ms_mime_parts *m;
	struct ms_src *part, *dec;
	const char *b;

	ms_mime_header_init(&h);
	if (ms_mime_header_read(src, &h, &err) ||
	    ms_mime_entity(&h, &e, &err)) {
		ms_buf_addf(to, &err, "(%s)", err.text);
		ms_mime_header_clear(&h);
		return;
	}
	ms_buf_addf(to, &err, "%s", e.type.token);
	b = ms_mime_param(&e.type, "boundary");
	if (b) {
		ms_buf_addc(to, '{', &err);
		m = ms_mime_parts_new(src, b, &err);
		while (ms_mime_parts_next(m, &part, &err) == 1)
			walk(part, to);
		if (ms_mime_parts_stray(m))
			ms_buf_addc(to, '!', &err);
		ms_mime_parts_free(m);
		ms_buf_addc(to, '}', &err);
	} else {
		b = ms_mime_param(&e.type, "charset");
		ms_buf_addf(to, &err, ",%s,%s,%s[", b ? b : "", e.encoding,
		    e.filename ? e.filename : "");
		dec = ms_mime_decoder(src, e.encoding, &err);
		ms_src_slurp(dec, to, &err);
		ms_src_free(dec);
		ms_buf_addc(to, ']', &err);
	}
	ms_mime_entity_clear(&e);
	ms_mime_header_clear(&h);
}

static bool
canonical(const struct ms_buf *b)
{
	size_t i, col = 0;

	for (i = 0; i < b->n; i++) {
		if (b->p[i] >= 0x80 ||
		    (b->p[i] == '\n') != (i && b->p[i - 1] == '\r') ||
		    (b->p[i] == '\r' && i + 1 == b->n))
			return false;
		col = b->p[i] == '\n' ? 0 : col + 1;
		if (col > 79)
			return false;
	}
	return b->n && b->p[b->n - 1] == '\n';
}

static void
compose(const char *txt, const char *html,
    const struct ms_mime_attachment *at, size_t nat, const char *want)
{
	struct ms_mime_draft d = { .header = MS_BUF_INIT(1000) };
	struct ms_buf out = MS_BUF_INIT(10000000), got = MS_BUF_INIT(10000000);
	struct ms_mime_attachment a[3];
	struct ms_sink *k = ms_sink_buf(&out, &err);
	struct ms_src *src;
	size_t i;

	for (i = 0; i < nat; i++) {
		a[i] = at[i];
		/* AT() keeps the text where its source will be */
		a[i].src = ms_src_mem(at[i].src, strlen((const char *)
		    at[i].src), &err);
	}
	ms_buf_adds(&d.header, "From: a@b.example\r\n", &err);
	d.text = txt ? ms_src_mem(txt, strlen(txt), &err) : NULL;
	d.html = html ? ms_src_mem(html, strlen(html), &err) : NULL;
	d.attach = a;
	d.nattach = nat;
	if (!ok(ms_mime_compose(&d, k, &err) == 0, "composes"))
		printf("# %s\n", err.text);
	ok(canonical(&out), "in canonical form");
	src = ms_src_mem(out.p, out.n, &err);
	walk(src, &got);
	if (want)
		is_str(ms_buf_str(&got), want, "and reads back");
	ms_src_free(src);
	ms_src_free(d.text);
	ms_src_free(d.html);
	for (i = 0; i < nat; i++)
		ms_src_free(a[i].src);
	ms_sink_free(k);
	ms_buf_clear(&d.header);
	ms_buf_clear(&out);
	ms_buf_clear(&got);
	ms_err_reset(&err);
}

#define AT(name, type, bytes) { name, type, (struct ms_src *)(uintptr_t)bytes }

static void
test_compose(void)
{
	static char lf[] = "a,b\n1,2\n", crlf[] = "a,b\r\n1,2\r\n";
	static char mail[] = "From: x@y.example\n\nbody\n";
	static char mail8[] = "From: x@y.example\n\n\303\274\n";
	static char pdf[] = "%PDF-1.7\n\001\002";
	const struct ms_mime_attachment one[] = { AT("n.pdf", NULL, pdf) };
	const struct ms_mime_attachment two[] = {
		AT("\303\274.csv", "text/csv", lf),
		AT("c.csv", "text/csv", crlf)
	};
	const struct ms_mime_attachment mails[] = {
		AT("a.eml", "message/rfc822", mail),
		AT("b.eml", "message/rfc822", mail8),
		AT("c", "multipart/mixed; boundary=x", mail)
	};
	char s[100];

	compose("Hello\nWorld\n", NULL, NULL, 0,
	    "text/plain,us-ascii,7bit,[Hello\r\nWorld\r\n]");
	compose("no line end", NULL, NULL, 0,
	    "text/plain,us-ascii,7bit,[no line end\r\n]");
	compose(NULL, NULL, NULL, 0, "text/plain,us-ascii,7bit,[]");
	compose("trailing \nFrom me\n.\n", NULL, NULL, 0, "text/plain,us-ascii,"
	    "quoted-printable,[trailing \r\nFrom me\r\n.\r\n]");
	compose("f\303\274r Elise\n", NULL, NULL, 0, "text/plain,utf-8,"
	    "quoted-printable,[f\303\274r Elise\r\n]");
	compose("\346\227\245\346\234\254\n", NULL, NULL, 0,
	    "text/plain,utf-8,base64,[\346\227\245\346\234\254\r\n]");
	compose("f\374r\n", NULL, NULL, 0,
	    "text/plain,unknown-8bit,quoted-printable,[f\374r\r\n]");
	memset(s, 'x', 77);
	s[77] = '\0';
	compose(s, NULL, NULL, 0, NULL);
	compose(NULL, "<p>x</p>", NULL, 0,
	    "text/html,us-ascii,7bit,[<p>x</p>\r\n]");
	compose("x", "<p>x</p>", NULL, 0, "multipart/alternative{"
	    "text/plain,us-ascii,7bit,[x]text/html,us-ascii,7bit,[<p>x</p>]}");
	compose(NULL, NULL, one, 1,
	    "application/pdf,,base64,n.pdf[%PDF-1.7\n\001\002]");
	compose("x\n", NULL, one, 1, "multipart/mixed{text/plain,us-ascii,7bit,"
	    "[x\r\n]application/pdf,,base64,n.pdf[%PDF-1.7\n\001\002]}");
	/* byte for byte: line ends of a file are not ours to change */
	compose("x", "y", two, 2, "multipart/mixed{multipart/alternative{"
	    "text/plain,us-ascii,7bit,[x]text/html,us-ascii,7bit,[y]}"
	    "text/csv,,base64,\303\274.csv[a,b\n1,2\n]"
	    "text/csv,,7bit,c.csv[a,b\r\n1,2\r\n]}");
	/* RFC 2046 section 5.2.1 */
	compose(NULL, NULL, mails, 3, "multipart/mixed{"
	    "message/rfc822,,7bit,a.eml[From: x@y.example\r\n\r\nbody\r\n]"
	    "application/octet-stream,,base64,b.eml[From: x@y.example\n\n"
	    "\303\274\n]application/octet-stream,,base64,c[From: x@y.example"
	    "\n\nbody\n]}");
}

/* A text too long to be looked at whole. */
static void
test_long(void)
{
	struct ms_buf b = MS_BUF_INIT(5000000);
	int i;

	for (i = 0; i < 40000; i++)
		ms_buf_addf(&b, &err, "line %d of a long text, and then some\n",
		    i);
	compose(ms_buf_str(&b), NULL, NULL, 0, NULL);
	ms_buf_clear(&b);
}

static void
refused(const char *header, const char *words)
{
	struct ms_mime_draft d = { .header = MS_BUF_INIT(1000) };
	struct ms_buf out = MS_BUF_INIT(1000);
	struct ms_sink *k = ms_sink_buf(&out, &err);

	ms_buf_adds(&d.header, header, &err);
	fails(ms_mime_compose(&d, k, &err), &err, MS_DATA, words, words);
	is_int((long long)out.n, 0, "nothing written");
	ms_sink_free(k);
	ms_buf_clear(&d.header);
}

static void
test_guess(void)
{
	char to[128];

	ms_mime_guess("x", span("%PDF-1.4\n"), to);
	is_str(to, "application/pdf", "PDF by its bytes");
	ms_mime_guess("x.csv", span("1;2\n3;4\n"), to);
	is_str(to, "text/csv", "CSV by its name");
	ms_mime_guess("x.csv", span("\001\002\003"), to);
	is_str(to, "application/octet-stream", "but not what is no text");
	ms_mime_guess(NULL, span("hello\n"), to);
	is_str(to, "text/plain", "text");
	ms_mime_guess(NULL, span(""), to);
	is_str(to, "application/octet-stream", "nothing");
}

int
main(void)
{
	test_text();
	test_addrs();
	test_param();
	test_qp();
	test_compose();
	test_long();
	refused("From: a\r\n\r\nbody", "does not end with a field");
	refused("From: a", "does not end with a field");
	refused("Content-Type: a/b\r\n", "RFC 2045 section 3: the field "
	    "'Content-Type' is made from the body");
	refused("mime-version: 1.0\r\n", "is made from the body");
	test_guess();
	return tap_done();
}
