/* SPDX-License-Identifier: Apache-2.0 */
/* The streaming BER reader. */
#include <stdlib.h>
#include <string.h>

#include "der/der.h"
#include "chunks.h"
#include "tap.h"

static struct ms_err err = MS_ERR_INIT;

/* ---- rewriting, and what it refuses ---- */

struct row {
	const char *p;
	size_t n;
	const char *want;	/* words of the refusal, or the DER */
	size_t want_n;		/* of the DER; 0: a refusal */
};
#define BAD(ber, words) { ber, sizeof(ber) - 1, words, 0 }
#define GOOD(ber, der) { ber, sizeof(ber) - 1, der, sizeof(der) - 1 }

static const struct row rows[] = {
	GOOD("\x30\x80\x00\x00", "\x30\x00"),
	GOOD("\x30\x80\x02\x01\x05\x00\x00", "\x30\x03\x02\x01\x05"),
	GOOD("\x30\x88\0\0\0\0\0\0\0\x03\x02\x01\x05", "\x30\x03\x02\x01\x05"),
	GOOD("\x24\x80\x04\x01z\x04\x00\x24\x80\x04\x02yx\x00\x00\x00\x00",
	    "\x04\x03zyx"),
	GOOD("\x24\x00", "\x04\x00"),
	GOOD("\x24\x04\x24\x02\x24\x00", "\x04\x00"),
	GOOD("\x2c\x80\x04\x01z\x04\x01y\x00\x00", "\x0c\x02zy"),
	GOOD("\x23\x09\x03\x03\x00\x0a\x3b\x03\x02\x04\xf0",
	    "\x03\x04\x04\x0a\x3b\xf0"),
	GOOD("\x23\x80\x00\x00", "\x03\x01\x00"),
	GOOD("\xa0\x80\x04\x01z\x04\x01y\x00\x00",
	    "\xa0\x06\x04\x01z\x04\x01y"),
	GOOD("\x30\x04\x30\x80\x00\x00", "\x30\x02\x30\x00"),

	BAD("", "X.690 section 8.1.1: truncated, the element is missing"),
	BAD("\x30", "X.690 section 8.1.3: truncated in the length"),
	BAD("\x30\x82\x01", "X.690 section 8.1.3: truncated in the length"),
	BAD("\x30\x02", "X.690 section 8.1.2: truncated in the identifier"),
	BAD("\x30\x80", "X.690 section 8.1.2: truncated in the identifier"),
	BAD("\x30\x80\x00", "X.690 section 8.1.3: truncated in the length"),
	BAD("\x04\x02z", "X.690 section 8.1.4: truncated in the contents"),
	BAD("\x1f\x22\x01", "X.690 section 8.1.2.4: tag number above 30"),
	BAD("\x30\x89\0\0\0\0\0\0\0\0\0", "X.690 section 8.1.3.5: length of"
	    " the element has 9 octets"),
	BAD("\x30\xff", "X.690 section 8.1.3.5: length of the element has 127"),
	BAD("\x30\x88\x80\0\0\0\0\0\0\0", "X.690 section 8.1.3.5: length of"
	    " the element is beyond 2^63 - 1"),
	BAD("\x04\x80\x00\x00", "X.690 section 8.1.3.2: indefinite length"),
	BAD("\x00\x00", "X.690 section 8.1.5: end-of-contents at"),
	BAD("\x30\x02\x00\x00", "X.690 section 8.1.5: end-of-contents at"),
	BAD("\x30\x80\x00\x01z\x00\x00", "X.690 section 8.1.5: end-of-contents"
	    " of the element with a length"),
	BAD("\x30\x80\x00\x80\x00\x00", "X.690 section 8.1.5: end-of-contents"
	    " of the element with a length"),
	BAD("\x30\x03\x04\x05zzzzz", "X.690 section 8.1.3: the element has 5"
	    " bytes, but the definite length around it ends after 1"),
	BAD("\x30\x04\x30\x80\x04\x05zzzzz\0\0", "definite length around it"),
	BAD("\x30\x02\x30\x80\x00\x00", "X.690 section 8.1.2: truncated in the"
	    " identifier of the element: the definite length around it"),
	BAD("\x30\x01\x04\x00", "X.690 section 8.1.3: truncated in the length"
	    " of the element: the definite length around it"),
	BAD("\x30\x03\x04\x82\x00\x00", "X.690 section 8.1.3: truncated in the"
	    " length of the element: the definite length around it"),
	BAD("\x22\x03\x02\x01\x05", "X.690 section 8.1.2.5"),
	BAD("\x20\x00", "X.690 section 8.1.2.5"),
	BAD("\x25\x00", "X.690 section 8.1.2.5"),
	BAD("\x10\x00", "X.690 section 8.1.2.5: the element has tag 0x10"),
	BAD("\x11\x00", "X.690 section 8.1.2.5"),
	BAD("\x24\x03\x0c\x01z", "X.690 section 8.7.3: the element is made of"
	    " OCTET STRING (0x04), found UTF8String (0x0c)"),
	BAD("\x2c\x03\x0c\x01z", "X.690 section 8.7.3"),
	BAD("\x24\x08\x24\x06\x24\x04\x24\x02\x24\x00", "nested deeper than 4"),
	BAD("\x23\x02\x03\x00", "X.690 section 8.6.2: a piece of a BIT"),
	BAD("\x23\x08\x03\x02\x04\xf0\x03\x02\x00\xf0",
	    "X.690 section 8.6.4: a piece of a BIT STRING"),
	BAD("\x05\x00z", "X.690 section 8.1.1: trailing bytes after"),
	BAD("\x30\x80\x00\x00\x00", "X.690 section 8.1.1: trailing bytes"),
};

