/* SPDX-License-Identifier: Apache-2.0 */
/* SMTP as a client: what counts as sent, and what each failure is called. */
#define _GNU_SOURCE
#include <sys/stat.h>

#include "net/net.h"
#include "peer.h"
#include "tap.h"

#define HELLO { NULL, "220 mx.example ESMTP\r\n" }, \
	{ "EHLO", "250-mx.example\r\n250 SIZE\r\n" }
#define END { NULL, NULL }
#define OK250 "250 2.0.0 Ok\r\n"

static struct ms_err err = MS_ERR_INIT;
static const char text[] = "Subject: x\r\n\r\n.dot\r\n..two\r\nend\r\n";

/* What one sending came to. */
struct sent {
	int rc;
	struct ms_smtp_rcpt rcpt[3];
	struct peer peer;
};

/* What to send and how; zero is the plain case. */
struct how {
	const char *from, *to[3], *text;
	bool partial;
	enum ms_smtp_tls tls;
	const char *password;
	struct ms_src *src;
	unsigned total_ms;
	unsigned times;
};

static int
send_once(struct ms_smtp *s, const struct how *how, struct sent *r)
{
	const char *t = how->text ? how->text : text;
	struct ms_src *src = how->src;
	size_t n = 0;
	int rc;

	memset(r->rcpt, 0, sizeof(r->rcpt));
	for (; n < 3 && how->to[n]; n++)
		r->rcpt[n].addr = how->to[n];
	if (n == 0)
		r->rcpt[n++].addr = "b@b.example";
	if (!src)
		src = ms_src_mem(t, strlen(t), &err);
	rc = ms_smtp_send(s, how->from ? how->from : "a@a.example", r->rcpt,
	    n, !how->partial, src, &err);
	if (!how->src)
		ms_src_free(src);
	return rc;
}

static void
play(const struct step *script, const struct how *how, struct sent *r)
{
	struct ms_net_auth auth = { .user = "u", .password = how->password };
	struct ms_smtp *s = NULL;
	unsigned i;

	peer_start(&r->peer, script);
	if (ms_smtp_new("127.0.0.1", r->peer.port, how->tls,
	    how->password ? &auth : NULL, 2000,
	    how->total_ms ? how->total_ms : 5000, &s, &err) == -1)
		exit(1);
	for (i = 0; i < (how->times ? how->times : 1); i++)
		r->rc = send_once(s, how, r);
	/* Before the handle goes: it would wait for the answer to QUIT. */
	peer_stop(&r->peer, r->rc == 0 && !how->total_ms);
	ms_smtp_free(s);
}

static void
codes(const struct sent *r, int a, int b, int c, const char *what)
{
	if (!ok(r->rcpt[0].code == a && r->rcpt[1].code == b &&
	    r->rcpt[2].code == c, "%s", what))
		printf("# codes %d %d %d\n", r->rcpt[0].code,
		    r->rcpt[1].code, r->rcpt[2].code);
}

static bool
heard(const struct sent *r, const char *words)
{
	return strstr(r->peer.heard, words) != NULL;
}

static void
test_sent(void)
{
	static const struct step script[] = { HELLO,
		{ "MAIL", OK250 }, { "RCPT", OK250 },
		{ "DATA", "354 go\r\n" }, { ".", OK250 },
		{ "MAIL", OK250 }, { "RCPT", OK250 },
		{ "DATA", "354 go\r\n" }, { ".", OK250 }, END };
	static const struct step once[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 }, { "DATA", "354 go\r\n" },
		{ ".", OK250 }, END };
	struct how how = { .times = 2 };
	struct sent r;

	play(script, &how, &r);
	is_int(r.rc, 0, "two messages on one connection");
	codes(&r, 250, 0, 0, "accepted");
	is_str(r.rcpt[0].reply, "2.0.0 Ok", "with the server's words");
	ok(heard(&r, "MAIL FROM:<a@a.example>\r\n"), "no size, which dots "
	    "that are stuffed would belie");
	ok(heard(&r, "RCPT TO:<b@b.example>\r\nDATA\r\nSubject: x\r\n\r\n"
	    "..dot\r\n...two\r\nend\r\n.\r\n"), "dots stuffed");
	peer_forget(&r.peer);

	how = (struct how){ .from = "", .text = ".\r\nx",
		.to = { "\"a b\"@b.example" } };
	play(once, &how, &r);
	is_int(r.rc, 0, "null sender, quoted local part");
	ok(heard(&r, "MAIL FROM:<>\r\nRCPT TO:<\"a b\"@b.example>\r\n"
	    "DATA\r\n..\r\nx\r\n.\r\n"), "a dot first, no line end last");
	peer_forget(&r.peer);
}

