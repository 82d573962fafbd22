/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration lines: what is read, what is refused and where. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "tap.h"

static struct ms_err e = MS_ERR_INIT;

static void
refused(const char *text, size_t n, const char *words, const char *what)
{
	struct ms_conf c;

	ms_conf_init(&c);
	fails(ms_conf_parse(&c, "m.conf", text, n, &e), &e, MS_CONFIG, words,
	    what);
	ms_conf_clear(&c);
}

static void
refuse(const char *text, const char *words, const char *what)
{
	refused(text, strlen(text), words, what);
}

static void
entry(const struct ms_conf *c, size_t i, const char *section, const char *key,
    const char *value, unsigned line)
{
	const struct ms_conf_entry *v = &c->v[i];

	if (!ok(i < c->n && ms_streq(v->section, section) &&
	    ms_streq(v->key, key) && ms_streq(v->value, value) &&
	    v->line == line, "%s = %s", key, value) && i < c->n)
		printf("# [%s] %s = '%s', line %u\n", v->section, v->key,
		    v->value, v->line);
}

static void
test_read(void)
{
	static const char text[] =
	    "# comment\n"
	    "; comment\n"
	    "tsa=http://a.example/ ; not a comment # either\n"
	    "tsa \t=\t http://b.example/?a=b \r\n"
	    "\n"
	    "  [ ms-lookup ]\n"
	    "source =\n"
	    "[alice@a.example]\n"
	    "identity = \xc3\xa9 x";
	struct ms_conf c;

	ms_conf_init(&c);
	ok(ms_conf_parse(&c, "m.conf", text, sizeof(text) - 1, &e) == 0,
	    "parsed");
	is_int((long long)c.n, 4, "four entries");
	entry(&c, 0, "", "tsa",
	    "http://a.example/ ; not a comment # either", 3);
	entry(&c, 1, "", "tsa", "http://b.example/?a=b", 4);
	entry(&c, 2, "ms-lookup", "source", "", 7);
	entry(&c, 3, "alice@a.example", "identity", "\xc3\xa9 x", 9);
	ok(ms_conf_parse(&c, "n.conf", "a = b\n", 6, &e) == 0 && c.n == 5 &&
	    ms_streq(c.v[4].section, ""), "a second file adds");
	ok(ms_conf_parse(&c, "o.conf", NULL, 0, &e) == 0, "an empty one too");
	ms_conf_clear(&c);
}

static void
test_long(void)
{
	static char text[MS_CONF_LINE + 8];
	struct ms_conf c;

	memset(text, 'v', sizeof(text));
	memcpy(text, "key = ", 6);
	ms_conf_init(&c);
	ok(ms_conf_parse(&c, "m.conf", text, MS_CONF_LINE, &e) == 0 &&
	    strlen(c.v[0].value) == MS_CONF_LINE - 6, "a line of 8 KiB");
	ms_conf_clear(&c);
	refused(text, MS_CONF_LINE + 1, "m.conf:1: longer than 8192 bytes",
	    "one byte more");
}

static void
test_refused(void)
{
	char *big = calloc(1, MS_CONF_SIZE + 1);

	refuse("a = b\nhello\n", "m.conf:2: neither", "no equal sign");
	refuse("\n\n[x\n", "m.conf:3: a section line ends", "open section");
	refuse("[]\n", "m.conf:1: a section needs a name", "empty section");
	refuse("[", "m.conf:1: a section line ends", "a bracket alone");
	refuse("[a]b]\n", "m.conf:1: a section needs", "bracket in a section");
	refuse("= v\n", "m.conf:1: a key is made of", "no key");
	refuse("Key = v\n", "m.conf:1: a key is made of", "upper case key");
	refuse("a b = v\n", "m.conf:1: a key is made of", "blank in a key");
	refuse("--tsa = v\n", "m.conf:1: a key is made of", "option as key");
	refuse("a = \x1b[2J\n", "m.conf:1: control character", "escape");
	refused("a = b\0c\n", 8, "m.conf:1: control character", "NUL");
	refuse("a = \xff\n", "m.conf:1: not UTF-8", "not UTF-8");
	refused(big, MS_CONF_SIZE + 1, "m.conf: larger than", "too large");
	free(big);
}

static int
read_conf(const char *path)
{
	struct ms_conf c;
	int rc;

	ms_conf_init(&c);
	rc = ms_conf_read(&c, path, &e);
	if (rc == 0 && c.n > 0)
		rc = ms_streq(c.v[0].value, "b") ? 0 : -2;
	ms_conf_clear(&c);
	return rc;
}

static void
test_file(void)
{
	char path[] = "/tmp/unit-conf.XXXXXX";
	int fd = mkstemp(path);

	if (write(fd, "a = b\n", 6) != 6)
		abort();
	ok(read_conf(path) == 0, "a file");
	fchmod(fd, 0620);
	fails(read_conf(path), &e, MS_CONFIG, "others can write it",
	    "writable by its group");
	fchmod(fd, 0602);
	fails(read_conf(path), &e, MS_CONFIG, "others can write it",
	    "writable by all");
	fchmod(fd, 0600);
	if (geteuid() == 0 && fchown(fd, 12345, (gid_t)-1) == 0)
		fails(read_conf(path), &e, MS_CONFIG,
		    "belongs to another user", "of another user");
	else
		ok(1, "of another user # SKIP not root");
	unlink(path);
	close(fd);
	fails(read_conf(path), &e, MS_NOINPUT, "cannot open", "missing");
	fails(read_conf("/tmp"), &e, MS_NOINPUT, "Is a directory",
	    "a directory");
	ok(read_conf("/dev/null") == 0, "/dev/null is an empty one");
	fails(read_conf("/dev/zero"), &e, MS_CONFIG, "larger than",
	    "an endless one");
}

int
main(void)
{
	test_read();
	test_long();
	test_refused();
	test_file();
	return tap_done();
}
