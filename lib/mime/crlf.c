/* SPDX-License-Identifier: Apache-2.0 */
/* Line ends: the canonical form that is signed, and back. */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define CHUNK 64	/* bytes compared at once; a size compilers unroll */
#define SHORT 1024	/* a clean run shorter than this is copied along */

struct crlf {
	struct ms_src s;	/* must be first */
	struct ms_src *src;
	bool cr;		/* a CR ended the block before */
	unsigned char out[MS_BLOCK];
};

/*
 * How many of the n bytes at p are canonical: each CR with its LF, each LF
 * with its CR, no CR at the end.  A difference is looked for in whole chunks,
 * without a branch a byte.
 */
static size_t
clean_run(const unsigned char *p, size_t n)
{
	size_t i, k = 0;
	unsigned char bad;	/* a byte, so that compilers use vectors */

	if (n == 0 || p[0] == '\n')
		return 0;
	for (; k + CHUNK < n; k += CHUNK) {
		bad = 0;
		for (i = 0; i < CHUNK; i++)
			bad |= (unsigned char)((p[k + i] == '\r') ^
			    (p[k + i + 1] == '\n'));
		if (bad)
			break;
	}
	for (; k + 1 < n; k++)
		if ((p[k] == '\r') != (p[k + 1] == '\n'))
			break;
	/* p[k] is the last byte, or wrong together with the one behind it */
	if (k + 1 < n)
		return p[k] == '\r' ? k : k + 1;
	return p[k] == '\r' ? k : n;
}

/*
 * Copy and mend: lines of the source into out, until one of them ends.  A CR
 * at the source's end is left there.
 */
static size_t
mend(struct crlf *c, const unsigned char *p, size_t n, size_t *taken)
{
	const unsigned char *start = p, *end = p + n, *lf, *cr, *eol;
	unsigned char *to = c->out, *to_end = c->out + sizeof(c->out) - 2;
	size_t k;

	cr = memchr(p, '\r', n);
	while (p < end && to < to_end) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (cr && cr < p)
			cr = memchr(p, '\r', (size_t)(end - p));
		eol = cr && (!lf || cr < lf) ? cr : lf ? lf : end;
		k = (size_t)(eol - p);
		if (k > (size_t)(to_end - to))
			k = (size_t)(to_end - to);
		memcpy(to, p, k);
		to += k;
		p += k;
		if (p < eol || p == end || (*p == '\r' && p + 1 == end))
			break;
		*to++ = '\r';
		*to++ = '\n';
		p += *p == '\r' && p[1] == '\n' ? 2 : 1;
	}
	*taken = (size_t)(p - start);
	return (size_t)(to - c->out);
}

static int
lend(struct crlf *c, const void *p, size_t n)
{
	c->s.p = p;
	c->s.n = n;
	return 0;
}

static int
crlf_fill(struct ms_src *s, struct ms_err *err)
{
	struct crlf *c = (struct crlf *)s;
	struct ms_src *src = c->src;
	const unsigned char *p;
	size_t n, taken;
	int rc;

	rc = ms_src_fill(src, err);
	if (rc < 0)
		return -1;
	if (c->cr) {
		c->cr = false;
		if (rc && *src->p == '\n')
			ms_src_take(src, 1);
		return lend(c, "\r\n", 2);
	}
	if (rc == 0) {
		s->end = true;
		return 0;
	}
	p = src->p;
	n = clean_run(p, src->n);
	if (n >= SHORT || n == src->n) {
		ms_src_take(src, n);
		return lend(c, p, n);
	}
	n = mend(c, p, src->n, &taken);
	ms_src_take(src, taken);
	if (n)
		return lend(c, c->out, n);
	/* Only a CR was left of the block. */
	ms_src_take(src, 1);
	c->cr = true;
	return crlf_fill(s, err);
}

static void
crlf_free(struct ms_src *s)
{
	free(s);
}

struct ms_src *
ms_mime_crlf(struct ms_src *src, struct ms_err *err)
{
	struct crlf *c = malloc(sizeof(*c));

	if (!c) {
		ms_fail_nomem(err);
		return NULL;
	}
	memset(&c->s, 0, sizeof(c->s));
	c->s.fill = crlf_fill;
	c->s.free = crlf_free;
	c->src = src;
	c->cr = false;
	return &c->s;
}

/* ---- sink: CRLF to LF ---- */

struct eol {
	struct ms_sink k;	/* must be first */
	struct ms_sink *to;
	bool crlf;
	bool cr;		/* a CR is held back */
};

static int
eol_write(struct ms_sink *k, const void *data, size_t n, struct ms_err *err)
{
	struct eol *e = (struct eol *)k;
	const unsigned char *p = data, *end = p + n, *cr;

	if (e->crlf)
		return ms_sink_write(e->to, data, n, err);
	while (p < end) {
		if (e->cr) {
			if (*p != '\n' && ms_sink_write(e->to, "\r", 1, err))
				return -1;
			e->cr = false;
		}
		cr = memchr(p, '\r', (size_t)(end - p));
		if (ms_sink_write(e->to, p,
		    (size_t)((cr ? cr : end) - p), err))
			return -1;
		e->cr = cr != NULL;
		p = cr ? cr + 1 : end;
	}
	return 0;
}

static int
eol_end(struct ms_sink *k, struct ms_err *err)
{
	struct eol *e = (struct eol *)k;

	return e->cr ? ms_sink_write(e->to, "\r", 1, err) : 0;
}

static void
eol_free(struct ms_sink *k)
{
	free(k);
}

struct ms_sink *
ms_mime_eol(struct ms_sink *to, bool crlf, struct ms_err *err)
{
	struct eol *e = calloc(1, sizeof(*e));

	if (!e) {
		ms_fail_nomem(err);
		return NULL;
	}
	e->k.write = eol_write;
	e->k.end = eol_end;
	e->k.free = eol_free;
	e->to = to;
	e->crlf = crlf;
	return &e->k;
}