/* Rewrite a stream that comes in blocks of `step` bytes. */
static int
rewrite(const void *p, size_t n, size_t step, struct ms_buf *to)
{
	struct chunks c;
	struct ms_src *src = chunks_init(&c, p, n, step);
	struct ms_ber *r = ms_ber_new(src, &err);
	int rc = -1;

	if (r && ms_ber_slurp(r, to, SIZE_MAX, "the element", &err) == 0)
		rc = ms_ber_finish(r, &err);
	ms_ber_free(r);
	chunks_clear(&c);
	return rc;
}

static void
test_rewrite(void)
{
	struct ms_buf b = MS_BUF_INIT(1024);
	size_t i, step;
	int rc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (step = 1; step < 4; step++) {
			ms_buf_reset(&b);
			rc = rewrite(rows[i].p, rows[i].n, step, &b);
			if (rows[i].want_n == 0)
				fails(rc, &err, MS_DATA, rows[i].want,
				    rows[i].want);
			else
				ok(rc == 0 && b.n == rows[i].want_n &&
				    memcmp(b.p, rows[i].want, b.n) == 0,
				    "row %zu by %zu", i, step);
		}
	}
	ms_buf_clear(&b);
}

static void
test_depth(void)
{
	unsigned char deep[2 * (MS_DER_DEPTH + 1)];
	struct ms_buf b = MS_BUF_INIT(1024);
	struct ms_span s = { deep, 0 };
	size_t i;

	for (i = 0; i <= MS_DER_DEPTH; i++) {
		deep[2 * i] = MS_SEQUENCE;
		deep[2 * i + 1] = (unsigned char)(2 * (MS_DER_DEPTH - i));
	}
	s.p = deep + 2;
	s.n = sizeof(deep) - 2;
	ok(ms_ber_to_der(s, &b, &err) == 0 &&
	    ms_span_eq(s, ms_buf_span(&b)), "as deep as may be");
	ms_buf_reset(&b);
	s.p = deep;
	s.n = sizeof(deep);
	fails(ms_ber_to_der(s, &b, &err), &err, MS_DATA, "nested deeper than",
	    "one deeper");
	is_int((long long)b.n, 0, "nothing is left of it");
	ms_buf_clear(&b);
}

/* ---- random elements, written as BER and as DER ---- */

