/* SPDX-License-Identifier: Apache-2.0 */
/* Multipart bodies, transfer encodings, line ends: bytes in, bytes out, the
 * same wherever blocks end. */
#include "chop.h"
#include "mime/mime.h"
#include "tap.h"

static struct ms_err err;
static const size_t steps[] = { 1, 2, 3, 5, 7, 16, 100000 };
#define NSTEPS (sizeof(steps) / sizeof(*steps))

/* TAP names are one line. */
static const char *
shown(const char *s, size_t n)
{
	static char to[80];
	size_t i;

	for (i = 0; i < sizeof(to) - 1 && i < n; i++)
		to[i] = s[i] < ' ' || s[i] > '~' || s[i] == '#' ? '~' : s[i];
	to[i] = '\0';
	return to;
}

/* ---- parts ---- */

/* "[part][part]", "!" in front if there was text around the parts, or the
 * error's text. */
static int
split(const char *in, size_t n, const char *boundary, size_t step,
    struct ms_buf *to)
{
	struct ms_mime_parts *m;
	struct ms_src *part;
	struct chop c;
	int rc;

	chop_init(&c, in, n, step);
	m = ms_mime_parts_new(&c.s, boundary, &err);
	if (!m)
		return -1;
	while ((rc = ms_mime_parts_next(m, &part, &err)) == 1) {
		ms_buf_addc(to, '[', &err);
		if ((rc = ms_src_slurp(part, to, &err)))
			break;
		ms_buf_addc(to, ']', &err);
	}
	if (rc == 0 && ms_mime_parts_stray(m))
		ms_buf_addc(to, '!', &err);
	ms_mime_parts_free(m);
	chop_clear(&c);
	return rc;
}

static void
parts(const char *in, const char *boundary, const char *want)
{
	struct ms_buf b = MS_BUF_INIT(100000);
	const char *got;
	size_t k;

	for (k = 0; k < NSTEPS; k++) {
		ms_buf_reset(&b);
		ms_err_reset(&err);
		got = split(in, strlen(in), boundary, steps[k], &b) == 0 ?
		    ms_buf_str(&b) : err.text;
		if (!ms_streq(got, want))
			break;
	}
	if (!ok(k == NSTEPS, "%s", shown(in, strlen(in))))
		printf("# by %zu: '%s', wanted '%s'\n", steps[k], got, want);
	ms_err_reset(&err);
	ms_buf_clear(&b);
}

static void
test_parts(void)
{
#define C511 "RFC 2046 section 5.1.1: "
#define OPEN C511 "the close delimiter of the multipart is missing"
	parts("--b\r\nx\r\n--b\r\ny\r\n--b--\r\n", "b", "[x][y]");
	parts("--b\nx\n--b\ny\n--b--\n", "b", "[x][y]");
	parts("--b\nx\r\n--b\r\ny\n--b--", "b", "[x][y]");
	parts("\r\n--b\r\nx\r\n\r\n--b--\r\n\r\n", "b", "[x\r\n]");
	parts("pre\r\n--b\r\nx\r\n--b--\r\n", "b", "[x]!");
	parts("--b\r\nx\r\n--b--\r\nepi", "b", "[x]!");
	parts("--b\r\n--b\r\n\r\n--b--\r\n", "b", "[][]");
	parts("--b  \t\r\nx\r\n--b \t\r\ny\r\n--b-- \r\n", "b", "[x][y]");
	parts("--b--", "b", "");
	/* what only looks like a delimiter */
	parts("--b\r\n--bX\r\n--b x\r\n--b-\r\n--b--x\r\n -- b\r\n--b---\r\n"
	    "--b--\r\n", "b",
	    "[--bX\r\n--b x\r\n--b-\r\n--b--x\r\n -- b\r\n--b---]");
	parts("--b\r\nx--b\r\n\r--b\r\n--b\r--b\r\n--b--", "b",
	    "[x--b\r\n\r--b\r\n--b\r--b]");
	parts("--b\r\n\r\r\n--b\r\n\r\n\r--b\r\n--b--", "b",
	    "[\r][\r\n\r--b]");
	parts("--b\r\nx\n\n--b\r\ny\r\n\r\n--b--", "b", "[x\n][y\r\n]");
	parts("--ab\r\n--a\r\n--abc\r\n\r\n-\r\n--\r\n--a\r\n--ab--", "ab",
	    "[--a\r\n--abc\r\n\r\n-\r\n--\r\n--a]");
	parts("--b\r\n-\n\n--b- \n--b--", "b", "[-\n\n--b- ]");
	parts("--b\n--b-\n--b-- -\n--b--\n", "b", "[--b-\n--b-- -]");
	/* behind the close delimiter nothing counts any more */
	parts("--b\r\nx\r\n--b--\r\n--b\r\ny\r\n--b--", "b", "[x]!");
	parts("--a:b'()+_,-./=? z\r\nx\r\n--a:b'()+_,-./=? z--\r\n",
	    "a:b'()+_,-./=? z", "[x]");
	/* cut off */
	parts("", "b", OPEN);
	parts("no multipart at all\r\n", "b", OPEN);
	parts("--b\r\nx", "b", OPEN);
	parts("--b\r\nx\r\n--b", "b", OPEN);
	parts("--b\r\nx\r\n--b\r\n", "b", OPEN);
	parts("--b\r\nx\r\n--b-", "b", OPEN);
	/* boundaries */
	parts("x", "", C511 "boundary of 0 characters");
	parts("x", "b ", C511 "boundary that ends in a blank");
	parts("x", "b\n", C511 "boundary with a character that is not "
	    "printable ASCII");
	parts("x", "\303\266", C511 "boundary with a character that is not "
	    "printable ASCII");
}