static void
test_recipients(void)
{
	static const struct step refuse[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 },
		{ "RCPT", "550-5.1.1 unknown\r\n550 5.1.1 user\r\n" },
		{ "QUIT", NULL }, END };
	static const struct step defer[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", "450 4.2.1 grey\r\n" }, { "QUIT", NULL }, END };
	static const struct step some[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 }, { "RCPT", "550 no\r\n" },
		{ "RCPT", "451 later\r\n" }, { "DATA", "354 go\r\n" },
		{ ".", OK250 }, END };
	static const struct step none[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", "550 no\r\n" }, { "RCPT", "451 later\r\n" },
		{ "RCPT", "550 no\r\n" }, { "QUIT", NULL }, END };
	static const struct step drop[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", "550 no\r\n" }, { "RCPT", NULL }, END };
	static const struct step some_then[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 }, { "RCPT", "550 no\r\n" },
		{ "RCPT", OK250 }, { "DATA", "354 go\r\n" },
		{ ".", "452 4.3.1 full\r\n" }, END };
	struct how three = { .to = { "a@x", "b@x", "c@x" } };
	struct sent r;

	play(refuse, &three, &r);
	codes(&r, 0, 550, 0, "one refused: nothing counts as sent");
	is_str(r.rcpt[1].reply, "5.1.1 unknown 5.1.1 user", "its reply");
	fails(r.rc, &err, MS_NO, "<b@x> refused: 550", "is a no");
	ok(!heard(&r, "DATA"), "before DATA");
	peer_forget(&r.peer);
	play(defer, &three, &r);
	codes(&r, 450, 0, 0, "one deferred");
	fails(r.rc, &err, MS_TEMPFAIL, "<a@x> refused: 450", "is try again");
	peer_forget(&r.peer);

	three.partial = true;
	play(some, &three, &r);
	is_int(r.rc, 0, "sent to those who were accepted");
	codes(&r, 250, 550, 451, "each with its own answer");
	peer_forget(&r.peer);
	play(none, &three, &r);
	codes(&r, 550, 451, 550, "all refused");
	fails(r.rc, &err, MS_TEMPFAIL, "<b@x> refused: 451",
	    "try again goes before no");
	peer_forget(&r.peer);
	play(drop, &three, &r);
	codes(&r, 550, 0, 0, "dropped between two");
	fails(r.rc, &err, MS_TEMPFAIL, "RCPT", "is try again");
	peer_forget(&r.peer);
	play(some_then, &three, &r);
	codes(&r, 452, 550, 452, "refused behind the message");
	fails(r.rc, &err, MS_TEMPFAIL, "452", "is try again for those left");
	peer_forget(&r.peer);
}

static void
one(const struct step *script, enum ms_class class, int code,
    const char *words, const char *what)
{
	struct how how = { .partial = false };
	struct sent r;

	play(script, &how, &r);
	codes(&r, code, 0, 0, words);
	fails(r.rc, &err, class, words, what);
	peer_forget(&r.peer);
}

