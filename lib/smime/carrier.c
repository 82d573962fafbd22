/* SPDX-License-Identifier: Apache-2.0 */
/* CMS bytes out of a file, PEM armour or the body of a message. */
#include <stdlib.h>
#include <string.h>

#include "smime/internal.h"

#define AHEAD 64		/* bytes; ms_cms_guess() needs a third */

/* A source whose first bytes come together, however small the blocks of the
 * one below are. */
struct ahead {
	struct ms_src src;
	struct ms_src *below;
	bool lent;
	unsigned char first[AHEAD];
};

static int
fill_first(struct ahead *a, struct ms_err *err)
{
	size_t n = 0, k;
	int rc = 1;

	a->lent = true;
	while (n < AHEAD && (rc = ms_src_fill(a->below, err)) == 1) {
		k = a->below->n < AHEAD - n ? a->below->n : AHEAD - n;
		memcpy(a->first + n, a->below->p, k);
		ms_src_take(a->below, k);
		n += k;
	}
	a->src.p = a->first;
	a->src.n = n;
	a->src.end = n == 0;
	return rc < 0 ? -1 : 0;
}

static int
ahead_fill(struct ms_src *s, struct ms_err *err)
{
	struct ahead *a = (struct ahead *)s;
	int rc;

	if (!a->lent)
		return fill_first(a, err);
	rc = ms_src_fill(a->below, err);
	if (rc < 0)
		return -1;
	s->end = rc == 0;
	s->p = a->below->p;
	s->n = a->below->n;
	ms_src_take(a->below, a->below->n);
	return 0;
}

static void
ahead_free(struct ms_src *s)
{
	free(s);
}

struct ms_src *
smime_ahead(struct ms_src *src, struct ms_err *err)
{
	struct ahead *a = calloc(1, sizeof(*a));

	if (a == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	a->src.fill = ahead_fill;
	a->src.free = ahead_free;
	a->below = src;
	return &a->src;
}

void
smime_carrier_init(struct smime_carrier *c)
{
	memset(c, 0, sizeof(*c));
	smime_msg_init(&c->m);
}

/* c->below is there: put what looks ahead over it. */
static int
look(struct smime_carrier *c, struct ms_err *err)
{
	if (c->below == NULL)
		return -1;
	c->cms = smime_ahead(c->below, err);
	return c->cms != NULL ? 0 : -1;
}

int
smime_carrier_open(struct smime_carrier *c, struct ms_spool *in,
    enum ms_kind kind, struct ms_err *err)
{
	struct ms_src *src = ms_spool_read(in, err);

	if (src == NULL)
		return -1;
	if (kind != MS_KIND_MAIL)
		return smime_carrier_file(c, src, err);
	if (smime_msg_read(&c->m, src, err) != 0)
		return -1;
	return smime_what(&c->m.e) == SMIME_CMS ?
	    smime_carrier_body(c, &c->m, err) : 0;
}

int
smime_carrier_file(struct smime_carrier *c, struct ms_src *src,
    struct ms_err *err)
{
	c->below = ms_cms_unarmor(src, &c->owned, err);
	return look(c, err);
}

int
smime_carrier_body(struct smime_carrier *c, struct smime_msg *m,
    struct ms_err *err)
{
	c->below = ms_mime_decoder(m->src, m->e.encoding, err);
	c->owned = c->below != NULL;
	return look(c, err);
}

void
smime_carrier_clear(struct smime_carrier *c)
{
	ms_src_free(c->cms);
	if (c->owned)
		ms_src_free(c->below);
	smime_msg_clear(&c->m);
	smime_carrier_init(c);
}
