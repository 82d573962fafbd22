/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP as a client, against peers that behave and that do not. */
#define _GNU_SOURCE
#include "net/net.h"
#include "peer.h"
#include "tap.h"

static struct ms_err err = MS_ERR_INIT;

static struct ms_http *
client(const struct peer *p, const struct ms_net_auth *auth, unsigned total)
{
	struct ms_http *h = NULL;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/path", p->port);
	if (ms_http_new(url, auth, 2000, total, &h, &err) == -1) {
		printf("# %s\n", err.text);
		exit(1);
	}
	return h;
}

static void
test_exchange(void)
{
	static const struct step script[] = {
		{ "HTTP", "HTTP/1.1 200 OK\r\nContent-Type: "
		    "Application/Timestamp-Reply; charset=x\r\n"
		    "Content-Length: 5\r\n\r\nhello" },
		{ "HTTP", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n"
		    "\r\nno" },
		{ "HTTP", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/"
		    "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
		{ NULL, NULL } };
	struct ms_http_reply r = { 0, "", MS_BUF_INIT(100) };
	struct peer p;
	struct ms_http *h;

	peer_start(&p, script);
	h = client(&p, NULL, 5000);
	ok(ms_http_exchange(h, "application/timestamp-query", "q\0y", 3,
	    "application/timestamp-reply", &r, &err) == 0, "POST %s",
	    err.text);
	is_int(r.status, 200, "status");
	is_str(r.type, "application/timestamp-reply", "type");
	is_str(ms_buf_str(&r.body), "hello", "body");
	ok(ms_http_exchange(h, NULL, NULL, 0, NULL, &r, &err) == 0,
	    "GET on the same connection %s", err.text);
	is_int(r.status, 404, "any status is an answer");
	is_str(r.type, "", "no type");
	is_str(ms_buf_str(&r.body), "no", "its body alone");
	ok(ms_http_exchange(h, "a/b", NULL, 0, NULL, &r, &err) == 0,
	    "third %s", err.text);
	is_int(r.status, 302, "a redirect is not followed");
	ms_http_free(h);
	peer_stop(&p, true);
	ok(strstr(p.heard, "POST /path HTTP/1.1\r\n") == p.heard, "POST");
	ok(strstr(p.heard, "Content-Type: application/timestamp-query\r\n") &&
	    strstr(p.heard, "Accept: application/timestamp-reply\r\n") &&
	    strstr(p.heard, "Content-Length: 3\r\n"), "its fields");
	ok(!strcasestr(p.heard, "Expect") && !strcasestr(p.heard,
	    "Authorization"), "and no others");
	ok(strstr(p.heard, "GET /path HTTP/1.1\r\n") != NULL, "GET");
	peer_forget(&p);
	ms_buf_clear(&r.body);
}

/* One exchange with a peer that misbehaves. */
static void
misbehave(const struct step *script, enum ms_class class, const char *words,
    const char *what)
{
	struct ms_http_reply r = { 0, "", MS_BUF_INIT(100) };
	struct ms_http *h;
	struct peer p;

	peer_start(&p, script);
	h = client(&p, NULL, 400);
	fails(ms_http_exchange(h, "a/b", "q", 1, NULL, &r, &err), &err, class,
	    words, what);
	is_int((long long)r.body.n, 0, "and the body is empty");
	ms_http_free(h);
	peer_stop(&p, false);
	peer_forget(&p);
	ms_buf_clear(&r.body);
}

static void
test_misbehaviour(void)
{
	static char big[200], fields[300000];
	struct step s[3] = { { "HTTP", NULL }, { NULL, NULL },
		{ NULL, NULL } };
	size_t n;

	snprintf(big, sizeof(big), "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n"
	    "\r\n%0101d", 1);
	s[0].say = big;
	misbehave(s, MS_DATA, "reply larger than 100 bytes", "too large");
	snprintf(big, sizeof(big), "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
	    "chunked\r\n\r\n65\r\n%0101d\r\n", 1);
	misbehave(s, MS_DATA, "reply larger than 100 bytes",
	    "too large by chunks");
	s[0].say = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort";
	misbehave(s, MS_TEMPFAIL, "http://127.0.0.1:", "truncated");
	s[0].say = NULL;
	misbehave(s, MS_TEMPFAIL, "", "no reply");
	s[0].say = "220 mail.example ESMTP\r\n";
	misbehave(s, MS_DATA, "HTTP/0.9", "no HTTP");
	n = (size_t)snprintf(fields, sizeof(fields), "HTTP/1.1 200 OK\r\n");
	while (n < sizeof(fields) - 20) {
		memcpy(fields + n, "A: bbbbbbbbbbbb\r\n", 17);
		n += 17;
	}
	s[0].say = fields;
	misbehave(s, MS_DATA, "header fields larger than", "endless fields");
	s[0].say = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nslow";
	s[1].want = "HANG";
	misbehave(s, MS_TEMPFAIL, "", "too slow");
}

static void
test_nobody(void)
{
	struct ms_http_reply r = { 0, "", MS_BUF_INIT(100) };
	static const struct step none[] = { { NULL, NULL } };
	struct ms_http *h;
	struct peer p;

	peer_start(&p, none);
	peer_stop(&p, false);
	h = client(&p, NULL, 1000);
	fails(ms_http_exchange(h, NULL, NULL, 0, NULL, &r, &err), &err,
	    MS_TEMPFAIL, "http://127.0.0.1:", "nobody listens");
	fails(ms_http_exchange(h, "a/b\r\nX: y", "q", 1, NULL, &r, &err),
	    &err, MS_BUG, "control byte", "a line end in a field");
	ms_http_free(h);
	peer_forget(&p);
}

static void
test_log_in(void)
{
	static const struct step script[] = {
		{ "HTTP", "HTTP/1.1 204 No Content\r\n\r\n" },
		{ NULL, NULL } };
	struct ms_net_auth auth = { .user = "u", .password = "secret" };
	struct ms_http_reply r = { 0, "", MS_BUF_INIT(100) };
	struct ms_http *h = NULL;
	struct peer p;

	peer_start(&p, script);
	h = client(&p, &auth, 5000);
	ok(ms_http_exchange(h, NULL, NULL, 0, NULL, &r, &err) == 0,
	    "a password to loopback %s", err.text);
	ms_http_free(h);
	peer_stop(&p, true);
	ok(strstr(p.heard, "Authorization: Basic dTpzZWNyZXQ=\r\n") != NULL,
	    "arrives");
	peer_forget(&p);
	fails(ms_http_new("http://tsa.example/", &auth, 1, 1, &h, &err), &err,
	    MS_CONFIG, "without TLS", "nowhere else in clear");
	ok(ms_http_new("https://tsa.example/", &auth, 1, 1, &h, &err) == 0,
	    "but with TLS");
	ms_http_free(h);
}

static void
test_urls(void)
{
	static const char *const bad[] = { "", "tsa", "file:///etc/passwd",
		"ftp://a.example/", "http://", "http://a b/",
		"http://a.example:99999/", "gopher://a.example/" };
	struct ms_http *h = NULL;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		fails(ms_http_new(bad[i], NULL, 1, 1, &h, &err), &err,
		    MS_USAGE, "URL", bad[i]);
	fails(ms_http_new("http://user@a.example/", NULL, 1, 1, &h, &err),
	    &err, MS_USAGE, "must not carry", "a user in a URL");
	rc = ms_http_new("https://u:hunter2@a.example/", NULL, 1, 1, &h, &err);
	ok(!strstr(err.text, "hunter2"), "a password is not repeated");
	fails(rc, &err, MS_USAGE, "must not carry", "a password in a URL");
	ok(ms_net_loopback("127.1.2.3") && ms_net_loopback("LocalHost") &&
	    ms_net_loopback("::1") && ms_net_loopback("[::1]"), "loopback");
	ok(!ms_net_loopback("127.0.0.1.evil.example") &&
	    !ms_net_loopback("10.0.0.1") && !ms_net_loopback("") &&
	    !ms_net_loopback("localhost.example"), "not loopback");
}

static bool
public(const char *digits)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, digits, &v4.sin_addr) == 1)
		return ms_net_public((struct sockaddr *)&v4);
	if (inet_pton(AF_INET6, digits, &v6.sin6_addr) != 1)
		exit(1);
	return ms_net_public((struct sockaddr *)&v6);
}

