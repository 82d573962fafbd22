/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed messages and files, whole.  Nobody here can sign: what is good must
 * be what the seeds say.
 */
#define _GNU_SOURCE		/* memmem() */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "smime/smime.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)
#define OUT_MAX ((size_t)4 * 1024 * 1024)
#define AT ((time_t)1893456000)	/* 2030 */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char text[] = "what was signed, and stays so";

static struct ms_trust *
anchors(void)
{
	static struct ms_trust *t;
	struct ms_bag b;
	struct ms_span s = { (const unsigned char *)anchor_pem,
		sizeof(anchor_pem) - 1 };

	if (t != NULL)
		return t;
	ms_bag_init(&b);
	t = ms_trust_new(NULL);
	MUST(t && ms_bag_parse(&b, s, "anchor", NULL, NULL, NULL) == 0);
	MUST(ms_trust_add_cert(t, sk_X509_value(b.certs, 0), NULL) == 0);
	ms_bag_clear(&b);
	return t;
}

static int
see_part(void *arg, const struct ms_smime_part *p, struct ms_err *err)
{
	struct ms_smime_result *res = arg;

	MUST(!p->is_signed || res->verdict == MS_GOOD);
	return 0;
}

/* What comes out holds the text that was signed. */
static void
check_out(const struct ms_smime_verify *conf, struct ms_spool *sp,
    const struct ms_smime_result *res)
{
	struct ms_buf out = MS_BUF_INIT(OUT_MAX);
	struct ms_sink *k = ms_sink_buf(&out, NULL);
	struct ms_err err = MS_ERR_INIT;
	int rc = ms_smime_extract(conf, sp, res, k, &err);

	if (res->verdict == MS_GOOD) {
		MUST(rc == 0);
		MUST(memmem(out.p, out.n, text, sizeof(text) - 1));
	} else {
		MUST(rc == -1 && out.n == 0 && err.class == MS_NO);
	}
	ms_sink_free(k);
	ms_buf_clear(&out);
}

static void
verify(const uint8_t *p, size_t n, bool value_only)
{
	struct ms_smime_verify conf = { .judge = { .trust = anchors(),
		.at = AT, .value_only = value_only } };
	struct ms_smime_result res;
	struct ms_err err = MS_ERR_INIT;
	struct ms_spool *sp;

	ms_smime_result_init(&res);
	MUST(ms_spool_mem(p, n, &sp, NULL) == 0);
	if (ms_smime_verify(&conf, sp, &res, &err) == 0) {
		check_out(&conf, sp, &res);
		ms_err_reset(&err);
		ms_smime_parts(&conf, sp, &res, see_part, &res, &err);
	} else {
		MUST(res.verdict == MS_UNDECIDED && err.text[0] != '\0');
	}
	ms_spool_free(sp);
	ms_smime_result_clear(&res);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	verify(p, n, false);
	verify(p, n, true);
	return 0;
}