static uint32_t seed = 20261123;

static unsigned
rnd(unsigned below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* An element as a liberal writer may put it. */
static void
put(struct ms_buf *b, int tag, const void *p, size_t n)
{
	unsigned char head[10];
	size_t k, i;

	if (tag & 0x20 && rnd(2)) {
		head[0] = (unsigned char)tag;
		head[1] = 0x80;
		ms_buf_add(b, head, 2, &err);
		ms_buf_add(b, p, n, &err);
		ms_buf_add(b, "\0", 2, &err);
		return;
	}
	k = ms_der_head(head, tag, n);
	if (rnd(3) == 0) {
		k = 4 + rnd(5);
		head[1] = (unsigned char)(0x80 | k);
		for (i = 0; i < k; i++)
			head[2 + i] = i + 4 < k ? 0 :
			    (unsigned char)(n >> (8 * (k - 1 - i)));
		k += 2;
	}
	ms_buf_add(b, head, k, &err);
	ms_buf_add(b, p, n, &err);
}

/* A string in pieces, at most `levels` deep. */
static void
put_string(struct ms_buf *b, int tag, const unsigned char *p, size_t n,
    int levels)
{
	struct ms_buf in = MS_BUF_INIT(1 << 20);
	size_t k;

	if (levels == 0 || rnd(2)) {
		put(b, tag, p, n);
		return;
	}
	do {
		k = rnd((unsigned)n + 1);
		if (rnd(4) == 0)
			k = n;
		put_string(&in, MS_OCTETSTRING, p, k, levels - 1);
		p += k;
		n -= k;
	} while (n > 0);
	put(b, tag | 0x20, in.p, in.n);
	ms_buf_clear(&in);
}

static void
grow(struct ms_buf *b, struct ms_der *d, int depth)
{
	static const int strings[] = { MS_OCTETSTRING, MS_UTF8STRING,
		MS_IA5STRING, MS_PRINTABLE };
	static const int outer[] = { MS_SEQUENCE, MS_SET, MS_CTXC(0),
		MS_CTXC(3) };
	struct ms_buf in = MS_BUF_INIT(1 << 20);
	unsigned char text[400];
	size_t n = rnd(4) ? rnd(20) : rnd(sizeof(text));
	unsigned i, count = rnd(5);
	int tag;

	memset(text, (int)rnd(256), sizeof(text));
	if (depth == 0 || rnd(4) == 0) {
		tag = strings[rnd(4)];
		ms_der_prim(d, tag, text, n);
		put_string(b, tag, text, n, 4);
	} else if (rnd(4) == 0) {
		tag = rnd(2) ? MS_INTEGER : MS_CTX(2);
		ms_der_prim(d, tag, text, n);
		put(b, tag, text, n);
	} else {
		tag = outer[rnd(4)];
		ms_der_begin(d, tag);
		for (i = 0; i < count; i++)
			grow(&in, d, depth - 1);
		ms_der_end(d);
		put(b, tag, in.p, in.n);
	}
	ms_buf_clear(&in);
}

/* Walk it with the DER walker, all the way down. */
static int
walk(struct ms_span s)
{
	struct ms_span v;
	int tag;

	while (s.n > 0)
		if (ms_der_next(&s, &tag, &v, NULL, &err) < 0 ||
		    (tag & 0x20 && walk(v) < 0))
			return -1;
	return 0;
}

static void
test_random(void)
{
	struct ms_buf ber = MS_BUF_INIT(1 << 20), der = MS_BUF_INIT(1 << 20);
	struct ms_buf out = MS_BUF_INIT(1 << 20);
	struct ms_der d;
	size_t k, cut;
	int i, bad = 0, cuts = 0, walks = 0;

	for (i = 0; i < 600; i++) {
		ms_buf_reset(&ber);
		ms_buf_reset(&der);
		ms_der_init(&d, &der);
		grow(&ber, &d, 6);
		if (ms_der_finish(&d, &err) < 0)
			bad++;
		for (k = 0; k < 3; k++) {
			ms_buf_reset(&out);
			if (rewrite(ber.p, ber.n, k == 2 ? ber.n : k + 1,
			    &out) < 0 ||
			    !ms_span_eq(ms_buf_span(&out), ms_buf_span(&der)))
				bad++;
		}
		ms_buf_reset(&out);
		if (ms_ber_to_der(ms_buf_span(&ber), &out, &err) < 0 ||
		    !ms_span_eq(ms_buf_span(&out), ms_buf_span(&der)))
			bad++;
		walks += walk(ms_buf_span(&out)) < 0;
		for (cut = 0; i < 60 && cut < ber.n; cut++) {
			ms_err_reset(&err);
			if (rewrite(ber.p, cut, 7, &out) == 0 ||
			    err.class != MS_DATA ||
			    !strstr(err.text, "truncated"))
				cuts++;
		}
		ms_err_reset(&err);
	}
	is_int(bad, 0, "random BER becomes the DER that was meant");
	is_int(walks, 0, "which the walker walks");
	is_int(cuts, 0, "cut anywhere it is truncated");
	ms_buf_clear(&ber);
	ms_buf_clear(&der);
	ms_buf_clear(&out);
}

/* ---- step by step ---- */

static void
test_steps(void)
{
	static const unsigned char in[] =
	    "\x30\x80\x02\x01\x07\xa0\x80\x24\x80\x04\x02" "ab\x04\x01" "c"
	    "\0\0\0\0\x31\x02\x05\x00\0\0";
	struct ms_buf b = MS_BUF_INIT(64);
	struct ms_src *o, *src;
	struct chunks c;
	struct ms_ber *r;
	size_t step;
	int tag = 0;

	for (step = 1; step < sizeof(in); step++) {
		src = chunks_init(&c, in, sizeof(in) - 1, step);
		r = ms_ber_new(src, &err);
		ms_buf_reset(&b);
		ok(ms_ber_peek(r, &tag, &err) == 1 && tag == MS_SEQUENCE &&
		    ms_ber_enter(r, MS_SEQUENCE, "Outer", &err) == 0 &&
		    ms_ber_slurp(r, &b, 3, "version", &err) == 0 &&
		    ms_ber_enter(r, MS_CTXC(0), "content", &err) == 0 &&
		    ms_ber_peek(r, &tag, &err) == 1 && tag == 0x24 &&
		    (o = ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err)) &&
		    ms_src_slurp(o, &b, &err) == 0 &&
		    ms_ber_peek(r, &tag, &err) == 0 &&
		    ms_ber_peek(r, &tag, &err) == 0 &&
		    ms_ber_leave(r, "content", &err) == 0 &&
		    ms_ber_skip(r, "certificates", &err) == 0 &&
		    ms_ber_peek(r, &tag, &err) == 0 &&
		    ms_ber_leave(r, "Outer", &err) == 0 &&
		    ms_ber_peek(r, &tag, &err) == 0 &&
		    ms_ber_finish(r, &err) == 0 &&
		    b.n == 6 && memcmp(b.p, "\x02\x01\x07" "abc", 6) == 0,
		    "step by step, blocks of %zu: %s", step, err.text);
		ms_ber_free(r);
		chunks_clear(&c);
	}
	ms_buf_clear(&b);
}

