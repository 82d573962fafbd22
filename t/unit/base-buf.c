/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, buffers, sources and sinks. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "tap.h"

static struct ms_err e = MS_ERR_INIT;

static void
test_err(void)
{
	char longs[3000];

	fails(ms_fail(&e, MS_DATA, "a %d", 1), &e, MS_DATA, "a 1", "a failure");
	ms_fail(&e, MS_DATA, "first");
	ms_fail(&e, MS_OS, "second");
	ms_err_context(&e, "part %d", 2);
	ms_hint(&e, "do this");
	ms_hint(&e, "do that");
	is_str(e.hint, "do this", "the first hint stays");
	fails(-1, &e, MS_DATA, "part 2: first", "the first failure wins");
	is_str(e.hint, "", "reset forgets the hint");
	ok(ms_hint(&e, "x") == -1 && ms_err_context(&e, "x") == -1 &&
	    e.hint[0] == '\0' && e.text[0] == '\0', "no hint without failure");
	errno = ENOENT;
	fails(ms_fail_errno(&e, MS_NOINPUT, "cannot open"), &e, MS_NOINPUT,
	    "cannot open: No such file", "errno's words");
	ok(ms_fail(NULL, MS_DATA, "x") == -1, "no object, still -1");
	memset(longs, 'x', sizeof(longs));
	longs[1022] = '\xc3';
	longs[1023] = '\xa9';
	longs[2999] = '\0';
	ms_fail(&e, MS_DATA, "%s", longs);
	ok(strlen(e.text) == 1022, "cut before a character that is not whole");
	ms_err_context(&e, "%s", longs);
	ok(strlen(e.text) < sizeof(e.text) &&
	    ms_utf8_valid(e.text, strlen(e.text)), "context of any length");
	ms_err_reset(&e);
}

static void
test_buf(void)
{
	struct ms_buf b = MS_BUF_INIT(100), s = MS_BUF_SECRET(1000);
	char chunk[100] = { 0 }, *p;
	size_t n = 0;
	unsigned char *old;

	ok(ms_buf_add(&b, chunk, 100, &e) == 0 && b.n == 100, "up to the max");
	fails(ms_buf_addc(&b, 'x', &e), &e, MS_DATA, "more than 100 bytes",
	    "one more");
	fails(ms_buf_room(&b, (size_t)-1, &e) ? 0 : -1, &e, MS_DATA,
	    "more than 100 bytes", "much more");
	ms_buf_reset(&b);
	ok(ms_buf_addf(&b, &e, "%s-%d", "a", 7) == 0 &&
	    ms_streq(ms_buf_str(&b), "a-7"), "formatted");
	p = ms_buf_steal(&b, &n);
	ok(ms_streq(p, "a-7") && n == 3 && b.p == NULL && b.n == 0, "stolen");
	free(p);
	ok(ms_streq(ms_buf_str(&b), ""), "an empty buffer is a string");
	ms_buf_clear(&b);
	p = ms_buf_steal(&b, NULL);
	is_str(p, "", "an empty buffer stolen is an empty string");
	free(p);
	ms_buf_adds(&s, "secret", &e);
	old = s.p;
	ms_buf_reset(&s);
	ok(memcmp(old, "\0\0\0\0\0\0", 6) == 0, "reset wipes a secret");
	ms_buf_adds(&s, "secret", &e);
	ok(ms_buf_add(&s, chunk, 100, &e) == 0 && s.n == 106 &&
	    memcmp(s.p, "secret\0", 7) == 0, "a secret grows");
	ms_buf_clear(&s);
	ok(s.p == NULL && s.max == 1000, "clear leaves it usable");
}

static void
test_compare(void)
{
	struct ms_span a = { (const unsigned char *)"aB\0c", 4 };
	struct ms_span z = { NULL, 0 };
	char *p;

	ok(ms_streq("a", "a") && !ms_streq("a", "b") && ms_streq(NULL, NULL) &&
	    !ms_streq("", NULL), "equal strings");
	ok(ms_strcaseeq("aB-[", "Ab-[") && !ms_strcaseeq("[", "{") &&
	    !ms_strcaseeq("a", "ab"), "equal but for case");
	ok(!ms_span_is(a, "aB") && ms_span_is(z, "") && ms_span_eq(z, z) &&
	    ms_span_eq(a, a) && !ms_span_eq(a, z), "equal spans");
	a.n = 2;
	ok(ms_span_caseis(a, "Ab") && !ms_span_caseis(a, "Abc"), "case");
	p = ms_span_dup(a);
	is_str(p, "aB", "copied");
	free(p);
	a.n = 4;
	ok(ms_span_dup(a) == NULL, "not with a NUL inside");
}

