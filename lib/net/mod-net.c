/* SPDX-License-Identifier: Apache-2.0 */
/* The module "net": libcurl.  One peer's handle, and HTTP. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "net/mod-net.h"

/* ---- what a CURLcode means for the caller ---- */

static const struct {
	CURLcode code;
	enum ms_class class;
} classes[] = {
	{ CURLE_UNSUPPORTED_PROTOCOL, MS_DATA },	/* HTTP/0.9 */
	{ CURLE_WEIRD_SERVER_REPLY, MS_DATA },
	{ CURLE_HTTP2, MS_DATA },
	{ CURLE_BAD_CONTENT_ENCODING, MS_DATA },
	{ CURLE_FILESIZE_EXCEEDED, MS_DATA },
	{ CURLE_URL_MALFORMAT, MS_USAGE },
	{ CURLE_PEER_FAILED_VERIFICATION, MS_NOPERM },
	{ CURLE_SSL_ISSUER_ERROR, MS_NOPERM },
	{ CURLE_SSL_INVALIDCERTSTATUS, MS_NOPERM },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, MS_NOPERM },
	{ CURLE_USE_SSL_FAILED, MS_NOPERM },
	{ CURLE_LOGIN_DENIED, MS_NOPERM },
	{ CURLE_AUTH_ERROR, MS_NOPERM },
	{ CURLE_REMOTE_ACCESS_DENIED, MS_NOPERM },
	{ CURLE_SSL_CERTPROBLEM, MS_CONFIG },
	{ CURLE_SSL_CACERT_BADFILE, MS_CONFIG },
	{ CURLE_SSL_CIPHER, MS_CONFIG },
	{ CURLE_OUT_OF_MEMORY, MS_OS },
	{ CURLE_READ_ERROR, MS_IO },
	{ CURLE_WRITE_ERROR, MS_IO },
	{ CURLE_ABORTED_BY_CALLBACK, MS_IO },
	{ CURLE_FAILED_INIT, MS_UNAVAILABLE },
	{ CURLE_NOT_BUILT_IN, MS_UNAVAILABLE },
	{ CURLE_UNKNOWN_OPTION, MS_UNAVAILABLE },
	{ CURLE_BAD_FUNCTION_ARGUMENT, MS_BUG },
};

/* The rest is a peer that was not reached, too slow, or broke off. */
enum ms_class
net_class(CURLcode rc)
{
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].code == rc)
			return classes[i].class;
	return MS_TEMPFAIL;
}

const char *
net_text(const struct net_peer *p, CURLcode rc)
{
	return p->text[0] ? p->text : curl_easy_strerror(rc);
}

/* ---- one peer ---- */

/*
 * A peer that is gone must not kill the program, and the program's handler
 * is not ours to change: hold the signal back, and take what came.
 */
static void
sigpipe_hold(sigset_t *old, bool *pending)
{
	sigset_t set;

	sigemptyset(&set);
	sigpending(&set);
	*pending = sigismember(&set, SIGPIPE) == 1;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, old);
}

