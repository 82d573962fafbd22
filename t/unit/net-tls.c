/* SPDX-License-Identifier: Apache-2.0 */
/* TLS as a client: who is trusted, and what is said before that is known. */
#define _GNU_SOURCE
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <time.h>

#include "net/net.h"
#include "peer.h"
#include "tap.h"
#include "testcert.h"

static struct ms_err err = MS_ERR_INIT;
static char dir[] = "/tmp/unit-net-tls.XXXXXX";

/* A self-signed server certificate in NAME.crt, its key in NAME.key. */
static void
make(const char *name, const char *san)
{
	const struct tc_ext ext[] = {
		{ NID_basic_constraints, "critical,CA:TRUE" },
		{ NID_subject_alt_name, san }, { 0, NULL } };
	struct ms_key *key = tc_key("p256");
	time_t now = time(NULL);
	X509 *x = tc_cert(name, key, NULL, NULL, 1, now - 60, now + 3600,
	    ext);
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s.crt", name);
	f = fopen(path, "w");
	if (!f || PEM_write_X509(f, x) != 1)
		tc_die(path);
	fclose(f);
	snprintf(path, sizeof(path), "%s.key", name);
	f = fopen(path, "w");
	if (!f || PEM_write_PKCS8PrivateKey(f, ms_key_get0_soft(key),
	    EVP_aes_256_cbc(), "pw", 2, NULL, NULL) != 1)
		tc_die(path);
	fclose(f);
	X509_free(x);
	ms_key_free(key);
}

static int
password(char *to, int n, int rw, void *arg)
{
	memcpy(to, "pw", 2);
	return 2;
}

/* ---- the peer ---- */

enum mode { HTTPS, STARTTLS, SMTPS };

