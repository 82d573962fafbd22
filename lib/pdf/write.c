/* SPDX-License-Identifier: Apache-2.0 */
/* Values with changes: what is not changed keeps its text. */
#include <string.h>

#include "pdf/internal.h"

static const struct ms_pdf_edit *
find_edit(const struct ms_pdf_obj *o, size_t key,
    const struct ms_pdf_edit *edits, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ms_pdf_is_name(o, key, edits[i].key))
			return &edits[i];
	return NULL;
}

static int
put_entry(const struct ms_pdf_obj *o, size_t key,
    const struct ms_pdf_edit *e, struct ms_buf *to, struct ms_err *err)
{
	struct ms_span k = ms_pdf_text(o, key), v = ms_pdf_text(o, key + 1);

	if (e != NULL && e->value == NULL)
		return 0;
	if (ms_buf_addc(to, ' ', err) != 0 ||
	    ms_buf_add(to, k.p, k.n, err) != 0 ||
	    ms_buf_addc(to, ' ', err) != 0)
		return -1;
	return e != NULL ? ms_buf_adds(to, e->value, err) :
	    ms_buf_add(to, v.p, v.n, err);
}

int
ms_pdf_write_dict(const struct ms_pdf_obj *o, size_t dict,
    const struct ms_pdf_edit *edits, size_t n, struct ms_buf *to,
    struct ms_err *err)
{
	size_t i, end = dict == MS_PDF_NIL ? 0 : dict + o->v[dict].skip;

	if (ms_buf_adds(to, "<<", err) != 0)
		return -1;
	for (i = dict + 1; i < end; i += o->v[i].skip) {
		if (put_entry(o, i, find_edit(o, i, edits, n), to, err) != 0)
			return -1;
		i++;
	}
	for (i = 0; i < n; i++) {
		if (edits[i].value == NULL ||
		    ms_pdf_key(o, dict, edits[i].key) != MS_PDF_NIL)
			continue;
		if (ms_buf_addf(to, err, " /%s ", edits[i].key) != 0 ||
		    ms_buf_adds(to, edits[i].value, err) != 0)
			return -1;
	}
	return ms_buf_adds(to, " >>", err);
}

int
ms_pdf_write_array(const struct ms_pdf_obj *o, size_t array,
    const char *more, struct ms_buf *to, struct ms_err *err)
{
	struct ms_span s = { (const unsigned char *)"[", 1 };

	if (array != MS_PDF_NIL) {
		s = ms_pdf_text(o, array);
		s.n--;		/* the bracket; a comment before it ends */
	}
	if (ms_buf_add(to, s.p, s.n, err) != 0)
		return -1;
	return ms_buf_addf(to, err, "%s%s]", s.n > 1 ? " " : "", more);
}

/* One character of UTF-8 that is known to be valid. */
static uint32_t
code_point(const unsigned char *p, size_t n)
{
	uint32_t c;
	size_t i;

	if (n == 1)
		return p[0];
	c = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

int
ms_pdf_write_text(const char *utf8, struct ms_buf *to, struct ms_err *err)
{
	const unsigned char *p = (const unsigned char *)utf8;
	size_t n = strlen(utf8), i, k;
	bool ascii = true;
	uint32_t c;

	if (!ms_utf8_valid(utf8, n))
		return ms_fail(err, MS_USAGE, "text that is not UTF-8");
	for (i = 0; i < n; i++)
		ascii = ascii && p[i] >= 0x20 && p[i] < 0x7f;
	if (ms_buf_adds(to, ascii ? "<" : "<FEFF", err) != 0)
		return -1;
	for (i = 0; i < n; i += k) {
		k = ms_utf8_len(p + i, n - i);
		c = code_point(p + i, k);
		if ((ascii ? ms_buf_addf(to, err, "%02X", c) : c < 0x10000 ?
		    ms_buf_addf(to, err, "%04X", c) :
		    ms_buf_addf(to, err, "%04X%04X",
		    0xd800 + ((c - 0x10000) >> 10),
		    0xdc00 + ((c - 0x10000) & 0x3ff))) != 0)
			return -1;
	}
	return ms_buf_addc(to, '>', err);
}
