/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole messages: every header, part and body that is found is read and
 * decoded; where a part is cut must not depend on where blocks end.
 */
#include <stdlib.h>
#include <string.h>

#include "mime/mime.h"
#include "../unit/chop.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void
look(const struct ms_mime_header *h)
{
	struct ms_addrlist l;
	time_t t;
	size_t i, sum = h->mbox.n + h->blank;

	for (i = 0; i < h->n; i++) {
		sum += h->v[i].raw.n;
		free(ms_mime_decode_text(h->v[i].value, NULL));
		ms_mime_date_parse(h->v[i].value, &t, NULL);
	}
	if (sum != h->raw.n)
		abort();
	if (ms_mime_addrs(h, "From", &l, NULL) == 0)
		ms_addrlist_clear(&l);
}

static void
leaf(struct ms_src *src, const char *encoding, struct ms_buf *seen)
{
	struct ms_src *d = ms_mime_decoder(src, encoding, NULL);
	struct ms_src *c = d ? ms_mime_crlf(d, NULL) : NULL;
	size_t before = seen->n;

	/* How much comes before a fault does depend on the blocks. */
	if (c && ms_src_slurp(c, seen, NULL))
		seen->n = before;
	ms_src_free(c);
	ms_src_free(d);
}

static int
entity(struct ms_src *src, struct ms_buf *seen, int depth)
{
	struct ms_mime_header h;
	struct ms_mime_entity e;
	struct ms_mime_parts *m;
	struct ms_src *part;
	const char *b;
	int rc = -1;

	ms_mime_header_init(&h);
	if (ms_mime_header_read(src, &h, NULL))
		goto out;
	look(&h);
	ms_buf_add(seen, h.raw.p, h.raw.n, NULL);
	if (ms_mime_entity(&h, &e, NULL))
		goto out;
	b = ms_mime_param(&e.type, "boundary");
	m = b && depth < 100 ? ms_mime_parts_new(src, b, NULL) : NULL;
	if (m) {
		while ((rc = ms_mime_parts_next(m, &part, NULL)) == 1) {
			ms_buf_addc(seen, '[', NULL);
			entity(part, seen, depth + 1);
		}
		ms_mime_parts_free(m);
	} else {
		leaf(src, e.encoding, seen);
	}
	ms_mime_entity_clear(&e);
out:
	ms_mime_header_clear(&h);
	return rc;
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct ms_buf whole = MS_BUF_INIT(4 * n + 100);
	struct ms_buf cut = MS_BUF_INIT(4 * n + 100);
	struct ms_src *mem;
	struct chop c;

	mem = ms_src_mem(p, n, NULL);
	entity(mem, &whole, 0);
	ms_src_free(mem);
	chop_init(&c, p, n, n ? p[n - 1] % 16 + 1 : 1);
	entity(&c.s, &cut, 0);
	chop_clear(&c);
	if (!ms_span_eq(ms_buf_span(&whole), ms_buf_span(&cut)))
		abort();
	ms_buf_clear(&whole);
	ms_buf_clear(&cut);
	return 0;
}