static int calls;

static int
bad_fill(struct ms_src *s, struct ms_err *err)
{
	calls++;
	return ms_fail(err, MS_TEMPFAIL, "call %d", calls);
}

static void
test_src(void)
{
	struct ms_src bad = { .fill = bad_fill }, *s;
	struct ms_buf b = MS_BUF_INIT(3);
	char to[4];
	int p[2];

	fails(ms_src_fill(&bad, &e), &e, MS_TEMPFAIL, "call 1", "fails");
	fails(ms_src_fill(&bad, &e), &e, MS_TEMPFAIL, "call 1", "stays so");
	s = ms_src_mem("abcd", 4, &e);
	ok(ms_src_read(s, to, 3, &e) == 0 && memcmp(to, "abc", 3) == 0 &&
	    s->pos == 3, "read from memory");
	fails(ms_src_read(s, to, 2, &e), &e, MS_DATA, "truncated", "too much");
	ok(ms_src_fill(s, &e) == 0 && ms_src_fill(s, &e) == 0, "the end");
	ms_src_free(s);
	s = ms_src_mem("abcd", 4, &e);
	fails(ms_src_slurp(s, &b, &e), &e, MS_DATA, "more than 3", "cap");
	ms_src_free(s);
	ms_src_free(NULL);
	ms_buf_clear(&b);
	if (pipe(p) != 0 || write(p[1], "xyz", 3) != 3)
		abort();
	close(p[1]);
	s = ms_src_fd(p[0], "p", &e);
	ok(ms_src_slurp(s, &b, &e) == 0 && b.n == 3, "read from a pipe");
	ms_src_free(s);
	close(p[0]);
	s = ms_src_fd(p[0], "p", &e);
	fails(ms_src_drain(s, &e), &e, MS_IO, "cannot read 'p': Bad file",
	    "a closed descriptor");
	ms_src_free(s);
	ms_buf_clear(&b);
}

static void
test_sink(void)
{
	struct ms_buf b = MS_BUF_INIT(3 * MS_BLOCK);
	struct ms_buf got = MS_BUF_INIT(3 * MS_BLOCK);
	struct ms_sink *k, *to = ms_sink_buf(&b, &e);
	struct ms_src *s;
	char path[] = "/tmp/unit-buf.XXXXXX";
	int i, good = 1, fd = mkstemp(path);

	unlink(path);
	k = ms_sink_fd(fd, "f", &e);
	for (i = 0; i < 20000; i++)
		good &= ms_sink_printf(to, &e, "%d,", i) == 0;
	good &= ms_sink_printf(to, &e, "%0300d", 1) == 0;
	good &= ms_sink_write(k, b.p, 10, &e) == 0 &&
	    ms_sink_write(k, b.p + 10, b.n - 20, &e) == 0 &&
	    lseek(fd, 0, SEEK_CUR) > 0 &&
	    ms_sink_write(k, b.p + b.n - 10, 10, &e) == 0 &&
	    ms_sink_end(k, &e) == 0;
	lseek(fd, 0, SEEK_SET);
	s = ms_src_fd(fd, "f", &e);
	ms_sink_free(to);
	to = ms_sink_buf(&got, &e);
	good &= ms_copy(s, to, &e) == 0;
	ok(good && b.n > MS_BLOCK && ms_span_eq(ms_buf_span(&b),
	    ms_buf_span(&got)), "written and read back");
	ms_src_free(s);
	ms_sink_free(k);
	ms_sink_free(to);
	close(fd);
	fd = open("/dev/full", O_WRONLY);
	k = ms_sink_fd(fd, "full", &e);
	ok(ms_sink_puts(k, "x", &e) == 0, "buffered");
	fails(ms_sink_end(k, &e), &e, MS_IO, "cannot write 'full': No space",
	    "a full device");
	ms_sink_free(k);
	close(fd);
	k = ms_sink_null(&e);
	ok(ms_sink_puts(k, "x", &e) == 0 && ms_sink_end(k, &e) == 0, "null");
	ms_sink_free(k);
	ms_sink_free(NULL);
	ms_buf_clear(&b);
	ms_buf_clear(&got);
}

int
main(void)
{
	test_err();
	test_buf();
	test_compare();
	test_src();
	test_sink();
	return tap_done();
}
