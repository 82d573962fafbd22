/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of an HTTP/1.x request.  Whatever two parsers could read in two
 * ways is refused, for a proxy in front may read it the other way.
 */
#include <string.h>

#include "serve/internal.h"

int
serve_scan(struct serve_scan *sc, const unsigned char *p, size_t n, size_t *len)
{
	const unsigned char *lf;
	size_t i;

	while (sc->at < n && (lf = memchr(p + sc->at, '\n', n - sc->at))) {
		i = (size_t)(lf - p);
		if (i == sc->line || p[i - 1] != '\r' ||
		    memchr(p + sc->line, '\0', i - sc->line) ||
		    memchr(p + sc->line, '\r', i - 1 - sc->line))
			return -1;
		if (i == sc->line + 1) {
			*len = i + 1;
			return 1;
		}
		sc->at = sc->line = i + 1;
	}
	sc->at = n;
	return 0;
}

static bool
is_token(struct ms_span s)
{
	static const char extra[] = "!#$%&'*+-.^_`|~";
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || (c && strchr(extra, c))))
			return false;
	}
	return s.n > 0;
}

/* Cut s at the first c; *rest is what stands behind it. */
static bool
cut(struct ms_span s, int c, struct ms_span *first, struct ms_span *rest)
{
	const unsigned char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	if (!at)
		return false;
	first->p = s.p;
	first->n = (size_t)(at - s.p);
	rest->p = at + 1;
	rest->n = s.n - first->n - 1;
	return true;
}

static struct ms_span
trim(struct ms_span s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* The next line, without its CR LF; the whole was scanned before. */
static struct ms_span
next_line(struct ms_span *all)
{
	struct ms_span line = { all->p, 0 };

	while (line.p[line.n] != '\r')
		line.n++;
	all->p += line.n + 2;
	all->n -= line.n + 2;
	return line;
}

static int
hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int
decode_path(struct ms_span s, struct ms_buf *text)
{
	size_t i;
	int c;

	for (i = 0; i < s.n; i++) {
		c = s.p[i];
		if (c == '%') {
			if (i + 2 >= s.n || hex(s.p[i + 1]) < 0 ||
			    hex(s.p[i + 2]) < 0)
				return 400;
			c = hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]);
			i += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return 400;
		if (ms_buf_addc(text, c, NULL) == -1)
			return 414;
	}
	return ms_buf_addc(text, '\0', NULL) == 0 ? 0 : 414;
}

/* RFC 9112 section 3.2: origin-form, or absolute-form, whose authority is
 * no concern of ours. */
static int
parse_target(struct ms_span s, struct serve_head *h, struct ms_buf *text)
{
	struct ms_span path, query, a, b;
	int status;
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '#')
			return 400;
	for (i = 7; i <= 8; i++) {
		b.p = s.p;
		b.n = i;
		if (s.n < i || !ms_span_caseis(b, i == 7 ? "http://" :
		    "https://"))
			continue;
		a.p = s.p + i;
		a.n = s.n - i;
		/* RFC 9110 section 4.2.1: an empty host is refused. */
		if (!cut(a, '/', &b, &a) || b.n == 0)
			return 400;
		s.p = a.p - 1;
		s.n = a.n + 1;
		break;
	}
	if (s.n == 0 || s.p[0] != '/')
		return 400;
	path = s;
	query.n = 0;
	query.p = NULL;
	cut(s, '?', &path, &query);
	ms_buf_reset(text);
	h->path = 0;
	h->query = 0;
	status = decode_path(path, text);
	if (status != 0 || !query.p)
		return status;
	h->query = text->n;
	if (ms_buf_add(text, query.p, query.n, NULL) == -1 ||
	    ms_buf_addc(text, '\0', NULL) == -1)
		return 414;
	return 0;
}

static int
request_line(struct ms_span line, struct serve_head *h, struct ms_buf *text,
    const char **why)
{
	static const char *const methods[] = { "GET", "HEAD", "POST" };
	struct ms_span method, target, version;
	int status;
	size_t i;

	*why = "RFC 9112 section 3: malformed request line";
	if (!cut(line, ' ', &method, &line) ||
	    !cut(line, ' ', &target, &version) || !is_token(method))
		return 400;
	if (version.n != 8 || memcmp(version.p, "HTTP/", 5) != 0 ||
	    version.p[6] != '.' || version.p[5] < '0' || version.p[5] > '9' ||
	    version.p[7] < '0' || version.p[7] > '9')
		return 400;
	if (version.p[5] != '1') {
		*why = "RFC 9110 section 15.6.6: not HTTP/1.x";
		return 505;
	}
	h->http10 = version.p[7] == '0';
	*why = "RFC 9112 section 3.2: malformed request target";
	status = parse_target(target, h, text);
	if (status != 0)
		return status;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (ms_span_is(method, methods[i]))
			h->method = methods[i];
	if (!h->method) {
		*why = "RFC 9110 section 9.1: method not known";
		return 501;
	}
	return 0;
}

/* ---- header fields ---- */

/* What was seen so far, for what must not come twice. */
struct seen {
	bool host, length, type, keep_alive;
	struct ms_span client_cert;
};

static int
on_host(struct ms_span v, struct serve_head *h, struct seen *seen,
    const char **why)
{
	size_t i;

	*why = "RFC 9112 section 3.2: more than one Host";
	if (seen->host)
		return 400;
	seen->host = true;
	*why = "RFC 9112 section 3.2: malformed Host";
	for (i = 0; i < v.n; i++)
		if (v.p[i] <= 0x20 || v.p[i] >= 0x7f ||
		    strchr("\"#/<>?@\\^`{|}", v.p[i]))
			return 400;
	return 0;
}

