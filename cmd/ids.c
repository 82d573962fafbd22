/* SPDX-License-Identifier: Apache-2.0 */
#include "ids.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES ((size_t)256 * 1024)	/* of one identity, shown */

static bool
is_name(const char *s)
{
	return strlen(s) == MS_IDNAME - 1 &&
	    strspn(s, "0123456789abcdef") == MS_IDNAME - 1;
}

/* Keep only the entry of that name. */
static void
keep_name(struct ms_identries *l, const char *name)
{
	struct ms_identry hold;
	size_t i;

	for (i = 0; i < l->n && !ms_streq(l->v[i].name, name); i++)
		;
	if (i == l->n) {
		ms_identries_clear(l);
		return;
	}
	hold = l->v[i];
	l->v[i] = l->v[0];
	l->v[0] = hold;
	for (i = 1; i < l->n; i++)
		ms_identry_clear(&l->v[i]);
	l->n = 1;
}

int
ids_select(struct ms_cli *c, struct ms_idstore *s, const char *what, bool must,
    struct ms_identries *l)
{
	struct ms_addr a;
	int rc;

	if (!what || is_name(what)) {
		if (ms_idstore_list(s, NULL, l, &c->err) != 0)
			return -1;
		if (what)
			keep_name(l, what);
	} else {
		if (ms_addr_parse(what, strlen(what), &a, &c->err) != 0)
			return ms_err_context(&c->err, "'%s' is neither an "
			    "address nor a NAME", what);
		rc = ms_idstore_list(s, &a, l, &c->err);
		ms_addr_clear(&a);
		if (rc != 0)
			return -1;
	}
	if (l->n > 0 || !must)
		return 0;
	ms_fail(&c->err, MS_NOINPUT, "no identity '%s' in the store", what);
	return ms_hint(&c->err, "ms-id list shows what is there");
}

static const char *
use_of(X509 *x)
{
	bool sign = ms_cert_may(x, MS_USE_SIGN, NULL);
	bool encrypt = ms_cert_may(x, MS_USE_ENCRYPT, NULL);

	return sign && encrypt ? "sign,encrypt" : sign ? "sign" :
	    encrypt ? "encrypt" : NULL;
}

/* What is shown of an identity, as text. */
struct card {
	struct ms_addrlist addrs;
	char *subject, *issuer, *serial;
	char from[MS_TIME_STR], to[MS_TIME_STR];
	struct ms_buf sha256, key;
};

static void
card_clear(struct card *d)
{
	ms_addrlist_clear(&d->addrs);
	free(d->subject);
	free(d->issuer);
	free(d->serial);
	ms_buf_clear(&d->sha256);
	ms_buf_clear(&d->key);
}

static int
card_init(struct ms_cli *c, struct card *d, X509 *x)
{
	EVP_PKEY *k = X509_get0_pubkey(x);
	unsigned char md[32];

	memset(d, 0, sizeof(*d));
	ms_buf_init(&d->sha256, 128);
	ms_buf_init(&d->key, 128);
	d->subject = ms_cert_subject(x);
	d->issuer = ms_cert_issuer(x);
	d->serial = ms_cert_serial(x);
	ms_time_str(ms_cert_not_before(x), d->from);
	ms_time_str(ms_cert_not_after(x), d->to);
	if (ms_cert_addrs(x, &d->addrs, &c->err) != 0 ||
	    ms_cert_sha256(x, md, &c->err) != 0 ||
	    ms_hex_encode(md, sizeof(md), &d->sha256, &c->err) != 0 ||
	    (k && ms_buf_addf(&d->key, &c->err, "%s %d",
	    EVP_PKEY_get0_type_name(k), EVP_PKEY_get_bits(k)) != 0)) {
		card_clear(d);
		return -1;
	}
	if (!ms_buf_str(&d->sha256) || !ms_buf_str(&d->key)) {
		card_clear(d);
		return ms_fail_nomem(&c->err);
	}
	return 0;
}

/* NAME ADDRESS USE NOTBEFORE NOTAFTER SUBJECT */
static int
line(struct ms_cli *c, const struct ms_identry *e, const struct card *d,
    struct ms_buf *b)
{
	struct ms_buf all = MS_BUF_INIT(LINE_MAX_BYTES);
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < d->addrs.n; i++)
		rc = ms_buf_addf(&all, &c->err, "%s%s", i ? "," : "",
		    d->addrs.v[i].spec);
	if (rc == 0 && (ms_common_column(b, e->name, &c->err) != 0 ||
	    ms_common_column(b, ms_buf_str(&all), &c->err) != 0 ||
	    ms_common_column(b, use_of(e->cert), &c->err) != 0 ||
	    ms_common_column(b, d->from, &c->err) != 0 ||
	    ms_common_column(b, d->to, &c->err) != 0 ||
	    ms_common_column(b, d->subject, &c->err) != 0 ||
	    ms_buf_addc(b, '\n', &c->err) != 0))
		rc = -1;
	ms_buf_clear(&all);
	return rc;
}

static int
field(struct ms_cli *c, struct ms_buf *b, const char *key, const char *value)
{
	if (ms_buf_adds(b, key, &c->err) != 0 ||
	    ms_common_column(b, value, &c->err) != 0)
		return -1;
	return ms_buf_addc(b, '\n', &c->err);
}