static void
sigpipe_release(const sigset_t *old, bool pending)
{
	const struct timespec now = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	if (!pending)
		while (sigtimedwait(&set, NULL, &now) == SIGPIPE)
			continue;
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

static int
copy(char **to, const char *s)
{
	if (!s)
		return 0;
	*to = strdup(s);
	return *to ? 0 : -1;
}

int
net_peer_init(struct net_peer *p, const char *url, const char *name,
    const char *protocols, const struct ms_net_auth *auth,
    unsigned connect_ms, unsigned total_ms, struct ms_err *err)
{
	static const struct ms_net_auth none;

	if (!auth)
		auth = &none;
	memset(p, 0, sizeof(*p));
	p->protocols = protocols;
	p->connect_ms = connect_ms;
	p->total_ms = total_ms;
	if (copy(&p->url, url) == -1 || copy(&p->name, name) == -1 ||
	    copy(&p->user, auth->user) == -1 ||
	    copy(&p->password, auth->password) == -1 ||
	    copy(&p->ca_file, auth->ca_file) == -1 ||
	    copy(&p->cert_file, auth->cert_file) == -1 ||
	    copy(&p->key_file, auth->key_file) == -1 ||
	    copy(&p->key_password, auth->key_password) == -1) {
		net_peer_clear(p);
		return ms_fail_nomem(err);
	}
	p->curl = curl_easy_init();
	if (!p->curl) {
		net_peer_clear(p);
		return ms_fail(err, MS_UNAVAILABLE, "libcurl does not start");
	}
	return 0;
}

void
net_peer_clear(struct net_peer *p)
{
	sigset_t old;
	bool pending;

	if (p->curl) {
		/* It may say good-bye to the peer. */
		sigpipe_hold(&old, &pending);
		curl_easy_cleanup(p->curl);
		sigpipe_release(&old, pending);
	}
	free(p->url);
	free(p->name);
	free(p->user);
	free(p->ca_file);
	free(p->cert_file);
	free(p->key_file);
	ms_wipe_str(p->password);
	ms_wipe_str(p->key_password);
	memset(p, 0, sizeof(*p));
}

int
net_peer_reset(struct net_peer *p, struct ms_err *err)
{
	CURL *c = p->curl;
	int bad = 0;

	curl_easy_reset(c);
	ms_err_reset(&p->why);
	p->refused = false;
	p->text[0] = '\0';
	bad |= curl_easy_setopt(c, CURLOPT_URL, p->url) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, p->protocols) !=
	    CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
	/* Otherwise the environment would name one. */
	bad |= curl_easy_setopt(c, CURLOPT_PROXY, "") != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, p->text) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)p->connect_ms) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)p->total_ms) !=
	    CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK;
	if (p->ca_file) {
		/* The anchors named are the only ones. */
		bad |= curl_easy_setopt(c, CURLOPT_CAINFO, p->ca_file) !=
		    CURLE_OK;
		bad |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL) != CURLE_OK;
	}
	if (p->user) {
		bad |= curl_easy_setopt(c, CURLOPT_USERNAME, p->user) !=
		    CURLE_OK;
		bad |= curl_easy_setopt(c, CURLOPT_PASSWORD,
		    p->password ? p->password : "") != CURLE_OK;
	}
	if (p->cert_file)
		bad |= curl_easy_setopt(c, CURLOPT_SSLCERT, p->cert_file) !=
		    CURLE_OK;
	if (p->key_file)
		bad |= curl_easy_setopt(c, CURLOPT_SSLKEY, p->key_file) !=
		    CURLE_OK;
	if (p->key_password)
		bad |= curl_easy_setopt(c, CURLOPT_KEYPASSWD,
		    p->key_password) != CURLE_OK;
	if (bad)
		return ms_fail(err, MS_UNAVAILABLE,
		    "libcurl lacks an option that %s needs", p->name);
	return 0;
}

CURLcode
net_peer_perform(struct net_peer *p)
{
	sigset_t old;
	bool pending;
	CURLcode rc;

	sigpipe_hold(&old, &pending);
	rc = curl_easy_perform(p->curl);
	sigpipe_release(&old, pending);
	return rc;
}

/* ---- HTTP ---- */

struct http {
	struct ms_http top;
	struct net_peer peer;
	struct ms_http_reply *reply;
	size_t head;		/* bytes of header fields so far */
};

struct url {
	char *scheme, *host, *port, *user, *whole;
};

static void
url_clear(struct url *u)
{
	curl_free(u->scheme);
	curl_free(u->host);
	curl_free(u->port);
	curl_free(u->user);
	curl_free(u->whole);
}