static int
on_length(struct ms_span v, struct serve_head *h, struct seen *seen,
    const char **why)
{
	size_t i;

	*why = "RFC 9112 section 6.3: more than one Content-Length";
	if (seen->length)
		return 400;
	seen->length = true;
	*why = "RFC 9110 section 8.6: malformed Content-Length";
	/* 18 digits fit; whoever announces more is refused as too large. */
	for (i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return 400;
		if (i < 18)
			h->length = h->length * 10 + (size_t)(v.p[i] - '0');
	}
	if (v.n > 18)
		h->length = SIZE_MAX;
	return v.n > 0 ? 0 : 400;
}

static int
on_encoding(struct ms_span v, struct serve_head *h, struct seen *seen,
    const char **why)
{
	*why = "RFC 9112 section 6.1: Transfer-Encoding is not accepted, "
	    "send Content-Length";
	return 411;
}

static int
on_type(struct ms_span v, struct serve_head *h, struct seen *seen,
    const char **why)
{
	struct ms_span rest;
	size_t i;

	*why = "RFC 9110 section 8.3: more than one Content-Type";
	if (seen->type)
		return 400;
	seen->type = true;
	cut(v, ';', &v, &rest);
	v = trim(v);
	*why = "RFC 9110 section 8.3: Content-Type too long";
	if (v.n >= sizeof(h->type))
		return 415;
	for (i = 0; i < v.n; i++)
		h->type[i] = v.p[i] >= 'A' && v.p[i] <= 'Z' ?
		    (char)(v.p[i] + 32) : (char)v.p[i];
	h->type[i] = '\0';
	return 0;
}

static int
on_coding(struct ms_span v, struct serve_head *h, struct seen *seen,
    const char **why)
{
	*why = "RFC 9110 section 8.4: Content-Encoding is not accepted";
	return v.n == 0 || ms_span_caseis(v, "identity") ? 0 : 415;
}

static int
on_connection(struct ms_span v, struct serve_head *h, struct seen *seen,
    const char **why)
{
	struct ms_span one, rest = v;
	bool more;

	do {
		more = cut(rest, ',', &one, &rest);
		if (!more)
			one = rest;
		one = trim(one);
		if (ms_span_caseis(one, "close"))
			h->close = true;
		else if (ms_span_caseis(one, "keep-alive"))
			seen->keep_alive = true;
	} while (more);
	return 0;
}

static int
on_expect(struct ms_span v, struct serve_head *h, struct seen *seen,
    const char **why)
{
	*why = "RFC 9110 section 10.1.1: expectation not known";
	if (!ms_span_caseis(v, "100-continue"))
		return 417;
	h->expect = true;
	return 0;
}

static int
on_client_cert(struct ms_span v, struct serve_head *h, struct seen *seen,
    const char **why)
{
	*why = "RFC 9440 section 2.2: more than one Client-Cert";
	if (seen->client_cert.p)
		return 400;
	seen->client_cert = v;
	return 0;
}

static const struct {
	const char *name;
	int (*take)(struct ms_span v, struct serve_head *h,
	    struct seen *seen, const char **why);
} fields[] = {
	{ "Host", on_host },
	{ "Content-Length", on_length },
	{ "Transfer-Encoding", on_encoding },
	{ "Content-Type", on_type },
	{ "Content-Encoding", on_coding },
	{ "Connection", on_connection },
	{ "Expect", on_expect },
	{ "Client-Cert", on_client_cert },
};

static int
field(struct ms_span line, struct serve_head *h, struct seen *seen,
    const char **why)
{
	struct ms_span name, value;
	size_t i;

	*why = "RFC 9112 section 5: malformed header field";
	/* A blank first (line folding) or before the colon is no token. */
	if (!cut(line, ':', &name, &value) || !is_token(name))
		return 400;
	value = trim(value);
	for (i = 0; i < value.n; i++)
		if ((value.p[i] < 0x20 && value.p[i] != '\t') ||
		    value.p[i] == 0x7f)
			return 400;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (ms_span_caseis(name, fields[i].name))
			return fields[i].take(value, h, seen, why);
	return 0;
}

int
serve_head(const unsigned char *p, size_t n, size_t max_body,
    struct serve_head *h, struct ms_buf *text, const char **why)
{
	struct ms_span all = { p, n }, line;
	struct seen seen = { .host = false };
	int status, count = 0;

	memset(h, 0, sizeof(*h));
	status = request_line(next_line(&all), h, text, why);
	if (status != 0)
		return status;
	while ((line = next_line(&all)).n > 0) {
		*why = "too many header fields";
		if (++count > SERVE_FIELDS)
			return 431;
		status = field(line, h, &seen, why);
		if (status != 0)
			return status;
	}
	if (seen.client_cert.n > 0) {
		h->client_cert = text->n;
		*why = "no room for Client-Cert";
		if (ms_buf_add(text, seen.client_cert.p, seen.client_cert.n,
		    NULL) == -1 || ms_buf_addc(text, '\0', NULL) == -1)
			return 431;
	}
	if (h->http10) {
		h->close = h->close || !seen.keep_alive;
		h->expect = false;
	}
	*why = "RFC 9112 section 3.2: no Host";
	if (!h->http10 && !seen.host)
		return 400;
	if (ms_streq(h->method, "POST")) {
		*why = "RFC 9110 section 15.5.12: no Content-Length";
		if (!seen.length)
			return 411;
	} else {
		*why = "RFC 9110 section 9.3.1: GET and HEAD have no body";
		if (h->length > 0)
			return 400;
	}
	*why = "body too large";
	return h->length > max_body ? 413 : 0;
}
