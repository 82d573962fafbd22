/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 as a sink, RFC 2045 section 6.8, in lines of 64 characters. */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define LINE_IN 48	/* bytes of a line */
#define LINE_OUT 64	/* and their characters */
#define LINES (MS_BLOCK / (LINE_OUT + 2))	/* lines of one write */

/* Two characters for each 12 bits: half the look-ups of one for each 6. */
#define ROW(h) \
	{ h, 'A' }, { h, 'B' }, { h, 'C' }, { h, 'D' }, { h, 'E' }, \
	{ h, 'F' }, { h, 'G' }, { h, 'H' }, { h, 'I' }, { h, 'J' }, \
	{ h, 'K' }, { h, 'L' }, { h, 'M' }, { h, 'N' }, { h, 'O' }, \
	{ h, 'P' }, { h, 'Q' }, { h, 'R' }, { h, 'S' }, { h, 'T' }, \
	{ h, 'U' }, { h, 'V' }, { h, 'W' }, { h, 'X' }, { h, 'Y' }, \
	{ h, 'Z' }, { h, 'a' }, { h, 'b' }, { h, 'c' }, { h, 'd' }, \
	{ h, 'e' }, { h, 'f' }, { h, 'g' }, { h, 'h' }, { h, 'i' }, \
	{ h, 'j' }, { h, 'k' }, { h, 'l' }, { h, 'm' }, { h, 'n' }, \
	{ h, 'o' }, { h, 'p' }, { h, 'q' }, { h, 'r' }, { h, 's' }, \
	{ h, 't' }, { h, 'u' }, { h, 'v' }, { h, 'w' }, { h, 'x' }, \
	{ h, 'y' }, { h, 'z' }, { h, '0' }, { h, '1' }, { h, '2' }, \
	{ h, '3' }, { h, '4' }, { h, '5' }, { h, '6' }, { h, '7' }, \
	{ h, '8' }, { h, '9' }, { h, '+' }, { h, '/' },
static const unsigned char pairs[4096][2] = {
	ROW('A') ROW('B') ROW('C') ROW('D') ROW('E') ROW('F') ROW('G')
	ROW('H') ROW('I') ROW('J') ROW('K') ROW('L') ROW('M') ROW('N')
	ROW('O') ROW('P') ROW('Q') ROW('R') ROW('S') ROW('T') ROW('U')
	ROW('V') ROW('W') ROW('X') ROW('Y') ROW('Z') ROW('a') ROW('b')
	ROW('c') ROW('d') ROW('e') ROW('f') ROW('g') ROW('h') ROW('i')
	ROW('j') ROW('k') ROW('l') ROW('m') ROW('n') ROW('o') ROW('p')
	ROW('q') ROW('r') ROW('s') ROW('t') ROW('u') ROW('v') ROW('w')
	ROW('x') ROW('y') ROW('z') ROW('0') ROW('1') ROW('2') ROW('3')
	ROW('4') ROW('5') ROW('6') ROW('7') ROW('8') ROW('9') ROW('+')
	ROW('/')
};

struct base64 {
	struct ms_sink k;	/* must be first */
	struct ms_sink *to;
	bool crlf;
	unsigned char in[LINE_IN];	/* the line that is not full yet */
	size_t n;
	unsigned char out[LINES * (LINE_OUT + 2)];
};

static void
three(unsigned char *to, const unsigned char *p)
{
	unsigned v = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];

	memcpy(to, pairs[v >> 12], 2);
	memcpy(to + 2, pairs[v & 0xfff], 2);
}

static unsigned char *
put_eol(const struct base64 *b, unsigned char *to)
{
	if (b->crlf)
		*to++ = '\r';
	*to++ = '\n';
	return to;
}

static unsigned char *
put_line(const struct base64 *b, unsigned char *to, const unsigned char *p)
{
	size_t i;

	for (i = 0; i < LINE_IN / 3; i++)
		three(to + 4 * i, p + 3 * i);
	return put_eol(b, to + LINE_OUT);
}

static int
base64_write(struct ms_sink *k, const void *data, size_t n, struct ms_err *err)
{
	struct base64 *b = (struct base64 *)k;
	const unsigned char *p = data;
	unsigned char *to = b->out;
	size_t take;

	while (b->n + n >= LINE_IN) {
		if (b->n) {
			take = LINE_IN - b->n;
			memcpy(b->in + b->n, p, take);
			to = put_line(b, to, b->in);
			b->n = 0;
		} else {
			take = LINE_IN;
			to = put_line(b, to, p);
		}
		p += take;
		n -= take;
		if ((size_t)(b->out + sizeof(b->out) - to) < LINE_OUT + 2) {
			if (ms_sink_write(b->to, b->out,
			    (size_t)(to - b->out), err))
				return -1;
			to = b->out;
		}
	}
	if (n)
		memcpy(b->in + b->n, p, n);
	b->n += n;
	return to == b->out ? 0 :
	    ms_sink_write(b->to, b->out, (size_t)(to - b->out), err);
}

static int
base64_end(struct ms_sink *k, struct ms_err *err)
{
	struct base64 *b = (struct base64 *)k;
	unsigned char *to = b->out, last[3] = { 0, 0, 0 };
	size_t i;

	if (b->n == 0)
		return 0;
	for (i = 0; i + 3 <= b->n; i += 3, to += 4)
		three(to, b->in + i);
	if (i < b->n) {
		memcpy(last, b->in + i, b->n - i);
		three(to, last);
		to[3] = '=';
		if (b->n - i == 1)
			to[2] = '=';
		to += 4;
	}
	to = put_eol(b, to);
	return ms_sink_write(b->to, b->out, (size_t)(to - b->out), err);
}

static void
base64_free(struct ms_sink *k)
{
	free(k);
}

struct ms_sink *
ms_mime_base64(struct ms_sink *to, bool crlf, struct ms_err *err)
{
	struct base64 *b = malloc(sizeof(*b));

	if (!b) {
		ms_fail_nomem(err);
		return NULL;
	}
	b->k.write = base64_write;
	b->k.end = base64_end;
	b->k.free = base64_free;
	b->to = to;
	b->crlf = crlf;
	b->n = 0;
	return &b->k;
}
