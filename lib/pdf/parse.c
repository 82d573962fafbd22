/* SPDX-License-Identifier: Apache-2.0 */
/* Objects from their text, ISO 32000-2 section 7.3: a flat array of nodes,
 * made with a stack of fixed size. */
#include <stdlib.h>
#include <string.h>

#include "pdf/internal.h"

struct parser {
	struct ms_span s;
	struct ms_pdf_obj *o;
	enum pdf_mode mode;
	uint32_t open[MS_PDF_DEPTH];
	size_t depth;
	size_t closed;		/* nodes before it belong to others */
	size_t top;		/* values on the outermost level */
	struct ms_err *err;
};

void
ms_pdf_obj_init(struct ms_pdf_obj *o)
{
	memset(o, 0, sizeof(*o));
	ms_buf_init(&o->text, MS_PDF_TEXT);
}

void
ms_pdf_obj_clear(struct ms_pdf_obj *o)
{
	ms_buf_clear(&o->text);
	free(o->v);
	ms_pdf_obj_init(o);
}

static int
bad(struct parser *p, size_t at, const char *what)
{
	return ms_fail(p->err, MS_DATA, "ISO 32000-2 section 7.3: %s, %zu "
	    "bytes into an object", what, at);
}

static struct ms_pdf_node *
add(struct parser *p, const struct pdf_token *t, enum ms_pdf_type type)
{
	struct ms_pdf_obj *o = p->o;
	struct ms_pdf_node *v;
	size_t cap;

	if (o->n == o->cap) {
		cap = o->cap > 0 ? 2 * o->cap : 64;
		if (o->cap >= MS_PDF_NODES) {
			ms_fail(p->err, MS_DATA, "an object of more than %zu "
			    "values", MS_PDF_NODES);
			return NULL;
		}
		v = realloc(o->v, cap * sizeof(*v));
		if (v == NULL) {
			ms_fail_nomem(p->err);
			return NULL;
		}
		o->v = v;
		o->cap = cap;
	}
	v = &o->v[o->n++];
	memset(v, 0, sizeof(*v));
	v->type = (uint8_t)type;
	v->off = (uint32_t)t->off;
	v->len = (uint32_t)t->len;
	v->skip = 1;
	v->num = t->num;
	if (p->depth == 0)
		p->top++;
	return v;
}

