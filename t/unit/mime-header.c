/* SPDX-License-Identifier: Apache-2.0 */
/* Header blocks, encoded words, structured values, dates. */
#include "chop.h"
#include "mime/mime.h"
#include "tap.h"

static struct ms_err err;

static struct ms_span
span(const char *s)
{
	struct ms_span r = { (const unsigned char *)s, strlen(s) };

	return r;
}

static int
read_step(const void *p, size_t n, size_t step, struct ms_mime_header *h)
{
	struct chop c;
	int rc;

	chop_init(&c, p, n, step);
	ms_mime_header_init(h);
	rc = ms_mime_header_read(&c.s, h, &err);
	chop_clear(&c);
	return rc;
}

static void
no(const char *in, size_t n, const char *words)
{
	struct ms_mime_header h;

	fails(read_step(in, n, 7, &h), &err, MS_DATA, words, words);
	ms_mime_header_clear(&h);
}

static void
test_header(void)
{
	static const char mail[] = "From x@y Mon\r\nSubject : a\r\n\tb \r\n"
	    "TO:c@d\nto:\r\n  e@f\r\nX:\r\n\r\nbody";
	static const size_t steps[] = { 1, 2, 3, 5, 1000 };
	struct ms_mime_header h;
	char what[32];
	size_t i, k;

	for (k = 0; k < 5; k++) {
		snprintf(what, sizeof(what), "by %zu bytes", steps[k]);
		ok(read_step(mail, sizeof(mail) - 1, steps[k], &h) == 0 &&
		    h.n == 4, "a header is read %s", what);
		ok(h.raw.n == sizeof(mail) - 5 &&
		    memcmp(h.raw.p, mail, h.raw.n) == 0 && h.blank == 2 &&
		    h.crlf, "and kept up to the body");
		ok(ms_span_is(h.mbox, "From x@y Mon\r\n") &&
		    ms_span_is(h.v[0].name, "Subject") &&
		    ms_span_is(h.v[0].raw, "Subject : a\r\n\tb \r\n") &&
		    ms_span_is(h.v[0].value, "a\r\n\tb") &&
		    ms_span_is(h.v[1].value, "c@d") &&
		    ms_span_is(h.v[2].value, "e@f") &&
		    h.v[3].value.n == 0, "and cut into fields");
		i = 0;
		ok(ms_mime_count(&h, "To") == 2 &&
		    ms_mime_field(&h, "to", &i) == &h.v[1] &&
		    ms_mime_field(&h, "to", &i) == &h.v[2] &&
		    !ms_mime_field(&h, "to", &i) &&
		    !ms_mime_field(&h, "t", NULL), "and found by name");
		ms_mime_header_clear(&h);
	}
	ok(read_step("\nbody", 5, 1, &h) == 0 && h.n == 0 && h.blank == 1,
	    "no fields");
	ms_mime_header_clear(&h);
	ok(read_step("", 0, 1, &h) == 0 && h.n == 0 && h.blank == 0,
	    "nothing at all");
	ms_mime_header_clear(&h);
	ok(read_step("A: b", 4, 1, &h) == 0 && h.n == 1 && h.blank == 0 &&
	    ms_span_is(h.v[0].value, "b"), "no body and no line end");
	ms_mime_header_clear(&h);
	ok(read_step("From : a@b\nFrom: c@d\n\n", 23, 4, &h) == 0 &&
	    h.mbox.n == 0 && ms_mime_count(&h, "From") == 2,
	    "a field with a blank is no mbox line");
	ms_mime_header_clear(&h);
#define NO(s, words) no(s, sizeof(s) - 1, words)
	NO(" a: b\n\n", "begins with a continuation line");
	NO("a b\n\n", "RFC 5322 section 2.2: a line of the header is no field");
	NO(": b\n\n", "is no field: ': b'");
	NO("A: b\nFrom x@y Mon\n\n", "is no field: 'From x@y Mon'");
	NO("\303\266: b\n\n", "is no field");
	NO("A: b\rB: c\n\n", "bare CR in the header");
	NO("A: b\r\r\n\n", "bare CR in the header");
	NO("A: b\r", "bare CR in the header");
	NO("A: b\0c\n\n", "NUL in the header");
}

