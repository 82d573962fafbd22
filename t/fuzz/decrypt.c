/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encrypted messages and files, whole.  Nobody here can make a tag or a
 * signature: what is authenticated must be what the seeds say, and what fails
 * lets nothing out.
 */
#define _GNU_SOURCE		/* memmem() */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "smime/smime.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)
#define OUT_MAX ((size_t)4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char text[] = "what was signed, and stays so";

static int
no_pass(void *arg, const char *what, const char *who, struct ms_buf *pass,
    struct ms_err *err)
{
	return ms_fail(err, MS_NOPERM, "no passphrase");
}

static const struct ms_idents *
bob(void)
{
	static struct ms_idents l;
	struct ms_bag b;
	struct ms_span s = { (const unsigned char *)bob_pem,
		sizeof(bob_pem) - 1 };

	if (l.n > 0)
		return &l;
	ms_bag_init(&b);
	MUST(ms_bag_parse(&b, s, "bob", no_pass, NULL, NULL) == 0);
	MUST(ms_idents_add_bag(&l, &b, "bob", NULL) == 0 && l.n == 1);
	ms_bag_clear(&b);
	return &l;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ms_smime_decrypt conf = { .ids = bob(), .allow_legacy = true };
	struct ms_buf out = MS_BUF_INIT(OUT_MAX);
	struct ms_sink *k = ms_sink_buf(&out, NULL);
	struct ms_smime_opened opened;
	struct ms_err err = MS_ERR_INIT;
	struct ms_spool *sp;

	MUST(k && ms_spool_mem(p, n, &sp, NULL) == 0);
	if (ms_smime_decrypt(&conf, sp, k, &opened, &err) == 0) {
		MUST(opened.was_encrypted && opened.ident == 0);
		MUST(!opened.authenticated || memmem(out.p, out.n, text,
		    sizeof(text) - 1));
	} else {
		MUST(out.n == 0 && err.text[0] != '\0');
		MUST(err.class == MS_DATA || err.class == MS_NO ||
		    err.class == MS_UNAVAILABLE);
	}
	ms_spool_free(sp);
	ms_sink_free(k);
	ms_buf_clear(&out);
	return 0;
}
