/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, times, UTF-8, base64 and hexadecimal at their edges. */
#include "base/base.h"
#include "tap.h"

static struct ms_err e = MS_ERR_INIT;

static void
test_numbers(void)
{
	static const char *const bad[] = { "", " 1", "+1", "-1", "1 ", "0x1",
		"1.0", "a" };
	uint64_t v = 0;
	size_t i;

	ok(ms_parse_uint("18446744073709551615", "--n", 0, UINT64_MAX, &v,
	    &e) == 0 && v == UINT64_MAX, "the largest number");
	fails(ms_parse_uint("18446744073709551616", "--n", 0, UINT64_MAX, &v,
	    &e), &e, MS_USAGE, "--n: 18446744073709551616 is not between",
	    "one more");
	fails(ms_parse_uint("0", "--n", 1, 9, &v, &e), &e, MS_USAGE,
	    "--n: 0 is not between 1 and 9", "below the least");
	fails(ms_parse_uint("10", "--n", 1, 9, &v, &e), &e, MS_USAGE,
	    "--n: 10 is not between 1 and 9", "above the largest");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		fails(ms_parse_uint(bad[i], "--n", 0, 9, &v, &e), &e, MS_USAGE,
		    "is not a number", bad[i]);
	fails(ms_parse_uint(NULL, "--n", 0, 9, &v, &e), &e, MS_USAGE,
	    "is not a number", "NULL");
}

static void
duration(const char *s, uint64_t want)
{
	uint64_t v = 0;

	ok(ms_parse_duration(s, "--t", &v, &e) == 0 && v == want, "%s", s);
}

static void
test_durations(void)
{
	static const char *const bad[] = { "", "s", "1w", "1m ", "1h30m",
		"-1s", "99999999999999999d", "99999999999999999999" };
	uint64_t v;
	size_t i;

	duration("90", 90);
	duration("90s", 90);
	duration("15m", 900);
	duration("12h", 43200);
	duration("30d", 2592000);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		fails(ms_parse_duration(bad[i], "--t", &v, &e), &e, MS_USAGE,
		    "is not a duration", bad[i]);
}

static void
good_time(const char *s, long long want)
{
	time_t t = 0;

	if (!ok(ms_parse_time(s, &t, &e) == 0 && (long long)t == want, "%s",
	    s))
		printf("# %lld: %s\n", (long long)t, e.text);
}

static void
test_parse_time(void)
{
	static const char *const bad[] = { "", "2026", "2026-1-1",
		"2026-02-29", "1900-02-29", "2026-00-01", "2026-13-01",
		"2026-04-31", "2026-01-00", "2026-01-01T12:00:00",
		"2026-01-01 12:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T12:60:00Z", "2026-01-01T12:00:61Z",
		"2026-01-01T12:00:00.Z", "2026-01-01T12:00:00+9:00",
		"2026-01-01T12:00:00+0900", "2026-01-01T12:00:00+24:00",
		"2026-01-01T12:00:00Zx", "2026-01-01Z", "0000-01-01",
		"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
		"yesterday" };
	time_t t;
	size_t i;

	good_time("1970-01-01", 0);
	good_time("1970-01-01T00:00:00Z", 0);
	good_time("1969-12-31T23:59:59Z", -1);
	good_time("2000-02-29T12:00:00Z", 951825600);
	good_time("2024-02-29", 1709164800);
	good_time("2026-01-31t12:00:00z", 1769860800);
	good_time("2026-01-31T21:00:00+09:00", 1769860800);
	good_time("2026-01-31T08:30:00.123-03:30", 1769860800);
	good_time("2016-12-31T23:59:60Z", 1483228800);
	good_time("2038-01-19T03:14:08Z", 2147483648LL);
	good_time("9999-12-31T23:59:59Z", 253402300799LL);
	good_time("0001-01-01", -62135596800LL);
	good_time("@1769860800", 1769860800);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		fails(ms_parse_time(bad[i], &t, &e), &e, MS_USAGE,
		    "is not a date", bad[i]);
	fails(ms_parse_time("@253402300800", &t, &e), &e, MS_USAGE,
	    "not between", "@ beyond year 9999");
}

static void
test_print_time(void)
{
	char s[MS_TIME_STR];
	struct tm tm;
	int64_t t;
	int same = 1;

	is_str(ms_time_str(0, s), "1970-01-01T00:00:00Z", "the epoch");
	is_str(ms_time_str((time_t)-1, s), "-", "no time");
	is_str(ms_time_str(-2, s), "1969-12-31T23:59:58Z", "before it");
	is_str(ms_time_str(951825600, s), "2000-02-29T12:00:00Z", "leap day");
	is_str(ms_time_str((time_t)253402300799LL, s), "9999-12-31T23:59:59Z",
	    "the last second");
	is_str(ms_time_str((time_t)253402300800LL, s), "-", "beyond it");
	is_str(ms_time_str((time_t)-62135596801LL, s), "-", "before year 1");
	ok(ms_time_fields(1769860800, &tm) && tm.tm_wday == 6 &&
	    tm.tm_yday == 30, "2026-01-31 is a Saturday, day 30");
	ok(ms_time_fields(-1, &tm) && tm.tm_wday == 3 && tm.tm_yday == 364,
	    "1969-12-31 was a Wednesday, day 364");
	ok(!ms_time_fields((time_t)253402300800LL, &tm), "no year 10000");
	for (t = -62135596800LL; t <= 253402300799LL; t += 86400LL * 61 + 7) {
		same &= ms_time_fields((time_t)t, &tm) &&
		    ms_time_civil(tm.tm_year + 1900, tm.tm_mon + 1,
		    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec) == t;
	}
	ok(same, "fields and back over all years");
}

