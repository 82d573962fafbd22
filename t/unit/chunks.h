/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source over memory that gives `step` bytes at a time, each block in a
 * heap block of its own that dies at the next fill: a reader that keeps lent
 * bytes too long is caught by the address sanitizer.
 */
#ifndef CHUNKS_H
#define CHUNKS_H

#include <stdlib.h>
#include <string.h>

#include "base/io.h"

struct chunks {
	struct ms_src s;
	const unsigned char *p;
	size_t n, step;
	unsigned char *block;
};

static inline int
chunks_fill(struct ms_src *s, struct ms_err *err)
{
	struct chunks *c = (struct chunks *)s;
	size_t k = c->n < c->step ? c->n : c->step;

	free(c->block);
	c->block = NULL;
	if (k == 0) {
		s->end = true;
		return 0;
	}
	c->block = malloc(k);
	if (!c->block)
		return ms_fail_nomem(err);
	memcpy(c->block, c->p, k);
	s->p = c->block;
	s->n = k;
	c->p += k;
	c->n -= k;
	return 0;
}

static inline struct ms_src *
chunks_init(struct chunks *c, const void *p, size_t n, size_t step)
{
	memset(c, 0, sizeof(*c));
	c->s.fill = chunks_fill;
	c->p = p;
	c->n = n;
	c->step = step;
	return &c->s;
}

static inline void
chunks_clear(struct chunks *c)
{
	free(c->block);
	c->block = NULL;
}

#endif