/* Open a reader over a literal. */
static struct ms_ber *
open_on(struct chunks *c, const void *p, size_t n)
{
	ms_err_reset(&err);
	return ms_ber_new(chunks_init(c, p, n, 64), &err);
}

static void
done(struct ms_ber *r, struct chunks *c)
{
	ms_ber_free(r);
	chunks_clear(c);
}

static void
test_step_refusals(void)
{
	struct ms_buf b = MS_BUF_INIT(64);
	struct chunks c;
	struct ms_ber *r;
	int tag;

	r = open_on(&c, "\x31\x00", 2);
	fails(ms_ber_enter(r, MS_SEQUENCE, "ContentInfo", &err), &err, MS_DATA,
	    "ContentInfo wants SEQUENCE (0x30), found SET (0x31)", "wrong tag");
	fails(ms_ber_skip(r, "it", &err), &err, MS_DATA, "wants SEQUENCE",
	    "a failure is sticky");
	fails(ms_ber_finish(r, &err), &err, MS_DATA, "wants SEQUENCE",
	    "to the end");
	done(r, &c);
	r = open_on(&c, "", 0);
	is_int(ms_ber_peek(r, &tag, &err), 0, "an empty source has no element");
	fails(ms_ber_enter(r, MS_SEQUENCE, "ContentInfo", &err), &err, MS_DATA,
	    "truncated, ContentInfo is missing", "nothing to enter");
	done(r, &c);
	r = open_on(&c, "", 0);
	fails(ms_ber_finish(r, &err), &err, MS_DATA, "there is no element",
	    "nothing at all");
	done(r, &c);
	r = open_on(&c, "\x30\x02\x05\x00", 4);
	is_int(ms_ber_enter(r, MS_SEQUENCE, "Outer", &err), 0, "enter");
	fails(ms_ber_leave(r, "Outer", &err), &err, MS_DATA,
	    "X.690 section 8.1.1: unexpected NULL (0x05) at the end of Outer",
	    "left too early");
	done(r, &c);
	r = open_on(&c, "\x30\x00", 2);
	is_int(ms_ber_enter(r, MS_SEQUENCE, "Outer", &err), 0, "enter");
	fails(ms_ber_slurp(r, &b, 64, "version", &err), &err, MS_DATA,
	    "X.690 section 8.1.1: version is missing in Outer", "missing");
	done(r, &c);
	r = open_on(&c, "\x30\x00", 2);
	ms_ber_enter(r, MS_SEQUENCE, "Outer", &err);
	fails(ms_ber_finish(r, &err), &err, MS_BUG, "finished within Outer",
	    "finished too early");
	done(r, &c);
	r = open_on(&c, "", 0);
	fails(ms_ber_leave(r, "Outer", &err), &err, MS_BUG,
	    "Outer is not open", "left what is not open");
	done(r, &c);
	r = open_on(&c, "\x05\x00\x05", 3);
	is_int(ms_ber_skip(r, "it", &err), 0, "skip");
	fails(ms_ber_finish(r, &err), &err, MS_DATA, "trailing bytes",
	    "trailing bytes");
	done(r, &c);
	r = open_on(&c, "\x05\x00\x05\x00", 4);
	ok(ms_ber_skip(r, "it", &err) == 0 && ms_ber_peek(r, &tag, &err) == 1,
	    "a second element is seen");
	fails(ms_ber_finish(r, &err), &err, MS_DATA, "trailing bytes",
	    "and is trailing bytes");
	done(r, &c);
	ms_buf_clear(&b);
}