static int
hex_value(int c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* FNV-1a over the decoded name: equal names have equal hashes. */
static int64_t
name_hash(const unsigned char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;
	int c;

	for (i = 0; i < n; i++) {
		c = s[i];
		if (c == '#' && n - i > 2) {
			c = hex_value(s[i + 1]) << 4 | hex_value(s[i + 2]);
			i += 2;
		}
		h = (h ^ (uint64_t)c) * 0x100000001b3u;
	}
	return (int64_t)(h >> 1);
}

static int
by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Readers differ on which of two equal keys counts: refuse. */
static int
check_keys(struct parser *p, size_t dict)
{
	struct ms_pdf_node *v = p->o->v;
	size_t count = (size_t)v[dict].num / 2, i, n = 0;
	int64_t few[32], *h = few;
	int rc = 0;

	if (v[dict].num % 2 != 0)
		return bad(p, v[dict].off, "a key without a value");
	if (count > 32 && (h = malloc(count * sizeof(*h))) == NULL)
		return ms_fail_nomem(p->err);
	for (i = dict + 1; n < count; n++) {
		if (v[i].type != MS_PDF_NAME) {
			rc = bad(p, v[i].off, "a key that is no name");
			goto out;
		}
		h[n] = v[i].num;
		i += 1;
		i += v[i].skip;
	}
	qsort(h, count, sizeof(*h), by_value);
	for (i = 1; i < count && rc == 0; i++)
		if (h[i] == h[i - 1])
			rc = bad(p, v[dict].off, "a key that is there twice");
	v[dict].num = (int64_t)count;
out:
	if (h != few)
		free(h);
	return rc;
}

static int
open_container(struct parser *p, const struct pdf_token *t,
    enum ms_pdf_type type)
{
	size_t me = p->o->n;

	if (p->depth == MS_PDF_DEPTH)
		return bad(p, t->off, "containers nested too deep");
	if (add(p, t, type) == NULL)
		return -1;
	p->open[p->depth++] = (uint32_t)me;
	p->closed = p->o->n;
	return 0;
}

static int
close_container(struct parser *p, const struct pdf_token *t,
    enum ms_pdf_type type)
{
	struct ms_pdf_node *v;
	size_t me, i;

	if (p->depth == 0 || p->o->v[p->open[p->depth - 1]].type != type)
		return bad(p, t->off, "a bracket that closes nothing");
	me = p->open[--p->depth];
	v = &p->o->v[me];
	v->len = (uint32_t)(t->off + t->len - v->off);
	v->skip = (uint32_t)(p->o->n - me);
	v->num = 0;
	for (i = me + 1; i < p->o->n; i += p->o->v[i].skip)
		v->num++;
	p->closed = p->o->n;
	return type == MS_PDF_DICT ? check_keys(p, me) : 0;
}

/* "12 0 R": the two numbers before become the reference. */
static int
reference(struct parser *p, const struct pdf_token *t)
{
	struct ms_pdf_obj *o = p->o;
	struct ms_pdf_node *a;

	if (o->n < p->closed + 2)
		return bad(p, t->off, "a reference without numbers");
	a = &o->v[o->n - 2];
	if (a[0].type != MS_PDF_INT || a[1].type != MS_PDF_INT ||
	    a[0].num < 0 || a[0].num > MS_PDF_OBJECTS || a[1].num < 0 ||
	    a[1].num > 65535)
		return bad(p, t->off, "a reference that leads nowhere");
	a[0].type = MS_PDF_REF;
	a[0].gen = (uint32_t)a[1].num;
	a[0].len = (uint32_t)(t->off + t->len - a[0].off);
	o->n--;
	p->closed = o->n;
	if (p->depth == 0)
		p->top--;
	return 0;
}

static int
take(struct parser *p, const struct pdf_token *t)
{
	struct ms_pdf_node *v;

	switch (t->kind) {
	case PDF_T_NULL:
		return add(p, t, MS_PDF_NULL) != NULL ? 0 : -1;
	case PDF_T_BOOL:
		return add(p, t, MS_PDF_BOOL) != NULL ? 0 : -1;
	case PDF_T_INT:
		return add(p, t, MS_PDF_INT) != NULL ? 0 : -1;
	case PDF_T_REAL:
		return add(p, t, MS_PDF_REAL) != NULL ? 0 : -1;
	case PDF_T_STRING:
		return add(p, t, MS_PDF_STRING) != NULL ? 0 : -1;
	case PDF_T_NAME:
		v = add(p, t, MS_PDF_NAME);
		if (v == NULL)
			return -1;
		v->num = name_hash(p->s.p + t->off + 1, t->len - 1);
		return 0;
	case PDF_T_OPEN_ARRAY:
		return open_container(p, t, MS_PDF_ARRAY);
	case PDF_T_OPEN_DICT:
		return open_container(p, t, MS_PDF_DICT);
	case PDF_T_CLOSE_ARRAY:
		return close_container(p, t, MS_PDF_ARRAY);
	case PDF_T_CLOSE_DICT:
		return close_container(p, t, MS_PDF_DICT);
	default:
		break;
	}
	if (pdf_token_is(p->s, t, "R"))
		return reference(p, t);
	return bad(p, t->off, t->kind == PDF_T_END ? "it has no end" :
	    "a word that has no meaning here");
}

/* Whether the token ends the object: the keyword behind it was taken. */
static bool
ends(struct parser *p, const struct pdf_token *t)
{
	if (p->depth > 0)
		return false;
	if (p->mode == PDF_SPAN)
		return t->kind == PDF_T_END;
	if (p->mode != PDF_OBJECT)
		return false;
	p->o->stream = pdf_token_is(p->s, t, "stream");
	return p->o->stream || pdf_token_is(p->s, t, "endobj");
}

int
pdf_parse(struct ms_span s, bool final, enum pdf_mode mode,
    struct ms_pdf_obj *o, size_t *used, struct ms_err *err)
{
	struct parser p = { .s = s, .o = o, .mode = mode, .err = err };
	struct pdf_token t;
	size_t pos = 0;

	o->n = 0;
	o->stream = false;
	for (;;) {
		pdf_token(s, final, &pos, &t);
		if (t.kind == PDF_T_MORE)
			return 1;
		if (t.kind == PDF_T_BAD)
			return bad(&p, t.off, "what is no token");
		if (ends(&p, &t))
			break;
		if (take(&p, &t) != 0)
			return -1;
		if (mode == PDF_DICT && p.depth == 0)
			break;
	}
	*used = pos;
	if (p.top != 1)
		return bad(&p, t.off, p.top == 0 ? "there is no value" :
		    "there is more than one value");
	if (o->stream && o->v[0].type != MS_PDF_DICT)
		return bad(&p, t.off, "a stream without a dictionary");
	return 0;
}
