/* SPDX-License-Identifier: Apache-2.0 */
/* The DER walker: elements out of memory, strictly (X.690 sections 8, 10). */
#include "der/internal.h"

#include <stdio.h>

const char *
ms_der_tag_str(int tag, char to[MS_TAG_STR])
{
	static const struct {
		int tag;
		const char *name;
	} names[] = {
		{ MS_BOOLEAN, "BOOLEAN" }, { MS_INTEGER, "INTEGER" },
		{ MS_BITSTRING, "BIT STRING" },
		{ MS_OCTETSTRING, "OCTET STRING" }, { MS_NULL, "NULL" },
		{ MS_OBJECT, "OBJECT IDENTIFIER" },
		{ MS_ENUMERATED, "ENUMERATED" },
		{ MS_UTF8STRING, "UTF8String" },
		{ MS_PRINTABLE, "PrintableString" },
		{ MS_IA5STRING, "IA5String" }, { MS_UTCTIME, "UTCTime" },
		{ MS_GENTIME, "GeneralizedTime" }, { MS_SEQUENCE, "SEQUENCE" },
		{ MS_SET, "SET" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].tag == tag) {
			snprintf(to, MS_TAG_STR, "%s (0x%02x)", names[i].name,
			    (unsigned)tag & 0xff);
			return to;
		}
	if ((tag & 0xc0) == 0x80)
		snprintf(to, MS_TAG_STR, "[%d] (0x%02x)", tag & 0x1f,
		    (unsigned)tag & 0xff);
	else
		snprintf(to, MS_TAG_STR, "tag 0x%02x", (unsigned)tag & 0xff);
	return to;
}

/* Length octets from s, whose first octet is the first of them. */
static int
length(struct ms_span *s, size_t *len, const char *what, struct ms_err *err)
{
	size_t k, v = 0;

	k = *s->p++;
	s->n--;
	if (k < 0x80) {
		*len = k;
		return 0;
	}
	if (k == 0x80)
		return ms_fail(err, MS_DATA, "X.690 section 10.1: indefinite"
		    " length of %s", what);
	k &= 0x7f;
	if (k > sizeof(v))
		return ms_fail(err, MS_DATA, "X.690 section 8.1.3: length of"
		    " %s has %zu octets", what, k);
	if (s->n < k)
		return ms_fail(err, MS_DATA, "X.690 section 8.1.3: truncated"
		    " in the length of %s", what);
	for (*len = k; k > 0; k--) {
		v = v << 8 | *s->p++;
		s->n--;
	}
	/* The first octet tells: 0, or short enough for one octet. */
	if (v < 0x80 || v >> (8 * (*len - 1)) == 0)
		return ms_fail(err, MS_DATA, "X.690 section 10.1: length of %s"
		    " is not minimal", what);
	*len = v;
	return 0;
}

static int
next(struct ms_span *s, int *tag, struct ms_span *v, struct ms_span *whole,
    const char *what, struct ms_err *err)
{
	struct ms_span in = *s;
	size_t len = 0;
	int t;

	if (in.n == 0)
		return ms_fail(err, MS_DATA, "X.690 section 8.1.1: truncated,"
		    " %s is missing", what);
	t = *in.p++;
	in.n--;
	if ((t & 0x1f) == 0x1f)
		return ms_fail(err, MS_DATA, "X.690 section 8.1.2.4: tag number"
		    " above 30 at %s", what);
	if (t == 0)
		return ms_fail(err, MS_DATA, "X.690 section 8.1.5:"
		    " end-of-contents at %s, where nothing is open", what);
	if (in.n == 0)
		return ms_fail(err, MS_DATA, "X.690 section 8.1.3: truncated"
		    " before the length of %s", what);
	if (length(&in, &len, what, err) < 0)
		return -1;
	if (len > in.n)
		return ms_fail(err, MS_DATA, "X.690 section 8.1.3: truncated,"
		    " %s has %zu octets of %zu", what, in.n, len);
	*tag = t;
	v->p = in.p;
	v->n = len;
	if (whole) {
		whole->p = s->p;
		whole->n = (size_t)(in.p - s->p) + len;
	}
	s->p = in.p + len;
	s->n = in.n - len;
	return 0;
}

int
ms_der_next(struct ms_span *s, int *tag, struct ms_span *v,
    struct ms_span *whole, struct ms_err *err)
{
	return next(s, tag, v, whole, "an element", err);
}

int
ms_der_want(struct ms_span *s, int tag, struct ms_span *v, const char *what,
    struct ms_err *err)
{
	char want[MS_TAG_STR], got[MS_TAG_STR];
	int t;

	if (s->n > 0 && *s->p != tag)
		return ms_fail(err, MS_DATA, "X.690 section 8.1.2: %s wants %s,"
		    " found %s", what, ms_der_tag_str(tag, want),
		    ms_der_tag_str(*s->p, got));
	return next(s, &t, v, NULL, what, err);
}

int
ms_der_maybe(struct ms_span *s, int tag, struct ms_span *v, struct ms_err *err)
{
	int t;

	if (s->n == 0 || *s->p != tag)
		return 0;
	return next(s, &t, v, NULL, "an optional element", err) < 0 ? -1 : 1;
}