static void
test_slurp_max(void)
{
	static const char *const in[] = { "\x30\x04\x04\x02zz",
		"\x30\x80\x04\x02zz\0\0", "\x24\x80\x04\x02zz\x04\x02zz\0\0",
		"\x04\x04zzzz" };
	static const size_t len[] = { 6, 8, 12, 6 };
	struct ms_buf b = MS_BUF_INIT(64);
	struct chunks c;
	struct ms_ber *r;
	size_t i, max;

	ms_buf_adds(&b, "kept", &err);
	for (i = 0; i < 4; i++) {
		for (max = 0; max < 6; max++) {
			r = open_on(&c, in[i], len[i]);
			fails(ms_ber_slurp(r, &b, max, "SignerInfo", &err),
			    &err, MS_DATA, "SignerInfo is longer than",
			    "beyond its maximum");
			done(r, &c);
		}
		ok(b.n == 4, "the buffer is as before");
		r = open_on(&c, in[i], len[i]);
		is_int(ms_ber_slurp(r, &b, 6, "SignerInfo", &err), 0,
		    "just within");
		b.n = 4;
		done(r, &c);
	}
	r = open_on(&c, "\x30\x84\x7f\xff\xff\xff", 6);
	fails(ms_ber_slurp(r, &b, 1000, "SignerInfo", &err), &err, MS_DATA,
	    "SignerInfo is longer than 1000 bytes", "a long one, at once");
	done(r, &c);
	b.max = 10;
	r = open_on(&c, "\x04\x08zzzzzzzz", 10);
	ok(ms_ber_slurp(r, &b, 64, "SignerInfo", &err) == -1 &&
	    err.class == MS_DATA && b.n == 4, "beyond the buffer's maximum");
	done(r, &c);
	ms_buf_clear(&b);
}

