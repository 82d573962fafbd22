/* SPDX-License-Identifier: Apache-2.0 */
/* The DER walker. */
#include <string.h>

#include "der/der.h"
#include "tap.h"

static struct ms_err err = MS_ERR_INIT;

/* A span over a string literal. */
#define S(x) ((struct ms_span){ (const unsigned char *)(x), sizeof(x) - 1 })

static void
test_next(void)
{
	struct ms_span s = S("\x30\x03\x02\x01\x05\x04\x00"), v, w, in;
	struct ms_buf b = MS_BUF_INIT(1 << 20);
	struct ms_der d;
	uint64_t n = 0;
	int tag = 0;

	ok(ms_der_next(&s, &tag, &v, &w, &err) == 0 && tag == MS_SEQUENCE &&
	    v.n == 3 && w.n == 5 && s.n == 2, "an element with its head");
	in = v;
	ok(ms_der_want_uint(&in, &n, "version", &err) == 0 && n == 5,
	    "INTEGER");
	is_int(ms_der_done(&in, "Thing", &err), 0, "done");
	fails(ms_der_done(&v, "Thing", &err), &err, MS_DATA,
	    "3 trailing bytes after Thing", "not done");
	is_int(ms_der_maybe(&s, MS_SEQUENCE, &v, &err), 0, "optional, not");
	is_int(ms_der_maybe(&s, MS_OCTETSTRING, &v, &err), 1, "optional, is");
	is_int(ms_der_maybe(&s, MS_OCTETSTRING, &v, &err), 0,
	    "optional at the end");
	s = S("\x04\x05z");
	fails(ms_der_maybe(&s, MS_OCTETSTRING, &v, &err), &err, MS_DATA,
	    "8.1.3: truncated", "optional, malformed");
	is_int((long long)s.n, 3, "nothing was taken");
	if (!ms_buf_room(&b, 70000, &err))
		return;
	memset(b.p, 'x', 70000);
	b.n = 70000;
	ms_der_init(&d, &b);
	ms_der_prim(&d, 4, b.p, 300);
	s.p = b.p + 70000;
	s.n = b.n - 70000;
	ok(ms_der_next(&s, &tag, &v, NULL, &err) == 0 && v.n == 300,
	    "two length octets");
	ms_buf_clear(&b);
}

static void
test_refusals(void)
{
	static const struct {
		struct ms_span s;
		const char *words;
	} rows[] = {
		{ { (const unsigned char *)"", 0 },
		  "8.1.1: truncated, an element is missing" },
		{ { (const unsigned char *)"\x30", 1 },
		  "8.1.3: truncated before the length" },
		{ { (const unsigned char *)"\x30\x82\x01", 3 },
		  "8.1.3: truncated in the length" },
		{ { (const unsigned char *)"\x30\x05\x01", 3 },
		  "8.1.3: truncated, an element has 1 octets of 5" },
		{ { (const unsigned char *)"\x30\x80\x00\x00", 4 },
		  "10.1: indefinite length" },
		{ { (const unsigned char *)"\x30\x81\x01\x05", 4 },
		  "10.1: length of an element is not minimal" },
		{ { (const unsigned char *)"\x30\x82\x00\xff\x05", 5 },
		  "10.1: length of an element is not minimal" },
		{ { (const unsigned char *)"\x30\x88\xff\xff\xff\xff\xff\xff"
		    "\xff\xff\x05", 11 }, "8.1.3: truncated" },
		{ { (const unsigned char *)"\x30\x89\1\1\1\1\1\1\1\1\1", 11 },
		  "8.1.3: length of an element has 9 octets" },
		{ { (const unsigned char *)"\x30\xff\x05", 3 },
		  "8.1.3: length of an element has 127 octets" },
		{ { (const unsigned char *)"\x1f\x01\x05", 3 },
		  "8.1.2.4: tag number above 30" },
		{ { (const unsigned char *)"\x00\x00", 2 },
		  "8.1.5: end-of-contents" },
	};
	struct ms_span s, v;
	size_t i;
	int tag;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s = rows[i].s;
		fails(ms_der_next(&s, &tag, &v, NULL, &err), &err, MS_DATA,
		    rows[i].words, rows[i].words);
	}
	s = S("\x31\x00");
	fails(ms_der_want(&s, MS_SEQUENCE, &v, "TSTInfo", &err), &err, MS_DATA,
	    "TSTInfo wants SEQUENCE (0x30), found SET (0x31)", "wrong tag");
	s = S("");
	fails(ms_der_want(&s, MS_SEQUENCE, &v, "TSTInfo", &err), &err, MS_DATA,
	    "truncated, TSTInfo is missing", "missing");
	s = S("\x24\x00");
	fails(ms_der_want(&s, MS_CTX(1), &v, "mac", &err), &err, MS_DATA,
	    "mac wants [1] (0x81), found tag 0x24", "constructed string");
}

