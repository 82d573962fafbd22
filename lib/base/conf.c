/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/internal.h"
#include "base/io.h"
#include "base/text.h"

void
ms_conf_init(struct ms_conf *c)
{
	memset(c, 0, sizeof(*c));
}

static void
entry_clear(struct ms_conf_entry *e)
{
	free(e->section);
	free(e->key);
	/* A value may be a passphrase command or a URI with a PIN. */
	ms_wipe_str(e->value);
}

void
ms_conf_clear(struct ms_conf *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		entry_clear(&c->v[i]);
	free(c->v);
	free(c->name);
	ms_conf_init(c);
}

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct ms_span
trim(struct ms_span s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Keys are named as the long options: lower case, digits, hyphens. */
static bool
is_key(struct ms_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9') &&
		    !(s.p[i] == '-' && i > 0))
			return false;
	}
	return s.n > 0;
}

static bool
has_control(struct ms_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	}
	return false;
}

/* Entries are few, and a file has at most MS_CONF_SIZE bytes. */
static int
add(struct ms_conf *c, struct ms_span section, struct ms_span key,
    struct ms_span value, unsigned line, struct ms_err *err)
{
	struct ms_conf_entry e, *v;

	/* Room for a power of two of entries, from 8 on. */
	if (c->n == 0 || (c->n >= 8 && (c->n & (c->n - 1)) == 0)) {
		v = realloc(c->v, (c->n ? 2 * c->n : 8) * sizeof(*v));
		if (v == NULL)
			return ms_fail_nomem(err);
		c->v = v;
	}
	e.section = ms_span_dup(section);
	e.key = ms_span_dup(key);
	e.value = ms_span_dup(value);
	e.line = line;
	if (e.section == NULL || e.key == NULL || e.value == NULL) {
		entry_clear(&e);
		return ms_fail_nomem(err);
	}
	c->v[c->n++] = e;
	return 0;
}

static int
wrong(const struct ms_conf *c, unsigned line, struct ms_err *err,
    const char *what)
{
	return ms_fail(err, MS_CONFIG, "%s:%u: %s", c->name, line, what);
}

static int
section_line(struct ms_conf *c, struct ms_span s, unsigned line,
    struct ms_span *section, struct ms_err *err)
{
	struct ms_span name;

	/* It begins with '[', so that a last ']' is another byte. */
	if (s.p[s.n - 1] != ']')
		return wrong(c, line, err, "a section line ends with ']'");
	name.p = s.p + 1;
	name.n = s.n - 2;
	name = trim(name);
	if (name.n == 0 || memchr(name.p, '[', name.n) != NULL ||
	    memchr(name.p, ']', name.n) != NULL)
		return wrong(c, line, err, "a section needs a name");
	*section = name;
	return 0;
}

static int
parse_line(struct ms_conf *c, struct ms_span s, unsigned line,
    struct ms_span *section, struct ms_err *err)
{
	struct ms_span key, value;
	const unsigned char *eq;

	if (s.n > MS_CONF_LINE)
		return ms_fail(err, MS_CONFIG, "%s:%u: longer than %d bytes",
		    c->name, line, MS_CONF_LINE);
	s = trim(s);
	if (s.n == 0 || s.p[0] == '#' || s.p[0] == ';')
		return 0;
	if (has_control(s))
		return wrong(c, line, err, "control character");
	if (!ms_utf8_valid(s.p, s.n))
		return wrong(c, line, err, "not UTF-8");
	if (s.p[0] == '[')
		return section_line(c, s, line, section, err);
	eq = memchr(s.p, '=', s.n);
	if (eq == NULL)
		return wrong(c, line, err, "neither 'key = value' nor "
		    "'[section]'");
	key.p = s.p;
	key.n = (size_t)(eq - s.p);
	value.p = eq + 1;
	value.n = s.n - key.n - 1;
	key = trim(key);
	if (!is_key(key))
		return wrong(c, line, err, "a key is made of a-z, 0-9 and -");
	return add(c, *section, key, trim(value), line, err);
}

int
ms_conf_parse(struct ms_conf *c, const char *name, const void *p, size_t n,
    struct ms_err *err)
{
	struct ms_span section = { NULL, 0 }, s;
	const unsigned char *at = n > 0 ? p : (const void *)"";
	const unsigned char *end = at + n, *nl;
	unsigned line;

	free(c->name);
	c->name = strdup(name);
	if (c->name == NULL)
		return ms_fail_nomem(err);
	if (n > MS_CONF_SIZE)
		return ms_fail(err, MS_CONFIG, "%s: larger than %zu bytes",
		    name, MS_CONF_SIZE);
	for (line = 1; at < end; line++, at = nl + 1) {
		nl = memchr(at, '\n', (size_t)(end - at));
		if (nl == NULL)
			nl = end;
		s.p = at;
		s.n = (size_t)(nl - at);
		if (parse_line(c, s, line, &section, err) != 0)
			return -1;
		if (nl == end)
			break;
	}
	return 0;
}

/*
 * Who may write the file decides what we do.  A device (/dev/null) holds
 * nothing that somebody put there.
 */
static int
check_owner(int fd, const char *path, struct ms_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return ms_fail_errno(err, MS_NOINPUT, "cannot open '%s'",
		    path);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return ms_fail_errno(err, MS_NOINPUT, "cannot open '%s'",
		    path);
	}
	if (S_ISCHR(st.st_mode))
		return 0;
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		ms_fail(err, MS_CONFIG, "%s: belongs to another user", path);
		return ms_hint(err, "chown it to yourself or to root");
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		ms_fail(err, MS_CONFIG, "%s: others can write it", path);
		return ms_hint(err, "chmod go-w '%s'", path);
	}
	return 0;
}

int
ms_conf_read(struct ms_conf *c, const char *path, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_SECRET(MS_CONF_SIZE);
	struct ms_src *s = NULL;
	int rc = -1, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return ms_fail_errno(err, MS_NOINPUT, "cannot open '%s'",
		    path);
	if (check_owner(fd, path, err) != 0)
		goto out;
	s = ms_src_fd(fd, path, err);
	if (s == NULL)
		goto out;
	while ((rc = ms_src_fill(s, err)) > 0) {
		if (s->n > MS_CONF_SIZE - b.n) {
			rc = ms_fail(err, MS_CONFIG, "%s: larger than %zu "
			    "bytes", path, MS_CONF_SIZE);
			break;
		}
		rc = ms_buf_add(&b, s->p, s->n, err);
		if (rc != 0)
			break;
		ms_src_take(s, s->n);
	}
	if (rc == 0)
		rc = ms_conf_parse(c, path, b.p, b.n, err);
out:
	ms_src_free(s);
	ms_buf_clear(&b);
	close(fd);
	return rc;
}