/* A URL with a log-in in it is not repeated in messages. */
static int
url_parse(struct url *u, const char *s, struct ms_err *err)
{
	CURLU *c = curl_url();
	bool good;

	if (!c)
		return ms_fail_nomem(err);
	good = curl_url_set(c, CURLUPART_URL, s, 0) == CURLUE_OK &&
	    curl_url_set(c, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
	    curl_url_get(c, CURLUPART_SCHEME, &u->scheme, 0) == CURLUE_OK &&
	    curl_url_get(c, CURLUPART_HOST, &u->host, 0) == CURLUE_OK &&
	    curl_url_get(c, CURLUPART_PORT, &u->port,
	    CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    curl_url_get(c, CURLUPART_URL, &u->whole, 0) == CURLUE_OK;
	if (good && (curl_url_get(c, CURLUPART_USER, &u->user, 0) ==
	    CURLUE_OK || strchr(u->host, '@')))
		ms_fail(err, MS_USAGE,
		    "a URL must not carry a user or password");
	else if (!good && strchr(s, '@'))
		ms_fail(err, MS_USAGE, "not a URL");
	else if (!good)
		ms_fail(err, MS_USAGE, "not a URL: '%s'", s);
	else if (!ms_streq(u->scheme, "http") && !ms_streq(u->scheme, "https"))
		ms_fail(err, MS_USAGE, "not an http: or https: URL: '%s'", s);
	else {
		curl_url_cleanup(c);
		return 0;
	}
	curl_url_cleanup(c);
	return -1;
}

static int
http_new(const char *url, const struct ms_net_auth *auth, unsigned connect_ms,
    unsigned total_ms, struct ms_http **ret, struct ms_err *err)
{
	struct ms_buf name = MS_BUF_INIT(4096);
	struct url u = { NULL, NULL, NULL, NULL, NULL };
	struct http *h = NULL;
	int rc = -1;

	if (url_parse(&u, url, err) == -1)
		goto out;
	if (auth && auth->user && ms_streq(u.scheme, "http") &&
	    !ms_net_loopback(u.host)) {
		ms_fail(err, MS_CONFIG,
		    "a password does not go to %s without TLS", u.host);
		goto out;
	}
	if (ms_buf_addf(&name, err, "%s://%s:%s", u.scheme, u.host,
	    u.port) == -1 || !ms_buf_str(&name))
		goto out;
	h = calloc(1, sizeof(*h));
	if (!h) {
		ms_fail_nomem(err);
		goto out;
	}
	h->top.ops = &ms_module_net;
	if (net_peer_init(&h->peer, u.whole, (const char *)name.p,
	    "http,https", auth, connect_ms, total_ms, err) == -1)
		goto out;
	*ret = &h->top;
	h = NULL;
	rc = 0;
out:
	free(h);
	ms_buf_clear(&name);
	url_clear(&u);
	return rc;
}

static void
http_free(struct ms_http *top)
{
	struct http *h = (struct http *)top;

	net_peer_clear(&h->peer);
	free(h);
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	struct ms_buf *b = &h->reply->body;

	n *= size;
	if (n > b->max || b->n > b->max - n) {
		ms_fail(&h->peer.why, MS_DATA,
		    "%s: reply larger than %zu bytes", h->peer.name, b->max);
		return 0;
	}
	return ms_buf_add(b, p, n, &h->peer.why) == 0 ? n : 0;
}

static size_t
on_head(char *p, size_t size, size_t n, void *arg)
{
	struct http *h = arg;

	n *= size;
	h->head += n;
	if (h->head > MS_NET_HEAD) {
		ms_fail(&h->peer.why, MS_DATA,
		    "%s: header fields larger than %zu bytes", h->peer.name,
		    MS_NET_HEAD);
		return 0;
	}
	return n;
}

/* "A/B; x=y" to "a/b"; what does not fit is no type we know. */
static void
set_type(struct ms_http_reply *reply, const char *s)
{
	size_t i, n;

	reply->type[0] = '\0';
	if (!s)
		return;
	s += strspn(s, " \t");
	n = strcspn(s, "; \t");
	if (n >= sizeof(reply->type))
		return;
	for (i = 0; i < n; i++)
		reply->type[i] = s[i] >= 'A' && s[i] <= 'Z' ?
		    (char)(s[i] + 32) : s[i];
	reply->type[n] = '\0';
}

/* Append "name: value" to a list that is freed when that fails. */
static int
field(struct curl_slist **list, const char *name, const char *value,
    struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(8192);
	struct curl_slist *l = NULL;

	if (ms_buf_addf(&b, err, "%s:%s%s", name, *value ? " " : "",
	    value) == 0 && ms_buf_str(&b))
		l = curl_slist_append(*list, (const char *)b.p);
	ms_buf_clear(&b);
	if (!l)
		return ms_fail_nomem(err);
	*list = l;
	return 0;
}

static int
http_options(struct http *h, const char *type, const void *p, size_t n,
    struct curl_slist *fields, struct ms_err *err)
{
	CURL *c = h->peer.curl;
	int bad = 0;

	bad |= curl_easy_setopt(c, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) !=
	    CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "mailseal/" MS_VERSION)
	    != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, fields) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, h) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head) !=
	    CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_HEADERDATA, h) != CURLE_OK;
	if (h->top.public_only)
		bad |= net_guard(&h->peer) != 0;
	if (type) {
		bad |= curl_easy_setopt(c, CURLOPT_POST, 1L) != CURLE_OK;
		bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)n) != CURLE_OK;
		bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, n ? p : "") !=
		    CURLE_OK;
	}
	if (bad)
		return ms_fail(err, MS_UNAVAILABLE,
		    "libcurl lacks an option that %s needs", h->peer.name);
	return 0;
}

