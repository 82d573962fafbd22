/* SPDX-License-Identifier: Apache-2.0 */
/* The identity store: one PEM file an identity, in one directory. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "remote/remote.h"

#define NAME_LEN (MS_IDNAME - 1)
#define SUFFIX ".pem"
#define PATH_MAX_LEN 4096	/* bytes */
/* In front of the certificates of a key that is on a token (RFC 7468 section
 * 5.2 lets text stand there). */
#define REFERENCE "Key: "
#define REFERENCE_MAX 4096	/* bytes of the URI */

struct ms_idstore {
	char *dir;
};

int
ms_idstore_open(const char *dir, struct ms_idstore **ret, struct ms_err *err)
{
	struct ms_idstore *s = calloc(1, sizeof(*s));

	if (!s || !(s->dir = strdup(dir))) {
		free(s);
		return ms_fail_nomem(err);
	}
	*ret = s;
	return 0;
}

void
ms_idstore_free(struct ms_idstore *s)
{
	if (!s)
		return;
	free(s->dir);
	free(s);
}

void
ms_identry_clear(struct ms_identry *e)
{
	free(e->name);
	free(e->uri);
	X509_free(e->cert);
	memset(e, 0, sizeof(*e));
}

void
ms_identries_clear(struct ms_identries *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		ms_identry_clear(&l->v[i]);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

static int
path_of(const struct ms_idstore *s, const char *name, struct ms_buf *path,
    struct ms_err *err)
{
	return ms_buf_addf(path, err, "%s/%s" SUFFIX, s->dir, name);
}

/* NAME.pem with NAME as we make it; anything else in there is not ours. */
static bool
is_ours(const char *file, char name[NAME_LEN + 1])
{
	size_t n = strlen(file);

	if (n != NAME_LEN + strlen(SUFFIX) ||
	    !ms_streq(file + NAME_LEN, SUFFIX) ||
	    strspn(file, "0123456789abcdef") < NAME_LEN)
		return false;
	memcpy(name, file, NAME_LEN);
	name[NAME_LEN] = '\0';
	return true;
}

static int
read_file(const char *path, struct ms_buf *b, struct ms_err *err)
{
	struct ms_src *src;
	FILE *f = fopen(path, "rb");
	int rc = -1;

	if (!f)
		return ms_fail_errno(err, errno == EACCES ? MS_NOPERM :
		    MS_NOINPUT, "cannot open '%s'", path);
	src = ms_src_fd(fileno(f), path, err);
	if (src)
		rc = ms_src_slurp(src, b, err);
	ms_src_free(src);
	fclose(f);
	return rc;
}

/* The URI of a key that is elsewhere; NULL in *ret when it is here. */
static int
read_reference(const char *text, char **ret, struct ms_err *err)
{
	struct ms_span uri;

	*ret = NULL;
	if (strncmp(text, REFERENCE, strlen(REFERENCE)) != 0)
		return 0;
	text += strlen(REFERENCE);
	uri.p = (const unsigned char *)text;
	uri.n = strcspn(text, "\r\n");
	if (uri.n > REFERENCE_MAX)
		return ms_fail(err, MS_DATA, "a key's URI of %zu bytes",
		    uri.n);
	*ret = ms_span_dup(uri);
	return *ret ? 0 : ms_fail_nomem(err);
}

/* The certificate a file is about is the first one in it. */
static int
read_entry(struct ms_idstore *s, const char *name, struct ms_identry *e,
    struct ms_err *err)
{
	struct ms_buf path = MS_BUF_INIT(PATH_MAX_LEN);
	struct ms_buf text = MS_BUF_SECRET(MS_BAG_FILE);
	struct ms_bag bag;
	int rc = -1;

	ms_bag_init(&bag);
	if (path_of(s, name, &path, err) != 0 ||
	    read_file(ms_buf_str(&path), &text, err) != 0 ||
	    ms_bag_parse(&bag, ms_buf_span(&text), ms_buf_str(&path), NULL,
	    NULL, err) != 0)
		goto out;
	if (sk_X509_num(bag.certs) < 1) {
		ms_fail(err, MS_DATA, "%s: no certificate in it",
		    ms_buf_str(&path));
		goto out;
	}
	e->name = strdup(name);
	if (!e->name || !ms_buf_str(&text)) {
		ms_fail_nomem(err);
		goto out;
	}
	if (read_reference(ms_buf_str(&text), &e->uri, err) != 0)
		goto out;
	e->cert = sk_X509_shift(bag.certs);
	e->encrypted = strstr(ms_buf_str(&text),
	    "-----BEGIN ENCRYPTED PRIVATE KEY-----") != NULL;
	rc = 0;
out:
	if (rc != 0)
		ms_identry_clear(e);
	ms_bag_clear(&bag);
	ms_buf_clear(&text);
	ms_buf_clear(&path);
	return rc;
}

static int
by_age(const void *a, const void *b)
{
	time_t x = ms_cert_not_before(((const struct ms_identry *)a)->cert);
	time_t y = ms_cert_not_before(((const struct ms_identry *)b)->cert);

	return x < y ? 1 : x > y ? -1 : 0;
}

static int
add_entry(struct ms_identries *l, struct ms_identry *e, struct ms_err *err)
{
	struct ms_identry *v = realloc(l->v, (l->n + 1) * sizeof(*v));

	if (!v)
		return ms_fail_nomem(err);
	l->v = v;
	l->v[l->n++] = *e;
	return 0;
}

int
ms_idstore_list(struct ms_idstore *s, const struct ms_addr *addr,
    struct ms_identries *l, struct ms_err *err)
{
	struct ms_identry e;
	char name[NAME_LEN + 1];
	struct dirent *d;
	DIR *dir;

	memset(l, 0, sizeof(*l));
	dir = opendir(s->dir);
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return ms_fail_errno(err, MS_NOINPUT, "cannot open '%s'",
		    s->dir);
	while ((d = readdir(dir))) {
		if (!is_ours(d->d_name, name))
			continue;
		memset(&e, 0, sizeof(e));
		if (read_entry(s, name, &e, err) != 0)
			goto fail;
		if (addr && !ms_cert_has_addr(e.cert, addr)) {
			ms_identry_clear(&e);
			continue;
		}
		if (add_entry(l, &e, err) != 0) {
			ms_identry_clear(&e);
			goto fail;
		}
	}
	closedir(dir);
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_age);
	return 0;
fail:
	closedir(dir);
	ms_identries_clear(l);
	return -1;
}