int
ms_der_done(const struct ms_span *s, const char *what, struct ms_err *err)
{
	if (s->n == 0)
		return 0;
	return ms_fail(err, MS_DATA, "X.690 section 8.1.1: %zu trailing bytes"
	    " after %s", s->n, what);
}

int
ms_der_want_oid(struct ms_span *s, struct ms_span *oid, const char *what,
    struct ms_err *err)
{
	struct ms_span rest = *s, v;
	bool start = true;
	size_t i;

	if (ms_der_want(&rest, MS_OBJECT, &v, what, err) < 0)
		return -1;
	/* Each subidentifier is minimal, and the last one ends. */
	for (i = 0; i < v.n; i++) {
		if (start && v.p[i] == 0x80)
			break;
		start = !(v.p[i] & 0x80);
	}
	if (v.n == 0 || i < v.n || !start)
		return ms_fail(err, MS_DATA, "X.690 section 8.19.2: malformed"
		    " object identifier in %s", what);
	*s = rest;
	*oid = v;
	return 0;
}

int
ms_der_want_uint(struct ms_span *s, uint64_t *v, const char *what,
    struct ms_err *err)
{
	struct ms_span rest = *s, c;
	uint64_t n = 0;

	if (ms_der_want(&rest, MS_INTEGER, &c, what, err) < 0)
		return -1;
	if (c.n == 0)
		return ms_fail(err, MS_DATA, "X.690 section 8.3.1: %s is an"
		    " INTEGER without octets", what);
	if (c.n > 1 && ((c.p[0] == 0 && !(c.p[1] & 0x80)) ||
	    (c.p[0] == 0xff && c.p[1] & 0x80)))
		return ms_fail(err, MS_DATA, "X.690 section 8.3.2: %s is an"
		    " INTEGER that is not minimal", what);
	if (c.p[0] & 0x80)
		return ms_fail(err, MS_DATA, "X.690 section 8.3.3: %s is"
		    " negative", what);
	if (c.n > 9 || (c.n == 9 && c.p[0] != 0))
		return ms_fail(err, MS_DATA, "X.690 section 8.3: %s is beyond"
		    " 64 bits", what);
	for (; c.n > 0; c.p++, c.n--)
		n = n << 8 | *c.p;
	*s = rest;
	*v = n;
	return 0;
}

/* Two decimal digits within [min, max], or -1. */
static int
two(const unsigned char *p, int min, int max)
{
	int v;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	v = (p[0] - '0') * 10 + p[1] - '0';
	return v < min || v > max ? -1 : v;
}

/* What follows the year, "MMDDHHMMSS": false when it is no date. */
static bool
civil(int year, const unsigned char *p, time_t *t)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	int mon = two(p, 1, 12), day = two(p + 2, 1, 31);
	int h = two(p + 4, 0, 23), m = two(p + 6, 0, 59);
	int sec = two(p + 8, 0, 59), last;

	if (mon < 0 || day < 0 || h < 0 || m < 0 || sec < 0)
		return false;
	last = days[mon - 1];
	if (mon == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		last = 29;
	if (day > last)
		return false;
	*t = (time_t)ms_time_civil(year, mon, day, h, m, sec);
	return true;
}

static bool
utctime(struct ms_span v, time_t *t)
{
	int year;

	if (v.n != 13 || v.p[12] != 'Z')
		return false;
	year = two(v.p, 0, 99);
	if (year < 0)
		return false;
	return civil(year < 50 ? 2000 + year : 1900 + year, v.p + 2, t);
}

static bool
gentime(struct ms_span v, time_t *t, unsigned *micros)
{
	unsigned scale = 100000;
	int century, year;
	size_t i;

	*micros = 0;
	if (v.n < 15 || v.p[v.n - 1] != 'Z')
		return false;
	century = two(v.p, 0, 99);
	year = two(v.p + 2, 0, 99);
	if (century < 0 || year < 0 || century + year == 0 ||
	    !civil(century * 100 + year, v.p + 4, t))
		return false;
	if (v.n == 15)
		return true;
	if (v.p[14] != '.' || v.n < 17)
		return false;
	for (i = 15; i < v.n - 1; i++, scale /= 10) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		*micros += (unsigned)(v.p[i] - '0') * scale;
	}
	return true;
}

int
ms_der_parse_time(int tag, struct ms_span v, time_t *t, unsigned *micros,
    struct ms_err *err)
{
	unsigned frac = 0;
	time_t at;

	if (tag == MS_UTCTIME) {
		if (!utctime(v, &at))
			return ms_fail(err, MS_DATA, "X.690 section 11.8:"
			    " UTCTime is not YYMMDDHHMMSSZ");
	} else if (tag == MS_GENTIME) {
		if (!gentime(v, &at, &frac))
			return ms_fail(err, MS_DATA, "X.690 section 11.7:"
			    " GeneralizedTime is not YYYYMMDDHHMMSS[.f]Z");
	} else {
		return ms_fail(err, MS_DATA, "RFC 5652 section 11.3: a Time is"
		    " UTCTime or GeneralizedTime, found tag 0x%02x",
		    (unsigned)tag & 0xff);
	}
	*t = at;
	if (micros)
		*micros = frac;
	return 0;
}
