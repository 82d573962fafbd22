/* SPDX-License-Identifier: Apache-2.0 */
/* One signature for all, one sealed copy for each group of readers. */
#include <stdlib.h>

#include "dispatch/internal.h"

/* The message without its Bcc fields: they are for us, never for readers. */
static int
without_bcc(struct ms_spool *message, struct ms_sink *to, struct ms_err *err)
{
	struct ms_mime_header h;
	struct ms_src *src = ms_spool_read(message, err);
	size_t i;
	int rc = -1;

	if (!src)
		return -1;
	ms_mime_header_init(&h);
	if (ms_mime_header_read(src, &h, err) != 0)
		goto out;
	for (i = 0; i < h.n; i++) {
		if (ms_span_caseis(h.v[i].name, "Bcc") ||
		    ms_span_caseis(h.v[i].name, "Resent-Bcc"))
			continue;
		if (ms_sink_write(to, h.v[i].raw.p, h.v[i].raw.n, err) != 0)
			goto out;
	}
	if (ms_sink_write(to, h.raw.p + h.raw.n - h.blank, h.blank, err) != 0)
		goto out;
	rc = ms_copy(src, to, err);
out:
	ms_mime_header_clear(&h);
	return rc;
}

int
ms_seal_sign(const struct ms_dispatch *d, struct ms_spool *message,
    struct ms_spool **ret, struct ms_err *err)
{
	struct ms_smime_sign conf = { .signers = d->signers,
		.nsigners = d->nsigners, .format = MS_FORMAT_MAIL,
		.now = d->now, .stamp = d->stamp, .stamp_arg = d->stamp_arg };
	struct ms_spool *bare = NULL, *out = NULL;
	int rc = -1;

	if (ms_spool_new(d->tmpdir, 0, &bare, err) == 0 &&
	    ms_spool_new(d->tmpdir, 0, &out, err) == 0 &&
	    without_bcc(message, ms_spool_sink(bare), err) == 0 &&
	    ms_smime_sign(&conf, bare, ms_spool_sink(out), err) == 0) {
		*ret = out;
		out = NULL;
		rc = 0;
	}
	ms_spool_free(bare);
	ms_spool_free(out);
	return rc;
}

/* Every certificate once: a person may stand in To twice, or be the sender. */
static void
add_cert(X509 **v, size_t *n, X509 *x)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (X509_cmp(v[i], x) == 0)
			return;
	v[(*n)++] = x;
}

int
ms_seal_copy(const struct ms_dispatch *d, struct ms_spool *signed_msg,
    struct decided *const *to, size_t n, struct ms_spool **ret,
    struct ms_err *err)
{
	struct ms_smime_encrypt conf = { .format = MS_FORMAT_MAIL };
	struct ms_spool *out = NULL;
	size_t i, j, max = d->nself, ncerts = 0;
	X509 **certs;
	int rc = -1;

	for (i = 0; i < n; i++)
		max += to[i]->found.n;
	certs = calloc(max ? max : 1, sizeof(*certs));
	if (!certs)
		return ms_fail_nomem(err);
	for (i = 0; i < n; i++)
		for (j = 0; j < to[i]->found.n; j++)
			add_cert(certs, &ncerts, to[i]->found.certs[j]);
	for (i = 0; i < d->nself; i++)
		add_cert(certs, &ncerts, d->self[i]);
	conf.certs = certs;
	conf.ncerts = ncerts;
	/* Most readers cannot open GCM, and nothing says yet who can. */
	conf.cipher = d->cipher == MS_CIPHER_AUTO ? MS_AES_256_CBC : d->cipher;
	if (ms_spool_new(d->tmpdir, MS_SPOOL_CIPHERTEXT, &out, err) == 0 &&
	    ms_smime_encrypt(&conf, signed_msg, ms_spool_sink(out),
	    err) == 0) {
		*ret = out;
		out = NULL;
		rc = 0;
	}
	ms_spool_free(out);
	free(certs);
	return rc;
}
