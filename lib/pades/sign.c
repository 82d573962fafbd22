/* SPDX-License-Identifier: Apache-2.0 */
/* Signing: the update is built in memory, the document read twice, first to be
 * digested, then to be written. */
#include <stdlib.h>
#include <string.h>

#include "pades/internal.h"

/* Room in /Contents beside certificates and signature value: attributes, and
 * a timestamp of an authority with a chain of its own. */
#define ROOM ((size_t)2048)
#define ROOM_STAMP ((size_t)12 * 1024)
#define TRIES 3

struct result {
	struct ms_buf der;	/* CMS or token */
	struct ms_spool *in;
};

/* What goes into /Contents, at most. */
static int
estimate(struct pades_job *j, size_t *n)
{
	const struct ms_ident *id;
	struct ms_buf der = MS_BUF_INIT(MS_CMS_CERTSET);
	int i, rc = 0;

	*n = j->conf->stamp != NULL ? ROOM_STAMP : 0;
	if (j->conf->signer == NULL)
		return 0;
	id = j->conf->signer->id;
	*n += ROOM + 2 * (size_t)EVP_PKEY_get_size(ms_key_pub(id->key));
	rc = ms_cert_der(id->cert, &der, j->err);
	for (i = 0; rc == 0 && i < sk_X509_num(id->chain); i++)
		rc = ms_cert_der(sk_X509_value(id->chain, i), &der, j->err);
	*n += der.n;
	ms_buf_clear(&der);
	return rc;
}

/* The bytes that are signed: document and update, less Contents. */
static int
digest(struct pades_job *j, struct result *res, struct ms_digests *d)
{
	struct ms_buf *b = ms_pdf_update_bytes(j->u);
	size_t behind = j->hex_at + 2 * j->contents + 1;
	struct ms_src *src = ms_spool_read(res->in, j->err);
	uint64_t size;
	int rc;

	if (src == NULL)
		return -1;
	while ((rc = ms_src_fill(src, j->err)) > 0) {
		if (ms_digests_update(d, src->p, src->n, j->err) != 0)
			return -1;
		ms_src_take(src, src->n);
	}
	if (rc != 0)
		return -1;
	if (!ms_spool_size(res->in, &size) || size != ms_pdf_size(j->d))
		return ms_fail(j->err, MS_IO,
		    "the file was changed while it was read");
	if (ms_digests_update(d, b->p, j->hex_at - 1, j->err) != 0)
		return -1;
	return ms_digests_update(d, b->p + behind, b->n - behind, j->err);
}

static int
make_cms(struct pades_job *j, struct result *res)
{
	struct ms_sign_conf sc = {
		.signers = j->conf->signer,
		.nsigners = 1,
		.content_type = MS_OID_data,
		.signing_time = (time_t)-1,
		.no_smimecaps = true,
		.stamp = j->conf->stamp,
		.stamp_arg = j->conf->stamp_arg,
	};
	struct ms_sign *s = NULL;
	int rc = -1;

	if (ms_sign_new(&sc, &s, j->err) == 0 &&
	    digest(j, res, ms_sign_digests(s)) == 0 &&
	    ms_sign_final(s, j->err) == 0)
		rc = ms_sign_write_detached(s, &res->der, j->err);
	ms_sign_free(s);
	return rc;
}

static int
make_token(struct pades_job *j, struct result *res)
{
	enum ms_oid md = j->conf->md != 0 ? j->conf->md : MS_OID_sha256;
	struct ms_digests *d = ms_digests_new(&md, 1, j->err);
	int rc = -1;

	if (d != NULL && digest(j, res, d) == 0)
		rc = j->conf->stamp(j->conf->stamp_arg, md,
		    ms_digests_value(d, md), &res->der, j->err);
	ms_digests_free(d);
	return rc;
}

/* Until it fits: what an authority sends is known only afterwards. */
static int
make(struct pades_job *j, struct result *res)
{
	int tries;

	if (estimate(j, &j->contents) != 0)
		return -1;
	for (tries = 0; tries < TRIES; tries++) {
		if (j->contents > MS_PADES_CONTENTS)
			break;
		ms_buf_reset(&res->der);
		if (pades_place(j) != 0 || (j->conf->signer != NULL ?
		    make_cms(j, res) : make_token(j, res)) != 0)
			return -1;
		if (res->der.n <= j->contents)
			return 0;
		j->contents = res->der.n + ROOM;
	}
	return ms_fail(j->err, MS_DATA, "a signature of %zu bytes",
	    res->der.n);
}

static int
write_out(struct pades_job *j, struct result *res, struct ms_sink *out)
{
	static const char digits[] = "0123456789abcdef";
	struct ms_buf *b = ms_pdf_update_bytes(j->u);
	unsigned char *hex = b->p + j->hex_at;
	struct ms_src *src;
	size_t i;

	for (i = 0; i < res->der.n; i++) {
		hex[2 * i] = (unsigned char)digits[res->der.p[i] >> 4];
		hex[2 * i + 1] = (unsigned char)digits[res->der.p[i] & 15];
	}
	src = ms_spool_read(res->in, j->err);
	if (src == NULL || ms_copy(src, out, j->err) != 0)
		return -1;
	return ms_sink_write(out, b->p, b->n, j->err);
}

/* What is encrypted must not be looked into any further. */
static int
open_document(struct pades_job *j, int fd)
{
	if (ms_pdf_open(fd, 0, &j->d, j->err) != 0)
		return ms_hint(j->err, "if other readers show it, rewrite it "
		    "first ('qpdf FILE NEW'), and look at what comes out");
	if (ms_pdf_encrypted(j->d)) {
		ms_fail(j->err, MS_DATA, "ISO 32000-2 section 7.6: the "
		    "document is encrypted");
		return ms_hint(j->err, "decrypt it first, then sign");
	}
	return ms_pdf_fields(j->d, &j->fields, j->err);
}

int
ms_pades_sign(const struct ms_pades_sign *conf, int fd, const char *name,
    struct ms_sink *out, struct ms_err *err)
{
	struct pades_job j = { .conf = conf, .err = err };
	struct result res = { MS_BUF_INIT(MS_PADES_CONTENTS), NULL };
	int rc = -1;

	if (conf->signer == NULL && conf->stamp == NULL)
		return ms_fail(err, MS_USAGE,
		    "a document timestamp needs an authority");
	if (open_document(&j, fd) == 0 &&
	    pades_place_check(&j) == 0 &&
	    ms_spool_fd(fd, name, conf->tmpdir, 0, &res.in, err) == 0 &&
	    make(&j, &res) == 0)
		rc = write_out(&j, &res, out);
	ms_spool_free(res.in);
	ms_buf_clear(&res.der);
	ms_pdf_fields_clear(&j.fields);
	ms_pdf_update_free(j.u);
	ms_pdf_free(j.d);
	return rc;
}
