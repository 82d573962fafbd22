/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing: all or nothing, modes, links, FIFOs, devices. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "tap.h"

static struct ms_err e = MS_ERR_INIT;
static char dir[] = "/tmp/unit-publish.XXXXXX";

static void
put(const char *path, const char *s, mode_t mode)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	if (write(fd, s, strlen(s)) != (ssize_t)strlen(s) ||
	    fchmod(fd, mode) != 0)
		abort();
	close(fd);
}

static int
holds(const char *path, const char *s)
{
	char b[64];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, b, sizeof(b));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(s) && memcmp(b, s, (size_t)n) == 0;
}

static int
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

static int
entries(void)
{
	DIR *d = opendir(".");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static struct ms_out *
begin(const char *path, int secret, const char *s)
{
	struct ms_out *o = NULL;

	if (ms_out_open(path, secret, 0, 0, &o, &e) != 0)
		return NULL;
	ms_sink_puts(ms_out_sink(o), s, &e);
	return o;
}

static void
test_files(void)
{
	struct ms_out *o = begin("new", 0, "one");

	ok(o != NULL && access("new", F_OK) != 0, "nothing there before");
	ok(ms_out_commit(o, &e) == 0 && holds("new", "one"), "committed");
	is_int(mode_of("new"), 0644, "a new file has the umask's mode");
	ok(ms_out_commit(begin("secret", 1, "s"), &e) == 0 &&
	    mode_of("secret") == 0600, "a new secret file is 0600");
	chmod("secret", 0644);
	ok(ms_out_commit(begin("secret", 1, "t"), &e) == 0 &&
	    mode_of("secret") == 0600, "nor is it where all could read");
	chmod("secret", 0400);
	put("kept", "old", 0640);
	o = begin("kept", 0, "new");
	ok(holds("kept", "old"), "the old content stays until the end");
	ok(ms_out_commit(o, &e) == 0 && holds("kept", "new") &&
	    mode_of("kept") == 0640, "replaced, mode kept");
	o = begin("kept", 0, "never");
	ms_out_abort(o);
	ok(holds("kept", "new"), "an aborted result changes nothing");
	ms_out_abort(begin("ghost", 0, "never"));
	ok(access("ghost", F_OK) != 0, "and makes no file");
	ms_out_abort(NULL);
	is_int(entries(), 3, "nothing else is left behind");
}

static void
test_links(void)
{
	struct stat st;

	mkdir("sub", 0700);
	put("sub/target", "old", 0600);
	if (symlink("sub/target", "link") || symlink("fresh", "sub/dangling") ||
	    symlink("sub/dangling", "chain") || symlink("loop", "loop"))
		abort();
	ok(ms_out_commit(begin("link", 0, "via"), &e) == 0 &&
	    holds("sub/target", "via"), "a symbolic link is followed");
	ok(lstat("link", &st) == 0 && S_ISLNK(st.st_mode), "and stays a link");
	ok(ms_out_commit(begin("chain", 0, "far"), &e) == 0 &&
	    holds("sub/fresh", "far"), "also to what is not there yet");
	fails(begin("loop", 0, "") ? 0 : -1, &e, MS_CANTCREAT,
	    "cannot create 'loop'", "a link to itself");
}

static void
test_refused(void)
{
	struct ms_out *o = NULL;
	struct stat st;

	fails(begin("none/x", 0, "") ? 0 : -1, &e, MS_CANTCREAT,
	    "cannot create 'none/x': No such file", "no directory");
	fails(begin("sub", 0, "") ? 0 : -1, &e, MS_CANTCREAT,
	    "cannot create 'sub': Is a directory", "a directory");
	fails(begin("/dev/fd/999", 0, "") ? 0 : -1, &e, MS_CANTCREAT,
	    "cannot create '/dev/fd/999'", "a descriptor that is not open");
	put("in", "same", 0600);
	stat("in", &st);
	fails(ms_out_open("./in", 0, st.st_dev, st.st_ino, &o, &e), &e,
	    MS_USAGE, "is the input and the output", "the input as output");
	ok(holds("in", "same"), "which keeps its content");
	if (geteuid() != 0) {
		put("ro", "r", 0400);
		fails(begin("ro", 0, "") ? 0 : -1, &e, MS_CANTCREAT,
		    "cannot create 'ro': Permission denied",
		    "a read-only file");
	}
}

static void
test_fifo(void)
{
	static char big[MS_OUT_HOLD + 10];
	struct ms_out *o;
	char b[16];
	int fd;

	mkfifo("fifo", 0600);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	o = begin("fifo", 0, "held");
	ok(read(fd, b, sizeof(b)) <= 0, "a FIFO gets nothing before the end");
	ok(ms_out_commit(o, &e) == 0 && read(fd, b, sizeof(b)) == 4 &&
	    memcmp(b, "held", 4) == 0, "and then all");
	ms_out_abort(begin("fifo", 0, "never"));
	ok(read(fd, b, sizeof(b)) <= 0, "an aborted result leaves it empty");
	o = begin("fifo", 0, "gone");
	close(fd);
	fails(ms_out_commit(o, &e), &e, MS_IO, "cannot write 'fifo': Broken",
	    "a reader that went away");
	o = begin("/dev/full", 0, "x");
	fails(ms_out_commit(o, &e), &e, MS_IO,
	    "cannot write '/dev/full': No space", "/dev/full at the end");
	o = begin("/dev/full", 0, "");
	fails(ms_sink_write(ms_out_sink(o), big, sizeof(big), &e), &e, MS_IO,
	    "cannot write '/dev/full': No space", "/dev/full on the way");
	fails(ms_sink_puts(ms_out_sink(o), "x", &e), &e, MS_IO,
	    "cannot write '/dev/full'", "and so it stays");
	fails(ms_out_commit(o, &e), &e, MS_IO, "cannot write '/dev/full'",
	    "to the end");
	o = begin("/dev/null", 0, "");
	ok(ms_sink_write(ms_out_sink(o), big, sizeof(big), &e) == 0 &&
	    ms_sink_write(ms_out_sink(o), big, sizeof(big), &e) == 0 &&
	    ms_out_commit(o, &e) == 0, "/dev/null takes any amount");
}

static void
test_fd(void)
{
	char path[32];
	int fd;

	put("log", "head ", 0600);
	fd = open("log", O_WRONLY | O_APPEND);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	ok(ms_out_commit(begin(path, 0, "tail"), &e) == 0 &&
	    holds("log", "head tail"), "/dev/fd/N is the descriptor itself");
	ok(write(fd, "!", 1) == 1, "which stays open");
	close(fd);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	return remove(path);
}

static void
clean(void)
{
	if (chdir("/") == 0)
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	test_files();
	test_links();
	test_refused();
	test_fifo();
	test_fd();
	clean();
	return tap_done();
}
