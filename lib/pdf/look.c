/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into objects. */
#include <string.h>

#include "pdf/internal.h"

#define NAME_MAX_BYTES ((size_t)4096)

static int
hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
		return (c | 0x20) - 'a' + 10;
	return -1;
}

struct ms_span
ms_pdf_text(const struct ms_pdf_obj *o, size_t node)
{
	struct ms_span s = { NULL, 0 };

	if (node != MS_PDF_NIL && node < o->n) {
		s.p = o->text.p + o->v[node].off;
		s.n = o->v[node].len;
	}
	return s;
}

enum ms_pdf_type
ms_pdf_type(const struct ms_pdf_obj *o, size_t node)
{
	if (node == MS_PDF_NIL || node >= o->n)
		return MS_PDF_NULL;
	return (enum ms_pdf_type)o->v[node].type;
}

/* The next byte of a name at *i, decoded; -1 at its end. */
static int
name_byte(struct ms_span s, size_t *i)
{
	int c;

	if (*i >= s.n)
		return -1;
	c = s.p[(*i)++];
	if (c == '#' && s.n - *i >= 2) {
		c = hex(s.p[*i]) << 4 | hex(s.p[*i + 1]);
		*i += 2;
	}
	return c;
}

static bool
same_name(struct ms_span a, struct ms_span b)
{
	size_t i = 1, j = 1;
	int x, y;

	do {
		x = name_byte(a, &i);
		y = name_byte(b, &j);
	} while (x == y && x != -1);
	return x == y;
}

bool
ms_pdf_is_name(const struct ms_pdf_obj *o, size_t node, const char *s)
{
	struct ms_span t = ms_pdf_text(o, node);
	size_t i = 1;
	int c;

	if (ms_pdf_type(o, node) != MS_PDF_NAME)
		return false;
	for (;;) {
		c = name_byte(t, &i);
		if (c == -1 || c != (unsigned char)*s)
			return c == -1 && *s == '\0';
		s++;
	}
}

size_t
ms_pdf_key(const struct ms_pdf_obj *o, size_t dict, const char *key)
{
	size_t i, end;

	if (ms_pdf_type(o, dict) != MS_PDF_DICT)
		return MS_PDF_NIL;
	end = dict + o->v[dict].skip;
	for (i = dict + 1; i < end; i += o->v[i].skip) {
		if (ms_pdf_is_name(o, i, key))
			return i + 1;
		i++;
	}
	return MS_PDF_NIL;
}

bool
ms_pdf_int(const struct ms_pdf_obj *o, size_t node, int64_t min, int64_t max,
    int64_t *ret)
{
	if (ms_pdf_type(o, node) != MS_PDF_INT || o->v[node].num < min ||
	    o->v[node].num > max)
		return false;
	*ret = o->v[node].num;
	return true;
}

bool
ms_pdf_ref(const struct ms_pdf_obj *o, size_t node, uint32_t *num,
    uint32_t *gen)
{
	if (ms_pdf_type(o, node) != MS_PDF_REF || o->v[node].num == 0)
		return false;
	*num = (uint32_t)o->v[node].num;
	*gen = o->v[node].gen;
	return true;
}

/* ---- strings ---- */

static int
hex_bytes(struct ms_span s, struct ms_buf *to, struct ms_err *err)
{
	int high = -1, v;
	size_t i;

	for (i = 1; i + 1 < s.n; i++) {
		v = hex(s.p[i]);
		if (v < 0)
			continue;
		if (high < 0) {
			high = v;
		} else {
			if (ms_buf_addc(to, high << 4 | v, err) != 0)
				return -1;
			high = -1;
		}
	}
	return high >= 0 ? ms_buf_addc(to, high << 4, err) : 0;
}

static int
octal(struct ms_span s, size_t *i)
{
	int v = 0, n = 0;

	while (n < 3 && *i < s.n && s.p[*i] >= '0' && s.p[*i] <= '7') {
		v = v * 8 + (s.p[*i] - '0');
		(*i)++;
		n++;
	}
	return v & 0xff;
}