static void
test_utf8(void)
{
	static const char *const good[] = { "", "a", "\xc3\xa9",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf",
		"\xed\x9f\xbf", "\xee\x80\x80" };
	static const char *const bad[] = { "\x80", "\xc3", "\xc0\x80",
		"\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xff",
		"a\xe2\x28\xa1" };
	struct ms_buf b = MS_BUF_INIT(1000);
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(ms_utf8_valid(good[i], strlen(good[i])), "valid %zu", i);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!ms_utf8_valid(bad[i], strlen(bad[i])), "invalid %zu", i);
	ms_escape(&b, "a\t\x1b[\x7f\xc3\xa9\xff\xc2\x9b\xc2\xa0\0z", 14, &e);
	is_str(ms_buf_str(&b), "a\\x09\\x1b[\\x7f\xc3\xa9\\xff\\xc2\\x9b"
	    "\xc2\xa0\\x00z", "control bytes are escaped");
	ms_buf_clear(&b);
}

static void
b64_bad(const char *s, const char *words)
{
	struct ms_buf b = MS_BUF_INIT(1000);

	fails(ms_base64_decode(s, strlen(s), &b, &e), &e, MS_DATA, words,
	    words);
	ok(b.n == 0, "nothing was added");
	ms_buf_clear(&b);
}

static void
test_base64(void)
{
	static const char *const v[] = { "", "", "f", "Zg==", "fo", "Zm8=",
		"foo", "Zm9v", "foob", "Zm9vYg==", "fooba", "Zm9vYmE=",
		"foobar", "Zm9vYmFy" };
	struct ms_buf b = MS_BUF_INIT(10000), d = MS_BUF_INIT(10000);
	unsigned char all[771];
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i += 2) {
		ms_buf_reset(&b);
		ms_buf_reset(&d);
		ok(ms_base64_encode(v[i], strlen(v[i]), &b, &e) == 0 &&
		    ms_streq(ms_buf_str(&b), v[i + 1]) &&
		    ms_base64_decode(v[i + 1], strlen(v[i + 1]), &d, &e) == 0 &&
		    ms_streq(ms_buf_str(&d), v[i]), "RFC 4648: '%s'", v[i]);
	}
	for (i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)(i * 7 + (i >> 8));
	ms_buf_reset(&b);
	ms_buf_reset(&d);
	ok(ms_base64_encode(all, sizeof(all), &b, &e) == 0 && b.n == 1028 &&
	    ms_base64_decode((char *)b.p, b.n, &d, &e) == 0 &&
	    d.n == sizeof(all) && memcmp(d.p, all, sizeof(all)) == 0,
	    "all bytes there and back");
	b64_bad("Zg=", "multiple of 4");
	b64_bad("Zg", "multiple of 4");
	b64_bad("Zm9v\n", "multiple of 4");
	b64_bad("Zm9\n", "outside the base64 alphabet");
	b64_bad("Zg==Zg==", "outside the base64 alphabet");
	b64_bad("Z===", "outside the base64 alphabet");
	b64_bad("====", "outside the base64 alphabet");
	b64_bad("Zm=v", "outside the base64 alphabet");
	b64_bad("Zm-_", "outside the base64 alphabet");
	b64_bad("Zm9\xff", "outside the base64 alphabet");
	b64_bad("Zh==", "padding bits are not zero");
	b64_bad("Zm9=", "padding bits are not zero");
	ms_buf_clear(&b);
	ms_buf_clear(&d);
}

static void
test_hex(void)
{
	struct ms_buf b = MS_BUF_INIT(100);

	ok(ms_hex_encode("\x00\x7f\xff", 3, &b, &e) == 0 &&
	    ms_streq(ms_buf_str(&b), "007fff"), "to hexadecimal");
	ms_buf_reset(&b);
	ok(ms_hex_decode("007FfF", 6, &b, &e) == 0 && b.n == 3 &&
	    memcmp(b.p, "\x00\x7f\xff", 3) == 0, "and back");
	fails(ms_hex_decode("0", 1, &b, &e), &e, MS_DATA, "odd number", "odd");
	fails(ms_hex_decode("0g", 2, &b, &e), &e, MS_DATA, "not a hex", "0g");
	ms_buf_clear(&b);
}

int
main(void)
{
	test_numbers();
	test_durations();
	test_parse_time();
	test_print_time();
	test_utf8();
	test_base64();
	test_hex();
	return tap_done();
}
