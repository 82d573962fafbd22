/* SPDX-License-Identifier: Apache-2.0 */
/* Reading again: files, pipes, sinks; what changed meanwhile is refused. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "tap.h"

#define BIG ((size_t)9 * 1024 * 1024 + 12345)	/* beyond MS_SPOOL_MEMORY */
#define FILE_SIZE ((size_t)3 * 1024 * 1024 + 77)

static unsigned char *data;
static struct ms_err e = MS_ERR_INIT;

static int
temp_file(size_t n)
{
	char path[] = "/tmp/unit-spool.XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	if (write(fd, data, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

/* A process that writes n bytes into the pipe whose end is returned. */
static int
feed(size_t n, pid_t *pid)
{
	size_t done = 0;
	ssize_t k;
	int p[2];

	if (pipe(p) != 0)
		abort();
	*pid = fork();
	if (*pid == 0) {
		close(p[0]);
		while (done < n) {
			k = write(p[1], data + done, n - done > 5000 ? 5000 :
			    n - done);
			if (k <= 0)
				_exit(1);
			done += (size_t)k;
		}
		_exit(0);
	}
	close(p[1]);
	return p[0];
}

/* Whether a whole reading gives the first n bytes of data. */
static int
reads(struct ms_spool *sp, size_t n)
{
	struct ms_src *s = ms_spool_read(sp, &e);
	size_t at = 0;
	int rc;

	if (s == NULL)
		return 0;
	while ((rc = ms_src_fill(s, &e)) > 0) {
		if (s->n > n - at || memcmp(s->p, data + at, s->n) != 0)
			return 0;
		at += s->n;
		ms_src_take(s, s->n);
	}
	return rc == 0 && at == n && s->pos == n;
}

static void
test_pipe(size_t n, unsigned flags, const char *what)
{
	struct ms_spool *sp = NULL;
	struct ms_src *s;
	uint64_t size = 0;
	unsigned char some[100];
	pid_t pid;
	int fd = feed(n, &pid);

	ok(ms_spool_fd(fd, "pipe", NULL, flags, &sp, &e) == 0, "%s: opened",
	    what);
	ok(!ms_spool_size(sp, &size), "%s: size not known before", what);
	s = ms_spool_read(sp, &e);
	ok(s != NULL && (n < 100 || (ms_src_read(s, some, 100, &e) == 0 &&
	    memcmp(some, data, 100) == 0)), "%s: first reading begun", what);
	ok(reads(sp, n), "%s: the second reading completes the first", what);
	ok(reads(sp, n), "%s: and a third", what);
	ok(ms_spool_size(sp, &size) && size == n, "%s: size known", what);
	ms_spool_free(sp);
	close(fd);
	waitpid(pid, NULL, 0);
}

static void
test_file(void)
{
	struct ms_spool *sp = NULL;
	struct ms_src *s;
	uint64_t size = 0;
	int fd = temp_file(FILE_SIZE);

	ok(ms_spool_fd(fd, "doc", NULL, 0, &sp, &e) == 0 &&
	    ms_spool_size(sp, &size) && size == FILE_SIZE,
	    "file: size known before");
	ok(reads(sp, FILE_SIZE) && reads(sp, FILE_SIZE), "file: read twice");
	if (pwrite(fd, "x", 1, 2 * 1024 * 1024) != 1)
		abort();
	s = ms_spool_read(sp, &e);
	fails(ms_src_drain(s, &e), &e, MS_IO, "'doc' changed while it was",
	    "file: one byte changed between readings");
	ok(s->pos == 2 * 1024 * 1024, "file: nothing of that block was lent");
	fails(ms_src_drain(s, &e), &e, MS_IO, "'doc' changed",
	    "file: and so it stays");
	if (pwrite(fd, data + 2 * 1024 * 1024, 1, 2 * 1024 * 1024) != 1)
		abort();
	ok(reads(sp, FILE_SIZE), "file: as it was, it can be read again");
	if (ftruncate(fd, 70000) != 0)
		abort();
	s = ms_spool_read(sp, &e);
	fails(ms_src_drain(s, &e), &e, MS_IO, "'doc' was cut short",
	    "file: shrunk between readings");
	ms_spool_free(sp);
	close(fd);
}

static void
test_file_parts(void)
{
	struct ms_spool *sp = NULL;
	struct ms_src *s;
	uint64_t size = 0;
	char some[5];
	int fd = temp_file(FILE_SIZE);

	ok(lseek(fd, 0, SEEK_SET) == 0 &&
	    ms_spool_fd(fd, "doc", NULL, 0, &sp, &e) == 0, "file: again");
	s = ms_spool_read(sp, &e);
	ok(ms_src_read(s, some, 5, &e) == 0, "file: first reading stops early");
	ok(reads(sp, FILE_SIZE), "file: second reading is whole and checked");
	ms_spool_free(sp);
	ok(ms_spool_fd(fd, "doc", NULL, MS_SPOOL_ONCE, &sp, &e) == 0 &&
	    reads(sp, FILE_SIZE), "file: read once");
	fails(ms_spool_read(sp, &e) ? 0 : -1, &e, MS_BUG, "read once",
	    "file: not twice");
	ms_spool_free(sp);
	lseek(fd, FILE_SIZE - 10, SEEK_SET);
	ok(ms_spool_fd(fd, "doc", NULL, 0, &sp, &e) == 0 &&
	    ms_spool_size(sp, &size) && size == 10,
	    "file: begins at the descriptor's position");
	s = ms_spool_read(sp, &e);
	ok(ms_src_read(s, some, 5, &e) == 0 &&
	    memcmp(some, data + FILE_SIZE - 10, 5) == 0, "file: its tail");
	ms_spool_free(sp);
	close(fd);
	fd = temp_file(1000);
	ok(ms_spool_fd(fd, "small", NULL, 0, &sp, &e) == 0 && reads(sp, 1000),
	    "small file");
	ok(ftruncate(fd, 0) == 0 && reads(sp, 1000), "small file: kept");
	ms_spool_free(sp);
	close(fd);
	fd = temp_file(1000);
	ok(ms_spool_fd(fd, "small", NULL, 0, &sp, &e) == 0 &&
	    ftruncate(fd, 10) == 0, "small file opened, then cut");
	fails(ms_src_drain(ms_spool_read(sp, &e), &e), &e, MS_IO, "cut short",
	    "small file: shorter than announced");
	fails(ms_spool_read(sp, &e) ? 0 : -1, &e, MS_IO, "cut short",
	    "small file: no second reading after a failed first");
	ms_spool_free(sp);
	close(fd);
	fd = open("/proc/self/status", O_RDONLY);
	ok(ms_spool_fd(fd, "status", NULL, 0, &sp, &e) == 0 &&
	    (s = ms_spool_read(sp, &e)) != NULL && ms_src_fill(s, &e) == 1,
	    "a file of /proc that says it is empty has content");
	ms_spool_free(sp);
	close(fd);
}

static void
test_written(size_t n, unsigned flags, const char *what)
{
	struct ms_spool *sp = NULL;
	struct ms_sink *k;
	uint64_t size;
	size_t at, len;
	int good = 1;

	ms_spool_new(NULL, flags, &sp, &e);
	k = ms_spool_sink(sp);
	for (at = 0; at < n; at += len) {
		len = n - at < 99991 ? n - at : 99991;
		good &= ms_sink_write(k, data + at, len, &e) == 0;
	}
	ok(good && ms_spool_size(sp, &size) && size == n, "%s: written", what);
	ok(reads(sp, n) && reads(sp, n), "%s: read twice", what);
	fails(ms_sink_write(k, "x", 1, &e), &e, MS_BUG, "written after",
	    "not written after reading");
	ms_spool_free(sp);
}

/*
 * The descriptor of the unlinked file in /tmp, found by walking the
 * descriptors above those we know.
 */
static int
spill_fd(void)
{
	char link[64], to[256];
	ssize_t n;
	int fd;

	for (fd = 3; fd < 64; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, to, sizeof(to) - 1);
		if (n < 0)
			continue;
		to[n] = '\0';
		if (strstr(to, "(deleted)"))
			return fd;
	}
	return -1;
}

