/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Composing from whatever: fields, parameters and bodies that are written read
 * back as what went in, on short lines of ASCII.
 */
#include <stdlib.h>
#include <string.h>

#include "mime/mime.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void
must(bool good)
{
	if (!good)
		abort();
}

static void
check_lines(const struct ms_buf *b, size_t longest)
{
	size_t i, col = 0;

	for (i = 0; i < b->n; i++) {
		must(b->p[i] < 0x80 && b->p[i] &&
		    (b->p[i] == '\n') == (i && b->p[i - 1] == '\r'));
		col = b->p[i] == '\n' ? 0 : col + 1;
		must(col <= longest + 1);
	}
	must(b->n == 0 || b->p[b->n - 1] == '\n');
}

static void
text(const char *s)
{
	struct ms_buf b = MS_BUF_INIT(1000000);
	struct ms_mime_header h;
	struct ms_src *src;
	char *back;

	if (ms_mime_put_text(&b, "Subject", s, NULL) == 0) {
		check_lines(&b, 1000);
		src = ms_src_mem(b.p, b.n, NULL);
		ms_mime_header_init(&h);
		must(ms_mime_header_read(src, &h, NULL) == 0 && h.n == 1);
		back = ms_mime_decode_text(h.v[0].value, NULL);
		/* what cannot be put into words is no text */
		must(back && ms_streq(back, s));
		free(back);
		ms_mime_header_clear(&h);
		ms_src_free(src);
	}
	ms_buf_clear(&b);
}

static void
param(const char *s)
{
	struct ms_buf b = MS_BUF_INIT(1000000);
	struct ms_mime_value v;

	ms_buf_adds(&b, "a/b", NULL);
	if (ms_mime_put_param(&b, "name", s, NULL) == 0) {
		must(ms_mime_value_parse(ms_buf_span(&b), &v, NULL) == 0);
		must(ms_streq(ms_mime_param(&v, "name"), s));
		ms_mime_value_clear(&v);
	}
	ms_buf_clear(&b);
}

static void
addrs(const unsigned char *p, size_t n)
{
	struct ms_buf b = MS_BUF_INIT(1000000);
	struct ms_addrlist l, m;
	size_t i;

	if (ms_addrlist_parse((const char *)p, n, false, &l, NULL))
		return;
	if (ms_mime_put_addrs(&b, "To", &l, NULL) == 0 && b.n) {
		must(ms_addrlist_parse((char *)b.p + 3, b.n - 5, true, &m,
		    NULL) == 0);
		must(m.n == l.n && m.ngroup == l.ngroup);
		for (i = 0; i < l.n; i++)
			must(ms_addr_equal(&l.v[i], &m.v[i]));
		ms_addrlist_clear(&m);
	}
	ms_addrlist_clear(&l);
	ms_buf_clear(&b);
}

/* The attachment's bytes come back, the message is canonical. */
static void
compose(const unsigned char *p, size_t n)
{
	struct ms_mime_draft d = { .header = MS_BUF_INIT(100) };
	struct ms_mime_attachment a = { "x.txt", n & 1 ? "text/plain" :
	    "a/b", ms_src_mem(p, n, NULL) };
	struct ms_buf out = MS_BUF_INIT(10000000), back = MS_BUF_INIT(n + 9);
	struct ms_sink *k = ms_sink_buf(&out, NULL);
	struct ms_mime_header h;
	struct ms_mime_entity e;
	struct ms_mime_parts *m;
	struct ms_src *src, *part, *dec;

	d.text = ms_src_mem(p, n, NULL);
	d.attach = &a;
	d.nattach = 1;
	must(ms_mime_compose(&d, k, NULL) == 0);
	check_lines(&out, 78);
	src = ms_src_mem(out.p, out.n, NULL);
	ms_mime_header_init(&h);
	must(ms_mime_header_read(src, &h, NULL) == 0);
	must(ms_mime_entity(&h, &e, NULL) == 0);
	m = ms_mime_parts_new(src, ms_mime_param(&e.type, "boundary"), NULL);
	must(ms_mime_parts_next(m, &part, NULL) == 1);
	must(ms_mime_parts_next(m, &part, NULL) == 1);
	ms_mime_entity_clear(&e);
	must(ms_mime_header_read(part, &h, NULL) == 0);
	must(ms_mime_entity(&h, &e, NULL) == 0);
	dec = ms_mime_decoder(part, e.encoding, NULL);
	must(ms_src_slurp(dec, &back, NULL) == 0 && back.n == n &&
	    (n == 0 || memcmp(back.p, p, n) == 0));
	ms_src_free(dec);
	must(ms_mime_parts_next(m, &part, NULL) == 0);
	ms_mime_entity_clear(&e);
	ms_mime_header_clear(&h);
	ms_mime_parts_free(m);
	ms_src_free(src);
	ms_src_free(a.src);
	ms_src_free(d.text);
	ms_sink_free(k);
	ms_buf_clear(&out);
	ms_buf_clear(&back);
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct ms_span in = { p, n };
	char *s = ms_span_dup(in);

	if (s) {
		text(s);
		param(s);
	}
	free(s);
	addrs(p, n);
	compose(p, n);
	return 0;
}
