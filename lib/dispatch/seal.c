/* SPDX-License-Identifier: Apache-2.0 */
/* One signature for all, one sealed copy for each group of readers. */
#include <stdlib.h>

#include "dispatch/internal.h"

static bool
is_blind(const struct ms_mime_field *f)
{
	return ms_span_caseis(f->name, "Bcc") ||
	    ms_span_caseis(f->name, "Resent-Bcc");
}

static int
put_fields(const struct ms_mime_header *h, struct ms_sink *to,
    struct ms_err *err)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (!is_blind(&h->v[i]) && ms_sink_write(to, h->v[i].raw.p,
		    h->v[i].raw.n, err) != 0)
			return -1;
	return ms_sink_write(to, h->raw.p + h->raw.n - h->blank, h->blank,
	    err);
}

/* The message without its Bcc fields, which are for us and never for readers,
 * and with the line ends that are signed and that SMTP wants. */
static int
bare_message(struct ms_spool *message, struct ms_sink *to, struct ms_err *err)
{
	struct ms_mime_header h;
	struct ms_src *src = ms_spool_read(message, err);
	struct ms_src *crlf = src ? ms_mime_crlf(src, err) : NULL;
	int rc = -1;

	ms_mime_header_init(&h);
	if (crlf && ms_mime_header_read(crlf, &h, err) == 0 &&
	    put_fields(&h, to, err) == 0)
		rc = ms_copy(crlf, to, err);
	ms_mime_header_clear(&h);
	ms_src_free(crlf);
	return rc;
}

int
ms_seal_sign(const struct ms_dispatch *d, struct ms_spool *message,
    struct ms_spool **ret, struct ms_err *err)
{
	struct ms_smime_sign conf = { .signers = d->signers,
		.nsigners = d->nsigners, .format = MS_FORMAT_MAIL,
		.now = d->now, .stamp = d->dry_run ? NULL : d->stamp,
		.stamp_arg = d->stamp_arg };
	struct ms_spool *bare = NULL, *out = NULL;
	int rc = -1;

	if (ms_spool_new(d->tmpdir, 0, &bare, err) == 0 &&
	    ms_spool_new(d->tmpdir, 0, &out, err) == 0 &&
	    bare_message(message, ms_spool_sink(bare), err) == 0 &&
	    ms_smime_sign(&conf, bare, ms_spool_sink(out), err) == 0) {
		*ret = out;
		out = NULL;
		rc = 0;
	}
	ms_spool_free(bare);
	ms_spool_free(out);
	return rc;
}

static int
by_cert(const void *a, const void *b)
{
	return X509_cmp(*(X509 *const *)a, *(X509 *const *)b);
}

/* Every certificate once: a person may stand in To twice, or be the sender.
 * Their order then tells nothing either. */
static size_t
unique(X509 **v, size_t n)
{
	size_t i, k = 0;

	if (n > 0)
		qsort(v, n, sizeof(*v), by_cert);
	for (i = 0; i < n; i++)
		if (k == 0 || X509_cmp(v[k - 1], v[i]) != 0)
			v[k++] = v[i];
	return k;
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
			certs[ncerts++] = to[i]->found.certs[j];
	for (i = 0; i < d->nself; i++)
		certs[ncerts++] = d->self[i];
	conf.certs = certs;
	conf.ncerts = unique(certs, ncerts);
	conf.cipher = d->cipher != MS_CIPHER_AUTO ? d->cipher :
	    ms_cipher_auto(certs, conf.ncerts, NULL);
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
