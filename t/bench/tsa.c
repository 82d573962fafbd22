/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-tsa [SECONDS [KEY]]: what one core signs, and what one core answers.
 * For each key type the rate of EVP_PKEY_sign alone, of ms_tsa_answer() and
 * their ratio, in CPU time of this process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../unit/testcert.h"
#include "tsp/tsp.h"

#define NOW ((time_t)1700000000)

static double
cpu(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static int
fixed_clock(void *arg, time_t *t, unsigned *micros, struct ms_err *err)
{
	*t = NOW;
	*micros = 0;
	return 0;
}

/* Signatures over a ready digest with one context. */
static double
raw(EVP_PKEY *key, double seconds)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	unsigned char digest[32] = { 1 }, sig[1024];
	double start, end;
	long n = 0;
	size_t len;

	EVP_PKEY_sign_init(ctx);
	EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256());
	for (start = cpu(); (end = cpu()) - start < seconds; n++) {
		len = sizeof(sig);
		if (EVP_PKEY_sign(ctx, sig, &len, digest, 32) != 1)
			tc_die("EVP_PKEY_sign");
	}
	EVP_PKEY_CTX_free(ctx);
	return (double)n / (end - start);
}

static double
answers(const struct ms_ident *id, double seconds)
{
	static const char *const policies[] = { "1.2.3" };
	static const unsigned char imprint[32] = { 1 };
	struct ms_tsa_conf c = { id, policies, 1, 1000, false, fixed_clock,
		NULL, NULL, 0 };
	struct ms_buf req = MS_BUF_INIT(4096), resp = MS_BUF_INIT(1 << 16);
	struct ms_tsa *t = NULL;
	struct ms_tsq q;
	double start, end;
	long n = 0;
	int bit;

	if (ms_tsa_new(&c, &t, NULL) < 0 || ms_tsq_make(&q, MS_OID_sha256,
		(struct ms_span){ imprint, 32 }, NULL) < 0 ||
	    ms_tsq_write(&q, &req, NULL) < 0)
		tc_die("no authority");
	for (start = cpu(); (end = cpu()) - start < seconds; n++) {
		ms_buf_reset(&resp);
		if (ms_tsa_answer(t, ms_buf_span(&req), &resp, &bit,
			NULL) < 0 || bit != -1)
			tc_die("no answer");
	}
	ms_tsa_free(t);
	ms_tsq_clear(&q);
	ms_buf_clear(&req);
	ms_buf_clear(&resp);
	return (double)n / (end - start);
}

int
main(int argc, char **argv)
{
	static const char *const types[] = { "p256", "rsa2048", "rsa3072" };
	struct ms_ident id = { NULL, NULL, NULL, NULL };
	uint64_t seconds = 1;
	double a, b;
	size_t i;

	if (argc > 1 && ms_parse_uint(argv[1], "SECONDS", 1, 3600, &seconds,
		NULL) < 0)
		return 64;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (argc > 2 && !ms_streq(argv[2], types[i]))
			continue;
		id.key = tc_key(types[i]);
		id.cert = tc_cert("TSA", id.key, NULL, NULL, 1, NOW - 1,
		    NOW + 86400, tc_tsa);
		a = raw(ms_key_get0_soft(id.key), (double)seconds);
		b = answers(&id, (double)seconds);
		printf("tsa %s\traw %.0f/s\tanswers %.0f/s\tratio %.2f\n",
		    types[i], a, b, b / a);
		X509_free(id.cert);
		ms_key_free(id.key);
	}
	return 0;
}
