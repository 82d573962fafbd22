/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SignedData.  The first byte says how: the rest is read as a message, patches
 * one that is right, or is signed and must be good.  What is read must not
 * depend on how it arrives in blocks, and a content that was changed is never
 * good.
 */
#include <stdint.h>

#include "../unit/chunks.h"
#include "cms/signed.h"
#include "right.h"

#define MAX ((size_t)1 << 20)
#define MUST(x) do { if (!(x)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char text[] = "what is signed, and stays so";
static struct ms_ident ana;

struct seen {
	int rc;			/* of reading */
	size_t signers;
	enum ms_verdict verdict[MS_CMS_SIGNERS];
	bool has_content;
	struct ms_buf content;
};

static int
judge(struct ms_signed *sd, struct seen *s, struct ms_err *err)
{
	struct ms_report r;
	size_t i;

	s->signers = ms_signed_count(sd);
	for (i = 0; i < s->signers; i++) {
		ms_report_init(&r);
		MUST(ms_signer_check(sd, i, i % 2, &r, err) == 0);
		s->verdict[i] = ms_report_conclude(&r);
		ms_report_clear(&r);
	}
	return 0;
}

static void
look(const struct ms_buf *b, size_t step, struct seen *s)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_signed *sd = NULL;
	struct chunks c;
	struct ms_src *src = chunks_init(&c, b->p, b->n, step), *content;

	memset(s, 0, sizeof(*s));
	ms_buf_init(&s->content, MAX);
	s->rc = ms_signed_begin(src, &sd, &err);
	if (s->rc == 0) {
		content = ms_signed_content(sd, &err);
		s->has_content = content != NULL;
		if (content)
			s->rc = ms_src_slurp(content, &s->content, &err);
	}
	if (s->rc == 0)
		s->rc = ms_signed_finish(sd, &err);
	if (s->rc == 0)
		s->rc = judge(sd, s, &err);
	MUST(s->rc == 0 || err.text[0] != '\0');
	ms_signed_free(sd);
	chunks_clear(&c);
}

static void
same_in_blocks(const struct ms_buf *b, struct seen *a)
{
	struct seen s;

	look(b, b->n + 1, a);
	look(b, 7, &s);
	MUST(a->rc == s.rc && a->signers == s.signers &&
	    a->has_content == s.has_content);
	MUST(memcmp(a->verdict, s.verdict, sizeof(s.verdict)) == 0);
	MUST(a->rc != 0 || ms_span_eq(ms_buf_span(&a->content),
	    ms_buf_span(&s.content)));
	ms_buf_clear(&s.content);
}

static void
sign(struct ms_span content, struct ms_buf *der)
{
	struct ms_cms_signer s = { &ana, MS_OID_UNKNOWN, false };
	struct ms_sign_conf c;
	struct ms_err err = MS_ERR_INIT;
	struct ms_sign *m = NULL;

	memset(&c, 0, sizeof(c));
	c.signers = &s;
	c.nsigners = 1;
	c.content_type = MS_OID_data;
	c.signing_time = RIGHT_NOW;
	MUST(ms_sign_new(&c, &m, &err) == 0 &&
	    ms_digests_update(ms_sign_digests(m), content.p, content.n,
		&err) == 0 &&
	    ms_sign_final(m, &err) == 0 &&
	    ms_sign_write_whole(m, content, der, &err) == 0);
	ms_sign_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ms_span right = { (const unsigned char *)text,
		sizeof(text) - 1 };
	struct ms_buf b = MS_BUF_INIT(MAX);
	struct seen s;
	int how;

	if (!ana.key)
		right_ident(&ana, 1, tc_signer);
	if (n == 0 || n > MAX / 2)
		return 0;
	how = *p++ % 3;
	n--;
	if (how == 0) {
		MUST(ms_buf_add(&b, p, n, NULL) == 0);
	} else if (how == 1) {
		sign(right, &b);
		right_patch(&b, p, n);
	} else {
		sign((struct ms_span){ p, n }, &b);
	}
	same_in_blocks(&b, &s);
	if (how == 1)
		MUST(s.signers == 0 || s.verdict[0] != MS_GOOD ||
		    ms_span_eq(ms_buf_span(&s.content), right));
	if (how == 2)
		MUST(s.rc == 0 && s.signers == 1 && s.verdict[0] == MS_GOOD);
	ms_buf_clear(&s.content);
	ms_buf_clear(&b);
	return 0;
}