static int
http_exchange(struct ms_http *top, const char *type, const void *p, size_t n,
    const char *accept, struct ms_http_reply *reply, struct ms_err *err)
{
	struct http *h = (struct http *)top;
	struct curl_slist *fields = NULL;
	const char *got = NULL;
	int ret = -1;
	CURLcode rc;

	ms_buf_reset(&reply->body);
	reply->status = 0;
	reply->type[0] = '\0';
	h->reply = reply;
	h->head = 0;
	/* "Expect:" empty: no waiting for 100 (Continue). */
	if (field(&fields, "Expect", "", err) == -1 ||
	    (type && field(&fields, "Content-Type", type, err) == -1) ||
	    (accept && field(&fields, "Accept", accept, err) == -1) ||
	    net_peer_reset(&h->peer, err) == -1 ||
	    http_options(h, type, p, n, fields, err) == -1)
		goto out;
	rc = net_peer_perform(&h->peer);
	if (h->peer.why.class != MS_OK)
		ms_fail(err, h->peer.why.class, "%s", h->peer.why.text);
	else if (rc != CURLE_OK && h->peer.refused)
		ms_fail(err, MS_NOPERM, "%s is not a public address, and "
		    "not asked", h->peer.name);
	else if (rc != CURLE_OK)
		ms_fail(err, net_class(rc), "%s: %s", h->peer.name,
		    net_text(&h->peer, rc));
	else {
		curl_easy_getinfo(h->peer.curl, CURLINFO_RESPONSE_CODE,
		    &reply->status);
		curl_easy_getinfo(h->peer.curl, CURLINFO_CONTENT_TYPE, &got);
		set_type(reply, got);
		ret = 0;
	}
	if (ret == -1)
		ms_buf_reset(&reply->body);
out:
	/* The handle must not point at what dies here. */
	curl_easy_setopt(h->peer.curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(fields);
	h->reply = NULL;
	return ret;
}

const struct ms_net_ops ms_module_net MS_MODULE_EXPORT = {
	.http_new = http_new,
	.http_free = http_free,
	.http_exchange = http_exchange,
	.smtp_new = net_smtp_new,
	.smtp_free = net_smtp_free,
	.smtp_send = net_smtp_send,
};
