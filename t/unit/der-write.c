/* SPDX-License-Identifier: Apache-2.0 */
/* The DER writer. */
#include <string.h>

#include "der/der.h"
#include "tap.h"

static struct ms_buf buf = MS_BUF_INIT(1 << 20);
static struct ms_der d;
static struct ms_err err = MS_ERR_INIT;

static void
begin(void)
{
	ms_buf_reset(&buf);
	ms_der_init(&d, &buf);
}

/* What was written, as hexadecimal. */
static void
wrote(const char *hex, const char *what)
{
	struct ms_buf h = MS_BUF_INIT(1 << 21);

	is_int(ms_der_finish(&d, &err), 0, "finished");
	if (ms_hex_encode(buf.p, buf.n, &h, NULL) == 0)
		is_str(ms_buf_str(&h), hex, what);
	ms_buf_clear(&h);
}

static void
test_values(void)
{
	begin();
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, 0);
	ms_der_uint(&d, 127);
	ms_der_uint(&d, 128);
	ms_der_uint(&d, UINT64_MAX);
	ms_der_integer(&d, "\0\0\x7f", 3);
	ms_der_integer(&d, "\0\x80", 2);
	ms_der_integer(&d, NULL, 0);
	ms_der_null(&d);
	ms_der_bool(&d, true);
	ms_der_bool(&d, false);
	ms_der_oid(&d, MS_OID_commonName);
	ms_der_prim(&d, MS_CTX(3), "ab", 2);
	ms_der_begin(&d, MS_CTXC(0));
	ms_der_end(&d);
	ms_der_end(&d);
	wrote("303202010002017f02020080020900ffffffffffffffff"
	    "02017f020200800201000500"
	    "0101ff010100060355040383026162a000", "values");
}

static void
test_lengths(void)
{
	static const unsigned char zeros[70000];
	static const struct {
		size_t n;
		unsigned char head[5];
		size_t k;
	} rows[] = {
		{ 0, { 0x30, 0 }, 2 }, { 127, { 0x30, 127 }, 2 },
		{ 128, { 0x30, 0x81, 128 }, 3 },
		{ 255, { 0x30, 0x81, 255 }, 3 },
		{ 256, { 0x30, 0x82, 1, 0 }, 4 },
		{ 65535, { 0x30, 0x82, 255, 255 }, 4 },
		{ 65536, { 0x30, 0x83, 1, 0, 0 }, 5 },
	};
	unsigned char head[10];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		ms_der_begin(&d, MS_SEQUENCE);
		ms_der_raw(&d, zeros, rows[i].n);
		ms_der_end(&d);
		ok(ms_der_finish(&d, &err) == 0 &&
		    buf.n == rows[i].k + rows[i].n &&
		    memcmp(buf.p, rows[i].head, rows[i].k) == 0 &&
		    (rows[i].n == 0 || memcmp(buf.p + rows[i].k, zeros,
		    rows[i].n) == 0), "length %zu", rows[i].n);
		ok(ms_der_head(head, MS_SEQUENCE, rows[i].n) == rows[i].k &&
		    memcmp(head, rows[i].head, rows[i].k) == 0,
		    "head for %zu", rows[i].n);
		ok(ms_der_size(rows[i].n) == buf.n, "size for %zu", rows[i].n);
	}
	is_int((long long)ms_der_head(head, MS_OCTETSTRING, UINT64_MAX), 10,
	    "the longest head");
	ok(memcmp(head, "\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff", 10) == 0,
	    "its octets");
	is_int((long long)ms_der_head(head, 4, (uint64_t)5 << 30), 7,
	    "head for 5 GiB");
}

