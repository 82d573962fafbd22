/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timestamps.  The first byte says how: the rest is a request to answer, a
 * response or a token to read; or it patches a request, a response or a token
 * that is right.  Every request gets an answer that a client can read, and a
 * token is only good over what it was made for.
 */
#include <stdint.h>

#include "right.h"
#include "tsp/tsp.h"

#define MAX ((size_t)1 << 20)
#define MUST(x) do { if (!(x)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const unsigned char imprint[32] = { 1 };
static const struct ms_span over = { imprint, 32 };
static struct ms_ident id;
static struct ms_tsa *tsa;
static struct ms_trust *trust;
static struct ms_tsq query;
static struct ms_buf req = MS_BUF_INIT(MAX), resp = MS_BUF_INIT(MAX);
static struct ms_buf token = MS_BUF_INIT(MAX);

static int
fixed_clock(void *arg, time_t *t, unsigned *micros, struct ms_err *err)
{
	*t = RIGHT_NOW;
	*micros = 0;
	return 0;
}

static void
setup(void)
{
	static const char *const policies[] = { "1.2.3" };
	struct ms_tsa_conf c = { &id, policies, 1, 1000, false, fixed_clock,
		NULL, NULL, 0 };
	struct ms_err err = MS_ERR_INIT;

	right_ident(&id, 2, tc_tsa);
	trust = ms_trust_new(&err);
	MUST(trust && ms_trust_add_cert(trust, id.cert, &err) == 0 &&
	    ms_tsa_new(&c, &tsa, &err) == 0 &&
	    ms_tsq_make(&query, MS_OID_sha256, over, &err) == 0 &&
	    ms_tsq_write(&query, &req, &err) == 0 &&
	    ms_tsa_answer(tsa, ms_buf_span(&req), &resp, NULL, &err) == 0 &&
	    ms_tsr_token(ms_buf_span(&resp), &token, &err) == 0);
}

/* What is read is what is written again. */
static void
rewrite(const struct ms_tsq *q)
{
	struct ms_buf b = MS_BUF_INIT(MAX);
	struct ms_tsq back;
	int bit;

	MUST(ms_tsq_write(q, &b, NULL) == 0 &&
	    ms_tsq_parse(ms_buf_span(&b), &back, &bit, NULL) == 0);
	MUST(q->md == back.md && q->nimprint == back.nimprint &&
	    q->nnonce == back.nnonce && q->cert_req == back.cert_req &&
	    memcmp(q->imprint, back.imprint, q->nimprint) == 0 &&
	    memcmp(q->nonce, back.nonce, q->nnonce) == 0);
	ms_tsq_clear(&back);
	ms_buf_clear(&b);
}

static void
ask(struct ms_span s)
{
	struct ms_buf a = MS_BUF_INIT(MAX), t = MS_BUF_INIT(MAX);
	struct ms_err err = MS_ERR_INIT;
	struct ms_tsq q;
	int bit, parsed;

	parsed = ms_tsq_parse(s, &q, &bit, NULL) == 0;
	MUST(parsed == (bit == -1));
	if (parsed)
		rewrite(&q);
	MUST(ms_tsa_answer(tsa, s, &a, &bit, &err) == 0);
	if (bit == -1)
		MUST(parsed && ms_tsr_check(ms_buf_span(&a), &q, NULL,
		    RIGHT_NOW, &t, &err) == 0);
	else
		MUST(ms_tsr_token(ms_buf_span(&a), &t, &err) == -1 &&
		    err.class == MS_NO);
	ms_tsq_clear(&q);
	ms_buf_clear(&a);
	ms_buf_clear(&t);
}

static void
read_response(struct ms_span s)
{
	struct ms_buf t = MS_BUF_INIT(MAX);
	struct ms_tstinfo ti;
	struct ms_err err = MS_ERR_INIT;
	struct ms_report r;

	if (ms_tsr_check(s, &query, trust, RIGHT_NOW, &t, &err) == 0) {
		ms_report_init(&r);
		MUST(ms_token_check(ms_buf_span(&t), MS_OID_sha256, over, trust,
			RIGHT_NOW, false, &ti, &r, &err) == 0 &&
		    ms_report_conclude(&r) == MS_GOOD);
		ms_report_clear(&r);
		ms_tstinfo_clear(&ti);
	}
	ms_buf_clear(&t);
}

static void
read_token(struct ms_span s)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_tstinfo ti;
	struct ms_report r;

	ms_report_init(&r);
	MUST(ms_token_check(s, MS_OID_sha256, over, trust, RIGHT_NOW, true, &ti,
		&r, &err) == 0);
	if (ms_report_conclude(&r) == MS_GOOD)
		MUST(ti.time == RIGHT_NOW && ti.nimprint == 32 &&
		    memcmp(ti.imprint, imprint, 32) == 0);
	ms_tstinfo_clear(&ti);
	ms_report_clear(&r);
	if (ms_tstinfo_parse(s, &ti, &err) == 0)
		ms_tstinfo_clear(&ti);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const what[3])(struct ms_span) = { ask, read_response,
		read_token };
	const struct ms_buf *const right[3] = { &req, &resp, &token };
	struct ms_buf b = MS_BUF_INIT(MAX);
	int how;

	if (!tsa)
		setup();
	if (n == 0 || n > MAX / 2)
		return 0;
	how = *p++ % 6;
	n--;
	if (how < 3) {
		MUST(ms_buf_add(&b, p, n, NULL) == 0);
	} else {
		how -= 3;
		MUST(ms_buf_add(&b, right[how]->p, right[how]->n, NULL) == 0);
		right_patch(&b, p, n);
	}
	what[how](ms_buf_span(&b));
	ms_buf_clear(&b);
	return 0;
}