static void
test_skip(void)
{
	static const char in[] = "\x30\x80" "\x30\x80\x30\x80\x04\x01z\x24\x80"
	    "\x04\x01z\0\0\0\0\0\0" "\x02\x01\x05" "\0\0";
	static const char deep[] = "\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80"
	    "\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80"
	    "\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80"
	    "\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80"
	    "\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80\x30\x80";
	struct chunks c;
	struct ms_ber *r;
	int tag = 0;

	r = open_on(&c, in, sizeof(in) - 1);
	ok(ms_ber_enter(r, MS_SEQUENCE, "Outer", &err) == 0 &&
	    ms_ber_skip(r, "crls", &err) == 0 &&
	    ms_ber_peek(r, &tag, &err) == 1 && tag == MS_INTEGER &&
	    ms_ber_skip(r, "version", &err) == 0 &&
	    ms_ber_leave(r, "Outer", &err) == 0 &&
	    ms_ber_finish(r, &err) == 0, "skip an indefinite length");
	done(r, &c);
	r = open_on(&c, "\x04\x05zz", 4);
	fails(ms_ber_skip(r, "crls", &err), &err, MS_DATA,
	    "X.690 section 8.1.4: truncated in the contents of crls",
	    "skip what is truncated");
	done(r, &c);
	r = open_on(&c, deep, sizeof(deep) - 1);
	fails(ms_ber_skip(r, "crls", &err), &err, MS_DATA,
	    "crls is nested deeper than 32", "skip what is too deep");
	done(r, &c);
	r = open_on(&c, "", 0);
	fails(ms_ber_skip(r, "crls", &err), &err, MS_DATA, "crls is missing",
	    "skip nothing");
	done(r, &c);
}

/* ---- OCTET STRINGs as sources ---- */

static void
test_octets(void)
{
	static const struct {
		const char *p;
		size_t n;
		int tag;
	} in[] = {
		{ "\x04\x03" "abc", 5, MS_OCTETSTRING },
		{ "\x24\x05\x04\x03" "abc", 7, MS_OCTETSTRING },
		{ "\x80\x03" "abc", 5, MS_CTX(0) },
		{ "\xa0\x80\x04\x03" "abc\0\0", 9, MS_CTX(0) },
		{ "\xa0\x80\x04\x03" "abc\0\0", 9, MS_CTXC(0) },
		{ "\x24\x80\x04\0\x24\x80\x24\x80\x24\x80\x04\x01" "a\x04\0"
		  "\0\0\0\0\0\0\x04\x02" "bc\0\0", 27, MS_OCTETSTRING },
	};
	struct ms_buf b = MS_BUF_INIT(64);
	struct ms_src *o;
	struct chunks c;
	struct ms_ber *r;
	size_t i, step;
	int bad = 0;

	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		for (step = 1; step < 30; step++) {
			r = ms_ber_new(chunks_init(&c, in[i].p, in[i].n, step),
			    &err);
			o = ms_ber_octets(r, in[i].tag, "eContent", &err);
			ms_buf_reset(&b);
			if (!o || ms_src_slurp(o, &b, &err) < 0 || b.n != 3 ||
			    memcmp(b.p, "abc", 3) != 0 || o->pos != 3 ||
			    ms_ber_finish(r, &err) < 0)
				bad++;
			ms_ber_free(r);
			chunks_clear(&c);
		}
	is_int(bad, 0, "OCTET STRINGs in all forms and blocks");
	ms_buf_clear(&b);
}