static SSL_CTX *
context(const char *name, const char *client_ca)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	char crt[64], key[64];

	snprintf(crt, sizeof(crt), "%s.crt", name);
	snprintf(key, sizeof(key), "%s.key", name);
	SSL_CTX_set_default_passwd_cb(ctx, password);
	if (SSL_CTX_use_certificate_file(ctx, crt, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		_exit(1);
	if (client_ca) {
		if (SSL_CTX_load_verify_locations(ctx, client_ca, NULL) != 1)
			_exit(1);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
		    SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	return ctx;
}

static const char *
reply_to(const char *line, bool *data)
{
	if (*data) {
		if (strcmp(line, ".\r\n") != 0)
			return "";
		*data = false;
		return "250 queued\r\n";
	}
	*data = strncmp(line, "DATA", 4) == 0;
	if (strncmp(line, "EHLO", 4) == 0)
		return "250-x\r\n250 AUTH PLAIN\r\n";
	if (strncmp(line, "AUTH", 4) == 0)
		return "334 \r\n";
	if (strncmp(line, "AHUAaHVudGVyMg==", 16) == 0)
		return "235 welcome\r\n";
	return *data ? "354 go\r\n" : "250 ok\r\n";
}

/* What comes through TLS is heard with a '*' before each line. */
static void
talk(struct peer *p, SSL *ssl, enum mode mode)
{
	char line[1000], c;
	const char *r;
	bool data = false;
	size_t n = 0;

	if (mode == SMTPS)
		SSL_write(ssl, "220 x\r\n", 7);
	while (SSL_read(ssl, &c, 1) == 1 && n + 2 < sizeof(line)) {
		line[n++] = c;
		if (c != '\n')
			continue;
		line[n] = '\0';
		snprintf(p->heard + strlen(p->heard), sizeof(line) + 2, "*%s",
		    line);
		r = mode != HTTPS ? reply_to(line, &data) : n > 2 ? "" :
		    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
		if (*r)
			SSL_write(ssl, r, (int)strlen(r));
		n = 0;
	}
}

static void
serve(struct peer *p, const char *name, const char *client_ca, enum mode mode)
{
	SSL_CTX *ctx = context(name, client_ca);
	int fd = accept(p->listener, NULL, NULL);
	SSL *ssl = SSL_new(ctx);

	signal(SIGPIPE, SIG_IGN);
	if (mode == STARTTLS) {
		send(fd, "220 x\r\n", 7, MSG_NOSIGNAL);
		peer_line(p, fd, "EHLO");
		send(fd, "250-x\r\n250 STARTTLS\r\n", 21, MSG_NOSIGNAL);
		peer_line(p, fd, "STARTTLS");
		send(fd, "220 go\r\n", 8, MSG_NOSIGNAL);
	}
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		talk(p, ssl, mode);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
}

static void
start(struct peer *p, const char *name, const char *client_ca, enum mode mode)
{
	if (peer_fork(p) == 0) {
		serve(p, name, client_ca, mode);
		_exit(0);
	}
}

/* ---- HTTPS ---- */

static int
get(const char *server, const char *client_ca, const struct ms_net_auth *auth)
{
	struct ms_http_reply r = { 0, "", MS_BUF_INIT(100) };
	struct ms_http *h = NULL;
	struct peer p;
	char url[64];
	int rc;

	start(&p, server, client_ca, HTTPS);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", p.port);
	rc = ms_http_new(url, auth, 2000, 5000, &h, &err);
	if (rc == 0)
		rc = ms_http_exchange(h, NULL, NULL, 0, NULL, &r, &err);
	if (rc == 0 && (r.status != 200 || r.body.n != 2))
		rc = 1;
	ms_http_free(h);
	peer_stop(&p, false);
	if (rc == -1 && strstr(p.heard, "GET"))
		rc = 2;
	peer_forget(&p);
	ms_buf_clear(&r.body);
	return rc;
}

static void
test_https(void)
{
	struct ms_net_auth trusting = { .ca_file = "good.crt" };
	struct ms_net_auth wrong = { .ca_file = "other.crt" };
	struct ms_net_auth missing = { .ca_file = "none.crt" };
	struct ms_net_auth client = { .ca_file = "good.crt",
		.cert_file = "client.crt", .key_file = "client.key",
		.key_password = "pw" };

	fails(get("good", NULL, NULL), &err, MS_NOPERM, "https://127.0.0.1:",
	    "a certificate of nobody");
	is_int(get("good", NULL, &trusting), 0, "named as an anchor");
	fails(get("good", NULL, &wrong), &err, MS_NOPERM, "certificate",
	    "another anchor");
	fails(get("other", NULL, &wrong), &err, MS_NOPERM, "127.0.0.1",
	    "the certificate of another host");
	fails(get("good", NULL, &missing), &err, MS_CONFIG, "none.crt",
	    "an anchor file that is not there");
	is_int(get("good", "client.crt", &client), 0, "client certificate");
	is_int(get("good", "client.crt", &trusting), -1, "asked for one");
	ok(err.class == MS_TEMPFAIL || err.class == MS_NOPERM,
	    "in vain: %s", err.text);
	ms_err_reset(&err);
	client.key_password = "wrong";
	fails(get("good", "client.crt", &client), &err, MS_CONFIG, "https:",
	    "a wrong passphrase of its key");
}

/* ---- SMTP ---- */

static int
post(struct peer *p, enum mode mode, const struct ms_net_auth *auth)
{
	static const char text[] = "a: b\r\n\r\nx\r\n";
	struct ms_smtp_rcpt rcpt = { .addr = "b@b.example" };
	struct ms_src *src = ms_src_mem(text, sizeof(text) - 1, &err);
	struct ms_smtp *s = NULL;
	int rc;

	start(p, "good", NULL, mode);
	rc = ms_smtp_new("127.0.0.1", p->port, mode == SMTPS ?
	    MS_SMTP_TLS_IMPLICIT : MS_SMTP_TLS_STARTTLS, auth, 2000, 5000, &s,
	    &err);
	if (rc == 0)
		rc = ms_smtp_send(s, "a@a.example", &rcpt, 1, true, src, &err);
	peer_stop(p, false);
	ms_smtp_free(s);
	ms_src_free(src);
	return rc;
}

static void
test_smtp(void)
{
	struct ms_net_auth auth = { .user = "u", .password = "hunter2",
		.ca_file = "good.crt" };
	struct peer p;

	is_int(post(&p, STARTTLS, &auth), 0, "STARTTLS");
	ok(strstr(p.heard, "*AHUAaHVudGVyMg==\r\n*MAIL FROM:") != NULL,
	    "logged in");
	ok(!strstr(p.heard, "\nAUTH") && !strstr(p.heard, "\nMAIL"),
	    "only behind TLS");
	peer_forget(&p);
	is_int(post(&p, SMTPS, &auth), 0, "implicit TLS");
	ok(strncmp(p.heard, "*EHLO", 5) == 0, "from the first byte");
	peer_forget(&p);
	auth.ca_file = "other.crt";
	fails(post(&p, STARTTLS, &auth), &err, MS_NOPERM, "certificate",
	    "a certificate of nobody");
	ok(!strstr(p.heard, "AUTH") && !strstr(p.heard, "MAIL"),
	    "nothing was said");
	peer_forget(&p);
	fails(post(&p, SMTPS, &auth), &err, MS_NOPERM, "certificate",
	    "nor with implicit TLS");
	peer_forget(&p);
}

int
main(void)
{
	static const char *const names[] = { "good.crt", "good.key",
		"other.crt", "other.key", "client.crt", "client.key" };
	size_t i;

	if (!mkdtemp(dir) || chdir(dir) == -1)
		return 1;
	make("good", "IP:127.0.0.1");
	make("other", "DNS:other.example");
	make("client", "email:a@a.example");
	test_https();
	test_smtp();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	rmdir(dir);
	return tap_done();
}