static void
test_at_rest(unsigned flags, int plain)
{
	struct ms_spool *sp = NULL;
	static unsigned char rest[65536];
	struct ms_src *s;
	int fd;

	ms_spool_new("/tmp", flags, &sp, &e);
	ms_sink_write(ms_spool_sink(sp), data, BIG, &e);
	ok(reads(sp, BIG), "spilled");
	fd = spill_fd();
	ok(fd >= 0 && pread(fd, rest, sizeof(rest), 65536) == 65536 &&
	    (memcmp(rest, data + 65536, 65536) == 0) == plain,
	    plain ? "ciphertext rests on disk as it is" :
	    "what rests on disk is sealed");
	rest[100] ^= 1;
	if (pwrite(fd, rest, 65536, 65536) != 65536)
		abort();
	s = ms_spool_read(sp, &e);
	fails(ms_src_drain(s, &e), &e, MS_IO, "changed while",
	    "a bit flipped on disk is found");
	ok(s->pos == 65536, "before the block was lent");
	rest[100] ^= 1;
	/* The same bytes in another place. */
	if (pwrite(fd, rest, 65536, 2 * 65536) != 65536 ||
	    pwrite(fd, rest, 65536, 65536) != 65536)
		abort();
	s = ms_spool_read(sp, &e);
	fails(ms_src_drain(s, &e), &e, MS_IO, "changed while",
	    "a block moved on disk is found");
	ok(s->pos == 2 * 65536, "at its place");
	ms_spool_free(sp);
}