static void
test_padding(void)
{
	struct ms_buf in = MS_BUF_INIT(100000), out = MS_BUF_INIT(100000);
	char b[MS_MIME_BOUNDARY_MAX + 2];
	int i;

	ms_buf_adds(&in, "--b", &err);
	for (i = 0; i < 3000; i++)
		ms_buf_addc(&in, ' ', &err);
	fails(split((char *)in.p, in.n, "b", 100, &out), &err, MS_DATA,
	    "more than 1000 blanks behind a boundary", "padding ends");
	memset(b, 'b', sizeof(b) - 1);
	b[sizeof(b) - 1] = '\0';
	fails(split("x", 1, b, 1, &out), &err, MS_DATA,
	    "boundary of 201 characters", "so do boundaries");
	ms_buf_clear(&in);
	ms_buf_clear(&out);
}

/* What is not read of a part is skipped. */
static void
test_skip(void)
{
	static const char in[] = "--b\nabcdef\n--b\nghi\n--b--";
	struct ms_mime_parts *m;
	struct ms_src *p;
	struct chop c;
	char got[2];

	chop_init(&c, in, sizeof(in) - 1, 3);
	m = ms_mime_parts_new(&c.s, "b", &err);
	ok(m && ms_mime_parts_next(m, &p, &err) == 1 &&
	    ms_src_read(p, got, 2, &err) == 0 && memcmp(got, "ab", 2) == 0 &&
	    ms_mime_parts_next(m, &p, &err) == 1 &&
	    ms_src_read(p, got, 2, &err) == 0 && memcmp(got, "gh", 2) == 0 &&
	    ms_mime_parts_next(m, &p, &err) == 0 &&
	    ms_mime_parts_next(m, &p, &err) == 0,
	    "parts can be left before their end");
	ms_mime_parts_free(m);
	chop_clear(&c);
}

/* 1,000 multiparts in one another. */
static void
test_depth(void)
{
	struct ms_mime_parts *m[MS_MIME_DEPTH + 1];
	struct ms_buf in = MS_BUF_INIT(100000);
	struct ms_src *src, *top;
	char b[16];
	int i, n;

	for (i = 0; i < 1000; i++)
		ms_buf_addf(&in, &err, "--b%d\n", i);
	ms_buf_adds(&in, "x", &err);
	for (i = 999; i >= 0; i--)
		ms_buf_addf(&in, &err, "\n--b%d--\n", i);
	top = src = ms_src_mem(in.p, in.n, &err);
	for (n = 0; n <= MS_MIME_DEPTH; n++) {
		snprintf(b, sizeof(b), "b%d", n);
		m[n] = ms_mime_parts_new(src, b, &err);
		if (!m[n] || ms_mime_parts_next(m[n], &src, &err) != 1)
			break;
	}
	is_int(n, MS_MIME_DEPTH, "64 levels are followed");
	fails(-1, &err, MS_DATA, "RFC 2046 section 5.1: multiparts nested "
	    "deeper than 64", "and no more");
	while (n-- > 0) {
		i = ms_mime_parts_next(m[n], &src, &err);
		if (i)
			break;
		ms_mime_parts_free(m[n]);
	}
	is_int(n, -1, "and all of them end");
	ms_src_free(top);
	ms_buf_clear(&in);
}

