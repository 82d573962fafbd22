/* SPDX-License-Identifier: Apache-2.0 */
/* The chain, line by line. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "journal/internal.h"

int
ms_journal_digest(const void *p, size_t n, unsigned char to[32],
    struct ms_err *err)
{
	size_t len = 0;

	return EVP_Q_digest(NULL, "SHA256", NULL, p, n, to, &len) == 1 &&
	    len == JOURNAL_HASH ? 0 : ms_fail(err, MS_OS,
	    "SHA-256 is not there");
}

int
journal_hash(struct journal_chain *c, struct ms_span line, struct ms_err *err)
{
	unsigned char in[JOURNAL_HASH + JOURNAL_LINE + 8];

	if (line.n > sizeof(in) - JOURNAL_HASH)
		return ms_fail(err, MS_DATA, "a line is too long");
	memcpy(in, c->h, JOURNAL_HASH);
	memcpy(in + JOURNAL_HASH, line.p, line.n);
	if (ms_journal_digest(in, JOURNAL_HASH + line.n, c->h, err) == -1)
		return -1;
	c->known = true;
	return 0;
}

/* SEQ of a line, or 0. */
static uint64_t
number(struct ms_span line)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < line.n && i < 19; i++) {
		if (line.p[i] == '\t')
			return v;
		if (line.p[i] < '0' || line.p[i] > '9')
			return 0;
		v = v * 10 + (uint64_t)(line.p[i] - '0');
	}
	return 0;
}

int
journal_step(struct journal_chain *c, struct ms_span line, struct ms_err *err)
{
	struct ms_buf prev = MS_BUF_INIT(JOURNAL_HASH);
	uint64_t seq = number(line);
	size_t at;
	int rc = -1;

	if (line.n >= 2 && line.p[line.n - 2] == '!')
		return !c->known || journal_hash(c, line, err) == 0 ? 0 : -1;
	if (line.n < 2 * JOURNAL_HASH + 4 || seq == 0)
		return ms_fail(err, MS_DATA, "not a line of a record");
	at = line.n - 1 - 2 * JOURNAL_HASH;
	if (line.p[at - 1] != '\t' || ms_hex_decode((const char *)line.p + at,
	    2 * JOURNAL_HASH, &prev, NULL) == -1)
		ms_fail(err, MS_DATA, "not a line of a record");
	else if (c->known && memcmp(c->h, prev.p, JOURNAL_HASH) != 0)
		ms_fail(err, MS_DATA, "the chain is broken: something before "
		    "line %llu was changed", (unsigned long long)seq);
	else if (c->known && seq != c->seq + 1)
		ms_fail(err, MS_DATA, "line %llu follows line %llu",
		    (unsigned long long)seq, (unsigned long long)c->seq);
	else {
		memcpy(c->h, prev.p, JOURNAL_HASH);
		c->seq = seq;
		rc = journal_hash(c, line, err) == 0 ? 1 : -1;
	}
	ms_buf_clear(&prev);
	return rc;
}

/* Check what a buffer holds of whole lines; what is left moves to its
 * beginning. */
static int
check_lines(struct journal_chain *c, struct ms_buf *b,
    struct ms_journal_sum *sum, struct ms_err *err)
{
	size_t at = 0;
	const unsigned char *lf;
	struct ms_span line;
	int rc;

	while ((lf = memchr(b->p + at, '\n', b->n - at))) {
		line.p = b->p + at;
		line.n = (size_t)(lf - line.p) + 1;
		rc = journal_step(c, line, err);
		if (rc == -1)
			return -1;
		sum->records += rc == 1;
		sum->cut += rc == 0;
		at += line.n;
	}
	memmove(b->p, b->p + at, b->n - at);
	b->n -= at;
	return 0;
}

int
ms_journal_check(const char *path, struct ms_journal_sum *sum,
    struct ms_err *err)
{
	struct journal_chain c = { .known = true };
	struct ms_buf b = MS_BUF_INIT(JOURNAL_LINE + MS_BLOCK);
	unsigned char *p = NULL;
	ssize_t k = 0;
	int fd, rc = -1;

	memset(sum, 0, sizeof(*sum));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return ms_fail_errno(err, MS_NOINPUT, "cannot open '%s'",
		    path);
	while ((p = ms_buf_room(&b, b.max - b.n, err))) {
		k = read(fd, p, b.max - b.n);
		if (k == -1 && errno == EINTR)
			continue;
		if (k <= 0)
			break;
		b.n += (size_t)k;
		if (check_lines(&c, &b, sum, err) == -1)
			goto out;
		if (b.n > JOURNAL_LINE) {
			ms_fail(err, MS_DATA, "a line is too long");
			goto out;
		}
	}
	if (k == -1)
		ms_fail_errno(err, MS_IO, "cannot read '%s'", path);
	else if (p) {
		sum->cut += b.n > 0;
		memcpy(sum->head, c.h, sizeof(sum->head));
		rc = 0;
	}
out:
	if (rc == -1)
		ms_err_context(err, "%s, after %llu lines", path,
		    (unsigned long long)(sum->records + sum->cut));
	close(fd);
	ms_buf_clear(&b);
	return rc;
}
