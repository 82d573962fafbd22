/* SPDX-License-Identifier: Apache-2.0 */
/* One address: parsing, copying, comparing, matching. */
#include <stdlib.h>
#include <string.h>

#include "addr/internal.h"

int
ms_addr_parse(const char *s, size_t n, struct ms_addr *a, struct ms_err *err)
{
	struct ms_addr_lex l = { .strict = true, .bare = true };
	struct ms_addr t = { .group = -1 };

	if (n == 0)
		return ms_fail(err, MS_DATA,
		    "RFC 5322 section 3.4.1: empty address");
	/* A quoted local part may be written longer than it is kept. */
	if (n > 2 * MS_ADDR_MAX)
		return ms_fail(err, MS_DATA, "RFC 5321 section 4.5.3.1.3: the "
		    "address is longer than %d octets", MS_ADDR_MAX);
	l.p = (const unsigned char *)s;
	l.end = l.p + n;
	if (ms_addr_spec(&l, &t, err))
		return -1;
	if (l.p != l.end) {
		ms_addr_clear(&t);
		return ms_addr_refuse(&l, "more than an address", err);
	}
	*a = t;
	return 0;
}

void
ms_addr_clear(struct ms_addr *a)
{
	free(a->display);
	free(a->local);
	free(a->domain);
	free(a->spec);
	memset(a, 0, sizeof(*a));
	a->group = -1;
}

static int
copy_str(char **to, const char *s)
{
	if (!s)
		return 0;
	*to = strdup(s);
	return *to ? 0 : -1;
}

int
ms_addr_copy(struct ms_addr *to, const struct ms_addr *a, struct ms_err *err)
{
	struct ms_addr t = { .group = a->group };

	if (copy_str(&t.display, a->display) || copy_str(&t.local, a->local) ||
	    copy_str(&t.domain, a->domain) || copy_str(&t.spec, a->spec)) {
		ms_addr_clear(&t);
		return ms_fail_nomem(err);
	}
	*to = t;
	return 0;
}

bool
ms_addr_equal(const struct ms_addr *a, const struct ms_addr *b)
{
	return ms_streq(a->local, b->local) && ms_streq(a->domain, b->domain);
}

bool
ms_addr_is_utf8(const struct ms_addr *a)
{
	const char *s;

	/* The domain is always kept as A-labels. */
	for (s = a->local; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return true;
	return false;
}

static int
lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* Behind one UTF-8 character. */
static const char *
next_char(const char *s)
{
	s++;
	while (((unsigned char)*s & 0xc0) == 0x80)
		s++;
	return s;
}

/*
 * Only the last star is ever tried again: what stands before it has matched
 * as early as possible, so there is no exponential search.
 */
bool
ms_addr_glob(const char *pattern, const struct ms_addr *a)
{
	const char *p = pattern, *s = a->spec, *star = NULL, *again = NULL;

	while (*s) {
		if (*p == '*') {
			star = ++p;
			again = s;
		} else if (*p == '?') {
			p++;
			s = next_char(s);
		} else if (*p && lower((unsigned char)*p) ==
		    lower((unsigned char)*s)) {
			p++;
			s++;
		} else if (star) {
			p = star;
			again = next_char(again);
			s = again;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}
