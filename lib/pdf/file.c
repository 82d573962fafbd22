/* SPDX-License-Identifier: Apache-2.0 */
/* Random access to the bytes of a document, and its table of objects. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pdf/internal.h"

/* Bytes read at once where less is asked for. */
#define WINDOW ((size_t)16 * 1024)

static int
write_all(int fd, const unsigned char *p, size_t n, struct ms_err *err)
{
	ssize_t k;

	while (n > 0) {
		k = write(fd, p, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return ms_fail_errno(err, MS_IO,
			    "cannot keep a PDF in memory");
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

int
ms_pdf_spill(struct ms_spool *in, int *fd, struct ms_err *err)
{
	struct ms_src *src = ms_spool_read(in, err);
	int f, rc;

	if (src == NULL)
		return -1;
	f = memfd_create("pdf", MFD_CLOEXEC);
	if (f == -1)
		return ms_fail_errno(err, MS_OS, "memfd_create");
	while ((rc = ms_src_fill(src, err)) > 0) {
		if (src->pos + src->n > MS_PDF_SPILL) {
			ms_fail(err, MS_DATA, "a PDF from a pipe rests in "
			    "memory: more than %llu bytes",
			    (unsigned long long)MS_PDF_SPILL);
			ms_hint(err, "give a FILE");
			rc = -1;
		} else {
			rc = write_all(f, src->p, src->n, err);
		}
		if (rc != 0)
			break;
		ms_src_take(src, src->n);
	}
	if (rc == 0 && lseek(f, 0, SEEK_SET) != 0)
		rc = ms_fail_errno(err, MS_OS, "lseek");
	if (rc != 0) {
		close(f);
		return -1;
	}
	*fd = f;
	return 0;
}

int
ms_pdf_read(struct ms_pdf *d, uint64_t off, void *to, size_t n,
    struct ms_err *err)
{
	unsigned char *at = to;
	ssize_t k;

	while (n > 0) {
		k = pread(d->fd, at, n, (off_t)off);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return ms_fail_errno(err, MS_IO, "cannot read");
		if (k == 0)
			return ms_fail(err, MS_IO,
			    "the file became shorter while it was read");
		at += k;
		off += (uint64_t)k;
		n -= (size_t)k;
	}
	return 0;
}

int
pdf_view(struct ms_pdf *d, uint64_t off, size_t want, struct ms_span *s,
    struct ms_err *err)
{
	uint64_t left = off < d->size ? d->size - off : 0;
	unsigned char *to;

	if (want > left)
		want = (size_t)left;
	if (off < d->win_off || off - d->win_off > d->win.n ||
	    d->win.n - (size_t)(off - d->win_off) < want) {
		if (want < WINDOW)
			want = left < WINDOW ? (size_t)left : WINDOW;
		ms_buf_reset(&d->win);
		to = ms_buf_room(&d->win, want, err);
		if (to == NULL || ms_pdf_read(d, off, to, want, err) != 0)
			return -1;
		d->win.n = want;
		d->win_off = off;
	}
	s->n = d->win.n - (size_t)(off - d->win_off);
	s->p = s->n > 0 ? d->win.p + (size_t)(off - d->win_off) :
	    (const unsigned char *)"";
	return 0;
}

/* ---- the table of objects ---- */

int
pdf_entry_set(struct ms_pdf *d, uint64_t num, enum ms_pdf_where where,
    uint64_t off, uint32_t gen, struct ms_err *err)
{
	struct entry *e;

	if (num > MS_PDF_OBJECTS)
		return ms_fail(err, MS_DATA, "ISO 32000-1 annex C: object "
		    "number %llu is above %d", (unsigned long long)num,
		    MS_PDF_OBJECTS);
	if (off >= (uint64_t)1 << 61)
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.4: "
		    "object %llu lies outside of the file",
		    (unsigned long long)num);
	if (d->piece[num / PIECE] == NULL) {
		d->piece[num / PIECE] = calloc(PIECE, sizeof(*e));
		if (d->piece[num / PIECE] == NULL)
			return ms_fail_nomem(err);
	}
	e = &d->piece[num / PIECE][num % PIECE];
	if (e->where != MS_PDF_ABSENT)
		return 0;
	e->where = (unsigned)where & 3;
	e->off = off & (((uint64_t)1 << 62) - 1);
	e->gen = gen;
	if (num + 1 > d->limit)
		d->limit = (uint32_t)num + 1;
	return 0;
}

struct ms_pdf_entry
ms_pdf_entry(const struct ms_pdf *d, uint32_t num)
{
	struct ms_pdf_entry r = { MS_PDF_ABSENT, 0, 0 };
	const struct entry *e;

	if (num > MS_PDF_OBJECTS || d->piece[num / PIECE] == NULL)
		return r;
	e = &d->piece[num / PIECE][num % PIECE];
	r.where = (uint8_t)e->where;
	r.gen = e->gen;
	r.off = e->off;
	return r;
}

/* ---- the document ---- */

/* What is before the header shifts all offsets for some readers. */
static int
check_header(struct ms_pdf *d, struct ms_err *err)
{
	struct ms_span s;

	if (pdf_view(d, 0, 8, &s, err) != 0)
		return -1;
	if (s.n < 8 || memcmp(s.p, "%PDF-", 5) != 0 ||
	    (s.p[5] != '1' && s.p[5] != '2') || s.p[6] != '.')
		return ms_fail(err, MS_DATA, "ISO 32000-2 section 7.5.2: the "
		    "file does not begin with %%PDF-1. or %%PDF-2.");
	return 0;
}

int
ms_pdf_open(int fd, uint64_t size, struct ms_pdf **ret, struct ms_err *err)
{
	struct ms_pdf *d;
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return ms_fail(err, MS_BUG, "a PDF needs a regular file");
	if (size == 0)
		size = (uint64_t)st.st_size;
	if (size > (uint64_t)st.st_size)
		return ms_fail(err, MS_BUG, "a PDF beyond its file");
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return ms_fail_nomem(err);
	d->fd = fd;
	d->size = size;
	ms_buf_init(&d->win, MS_PDF_TEXT + WINDOW);
	ms_pdf_obj_init(&d->trailer);
	d->piece = calloc(PIECES, sizeof(*d->piece));
	if (d->piece == NULL) {
		ms_fail_nomem(err);
	} else if (check_header(d, err) == 0 && pdf_xref(d, err) == 0) {
		*ret = d;
		return 0;
	}
	ms_pdf_free(d);
	return -1;
}

void
ms_pdf_free(struct ms_pdf *d)
{
	size_t i;

	if (d == NULL)
		return;
	pdf_cache_clear(d);
	for (i = 0; d->piece != NULL && i < PIECES; i++)
		free(d->piece[i]);
	free(d->piece);
	free(d->sec);
	ms_pdf_obj_clear(&d->trailer);
	ms_buf_clear(&d->win);
	free(d);
}

uint64_t
ms_pdf_size(const struct ms_pdf *d)
{
	return d->size;
}

const struct ms_pdf_obj *
ms_pdf_trailer(const struct ms_pdf *d)
{
	return &d->trailer;
}

bool
ms_pdf_encrypted(const struct ms_pdf *d)
{
	return ms_pdf_key(&d->trailer, 0, "Encrypt") != MS_PDF_NIL;
}

uint32_t
ms_pdf_limit(const struct ms_pdf *d)
{
	int64_t size;

	if (ms_pdf_int(&d->trailer, ms_pdf_key(&d->trailer, 0, "Size"), 0,
	    MS_PDF_OBJECTS + 1, &size) && size > d->limit)
		return (uint32_t)size;
	return d->limit;
}

size_t
ms_pdf_sections(const struct ms_pdf *d)
{
	return d->nsec;
}

const struct ms_pdf_section *
ms_pdf_section(const struct ms_pdf *d, size_t i)
{
	return &d->sec[i];
}