/* ---- filters ---- */

static struct ms_src *
crlf(struct ms_src *src, const char *arg, struct ms_err *e)
{
	return ms_mime_crlf(src, e);
}

static void
source(struct ms_src *(*make)(struct ms_src *, const char *, struct ms_err *),
    const char *arg, const void *in, size_t n, const char *want, size_t nwant)
{
	struct ms_buf b = MS_BUF_INIT(10000000);
	struct ms_src *s;
	struct chop c;
	size_t k;
	int good = 1;

	for (k = 0; k < NSTEPS && good; k++) {
		ms_buf_reset(&b);
		ms_err_reset(&err);
		chop_init(&c, in, n, steps[k]);
		s = make(&c.s, arg, &err);
		if (s && ms_src_slurp(s, &b, &err) == 0)
			good = b.n == nwant &&
			    (nwant == 0 || memcmp(b.p, want, nwant) == 0);
		else
			good = ms_streq(err.text, want);
		ms_src_free(s);
		chop_clear(&c);
	}
	if (!ok(good, "%s: %s", arg, shown(in, n)))
		printf("# by %zu: '%.*s' '%s'\n", steps[k - 1], (int)b.n,
		    b.p ? (char *)b.p : "", err.text);
	ms_err_reset(&err);
	ms_buf_clear(&b);
}

#define CRLF(in, want) \
	source(crlf, "crlf", in, sizeof(in) - 1, want, sizeof(want) - 1)
#define BASE64(in, want) source(ms_mime_decoder, "base64", in, \
	sizeof(in) - 1, want, sizeof(want) - 1)
#define QP(in, want) source(ms_mime_decoder, "quoted-printable", in, \
	sizeof(in) - 1, want, sizeof(want) - 1)

static void
test_crlf(void)
{
	struct ms_buf in = MS_BUF_INIT(1000000), want = MS_BUF_INIT(1000000);
	static const char *const eols[] = { "\r\n", "\n", "\r", "\r\r\n" };
	static const char *const made[] = { "\r\n", "\r\n", "\r\n",
	    "\r\n\r\n" };
	unsigned i, k, seed = 1;

	CRLF("", "");
	CRLF("a", "a");
	CRLF("a\r\nb\r\n", "a\r\nb\r\n");
	CRLF("a\nb", "a\r\nb");
	CRLF("\n\n\r\r", "\r\n\r\n\r\n\r\n");
	CRLF("a\rb\r\r\nc\n\rd", "a\r\nb\r\n\r\nc\r\n\r\nd");
	CRLF("a\r", "a\r\n");
	CRLF("\r", "\r\n");
	CRLF("\0\r\n\0\n", "\0\r\n\0\r\n");
	/* long clean runs between the odd ends, over many blocks */
	for (i = 0; in.n < 300000; i++) {
		seed = seed * 1103515245 + 12345;
		for (k = 0; k < seed % 997; k++) {
			ms_buf_addc(&in, 'a' + k % 26, &err);
			ms_buf_addc(&want, 'a' + k % 26, &err);
		}
		k = i % 50 ? 0 : i / 50 % 4;
		ms_buf_adds(&in, eols[k], &err);
		ms_buf_adds(&want, made[k], &err);
	}
	source(crlf, "long lines", in.p, in.n, (char *)want.p, want.n);
	ms_buf_clear(&in);
	ms_buf_clear(&want);
}