static void
test_public(void)
{
	static const char *const no[] = { "0.0.0.0", "10.1.2.3", "100.64.0.1",
		"127.0.0.1", "169.254.169.254", "172.31.255.255", "192.0.0.1",
		"192.0.2.1", "192.168.0.1", "198.19.0.1", "203.0.113.9",
		"224.0.0.1", "255.255.255.255", "::", "::1",
		"::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1",
		"2002:7f00:1::", "2001::1", "2001:db8::1", "fc00::1",
		"fdff::1", "fe80::1", "ff02::1" };
	static const char *const yes[] = { "1.1.1.1", "9.255.255.255",
		"100.63.255.255", "172.32.0.1", "192.169.0.1", "223.0.0.1",
		"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::",
		"2606:4700::1111", "2a00:1450:4001::1", "2001:4860::8888" };
	static const struct step script[] = { { "HTTP", "HTTP/1.1 200 OK\r\n"
		"Content-Length: 0\r\n\r\n" }, { NULL, NULL } };
	struct ms_http_reply r = { 0, "", MS_BUF_INIT(100) };
	struct ms_http *h = NULL;
	struct sockaddr un = { .sa_family = AF_UNIX };
	struct peer p;
	char url[64];
	size_t i;

	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(!public(no[i]), "%s is not public", no[i]);
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ok(public(yes[i]), "%s is", yes[i]);
	ok(!ms_net_public(&un), "nor is a socket of this machine");
	peer_start(&p, script);
	h = client(&p, NULL, 5000);
	ms_http_public_only(h);
	fails(ms_http_exchange(h, NULL, NULL, 0, NULL, &r, &err), &err,
	    MS_NOPERM, "127.0.0.1:", "a loopback address is refused");
	ms_http_free(h);
	snprintf(url, sizeof(url), "http://localhost:%u/", p.port);
	ms_http_new(url, NULL, 2000, 5000, &h, &err);
	ms_http_public_only(h);
	fails(ms_http_exchange(h, NULL, NULL, 0, NULL, &r, &err), &err,
	    MS_NOPERM, "not a public address", "so is a name for it");
	ms_http_free(h);
	peer_stop(&p, false);
	is_str(p.heard, "", "it heard nothing");
	ms_buf_clear(&r.body);
}

int
main(void)
{
	/* The environment decides nothing. */
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("all_proxy", "http://127.0.0.1:1/", 1);
	test_exchange();
	test_misbehaviour();
	test_nobody();
	test_log_in();
	test_urls();
	test_public();
	return tap_done();
}
