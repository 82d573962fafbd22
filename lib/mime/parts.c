/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE		/* memmem() */
/*
 * Multipart bodies, RFC 2046 section 5.1.1, streamed.
 *
 * The bytes of a part are lent from the blocks of the source below.  Only what
 * may be a delimiter is copied: from the first byte that could begin one
 * ("\r", "\n" or the "--" at the beginning of a part) it is fed byte by byte
 * into `held` until it is a delimiter or not.  A line feed can stand in it
 * only at its beginning and its end, so what proves to be no delimiter is
 * content as a whole, and the byte that proved it starts afresh.
 */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define CLAUSE "RFC 2046 section 5.1.1: "

enum tail {			/* what was read behind "--boundary" */
	NOTHING,
	DASH,			/* one hyphen */
	CLOSE,			/* two */
	BLANKS,			/* transport padding */
	CR
};

enum where {
	PREAMBLE,
	PART,
	BETWEEN,		/* a part's delimiter was read */
	EPILOGUE,
	OVER
};

struct ms_mime_parts {
	struct ms_src part;	/* must be first: fill() gets it */
	struct ms_src *src;
	unsigned depth;
	enum where where;
	bool bol;		/* at the beginning of preamble or part */
	bool stray;
	unsigned char line[MS_MIME_BOUNDARY_MAX + 4];	/* "\r\n--boundary" */
	size_t linelen;
	unsigned char held[MS_MIME_BOUNDARY_MAX + MS_MIME_PADDING_MAX + 8];
	size_t nheld;
	size_t match;		/* bytes of line that were matched; 0: nothing
				 * is held */
	enum tail tail;
	bool close;
};

enum verdict {
	MORE,
	YES,
	NO
};

/* Does c go on with the delimiter that is held?  If NO, c is not held. */
static enum verdict
feed(struct ms_mime_parts *m, int c)
{
	if (m->match < m->linelen) {
		if (c != m->line[m->match])
			return NO;
		m->match++;
		return MORE;
	}
	if (c == '\n')
		return m->tail == DASH ? NO : YES;
	if (m->tail == CR)
		return NO;
	if (c == '\r') {
		if (m->tail == DASH)
			return NO;
		m->tail = CR;
		return MORE;
	}
	if (c == '-' && m->tail == NOTHING) {
		m->tail = DASH;
		return MORE;
	}
	if (c == '-' && m->tail == DASH) {
		m->tail = CLOSE;
		m->close = true;
		return MORE;
	}
	if (ms_mime_is_wsp(c) && m->tail != DASH) {
		m->tail = BLANKS;
		return MORE;
	}
	return NO;
}

/* Begin to hold: skip says how much of "\r\n" is not there. */
static void
hold(struct ms_mime_parts *m, size_t skip)
{
	m->match = skip;
	m->tail = NOTHING;
	m->close = false;
	m->nheld = 0;
}

/*
 * Where in the n > 0 bytes at p the first delimiter may begin; n if nowhere.
 * The last bytes count when they are the beginning of one.
 */
static size_t
candidate(const struct ms_mime_parts *m, const unsigned char *p, size_t n)
{
	const unsigned char *lf;
	size_t at, rest;

	/* Search without the CR: the line may end in a bare LF. */
	lf = memmem(p, n, m->line + 1, m->linelen - 1);
	if (!lf) {
		rest = n < m->linelen ? n : m->linelen - 1;
		for (at = n - rest; at < n; at++)
			if (p[at] == '\n' &&
			    memcmp(p + at, m->line + 1, n - at) == 0)
				break;
		if (at == n)
			return p[n - 1] == '\r' ? n - 1 : n;
		lf = p + at;
	}
	at = (size_t)(lf - p);
	return at && p[at - 1] == '\r' ? at - 1 : at;
}

static bool
blank(const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!ms_mime_is_wsp(p[i]) && p[i] != '\r' && p[i] != '\n')
			return false;
	return true;
}

static int
lend(struct ms_mime_parts *m, const unsigned char *p, size_t n)
{
	m->part.p = p;
	m->part.n = n;
	return 0;
}

/* The source below ended. */
static int
at_end(struct ms_mime_parts *m, struct ms_err *err)
{
	/* The last line of the message may lack its line end. */
	if (m->match == m->linelen && m->close && m->tail != DASH) {
		m->match = 0;
		m->where = EPILOGUE;
		m->part.end = true;
		return 0;
	}
	return ms_fail(err, MS_DATA, CLAUSE
	    "the close delimiter of the multipart is missing");
}