static void
test_refusals(void)
{
	static const struct step greet5[] = { { NULL, "554 go away\r\n" },
		END };
	static const struct step greet4[] = { { NULL, "421 busy\r\n" }, END };
	static const struct step mail[] = { HELLO,
		{ "MAIL", "552 5.3.4 too big\r\n" }, END };
	static const struct step relay[] = { HELLO,
		{ "MAIL", "530 5.7.0 log in first\r\n" }, END };
	static const struct step data[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 }, { "DATA", "451 4.3.0 no disk\r\n" }, END };
	static const struct step end5[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 }, { "DATA", "354 go\r\n" },
		{ ".", "554 5.7.1 spam\r\n" }, END };
	static const struct step end4[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 }, { "DATA", "354 go\r\n" },
		{ ".", "451 4.7.1 later\r\n" }, END };
	static const struct step end_lost[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 }, { "DATA", "354 go\r\n" },
		{ ".", NULL }, END };

	one(greet5, MS_NO, 0, "554 go away", "unwelcome");
	one(greet4, MS_TEMPFAIL, 0, "421 busy", "busy");
	one(mail, MS_NO, 552, "MAIL refused: 552 5.3.4 too big", "too big");
	one(relay, MS_NOPERM, 530, "530 5.7.0 log in first", "log in first");
	one(data, MS_TEMPFAIL, 451, "DATA refused: 451", "no disk");
	one(end5, MS_NO, 554, "message refused: 554 5.7.1 spam", "spam");
	one(end4, MS_TEMPFAIL, 451, "message refused: 451", "deferred");
	one(end_lost, MS_TEMPFAIL, 0, "may have been accepted",
	    "lost behind the end");
}

static void
test_drops(void)
{
	static const struct step mid[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 }, { "DATA", "354 go\r\n" },
		{ "some", NULL }, { "NEW", NULL }, END };
	static const struct step hang[] = { HELLO, { "MAIL", OK250 },
		{ "HANG", NULL }, END };
	static const struct step stale[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 }, { "DATA", "354 go\r\n" }, { ".", OK250 },
		{ "MAIL", "421 4.4.2 idle too long\r\n" }, { "NEW", NULL },
		HELLO, { "MAIL", OK250 }, { "RCPT", OK250 },
		{ "DATA", "354 go\r\n" }, { ".", OK250 }, END };
	static char big[8 * 1024 * 1024];
	struct how how = { .text = big };
	struct sent r;
	size_t i;

	for (i = 0; i + 2 < sizeof(big); i += 2)
		memcpy(big + i, i % 64 == 62 ? "\r\n" : "xx", 2);
	play(mid, &how, &r);
	codes(&r, 0, 0, 0, "dropped in the middle of the message");
	fails(r.rc, &err, MS_TEMPFAIL, "smtp://127.0.0.1:", "is try again");
	peer_forget(&r.peer);
	how = (struct how){ .total_ms = 300 };
	play(hang, &how, &r);
	codes(&r, 0, 0, 0, "a silent server");
	fails(r.rc, &err, MS_TEMPFAIL, "RCPT", "is try again too");
	peer_forget(&r.peer);
	how = (struct how){ .times = 2 };
	play(stale, &how, &r);
	ok(r.rc == 0 && r.rcpt[0].code == 250,
	    "a kept connection that was closed is made anew %s", err.text);
	peer_forget(&r.peer);
}

static void
test_log_in(void)
{
	static const struct step no_tls[] = { HELLO, { "QUIT", NULL }, END };
	static const struct step denied[] = { { NULL, "220 x ESMTP\r\n" },
		{ "EHLO", "250-x\r\n250 AUTH PLAIN\r\n" },
		{ "AUTH PLAIN", "334 \r\n" }, { "", "535 5.7.8 wrong\r\n" },
		{ "QUIT", NULL }, END };
	static const struct step later[] = { { NULL, "220 x ESMTP\r\n" },
		{ "EHLO", "250-x\r\n250 AUTH PLAIN\r\n" },
		{ "AUTH PLAIN", "334 \r\n" }, { "", "454 4.7.0 later\r\n" },
		{ "QUIT", NULL }, END };
	struct ms_net_auth auth = { .user = "u", .password = "hunter2" };
	struct how how = { .tls = MS_SMTP_TLS_STARTTLS };
	struct ms_smtp *s = NULL;
	struct sent r;

	play(no_tls, &how, &r);
	fails(r.rc, &err, MS_NOPERM, "STARTTLS", "STARTTLS not offered");
	ok(!heard(&r, "MAIL") && !heard(&r, "AUTH"), "nothing was said");
	peer_forget(&r.peer);
	how = (struct how){ .password = "hunter2" };
	play(denied, &how, &r);
	ok(!strstr(err.text, "hunter2"), "the password is not repeated");
	codes(&r, 0, 0, 0, "log-in refused");
	fails(r.rc, &err, MS_NOPERM, "AUTH refused: 535", "is no permission");
	peer_forget(&r.peer);
	play(later, &how, &r);
	fails(r.rc, &err, MS_TEMPFAIL, "AUTH refused: 454", "or try again");
	peer_forget(&r.peer);
	fails(ms_smtp_new("mx.example", 25, MS_SMTP_TLS_NONE, &auth, 1, 1, &s,
	    &err), &err, MS_CONFIG, "without TLS", "no password in clear");
	fails(ms_smtp_new("mx/x", 25, MS_SMTP_TLS_NONE, NULL, 1, 1, &s, &err),
	    &err, MS_USAGE, "not the name of a host", "no host");
	fails(ms_smtp_new("u@mx", 25, MS_SMTP_TLS_NONE, NULL, 1, 1, &s, &err),
	    &err, MS_USAGE, "not the name of a host", "a user in the host");
	fails(ms_smtp_new("mx", 0, MS_SMTP_TLS_NONE, NULL, 1, 1, &s, &err),
	    &err, MS_USAGE, "no such port", "no port");
}

