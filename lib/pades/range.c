/* SPDX-License-Identifier: Apache-2.0 */
/* One signature in the file: where it is, what it covers, what it says
 * (ISO 32000-2 section 12.8.1). */
#include <stdlib.h>
#include <string.h>

#include "pades/internal.h"

#define CLAUSE "ISO 32000-2 section 12.8.1"

static int
bad(struct pades_sig *s, const char *code, const char *what,
    struct ms_err *err)
{
	return ms_report_add(s->r, MS_BAD, code, CLAUSE, err, "%s", what);
}

/* The four numbers, and the gap they leave: exactly the value of this very
 * dictionary's Contents, nothing else. */
static int
read_range(struct ms_pdf *d, struct pades_sig *s, size_t contents,
    struct ms_err *err)
{
	const struct ms_pdf_obj *o = &s->dict;
	size_t at = ms_pdf_key(o, 0, "ByteRange"), i;
	int64_t v[4], size = (int64_t)ms_pdf_size(d);
	uint64_t open, close;

	if (ms_pdf_type(o, at) != MS_PDF_ARRAY || o->v[at].num != 4)
		return bad(s, "byte-range", "ByteRange is missing or not an "
		    "array of four numbers", err);
	for (i = 0; i < 4; i++)
		if (!ms_pdf_int(o, at + 1 + i, 0, size, &v[i]))
			return bad(s, "byte-range", "a number of ByteRange is "
			    "not within the file", err);
	open = o->at + o->v[contents].off;
	close = open + o->v[contents].len;
	if (v[0] != 0)
		return bad(s, "byte-range", "ByteRange does not begin with "
		    "the first byte of the file", err);
	if ((uint64_t)v[1] != open || (uint64_t)v[2] != close)
		return bad(s, "byte-range", "the gap in ByteRange is not just "
		    "the value of Contents", err);
	if (v[2] + v[3] > size)
		return bad(s, "byte-range", "ByteRange goes beyond the end of "
		    "the file", err);
	s->a = open;
	s->b = close;
	s->end = (uint64_t)(v[2] + v[3]);
	if (o->at + o->v[0].len > s->end)
		return bad(s, "byte-range", "the signature dictionary is not "
		    "covered by its own signature", err);
	s->sound = true;
	return 0;
}

/* BER of indefinite length has an end of its own, too. */
static int
cut_ber(struct ms_buf *raw, struct ms_buf *to, size_t *used,
    struct ms_err *err)
{
	struct ms_src *src = ms_src_mem(raw->p, raw->n, err);
	struct ms_ber *b = src != NULL ? ms_ber_new(src, err) : NULL;
	int rc = -1;

	if (b != NULL && ms_ber_slurp(b, to, MS_PADES_CONTENTS,
	    "Contents", err) == 0) {
		*used = (size_t)src->pos;
		rc = 0;
	}
	ms_ber_free(b);
	ms_src_free(src);
	return rc;
}

/* One CMS object, and zero bytes to fill up. */
static int
read_contents(struct pades_sig *s, size_t contents, struct ms_err *err)
{
	struct ms_buf raw = MS_BUF_INIT(MS_PADES_CONTENTS);
	struct ms_err why = MS_ERR_INIT;
	struct ms_span left, v, whole;
	size_t used = 0;
	int tag, rc = 0;

	if (ms_pdf_bytes(&s->dict, contents, &raw, &why) == 0) {
		left = ms_buf_span(&raw);
		if (raw.n > 1 && raw.p[1] == 0x80) {
			if (cut_ber(&raw, &s->cms, &used, &why) != 0)
				used = 0;
		} else if (ms_der_next(&left, &tag, &v, &whole, &why) == 0) {
			used = whole.n;
			rc = ms_buf_add(&s->cms, whole.p, whole.n, err);
		}
	}
	if (rc == 0 && why.class == MS_OS)
		rc = ms_fail_nomem(err);
	else if (rc == 0 && used == 0)
		rc = bad(s, "contents", "Contents holds no CMS object", err);
	for (; rc == 0 && used > 0 && used < raw.n; used++)
		if (raw.p[used] != 0) {
			rc = bad(s, "contents", "Contents holds more than a "
			    "CMS object", err);
			break;
		}
	ms_buf_clear(&raw);
	return rc;
}

static int
two(const unsigned char *p)
{
	return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' ?
	    (p[0] - '0') * 10 + p[1] - '0' : -1;
}

/* /M, D:YYYYMMDDHHmmSS and an offset (7.9.4), is but a claim. */
static void
read_time(struct pades_sig *s)
{
	struct ms_buf b = MS_BUF_INIT(64);
	int f[7], i, off = 0;
	const unsigned char *p;

	if (ms_pdf_bytes(&s->dict, ms_pdf_key(&s->dict, 0, "M"), &b,
	    NULL) != 0 || b.n < 16 || memcmp(b.p, "D:", 2) != 0)
		goto out;
	p = b.p + 2;
	for (i = 0; i < 7; i++)
		if ((f[i] = two(p + 2 * i)) < 0)
			goto out;
	if (b.n >= 22 && (b.p[16] == '+' || b.p[16] == '-') &&
	    two(b.p + 17) >= 0 && two(b.p + 20) >= 0)
		off = (two(b.p + 17) * 60 + two(b.p + 20)) * 60 *
		    (b.p[16] == '-' ? -1 : 1);
	if (f[2] < 1 || f[2] > 12 || f[3] < 1 || f[3] > 31 || f[4] > 23 ||
	    f[5] > 59 || f[6] > 60)
		goto out;
	s->r->claimed = (time_t)(ms_time_civil(f[0] * 100 + f[1], f[2], f[3],
	    f[4], f[5], f[6]) - off);
out:
	ms_buf_clear(&b);
}

int
pades_sig_read(struct ms_pdf *d, uint32_t num, uint32_t gen,
    struct pades_sig *s, struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	size_t contents;
	int rc;

	if (ms_pdf_load(d, num, gen, &s->dict, &why) != 0) {
		if (why.class != MS_DATA)
			return ms_fail(err, why.class, "%s", why.text);
		return bad(s, "byte-range", why.text, err);
	}
	contents = ms_pdf_key(&s->dict, 0, "Contents");
	if (!s->dict.in_file || s->dict.stream ||
	    ms_pdf_type(&s->dict, 0) != MS_PDF_DICT)
		return bad(s, "byte-range", "the signature is no dictionary "
		    "that stands in the file itself", err);
	if (ms_pdf_type(&s->dict, contents) != MS_PDF_STRING ||
	    ms_pdf_text(&s->dict, contents).p[0] != '<')
		return bad(s, "contents", "Contents is missing or no "
		    "hexadecimal string", err);
	s->timestamp = ms_pdf_is_name(&s->dict, ms_pdf_key(&s->dict, 0,
	    "SubFilter"), "ETSI.RFC3161");
	rc = read_range(d, s, contents, err);
	if (rc == 0 && s->sound)
		rc = read_contents(s, contents, err);
	if (rc == 0 && !s->timestamp)
		read_time(s);
	if (rc == 0 && pades_mdp_read(d, &s->dict, &s->mdp, &why) != 0)
		rc = why.class == MS_DATA ? bad(s, "changed", why.text, err) :
		    ms_fail(err, why.class, "%s", why.text);
	return rc;
}