/* Feed what is ready into what is held. 1: no delimiter, held is lent. */
static int
go_on(struct ms_mime_parts *m, struct ms_err *err)
{
	enum verdict v = MORE;

	while (m->src->n && v == MORE) {
		if (m->nheld == sizeof(m->held))
			return ms_fail(err, MS_DATA, CLAUSE
			    "more than %d blanks behind a boundary",
			    MS_MIME_PADDING_MAX);
		v = feed(m, *m->src->p);
		if (v == NO)
			break;
		m->held[m->nheld++] = *m->src->p;
		ms_src_take(m->src, 1);
	}
	if (v == NO) {
		m->match = 0;
		if (m->nheld == 0)
			return 0;
		lend(m, m->held, m->nheld);
		return 1;
	}
	if (v == YES) {
		m->match = 0;
		m->where = m->close ? EPILOGUE : BETWEEN;
		m->part.end = true;
	}
	return 0;
}

static int
fill(struct ms_src *s, struct ms_err *err)
{
	struct ms_mime_parts *m = (struct ms_mime_parts *)s;
	const unsigned char *p;
	bool holding;
	size_t n;
	int rc;

	while (!s->end) {
		rc = ms_src_fill(m->src, err);
		if (rc <= 0)
			return rc < 0 ? -1 : at_end(m, err);
		holding = m->match > 0;
		if (m->bol) {
			hold(m, 2);
			m->bol = false;
			holding = true;
		}
		if (!holding) {
			p = m->src->p;
			n = candidate(m, p, m->src->n);
			if (n) {
				ms_src_take(m->src, n);
				return lend(m, p, n);
			}
			hold(m, *p == '\n');
		}
		rc = go_on(m, err);
		if (rc)
			return rc < 0 ? -1 : 0;
	}
	return 0;
}

static int
check_boundary(const char *boundary, struct ms_err *err)
{
	size_t n = strlen(boundary), i;

	if (n == 0 || n > MS_MIME_BOUNDARY_MAX)
		return ms_fail(err, MS_DATA, CLAUSE
		    "boundary of %zu characters", n);
	for (i = 0; i < n; i++)
		if (boundary[i] < ' ' || boundary[i] == 0x7f)
			return ms_fail(err, MS_DATA, CLAUSE
			    "boundary with a character that is not printable "
			    "ASCII");
	/* Could not be told from transport padding. */
	if (boundary[n - 1] == ' ')
		return ms_fail(err, MS_DATA, CLAUSE
		    "boundary that ends in a blank");
	return 0;
}

struct ms_mime_parts *
ms_mime_parts_new(struct ms_src *src, const char *boundary, struct ms_err *err)
{
	struct ms_mime_parts *m;
	unsigned depth = 1;

	if (src->fill == fill)
		depth += ((struct ms_mime_parts *)src)->depth;
	if (depth > MS_MIME_DEPTH) {
		ms_fail(err, MS_DATA, "RFC 2046 section 5.1: multiparts "
		    "nested deeper than %d", MS_MIME_DEPTH);
		return NULL;
	}
	if (check_boundary(boundary, err))
		return NULL;
	m = calloc(1, sizeof(*m));
	if (!m) {
		ms_fail_nomem(err);
		return NULL;
	}
	m->part.fill = fill;
	m->src = src;
	m->depth = depth;
	m->where = PREAMBLE;
	m->bol = true;
	memcpy(m->line, "\r\n--", 4);
	m->linelen = 4 + strlen(boundary);
	memcpy(m->line + 4, boundary, m->linelen - 4);
	return m;
}

void
ms_mime_parts_free(struct ms_mime_parts *m)
{
	free(m);
}

/* Read s to its end and see whether there was text in it. */
static int
skip(struct ms_mime_parts *m, struct ms_src *s, struct ms_err *err)
{
	int rc;

	while ((rc = ms_src_fill(s, err)) == 1) {
		m->stray = m->stray || !blank(s->p, s->n);
		ms_src_take(s, s->n);
	}
	return rc;
}

int
ms_mime_parts_next(struct ms_mime_parts *m, struct ms_src **part,
    struct ms_err *err)
{
	if (m->where == PREAMBLE && skip(m, &m->part, err))
		return -1;
	if (m->where == PART && ms_src_drain(&m->part, err))
		return -1;
	if (m->where == EPILOGUE) {
		if (skip(m, m->src, err))
			return -1;
		m->where = OVER;
	}
	if (m->where == OVER)
		return 0;
	m->where = PART;
	m->bol = true;
	m->part.p = NULL;
	m->part.n = 0;
	m->part.pos = 0;
	m->part.end = false;
	*part = &m->part;
	return 1;
}

bool
ms_mime_parts_stray(const struct ms_mime_parts *m)
{
	return m->stray;
}