static void
test_smtputf8(void)
{
	static const struct step lacks[] = { HELLO, { "MAIL", OK250 },
		{ "QUIT", NULL }, END };
	static const struct step has[] = { { NULL, "220 x ESMTP\r\n" },
		{ "EHLO", "250-x\r\n250-SMTPUTF8\r\n250 SIZE\r\n" },
		{ "MAIL", OK250 }, { "RCPT", OK250 },
		{ "DATA", "354 go\r\n" }, { ".", OK250 }, END };
	struct how how = { .to = { "j\xc3\xbcrgen@b.example" } };
	struct sent r;

	play(lacks, &how, &r);
	fails(r.rc, &err, MS_NO, "RFC 6531", "SMTPUTF8 not offered");
	ok(!heard(&r, "RCPT"), "no recipient was named");
	peer_forget(&r.peer);
	play(has, &how, &r);
	is_int(r.rc, 0, "offered");
	ok(heard(&r, "MAIL FROM:<a@a.example> SMTPUTF8\r\n") &&
	    heard(&r, "RCPT TO:<j\xc3\xbcrgen@b.example>\r\n"), "and used");
	peer_forget(&r.peer);
}

static int
broken_fill(struct ms_src *s, struct ms_err *e)
{
	return ms_fail(e, MS_DATA, "the tag is wrong");
}

static void
test_messages(void)
{
	static const struct step script[] = { HELLO, { "MAIL", OK250 },
		{ "RCPT", OK250 }, { "DATA", "354 go\r\n" },
		{ ".", OK250 }, END };
	struct ms_src broken = { .p = (const unsigned char *)"A: b\r\n",
		.n = 6, .fill = broken_fill };
	struct how how = { .src = &broken };
	struct sent r;

	play(script, &how, &r);
	codes(&r, 0, 0, 0, "a source that fails");
	fails(r.rc, &err, MS_DATA, "the tag is wrong", "stops it");
	ok(!heard(&r, "\r\n.\r\n"), "before the final dot");
	peer_forget(&r.peer);
	how = (struct how){ .text = "a: b\r\n\r\nx\n.\nMAIL FROM:<e@e>\r\n" };
	play(script, &how, &r);
	fails(r.rc, &err, MS_DATA, "bare LF", "a bare LF");
	ok(!heard(&r, "\n.\r\n"), "stops it before the final dot");
	peer_forget(&r.peer);
	how = (struct how){ .text = "a: b\r\n\r\nx\r.\r\n" };
	play(script, &how, &r);
	fails(r.rc, &err, MS_DATA, "bare CR", "a bare CR");
	peer_forget(&r.peer);
}