static void
test_setof(void)
{
	begin();
	ms_der_begin(&d, MS_SET);
	ms_der_prim(&d, 4, "b", 1);
	ms_der_prim(&d, 4, "aa", 2);
	ms_der_prim(&d, 4, "a", 1);
	ms_der_prim(&d, 2, "\xff", 1);
	ms_der_prim(&d, 4, "a", 1);
	ms_der_end_setof(&d);
	wrote("31100201ff04016104016104016204026161", "SET OF is sorted");
	begin();
	ms_der_begin(&d, MS_SET);
	ms_der_end_setof(&d);
	wrote("3100", "empty SET OF");
	begin();
	ms_der_begin(&d, MS_SET);
	ms_der_raw(&d, "\x04\x05z", 3);
	ms_der_end_setof(&d);
	fails(ms_der_finish(&d, &err), &err, MS_DATA, "X.690 section 8.1.3",
	    "SET OF of what is no element");
}

static void
test_times(void)
{
	begin();
	ms_der_time(&d, 0);
	ms_der_time(&d, (time_t)2524607999);	/* 2049-12-31T23:59:59Z */
	ms_der_time(&d, (time_t)2524608000);
	ms_der_time(&d, (time_t)-631152000);	/* 1950-01-01 */
	ms_der_time(&d, (time_t)-631152001);
	ok(ms_der_finish(&d, &err) == 0 && buf.n == 15 * 3 + 17 * 2 &&
	    memcmp(buf.p, "\x17\x0d" "700101000000Z"
	    "\x17\x0d" "491231235959Z" "\x18\x0f" "20500101000000Z"
	    "\x17\x0d" "500101000000Z" "\x18\x0f" "19491231235959Z",
	    buf.n) == 0, "UTCTime from 1950 to 2049 only");
	begin();
	ms_der_gentime(&d, 0, 0);
	ms_der_gentime(&d, 0, 500000);
	ms_der_gentime(&d, 0, 1);
	ok(ms_der_finish(&d, &err) == 0 && buf.n == 17 + 19 + 24 &&
	    memcmp(buf.p, "\x18\x0f" "19700101000000Z"
	    "\x18\x11" "19700101000000.5Z"
	    "\x18\x16" "19700101000000.000001Z", buf.n) == 0,
	    "fractions without trailing zeros");
	begin();
	ms_der_time(&d, (time_t)253402300800);
	fails(ms_der_finish(&d, &err), &err, MS_DATA, "X.680 section 46",
	    "year 10000");
	begin();
	ms_der_gentime(&d, 0, 1000000);
	fails(ms_der_finish(&d, &err), &err, MS_BUG, "microseconds",
	    "a second of microseconds");
}

static void
test_failures(void)
{
	struct ms_buf tiny = MS_BUF_INIT(4);
	int i;

	begin();
	ms_der_end(&d);
	ms_der_null(&d);
	fails(ms_der_finish(&d, &err), &err, MS_BUG, "end without begin",
	    "end without begin");
	begin();
	ms_der_end_setof(&d);
	fails(ms_der_finish(&d, &err), &err, MS_BUG, "end without begin",
	    "end of a SET without begin");
	begin();
	ms_der_begin(&d, MS_SEQUENCE);
	fails(ms_der_finish(&d, &err), &err, MS_BUG, "begin without end",
	    "begin without end");
	begin();
	ms_der_oid(&d, MS_OID_UNKNOWN);
	fails(ms_der_finish(&d, &err), &err, MS_BUG, "unknown object",
	    "unknown OID");
	begin();
	for (i = 0; i <= MS_DER_DEPTH; i++)
		ms_der_begin(&d, MS_SEQUENCE);
	fails(ms_der_finish(&d, &err), &err, MS_BUG, "nested too deep",
	    "too deep");
	ms_der_init(&d, &tiny);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_prim(&d, 4, "abc", 3);
	ms_der_end(&d);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_end_setof(&d);
	ok(ms_der_finish(&d, &err) == -1 && err.class == MS_DATA,
	    "beyond the buffer's maximum");
	ms_err_reset(&err);
	ms_buf_clear(&tiny);
}

int
main(void)
{
	test_values();
	test_lengths();
	test_setof();
	test_times();
	test_failures();
	ms_buf_clear(&buf);
	return tap_done();
}
