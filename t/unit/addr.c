/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: what is read, how it is printed, what is refused. */
#include <stdlib.h>

#include "addr/addr.h"
#include "tap.h"

static struct ms_err err;

static void
spec(const char *in, const char *want)
{
	struct ms_addr a;

	if (!ok(ms_addr_parse(in, strlen(in), &a, &err) == 0, "reads %s", in)) {
		printf("# %s\n", err.text);
		ms_err_reset(&err);
		return;
	}
	is_str(a.spec, want, "and prints it");
	ms_addr_clear(&a);
}

static void
no(const char *in, size_t n, const char *words)
{
	struct ms_addr a;

	fails(ms_addr_parse(in, n, &a, &err), &err, MS_DATA, words, words);
}

static void
test_one(void)
{
	char longest[300];
	struct ms_addr a, b;

	spec("alice@a.example", "alice@a.example");
	spec("Alice@A.EXAMPLE", "Alice@a.example");
	spec("\"alice\"@a.example", "alice@a.example");
	spec("\"a b\\\"c\"@a.example", "\"a b\\\"c\"@a.example");
	spec("\"a@b\"@a.example", "\"a@b\"@a.example");
	spec("bj\303\266rn@b\303\274cher.example",
	    "bj\303\266rn@xn--bcher-kva.example");
	spec("x@B\303\234CHER.example", "x@xn--bcher-kva.example");
	spec("x@[192.0.2.1]", "x@[192.0.2.1]");
	spec("x@[ipv6:2001:DB8:0::1]", "x@[IPv6:2001:db8::1]");
	spec("!#$%&'*+-/=?^_`{|}~@a.example",
	    "!#$%&'*+-/=?^_`{|}~@a.example");
#define NO(s, words) no(s, sizeof(s) - 1, words)
	NO("", "empty address");
	NO("alice", "'@' missing");
	NO("@a.example", "local part missing");
	NO("\"\"@a.example", "empty local part");
	NO("a@", "domain missing");
	NO("a..b@a.example", "local part missing");
	NO(".a@a.example", "local part missing");
	NO("a b@a.example", "'@' missing");
	NO("a @a.example", "'@' missing");
	NO("a@a.example ", "more than an address");
	NO("a@a.example,b@b.example", "more than an address");
	NO("<a@a.example>", "local part missing");
	NO("a(x)@a.example", "'@' missing");
	NO("a@a_b.example", "RFC 5321 section 4.1.2");
	NO("a@-a.example", "RFC 5321 section 4.1.2");
	NO("a@a..example", "RFC 5321 section 4.1.2");
	NO("a@a.example.", "RFC 5321 section 4.1.2");
	NO("a@[192.0.2]", "RFC 5321 section 4.1.3");
	NO("a@[x:y]", "RFC 5321 section 4.1.3");
	NO("a@[192.0.2.1", "literal not closed");
	NO("a@a.example\r\nRCPT TO:<b@b.example>", "more than an address");
	NO("a\r\n b@a.example", "'@' missing");
	NO("\"a\r\n b\"@a.example", "control character");
	NO("\"a\nb\"@a.example", "control character");
	NO("a\0b@a.example", "'@' missing");
	NO("\"a\0b\"@a.example", "control character");
	NO("a@a.exa\0mple", "more than an address");
	NO("a\302\205b@a.example", "control character");
	NO("a\377b@a.example", "RFC 6532");
	NO("a@\377.example", "RFC 6532");
	NO("a@\342\200\213\342\210\232.example", "RFC 5891");
	NO("\"a\".b@a.example", "obsolete local part");
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + 240, "@a.example.org", 14);
	ok(ms_addr_parse(longest, 254, &a, &err) == 0, "254 octets are read");
	ms_addr_clear(&a);
	longest[240] = 'a';
	memcpy(longest + 241, "@a.example.org", 14);
	no(longest, 255, "longer than 254");
	no(longest + 40, 90, "'@' missing");

	ok(ms_addr_parse("A@a.example", 11, &a, &err) == 0 &&
	    ms_addr_parse("a@A.example", 11, &b, &err) == 0 &&
	    !ms_addr_equal(&a, &b), "local parts differ by case");
	ok(!ms_addr_is_utf8(&a), "no SMTPUTF8 for ASCII");
	ms_addr_clear(&b);
	ok(ms_addr_copy(&b, &a, &err) == 0 && ms_addr_equal(&a, &b),
	    "a copy is equal");
	ok(ms_addr_glob("*@a.EXAMPLE", &a) && ms_addr_glob("?@a.*", &a) &&
	    ms_addr_glob("*", &a), "globs that match");
	ok(!ms_addr_glob("*@b.example", &a) && !ms_addr_glob("a@a", &a) &&
	    !ms_addr_glob("", &a), "globs that do not match");
	ms_addr_clear(&a);
	ms_addr_clear(&b);
	ok(ms_addr_parse("\303\266@a.example", 12, &a, &err) == 0 &&
	    ms_addr_is_utf8(&a) && ms_addr_glob("?@*", &a),
	    "a UTF-8 local part needs SMTPUTF8 and is one character");
	ms_addr_clear(&a);
}

