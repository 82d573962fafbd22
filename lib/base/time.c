/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Civil time by arithmetic: no time zone, no locale, no shared buffer of the
 * C library has a say in what a signature's time means.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define DAY_S 86400
/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
#define TIME_MIN (-62135596800LL)
#define TIME_MAX 253402300799LL

/*
 * Days since 1970-01-01 in the proleptic Gregorian calendar.  The year is
 * taken to begin in March, so that the leap day is its last.
 */
static int64_t
days_civil(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int64_t
ms_time_civil(int year, int month, int day, int h, int m, int s)
{
	return days_civil(year, month, day) * DAY_S + (int64_t)h * 3600 +
	    (int64_t)m * 60 + s;
}

bool
ms_time_fields(time_t t, struct tm *tm)
{
	int64_t days, z, era, doe, yoe, doy, mp, y;
	int s;

	if ((int64_t)t < TIME_MIN || (int64_t)t > TIME_MAX)
		return false;
	days = (int64_t)t / DAY_S;
	s = (int)((int64_t)t % DAY_S);
	if (s < 0) {
		s += DAY_S;
		days--;
	}
	z = days + 719468;
	era = z / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	y = yoe + era * 400 + (mp >= 10);
	memset(tm, 0, sizeof(*tm));
	tm->tm_year = (int)(y - 1900);
	tm->tm_mon = (int)(mp < 10 ? mp + 2 : mp - 10);
	tm->tm_mday = (int)(doy - (153 * mp + 2) / 5 + 1);
	tm->tm_hour = s / 3600;
	tm->tm_min = s / 60 % 60;
	tm->tm_sec = s % 60;
	tm->tm_wday = (int)(((days + 4) % 7 + 7) % 7);
	tm->tm_yday = (int)(days - days_civil(y, 1, 1));
	return true;
}

const char *
ms_time_str(time_t t, char to[MS_TIME_STR])
{
	struct tm tm;

	if (t == (time_t)-1 || !ms_time_fields(t, &tm))
		snprintf(to, MS_TIME_STR, "-");
	else
		snprintf(to, MS_TIME_STR, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		    (unsigned)(tm.tm_year + 1900) % 10000,
		    (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100,
		    (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		    (unsigned)tm.tm_sec % 100);
	return to;
}

/* Exactly n digits and the separator behind them ('\0': none). */
static bool
field(const char **s, int n, char behind, int *v)
{
	const char *p = *s;

	*v = 0;
	for (; n > 0; n--, p++) {
		if (*p < '0' || *p > '9')
			return false;
		*v = *v * 10 + (*p - '0');
	}
	if (behind != '\0' && *p++ != behind)
		return false;
	*s = p;
	return true;
}

static int
month_days(int y, int m)
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

	return m == 2 && leap ? 29 : days[m - 1];
}

/* "Z" or an offset up to the end: seconds to subtract. */
static bool
zone(const char *s, int64_t *off)
{
	int h, m, sign;

	*off = 0;
	if (ms_strcaseeq(s, "z"))
		return true;
	if (*s != '+' && *s != '-')
		return false;
	sign = *s++ == '-' ? -1 : 1;
	if (!field(&s, 2, ':', &h) || !field(&s, 2, '\0', &m) ||
	    *s != '\0' || h > 23 || m > 59)
		return false;
	*off = sign * (h * 3600 + m * 60);
	return true;
}

/* RFC 3339 section 5.6, or the full-date alone. */
static bool
rfc3339(const char *s, int64_t *t)
{
	int y, mo, d, h = 0, mi = 0, sec = 0;
	int64_t off = 0;

	if (!field(&s, 4, '-', &y) || !field(&s, 2, '-', &mo) ||
	    !field(&s, 2, '\0', &d))
		return false;
	if (y < 1 || mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo))
		return false;
	if (*s != '\0') {
		if (*s != 'T' && *s != 't')
			return false;
		s++;
		if (!field(&s, 2, ':', &h) || !field(&s, 2, ':', &mi) ||
		    !field(&s, 2, '\0', &sec) || h > 23 || mi > 59 || sec > 60)
			return false;
		if (*s == '.') {
			if (strspn(++s, "0123456789") == 0)
				return false;
			s += strspn(s, "0123456789");
		}
		if (!zone(s, &off))
			return false;
	}
	*t = ms_time_civil(y, mo, d, h, mi, sec) - off;
	return true;
}

int
ms_parse_time(const char *s, time_t *ret, struct ms_err *err)
{
	uint64_t v;
	int64_t t;

	if (s != NULL && s[0] == '@') {
		if (ms_parse_uint(s + 1, "time", 0, TIME_MAX, &v, err) != 0)
			return -1;
		t = (int64_t)v;
	} else if (s == NULL || !rfc3339(s, &t) || t < TIME_MIN ||
	    t > TIME_MAX) {
		return ms_fail(err, MS_USAGE, "time: '%s' is not a date such "
		    "as 2026-01-31, 2026-01-31T12:00:00Z or @1769860800",
		    s != NULL ? s : "");
	}
	*ret = (time_t)t;
	return 0;
}
