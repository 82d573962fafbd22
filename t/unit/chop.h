/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source that lends `step` bytes at a time and takes them back at the next
 * fill: what is found must not depend on where blocks end, nor live on.
 */
#ifndef CHOP_H
#define CHOP_H

#include <stdlib.h>
#include <string.h>

#include "base/io.h"

struct chop {
	struct ms_src s;
	const unsigned char *p;
	size_t n, step;
	unsigned char *lent;
};

static int
chop_fill(struct ms_src *s, struct ms_err *err)
{
	struct chop *c = (struct chop *)s;
	size_t k = c->n < c->step ? c->n : c->step;

	free(c->lent);
	c->lent = NULL;
	if (k == 0) {
		s->end = true;
		return 0;
	}
	c->lent = malloc(k);
	if (!c->lent)
		return ms_fail_nomem(err);
	memcpy(c->lent, c->p, k);
	c->p += k;
	c->n -= k;
	s->p = c->lent;
	s->n = k;
	return 0;
}

static inline void
chop_init(struct chop *c, const void *p, size_t n, size_t step)
{
	memset(c, 0, sizeof(*c));
	c->s.fill = chop_fill;
	c->p = p;
	c->n = n;
	c->step = step;
}

static inline void
chop_clear(struct chop *c)
{
	free(c->lent);
	c->lent = NULL;
}

#endif
