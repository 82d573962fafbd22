/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMTP submission (RFC 5321).  libcurl tells one result for a transaction and
 * forgets which recipient was refused, so the dialogue is followed here: its
 * debug callback shows each command as it leaves and its header callback each
 * line of the answer, strictly one after the other (libcurl does not
 * pipeline).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/mod-net.h"

/* How far the dialogue has come: what the next reply answers. */
enum stage {
	AT_GREETING, AT_EHLO, AT_TLS, AT_AUTH, AT_MAIL, AT_RCPT, AT_DATA,
	AT_BODY,	/* the message is on its way */
	AT_END,		/* all of it has left, final dot next */
	AT_QUIT
};

struct smtp {
	struct ms_smtp top;
	struct net_peer peer;
	enum ms_smtp_tls tls;
	bool utf8_offered;	/* on this connection */
	/* the transaction */
	struct ms_smtp_rcpt *rcpt;
	size_t nrcpt, seen;	/* RCPT commands that left */
	bool all_or_none;
	bool utf8_needed;
	struct ms_src *message;
	bool cr;		/* the last byte sent was CR */
	enum stage at;
	int code;		/* reply to what `at` names; 0: none yet */
	char text[256];
};

int
net_smtp_new(const char *host, unsigned port, enum ms_smtp_tls tls,
    const struct ms_net_auth *auth, unsigned connect_ms, unsigned total_ms,
    struct ms_smtp **ret, struct ms_err *err)
{
	struct ms_buf url = MS_BUF_INIT(4096);
	bool v6 = strchr(host, ':') && *host != '[';
	const char *scheme = tls == MS_SMTP_TLS_IMPLICIT ? "smtps" : "smtp";
	struct smtp *s = calloc(1, sizeof(*s));
	const char *u = NULL;

	if (!s)
		return ms_fail_nomem(err);
	s->top.ops = &ms_module_net;
	s->tls = tls;
	if (ms_buf_addf(&url, err, "%s://%s%s%s:%u", scheme, v6 ? "[" : "",
	    host, v6 ? "]" : "", port) == 0)
		u = ms_buf_str(&url);
	if (!u || net_peer_init(&s->peer, u, u, scheme, auth, connect_ms,
	    total_ms, err) == -1) {
		ms_fail_nomem(err);
		free(s);
		s = NULL;
	}
	ms_buf_clear(&url);
	if (!s)
		return -1;
	*ret = &s->top;
	return 0;
}

void
net_smtp_free(struct ms_smtp *top)
{
	struct smtp *s = (struct smtp *)top;

	net_peer_clear(&s->peer);
	free(s);
}

/* ---- following the dialogue ---- */

static const struct {
	const char *text;
	enum stage at;
	bool plain;	/* could be a line of AUTH in base64 as well */
} commands[] = {
	{ "EHLO ", AT_EHLO, false },
	{ "HELO ", AT_EHLO, false },
	{ "STARTTLS\r\n", AT_TLS, true },
	{ "AUTH ", AT_AUTH, false },
	{ "MAIL FROM:", AT_MAIL, false },
	{ "RCPT TO:", AT_RCPT, false },
	{ "DATA\r\n", AT_DATA, true },
	{ "QUIT\r\n", AT_QUIT, true },
};

static void
on_command(struct smtp *s, const char *p, size_t n)
{
	size_t i, k;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		k = strlen(commands[i].text);
		if (n >= k && memcmp(p, commands[i].text, k) == 0 &&
		    !(commands[i].plain && s->at == AT_AUTH))
			break;
	}
	if (i == sizeof(commands) / sizeof(commands[0]))
		return;
	/* QUIT ends what failed; the cause is what counts. */
	if (commands[i].at == AT_QUIT)
		return;
	s->at = commands[i].at;
	s->code = 0;
	s->text[0] = '\0';
	if (s->at == AT_EHLO)
		s->utf8_offered = false;
	else if (s->at == AT_RCPT)
		s->seen++;
	else if (s->at == AT_MAIL && s->utf8_needed && !s->utf8_offered)
		/* Refused when the reply comes, before any RCPT. */
		ms_fail(&s->peer.why, MS_NO,
		    "%s: RFC 6531 section 3.1: the server does not offer "
		    "SMTPUTF8, which an address here needs", s->peer.name);
}

static int
on_debug(CURL *c, curl_infotype type, char *p, size_t n, void *arg)
{
	(void)c;
	if (type == CURLINFO_HEADER_OUT)
		on_command(arg, p, n);
	return 0;
}

static void
append(char *to, size_t max, const char *p, size_t n)
{
	size_t k = strlen(to);

	if (k > 0 && k + 1 < max)
		to[k++] = ' ';
	if (n > max - 1 - k)
		n = max - 1 - k;
	memcpy(to + k, p, n);
	to[k + n] = '\0';
}

/* The last line of a reply: note it once. */
static void
on_reply(struct smtp *s, int code)
{
	struct ms_smtp_rcpt *r;

	if (s->at == AT_AUTH && code == 334)
		return;
	s->code = code;
	if (s->at != AT_RCPT || s->seen == 0 || s->seen > s->nrcpt)
		return;
	r = &s->rcpt[s->seen - 1];
	r->code = code;
	memcpy(r->reply, s->text, sizeof(r->reply));
}