static void
test_integers(void)
{
	static const struct {
		const char *p;
		size_t n;
		const char *words;
		uint64_t v;
	} rows[] = {
		{ "\x02\x01\x00", 3, NULL, 0 },
		{ "\x02\x02\x00\x80", 4, NULL, 128 },
		{ "\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff", 11, NULL,
		  UINT64_MAX },
		{ "\x02\x09\x01\xff\xff\xff\xff\xff\xff\xff\xff", 11,
		  "beyond 64 bits", 0 },
		{ "\x02\x00", 2, "8.3.1", 0 },
		{ "\x02\x02\x00\x01", 4, "8.3.2", 0 },
		{ "\x02\x02\xff\x80", 4, "8.3.2", 0 },
		{ "\x02\x01\x80", 3, "serial is negative", 0 },
		{ "\x0a\x01\x00", 3, "serial wants INTEGER", 0 },
	};
	struct ms_span s;
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s.p = (const unsigned char *)rows[i].p;
		s.n = rows[i].n;
		v = 77;
		if (rows[i].words)
			fails(ms_der_want_uint(&s, &v, "serial", &err), &err,
			    MS_DATA, rows[i].words, rows[i].words);
		else
			ok(ms_der_want_uint(&s, &v, "serial", &err) == 0 &&
			    v == rows[i].v && s.n == 0, "INTEGER %zu", i);
	}
}

static void
test_oids(void)
{
	struct ms_span s = S("\x06\x03\x55\x04\x03"), v;

	ok(ms_der_want_oid(&s, &v, "type", &err) == 0 &&
	    ms_oid_find(v) == MS_OID_commonName, "OID");
	s = S("\x06\x00");
	fails(ms_der_want_oid(&s, &v, "type", &err), &err, MS_DATA,
	    "8.19.2: malformed object identifier in type", "empty OID");
	s = S("\x06\x02\x55\x84");
	fails(ms_der_want_oid(&s, &v, "type", &err), &err, MS_DATA, "8.19.2",
	    "OID without an end");
	s = S("\x06\x03\x55\x80\x04");
	fails(ms_der_want_oid(&s, &v, "type", &err), &err, MS_DATA, "8.19.2",
	    "OID with padding");
	s = S("\x0d\x01\x04");
	fails(ms_der_want_oid(&s, &v, "type", &err), &err, MS_DATA,
	    "type wants OBJECT IDENTIFIER", "RELATIVE-OID");
}