static void
test_failures(void)
{
	struct ms_spool *sp = NULL;
	struct ms_src *s;

	ms_spool_new("/nonexistent", 0, &sp, &e);
	fails(ms_sink_write(ms_spool_sink(sp), data, BIG, &e), &e,
	    MS_CANTCREAT, "temporary file in '/nonexistent'", "no directory");
	fails(ms_sink_write(ms_spool_sink(sp), data, 1, &e), &e, MS_BUG,
	    "after it failed", "a failed spool takes nothing more");
	fails(ms_spool_read(sp, &e) ? 0 : -1, &e, MS_BUG, "failed",
	    "and gives nothing");
	ms_spool_free(sp);
	ok(ms_spool_mem(data, 70000, &sp, &e) == 0 && reads(sp, 70000) &&
	    reads(sp, 70000), "memory read twice");
	s = ms_spool_read(sp, &e);
	ms_src_take(s, 10);
	ok(reads(sp, 70000), "memory: after a reading that stopped early");
	ms_spool_free(sp);
	ms_spool_free(NULL);
}

/* Whether a look shows the first bytes of n. */
static int
shows(struct ms_spool *sp, size_t n)
{
	struct ms_span first = { NULL, 0 };

	return ms_spool_peek(sp, &first, &e) == 0 &&
	    first.n == (n < MS_BLOCK ? n : MS_BLOCK) &&
	    (n == 0 || memcmp(first.p, data, first.n) == 0);
}

/* A reading that stopped early does not stand in the way. */
static void
test_peek_begun(void)
{
	struct ms_span first = { NULL, 0 };
	struct ms_spool *sp = NULL;
	struct ms_src *s;
	FILE *f = tmpfile();

	ok(f && fwrite(data, 1, BIG, f) == BIG && fflush(f) == 0 &&
	    lseek(fileno(f), 0, SEEK_SET) == 0, "a file");
	ok(ms_spool_fd(fileno(f), "f", NULL, 0, &sp, &e) == 0 &&
	    (s = ms_spool_read(sp, &e)) && ms_src_fill(s, &e) == 1,
	    "a reading begins");
	ok(ms_spool_peek(sp, &first, &e) == 0 && first.n > 0 &&
	    memcmp(first.p, data, first.n) == 0,
	    "its first bytes are lent all the same");
	ok((s = ms_spool_read(sp, &e)) && ms_src_drain(s, &e) == 0,
	    "and it is read again");
	ms_spool_free(sp);
	fclose(f);
}