static int
lines(struct ms_cli *c, const struct ms_identry *e, const struct card *d,
    struct ms_buf *b)
{
	size_t i;

	if (field(c, b, "name", e->name) != 0)
		return -1;
	for (i = 0; i < d->addrs.n; i++)
		if (field(c, b, "address", d->addrs.v[i].spec) != 0)
			return -1;
	if (field(c, b, "use", use_of(e->cert)) != 0 ||
	    field(c, b, "not-before", d->from) != 0 ||
	    field(c, b, "not-after", d->to) != 0 ||
	    field(c, b, "subject", d->subject) != 0 ||
	    field(c, b, "issuer", d->issuer) != 0 ||
	    field(c, b, "serial", d->serial) != 0 ||
	    field(c, b, "sha256", (const char *)d->sha256.p) != 0 ||
	    field(c, b, "key", (const char *)d->key.p) != 0)
		return -1;
	if (field(c, b, "passphrase", e->encrypted ? "yes" : "no") != 0)
		return -1;
	return e->uri ? field(c, b, "token", e->uri) : 0;
}

static int
object_addrs(struct ms_json *j, const struct card *d, struct ms_err *err)
{
	struct ms_json *a = ms_json_array(err);
	size_t i;

	for (i = 0; a && i < d->addrs.n; i++)
		if (ms_json_str(a, NULL, d->addrs.v[i].spec, err) != 0) {
			ms_json_free(a);
			return -1;
		}
	return a ? ms_json_put(j, "addresses", a, err) : -1;
}

static int
object(struct ms_cli *c, const struct ms_identry *e, const struct card *d,
    struct ms_sink *k)
{
	struct ms_json *j = ms_json_object(&c->err);
	struct ms_err *err = &c->err;
	int rc = -1;

	if (j && ms_json_int(j, "version", 1, err) == 0 &&
	    ms_json_str(j, "type", "identity", err) == 0 &&
	    ms_json_str(j, "name", e->name, err) == 0 &&
	    object_addrs(j, d, err) == 0 &&
	    ms_json_str(j, "use", use_of(e->cert), err) == 0 &&
	    ms_json_str(j, "not-before", d->from, err) == 0 &&
	    ms_json_str(j, "not-after", d->to, err) == 0 &&
	    ms_json_str(j, "subject", d->subject, err) == 0 &&
	    ms_json_str(j, "issuer", d->issuer, err) == 0 &&
	    ms_json_str(j, "serial", d->serial, err) == 0 &&
	    ms_json_str(j, "sha256", (const char *)d->sha256.p, err) == 0 &&
	    ms_json_str(j, "key", (const char *)d->key.p, err) == 0 &&
	    ms_json_bool(j, "passphrase", e->encrypted, err) == 0 &&
	    (!e->uri || ms_json_str(j, "token", e->uri, err) == 0))
		rc = ms_json_print(j, k, err);
	ms_json_free(j);
	return rc;
}

int
ids_print(struct ms_cli *c, const struct ms_identry *e, bool full, bool more,
    struct ms_sink *k)
{
	struct ms_buf b = MS_BUF_INIT(LINE_MAX_BYTES);
	struct card d;
	int rc;

	if (card_init(c, &d, e->cert) != 0)
		return -1;
	if (c->json) {
		rc = object(c, e, &d, k);
	} else {
		rc = more && full ? ms_buf_addc(&b, '\n', &c->err) : 0;
		if (rc == 0)
			rc = full ? lines(c, e, &d, &b) : line(c, e, &d, &b);
		if (rc == 0)
			rc = ms_sink_write(k, b.p, b.n, &c->err);
	}
	ms_buf_clear(&b);
	card_clear(&d);
	return rc;
}

/* ---- keyring ---- */

static int
into_keyring(struct ms_cli *c, const struct ms_ident *id, const char *who)
{
	struct ms_addrlist addrs = { NULL, 0, NULL, 0 };
	struct ms_addr a;
	size_t i;
	int rc = -1;

	if (!is_name(who)) {
		if (ms_addr_parse(who, strlen(who), &a, &c->err) != 0)
			return -1;
		rc = ms_keyring_put(id, a.spec, &c->err);
		ms_addr_clear(&a);
		return rc;
	}
	if (ms_cert_addrs(id->cert, &addrs, &c->err) == 0) {
		rc = 0;
		for (i = 0; rc == 0 && i < addrs.n; i++)
			rc = ms_keyring_put(id, addrs.v[i].spec, &c->err);
	}
	ms_addrlist_clear(&addrs);
	return rc;
}

/* The keyring encrypts: no passphrase is asked for but that of the store. */
int
ids_into_keyring(struct ms_cli *c, struct ms_idstore *s,
    const struct ms_identries *e, const char *who)
{
	struct ms_idents l = { NULL, 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < e->n; i++)
		rc = ms_idstore_get(s, e->v[i].name, ms_common_pass, c, &l,
		    &c->err);
	for (i = 0; rc == 0 && i < l.n; i++)
		rc = into_keyring(c, &l.v[i], who);
	ms_idents_clear(&l);
	return rc;
}