static void
test_times(void)
{
	static const struct {
		int tag;
		const char *text;
		long long t;
		unsigned micros;
	} good[] = {
		{ MS_UTCTIME, "700101000000Z", 0, 0 },
		{ MS_UTCTIME, "491231235959Z", 2524607999, 0 },
		{ MS_UTCTIME, "500101000000Z", -631152000, 0 },
		{ MS_UTCTIME, "240229120000Z", 1709208000, 0 },
		{ MS_GENTIME, "20240229120000Z", 1709208000, 0 },
		{ MS_GENTIME, "20500101000000Z", 2524608000, 0 },
		{ MS_GENTIME, "19700101000000.5Z", 0, 500000 },
		{ MS_GENTIME, "19700101000000.1234567Z", 0, 123456 },
		{ MS_GENTIME, "19700101000000.000Z", 0, 0 },
		{ MS_GENTIME, "99991231235959.999999Z", 253402300799, 999999 },
	};
	static const struct {
		int tag;
		const char *text;
	} bad[] = {
		{ MS_UTCTIME, "" }, { MS_UTCTIME, "7001010000Z" },
		{ MS_UTCTIME, "700101000000" },
		{ MS_UTCTIME, "700101000000+0000" },
		{ MS_UTCTIME, "700101000060Z" },
		{ MS_UTCTIME, "700101006000Z" },
		{ MS_UTCTIME, "700101240000Z" },
		{ MS_UTCTIME, "701301000000Z" },
		{ MS_UTCTIME, "700001000000Z" },
		{ MS_UTCTIME, "700100000000Z" },
		{ MS_UTCTIME, "700431000000Z" },
		{ MS_UTCTIME, "230229000000Z" },
		{ MS_UTCTIME, "70010100000 Z" },
		{ MS_UTCTIME, "x00101000000Z" },
		{ MS_UTCTIME, "19700101000000Z" },
		{ MS_GENTIME, "" }, { MS_GENTIME, "700101000000Z" },
		{ MS_GENTIME, "19700101000000" },
		{ MS_GENTIME, "19700101000000.Z" },
		{ MS_GENTIME, "19700101000000,5Z" },
		{ MS_GENTIME, "19700101000000.5" },
		{ MS_GENTIME, "19700101000000.5+0000" },
		{ MS_GENTIME, "19700101000000.5xZ" },
		{ MS_GENTIME, "197001010000Z" },
		{ MS_GENTIME, "19000229000000Z" },
		{ MS_GENTIME, "00000101000000Z" },
		{ MS_OCTETSTRING, "700101000000Z" },
	};
	struct ms_span v;
	unsigned micros;
	time_t t;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		v.p = (const unsigned char *)good[i].text;
		v.n = strlen(good[i].text);
		micros = 7;
		ok(ms_der_parse_time(good[i].tag, v, &t, &micros, &err) == 0 &&
		    t == (time_t)good[i].t && micros == good[i].micros, "%s",
		    good[i].text);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		v.p = (const unsigned char *)bad[i].text;
		v.n = strlen(bad[i].text);
		fails(ms_der_parse_time(bad[i].tag, v, &t, NULL, &err), &err,
		    MS_DATA, bad[i].tag == MS_UTCTIME ? "X.690 section 11.8" :
		    bad[i].tag == MS_GENTIME ? "X.690 section 11.7" :
		    "RFC 5652 section 11.3", bad[i].text);
	}
}

/* Times out and in again, over the whole range. */
static void
test_round_trip(void)
{
	struct ms_buf b = MS_BUF_INIT(64);
	unsigned micros, m;
	struct ms_span s, v;
	struct ms_der d;
	time_t t, back;
	int tag, bad = 0;

	for (t = -62135596800; t < 253402300800; t += 86413 * 997) {
		m = (unsigned)(t & 0xfffff) % 1000000;
		ms_buf_reset(&b);
		ms_der_init(&d, &b);
		ms_der_time(&d, t);
		ms_der_gentime(&d, t, m);
		s = ms_buf_span(&b);
		if (ms_der_finish(&d, &err) < 0 ||
		    ms_der_next(&s, &tag, &v, NULL, &err) < 0 ||
		    ms_der_parse_time(tag, v, &back, &micros, &err) < 0 ||
		    back != t || micros != 0 ||
		    ms_der_next(&s, &tag, &v, NULL, &err) < 0 ||
		    ms_der_parse_time(tag, v, &back, &micros, &err) < 0 ||
		    back != t || micros != m || s.n != 0)
			bad++;
	}
	is_int(bad, 0, "times come back as they went");
	ms_buf_clear(&b);
}

int
main(void)
{
	test_next();
	test_refusals();
	test_integers();
	test_oids();
	test_times();
	test_round_trip();
	return tap_done();
}
