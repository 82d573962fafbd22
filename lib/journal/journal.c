/* SPDX-License-Identifier: Apache-2.0 */
/* Appending. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/internal.h"

/* Lines of one commit, in bytes. */
#define NOTED ((size_t)1024 * 1024)
/* So much of the end is looked at: it holds whole lines in any case. */
#define TAIL ((size_t)64 * JOURNAL_LINE)

struct ms_journal {
	int fd;
	char *path;
	off_t size;		/* when the chain was last looked at */
	struct journal_chain chain;
	bool cut;		/* the file ends in the midst of a line */
	bool lost;		/* a sync has failed */
	struct ms_buf noted;	/* lines of text */
	struct ms_buf out;
};

/* ---- the end of the file ---- */

static int
read_at(struct ms_journal *j, unsigned char *p, size_t n, off_t at,
    struct ms_err *err)
{
	ssize_t k;

	while (n > 0) {
		k = pread(j->fd, p, n, at);
		if (k == -1 && errno == EINTR)
			continue;
		if (k <= 0)
			return ms_fail_errno(err, MS_IO, "cannot read '%s'",
			    j->path);
		p += k;
		n -= (size_t)k;
		at += k;
	}
	return 0;
}

/* Find where the chain stands from the last lines. */
static int
walk_tail(struct ms_journal *j, struct ms_span s, bool whole,
    struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	const unsigned char *lf;
	struct ms_span line;

	memset(&j->chain, 0, sizeof(j->chain));
	j->chain.known = whole;
	while ((lf = s.n ? memchr(s.p, '\n', s.n) : NULL)) {
		line.p = s.p;
		line.n = (size_t)(lf - s.p) + 1;
		s.p += line.n;
		s.n -= line.n;
		/* The first may have begun before the tail did. */
		if (!whole) {
			whole = true;
			continue;
		}
		if (journal_step(&j->chain, line, &why) == -1)
			return ms_fail(err, MS_DATA, "%s: %s", j->path,
			    why.text);
	}
	j->cut = s.n > 0;
	if (!j->chain.known)
		return ms_fail(err, MS_DATA, "%s: not a record", j->path);
	/* It will be closed before the next line. */
	ms_buf_reset(&j->out);
	return j->cut ? ms_buf_add(&j->out, s.p, s.n, err) : 0;
}

/* Others may have written. */
static int
look(struct ms_journal *j, struct ms_err *err)
{
	unsigned char *p;
	struct stat sb;
	struct ms_span s;
	int rc;

	if (fstat(j->fd, &sb) == -1)
		return ms_fail_errno(err, MS_IO, "%s", j->path);
	if (sb.st_size == j->size && !j->cut)
		return 0;
	s.n = sb.st_size > (off_t)TAIL ? TAIL : (size_t)sb.st_size;
	p = malloc(s.n ? s.n : 1);
	if (!p)
		return ms_fail_nomem(err);
	s.p = p;
	rc = read_at(j, p, s.n, sb.st_size - (off_t)s.n, err);
	if (rc == 0)
		rc = walk_tail(j, s, s.n == (size_t)sb.st_size, err);
	free(p);
	if (rc == 0)
		j->size = sb.st_size;
	return rc;
}

static int
lock(struct ms_journal *j, short how, struct ms_err *err)
{
	struct flock fl = { .l_type = how, .l_whence = SEEK_SET };

	while (fcntl(j->fd, F_SETLKW, &fl) == -1)
		if (errno != EINTR)
			return ms_fail_errno(err, MS_IO, "cannot lock '%s'",
			    j->path);
	return 0;
}

/* ---- opening ---- */

/* The name of a new file must last, too. */
static int
sync_dir(const char *path, struct ms_err *err)
{
	char *copy = strdup(path);
	int fd, rc;

	if (!copy)
		return ms_fail_nomem(err);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd == -1 ? -1 : fsync(fd);
	if (rc == -1)
		ms_fail_errno(err, MS_IO, "cannot sync the directory of '%s'",
		    path);
	if (fd != -1)
		close(fd);
	free(copy);
	return rc;
}