/* Refused before anything is sent: nobody listens, which would be 75. */
static void
test_injection(void)
{
	static const char *const bad[] = { "", "a@b\r\nRCPT TO:<c@d>",
		"a@b\nDATA", "a@b> NOTIFY=NEVER", "<a@b>", "a b@c", "a\t@c",
		"a@b\x7f", "\"a\r\n\"@c", "\"a\" b@c", "\"a@b", "\"a\"b@c",
		"a\"b@c", "a\xff@b" };
	struct ms_smtp_rcpt r = { .addr = "x@x" };
	struct ms_smtp *s = NULL;
	char longest[300];
	size_t i;

	ms_smtp_new("127.0.0.1", 1, MS_SMTP_TLS_NONE, NULL, 100, 100, &s,
	    &err);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r.addr = bad[i];
		fails(ms_smtp_send(s, NULL, &r, 1, true, NULL, &err), &err,
		    MS_DATA, "RFC 5321 section 4.1.2", "refused recipient");
		if (*bad[i] == '\0')
			continue;
		r.addr = "x@x";
		fails(ms_smtp_send(s, bad[i], &r, 1, true, NULL, &err), &err,
		    MS_DATA, "RFC 5321 section 4.1.2", "refused sender");
	}
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + 253, "@b", 3);
	r.addr = longest;
	fails(ms_smtp_send(s, NULL, &r, 1, true, NULL, &err), &err, MS_DATA,
	    "longer than 254", "too long");
	r.addr = "x@x";
	fails(ms_smtp_send(s, NULL, &r, 1, true, NULL, &err), &err,
	    MS_TEMPFAIL, "connection", "nobody listens: try again");
	ms_smtp_free(s);
}

/* Postfix's own test server, as a stranger's view of what we say. */
static void
test_smtp_sink(void)
{
	static const struct step none[] = { END };
	struct ms_smtp_rcpt r[2] = { { .addr = "b@b.example" },
		{ .addr = "c@c.example" } };
	char dir[] = "/tmp/unit-smtp.XXXXXX", mail[40], addr[32];
	static char got[2000];
	struct ms_smtp *s = NULL;
	struct ms_src *src;
	struct peer p;
	FILE *f;
	int rc = -1, i;

	if (access("/usr/sbin/smtp-sink", X_OK) == -1) {
		ok(1, "# skip smtp-sink is not installed");
		return;
	}
	/* A port that was free a moment ago. */
	peer_start(&p, none);
	peer_stop(&p, false);
	snprintf(addr, sizeof(addr), "127.0.0.1:%u", p.port);
	if (!mkdtemp(dir) || chmod(dir, 0777) == -1)
		abort();
	snprintf(mail, sizeof(mail), "%s/mail", dir);
	fflush(stdout);
	p.pid = fork();
	if (p.pid == 0) {
		if (geteuid() == 0)
			execl("/usr/sbin/smtp-sink", "smtp-sink", "-u",
			    "nobody", "-D", mail, addr, "5", (char *)NULL);
		execl("/usr/sbin/smtp-sink", "smtp-sink", "-D", mail, addr,
		    "5", (char *)NULL);
		_exit(1);
	}
	ms_smtp_new("127.0.0.1", p.port, MS_SMTP_TLS_NONE, NULL, 2000, 5000,
	    &s, &err);
	for (i = 0; i < 200 && rc == -1; i++) {
		ms_err_reset(&err);
		src = ms_src_mem(text, sizeof(text) - 1, &err);
		rc = ms_smtp_send(s, "a@a.example", r, 2, true, src, &err);
		ms_src_free(src);
		if (rc == -1)
			usleep(20000);
	}
	ok(rc == 0 && r[0].code == 250 && r[1].code == 250,
	    "smtp-sink took it %s", err.text);
	ms_smtp_free(s);
	peer_stop(&p, false);
	f = fopen(mail, "r");
	if (f) {
		got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
		fclose(f);
	}
	ok(strstr(got, "X-Mail-Args: <a@a.example>\n") &&
	    strstr(got, "X-Rcpt-Args: <c@c.example>\n") &&
	    strstr(got, "Subject: x\n\n.dot\n..two\nend\n"),
	    "as it was sent");
	unlink(mail);
	rmdir(dir);
	peer_forget(&p);
}

int
main(void)
{
	test_sent();
	test_recipients();
	test_refusals();
	test_drops();
	test_log_in();
	test_smtputf8();
	test_messages();
	test_injection();
	test_smtp_sink();
	return tap_done();
}
