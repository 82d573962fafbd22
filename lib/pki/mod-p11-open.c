/* SPDX-License-Identifier: Apache-2.0 */
/* Which PKCS#11 modules a URI means. */
#define MS_P11_PRIVATE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki/mod-p11.h"

int
p11_fail(struct ms_err *err, CK_RV rv, const char *fmt, ...)
{
	enum ms_class c = MS_UNAVAILABLE;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (rv == CKR_HOST_MEMORY)
		return ms_fail_nomem(err);
	if (rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_PIN_INCORRECT ||
	    rv == CKR_PIN_LOCKED)
		c = MS_NOPERM;
	return ms_fail(err, c, "%s: %s", text, p11_kit_strerror(rv));
}

static int
parse(const char *text, P11KitUri **ret, struct ms_err *err)
{
	P11KitUri *u = p11_kit_uri_new();
	int rc;

	if (!u)
		return ms_fail_nomem(err);
	rc = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, u);
	if (rc != P11_KIT_URI_OK)
		ms_fail(err, MS_USAGE, "RFC 7512 section 2.3: no PKCS#11 URI: "
		    "%s", p11_kit_uri_message(rc));
	else if (p11_kit_uri_any_unrecognized(u))
		rc = ms_fail(err, MS_USAGE, "RFC 7512 section 2.4: an "
		    "attribute of the PKCS#11 URI is not known");
	else if (p11_kit_uri_get_pin_value(u)) {
		rc = ms_fail(err, MS_USAGE, "a PKCS#11 URI with a pin-value: "
		    "others could read the PIN");
		ms_hint(err, "pin-source=file:FILE in the URI, or "
		    "--passphrase-file pin=FILE");
	}
	if (rc != 0) {
		p11_kit_uri_free(u);
		return -1;
	}
	*ret = u;
	return 0;
}

/* One module by its file, absolute or in p11-kit's directory: NULL-ended. */
static CK_FUNCTION_LIST **
load_one(const char *file)
{
	CK_FUNCTION_LIST **v = calloc(2, sizeof(*v));

	if (v)
		v[0] = p11_kit_module_load(file, 0);
	if (v && !v[0]) {
		free(v);
		v = NULL;
	}
	return v;
}

/* RFC 7512 section 2.3: the name of the file without the platform's prefix and
 * suffix. */
static CK_FUNCTION_LIST **
load_named(const char *name)
{
	CK_FUNCTION_LIST **v = NULL;
	char file[256];
	size_t i;

	if (strchr(name, '/'))
		return NULL;
	for (i = 0; !v && i < 2; i++) {
		snprintf(file, sizeof(file), i ? "lib%.200s.so" : "%.200s.so",
		    name);
		v = load_one(file);
	}
	return v;
}

static bool
is_file_of(CK_FUNCTION_LIST *f, const char *name)
{
	char *file = p11_kit_module_get_filename(f);
	const char *base = file ? strrchr(file, '/') : NULL;
	size_t n = strlen(name);
	bool yes;

	base = base ? base + 1 : file;
	if (base && strncmp(base, "lib", 3) == 0 && strncmp(name, "lib", 3))
		base += 3;
	yes = base && strncmp(base, name, n) == 0 &&
	    (base[n] == '.' || base[n] == '\0');
	free(file);
	return yes;
}

static bool
is_called(CK_FUNCTION_LIST *f, const char *name)
{
	char *own = p11_kit_module_get_name(f);
	bool yes = ms_streq(own, name) || is_file_of(f, name);

	free(own);
	return yes;
}

static bool
is_policy(CK_FUNCTION_LIST *f)
{
	char *s = p11_kit_config_option(f, "trust-policy");
	bool yes = ms_streq(s, "yes");

	free(s);
	return yes;
}

/* Of those configured keep what the URI wants; the others were not
 * initialised, and are let go. */
static void
choose(CK_FUNCTION_LIST **v, const char *name)
{
	size_t i, n = 0;

	for (i = 0; v[i]; i++) {
		if (name ? is_called(v[i], name) : !is_policy(v[i]))
			v[n++] = v[i];
		else
			p11_kit_module_release(v[i]);
	}
	v[n] = NULL;
}

/* A module that does not start is as one that is not there: another may have
 * the token.  What the last one said is told when none starts. */
static int
start(struct p11 *p, struct ms_err *err)
{
	CK_RV rv, why = CKR_OK;
	size_t i, n = 0;
	bool any = p->v[0] != NULL;

	for (i = 0; p->v[i]; i++) {
		rv = p11_kit_module_initialize(p->v[i]);
		if (rv == CKR_OK) {
			p->v[n++] = p->v[i];
		} else {
			why = rv;
			p11_kit_module_release(p->v[i]);
		}
	}
	p->v[n] = NULL;
	if (n > 0)
		return 0;
	if (any)
		return p11_fail(err, why, "no PKCS#11 module starts");
	ms_fail(err, MS_UNAVAILABLE, "no PKCS#11 module is configured");
	return ms_hint(err, "install the token's module, or name it: "
	    "pkcs11:...?module-path=FILE");
}

static int
load(struct p11 *p, struct ms_err *err)
{
	const char *path = p11_kit_uri_get_module_path(p->uri);
	const char *name = p11_kit_uri_get_module_name(p->uri);

	if (path)
		p->v = load_one(path);
	else if (name)
		p->v = load_named(name);
	if (!p->v && !path) {
		p->v = p11_kit_modules_load(NULL, 0);
		if (!p->v) {
			const char *why = p11_kit_message();

			return ms_fail(err, MS_UNAVAILABLE, "p11-kit: %s",
			    why ? why : "no modules");
		}
		choose(p->v, name);
	}
	if (!p->v || (!p->v[0] && name)) {
		const char *why = p11_kit_message();

		ms_fail(err, MS_UNAVAILABLE, "cannot load PKCS#11 module "
		    "'%s'%s%s", path ? path : name, why ? ": " : "",
		    why ? why : "");
		return ms_hint(err, "p11-kit list-modules shows those that "
		    "are configured");
	}
	return start(p, err);
}

int
p11_open(const char *uri, struct p11 **ret, struct ms_err *err)
{
	struct p11 *p = calloc(1, sizeof(*p));

	if (!p)
		return ms_fail_nomem(err);
	atomic_init(&p->refs, 1);
	p->pid = getpid();
	/* What goes wrong stands in our own messages. */
	p11_kit_be_quiet();
	if (parse(uri, &p->uri, err) != 0 || load(p, err) != 0) {
		p11_free(p);
		return -1;
	}
	*ret = p;
	return 0;
}

int
p11_forked(struct p11 *p, struct ms_err *err)
{
	CK_RV rv;
	size_t i;

	if (p->pid == getpid())
		return 0;
	for (i = 0; p->v[i]; i++) {
		rv = p11_kit_module_initialize(p->v[i]);
		if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
			return p11_fail(err, rv, "the PKCS#11 module does not "
			    "start again");
	}
	p->pid = getpid();
	return 0;
}

void
p11_free(struct p11 *p)
{
	size_t i;

	if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	for (i = 0; p->v && p->v[i]; i++) {
		if (p->pid == getpid())
			p11_kit_module_finalize(p->v[i]);
		p11_kit_module_release(p->v[i]);
	}
	free(p->v);
	p11_kit_uri_free(p->uri);
	free(p);
}
