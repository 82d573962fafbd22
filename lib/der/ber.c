/* SPDX-License-Identifier: Apache-2.0 */
/* The streaming BER reader: heads, levels, and OCTET STRINGs as sources. */
#include "der/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Levels of a constructed string, the outermost included.  Nobody writes more
 * than two; deeper ones only cost time. */
#define STRING_DEPTH 4

/* Longest definite length, in bytes: sums with it stay within 64 bits. */
#define LENGTH_MAX ((uint64_t)INT64_MAX)

struct ms_ber *
ms_ber_new(struct ms_src *src, struct ms_err *err)
{
	struct ms_ber *r = calloc(1, sizeof(*r));

	if (!r) {
		ms_fail_nomem(err);
		return NULL;
	}
	r->src = src;
	r->level[0].end = UINT64_MAX;
	r->level[0].what = "the input";
	return r;
}

void
ms_ber_free(struct ms_ber *r)
{
	free(r);
}

int
ms_ber_fail(struct ms_ber *r, enum ms_class c, const char *fmt, ...)
{
	char text[sizeof(r->why.text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->failed = true;
	return ms_fail(&r->why, c, "%s", text);
}

int
ms_ber_tell(struct ms_ber *r, struct ms_err *err)
{
	if (err && err->class == MS_OK)
		*err = r->why;
	return -1;
}

static const char in_identifier[] = "8.1.2: truncated in the identifier";
static const char in_length[] = "8.1.3: truncated in the length";

/* The next octet of a head, or -1. */
static int
octet(struct ms_ber *r, const char *what, const char *part)
{
	struct ms_src *s = r->src;
	int c, rc;

	if (s->pos >= r->level[r->depth].end)
		return ms_ber_fail(r, MS_DATA, "X.690 section %s of %s: the"
		    " definite length around it ends there", part, what);
	if (s->n == 0) {
		rc = ms_src_fill(s, &r->why);
		if (rc < 0) {
			r->failed = true;
			return -1;
		}
		if (rc == 0)
			return ms_ber_fail(r, MS_DATA, "X.690 section %s of"
			    " %s", part, what);
	}
	c = *s->p;
	ms_src_take(s, 1);
	return c;
}

/* Length octets into r->len and r->indef (X.690 8.1.3). */
static int
length(struct ms_ber *r, const char *what)
{
	uint64_t n = 0;
	int c, k;

	k = octet(r, what, in_length);
	if (k < 0)
		return -1;
	r->indef = k == 0x80;
	r->len = k < 0x80 ? (uint64_t)k : 0;
	if (k <= 0x80)
		return 0;
	k &= 0x7f;
	if (k > 8)
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.3.5: length"
		    " of %s has %d octets", what, k);
	while (k-- > 0) {
		c = octet(r, what, in_length);
		if (c < 0)
			return -1;
		n = n << 8 | (uint64_t)c;
	}
	if (n > LENGTH_MAX)
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.3.5: length"
		    " of %s is beyond 2^63 - 1", what);
	r->len = n;
	return 0;
}

/* Whether a universal type may have this form (X.690 8.2 to 8.23). */
static bool
form_allowed(int tag)
{
	/* Bits by tag number. */
	static const uint32_t primitive_only = 1u << 0 | 1u << 1 | 1u << 2 |
	    1u << 5 | 1u << 6 | 1u << 9 | 1u << 10 | 1u << 13;
	static const uint32_t constructed_only = 1u << 8 | 1u << 11 |
	    1u << 16 | 1u << 17;
	uint32_t bit = 1u << (tag & 0x1f);

	if (tag & 0xc0)
		return true;
	return !(bit & (tag & 0x20 ? primitive_only : constructed_only));
}

/* What the identifier and length octets say must make sense here. */
static int
judge(struct ms_ber *r, const char *what)
{
	char t[MS_TAG_STR];
	uint64_t room;

	if (r->indef && !(r->tag & 0x20))
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.3.2:"
		    " indefinite length of %s, which is primitive", what);
	if (!form_allowed(r->tag))
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.2.5: %s has"
		    " %s, a form the type does not have", what,
		    ms_der_tag_str(r->tag, t));
	room = r->level[r->depth].end - r->src->pos;
	if (!r->indef && r->len > room)
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.3: %s has"
		    " %llu bytes, but the definite length around it ends after"
		    " %llu", what, (unsigned long long)r->len,
		    (unsigned long long)room);
	return 0;
}

