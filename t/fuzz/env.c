/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enveloped CMS.  The first byte says how: the rest is read as a message; or
 * it is read with the content key known, so that what is behind the key is
 * reached by any bytes; or it patches a message that is right; or it is sealed
 * and must come back.
 */
#include <stdlib.h>
#include <string.h>

#include "cms/cms.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

#define MANY ((size_t)16 * 1024 * 1024)

/* A key that seals nothing but what is below. */
static const char pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHESsBenPpFRz9l/q\n"
	"SVQwbkh9vRSvL+rfTFTNrY2cWsyhRANCAATrWPvLiDOyLoGUigJm7yDH5pTBnGgK\n"
	"FRONThJ/Dfo2qZgD77QRxRMaDFAXAU1NmHvh4nCzXK25UBfHHJf8A2/m\n"
	"-----END PRIVATE KEY-----\n"
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBdTCCARugAwIBAgIUKqDyltVB8yc2YSkyYvtMPIoEHcIwCgYIKoZIzj0EAwIw\n"
	"DzENMAsGA1UEAwwERnV6ejAgFw0yNjExMjMxOTEyMDdaGA8yMTI2MTAzMDE5MTIw\n"
	"N1owDzENMAsGA1UEAwwERnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOtY\n"
	"+8uIM7IugZSKAmbvIMfmlMGcaAoVE41OEn8N+japmAPvtBHFExoMUBcBTU2Ye+Hi\n"
	"cLNcrblQF8ccl/wDb+ajUzBRMB0GA1UdDgQWBBTMWyiPmHMYuZIurw+/tbYRbizH\n"
	"qDAfBgNVHSMEGDAWgBTMWyiPmHMYuZIurw+/tbYRbizHqDAPBgNVHRMBAf8EBTAD\n"
	"AQH/MAoGCCqGSM49BAMCA0gAMEUCIHv2Jopiv51d7gkxwwX+aqW7kGGJ/iet2Irt\n"
	"ribc9sM5AiEA22GGh6kiBaHv526ikynqg8hk+MTzWxhNzplrTny2t8Q=\n"
	"-----END CERTIFICATE-----\n";

/* AES-256-GCM in DER with authAttrs; AES-128-CBC in BER. */
static const char *const messages[] = {
	"MIIBZAYLKoZIhvcNAQkQARegggFTMIIBTwIBADGBx6GBxAIBA6BRoU8wCQYHKoZI"
	"zj0CAQNCAAQuVOAMEj2h7fDvS4+PDmS/ne7Yz6YGqhwVUZkEp3Z3jMpoZWhw68BO"
	"0+ryr99CPfdoiWzyG+9Yr8qhHO1HG+ljMBUGBiuBBAELATALBglghkgBZQMEAS0w"
	"VTBTMCcwDzENMAsGA1UEAwwERnV6egIUKqDyltVB8yc2YSkyYvtMPIoEHcIEKPRb"
	"Bxctf4Sh1/wjJroUAWHqKANhBTqDXAE43FbzyU7LpTdsn+Z4XEQwUgYJKoZIhvcN"
	"AQcCMB4GCWCGSAFlAwQBLjARBAzycrzos/eO4d9X3/ICARCAJZuol1eEAHRUkzMM"
	"3GUtaXziclBsd1RF+w3WUjIUkrjyDRl4L2ShGjAYBgkqhkiG9w0BCQMxCwYJKoZI"
	"hvcNAQcCBBB3SBssQSan19nqahlJkd87",
	"MIAGCSqGSIb3DQEHA6CAMIACAQIxgbehgbQCAQOgUaFPMAkGByqGSM49AgEDQgAE"
	"acZ3u8v05sIHS6DXd1ggbvFFqLX3ybh3U9K/5Jlx0U4AIBjxQKOYQ3zDXELdUDSJ"
	"mBRb2sMT9HFQrqEPrFkEiTAVBgYrgQQBCwEwCwYJYIZIAWUDBAEtMEUwQzAnMA8x"
	"DTALBgNVBAMMBEZ1enoCFCqg8pbVQfMnNmEpMmL7TDyKBB3CBBgX1f0kPCzJbrVM"
	"wRQA5wBPF/E6v4NRr1EwgAYJKoZIhvcNAQcBMB0GCWCGSAFlAwQBAgQQS/0JBpO1"
	"AGf8AmKrLELjIaCABDASji6dYm7x+/2wANE/26eOJNCXO81wBxb6V0Csq0EjFjxa"
	"qTTYNMONW1f+vl8OGgQAAAAAAAAAAAAA"
};