static void
test_peek(size_t n, unsigned flags)
{
	struct ms_spool *sp = NULL;
	pid_t pid;
	int fd = feed(n, &pid);

	if (ms_spool_fd(fd, "pipe", NULL, flags, &sp, &e) != 0)
		abort();
	ok(shows(sp, n) && shows(sp, n) && reads(sp, n),
	    "a look at a pipe of %zu takes nothing", n);
	ok(flags & MS_SPOOL_ONCE ? !shows(sp, n) :
	    shows(sp, n) && reads(sp, n), "and between readings");
	ms_err_reset(&e);
	ok(flags & MS_SPOOL_ONCE || (ms_src_fill(ms_spool_read(sp, &e), &e) >=
	    0 && shows(sp, n) && reads(sp, n)), "and within one, ending it");
	ms_spool_free(sp);
	close(fd);
	waitpid(pid, NULL, 0);
	fd = temp_file(n);
	if (ms_spool_fd(fd, "doc", NULL, MS_SPOOL_ONCE, &sp, &e) != 0)
		abort();
	ok(shows(sp, n) && (ms_spool_set_flags(sp, flags),
	    flags & MS_SPOOL_ONCE ||
	    (ms_src_fill(ms_spool_read(sp, &e), &e) >= 0 && shows(sp, n))) &&
	    reads(sp, n),
	    "a look at a file of %zu before it is said how to read it", n);
	ms_spool_free(sp);
	close(fd);
	if (ms_spool_new(NULL, flags, &sp, &e) != 0 ||
	    ms_sink_write(ms_spool_sink(sp), data, n, &e) != 0)
		abort();
	ok(shows(sp, n) && reads(sp, n) && shows(sp, n),
	    "a look at %zu written bytes", n);
	ms_spool_free(sp);
	if (ms_spool_mem(data, n, &sp, &e) != 0)
		abort();
	ok(shows(sp, n) && reads(sp, n), "a look at %zu bytes of memory", n);
	ms_spool_free(sp);
}

int
main(void)
{
	size_t i;

	data = malloc(BIG);
	for (i = 0; i < BIG; i++)
		data[i] = (unsigned char)(i * 2654435761u >> 13 ^ i >> 16);
	test_pipe(0, 0, "empty pipe");
	test_pipe(100, 0, "short pipe");
	test_pipe(MS_BLOCK, 0, "pipe of one block");
	test_pipe(MS_SPOOL_MEMORY, 0, "pipe that just fits");
	test_pipe(MS_SPOOL_MEMORY + 1, 0, "pipe that just does not");
	test_pipe(BIG, 0, "sealed pipe");
	test_pipe(BIG, MS_SPOOL_CIPHERTEXT, "ciphertext pipe");
	test_file();
	test_file_parts();
	test_written(0, 0, "empty spool");
	test_written(200000, 0, "short spool");
	test_written(BIG, 0, "long spool");
	test_written(BIG, MS_SPOOL_CIPHERTEXT, "ciphertext spool");
	test_at_rest(0, 0);
	test_at_rest(MS_SPOOL_CIPHERTEXT, 1);
	test_peek_begun();
	test_peek(0, 0);
	test_peek(100, MS_SPOOL_ONCE);
	test_peek(MS_BLOCK, 0);
	test_peek(200000, MS_SPOOL_ONCE);
	test_peek(BIG, 0);
	test_peek(BIG, MS_SPOOL_CIPHERTEXT);
	test_failures();
	free(data);
	return tap_done();
}
