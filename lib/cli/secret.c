/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases, by the ways of the contract in their order. */
#include "cli/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What was read from a descriptor, which gives it only once. */
static struct fd_cache {
	char *spec;
	struct ms_buf line;
	struct fd_cache *next;
} *cache;

void
cli_secrets_wipe(void)
{
	struct fd_cache *e;

	while ((e = cache) != NULL) {
		cache = e->next;
		free(e->spec);
		ms_buf_clear(&e->line);
		free(e);
	}
}

static const char *const whats[] = {
	"key", "pin", "export", "pdf", "recipient", "tsa", "smtp"
};

/*
 * The value in "[WHAT=]VALUE" if it is for `what`, else NULL.  A prefix that
 * is no WHAT belongs to a file's name.
 */
static const char *
spec_for(const char *spec, const char *what)
{
	const char *eq = strchr(spec, '=');
	size_t i, n = eq != NULL ? (size_t)(eq - spec) : 0;

	for (i = 0; eq != NULL && i < sizeof(whats) / sizeof(whats[0]); i++)
		if (strlen(whats[i]) == n && memcmp(spec, whats[i], n) == 0)
			return ms_streq(whats[i], what) ? eq + 1 : NULL;
	return ms_streq(what, "key") ? spec : NULL;
}

/* The last one for `what`; a token's PIN is the passphrase of a key. */
static const char *
find_spec(const struct ms_strs *l, const char *what, const char **value)
{
	size_t i;

	for (i = l->n; i > 0; i--) {
		*value = spec_for(l->v[i - 1], what);
		if (*value != NULL)
			return l->v[i - 1];
	}
	if (ms_streq(what, "pin"))
		return find_spec(l, "key", value);
	return NULL;
}

static int
copy_line(struct ms_buf *to, const struct ms_buf *from, struct ms_err *err)
{
	ms_buf_clear(to);
	ms_buf_init_secret(to, MS_PASSPHRASE_MAX);
	return ms_buf_add(to, from->p, from->n, err);
}

static int
from_fd(const char *spec, const char *value, struct ms_buf *ret,
    struct ms_err *err)
{
	struct fd_cache *e;
	char name[48];
	uint64_t fd;

	for (e = cache; e != NULL; e = e->next)
		if (ms_streq(e->spec, spec))
			return copy_line(ret, &e->line, err);
	if (ms_parse_uint(value, "--passphrase-fd", 0, 65535, &fd, err) == -1)
		return -1;
	snprintf(name, sizeof(name), "descriptor %d", (int)fd);
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return ms_fail_nomem(err);
	ms_buf_init_secret(&e->line, MS_PASSPHRASE_MAX);
	e->spec = strdup(spec);
	if (e->spec == NULL ||
	    cli_read_line((int)fd, name, &e->line, err) == -1) {
		free(e->spec);
		ms_buf_clear(&e->line);
		free(e);
		return ms_fail_nomem(err);
	}
	e->next = cache;
	cache = e;
	return copy_line(ret, &e->line, err);
}

static bool
in_credentials(const char *path)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	size_t n = dir != NULL ? strlen(dir) : 0;

	return n > 0 && strncmp(path, dir, n) == 0 && path[n] == '/' &&
	    strstr(path + n, "/../") == NULL;
}

static int
from_file(const char *path, struct ms_buf *ret, struct ms_err *err)
{
	struct stat st;
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return ms_fail_errno(err, MS_NOPERM,
		    "cannot open passphrase file '%s'", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IRGRP | S_IROTH)) != 0 && !in_credentials(path)) {
		close(fd);
		ms_fail(err, MS_NOPERM, "passphrase file '%s' can be read by "
		    "others", path);
		return ms_hint(err, "chmod 600 %s", path);
	}
	rc = cli_read_line(fd, path, ret, err);
	close(fd);
	return rc;
}

/* 1: found, 0: there is none of this name, -1 */
static int
credential(const char *dir, const char *a, const char *b, struct ms_buf *ret,
    struct ms_err *err)
{
	char path[4096];
	int n;

	n = snprintf(path, sizeof(path), "%s/mailseal.%s%s", dir, a, b);
	if (n < 0 || (size_t)n >= sizeof(path) || access(path, F_OK) == -1)
		return 0;
	return from_file(path, ret, err) == -1 ? -1 : 1;
}

/* systemd credentials; 1, 0, -1 as above */
static int
from_credentials(const char *what, const char *who, struct ms_buf *ret,
    struct ms_err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	int rc;

	if (dir == NULL || dir[0] != '/')
		return 0;
	if (ms_streq(what, "smtp"))
		return credential(dir, "smtp", "", ret, err);
	if (ms_streq(what, "pin"))
		return credential(dir, "pin", "", ret, err);
	if (!ms_streq(what, "key"))
		return 0;
	if (who != NULL && strchr(who, '@') != NULL &&
	    strchr(who, '/') == NULL) {
		rc = credential(dir, "passphrase.", who, ret, err);
		if (rc != 0)
			return rc;
	}
	return credential(dir, "passphrase", "", ret, err);
}