static size_t
on_line(char *p, size_t size, size_t n, void *arg)
{
	struct smtp *s = arg;
	size_t i, k;

	n *= size;
	for (k = n; k > 0 && (p[k - 1] == '\r' || p[k - 1] == '\n'); k--)
		continue;
	for (i = 0; i < 3; i++)
		if (k < 3 || p[i] < '0' || p[i] > '9')
			return n;
	if (s->code != 0)
		return n;
	if (s->at == AT_EHLO && k >= 12 &&
	    strncasecmp(p + 4, "SMTPUTF8", 8) == 0 &&
	    (k == 12 || p[12] == ' '))
		s->utf8_offered = true;
	if (k > 4 && s->at != AT_AUTH)
		append(s->text, sizeof(s->text), p + 4, k - 4);
	if (k == 3 || p[3] == ' ')
		on_reply(s, (p[0] - '0') * 100 + (p[1] - '0') * 10 +
		    (p[2] - '0'));
	return s->peer.why.class == MS_OK ? n : 0;
}

/* ---- the message ---- */

/*
 * A bare CR or LF is an end of line to some servers and not to others: with
 * a dot behind it, it would end the message for some of them only.
 */
static int
check_lines(struct smtp *s, const char *p, size_t n, struct ms_err *err)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((p[i] == '\n') != s->cr)
			return ms_fail(err, MS_DATA,
			    "RFC 5321 section 2.3.8: bare %s in a message",
			    s->cr ? "CR" : "LF");
		s->cr = p[i] == '\r';
	}
	return 0;
}

static size_t
on_read(char *to, size_t size, size_t n, void *arg)
{
	struct smtp *s = arg;
	struct ms_err *why = &s->peer.why;
	int rc;

	n *= size;
	if (s->at == AT_DATA)
		s->at = AT_BODY;
	s->code = 0;
	s->text[0] = '\0';
	rc = ms_src_fill(s->message, why);
	if (rc == -1)
		return CURL_READFUNC_ABORT;
	if (rc == 0) {
		if (s->cr)
			ms_fail(why, MS_DATA,
			    "RFC 5321 section 2.3.8: bare CR in a message");
		else
			s->at = AT_END;
		return why->class == MS_OK ? 0 : CURL_READFUNC_ABORT;
	}
	if (n > s->message->n)
		n = s->message->n;
	memcpy(to, s->message->p, n);
	ms_src_take(s->message, n);
	if (check_lines(s, to, n, why) == -1)
		return CURL_READFUNC_ABORT;
	return n;
}

/* ---- one transaction ---- */

static bool
ascii(const char *s)
{
	while (*s && (unsigned char)*s < 0x80)
		s++;
	return *s == '\0';
}

static int
options(struct smtp *s, const char *from, struct curl_slist *to, bool fresh,
    struct ms_err *err)
{
	CURL *c = s->peer.curl;
	int bad = 0;

	if (net_peer_reset(&s->peer, err) == -1)
		return -1;
	/* Verbose is what makes the debug callback see the commands. */
	bad |= curl_easy_setopt(c, CURLOPT_VERBOSE, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_debug) !=
	    CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_DEBUGDATA, s) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_line) !=
	    CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_HEADERDATA, s) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_READDATA, s) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_UPLOAD, 1L) != CURLE_OK;
	if (s->tls == MS_SMTP_TLS_STARTTLS)
		bad |= curl_easy_setopt(c, CURLOPT_USE_SSL,
		    (long)CURLUSESSL_ALL) != CURLE_OK;
	/* Without it MAIL FROM:<> is sent. */
	if (from && *from)
		bad |= curl_easy_setopt(c, CURLOPT_MAIL_FROM, from) !=
		    CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_MAIL_RCPT_ALLLOWFAILS,
	    s->all_or_none ? 0L : 1L) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L) !=
	    CURLE_OK;
	/* How long a server may think about QUIT when the handle goes. */
	bad |= curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT,
	    (long)(s->peer.total_ms / 1000 + 1)) != CURLE_OK;
	if (bad)
		return ms_fail(err, MS_UNAVAILABLE,
		    "libcurl lacks an option that %s needs", s->peer.name);
	return 0;
}

static CURLcode
transact(struct smtp *s)
{
	size_t i;

	for (i = 0; i < s->nrcpt; i++) {
		s->rcpt[i].code = 0;
		s->rcpt[i].reply[0] = '\0';
	}
	s->seen = 0;
	s->cr = false;
	s->at = AT_GREETING;
	s->code = 0;
	s->text[0] = '\0';
	return net_peer_perform(&s->peer);
}

/* A connection kept from the last message that the server has closed since:
 * nothing of this one was taken, so that a new one may be tried. */
static bool
stale(struct smtp *s)
{
	long connects = 1;

	curl_easy_getinfo(s->peer.curl, CURLINFO_NUM_CONNECTS, &connects);
	return connects == 0 && s->at <= AT_MAIL &&
	    (s->code == 0 || s->code == 421) && s->peer.why.class == MS_OK;
}