/* The directory and what leads to it; keys lie there, so 0700. */
static int
make_dir(const char *dir, struct ms_err *err)
{
	char *p, *path = strdup(dir);
	int rc = 0;

	if (!path)
		return ms_fail_nomem(err);
	for (p = path + 1; rc == 0; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			rc = ms_fail_errno(err, MS_CANTCREAT,
			    "cannot make '%s'", path);
		*p = c;
		if (c == '\0')
			break;
	}
	free(path);
	return rc;
}

static int
write_identity(const struct ms_ident *id, const struct ms_buf *pass,
    struct ms_buf *pem, struct ms_err *err)
{
	const char *uri = ms_key_uri(id->key);
	int i;

	if (uri && ms_buf_addf(pem, err, REFERENCE "%s\n", uri) != 0)
		return -1;
	if (ms_cert_pem(id->cert, pem, err) != 0)
		return -1;
	for (i = 0; id->chain && i < sk_X509_num(id->chain); i++)
		if (ms_cert_pem(sk_X509_value(id->chain, i), pem, err) != 0)
			return -1;
	return uri ? 0 : ms_key_write_pem(id->key, pass, pem, err);
}

int
ms_idstore_name(X509 *cert, char name[MS_IDNAME], struct ms_err *err)
{
	struct ms_buf hex = MS_BUF_INIT(NAME_LEN);
	unsigned char md[32];
	int rc = -1;

	if (ms_cert_sha256(cert, md, err) == 0 &&
	    ms_hex_encode(md, NAME_LEN / 2, &hex, err) == 0) {
		memcpy(name, hex.p, NAME_LEN);
		name[NAME_LEN] = '\0';
		rc = 0;
	}
	ms_buf_clear(&hex);
	return rc;
}

