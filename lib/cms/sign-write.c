/* SPDX-License-Identifier: Apache-2.0 */
/* A finished signature written as ContentInfo: RFC 5652 section 5.1. */
#include "cms/sd.h"

void
sign_attr_begin(struct ms_der *d, enum ms_oid type)
{
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, type);
	ms_der_begin(d, MS_SET);
}

void
sign_attr_end(struct ms_der *d)
{
	ms_der_end(d);
	ms_der_end(d);
}

static void
write_md(struct ms_der *d, enum ms_oid md)
{
	/* RFC 5754 section 2: parameters absent */
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, md);
	ms_der_end(d);
}

static int
write_signerinfo(const struct sd_maker *g, struct ms_der *d, struct ms_err *err)
{
	struct ms_span s = ms_buf_span(&g->attrs), attrs;

	if (ms_der_want(&s, MS_SET, &attrs, "signedAttrs", err) < 0)
		return -1;
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_uint(d, 1);	/* RFC 5652 5.3: issuerAndSerialNumber */
	ms_der_raw(d, g->sid.p, g->sid.n);
	write_md(d, g->alg.md);
	/* signed as a SET OF, stored as [0] IMPLICIT (section 5.4) */
	ms_der_prim(d, MS_CTXC(0), attrs.p, attrs.n);
	ms_sigalg_write(d, &g->alg);
	ms_der_prim(d, MS_OCTETSTRING, g->sig.p, g->sig.n);
	if (g->token.n > 0) {
		ms_der_begin(d, MS_CTXC(1));
		sign_attr_begin(d, MS_OID_timeStampToken);
		ms_der_raw(d, g->token.p, g->token.n);
		sign_attr_end(d);
		ms_der_end(d);
	}
	ms_der_end(d);
	return 0;
}

/* What stands behind encapContentInfo. */
static int
write_tail(const struct ms_sign *s, struct ms_buf *tail, struct ms_err *err)
{
	struct ms_der d;
	size_t i;

	ms_der_init(&d, tail);
	if (s->with_certs)
		ms_der_raw(&d, s->certs.p, s->certs.n);
	ms_der_begin(&d, MS_SET);
	for (i = 0; i < s->n; i++)
		if (write_signerinfo(&s->v[i], &d, err) < 0)
			return -1;
	ms_der_end_setof(&d);
	return ms_der_finish(&d, err);
}

static int
add_head(struct ms_buf *b, int tag, uint64_t n, struct ms_err *err)
{
	unsigned char head[10];

	return ms_buf_add(b, head, ms_der_head(head, tag, n), err);
}

/*
 * What stands before the content (or, detached, before the tail): heads with
 * the final lengths, from the inside out, then everything in order.
 */
static int
write_head(const struct ms_sign *s, bool attached, uint64_t size, size_t tail,
    struct ms_buf *to, struct ms_err *err)
{
	struct ms_buf front = MS_BUF_INIT(SD_ALGS);
	struct ms_span ct = ms_oid_bytes(s->content_type);
	struct ms_span sd = ms_oid_bytes(MS_OID_signedData);
	uint64_t octets, encap, whole, ct0;
	struct ms_der d;
	size_t i;
	int rc = -1;