static int
end_of_contents(struct ms_ber *r, const char *what)
{
	if (!r->level[r->depth].indef)
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.5:"
		    " end-of-contents at %s, where no indefinite length is"
		    " open", what);
	if (r->indef || r->len != 0)
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.5:"
		    " end-of-contents of %s with a length",
		    r->level[r->depth].what);
	r->eoc = true;
	return 0;
}

/* A primitive OCTET STRING may end without its reader having asked. */
static bool
read_out(struct ms_ber *r)
{
	if (r->base < 0 && r->left == 0 && r->octets.n == 0)
		r->lent = false;
	return !r->lent;
}

int
ms_ber_head(struct ms_ber *r, const char *what)
{
	int rc;

	if (r->failed)
		return -1;
	if (r->lent && !read_out(r))
		return ms_ber_fail(r, MS_BUG, "BER reader: %s was not read to"
		    " its end before %s", r->string, what);
	if (r->have)
		return 1;
	if (r->eoc)
		return 0;
	if (r->depth == 0 && r->src->n == 0) {
		rc = ms_src_fill(r->src, &r->why);
		r->failed = rc < 0;
		if (rc <= 0)
			return rc;
	}
	if (!r->level[r->depth].indef &&
	    r->src->pos >= r->level[r->depth].end)
		return 0;
	r->tag = octet(r, what, in_identifier);
	if (r->tag < 0)
		return -1;
	if ((r->tag & 0x1f) == 0x1f)
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.2.4: tag"
		    " number above 30 at %s", what);
	if (length(r, what) < 0)
		return -1;
	if (r->tag == 0)
		return end_of_contents(r, what);
	if (judge(r, what) < 0)
		return -1;
	r->any = r->have = true;
	return 1;
}

int
ms_ber_need(struct ms_ber *r, const char *what)
{
	int rc = ms_ber_head(r, what);

	if (rc != 0)
		return rc;
	if (r->depth == 0)
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.1:"
		    " truncated, %s is missing", what);
	return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.1: %s is missing in"
	    " %s", what, r->level[r->depth].what);
}

int
ms_ber_push(struct ms_ber *r, const char *what)
{
	uint64_t end = r->level[r->depth].end;

	if (r->depth >= MS_DER_DEPTH)
		return ms_ber_fail(r, MS_DATA, "X.690 section 8.1: %s is"
		    " nested deeper than %d", what, MS_DER_DEPTH);
	r->depth++;
	r->level[r->depth].end = r->indef ? end : r->src->pos + r->len;
	r->level[r->depth].indef = r->indef;
	r->level[r->depth].what = what;
	r->have = false;
	return 0;
}

void
ms_ber_pop(struct ms_ber *r)
{
	r->eoc = false;
	r->depth--;
}

int
ms_ber_block(struct ms_ber *r, uint64_t left, size_t *n, const char *what)
{
	int rc;

	if (r->src->n == 0) {
		rc = ms_src_fill(r->src, &r->why);
		if (rc < 0) {
			r->failed = true;
			return -1;
		}
		if (rc == 0)
			return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.4:"
			    " truncated in the contents of %s", what);
	}
	*n = r->src->n < left ? r->src->n : (size_t)left;
	return 0;
}

int
ms_ber_piece(struct ms_ber *r, int piece, int base, const char *what)
{
	char want[MS_TAG_STR], got[MS_TAG_STR];
	int rc;

	for (;;) {
		rc = ms_ber_head(r, what);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			ms_ber_pop(r);
			if (r->depth == base)
				return 0;
			continue;
		}
		if (r->tag == piece) {
			r->have = false;
			r->left = r->len;
			return 1;
		}
		if (r->tag != (piece | 0x20))
			return ms_ber_fail(r, MS_DATA, "X.690 section 8.7.3:"
			    " %s is made of %s, found %s", what,
			    ms_der_tag_str(piece, want),
			    ms_der_tag_str(r->tag, got));
		if (r->depth - base >= STRING_DEPTH)
			return ms_ber_fail(r, MS_DATA, "X.690 section 8.7.3:"
			    " pieces of %s are nested deeper than %d", what,
			    STRING_DEPTH);
		if (ms_ber_push(r, what) < 0)
			return -1;
	}
}