/* What the whole transaction's failure means for each recipient. */
static void
settle(struct smtp *s, bool decided)
{
	struct ms_smtp_rcpt *r;
	size_t i;

	for (i = 0; i < s->nrcpt; i++) {
		r = &s->rcpt[i];
		if (r->code >= 300)
			continue;
		r->code = decided ? s->code : 0;
		r->reply[0] = '\0';
		if (decided)
			memcpy(r->reply, s->text, sizeof(r->reply));
		else
			append(r->reply, sizeof(r->reply), "not sent", 8);
	}
}

/* The class of refused recipients together: try again goes before no. */
static enum ms_class
refused(const struct smtp *s, const struct ms_smtp_rcpt **which)
{
	enum ms_class class = MS_NO;
	size_t i;

	*which = NULL;
	for (i = 0; i < s->nrcpt; i++) {
		if (s->rcpt[i].code < 300)
			continue;
		if (!*which || (class == MS_NO && s->rcpt[i].code / 100 != 5))
			*which = &s->rcpt[i];
		if (s->rcpt[i].code / 100 != 5)
			class = MS_TEMPFAIL;
	}
	return class;
}

static enum ms_class
reply_class(const struct smtp *s)
{
	if (s->code / 100 != 5)
		return MS_TEMPFAIL;
	/* RFC 4954 section 6: these speak of the log-in wherever they come. */
	if (s->at == AT_AUTH || s->code == 530 || s->code == 534 ||
	    s->code == 535 || s->code == 538)
		return MS_NOPERM;
	return MS_NO;
}

static const char *
stage_name(enum stage at)
{
	static const char *const names[] = { "connection", "EHLO", "STARTTLS",
		"AUTH", "MAIL", "RCPT", "DATA", "message", "message", "QUIT" };

	return names[at];
}

static int
failed(struct smtp *s, CURLcode rc, struct ms_err *err)
{
	bool ours = s->peer.why.class != MS_OK;
	bool reply = s->code >= 400 && s->code < 600;
	const struct ms_smtp_rcpt *r = NULL;
	enum ms_class class = refused(s, &r);
	size_t i;

	if (ours) {
		settle(s, false);
		return ms_fail(err, s->peer.why.class, "%s",
		    s->peer.why.text);
	}
	/* libcurl stops at the first one, or when all were refused; else the
	 * connection broke between two of them. */
	if (s->at == AT_RCPT && (s->code < 300 ||
	    (!s->all_or_none && s->seen < s->nrcpt)))
		reply = false;
	else if (s->at == AT_RCPT && r) {
		settle(s, false);
		return ms_fail(err, class, "%s: <%s> refused: %d %s",
		    s->peer.name, r->addr, r->code, r->reply);
	}
	settle(s, reply && s->at >= AT_MAIL);
	if (reply)
		return ms_fail(err, reply_class(s), "%s: %s refused: %d %s",
		    s->peer.name, stage_name(s->at), s->code, s->text);
	/* Either side may have lost the other's last word. */
	if (s->at == AT_END) {
		for (i = 0; i < s->nrcpt; i++)
			s->rcpt[i].maybe = s->rcpt[i].code == 0;
		return ms_fail(err, MS_TEMPFAIL, "%s: connection lost behind "
		    "the end of the message, which may have been accepted: %s",
		    s->peer.name, net_text(&s->peer, rc));
	}
	class = net_class(rc);
	if (class == MS_DATA || class == MS_IO)
		class = MS_TEMPFAIL;
	return ms_fail(err, class, "%s: %s: %s", s->peer.name,
	    stage_name(s->at), net_text(&s->peer, rc));
}

int
net_smtp_send(struct ms_smtp *top, const char *from,
    struct ms_smtp_rcpt *rcpt, size_t nrcpt, bool all_or_none,
    struct ms_src *message, struct ms_err *err)
{
	struct smtp *s = (struct smtp *)top;
	struct curl_slist *to = NULL, *l;
	int ret = -1;
	CURLcode rc;
	size_t i;

	s->rcpt = rcpt;
	s->nrcpt = nrcpt;
	s->all_or_none = all_or_none;
	s->message = message;
	s->utf8_needed = from && !ascii(from);
	for (i = 0; i < nrcpt; i++) {
		s->utf8_needed = s->utf8_needed || !ascii(rcpt[i].addr);
		l = curl_slist_append(to, rcpt[i].addr);
		if (!l) {
			ms_fail_nomem(err);
			goto out;
		}
		to = l;
	}
	if (options(s, from, to, false, err) == -1)
		goto out;
	rc = transact(s);
	if (rc != CURLE_OK && stale(s)) {
		if (options(s, from, to, true, err) == -1)
			goto out;
		rc = transact(s);
	}
	/* The one place where a message counts as sent. */
	if (rc == CURLE_OK && s->at == AT_END && s->code == 250)
		ret = 0;
	else
		failed(s, rc, err);
out:
	curl_easy_setopt(s->peer.curl, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(to);
	s->rcpt = NULL;
	s->nrcpt = 0;
	s->message = NULL;
	return ret;
}