static void
test_decoders(void)
{
#define C68 "RFC 2045 section 6.8: "
	BASE64("", "");
	BASE64("\r\n", "");
	BASE64("YWJj", "abc");
	BASE64("YWJjZGVmZ2hp\r\namtsbW5v\n", "abcdefghijklmno");
	BASE64("Y W\tJ\r\njZA==\r\n", "abcd");
	BASE64("YWJjZG\r\nU=", "abcde");
	BASE64("YQ=\n=", "a");
	BASE64("+/+/", "\373\377\277");
	BASE64("YWJ", C68 "base64 ends within a group");
	BASE64("YWJjZA=", C68 "base64 ends within a group");
	BASE64("YWJjZA", C68 "base64 ends within a group");
	BASE64("YQ==YQ==", C68 "text after the padding of base64");
	BASE64("YQ===", C68 "misplaced padding in base64");
	BASE64("Y===", C68 "misplaced padding in base64");
	BASE64("YWJj=", C68 "misplaced padding in base64");
	BASE64("YR==", C68 "base64 with stray bits before its padding");
	BASE64("YWF=", C68 "base64 with stray bits before its padding");
	BASE64("YW-j", C68 "byte 0x2d is not base64");
	BASE64("YWJjYWJjY\0Jj", C68 "byte 0x00 is not base64");
	BASE64("YWJjYWJjYWJ\377", C68 "byte 0xff is not base64");
	QP("", "");
	QP("a=3Db=e9", "a=b\351");
	QP("a  \r\nb\t\nc ", "a\r\nb\nc");
	QP("a=\r\nb= \t\nc=", "abc");
	QP("a =\r\n b", "a  b");
	QP("a=20\r\n", "a \r\n");
	QP("=3", "=3");
	QP("a=zzb=4zc==41", "a=zzb=4zc=A");
	QP("a= b=\tc", "a= b=\tc");
	QP("a\rb\r\r\n", "a\rb\r\n");
	source(ms_mime_decoder, "7bit", "a\0\r", 3, "a\0\r", 3);
	source(ms_mime_decoder, "uuencode", "a", 1, "RFC 2045 section 6.1: "
	    "Content-Transfer-Encoding 'uuencode' is not known", 0);
}

/* ---- sinks ---- */

static void
through(struct ms_sink *k, const char *in, size_t n, size_t step)
{
	size_t i;

	for (i = 0; i < n; i += step)
		if (ms_sink_write(k, in + i, n - i < step ? n - i : step,
		    &err))
			return;
	ms_sink_end(k, &err);
}

static void
test_sinks(void)
{
	struct ms_buf in = MS_BUF_INIT(1000000), out = MS_BUF_INIT(1000000);
	struct ms_buf back = MS_BUF_INIT(1000000);
	struct ms_sink *to = ms_sink_buf(&out, &err), *k;
	struct ms_src *mem, *dec;
	size_t n, line, longest, i, step;
	int good = 1;

	for (i = 0; i < 200000; i++)
		ms_buf_addc(&in, (int)(i * i >> 3 & 0xff), &err);
	for (n = 0; n < in.n && good; n = n < 200 ? n + 1 : n * 3) {
		for (step = 1; step <= 100000; step *= 10) {
			ms_buf_reset(&out);
			ms_buf_reset(&back);
			k = ms_mime_base64(to, n & 1, &err);
			through(k, (char *)in.p, n, step);
			ms_sink_free(k);
			mem = ms_src_mem(out.p, out.n, &err);
			dec = ms_mime_decoder(mem, "base64", &err);
			good = good && ms_src_slurp(dec, &back, &err) == 0 &&
			    back.n == n &&
			    (n == 0 || memcmp(back.p, in.p, n) == 0);
			ms_src_free(dec);
			ms_src_free(mem);
		}
	}
	ok(good, "base64 of all lengths comes back");
	for (i = line = longest = 0; i < out.n; i++) {
		line = out.p[i] == '\n' ? 0 : line + 1;
		longest = line > longest ? line : longest;
	}
	ok(longest == 64 + (out.p[64] == '\r') && out.p[out.n - 1] == '\n',
	    "in lines of 64 characters");

	for (step = 1; step < 4; step++) {
		ms_buf_reset(&out);
		k = ms_mime_eol(to, false, &err);
		through(k, "a\r\nb\n\rc\r\r\n\r", 11, step);
		ms_sink_free(k);
		is_str(ms_buf_str(&out), "a\nb\n\rc\r\n\r", "CRLF to LF");
	}
	ms_buf_reset(&out);
	k = ms_mime_eol(to, true, &err);
	through(k, "a\r\nb\n", 5, 2);
	ms_sink_free(k);
	is_str(ms_buf_str(&out), "a\r\nb\n", "CRLF stays");
	ms_sink_free(to);
	ms_buf_clear(&in);
	ms_buf_clear(&out);
	ms_buf_clear(&back);
}

int
main(void)
{
	test_parts();
	test_padding();
	test_skip();
	test_depth();
	test_crlf();
	test_decoders();
	test_sinks();
	return tap_done();
}
