/* SPDX-License-Identifier: Apache-2.0 */
/* The record: whole, changed, cut short, full, written by several. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal/journal.h"
#include "tap.h"

static struct ms_err err = MS_ERR_INIT;
static char dir[] = "/tmp/unit-journal.XXXXXX", path[64];

static struct ms_journal *
start(void)
{
	struct ms_journal *j = NULL;

	if (ms_journal_open(path, &j, &err) == -1)
		printf("# %s\n", err.text);
	return j;
}

static int
add(struct ms_journal *j, const char *text)
{
	return ms_journal_add(j, text, &err) == -1 ? -1 :
	    ms_journal_commit(j, &err);
}

static long long
count(struct ms_journal_sum *sum)
{
	if (ms_journal_check(path, sum, &err) == -1)
		return -1;
	return (long long)sum->records;
}

static void
append(const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	if (write(fd, text, strlen(text)) == -1)
		abort();
	close(fd);
}

/* Change one byte of the file. */
static void
spoil(off_t at, char to)
{
	int fd = open(path, O_WRONLY);

	if (pwrite(fd, &to, 1, at) != 1)
		abort();
	close(fd);
}

static void
whole(void)
{
	struct ms_journal *j = start();
	struct ms_journal_sum a, b;
	struct stat sb;

	ok(ms_journal_add(j, "one", &err) == 0 &&
	    ms_journal_add(j, "two\twith a TAB", &err) == 0 &&
	    ms_journal_commit(j, &err) == 0, "two lines in one commit");
	ok(add(j, "three") == 0, "and a third");
	fails(ms_journal_add(j, "a\nb", &err), &err, MS_BUG, "control byte",
	    "a line is a line");
	fails(ms_journal_add(j, "", &err), &err, MS_BUG, "0 bytes", "not none");
	is_int(count(&a), 3, "three lines check");
	ms_journal_free(j);
	stat(path, &sb);
	is_int(sb.st_mode & 0777, 0600, "for nobody else to read");
	j = start();
	ok(add(j, "four") == 0 && count(&b) == 4, "it goes on later");
	ok(memcmp(a.head, b.head, 32) != 0 && b.cut == 0, "with a new head");
	ms_journal_free(j);
}

static void
changed(void)
{
	struct ms_journal_sum s;
	struct ms_journal *j;

	spoil(2, 'X');
	fails(ms_journal_check(path, &s, &err), &err, MS_DATA,
	    "the chain is broken: something before line 2 was changed",
	    "a changed line is found");
	fails(ms_journal_open(path, &j, &err), &err, MS_DATA,
	    "the chain is broken", "and not built upon");
	spoil(2, 'o');
	is_int(count(&s), 4, "put right again");
	spoil(0, '7');
	fails(ms_journal_check(path, &s, &err), &err, MS_DATA,
	    "after 0 lines: line 7 follows line 0", "lines have numbers");
	spoil(0, '1');
	append("rubbish\n");
	fails(ms_journal_check(path, &s, &err), &err, MS_DATA,
	    "not a line of a record", "what is no line");
	unlink(path);
}

static void
cut_short(void)
{
	struct ms_journal *j = start();
	struct ms_journal_sum s;
	struct stat sb;

	add(j, "one");
	add(j, "two");
	ms_journal_free(j);
	stat(path, &sb);
	if (truncate(path, sb.st_size - 10) == -1)
		abort();
	ok(count(&s) == 1 && s.cut == 1, "a crash in the midst of a line");
	j = start();
	ok(add(j, "two again") == 0 && add(j, "three") == 0, "it goes on");
	ok(count(&s) == 3 && s.cut == 1, "the torn line stays, closed");
	append("4\tfour");
	ok(add(j, "four") == 0 && count(&s) == 4 && s.cut == 2,
	    "also while it is open");
	append("!\n5\t");
	append("!\n");
	ok(add(j, "five") == 0 && count(&s) == 5 && s.cut == 4,
	    "several in a row");
	ms_journal_free(j);
	unlink(path);
}

static void
full(void)
{
	struct rlimit was, low = { 600, RLIM_INFINITY };
	struct ms_journal *j = start();
	struct ms_journal_sum s;
	int i, rc = 0;

	getrlimit(RLIMIT_FSIZE, &was);
	low.rlim_max = was.rlim_max;
	fflush(stdout);
	setrlimit(RLIMIT_FSIZE, &low);
	for (i = 0; i < 20 && rc == 0; i++)
		rc = add(j, "a line of some length");
	setrlimit(RLIMIT_FSIZE, &was);
	fails(rc, &err, MS_IO, "cannot write", "a full disk");
	is_int(count(&s), i - 1, "what was said to be there is");
	is_int((long long)s.cut, 0, "and nothing of what was not");
	ok(add(j, "after") == 0 && count(&s) == i, "room again");
	ms_journal_free(j);
	unlink(path);
}

/* Writers who forked, and one who opened it himself. */
static void
several(void)
{
	struct ms_journal *j = start();
	struct ms_journal_sum s;
	char text[32];
	pid_t pid[4];
	int i, k, status, bad = 0;

	fflush(stdout);
	for (k = 0; k < 4; k++) {
		pid[k] = fork();
		if (pid[k] != 0)
			continue;
		if (k == 3)
			j = start();
		for (i = 0; i < 50; i++) {
			snprintf(text, sizeof(text), "%d of %d", i, k);
			if (add(j, text) == -1)
				_exit(1);
		}
		_exit(0);
	}
	for (k = 0; k < 4; k++) {
		waitpid(pid[k], &status, 0);
		bad += status != 0;
	}
	is_int(bad, 0, "four writers of one file");
	is_int(count(&s), 200, "one chain");
	ok(add(j, "last") == 0 && count(&s) == 201, "of which all know");
	ms_journal_free(j);
	unlink(path);
}

static void
refused(void)
{
	struct ms_journal_sum s;
	struct ms_journal *j = NULL;

	fails(ms_journal_open("/dev/null", &j, &err), &err, MS_CANTCREAT,
	    "not a regular file", "a device keeps no record");
	fails(ms_journal_open("/nowhere/x", &j, &err), &err, MS_CANTCREAT,
	    "cannot open", "no directory");
	fails(ms_journal_check("/nowhere/x", &s, &err), &err, MS_NOINPUT,
	    "cannot open", "no file");
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/record", dir);
	signal(SIGXFSZ, SIG_IGN);
	whole();
	changed();
	cut_short();
	full();
	several();
	refused();
	rmdir(dir);
	return tap_done();
}
