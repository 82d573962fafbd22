/* SPDX-License-Identifier: Apache-2.0 */
/* Where configuration, keys and state lie. */
#include "cli/internal.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A variable that is set, not empty and, as the XDG specification wants it,
 * an absolute path. */
static const char *
env_path(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && s[0] == '/' ? s : NULL;
}

static char *
join(const char *a, const char *b, struct ms_err *err)
{
	struct ms_buf buf = MS_BUF_INIT(8192);
	char *ret = NULL;

	if (ms_buf_addf(&buf, err, "%s/%s", a, b) == 0) {
		ret = ms_buf_steal(&buf, NULL);
		if (ret == NULL)
			ms_fail_nomem(err);
	}
	ms_buf_clear(&buf);
	return ret;
}

static const char *
home(struct ms_err *err)
{
	const char *s = env_path("HOME");
	const struct passwd *pw;

	if (s != NULL)
		return s;
	pw = getpwuid(geteuid());
	if (pw != NULL && pw->pw_dir != NULL && pw->pw_dir[0] == '/')
		return pw->pw_dir;
	ms_fail(err, MS_CONFIG, "no home directory is known");
	ms_hint(err, "set HOME or MAILSEAL_HOME");
	return NULL;
}

/* $VAR/mailseal, or ~/fallback/mailseal */
static char *
xdg(const char *var, const char *fallback, struct ms_err *err)
{
	const char *base = env_path(var), *h;
	char *mid, *ret;

	if (base != NULL)
		return join(base, "mailseal", err);
	h = home(err);
	if (h == NULL)
		return NULL;
	mid = join(h, fallback, err);
	if (mid == NULL)
		return NULL;
	ret = join(mid, "mailseal", err);
	free(mid);
	return ret;
}

static int
under(struct ms_cli *c, const char *top)
{
	c->home_data = join(top, "data", &c->err);
	c->home_state = join(top, "state", &c->err);
	return c->home_data != NULL && c->home_state != NULL ? 0 : -1;
}

int
cli_dirs(struct ms_cli *c)
{
	const char *h = getenv("MAILSEAL_HOME"), *tmp = env_path("TMPDIR");

	c->tmpdir = strdup(tmp != NULL ? tmp : "/tmp");
	if (c->tmpdir == NULL)
		return ms_fail_nomem(&c->err);
	if (h != NULL && h[0] != '\0') {
		if (h[0] != '/')
			return ms_fail(&c->err, MS_CONFIG,
			    "MAILSEAL_HOME '%s' is not an absolute path", h);
		c->home_config = strdup(h);
		if (c->home_config == NULL)
			return ms_fail_nomem(&c->err);
		c->state->only_home = true;
		return under(c, h);
	}
	c->home_config = xdg("XDG_CONFIG_HOME", ".config", &c->err);
	if (c->home_config == NULL)
		return -1;
	if (geteuid() == 0)
		return under(c, "/var/lib/mailseal");
	c->home_data = xdg("XDG_DATA_HOME", ".local/share", &c->err);
	c->home_state = xdg("XDG_STATE_HOME", ".local/state", &c->err);
	return c->home_data != NULL && c->home_state != NULL ? 0 : -1;
}
