/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "net/internal.h"

bool
ms_net_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (ms_strcaseeq(host, "localhost") || ms_streq(host, "[::1]"))
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool
public_v4(uint32_t a)
{
	/* network, bits: IANA's registry of special-purpose addresses */
	static const struct {
		uint32_t net;
		unsigned bits;
	} not[] = {
		{ 0x00000000, 8 }, { 0x0a000000, 8 }, { 0x64400000, 10 },
		{ 0x7f000000, 8 }, { 0xa9fe0000, 16 }, { 0xac100000, 12 },
		{ 0xc0000000, 24 }, { 0xc0000200, 24 }, { 0xc0a80000, 16 },
		{ 0xc6120000, 15 }, { 0xc6336400, 24 }, { 0xcb007100, 24 },
		{ 0xe0000000, 3 }
	};
	size_t i;

	for (i = 0; i < sizeof(not) / sizeof(not[0]); i++)
		if ((a ^ not[i].net) >> (32 - not[i].bits) == 0)
			return false;
	return true;
}

static uint32_t
four(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static bool
public_v6(const unsigned char a[16])
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xff, 0xff };
	static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };

	if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
		return public_v4(four(a + 12));
	if (a[0] == 0x20 && a[1] == 0x02)	/* 6to4 */
		return public_v4(four(a + 2));
	/* 2001::/23 (Teredo and others), 2001:db8::/32; else only 2000::/3 is
	 * given out */
	if (a[0] == 0x20 && a[1] == 0x01 && (a[2] < 2 ||
	    (a[2] == 0x0d && a[3] == 0xb8)))
		return false;
	return a[0] >> 5 == 1;
}

bool
ms_net_public(const struct sockaddr *sa)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		return public_v4(ntohl(v4.sin_addr.s_addr));
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(&v6, sa, sizeof(v6));
	return public_v6(v6.sin6_addr.s6_addr);
}

/* A value that goes into a header field or a command stays one. */
static bool
one_line(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

int
ms_http_new(const char *url, const struct ms_net_auth *auth,
    unsigned connect_ms, unsigned total_ms, struct ms_http **ret,
    struct ms_err *err)
{
	const struct ms_net_ops *ops = ms_module("net", err);

	if (!ops)
		return -1;
	return ops->http_new(url, auth, connect_ms, total_ms, ret, err);
}

void
ms_http_free(struct ms_http *h)
{
	if (h)
		h->ops->http_free(h);
}

void
ms_http_public_only(struct ms_http *h)
{
	h->public_only = true;
}

int
ms_http_exchange(struct ms_http *h, const char *type, const void *p, size_t n,
    const char *accept, struct ms_http_reply *reply, struct ms_err *err)
{
	if (!one_line(type) || !one_line(accept))
		return ms_fail(err, MS_BUG,
		    "RFC 9110 section 5.5: control byte in a header field");
	return h->ops->http_exchange(h, type, p, n, accept, reply, err);
}

static int
check_host(const char *host, struct ms_err *err)
{
	const char *p;

	for (p = host; *p; p++)
		if ((unsigned char)*p <= 0x20 || strchr("\"#%/<>?@\\^`{|}\x7f",
		    *p))
			break;
	if (*host == '\0' || *p != '\0' || !ms_utf8_valid(host, strlen(host)))
		return ms_fail(err, MS_USAGE,
		    "'%s' is not the name of a host", host);
	return 0;
}

int
ms_smtp_new(const char *host, unsigned port, enum ms_smtp_tls tls,
    const struct ms_net_auth *auth, unsigned connect_ms, unsigned total_ms,
    struct ms_smtp **ret, struct ms_err *err)
{
	const struct ms_net_ops *ops;

	if (check_host(host, err) == -1)
		return -1;
	if (port < 1 || port > 65535)
		return ms_fail(err, MS_USAGE, "no such port: %u", port);
	if (auth && auth->user && tls == MS_SMTP_TLS_NONE &&
	    !ms_net_loopback(host))
		return ms_fail(err, MS_CONFIG,
		    "a password does not go to %s without TLS", host);
	ops = ms_module("net", err);
	if (!ops)
		return -1;
	return ops->smtp_new(host, port, tls, auth, connect_ms, total_ms, ret,
	    err);
}

void
ms_smtp_free(struct ms_smtp *s)
{
	if (s)
		s->ops->smtp_free(s);
}

/*
 * What goes between the angle brackets of MAIL and RCPT: whoever could put a
 * line end or a bracket there could add commands or recipients.
 */
static int
check_addr(const char *a, struct ms_err *err)
{
	const char *what = NULL, *p = a;
	bool quoted = *a == '"';
	size_t n = strlen(a);

	if (n > MS_NET_ADDR)
		what = "address longer than 254 octets";
	else if (n == 0)
		what = "empty address";
	else if (!ms_utf8_valid(a, n))
		what = "address is not UTF-8";
	if (quoted)
		p++;
	for (; !what && *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			what = "control byte in an address";
		else if (!quoted && strchr(" <>", *p))
			what = "blank or angle bracket in an address";
		else if (!quoted && (*p == '"' || *p == '\\'))
			what = "stray quote in an address";
		else if (quoted && *p == '\\' && p[1] >= 0x20 && p[1] < 0x7f)
			p++;
		else if (quoted && *p == '"') {
			quoted = false;
			if (p[1] != '@')
				what = "stray quote in an address";
		}
	}
	if (!what && quoted)
		what = "quote not closed in an address";
	if (!what)
		return 0;
	return ms_fail(err, MS_DATA, "RFC 5321 section 4.1.2: %s: '%s'", what,
	    a);
}

int
ms_smtp_send(struct ms_smtp *s, const char *from, struct ms_smtp_rcpt *rcpt,
    size_t nrcpt, bool all_or_none, struct ms_src *message, struct ms_err *err)
{
	size_t i;

	for (i = 0; i < nrcpt; i++) {
		rcpt[i].code = 0;
		rcpt[i].reply[0] = '\0';
		rcpt[i].maybe = false;
	}
	if (nrcpt == 0)
		return ms_fail(err, MS_BUG, "a message without recipients");
	if (from && *from && check_addr(from, err) == -1)
		return -1;
	for (i = 0; i < nrcpt; i++)
		if (check_addr(rcpt[i].addr, err) == -1)
			return -1;
	return s->ops->smtp_send(s, from, rcpt, nrcpt, all_or_none, message,
	    err);
}
