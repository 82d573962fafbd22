/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quoted-printable as a sink, RFC 2045 section 6.7, made to survive relays:
 * blanks at line ends, "From " at the beginning of a line and a line of one
 * dot are encoded too, so that a signature over it stays good.
 */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define LINE_MAX_QP 76
#define CHUNK 1024	/* bytes of a line that are encoded at once */
#define AHEAD 8		/* bytes that stay behind, to look ahead */

struct qp {
	struct ms_sink k;	/* must be first */
	struct ms_sink *to;
	unsigned char in[CHUNK];
	size_t n;
	size_t col;
	unsigned char out[4 * CHUNK];
};

/* Whether p[0] must be encoded; n bytes are left, the line ends behind them
 * if `last`. */
static bool
must_encode(const unsigned char *p, size_t n, bool last, size_t col)
{
	if (ms_mime_is_wsp(*p))
		return last && n == 1;
	if (*p <= ' ' || *p >= 0x7f || *p == '=')
		return true;
	if (col == 0 && *p == '.')
		return last && n == 1;
	return col == 0 && n >= 5 && memcmp(p, "From ", 5) == 0;
}

/* Encode n bytes of in; `last`: the line or the text ends there. */
static int
encode(struct qp *q, size_t n, bool last, bool eol, struct ms_err *err)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char *to = q->out;
	const unsigned char *p = q->in;
	size_t i, left, len, max;
	bool enc;

	for (i = 0; i < n; i++) {
		left = q->n - i;
		enc = must_encode(p + i, left, last, q->col);
		len = enc ? 3 : 1;
		/* room for the '=' of a soft line break, but at the end */
		max = last && left == 1 ? LINE_MAX_QP : LINE_MAX_QP - 1;
		if (q->col + len > max) {
			memcpy(to, "=\r\n", 3);
			to += 3;
			q->col = 0;
			enc = must_encode(p + i, left, last, 0);
			len = enc ? 3 : 1;
		}
		if (enc) {
			*to++ = '=';
			*to++ = (unsigned char)hex[p[i] >> 4];
			*to++ = (unsigned char)hex[p[i] & 15];
		} else {
			*to++ = p[i];
		}
		q->col += len;
	}
	if (eol) {
		*to++ = '\r';
		*to++ = '\n';
		q->col = 0;
	}
	memmove(q->in, q->in + n, q->n - n);
	q->n -= n;
	return ms_sink_write(q->to, q->out, (size_t)(to - q->out), err);
}

static int
qp_write(struct ms_sink *k, const void *data, size_t n, struct ms_err *err)
{
	struct qp *q = (struct qp *)k;
	const unsigned char *p = data, *end = p + n;

	for (; p < end; p++) {
		if (*p == '\n') {
			if (q->n && q->in[q->n - 1] == '\r')
				q->n--;
			if (encode(q, q->n, true, true, err))
				return -1;
			continue;
		}
		if (q->n == CHUNK &&
		    encode(q, CHUNK - AHEAD, false, false, err))
			return -1;
		q->in[q->n++] = *p;
	}
	return 0;
}

static int
qp_end(struct ms_sink *k, struct ms_err *err)
{
	struct qp *q = (struct qp *)k;

	return q->n ? encode(q, q->n, true, false, err) : 0;
}

static void
qp_free(struct ms_sink *k)
{
	free(k);
}

struct ms_sink *
ms_mime_qp(struct ms_sink *to, struct ms_err *err)
{
	struct qp *q = calloc(1, sizeof(*q));

	if (!q) {
		ms_fail_nomem(err);
		return NULL;
	}
	q->k.write = qp_write;
	q->k.end = qp_end;
	q->k.free = qp_free;
	q->to = to;
	return &q->k;
}