	ms_der_init(&d, &front);
	/* RFC 5652 section 5.1 */
	ms_der_uint(&d, s->content_type == MS_OID_data ? 1 : 3);
	ms_der_begin(&d, MS_SET);
	for (i = 0; i < s->nmds; i++)
		write_md(&d, s->mds[i]);
	ms_der_end_setof(&d);
	if (ms_der_finish(&d, err) < 0)
		goto out;
	octets = ms_der_size(size);
	encap = ms_der_size(ct.n) + (attached ? ms_der_size(octets) : 0);
	whole = front.n + ms_der_size(encap) + tail;
	ct0 = ms_der_size(whole);
	if (add_head(to, MS_SEQUENCE, ms_der_size(sd.n) + ms_der_size(ct0),
		err) < 0 ||
	    add_head(to, MS_OBJECT, sd.n, err) < 0 ||
	    ms_buf_add(to, sd.p, sd.n, err) < 0 ||
	    add_head(to, MS_CTXC(0), ct0, err) < 0 ||
	    add_head(to, MS_SEQUENCE, whole, err) < 0 ||
	    ms_buf_add(to, front.p, front.n, err) < 0 ||
	    add_head(to, MS_SEQUENCE, encap, err) < 0 ||
	    add_head(to, MS_OBJECT, ct.n, err) < 0 ||
	    ms_buf_add(to, ct.p, ct.n, err) < 0)
		goto out;
	if (attached && (add_head(to, MS_CTXC(0), octets, err) < 0 ||
		add_head(to, MS_OCTETSTRING, size, err) < 0))
		goto out;
	rc = 0;
out:
	ms_buf_clear(&front);
	return rc;
}

static int
unfinished(const struct ms_sign *s, struct ms_err *err)
{
	return s->final ? 0 : ms_fail(err, MS_BUG, "was not signed yet");
}

int
ms_sign_write_detached(const struct ms_sign *s, struct ms_buf *der,
    struct ms_err *err)
{
	struct ms_buf tail = MS_BUF_INIT(MS_CMS_SIGNERS * MS_CMS_SIGNERINFO);
	int rc = -1;

	if (unfinished(s, err) == 0 && write_tail(s, &tail, err) == 0 &&
	    write_head(s, false, 0, tail.n, der, err) == 0)
		rc = ms_buf_add(der, tail.p, tail.n, err);
	ms_buf_clear(&tail);
	return rc;
}

int
ms_sign_write_whole(const struct ms_sign *s, struct ms_span content,
    struct ms_buf *der, struct ms_err *err)
{
	struct ms_buf tail = MS_BUF_INIT(MS_CMS_SIGNERS * MS_CMS_SIGNERINFO);
	int rc = -1;

	if (unfinished(s, err) == 0 && write_tail(s, &tail, err) == 0 &&
	    write_head(s, true, content.n, tail.n, der, err) == 0 &&
	    ms_buf_add(der, content.p, content.n, err) == 0)
		rc = ms_buf_add(der, tail.p, tail.n, err);
	ms_buf_clear(&tail);
	return rc;
}

/* Exactly `size` octets of content. */
static int
copy_content(struct ms_src *from, uint64_t size, struct ms_sink *to,
    struct ms_err *err)
{
	uint64_t left = size;
	int rc;

	while ((rc = ms_src_fill(from, err)) == 1) {
		if (from->n > left)
			return ms_fail(err, MS_IO,
			    "there is more content than was announced");
		if (ms_sink_write(to, from->p, from->n, err) < 0)
			return -1;
		left -= from->n;
		ms_src_take(from, from->n);
	}
	if (rc < 0)
		return -1;
	if (left > 0)
		return ms_fail(err, MS_IO,
		    "there is less content than was announced");
	return 0;
}

int
ms_sign_write(const struct ms_sign *s, struct ms_src *content, uint64_t size,
    struct ms_sink *to, struct ms_err *err)
{
	struct ms_buf head = MS_BUF_INIT(SD_ALGS);
	struct ms_buf tail = MS_BUF_INIT(MS_CMS_SIGNERS * MS_CMS_SIGNERINFO);
	int rc = -1;

	if (unfinished(s, err) == 0 && write_tail(s, &tail, err) == 0 &&
	    write_head(s, true, size, tail.n, &head, err) == 0 &&
	    ms_sink_write(to, head.p, head.n, err) == 0 &&
	    copy_content(content, size, to, err) == 0)
		rc = ms_sink_write(to, tail.p, tail.n, err);
	ms_buf_clear(&head);
	ms_buf_clear(&tail);
	return rc;
}