static struct ms_idents ids;

static int
no_pass(void *arg, const char *what, const char *who, struct ms_buf *pass,
    struct ms_err *err)
{
	return -1;
}

static void
load(void)
{
	struct ms_span s = { (const unsigned char *)pem, sizeof(pem) - 1 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_bag bag;

	ms_bag_init(&bag);
	if (ms_bag_parse(&bag, s, "the fuzzer", no_pass, NULL, &err) != 0 ||
	    ms_idents_add_bag(&ids, &bag, "the fuzzer", &err) != 0 ||
	    ids.n != 1)
		abort();
	ms_bag_clear(&bag);
}

/* Read as often as callers do; 0 with the plaintext. */
static int
drain(struct ms_span in, bool known, struct ms_buf *plain)
{
	struct ms_env_memo memo;
	struct ms_env *e;
	struct ms_src *src;
	int pass, rc = -1;

	ms_env_memo_init(&memo);
	if (known) {
		memo.have_key = true;
		memset(ms_buf_room(&memo.cek, 32, NULL), 5, 32);
		memo.cek.n = 32;
	}
	for (pass = 0; pass < 2 && rc != 0; pass++) {
		e = NULL;
		ms_buf_reset(plain);
		src = ms_src_mem(in.p, in.n, NULL);
		rc = ms_env_begin(src, &ids, true, &memo, &e, NULL);
		if (rc == 0)
			rc = ms_src_slurp(ms_env_content(e), plain, NULL);
		ms_env_free(e);
		ms_src_free(src);
	}
	ms_env_memo_clear(&memo);
	return rc;
}

/* Groups of three bytes: where (two) and what; GCM must not let another text
 * pass. */
static void
patch(const unsigned char *p, size_t n, int which)
{
	static const char text[] = "a text that is sealed for the fuzzer.";
	struct ms_buf msg = MS_BUF_INIT(MANY), plain = MS_BUF_INIT(MANY);

	if (ms_base64_decode(messages[which], strlen(messages[which]), &msg,
	    NULL) != 0)
		abort();
	for (; n >= 3; p += 3, n -= 3)
		msg.p[(p[0] << 8 | p[1]) % msg.n] ^= p[2];
	if (n > 0)
		msg.n -= p[0] % 32;
	if (drain(ms_buf_span(&msg), false, &plain) == 0 && which == 0 &&
	    !ms_span_is(ms_buf_span(&plain), text))
		abort();
	ms_buf_clear(&msg);
	ms_buf_clear(&plain);
}

static void
round_trip(const unsigned char *p, size_t n)
{
	struct ms_buf msg = MS_BUF_INIT(MANY), plain = MS_BUF_INIT(MANY);
	struct ms_encrypt_conf conf = { MS_AES_256_GCM, &ids.v[0].cert, 1,
		false, n & 1 ? n : UINT64_MAX, MS_OID_data };
	struct ms_sink *to = ms_sink_buf(&msg, NULL), *k;
	struct ms_span in = { p, n };

	if (n & 2)
		conf.cipher = MS_AES_256_CBC;
	k = ms_encrypt(&conf, to, NULL);
	if (ms_sink_write(k, p, n, NULL) != 0 || ms_sink_end(k, NULL) != 0 ||
	    drain(ms_buf_span(&msg), false, &plain) != 0 ||
	    !ms_span_eq(ms_buf_span(&plain), in))
		abort();
	ms_sink_free(k);
	ms_sink_free(to);
	ms_buf_clear(&msg);
	ms_buf_clear(&plain);
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct ms_buf plain = MS_BUF_INIT(MANY);
	struct ms_span in = { p + (n > 0), n > 0 ? n - 1 : 0 };

	if (n == 0)
		return 0;
	if (ids.n == 0)
		load();
	switch (*p & 7) {
	case 0:
		round_trip(in.p, in.n);
		break;
	case 1:
	case 2:
		patch(in.p, in.n, (*p & 7) - 1);
		break;
	case 3:
	case 4:
		drain(in, true, &plain);
		break;
	default:
		drain(in, false, &plain);
	}
	ms_buf_clear(&plain);
	return 0;
}
