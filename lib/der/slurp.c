/* SPDX-License-Identifier: Apache-2.0 */
/* Whole elements off the stream: into memory with definite lengths, or away. */
#include "der/internal.h"

/* An element on its way into memory. */
struct slurp {
	struct ms_ber *r;
	struct ms_der d;
	struct ms_buf *to;
	size_t start, max;
	const char *what;
};

static int
written(struct slurp *s)
{
	struct ms_ber *r = s->r;

	if (s->d.failed)
		return ms_ber_fail(r, s->d.err.class, "%s: %s", s->what,
		    s->d.err.text);
	if (s->to->n - s->start > s->max)
		return ms_ber_fail(r, MS_DATA, "%s is longer than %zu bytes",
		    s->what, s->max);
	return 0;
}

/* Append n bytes of contents.  Room grows with what really comes. */
static int
contents(struct slurp *s, uint64_t n)
{
	struct ms_ber *r = s->r;
	size_t k = 0;

	if (n > s->max - (s->to->n - s->start))
		return ms_ber_fail(r, MS_DATA, "%s is longer than %zu bytes",
		    s->what, s->max);
	for (; n > 0; n -= k) {
		if (ms_ber_block(r, n, &k, s->what) < 0)
			return -1;
		ms_der_raw(&s->d, r->src->p, k);
		ms_src_take(r->src, k);
		if (s->d.failed)
			return written(s);
	}
	return 0;
}

static int
primitive(struct slurp *s)
{
	unsigned char head[10];
	uint64_t n = s->r->len;

	ms_der_raw(&s->d, head, ms_der_head(head, s->r->tag, n));
	s->r->have = false;
	if (written(s) < 0)
		return -1;
	return contents(s, n);
}

/* A piece of a BIT STRING: only the last may leave bits unused (X.690
 * 8.6.4), and the joined string says how many in front. */
static int
bits(struct slurp *s, size_t unused_at)
{
	struct ms_ber *r = s->r;
	size_t n = 0;

	if (s->to->p[unused_at] != 0)
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.6.4: a piece"
		    " of a BIT STRING in %s with unused bits is not the last",
		    s->what);
	if (r->left == 0)
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.6.2: a piece"
		    " of a BIT STRING in %s is empty", s->what);
	if (ms_ber_block(r, 1, &n, s->what) < 0)
		return -1;
	s->to->p[unused_at] = *r->src->p;
	ms_src_take(r->src, 1);
	return contents(s, r->left - 1);
}

/* A constructed string becomes a primitive one. */
static int
string(struct slurp *s)
{
	struct ms_ber *r = s->r;
	int tag = r->tag & ~0x20, base = r->depth, rc;
	int piece = tag == MS_BITSTRING ? MS_BITSTRING : MS_OCTETSTRING;
	size_t at;

	if (ms_ber_push(r, s->what) < 0)
		return -1;
	ms_der_begin(&s->d, tag);
	at = s->to->n;
	if (tag == MS_BITSTRING)
		ms_der_raw(&s->d, "", 1);
	if (written(s) < 0)
		return -1;
	while ((rc = ms_ber_piece(r, piece, base, s->what)) > 0)
		if ((tag == MS_BITSTRING ? bits(s, at) :
		    contents(s, r->left)) < 0)
			return -1;
	r->left = 0;
	if (rc < 0)
		return -1;
	ms_der_end(&s->d);
	return written(s);
}

/* Universal types that are strings of octets or bits, in constructed form
 * (X.690 8.6, 8.7, 8.23; the times are strings too, 8.25, 8.26). */
static bool
is_string(int tag)
{
	static const uint32_t strings = 1u << 3 | 1u << 4 | 1u << 7 |
	    1u << 12 | 0x7fu << 18 | 0x3fu << 25;

	return (tag & 0xe0) == 0x20 && strings & 1u << (tag & 0x1f);
}

static int
slurp(struct slurp *s)
{
	struct ms_ber *r = s->r;
	int base = r->depth, rc;

	do {
		rc = ms_ber_head(r, s->what);
		if (rc == 0) {
			ms_ber_pop(r);
			ms_der_end(&s->d);
			rc = written(s);
		} else if (rc > 0 && is_string(r->tag)) {
			rc = string(s);
		} else if (rc > 0 && r->tag & 0x20) {
			rc = ms_ber_push(r, s->what);
			ms_der_begin(&s->d, r->tag);
			if (rc == 0)
				rc = written(s);
		} else if (rc > 0) {
			rc = primitive(s);
		}
	} while (rc == 0 && r->depth > base);
	return rc;
}

int
ms_ber_slurp(struct ms_ber *r, struct ms_buf *to, size_t max, const char *what,
    struct ms_err *err)
{
	struct slurp s = { .r = r, .to = to, .start = to->n, .max = max,
	    .what = what };

	ms_der_init(&s.d, to);
	if (ms_ber_need(r, what) < 0)
		return ms_ber_tell(r, err);
	if (!r->indef && r->len > max) {
		ms_ber_fail(r, MS_DATA, "%s is longer than %zu bytes", what,
		    max);
		return ms_ber_tell(r, err);
	}
	if (slurp(&s) < 0) {
		to->n = s.start;
		return ms_ber_tell(r, err);
	}
	return 0;
}

int
ms_ber_skip(struct ms_ber *r, const char *what, struct ms_err *err)
{
	int base = r->depth, rc;
	uint64_t left;
	size_t n = 0;

	if (ms_ber_need(r, what) < 0)
		return ms_ber_tell(r, err);
	do {
		rc = ms_ber_head(r, what);
		if (rc == 0) {
			ms_ber_pop(r);
		} else if (rc > 0 && r->indef) {
			rc = ms_ber_push(r, what);
		} else if (rc > 0) {
			/* A definite length jumps over all that is inside. */
			r->have = false;
			for (rc = 0, left = r->len; left > 0; left -= n) {
				rc = ms_ber_block(r, left, &n, what);
				if (rc < 0)
					break;
				ms_src_take(r->src, n);
			}
		}
	} while (rc == 0 && r->depth > base);
	return rc < 0 ? ms_ber_tell(r, err) : 0;
}

int
ms_ber_to_der(struct ms_span ber, struct ms_buf *der, struct ms_err *err)
{
	struct ms_src *src = ms_src_mem(ber.p, ber.n, err);
	struct ms_ber *r = src ? ms_ber_new(src, err) : NULL;
	size_t start = der->n;
	int rc = -1;

	if (r && ms_ber_slurp(r, der, SIZE_MAX, "the element", err) == 0) {
		rc = ms_ber_finish(r, err);
		if (rc < 0)
			der->n = start;
	}
	ms_ber_free(r);
	ms_src_free(src);
	return rc;
}