static void
test_limits(void)
{
	struct ms_buf b = MS_BUF_INIT(20000000);
	struct ms_mime_header h;
	size_t i;

	for (i = 0; i < MS_MIME_FIELDS_MAX; i++)
		ms_buf_adds(&b, "a:\n", &err);
	ok(read_step(b.p, b.n, 65536, &h) == 0 &&
	    h.n == MS_MIME_FIELDS_MAX, "10000 fields are read");
	ms_mime_header_clear(&h);
	ms_buf_adds(&b, "a:\n", &err);
	no((char *)b.p, b.n, "more than 10000 fields");
	ms_buf_reset(&b);
	ms_buf_adds(&b, "a:", &err);
	for (i = 0; i < 2 * MS_MIME_LINE_MAX / 8; i++)
		ms_buf_adds(&b, "12345678", &err);
	no((char *)b.p, b.n, "a field is longer than 1048576 bytes");
	ms_buf_reset(&b);
	ms_buf_adds(&b, "a:\n", &err);
	for (i = 0; i < 2 * MS_MIME_LINE_MAX / 8; i++)
		ms_buf_adds(&b, " 123456\n", &err);
	no((char *)b.p, b.n, "a field is longer than 1048576 bytes");
	ms_buf_reset(&b);
	for (i = 0; i < 5; i++) {
		ms_buf_adds(&b, "a:", &err);
		while (b.n < (i + 1) * 1000000)
			ms_buf_adds(&b, "12345678", &err);
		ms_buf_adds(&b, "\n", &err);
	}
	no((char *)b.p, b.n, "the header is longer than 4194304 bytes");
	ms_buf_clear(&b);
}

static void
decode(const char *in, const char *want)
{
	char *s = ms_mime_decode_text(span(in), &err);
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(name) - 1 && in[i]; i++)
		name[i] = in[i] == '\n' || in[i] == '\r' ? '~' : in[i];
	name[i] = '\0';
	is_str(s, want, name);
	free(s);
}

static void
test_words(void)
{
	decode("plain a=b =?x", "plain a=b =?x");
	decode("a\r\n b", "a b");
	decode("=?utf-8?Q?J=C3=BCrgen_X?= y", "J\303\274rgen X y");
	decode("=?ISO-8859-1?q?a=E9?=", "a\303\251");
	decode("=?iso-8859-1*de?q?a=E9?=", "a\303\251");
	decode("=?windows-1252?B?gA==?=", "\342\202\254");
	decode("=?us-ascii?Q?a?= =?us-ascii?Q?b?=", "ab");
	decode("=?us-ascii?Q?a?= \r\n  =?us-ascii?Q?b?= c", "ab c");
	decode("=?us-ascii?Q?a?=b", "ab");
	decode("=?utf-8?B?w7w=?= =?iso-8859-1?q?=FC?=", "\303\274\303\274");
	/* one character over two words */
	decode("=?utf-8?B?4oI=?=\r\n =?utf-8?B?rA==?=", "\342\202\254");
	decode("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=",
	    "\346\227\245\346\234\254");
	decode("=?big5?B?pKTA?=", "\344\270\255\357\277\275");
	/* left as they are */
	decode("=?no-such-charset?Q?a?=", "=?no-such-charset?Q?a?=");
	decode("=?utf-8?B?!!!?= x", "=?utf-8?B?!!!?= x");
	decode("=?utf-8?X?a?=", "=?utf-8?X?a?=");
	decode("=?utf-8?Q?a?= =?x", "a =?x");
	decode("=??Q?a?=", "=??Q?a?=");
	/* no control byte comes out */
	decode("=?utf-8?Q?a=0D=0ABcc:=00?=",
	    "a\357\277\275\357\277\275Bcc:\357\277\275");
	decode("a\377b", "a\357\277\275b");
	decode("=?utf-8?Q?a=FFb?=", "a\357\277\275b");
}

/* token{name=value}... */
static void
value(const char *in, const char *want)
{
	struct ms_buf b = MS_BUF_INIT(100000);
	struct ms_mime_value v;
	char name[80];
	size_t i;

	for (i = 0; i < sizeof(name) - 1 && in[i]; i++)
		name[i] = in[i] == '\n' || in[i] == '\r' ? '~' : in[i];
	name[i] = '\0';
	if (ms_mime_value_parse(span(in), &v, &err)) {
		is_str(err.text, want, name);
		ms_err_reset(&err);
		return;
	}
	ms_buf_adds(&b, v.token, &err);
	for (i = 0; i < v.n; i++)
		ms_buf_addf(&b, &err, "{%s=%s}", v.v[i].name, v.v[i].value);
	is_str(ms_buf_str(&b), want, name);
	ms_buf_clear(&b);
	ms_mime_value_clear(&v);
}