int
ms_ber_peek(struct ms_ber *r, int *tag, struct ms_err *err)
{
	int rc = ms_ber_head(r, r->level[r->depth].what);

	if (rc < 0)
		return ms_ber_tell(r, err);
	if (rc > 0)
		*tag = r->tag;
	return rc;
}

static int
wrong_tag(struct ms_ber *r, int tag, const char *what)
{
	char want[MS_TAG_STR], got[MS_TAG_STR];

	return ms_ber_fail(r, MS_DATA, "X.690 section 8.1.2: %s wants %s,"
	    " found %s", what, ms_der_tag_str(tag, want),
	    ms_der_tag_str(r->tag, got));
}

int
ms_ber_enter(struct ms_ber *r, int tag, const char *what, struct ms_err *err)
{
	if (ms_ber_need(r, what) < 0)
		return ms_ber_tell(r, err);
	if (r->tag != tag || !(tag & 0x20)) {
		wrong_tag(r, tag | 0x20, what);
		return ms_ber_tell(r, err);
	}
	return ms_ber_push(r, what) < 0 ? ms_ber_tell(r, err) : 0;
}

int
ms_ber_leave(struct ms_ber *r, const char *what, struct ms_err *err)
{
	char got[MS_TAG_STR];
	int rc;

	rc = ms_ber_head(r, what);
	if (rc == 0 && r->depth == 0)
		rc = ms_ber_fail(r, MS_BUG, "BER reader: %s is not open", what);
	if (rc > 0)
		rc = ms_ber_fail(r, MS_DATA, "X.690 section 8.1.1: unexpected"
		    " %s at the end of %s", ms_der_tag_str(r->tag, got), what);
	if (rc < 0)
		return ms_ber_tell(r, err);
	ms_ber_pop(r);
	return 0;
}

int
ms_ber_finish(struct ms_ber *r, struct ms_err *err)
{
	int rc = -1;

	if (r->failed)
		return ms_ber_tell(r, err);
	if (!read_out(r) || r->depth > 0)
		ms_ber_fail(r, MS_BUG, "BER reader: finished within %s",
		    r->level[r->depth].what);
	else if (!r->have && (rc = ms_src_fill(r->src, &r->why)) < 0)
		r->failed = true;
	else if (rc != 0)
		ms_ber_fail(r, MS_DATA, "X.690 section 8.1.1: trailing bytes"
		    " after the outermost element");
	else if (!r->any)
		ms_ber_fail(r, MS_DATA, "X.690 section 8.1.1: truncated, there"
		    " is no element");
	return r->failed ? ms_ber_tell(r, err) : 0;
}

/*
 * Lend what the source below has ready: no byte is copied.  They stay valid,
 * though they are taken from the source at once, until its next fill, and
 * that happens only here.
 */
static int
octets_fill(struct ms_src *s, struct ms_err *err)
{
	struct ms_ber *r = (struct ms_ber *)((char *)s -
	    offsetof(struct ms_ber, octets));
	size_t n = 0;
	int rc;

	/* To read on is right for the string, wrong for all others. */
	r->lent = false;
	while (r->left == 0) {
		rc = r->base < 0 ? 0 : ms_ber_piece(r, MS_OCTETSTRING, r->base,
		    r->string);
		if (rc < 0)
			return ms_ber_tell(r, err);
		if (rc == 0) {
			s->end = true;
			return 0;
		}
	}
	r->lent = true;
	if (ms_ber_block(r, r->left, &n, r->string) < 0)
		return ms_ber_tell(r, err);
	s->p = r->src->p;
	s->n = n;
	ms_src_take(r->src, n);
	r->left -= n;
	return 0;
}

struct ms_src *
ms_ber_octets(struct ms_ber *r, int tag, const char *what, struct ms_err *err)
{
	static const struct ms_src fresh = { .fill = octets_fill };

	if (ms_ber_need(r, what) < 0)
		goto failed;
	if ((r->tag | 0x20) != (tag | 0x20)) {
		wrong_tag(r, tag, what);
		goto failed;
	}
	r->octets = fresh;
	r->string = what;
	r->base = -1;
	r->left = r->len;
	if (r->tag & 0x20) {
		r->base = r->depth;
		r->left = 0;
		if (ms_ber_push(r, what) < 0)
			goto failed;
	}
	r->have = false;
	r->lent = true;
	return &r->octets;
failed:
	ms_ber_tell(r, err);
	return NULL;
}
