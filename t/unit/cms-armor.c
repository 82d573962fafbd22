/* SPDX-License-Identifier: Apache-2.0 */
/* PEM armour around CMS, and telling what a ContentInfo holds. */
#include "cms-help.h"

static unsigned char bytes[200000];

static int
unarmor(const char *p, size_t n, size_t step, struct ms_buf *out,
    struct ms_err *err)
{
	struct ms_span in = { (const unsigned char *)p, n };
	struct ms_src *src;
	struct dribble d;
	bool owned;
	int rc;

	dribble_init(&d, in, step);
	ms_buf_reset(out);
	src = ms_cms_unarmor(&d.src, &owned, err);
	if (src == NULL)
		return -1;
	rc = ms_src_slurp(src, out, err);
	if (owned)
		ms_src_free(src);
	return rc;
}

static void
test_round_trip(void)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 47, 48, 49, 49151, 49152,
		49153, 200000 };
	struct ms_buf pem = MS_BUF_INIT(MANY), der = MS_BUF_INIT(MANY);
	struct ms_err err = MS_ERR_INIT;
	bool good = true, lines = true;
	size_t i, n, at;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct ms_sink *to = ms_sink_buf(&pem, &err), *k;
		struct ms_span in = { bytes, sizes[i] };

		ms_buf_reset(&pem);
		k = ms_cms_armor(to, "CMS", &err);
		for (at = 0; at < sizes[i]; at += n) {
			n = sizes[i] - at < 10007 ? sizes[i] - at : 10007;
			ms_sink_write(k, bytes + at, n, &err);
		}
		ms_sink_end(k, &err);
		ms_sink_free(k);
		ms_sink_free(to);
		for (at = n = 0; at < pem.n; at++, n++)
			if (pem.p[at] == '\n') {
				lines &= n <= 64;
				n = (size_t)-1;
			}
		good &= unarmor((char *)pem.p, pem.n, 65536, &der,
		    &err) == 0 && ms_span_eq(ms_buf_span(&der), in);
		good &= unarmor((char *)pem.p, pem.n, 1001, &der,
		    &err) == 0 && ms_span_eq(ms_buf_span(&der), in);
		if (sizes[i] < 1000)
			good &= unarmor((char *)pem.p, pem.n, 12, &der,
			    &err) == 0 &&
			    ms_span_eq(ms_buf_span(&der), in);
	}
	ok(good, "armour goes on and comes off at every size");
	ok(lines, "its lines have at most 64 characters");
	if (err.text[0] != '\0')
		printf("# %s\n", err.text);
	ms_buf_clear(&pem);
	ms_buf_clear(&der);
}

static void
takes(const char *pem, const char *want, const char *what)
{
	struct ms_buf der = MS_BUF_INIT(MANY);
	struct ms_err err = MS_ERR_INIT;

	ok(unarmor(pem, strlen(pem), 99999, &der, &err) == 0 &&
	    ms_span_is(ms_buf_span(&der), want), "%s", what);
	if (err.text[0] != '\0')
		printf("# %s\n", err.text);
	ms_buf_clear(&der);
}

static void
refuses(const char *pem, const char *words, const char *what)
{
	struct ms_buf der = MS_BUF_INIT(MANY);
	struct ms_err err = MS_ERR_INIT;

	fails(unarmor(pem, strlen(pem), 99999, &der, &err), &err, MS_DATA,
	    words, what);
	ms_buf_clear(&der);
}

#define B "-----BEGIN CMS-----\n"
#define E "-----END CMS-----\n"

static void
test_strange(void)
{
	takes("0123", "0123", "what has no armour passes");
	takes("", "", "so does nothing");
	takes(B "aGVsbG8=\n" E, "hello", "plain");
	takes("-----BEGIN PKCS7-----\r\naGVs\r\nbG8=\r\n"
	    "-----END PKCS7-----\r\n", "hello", "lines that end with CRLF");
	takes("-----BEGIN SIGNED MESSAGE-----\n\naGVs\nbG8=  \n\n"
	    "-----END SIGNED MESSAGE-----\n\n \n", "hello",
	    "the label of gpgsm, blank lines, blanks behind");
	takes(B "aGVsbG8=\n-----END CMS-----", "hello", "no last newline");
	refuses("-----BEGIN CERTIFICATE-----\naGVs\n", "is no PEM armour of "
	    "CMS", "another label");
	refuses(B "aGVsbG8=\n", "truncated: the PEM armour has no end",
	    "no end");
	refuses(B "aGVsbG8=\n-----END PKCS7-----\n", "'-----END CMS-----' is "
	    "missing", "another end");
	refuses(B "aGVsbG8=\n" E "more\n", "trailing bytes after the PEM "
	    "armour", "something behind it");
	refuses(B "aGVsbG8=\naGVs\n" E, "RFC 4648 section 4: characters behind "
	    "the padding", "padding within");
	refuses(B "aGVsbG8\n" E, "PEM armour", "padding left out");
	refuses(B "aGV*bG8=\n" E, "PEM armour", "a character outside base64");
	refuses("-----BEGIN CMS and a line that does not end where a line of "
	    "armour has its end at last-----\n", "malformed line",
	    "a label without end");
}

static void
test_guess(void)
{
	static const unsigned char signed_data[] = { 0x30, 0x80, 0x06, 0x09,
		0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };
	static const unsigned char enveloped[] = { 0x30, 0x82, 0x01, 0x00,
		0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07,
		0x03 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_src *s;
	size_t n;

	s = ms_src_mem(signed_data, sizeof(signed_data), &err);
	is_int(ms_cms_guess(s, &err), MS_OID_signedData,
	    "indefinite SignedData is seen");
	is_int((long long)s->n, sizeof(signed_data), "nothing is taken");
	ms_src_free(s);
	s = ms_src_mem(enveloped, sizeof(enveloped), &err);
	is_int(ms_cms_guess(s, &err), MS_OID_envelopedData,
	    "definite EnvelopedData is seen");
	ms_src_free(s);
	for (n = 0; n < sizeof(enveloped); n++) {
		s = ms_src_mem(enveloped, n, &err);
		if (ms_cms_guess(s, &err) != MS_OID_UNKNOWN)
			break;
		ms_src_free(s);
	}
	is_int((long long)n, sizeof(enveloped), "less of it is nothing known");
	s = ms_src_mem("From: a@b.example\n", 18, &err);
	is_int(ms_cms_guess(s, &err), MS_OID_UNKNOWN, "mail is no CMS");
	ms_src_free(s);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	some_bytes(bytes, sizeof(bytes));
	test_round_trip();
	test_strange();
	test_guess();
	return tap_done();
}
