/* SPDX-License-Identifier: Apache-2.0 */
/* date-time, RFC 5322 sections 3.3 and 4.3. */
#include <string.h>

#include "mime/internal.h"

#define CLAUSE "RFC 5322 section 3.3: "

static const char days[7][4] = {
	"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
};
static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

struct zone {
	char name[4];
	int hours;
};
static const struct zone zones[] = {
	{ "UT", 0 }, { "GMT", 0 }, { "EST", -5 }, { "EDT", -4 },
	{ "CST", -6 }, { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 },
	{ "PST", -8 }, { "PDT", -7 },
};

struct cursor {
	const unsigned char *p, *end;
};

/* One to max digits behind CFWS; -1 if there is none. */
static int
number(struct cursor *c, int min, int max)
{
	int n = 0, v = 0;

	if (ms_mime_cfws(&c->p, c->end, NULL))
		return -1;
	while (n < max && c->p < c->end && *c->p >= '0' && *c->p <= '9') {
		v = 10 * v + (*c->p++ - '0');
		n++;
	}
	if (n < min || (c->p < c->end && *c->p >= '0' && *c->p <= '9'))
		return -1;
	return v;
}

static bool
mark(struct cursor *c, int ch)
{
	if (ms_mime_cfws(&c->p, c->end, NULL) || c->p == c->end || *c->p != ch)
		return false;
	c->p++;
	return true;
}

/* Letters behind CFWS. */
static struct ms_span
word(struct cursor *c)
{
	struct ms_span s = { NULL, 0 };

	if (ms_mime_cfws(&c->p, c->end, NULL))
		return s;
	s.p = c->p;
	while (c->p < c->end && ((*c->p | 32) >= 'a' && (*c->p | 32) <= 'z'))
		c->p++;
	s.n = (size_t)(c->p - s.p);
	return s;
}

/* Offset from UTC in seconds; an unknown name is UTC (section 4.3). */
static bool
zone(struct cursor *c, int *offset)
{
	struct ms_span s;
	int sign, hhmm;
	size_t i;

	*offset = 0;
	if (ms_mime_cfws(&c->p, c->end, NULL) || c->p == c->end)
		return false;
	if (*c->p == '+' || *c->p == '-') {
		sign = *c->p++ == '-' ? -1 : 1;
		if (c->p == c->end || *c->p < '0' || *c->p > '9')
			return false;
		hhmm = number(c, 4, 4);
		if (hhmm < 0 || hhmm % 100 > 59)
			return false;
		*offset = sign * (hhmm / 100 * 3600 + hhmm % 100 * 60);
		return true;
	}
	s = word(c);
	for (i = 0; i < sizeof(zones) / sizeof(*zones); i++)
		if (ms_span_caseis(s, zones[i].name))
			*offset = zones[i].hours * 3600;
	return s.n > 0;
}

static int
month_days(int month, int year)
{
	static const int n[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};

	if (month == 1 && year % 4 == 0 && (year % 100 || year % 400 == 0))
		return 29;
	return n[month];
}

/* Two and three digits are of the last century or this (section 4.3). */
static int
year(struct cursor *c)
{
	const unsigned char *start;
	int y;

	if (ms_mime_cfws(&c->p, c->end, NULL))
		return -1;
	start = c->p;
	y = number(c, 2, 4);
	if (y < 0)
		return -1;
	if (c->p - start == 2)
		return y < 50 ? 2000 + y : 1900 + y;
	return c->p - start == 3 ? 1900 + y : y;
}

static bool
parse(struct cursor *c, time_t *t)
{
	struct ms_span s;
	int d, mon, y, h, m, sec = 0, offset;

	s = word(c);
	if (s.n && !mark(c, ','))
		return false;
	d = number(c, 1, 2);
	s = word(c);
	for (mon = 0; mon < 12 && !ms_span_caseis(s, months[mon]); mon++)
		;
	y = year(c);
	h = number(c, 1, 2);
	if (!mark(c, ':'))
		return false;
	m = number(c, 2, 2);
	if (ms_mime_cfws(&c->p, c->end, NULL))
		return false;
	if (c->p < c->end && *c->p == ':') {
		c->p++;
		sec = number(c, 2, 2);
	}
	if (!zone(c, &offset) || ms_mime_cfws(&c->p, c->end, NULL) ||
	    c->p != c->end)
		return false;
	if (mon == 12 || y < 1900 || d < 1 || d > month_days(mon, y) ||
	    h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60)
		return false;
	*t = (time_t)(ms_time_civil(y, mon + 1, d, h, m, sec) - offset);
	return true;
}

int
ms_mime_date_parse(struct ms_span value, time_t *t, struct ms_err *err)
{
	struct cursor c = { value.p, value.p + value.n };

	if (value.n == 0 || !parse(&c, t))
		return ms_fail(err, MS_DATA, CLAUSE "'%.*s' is no date",
		    (int)(value.n < 60 ? value.n : 60),
		    (const char *)value.p);
	return 0;
}

int
ms_mime_date(time_t t, struct ms_buf *b, struct ms_err *err)
{
	struct tm tm;

	if (!ms_time_fields(t, &tm))
		return ms_fail(err, MS_DATA, CLAUSE "year beyond 9999");
	return ms_buf_addf(b, err, "%s, %02d %s %04d %02d:%02d:%02d +0000",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
