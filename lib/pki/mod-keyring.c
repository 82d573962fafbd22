/* SPDX-License-Identifier: Apache-2.0 */
/* The Secret Service by libsecret, which only this file knows. */
#include <libsecret/secret.h>

#include "pki/mod-keyring.h"

/* Takes over error. */
static int
failed(GError *error, struct ms_err *err)
{
	ms_fail(err, MS_UNAVAILABLE, "no keyring can be reached: %s",
	    error ? error->message : "no answer");
	if (error)
		g_error_free(error);
	return ms_hint(err, "a keyring lives on the session bus of a desktop; "
	    "elsewhere: dbus-run-session, or keys in files (ms-id import)");
}

static GHashTable *
table_of(const char *const *attributes)
{
	GHashTable *t = g_hash_table_new(g_str_hash, g_str_equal);
	size_t i;

	for (i = 0; attributes[i]; i += 2)
		g_hash_table_insert(t, (gpointer)attributes[i],
		    (gpointer)attributes[i + 1]);
	return t;
}

static SecretService *
service(struct ms_err *err)
{
	GError *error = NULL;
	SecretService *s = secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION,
	    NULL, &error);

	if (!s)
		failed(error, err);
	return s;
}

/* Without SECRET_SEARCH_UNLOCK: it would wait for somebody to type. */
static int
find(const char *const *attributes, keyring_found_fn *found, void *arg,
    size_t *locked, struct ms_err *err)
{
	SecretService *s = service(err);
	GHashTable *t;
	GList *items, *i;
	GError *error = NULL;
	SecretValue *v;
	struct ms_span secret;
	gsize n;
	int rc = 0;

	*locked = 0;
	if (!s)
		return -1;
	t = table_of(attributes);
	items = secret_service_search_sync(s, NULL, t, SECRET_SEARCH_ALL |
	    SECRET_SEARCH_LOAD_SECRETS, NULL, &error);
	if (error)
		rc = failed(error, err);
	for (i = items; rc == 0 && i; i = i->next) {
		v = secret_item_get_secret(i->data);
		if (!v) {
			++*locked;
			continue;
		}
		secret.p = (const unsigned char *)secret_value_get(v, &n);
		secret.n = n;
		rc = found(arg, secret, err);
		secret_value_unref(v);
	}
	g_list_free_full(items, g_object_unref);
	g_hash_table_unref(t);
	g_object_unref(s);
	return rc;
}

/* The default collection, if it is there and open: storing would ask somebody
 * to make or to unlock it. */
static int
is_open(SecretService *s, struct ms_err *err)
{
	GError *error = NULL;
	SecretCollection *c = secret_collection_for_alias_sync(s,
	    SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, NULL, &error);
	gboolean locked;

	if (error)
		return failed(error, err);
	if (!c) {
		ms_fail(err, MS_UNAVAILABLE, "there is no default keyring");
		return ms_hint(err, "make one with the desktop's own tool");
	}
	locked = secret_collection_get_locked(c);
	g_object_unref(c);
	if (!locked)
		return 0;
	ms_fail(err, MS_NOPERM, "the keyring is locked");
	return ms_hint(err, "log in to the desktop, or unlock it with its own "
	    "tool");
}

static int
put(const char *const *attributes, const char *label, struct ms_span secret,
    struct ms_err *err)
{
	SecretService *s = service(err);
	GHashTable *t;
	GError *error = NULL;
	SecretValue *v;
	int rc;

	if (!s)
		return -1;
	rc = is_open(s, err);
	if (rc == 0) {
		t = table_of(attributes);
		v = secret_value_new((const char *)secret.p,
		    (gssize)secret.n, "text/plain");
		if (!secret_service_store_sync(s, NULL, t,
		    SECRET_COLLECTION_DEFAULT, label, v, NULL, &error))
			rc = failed(error, err);
		secret_value_unref(v);
		g_hash_table_unref(t);
	}
	g_object_unref(s);
	return rc;
}

extern const struct ms_keyring_ops ms_module_keyring MS_MODULE_EXPORT;
const struct ms_keyring_ops ms_module_keyring = { find, put };
