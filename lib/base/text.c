/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/text.h"

static const char hex_digit[] = "0123456789abcdef";

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A decimal run into *v; the character behind it, NULL on overflow or none. */
static const char *
digits(const char *s, uint64_t *v)
{
	uint64_t d, n = 0;

	if (!is_digit(*s))
		return NULL;
	for (; is_digit(*s); s++) {
		d = (uint64_t)(*s - '0');
		if (n > (UINT64_MAX - d) / 10)
			return NULL;
		n = n * 10 + d;
	}
	*v = n;
	return s;
}

int
ms_parse_uint(const char *s, const char *what, uint64_t min, uint64_t max,
    uint64_t *ret, struct ms_err *err)
{
	const char *end;
	uint64_t v;

	if (s == NULL || !is_digit(s[0]) || s[strspn(s, "0123456789")] != '\0')
		return ms_fail(err, MS_USAGE, "%s: '%s' is not a number", what,
		    s != NULL ? s : "");
	end = digits(s, &v);
	if (end == NULL || v < min || v > max)
		return ms_fail(err, MS_USAGE,
		    "%s: %s is not between %llu and %llu", what, s,
		    (unsigned long long)min, (unsigned long long)max);
	*ret = v;
	return 0;
}

int
ms_parse_duration(const char *s, const char *what, uint64_t *ret_s,
    struct ms_err *err)
{
	static const struct {
		char unit[2];
		uint64_t s;
	} units[] = {
		{ "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 },
		{ "d", 86400 },
	};
	const char *end = s != NULL ? digits(s, ret_s) : NULL;
	size_t i;

	for (i = 0; end != NULL && i < sizeof(units) / sizeof(units[0]); i++) {
		if (!ms_streq(end, units[i].unit))
			continue;
		if (*ret_s > INT64_MAX / units[i].s)
			break;
		*ret_s *= units[i].s;
		return 0;
	}
	return ms_fail(err, MS_USAGE, "%s: '%s' is not a duration such as "
	    "90, 90s, 15m, 12h or 30d", what, s != NULL ? s : "");
}

size_t
ms_utf8_len(const void *s, size_t n)
{
	const unsigned char *p = s;
	unsigned lo = 0x80, hi = 0xbf;
	size_t i, len;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (i = 2; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

bool
ms_utf8_valid(const void *p, size_t n)
{
	const unsigned char *at = p;
	size_t i = 0, len;

	while (i < n) {
		len = ms_utf8_len(at + i, n - i);
		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

int
ms_escape(struct ms_buf *b, const char *s, size_t n, struct ms_err *err)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = 0, len;
	bool plain;

	while (i < n) {
		len = ms_utf8_len(p + i, n - i);
		plain = len > 2 || (len == 1 && p[i] >= 0x20 && p[i] != 0x7f) ||
		    (len == 2 && !(p[i] == 0xc2 && p[i + 1] < 0xa0));
		if (plain) {
			if (ms_buf_add(b, p + i, len, err) != 0)
				return -1;
			i += len;
			continue;
		}
		if (ms_buf_adds(b, "\\x", err) != 0 ||
		    ms_buf_addc(b, hex_digit[p[i] >> 4], err) != 0 ||
		    ms_buf_addc(b, hex_digit[p[i] & 15], err) != 0)
			return -1;
		i++;
	}
	return 0;
}

/* -------------------------------------------------------------- base64 */

static const char b64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define XX 0xff
static const unsigned char unb64[256] = {
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, 62, XX, XX, XX, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, XX, XX, XX, XX, XX, XX,
	XX,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, XX, XX, XX, XX, XX,
	XX, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
};
#undef XX

void
ms_base64_groups(const void *p, size_t groups, char *to)
{
	const unsigned char *at = p;
	unsigned long v;

	for (; groups > 0; groups--, at += 3, to += 4) {
		v = (unsigned long)at[0] << 16 | (unsigned long)at[1] << 8 |
		    at[2];
		to[0] = b64[v >> 18];
		to[1] = b64[v >> 12 & 63];
		to[2] = b64[v >> 6 & 63];
		to[3] = b64[v & 63];
	}
}

size_t
ms_base64_ungroup(const char *s, size_t groups, unsigned char *to)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned a, b, c, d;
	size_t i;

	for (i = 0; i < groups; i++, p += 4, to += 3) {
		a = unb64[p[0]];
		b = unb64[p[1]];
		c = unb64[p[2]];
		d = unb64[p[3]];
		if ((a | b | c | d) & 0x80)
			break;
		to[0] = (unsigned char)(a << 2 | b >> 4);
		to[1] = (unsigned char)(b << 4 | c >> 2);
		to[2] = (unsigned char)(c << 6 | d);
	}
	return i;
}

int
ms_base64_encode(const void *p, size_t n, struct ms_buf *b,
    struct ms_err *err)
{
	const unsigned char *at = p;
	unsigned char last[3] = { 0, 0, 0 };
	size_t rest = n % 3, groups = n / 3, len;
	char *to;

	if (n == 0)
		return 0;
	if (n > SIZE_MAX / 2)
		return ms_fail_nomem(err);
	len = (n + 2) / 3 * 4;
	to = (char *)ms_buf_room(b, len, err);
	if (to == NULL)
		return -1;
	ms_base64_groups(at, groups, to);
	if (rest > 0) {
		memcpy(last, at + 3 * groups, rest);
		ms_base64_groups(last, 1, to + 4 * groups);
		to[len - 1] = '=';
		if (rest == 1)
			to[len - 2] = '=';
		ms_wipe(last, sizeof(last));
	}
	b->n += len;
	return 0;
}

int
ms_base64_decode(const char *s, size_t n, struct ms_buf *b,
    struct ms_err *err)
{
	size_t groups = n / 4, pad = 0;
	unsigned char *to, tail[3];
	char last[4];

	if (n % 4 != 0)
		return ms_fail(err, MS_DATA, "RFC 4648 section 4: base64 is "
		    "not a multiple of 4 characters");
	if (n == 0)
		return 0;
	to = ms_buf_room(b, 3 * groups, err);
	if (to == NULL)
		return -1;
	while (pad < 2 && s[n - 1 - pad] == '=')
		pad++;
	memcpy(last, s + n - 4, 4);
	memset(last + 4 - pad, 'A', pad);
	if (ms_base64_ungroup(s, groups - 1, to) != groups - 1 ||
	    ms_base64_ungroup(last, 1, tail) != 1)
		return ms_fail(err, MS_DATA, "RFC 4648 section 3.3: character "
		    "outside the base64 alphabet");
	/* Bits that no byte holds must be zero: one text for one content. */
	if ((pad > 0 && tail[2] != 0) || (pad == 2 && tail[1] != 0))
		return ms_fail(err, MS_DATA, "RFC 4648 section 3.5: base64 "
		    "padding bits are not zero");
	memcpy(to + 3 * (groups - 1), tail, 3 - pad);
	b->n += 3 * groups - pad;
	ms_wipe(tail, sizeof(tail));
	ms_wipe(last, sizeof(last));
	return 0;
}

/* ----------------------------------------------------------------- hex */

int
ms_hex_encode(const void *p, size_t n, struct ms_buf *b, struct ms_err *err)
{
	const unsigned char *at = p;
	unsigned char *to;
	size_t i;

	if (n == 0)
		return 0;
	if (n > SIZE_MAX / 2)
		return ms_fail_nomem(err);
	to = ms_buf_room(b, 2 * n, err);
	if (to == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		to[2 * i] = (unsigned char)hex_digit[at[i] >> 4];
		to[2 * i + 1] = (unsigned char)hex_digit[at[i] & 15];
	}
	b->n += 2 * n;
	return 0;
}

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
ms_hex_decode(const char *s, size_t n, struct ms_buf *b, struct ms_err *err)
{
	unsigned char *to;
	size_t i;
	int hi, lo;

	if (n % 2 != 0)
		return ms_fail(err, MS_DATA, "RFC 4648 section 8: odd number "
		    "of hexadecimal digits");
	if (n == 0)
		return 0;
	to = ms_buf_room(b, n / 2, err);
	if (to == NULL)
		return -1;
	for (i = 0; i < n; i += 2) {
		hi = hex_value(s[i]);
		lo = hex_value(s[i + 1]);
		if (hi < 0 || lo < 0)
			return ms_fail(err, MS_DATA, "RFC 4648 section 8: not "
			    "a hexadecimal digit");
		to[i / 2] = (unsigned char)(hi << 4 | lo);
	}
	b->n += n / 2;
	return 0;
}

int
ms_random(void *p, size_t n, struct ms_err *err)
{
	unsigned char *at = p;
	size_t k;

	for (; n > 0; at += k, n -= k) {
		k = n > INT_MAX ? INT_MAX : n;
		if (RAND_bytes(at, (int)k) != 1) {
			ERR_clear_error();
			return ms_fail(err, MS_OS, "no random bytes");
		}
	}
	return 0;
}
