/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a reply. */
#include <stdio.h>
#include <string.h>

#include "serve/internal.h"

const char *
serve_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} t[] = {
		{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" },
		{ 204, "No Content" }, { 304, "Not Modified" },
		{ 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 408, "Request Timeout" },
		{ 409, "Conflict" }, { 411, "Length Required" },
		{ 413, "Content Too Large" }, { 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" }, { 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (t[i].status == status)
			return t[i].reason;
	return "Status";
}

/* RFC 9110 section 6.6.1; made once a second. */
static const char *
date(struct server *s)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = time(NULL);
	struct tm tm;

	if (now != s->date_at && ms_time_fields(now, &tm)) {
		s->date_at = now;
		snprintf(s->date, sizeof(s->date),
		    "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
		    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
		    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	}
	return s->date;
}

int
serve_compose(struct serve_conn *c, const struct ms_response *r)
{
	bool bodyless = r->status == 204 || r->status == 304;
	char length[48] = "", retry[48] = "";

	if (!bodyless)
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n",
		    r->body.n);
	if (r->retry_s)
		snprintf(retry, sizeof(retry), "Retry-After: %u\r\n",
		    r->retry_s);
	if (ms_buf_addf(&c->out, NULL,
	    "HTTP/1.1 %d %s\r\nDate: %s\r\n%s%s%s%s%s%s%s%s%s\r\n",
	    r->status, serve_reason(r->status), date(c->s),
	    !bodyless && r->body.n ? "Content-Type: " : "",
	    !bodyless && r->body.n ? r->type ? r->type :
	    "application/octet-stream" : "",
	    !bodyless && r->body.n ? "\r\n" : "",
	    r->allow ? "Allow: " : "", r->allow ? r->allow : "",
	    r->allow ? "\r\n" : "", retry, length,
	    c->close ? "Connection: close\r\n" :
	    c->head.http10 ? "Connection: keep-alive\r\n" : "") == -1)
		return -1;
	if (bodyless || (c->have_head && ms_streq(c->head.method, "HEAD")))
		return 0;
	return ms_buf_add(&c->out, r->body.p, r->body.n, NULL);
}

void
serve_plain(struct ms_response *r, int status, const char *why)
{
	ms_buf_reset(&r->body);
	r->status = status;
	r->type = "text/plain; charset=utf-8";
	r->allow = NULL;
	r->retry_s = r->outcome = 0;
	(void)ms_buf_addf(&r->body, NULL, "%d %s%s%s\n", status,
	    serve_reason(status), why ? ": " : "", why ? why : "");
}
