/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BER reader and the DER walker on hostile bytes.  Rewriting must give
 * the same bytes or the same error however the source is cut into blocks, its
 * result must be what the walker accepts and rewriting leaves alone, and a
 * walk through the stream must end.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/chunks.h"
#include "der/der.h"

#define MAX ((size_t)1 << 20)

#define MUST(x) do { if (!(x)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int
rewrite(const uint8_t *p, size_t n, size_t step, struct ms_buf *to,
    struct ms_err *err)
{
	struct chunks c;
	struct ms_ber *r = ms_ber_new(chunks_init(&c, p, n, step), err);
	int rc = ms_ber_slurp(r, to, MAX, "the element", err);

	if (rc == 0)
		rc = ms_ber_finish(r, err);
	ms_ber_free(r);
	chunks_clear(&c);
	return rc;
}

/* Walk down; each element must be well-formed when `sound`. */
static void
walk(struct ms_span s, int depth, bool sound)
{
	struct ms_span v, whole;
	uint64_t u;
	time_t t;
	int tag;

	while (s.n > 0) {
		struct ms_span at = s;

		if (ms_der_next(&s, &tag, &v, &whole, NULL) < 0) {
			MUST(!sound);
			return;
		}
		MUST(whole.p == at.p && whole.n + s.n == at.n &&
		    v.p + v.n == whole.p + whole.n);
		ms_der_parse_time(tag, v, &t, NULL, NULL);
		ms_der_want_uint(&at, &u, "it", NULL);
		ms_der_want_oid(&at, &v, "it", NULL);
		if (tag & 0x20 && depth < MS_DER_DEPTH)
			walk(v, depth + 1, sound);
	}
}

/* All the way through the stream, by every way in. */
static void
stream(struct ms_ber *r)
{
	struct ms_buf b = MS_BUF_INIT(MAX);
	struct ms_src *o;
	unsigned turn = 0;
	int depth = 0, tag = 0, rc;

	while ((rc = ms_ber_peek(r, &tag, NULL)) > 0 || depth > 0) {
		if (rc < 0)
			break;
		turn++;
		if (rc == 0) {
			rc = ms_ber_leave(r, "it", NULL);
			depth--;
		} else if ((tag | 0x20) == 0x24 || (tag & 0xc0 && turn & 4)) {
			o = ms_ber_octets(r, tag, "it", NULL);
			rc = o ? ms_src_drain(o, NULL) : -1;
		} else if (tag & 0x20 && turn % 5 != 0) {
			rc = ms_ber_enter(r, tag, "it", NULL);
			depth++;
		} else if (turn & 1) {
			rc = ms_ber_skip(r, "it", NULL);
		} else {
			ms_buf_reset(&b);
			rc = ms_ber_slurp(r, &b, 4096, "it", NULL);
			MUST(b.n <= 4096);
		}
		if (rc < 0)
			break;
	}
	ms_ber_finish(r, NULL);
	ms_buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ms_buf a = MS_BUF_INIT(MAX), b = MS_BUF_INIT(MAX);
	struct ms_err ea = MS_ERR_INIT, eb = MS_ERR_INIT;
	size_t step = n > 0 ? 1 + p[n - 1] % 13 : 1;
	struct ms_span in = { p, n };
	struct chunks c;
	struct ms_ber *r;
	int rc;

	rc = rewrite(p, n, n + 1, &a, &ea);
	MUST(rewrite(p, n, step, &b, &eb) == rc);
	MUST(ms_span_eq(ms_buf_span(&a), ms_buf_span(&b)));
	MUST(ms_streq(ea.text, eb.text) && ea.class == eb.class);
	if (rc == 0) {
		walk(ms_buf_span(&a), 0, true);
		ms_buf_reset(&b);
		MUST(ms_ber_to_der(ms_buf_span(&a), &b, NULL) == 0);
		MUST(ms_span_eq(ms_buf_span(&a), ms_buf_span(&b)));
	} else {
		MUST(ea.class == MS_DATA);
	}
	walk(in, 0, false);
	r = ms_ber_new(chunks_init(&c, p, n, step), NULL);
	stream(r);
	ms_ber_free(r);
	chunks_clear(&c);
	ms_buf_clear(&a);
	ms_buf_clear(&b);
	return 0;
}