/* "display|spec|group" of all mailboxes, and the groups. */
static void
list(const char *in, bool strict, const char *want)
{
	struct ms_buf b = MS_BUF_INIT(100000);
	struct ms_addrlist l;
	char name[80];
	size_t i;

	/* A line of TAP is one line. */
	for (i = 0; i < sizeof(name) - 1 && in[i]; i++)
		name[i] = in[i] < ' ' && in[i] > 0 ? '~' : in[i];
	name[i] = '\0';
	if (ms_addrlist_parse(in, strlen(in), strict, &l, &err)) {
		is_str(err.text, want, name);
		ms_err_reset(&err);
		return;
	}
	for (i = 0; i < l.n; i++)
		ms_buf_addf(&b, &err, "[%s|%s|%d]", l.v[i].display ?
		    l.v[i].display : "", l.v[i].spec, l.v[i].group);
	for (i = 0; i < l.ngroup; i++)
		ms_buf_addf(&b, &err, "{%s}", l.group[i]);
	ms_buf_adds(&b, "", &err);
	is_str(ms_buf_str(&b), want, name);
	ms_buf_clear(&b);
	ms_addrlist_clear(&l);
}

static void
test_list(void)
{
	struct ms_addrlist a, b;
	struct ms_buf big = MS_BUF_INIT(10000000);
	int i;

	list("a@b.example", true, "[|a@b.example|-1]");
	list("Ana <a@b.example>, \"O, N\" <o@n.example>", true,
	    "[Ana|a@b.example|-1][O, N|o@n.example|-1]");
	list("Ana Maria\r\n  \"L.\" X <a@b.example>", true,
	    "[Ana Maria L. X|a@b.example|-1]");
	list("a@b.example (Ana (née) \\) x)", true, "[|a@b.example|-1]");
	list("(c) Ana (c) < (c) a (c) @ (c) b.example (c) > (c)", true,
	    "[Ana|a@b.example|-1]");
	list("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
	    true, "[Ed Jones|c@a.test|0][|joe@where.test|0]"
	    "[John|jdoe@one.test|0]{A Group}");
	list("x@a.test, G1: a@a.test;, G2:;, y@a.test", true,
	    "[|x@a.test|-1][|a@a.test|0][|y@a.test|-1]{G1}{G2}");
	list("Undisclosed recipients:;", true, "{Undisclosed recipients}");
	list("=?utf-8?Q?Bj=C3=B6rn?= <b@a.test>", true,
	    "[=?utf-8?Q?Bj=C3=B6rn?=|b@a.test|-1]");
	list("Bj\303\266rn <b@a.test>", true,
	    "[Bj\303\266rn|b@a.test|-1]");
	/* obsolete syntax */
	list("J. Q. Public <j@a.test>", false, "[J. Q. Public|j@a.test|-1]");
	list("a@a.test,, ,b@a.test,", false,
	    "[|a@a.test|-1][|b@a.test|-1]");
	list("<@x.test,@y.test:j@a.test>", false, "[|j@a.test|-1]");
	list("pete . \"silly\" (x) . z @ a . test", false,
	    "[|pete.silly.z@a.test|-1]");
	list("", false, "");
	list("Bj\366rn <b@a.test>", false, "[Bj?rn|b@a.test|-1]");
	/* refused */
#define S34 "RFC 5322 section 3.4: "
	list("J. Q. Public <j@a.test>", true,
	    S34 "unquoted '.' in a display name at '<j@a.test>'");
	list("a@a.test,,b@a.test", true,
	    S34 "empty element of the list at ',b@a.test'");
	list("a@a.test,", true,
	    S34 "address missing at the end of the address");
	list("<@x.test:j@a.test>", true,
	    S34 "obsolete route at '@x.test:j@a.test>'");
	list("Bj\366rn <b@a.test>", true,
	    "RFC 6532 section 3.2: the display name is not UTF-8");
	list("Ana", false, S34 "a name without an address at 'Ana'");
	list("Ana <a@a.test", false,
	    S34 "'>' missing at the end of the address");
	list("a@a.test b@a.test", false, S34 "',' missing at 'b@a.test'");
	list("<>", false, S34 "local part missing at '>'");
	list("G: a@a.test", false,
	    S34 "';' of the group missing at the end of the address");
	list("G: H: a@a.test;;", false,
	    S34 "group within a group at ': a@a.test;;'");
	list(": a@a.test;", false, S34 "group without a name at ': a@a.test;'");
	list("\"Ana <a@a.test>", false,
	    S34 "quoted string not closed at the end of the address");
	list("(Ana <a@a.test>", false,
	    S34 "comment not closed at the end of the address");
	list("a@a.test\r\nBcc: b@a.test", false,
	    "RFC 5322 section 3.2.2: line end in an address");
	list("a@a.test\rb", false,
	    "RFC 5322 section 3.2.2: line end in an address");
	list("A\033[1m <a@a.test>", false,
	    S34 "a name without an address at 'A\033[1m <a@a.test>'");

	for (i = 0; i < 200; i++)
		ms_buf_addc(&big, '(', &err);
	fails(ms_addrlist_parse((char *)big.p, big.n, false, &a, &err), &err,
	    MS_DATA, "comments nested too deep", "nested comments end");
	ms_buf_reset(&big);
	for (i = 0; i <= MS_ADDRLIST_MAX; i++)
		ms_buf_adds(&big, "a@b.test,", &err);
	fails(ms_addrlist_parse((char *)big.p, big.n, false, &a, &err), &err,
	    MS_DATA, "more than 100000 addresses", "the list ends");
	big.n -= 9;
	ok(ms_addrlist_parse((char *)big.p, big.n, false, &a, &err) == 0 &&
	    a.n == MS_ADDRLIST_MAX, "and not before");
	ms_addrlist_clear(&a);
	ms_buf_clear(&big);

	ok(ms_addrlist_parse("g:a@a.test;", 11, true, &a, &err) == 0 &&
	    ms_addrlist_parse("h:b@a.test;", 11, true, &b, &err) == 0 &&
	    ms_addrlist_move(&a, &b, &err) == 0 && a.n == 2 && b.n == 0 &&
	    a.v[1].group == 1, "lists are joined");
	ms_addrlist_clear(&a);

	ok(ms_addrlist_parse_local("root (Cron Daemon), A <b>, c@d.test", 35,
	    "Host.test", &a, &err) == 0 && a.n == 3, "local parts alone");
	is_str(a.v[0].spec, "root@host.test", "get their domain");
	is_str(a.v[1].spec, "b@host.test", "in angle brackets too");
	is_str(a.v[2].spec, "c@d.test", "and others keep theirs");
	ms_addrlist_clear(&a);
	fails(ms_addrlist_parse_local("Cron Daemon", 11, "host.test", &a,
	    &err), &err, MS_DATA, "',' missing at 'Daemon'", "two words");
}

int
main(void)
{
	test_one();
	test_list();
	return tap_done();
}