int
ms_journal_open(const char *path, struct ms_journal **ret, struct ms_err *err)
{
	struct ms_journal *j = calloc(1, sizeof(*j));
	struct stat sb;
	int rc = -1;

	if (!j)
		return ms_fail_nomem(err);
	ms_buf_init(&j->noted, NOTED);
	ms_buf_init(&j->out, 2 * NOTED);
	j->size = -1;
	j->path = strdup(path);
	j->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (!j->path)
		ms_fail_nomem(err);
	else if (j->fd == -1)
		ms_fail_errno(err, MS_CANTCREAT, "cannot open '%s'", path);
	else if (fstat(j->fd, &sb) == -1 || !S_ISREG(sb.st_mode))
		ms_fail(err, MS_CANTCREAT, "'%s' is not a regular file", path);
	else if (sync_dir(path, err) == 0 && lock(j, F_RDLCK, err) == 0) {
		rc = look(j, err);
		lock(j, F_UNLCK, NULL);
	}
	if (rc == -1) {
		ms_journal_free(j);
		return -1;
	}
	*ret = j;
	return 0;
}

void
ms_journal_free(struct ms_journal *j)
{
	if (!j)
		return;
	if (j->fd != -1)
		close(j->fd);
	ms_buf_clear(&j->noted);
	ms_buf_clear(&j->out);
	free(j->path);
	free(j);
}

/* ---- writing ---- */

int
ms_journal_add(struct ms_journal *j, const char *text, struct ms_err *err)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = strlen(text), i;

	for (i = 0; i < n; i++)
		if ((p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f)
			return ms_fail(err, MS_BUG,
			    "a control byte in a record");
	if (n == 0 || n > MS_JOURNAL_TEXT)
		return ms_fail(err, MS_BUG, "a record of %zu bytes", n);
	return ms_buf_addf(&j->noted, err, "%s\n", text);
}

/* The lines noted, numbered and chained, into j->out; c moves on. */
static int
compose(struct ms_journal *j, struct journal_chain *c, struct ms_err *err)
{
	struct ms_span s = ms_buf_span(&j->noted), line;
	size_t cut = j->out.n, at, n;

	if (j->cut) {
		if (ms_buf_adds(&j->out, "!\n", err) == -1 ||
		    journal_hash(c, ms_buf_span(&j->out), err) == -1)
			return -1;
		/* Only the end of it is still to be written. */
		memmove(j->out.p, j->out.p + cut, j->out.n - cut);
		j->out.n -= cut;
	} else
		ms_buf_reset(&j->out);
	for (; s.n > 0; s.p += n, s.n -= n) {
		n = (size_t)((const unsigned char *)memchr(s.p, '\n', s.n) -
		    s.p) + 1;
		at = j->out.n;
		c->seq++;
		if (ms_buf_addf(&j->out, err, "%llu\t%.*s\t",
		    (unsigned long long)c->seq, (int)n - 1,
		    (const char *)s.p) == -1 ||
		    ms_hex_encode(c->h, JOURNAL_HASH, &j->out, err) == -1 ||
		    ms_buf_addc(&j->out, '\n', err) == -1)
			return -1;
		line.p = j->out.p + at;
		line.n = j->out.n - at;
		if (journal_hash(c, line, err) == -1)
			return -1;
	}
	return 0;
}

static int
write_out(struct ms_journal *j, struct ms_err *err)
{
	const unsigned char *p = j->out.p;
	size_t n = j->out.n;
	ssize_t k;

	while (n > 0) {
		k = write(j->fd, p, n);
		if (k == -1 && errno == EINTR)
			continue;
		if (k <= 0) {
			ms_fail_errno(err, MS_IO, "cannot write '%s'",
			    j->path);
			/* Where it cannot be taken back, as in a file that
			 * may only grow, it is closed later. */
			(void)!ftruncate(j->fd, j->size);
			j->size = -1;
			return -1;
		}
		p += k;
		n -= (size_t)k;
	}
	if (fdatasync(j->fd) == -1) {
		/* The kernel may have thrown the pages away: what is on the
		 * disk, nobody can know any more. */
		j->lost = true;
		return ms_fail_errno(err, MS_IO, "cannot sync '%s'", j->path);
	}
	return 0;
}

int
ms_journal_commit(struct ms_journal *j, struct ms_err *err)
{
	struct journal_chain c;
	int rc = -1;

	if (j->lost)
		ms_fail(err, MS_IO, "'%s' could not be synced before: start "
		    "again when the disk is in order", j->path);
	else if (j->noted.n == 0)
		rc = 0;
	else if (lock(j, F_WRLCK, err) == 0) {
		if (look(j, err) == 0) {
			c = j->chain;
			rc = compose(j, &c, err) == -1 ? -1 :
			    write_out(j, err);
		}
		if (rc == 0) {
			j->chain = c;
			j->size += (off_t)j->out.n;
			j->cut = false;
		}
		lock(j, F_UNLCK, NULL);
	}
	ms_buf_reset(&j->noted);
	ms_buf_reset(&j->out);
	return rc;
}