/* What an escape stands for, -1: nothing. */
static int
escaped(struct ms_span s, size_t *i)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *at;
	int c = s.p[*i];

	if (c >= '0' && c <= '7')
		return octal(s, i);
	(*i)++;
	if (c == '\r' && *i < s.n && s.p[*i] == '\n')
		(*i)++;
	if (c == '\r' || c == '\n')
		return -1;
	at = c != 0 ? strchr(from, c) : NULL;
	return at != NULL ? to[at - from] : c;
}

static int
literal_bytes(struct ms_span s, struct ms_buf *to, struct ms_err *err)
{
	size_t i = 1;
	int c;

	s.n--;			/* the closing parenthesis */
	while (i < s.n) {
		c = s.p[i++];
		if (c == '\\' && i < s.n) {
			c = escaped(s, &i);
		} else if (c == '\r') {
			if (i < s.n && s.p[i] == '\n')
				i++;
			c = '\n';
		}
		if (c >= 0 && ms_buf_addc(to, c, err) != 0)
			return -1;
	}
	return 0;
}

int
ms_pdf_bytes(const struct ms_pdf_obj *o, size_t node, struct ms_buf *to,
    struct ms_err *err)
{
	struct ms_span s = ms_pdf_text(o, node);
	size_t i = 1;
	int c;

	switch (ms_pdf_type(o, node)) {
	case MS_PDF_NAME:
		while ((c = name_byte(s, &i)) != -1)
			if (ms_buf_addc(to, c, err) != 0)
				return -1;
		return 0;
	case MS_PDF_STRING:
		return s.p[0] == '<' ? hex_bytes(s, to, err) :
		    literal_bytes(s, to, err);
	default:
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.3.4: no "
		    "string in object %u where one belongs", o->num);
	}
}

static int
put_utf8(struct ms_buf *to, uint32_t c, struct ms_err *err)
{
	unsigned char b[4];
	size_t n = 0;

	if (c < 0x80) {
		b[n++] = (unsigned char)c;
	} else if (c < 0x800) {
		b[n++] = (unsigned char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		b[n++] = (unsigned char)(0xe0 | c >> 12);
		b[n++] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	} else {
		b[n++] = (unsigned char)(0xf0 | c >> 18);
		b[n++] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
		b[n++] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		b[n++] = (unsigned char)(0x80 | (c & 0x3f));
	return ms_buf_add(to, b, n, err);
}

static int
from_utf16(struct ms_span s, struct ms_buf *to, struct ms_err *err)
{
	uint32_t c, low;
	size_t i;

	for (i = 2; i + 1 < s.n; i += 2) {
		c = (uint32_t)s.p[i] << 8 | s.p[i + 1];
		if (c >= 0xd800 && c < 0xdc00 && i + 3 < s.n) {
			low = (uint32_t)s.p[i + 2] << 8 | s.p[i + 3];
			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) +
				    (low - 0xdc00);
				i += 2;
			}
		}
		if (c >= 0xd800 && c < 0xe000)
			c = 0xfffd;
		if (put_utf8(to, c, err) != 0)
			return -1;
	}
	return 0;
}

/* PDFDocEncoding differs from Latin-1 where annex D.2 says; what is there is
 * told apart, not shown as it is. */
static int
from_pdfdoc(struct ms_span s, struct ms_buf *to, struct ms_err *err)
{
	uint32_t c;
	size_t i;

	for (i = 0; i < s.n; i++) {
		c = s.p[i];
		if ((c >= 0x18 && c < 0x20) || (c >= 0x7f && c <= 0xa0))
			c = 0xe000 + c;	/* private use: still distinct */
		if (put_utf8(to, c, err) != 0)
			return -1;
	}
	return 0;
}

int
ms_pdf_utf8(const struct ms_pdf_obj *o, size_t node, struct ms_buf *to,
    struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_PDF_TEXT);
	struct ms_span s;
	int rc = ms_pdf_bytes(o, node, &b, err);

	s = ms_buf_span(&b);
	if (rc == 0 && s.n >= 2 && s.p[0] == 0xfe && s.p[1] == 0xff)
		rc = from_utf16(s, to, err);
	else if (rc == 0 && s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0 &&
	    ms_utf8_valid(s.p + 3, s.n - 3))
		rc = ms_buf_add(to, s.p + 3, s.n - 3, err);
	else if (rc == 0)
		rc = from_pdfdoc(s, to, err);
	ms_buf_clear(&b);
	return rc;
}