int
ms_idstore_put(struct ms_idstore *s, const struct ms_ident *id,
    const struct ms_buf *pass, struct ms_err *err)
{
	struct ms_buf pem = MS_BUF_SECRET(MS_BAG_FILE);
	struct ms_buf path = MS_BUF_INIT(PATH_MAX_LEN);
	char name[MS_IDNAME];
	struct ms_out *out = NULL;
	int rc = -1;

	if (ms_idstore_name(id->cert, name, err) != 0 ||
	    path_of(s, name, &path, err) != 0 ||
	    write_identity(id, pass, &pem, err) != 0 ||
	    make_dir(s->dir, err) != 0 ||
	    ms_out_open(ms_buf_str(&path), true, 0, 0, &out, err) != 0)
		goto out;
	if (ms_sink_write(ms_out_sink(out), pem.p, pem.n, err) != 0)
		ms_out_abort(out);
	else
		rc = ms_out_commit(out, err);
out:
	ms_buf_clear(&path);
	ms_buf_clear(&pem);
	return rc;
}

/* Ask for the passphrase of an address, which says more than a file's name
 * and is what a credential is stored under. */
struct asking {
	ms_pass_fn *pass;
	void *arg;
	const char *who;
};

static int
ask(void *arg, const char *what, const char *who, struct ms_buf *pass,
    struct ms_err *err)
{
	struct asking *a = arg;

	return a->pass(a->arg, what, a->who ? a->who : who, pass, err);
}

/* The certificates are here, the key is on a token. */
static int
get_from_token(struct ms_idstore *s, const struct ms_identry *e,
    const struct asking *a, struct ms_idents *l, struct ms_err *err)
{
	struct ms_bag bag;
	int rc;

	ms_bag_init(&bag);
	rc = ms_idstore_bag(s, e->name, &bag, err);
	if (rc == 0)
		rc = ms_token_idents(e->uri, bag.certs, a->pass, a->arg, l,
		    err);
	ms_bag_clear(&bag);
	return rc;
}

static int
get(struct ms_idstore *s, const char *name, struct ms_addrlist *addrs,
    struct asking *a, struct ms_idents *l, struct ms_err *err)
{
	struct ms_buf path = MS_BUF_INIT(PATH_MAX_LEN);
	struct ms_identry e = { NULL, NULL, NULL, false };
	struct ms_bag bag;
	int rc = -1;

	ms_bag_init(&bag);
	if (read_entry(s, name, &e, err) != 0 ||
	    ms_cert_addrs(e.cert, addrs, err) != 0)
		goto out;
	if (addrs->n > 0)
		a->who = addrs->v[0].spec;
	if (e.uri)
		rc = get_from_token(s, &e, a, l, err);
	else if (path_of(s, name, &path, err) == 0 &&
	    ms_bag_read(&bag, ms_buf_str(&path), ask, a, err) == 0)
		rc = ms_idents_add_bag(l, &bag, ms_buf_str(&path), err);
out:
	ms_identry_clear(&e);
	ms_bag_clear(&bag);
	ms_buf_clear(&path);
	return rc;
}

int
ms_idstore_get(struct ms_idstore *s, const char *name, ms_pass_fn *pass,
    void *arg, struct ms_idents *l, struct ms_err *err)
{
	struct asking a = { pass, arg, NULL };
	struct ms_addrlist addrs;
	int rc;

	memset(&addrs, 0, sizeof(addrs));
	rc = get(s, name, &addrs, &a, l, err);
	ms_addrlist_clear(&addrs);
	return rc;
}

int
ms_idstore_bag(const struct ms_idstore *s, const char *name,
    struct ms_bag *bag, struct ms_err *err)
{
	struct ms_buf path = MS_BUF_INIT(PATH_MAX_LEN);
	int rc = -1;

	if (path_of(s, name, &path, err) == 0)
		rc = ms_bag_read(bag, ms_buf_str(&path), NULL, NULL, err);
	ms_buf_clear(&path);
	return rc;
}

const char *
ms_idstore_dir(const struct ms_idstore *s)
{
	return s->dir;
}

int
ms_idstore_forget(struct ms_idstore *s, const char *name, struct ms_err *err)
{
	struct ms_buf path = MS_BUF_INIT(PATH_MAX_LEN);
	int rc = -1;

	if (path_of(s, name, &path, err) == 0) {
		rc = unlink(ms_buf_str(&path));
		if (rc != 0)
			ms_fail_errno(err, errno == ENOENT ? MS_NOINPUT :
			    MS_CANTCREAT, "cannot remove '%s'",
			    ms_buf_str(&path));
	}
	ms_buf_clear(&path);
	return rc == 0 ? 0 : -1;
}
