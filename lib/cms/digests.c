/* SPDX-License-Identifier: Apache-2.0 */
/* Digests of a stream, several at once. */
#include <stdlib.h>
#include <string.h>

#include "cms/sd.h"

struct one {
	enum ms_oid md;
	const EVP_MD *evp;
	EVP_MD_CTX *ctx;
	unsigned char v[EVP_MAX_MD_SIZE];
	unsigned int nv;
};

struct ms_digests {
	struct one d[SD_MDS];
	size_t n;
	bool final;
	struct ms_buf content;	/* its beginning */
	bool whole;		/* ... which is all there was */
};

static int
add(struct ms_digests *d, enum ms_oid md, struct ms_err *err)
{
	struct one *o;
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->d[i].md == md)
			return 0;
	if (d->n == SD_MDS)
		return ms_fail(err, MS_DATA,
		    "more than %d different digests of one content", SD_MDS);
	o = &d->d[d->n];
	o->md = md;
	o->evp = ms_md_legacy(md);
	if (!o->evp)
		return ms_fail(err, MS_DATA, "digest %s is not supported",
		    ms_oid_name(md));
	o->ctx = EVP_MD_CTX_new();
	if (!o->ctx)
		return ms_fail_nomem(err);
	d->n++;
	return 0;
}

struct ms_digests *
ms_digests_new(const enum ms_oid *mds, size_t n, struct ms_err *err)
{
	struct ms_digests *d;
	size_t i;

	d = calloc(1, sizeof(*d));
	if (!d) {
		ms_fail_nomem(err);
		return NULL;
	}
	ms_buf_init(&d->content, MS_BLOCK);
	for (i = 0; i < n; i++)
		if (add(d, mds[i], err) < 0)
			goto fail;
	if (digests_reset(d, err) < 0)
		goto fail;
	return d;
fail:
	ms_digests_free(d);
	return NULL;
}

int
digests_reset(struct ms_digests *d, struct ms_err *err)
{
	size_t i;

	d->final = false;
	d->whole = true;
	ms_buf_reset(&d->content);
	for (i = 0; i < d->n; i++) {
		d->d[i].nv = 0;
		if (EVP_DigestInit_ex(d->d[i].ctx, d->d[i].evp, NULL) != 1)
			return ms_fail_ssl(err, MS_OS, "cannot begin a digest");
	}
	return 0;
}

void
ms_digests_free(struct ms_digests *d)
{
	size_t i;

	if (!d)
		return;
	for (i = 0; i < d->n; i++)
		EVP_MD_CTX_free(d->d[i].ctx);
	ms_buf_clear(&d->content);
	free(d);
}

int
ms_digests_update(struct ms_digests *d, const void *p, size_t n,
    struct ms_err *err)
{
	size_t i, k;

	if (d->final)
		return ms_fail(err, MS_BUG, "digest was already taken");
	k = MS_BLOCK - d->content.n;
	if (k < n)
		d->whole = false;
	if (k > 0 && ms_buf_add(&d->content, p, k < n ? k : n, err) < 0)
		return -1;
	for (i = 0; i < d->n; i++)
		if (EVP_DigestUpdate(d->d[i].ctx, p, n) != 1)
			return ms_fail_ssl(err, MS_OS, "cannot digest");
	return 0;
}

struct ms_span
ms_digests_value(struct ms_digests *d, enum ms_oid md)
{
	struct ms_span none = { NULL, 0 };
	size_t i;

	if (!d->final) {
		d->final = true;
		for (i = 0; i < d->n; i++)
			if (EVP_DigestFinal_ex(d->d[i].ctx, d->d[i].v,
				&d->d[i].nv) != 1)
				d->d[i].nv = 0;
	}
	for (i = 0; i < d->n; i++)
		if (d->d[i].md == md && d->d[i].nv > 0)
			return (struct ms_span){ d->d[i].v, d->d[i].nv };
	return none;
}

bool
digests_content(const struct ms_digests *d, struct ms_span *content)
{
	*content = ms_buf_span(&d->content);
	return d->whole;
}

/* ---- a source that digests what passes ---- */

struct digests_src {
	struct ms_src s;
	struct ms_src *below;
	struct ms_digests *d;
};

static int
src_fill(struct ms_src *s, struct ms_err *err)
{
	struct digests_src *g = (struct digests_src *)s;
	int rc;

	rc = ms_src_fill(g->below, err);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		s->end = true;
		return 0;
	}
	if (ms_digests_update(g->d, g->below->p, g->below->n, err) < 0)
		return -1;
	s->p = g->below->p;
	s->n = g->below->n;
	/* The bytes stay where they are until the next fill. */
	ms_src_take(g->below, g->below->n);
	return 0;
}

static void
src_free(struct ms_src *s)
{
	free(s);
}

struct ms_src *
ms_digests_src(struct ms_digests *d, struct ms_src *src, struct ms_err *err)
{
	struct digests_src *g;

	g = calloc(1, sizeof(*g));
	if (!g) {
		ms_fail_nomem(err);
		return NULL;
	}
	g->s.fill = src_fill;
	g->s.free = src_free;
	g->below = src;
	g->d = d;
	return &g->s;
}