static void
test_value(void)
{
#define C51 "RFC 2045 section 5.1: "
	value("Text/Plain", "text/plain");
	value("(c)text(c)/(c)plain(c);(c)CharSet(c)=(c)US-ascii(c)",
	    "text/plain{charset=US-ascii}");
	value("multipart/signed;\r\n boundary=\"a b;\\\"c\";\r\n\tmicalg=x",
	    "multipart/signed{boundary=a b;\"c}{micalg=x}");
	value("attachment; filename=\"a\r\n b\"", "attachment{filename=a b}");
	value("base64 ;; ", "base64");
	value("text/plain; flowed; charset=", "text/plain{flowed=}{charset=}");
	value("text/plain; name=a b (c).pdf; x=y",
	    "text/plain{name=a b (c).pdf}{x=y}");
	value("multipart/mixed; boundary=--=_a/b:1?",
	    "multipart/mixed{boundary=--=_a/b:1?}");
	value("text/plain; x=1; x=2", "text/plain{x=1}");
	/* RFC 2231 */
	value("a; filename*=utf-8'en'%e2%82%ac%20rates",
	    "a{filename=\342\202\254 rates}");
	value("a; filename*=iso-8859-1''%a3", "a{filename=\302\243}");
	value("a; filename=x; filename*=utf-8''y", "a{filename=y}");
	value("a; n*1=b; n*0=\"a \"; n*2*=%20c", "a{n=a b c}");
	value("a; n*0*=us-ascii'en-us'This%20is%20; n*1*=%2A%2A; n*2=\"x'!\"",
	    "a{n=This is **x'!}");
	value("a; n*1=b", "a");
	value("a; n*0=a; n*2=c", "a{n=a}");
	value("a; n*=nonsense'x", "a{n=nonsense'x}");
	value("a; n*=utf-8''a%00b%0d%zz", "a{n=a\357\277\275b\357\277\275%zz}");
	value("a; n*x=1", "a{n*x=1}");
	value("a; name=b\366c", "a{name=b\357\277\275c}");
	value("multipart/mixed; boundary*=us-ascii''a%20b",
	    "multipart/mixed{boundary=a b}");
	/* refused */
	value("", C51 "empty value");
	value("/plain", C51 "token missing at '/plain'");
	value("text/", C51 "token missing at ''");
	value("text/plain charset=x", C51 "';' missing at 'charset=x'");
	value("text/plain; =x", C51 "token missing at '=x'");
	value("text/plain; a=\"b", C51 "quoted string not closed");
	value("text/plain; (a", "RFC 5322 section 3.2.2: comment not closed");
	value("a; boundary=x; boundary=x",
	    C51 "parameter 'boundary' is there 2 times");
	value("a; boundary=x; Boundary*=us-ascii''x",
	    C51 "parameter 'boundary' is there 2 times");
	value("a; protocol*0=x; protocol*1=y",
	    C51 "parameter 'protocol' is there 2 times");
	value("a; micalg", C51 "parameter 'micalg' has no value");
	value("a; smime-type=\"\"", C51 "parameter 'smime-type' has no value");
	value("a; boundary=a b", C51 "parameter 'boundary' is ambiguous");
}

static int
entity(const char *in, struct ms_mime_entity *e)
{
	struct ms_mime_header h;
	int rc;

	memset(e, 0, sizeof(*e));
	rc = read_step(in, strlen(in), 64, &h) || ms_mime_entity(&h, e, &err);
	ms_mime_header_clear(&h);
	return rc ? -1 : 0;
}

static void
filename(const char *in, const char *want)
{
	struct ms_mime_entity e;

	ok(entity(in, &e) == 0, "a file name is read");
	is_str(e.filename, want, want ? want : "none");
	ms_mime_entity_clear(&e);
}