static void
test_octets_refusals(void)
{
	struct ms_src *o;
	struct chunks c;
	struct ms_ber *r;
	int tag;

	r = open_on(&c, "\x04\x03" "abc\x05\x00", 7);
	o = ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err);
	ok(o && ms_src_fill(o, &err) == 1 && o->n == 3, "begun");
	ms_src_take(o, 2);
	fails(ms_ber_skip(r, "certificates", &err), &err, MS_BUG,
	    "eContent was not read to its end before certificates",
	    "gone on too early");
	done(r, &c);
	r = open_on(&c, "\x04\x03" "abc\x05\x00", 7);
	o = ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err);
	ok(o && ms_src_fill(o, &err) == 1, "begun");
	ms_src_take(o, 3);
	ok(ms_ber_peek(r, &tag, &err) == 1 && tag == MS_NULL,
	    "all taken, its end not asked for");
	done(r, &c);
	r = open_on(&c, "\x04\x03" "abc", 5);
	ok(ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err) != NULL,
	    "begun");
	fails(ms_ber_finish(r, &err), &err, MS_BUG, "finished within",
	    "finished before it was read");
	done(r, &c);
	r = open_on(&c, "\x02\x01\x05", 3);
	ok(!ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err),
	    "not an OCTET STRING");
	fails(-1, &err, MS_DATA,
	    "eContent wants OCTET STRING (0x04), found INTEGER (0x02)", "so");
	done(r, &c);
	r = open_on(&c, "\x24\x80\x04\x01z\x02\x01z\0\0", 10);
	o = ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err);
	fails(ms_src_drain(o, &err), &err, MS_DATA, "X.690 section 8.7.3:"
	    " eContent is made of OCTET STRING (0x04), found INTEGER (0x02)",
	    "a strange piece");
	fails(ms_ber_skip(r, "certificates", &err), &err, MS_DATA, "8.7.3",
	    "the reader has failed with it");
	done(r, &c);
	r = open_on(&c, "\x24\x80\x24\x80\x24\x80\x24\x80\x24\x80", 10);
	o = ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err);
	fails(ms_src_drain(o, &err), &err, MS_DATA, "pieces of eContent are"
	    " nested deeper than 4", "pieces too deep");
	done(r, &c);
	r = open_on(&c, "\x24\x80\x04\x05zz", 6);
	o = ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err);
	fails(ms_src_drain(o, &err), &err, MS_DATA, "X.690 section 8.1.4:"
	    " truncated in the contents of eContent", "truncated in a piece");
	done(r, &c);
	r = open_on(&c, "\x24\x80\x04\x01z", 5);
	o = ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err);
	fails(ms_src_drain(o, &err), &err, MS_DATA, "X.690 section 8.1.2:"
	    " truncated in the identifier of eContent",
	    "truncated between pieces");
	done(r, &c);
}

/* Not a byte is copied: what is lent lies in the memory below. */
static void
test_lending(void)
{
	static const unsigned char in[] = "\x24\x80\x04\x03" "abc\x04\x02" "de"
	    "\0\0";
	struct ms_src *src = ms_src_mem(in, sizeof(in) - 1, &err), *o;
	struct ms_ber *r = ms_ber_new(src, &err);

	o = ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err);
	ok(o && ms_src_fill(o, &err) == 1 && o->p == in + 4 && o->n == 3,
	    "the first piece is lent");
	ms_src_take(o, 3);
	ok(ms_src_fill(o, &err) == 1 && o->p == in + 9 && o->n == 2,
	    "the second piece is lent");
	ms_src_take(o, 2);
	is_int(ms_src_fill(o, &err), 0, "the end");
	is_int(ms_ber_finish(r, &err), 0, "finished");
	ms_ber_free(r);
	ms_src_free(src);
}

/* ---- sizes no memory holds ---- */

/* `head`, then blocks of zeros or of 4 KiB pieces, then `tail`. */
struct huge {
	struct ms_src s;
	struct ms_span head, tail;
	const unsigned char *block;
	size_t size;
	uint64_t blocks;
};

