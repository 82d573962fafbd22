/* SPDX-License-Identifier: Apache-2.0 */
/* Domains: names as A-labels, address literals. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "addr/internal.h"

static bool
let_dig(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

static bool
is_ascii(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x80)
			return false;
	return true;
}

/* RFC 5321 section 4.1.2: letters, digits, hyphens; no empty label. */
static bool
labels_ok(const char *s, size_t n)
{
	size_t i, start = 0;

	if (n == 0 || n > MS_ADDR_DOMAIN_MAX)
		return false;
	for (i = 0; i <= n; i++) {
		if (i < n && s[i] != '.') {
			if (!let_dig((unsigned char)s[i]) && s[i] != '-')
				return false;
			continue;
		}
		if (i == start || i - start > MS_ADDR_LABEL_MAX ||
		    s[start] == '-' || s[i - 1] == '-')
			return false;
		start = i + 1;
	}
	return true;
}

static int
from_utf8(const char *s, size_t n, char **ret, struct ms_err *err)
{
	const struct ms_idn_ops *ops;
	struct ms_span in = { (const unsigned char *)s, n };
	char *z;
	int rc;

	if (n > MS_ADDR_UTF8_DOMAIN_MAX || !ms_utf8_valid(s, n) ||
	    memchr(s, 0, n))
		return ms_fail(err, MS_DATA,
		    "RFC 6532 section 3.2: the domain is not UTF-8 or too "
		    "long");
	ops = ms_module("idn", err);
	if (!ops)
		return -1;
	z = ms_span_dup(in);
	if (!z)
		return ms_fail_nomem(err);
	rc = ops->to_ascii(z, ret, err);
	free(z);
	return rc;
}

int
ms_domain_ascii(const char *s, size_t n, char **ret, struct ms_err *err)
{
	struct ms_span in = { (const unsigned char *)s, n };
	char *out = NULL, *c;

	if (is_ascii(s, n)) {
		if (!labels_ok(s, n))
			return ms_fail(err, MS_DATA,
			    "RFC 5321 section 4.1.2: '%.*s' is no domain name",
			    (int)(n < 255 ? n : 255), s);
		out = ms_span_dup(in);
		if (!out)
			return ms_fail_nomem(err);
	} else {
		if (from_utf8(s, n, &out, err))
			return -1;
		if (!labels_ok(out, strlen(out))) {
			free(out);
			return ms_fail(err, MS_DATA,
			    "RFC 5891 section 4.4: '%.*s' is no domain name",
			    (int)(n < 255 ? n : 255), s);
		}
	}
	for (c = out; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
	*ret = out;
	return 0;
}

/*
 * RFC 5321 section 4.1.3.  Printed as inet_ntop(3) does, so that two spellings
 * of one address are equal.
 */
static int
literal(struct ms_addr_lex *l, char **ret, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(64);
	unsigned char ip[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];
	const unsigned char *close;
	const char *s;
	struct ms_span tag;
	int v6, rc = -1;

	close = memchr(l->p, ']', (size_t)(l->end - l->p));
	if (!close || close - l->p > 56)
		return ms_addr_refuse(l, "address literal not closed", err);
	if (ms_buf_add(&b, l->p + 1, (size_t)(close - l->p - 1), err))
		goto out;
	s = ms_buf_str(&b);
	if (!s) {
		ms_fail_nomem(err);
		goto out;
	}
	tag.p = b.p;
	tag.n = b.n < 5 ? b.n : 5;
	v6 = ms_span_caseis(tag, "IPv6:");
	if (v6)
		s += 5;
	if (strlen(s) != b.n - (v6 ? 5 : 0) ||
	    inet_pton(v6 ? AF_INET6 : AF_INET, s, ip) != 1 ||
	    !inet_ntop(v6 ? AF_INET6 : AF_INET, ip, text, sizeof(text))) {
		ms_fail(err, MS_DATA,
		    "RFC 5321 section 4.1.3: '[%s]' is no address literal",
		    ms_buf_str(&b));
		goto out;
	}
	ms_buf_reset(&b);
	if (ms_buf_addf(&b, err, "[%s%s]", v6 ? "IPv6:" : "", text))
		goto out;
	*ret = ms_buf_steal(&b, NULL);
	if (!*ret) {
		ms_fail_nomem(err);
		goto out;
	}
	l->p = close + 1;
	rc = 0;
out:
	ms_buf_clear(&b);
	return rc;
}

int
ms_addr_domain(struct ms_addr_lex *l, char **ret, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_ADDR_UTF8_DOMAIN_MAX);
	const unsigned char *start;
	int rc = -1;

	if (ms_addr_peek(l) == '[')
		return literal(l, ret, err);
	for (;;) {
		start = l->p;
		while (ms_addr_atext(ms_addr_peek(l)) ||
		    ms_addr_peek(l) == '.')
			l->p++;
		if (ms_buf_add(&b, start, (size_t)(l->p - start), err))
			goto out;
		if (l->strict || l->p == start)
			break;
		/* obs-domain: white space around the dots */
		if (ms_addr_cfws(l, err))
			goto out;
		if (b.p[b.n - 1] != '.' && ms_addr_peek(l) != '.')
			break;
	}
	if (b.n == 0)
		ms_addr_refuse(l, "domain missing", err);
	else
		rc = ms_domain_ascii((const char *)b.p, b.n, ret, err);
out:
	ms_buf_clear(&b);
	return rc;
}