/* The command finds WHAT in $1 and whom it is for in $2. */
static int
from_command(const char *what, const char *who, struct ms_buf *ret,
    struct ms_err *err)
{
	char *argv[7];

	argv[0] = (char *)"/bin/sh";
	argv[1] = (char *)"-c";
	argv[2] = cli_secrets.command;
	argv[3] = (char *)"passphrase-command";
	argv[4] = (char *)what;
	argv[5] = (char *)(who != NULL ? who : "");
	argv[6] = NULL;
	return cli_ask_program(argv, "passphrase-command", ret, err);
}

static bool
session_bus(void)
{
	const char *bus = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char path[4096];
	int n;

	if (bus != NULL && bus[0] != '\0')
		return true;
	if (dir == NULL || dir[0] != '/')
		return false;
	n = snprintf(path, sizeof(path), "%s/bus", dir);
	return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

/* 1, 0; a keyring that does not answer is as none: there are other ways. */
static int
from_keyring(struct ms_cli *c, const char *what, const char *who,
    struct ms_buf *ret)
{
	struct ms_err e = MS_ERR_INIT;
	int rc;

	if (c->keyring == NULL || who == NULL || !session_bus())
		return 0;
	ms_buf_clear(ret);
	ms_buf_init_secret(ret, MS_PASSPHRASE_MAX);
	rc = c->keyring(what, who, ret, &e);
	if (rc == -1)
		ms_cli_verbose(c, "%s", e.text);
	return rc == 1;
}

static int
ask(const char *prompt, struct ms_buf *ret, struct ms_err *err)
{
	char *argv[3];

	if (cli_secrets.askpass == NULL)
		return cli_ask_tty(prompt, ret, err);
	argv[0] = cli_secrets.askpass;
	argv[1] = (char *)prompt;
	argv[2] = NULL;
	return cli_ask_program(argv, cli_secrets.askpass, ret, err);
}

static int
nobody(const char *what, const char *who, struct ms_err *err)
{
	const char *eq = ms_streq(what, "key") ? "" : "=";

	ms_fail(err, MS_NOPERM, "a %s is needed%s%s, and there is nobody to "
	    "ask", ms_streq(what, "pin") ? "PIN" : "passphrase",
	    who != NULL ? " for " : "", who != NULL ? who : "");
	return ms_hint(err, "--passphrase-file %s%sFILE",
	    eq[0] != '\0' ? what : "", eq);
}

static int
ask_person(const char *what, const char *who, bool confirm,
    struct ms_buf *ret, struct ms_err *err)
{
	struct ms_buf prompt = MS_BUF_INIT(1024);
	struct ms_buf again = MS_BUF_SECRET(MS_PASSPHRASE_MAX);
	int rc;

	rc = ms_buf_adds(&prompt, confirm ? "New passphrase" :
	    ms_streq(what, "pin") ? "PIN" : "Passphrase", err);
	if (rc == 0 && who != NULL) {
		rc = ms_buf_adds(&prompt, " for ", err);
		if (rc == 0)
			rc = ms_escape(&prompt, who, strlen(who), err);
	}
	if (rc == 0)
		rc = ms_buf_adds(&prompt, ": ", err);
	if (rc == 0 && ms_buf_str(&prompt) == NULL)
		rc = ms_fail_nomem(err);
	if (rc == 0)
		rc = ask(ms_buf_str(&prompt), ret, err);
	if (rc == 0 && confirm)
		rc = ask("The same again: ", &again, err);
	if (rc == 0 && confirm &&
	    !ms_span_eq(ms_buf_span(ret), ms_buf_span(&again)))
		rc = ms_fail(err, MS_NOPERM, "the two passphrases differ");
	ms_buf_clear(&again);
	ms_buf_clear(&prompt);
	return rc;
}

int
ms_cli_passphrase(struct ms_cli *c, const char *what, const char *who,
    bool confirm, struct ms_buf *ret, struct ms_err *err)
{
	const char *spec, *value;
	int rc;

	spec = find_spec(&cli_secrets.fd, what, &value);
	if (spec != NULL)
		return from_fd(spec, value, ret, err);
	spec = find_spec(&cli_secrets.file, what, &value);
	if (spec != NULL)
		return from_file(value, ret, err);
	rc = from_credentials(what, who, ret, err);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	if (cli_secrets.command != NULL)
		return from_command(what, who, ret, err);
	/* a passphrase that is made now is nowhere yet */
	if (!confirm && from_keyring(c, what, who, ret) == 1)
		return 0;
	if (cli_secrets.askpass == NULL && !cli_tty_there())
		return nobody(what, who, err);
	cli_progress_wipe(c);
	return ask_person(what, who, confirm, ret, err);
}