static int
huge_fill(struct ms_src *s, struct ms_err *e)
{
	struct huge *h = (struct huge *)s;
	struct ms_span *t = h->head.n > 0 ? &h->head : &h->tail;

	if (h->head.n == 0 && h->blocks > 0) {
		h->blocks--;
		s->p = h->block;
		s->n = h->size;
		return 0;
	}
	s->p = t->p;
	s->n = t->n;
	s->end = t->n == 0;
	t->n = 0;
	return 0;
}

/* 5 GiB in one definite length, then an INTEGER. */
static void
test_huge(void)
{
	static const unsigned char zeros[1 << 20];
	struct huge h = { .s = { .fill = huge_fill }, .block = zeros,
	    .size = sizeof(zeros), .blocks = 5 * 1024,
	    .head = { (const unsigned char *)"\x30\x80\x04\x85\x01\x40\0\0\0",
	    9 }, .tail = { (const unsigned char *)"\x02\x01\x07\0\0", 5 } };
	struct huge again = h;
	struct ms_ber *r = ms_ber_new(&h.s, &err);
	struct ms_src *o;
	int tag = 0;

	ok(ms_ber_enter(r, MS_SEQUENCE, "Outer", &err) == 0 &&
	    (o = ms_ber_octets(r, MS_OCTETSTRING, "eContent", &err)) &&
	    ms_src_drain(o, &err) == 0 && o->pos == (uint64_t)5 << 30 &&
	    ms_ber_peek(r, &tag, &err) == 1 && tag == MS_INTEGER &&
	    ms_ber_skip(r, "version", &err) == 0 &&
	    ms_ber_leave(r, "Outer", &err) == 0 &&
	    ms_ber_finish(r, &err) == 0, "5 GiB in a definite length");
	ms_ber_free(r);
	r = ms_ber_new(&again.s, &err);
	ok(ms_ber_skip(r, "Outer", &err) == 0 && ms_ber_finish(r, &err) == 0,
	    "skipped");
	ms_ber_free(r);
}

/* Many pieces, as OpenSSL writes them. */
static void
test_pieces(void)
{
	static unsigned char piece[4100] = { 4, 0x82, 0x10, 0 };
	struct huge h = { .s = { .fill = huge_fill }, .block = piece,
	    .size = sizeof(piece), .blocks = 100000,
	    .head = { (const unsigned char *)"\xa0\x80", 2 },
	    .tail = { (const unsigned char *)"\0\0", 2 } };
	struct ms_ber *r = ms_ber_new(&h.s, &err);
	struct ms_src *o = ms_ber_octets(r, MS_CTX(0), "encryptedContent",
	    &err);

	ok(o && ms_src_drain(o, &err) == 0 &&
	    o->pos == (uint64_t)100000 * 4096 && ms_ber_finish(r, &err) == 0,
	    "a hundred thousand pieces");
	ms_ber_free(r);
}

/* What lies below fails: its error comes through, and stays. */
static int
broken_fill(struct ms_src *s, struct ms_err *e)
{
	return ms_fail(e, MS_IO, "cannot read 'x'");
}

static void
test_broken(void)
{
	struct ms_src s = { .fill = broken_fill };
	struct ms_ber *r = ms_ber_new(&s, &err);
	int tag;

	fails(ms_ber_peek(r, &tag, &err), &err, MS_IO, "cannot read 'x'",
	    "the source below fails");
	s.fill = NULL;
	fails(ms_ber_peek(r, &tag, &err), &err, MS_IO, "cannot read 'x'",
	    "for good");
	is_int(ms_ber_peek(r, &tag, NULL), -1, "whoever asks");
	ms_ber_free(r);
	ms_ber_free(NULL);
}

int
main(void)
{
	test_rewrite();
	test_depth();
	test_random();
	test_steps();
	test_step_refusals();
	test_slurp_max();
	test_skip();
	test_octets();
	test_octets_refusals();
	test_lending();
	test_huge();
	test_pieces();
	test_broken();
	return tap_done();
}