/* ---- comparing ---- */

static bool
same_string(const struct ms_pdf_obj *a, size_t i, const struct ms_pdf_obj *b,
    size_t j)
{
	struct ms_buf x = MS_BUF_INIT(MS_PDF_TEXT), y = x;
	bool same = ms_pdf_bytes(a, i, &x, NULL) == 0 &&
	    ms_pdf_bytes(b, j, &y, NULL) == 0 &&
	    ms_span_eq(ms_buf_span(&x), ms_buf_span(&y));

	ms_buf_clear(&x);
	ms_buf_clear(&y);
	return same;
}

/* One node each; what containers hold is not compared here. */
static bool
same_node(const struct ms_pdf_obj *a, size_t i, const struct ms_pdf_obj *b,
    size_t j)
{
	const struct ms_pdf_node *x = &a->v[i], *y = &b->v[j];

	if (x->type != y->type)
		return false;
	switch (x->type) {
	case MS_PDF_NULL:
		return true;
	case MS_PDF_BOOL:
	case MS_PDF_INT:
		return x->num == y->num;
	case MS_PDF_REF:
		return x->num == y->num && x->gen == y->gen;
	case MS_PDF_REAL:
		return ms_span_eq(ms_pdf_text(a, i), ms_pdf_text(b, j));
	case MS_PDF_NAME:
		return same_name(ms_pdf_text(a, i), ms_pdf_text(b, j));
	case MS_PDF_STRING:
		return same_string(a, i, b, j);
	default:
		return x->num == y->num && x->skip == y->skip;
	}
}

static bool
same_flat(const struct ms_pdf_obj *a, size_t i, const struct ms_pdf_obj *b,
    size_t j)
{
	size_t k, n = a->v[i].skip;

	if (n != b->v[j].skip)
		return false;
	for (k = 0; k < n; k++)
		if (!same_node(a, i + k, b, j + k))
			return false;
	return true;
}

bool
ms_pdf_same(const struct ms_pdf_obj *a, size_t i, const struct ms_pdf_obj *b,
    size_t j)
{
	struct ms_buf key = MS_BUF_INIT(NAME_MAX_BYTES);
	const char *s;
	size_t k, at;
	bool same = true;

	if (i == MS_PDF_NIL || j == MS_PDF_NIL)
		return i == j;
	if (a->v[i].type != MS_PDF_DICT || same_flat(a, i, b, j))
		return same_flat(a, i, b, j);
	if (!same_node(a, i, b, j))
		return false;
	for (k = i + 1; same && k < i + a->v[i].skip; k += a->v[k].skip) {
		ms_buf_reset(&key);
		s = ms_pdf_bytes(a, k, &key, NULL) == 0 ?
		    ms_buf_str(&key) : NULL;
		at = s != NULL ? ms_pdf_key(b, j, s) : MS_PDF_NIL;
		k++;
		same = at != MS_PDF_NIL && same_flat(a, k, b, at);
	}
	ms_buf_clear(&key);
	return same;
}

int
ms_pdf_deref(struct ms_pdf *d, const struct ms_pdf_obj *o, size_t node,
    struct ms_pdf_obj *hold, const struct ms_pdf_obj **in, size_t *at,
    struct ms_err *err)
{
	*in = o;
	*at = node;
	if (ms_pdf_type(o, node) != MS_PDF_REF)
		return 0;
	if (ms_pdf_load(d, (uint32_t)o->v[node].num, o->v[node].gen, hold,
	    err) != 0)
		return -1;
	if (ms_pdf_type(hold, 0) == MS_PDF_REF)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.3.10: "
		    "object %u is nothing but a reference", hold->num);
	*in = hold;
	*at = 0;
	return 0;
}