static void
test_entity(void)
{
	struct ms_mime_entity e;

	ok(entity("Subject: x\n\n", &e) == 0, "an entity without Content-*");
	is_str(e.type.token, "text/plain", "is text/plain");
	is_str(e.encoding, "7bit", "in 7bit");
	is_str(e.filename, NULL, "without a name");
	ms_mime_entity_clear(&e);
	ok(entity("Content-Type: a/b\nContent-Transfer-Encoding: BASE64 (x)\n"
	    "Content-Disposition: ;;\n\n", &e) == 0, "one with them");
	is_str(e.encoding, "base64", "says its encoding");
	is_str(e.disposition.token, "attachment",
	    "and a disposition nobody can read is attachment");
	ms_mime_entity_clear(&e);
	ok(entity("Content-Transfer-Encoding: 8 bit\n", &e) == 0, "one that "
	    "nobody knows");
	is_str(e.encoding, "8 bit", "is kept for the decoder to refuse");
	ms_mime_entity_clear(&e);
#define CD "Content-Disposition: attachment; filename="
	filename(CD "\"../../etc/passwd\"\n", "passwd");
	filename(CD "\"C:\\\\x\\\\y.pdf\"\n", "y.pdf");
	filename(CD "\"=?utf-8?B?w7xiZXI=?=.pdf\"\n", "\303\274ber.pdf");
	filename(CD "..\n", NULL);
	filename(CD "\"a/\"\n", NULL);
	filename("Content-Type: a/b; name=n\n" CD "f\n", "f");
	filename("Content-Type: a/b; name=n\n", "n");
	fails(entity("Content-Type: a/b\nContent-type: c/d\n\n", &e), &err,
	    MS_DATA, "RFC 5322 section 3.6: more than one Content-Type",
	    "two types");
	fails(entity("Content-Type: text\n\n", &e), &err, MS_DATA,
	    "RFC 2045 section 5.1: Content-Type 'text' has no subtype",
	    "no subtype");
	fails(entity("Content-Type: a/b; boundary=x; boundary=y\n\n", &e),
	    &err, MS_DATA, "Content-Type: RFC 2045 section 5.1: parameter "
	    "'boundary'", "two boundaries");
	fails(entity("Content-Transfer-Encoding: 7bit\n"
	    "Content-Transfer-Encoding: base64\n\n", &e), &err, MS_DATA,
	    "more than one Content-Transfer-Encoding", "two encodings");
}

static void
test_addrs(void)
{
	static const char in[] = "To: a@b.example, g: c@d.example;\n"
	    "Cc: x@y.example\nTo: h: e@f.example;\nBad: \"x <y@z.example>\n"
	    "Bad: z@z.example\n\n";
	struct ms_mime_header h;
	struct ms_addrlist l;

	ok(read_step(in, sizeof(in) - 1, 9, &h) == 0 &&
	    ms_mime_addrs(&h, "To", &l, &err) == 0 && l.n == 3 &&
	    l.ngroup == 2 && l.v[2].group == 1, "all To fields together");
	ms_addrlist_clear(&l);
	ok(ms_mime_addrs(&h, "Bcc", &l, &err) == 0 && l.n == 0, "none");
	fails(ms_mime_addrs(&h, "Bad", &l, &err), &err, MS_DATA,
	    "Bad: RFC 5322 section 3.4: quoted string not closed",
	    "an open quote ends with its field");
	ms_mime_header_clear(&h);
}

static void
date(const char *in, long long want)
{
	time_t t = -1;

	ok(ms_mime_date_parse(span(in), &t, &err) == 0 && t == want, "%s", in);
	ms_err_reset(&err);
}

static void
nodate(const char *in)
{
	time_t t;

	fails(ms_mime_date_parse(span(in), &t, &err), &err, MS_DATA,
	    "RFC 5322 section 3.3: '", in);
}

static void
test_date(void)
{
	struct ms_buf b = MS_BUF_INIT(100);

	date("Mon, 23 Nov 2026 18:25:18 +0000", 1795458318);
	date("23 Nov 2026 19:25:18 +0100 (CET)", 1795458318);
	date("Mon ,23 nov 26 18 : 25 : 18 GMT", 1795458318);
	date("Mon, 23 Nov 126 13:25:18 EST", 1795458318);
	date("1 Jan 1970 00:00 -0000", 0);
	date("Thu, 29 Feb 2024 23:59:60 Z", 1709251200);
	nodate("");
	nodate("Mon, 30 Feb 2026 00:00:00 +0000");
	nodate("Mon, 23 Nov 2026 24:00:00 +0000");
	nodate("Mon, 23 Nov 2026 18:25:18");
	nodate("Mon, 23 Nov 2026 18:25:18 +00000");
	nodate("Mon, 23 Nov 2026 18:25:18 +0060");
	nodate("Mon, 23 Nov 2026 18:25:18 +0000 x");
	nodate("2026-11-23");
	ok(ms_mime_date(1795458318, &b, &err) == 0, "a date is written");
	is_str(ms_buf_str(&b), "Mon, 23 Nov 2026 18:25:18 +0000", "so");
	ms_buf_clear(&b);
}

int
main(void)
{
	test_header();
	test_limits();
	test_words();
	test_value();
	test_entity();
	test_addrs();
	test_date();
	return tap_done();
}
