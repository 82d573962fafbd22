/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of others' services, and the identity store, where one's own keys
 * and certificates lie.
 */
#ifndef MS_REMOTE_H
#define MS_REMOTE_H

#include "net/net.h"
#include "tsp/tsp.h"

/* ---- timestamps ---- */

struct ms_stamper;
struct ms_stamper_conf {
	const char *const *urls;	/* in the order they are asked */
	size_t nurls;
	const struct ms_net_auth *auth;	/* or NULL */
	unsigned connect_ms, total_ms;	/* for each authority */
	struct ms_trust *trust;	/* tokens are checked against it when it is
				 * not NULL and not empty */
};
int ms_stamper_new(const struct ms_stamper_conf *conf,
    struct ms_stamper **ret, struct ms_err *err);
void ms_stamper_free(struct ms_stamper *s);
/*
 * An ms_stamp_fn with a struct ms_stamper as arg: asks one authority after
 * the other until one gives a token that is right.  MS_TEMPFAIL, naming each
 * and its reason, when none does.
 */
int ms_stamper_stamp(void *arg, enum ms_oid md, struct ms_span imprint,
    struct ms_buf *token, struct ms_err *err);
/* Send a TimeStampReq somebody else made; resp gets the TimeStampResp of the
 * first authority that answers, granted or not.  MS_TEMPFAIL when none
 * does. */
int ms_stamper_relay(struct ms_stamper *s, struct ms_span req,
    struct ms_buf *resp, struct ms_err *err);

/* ---- what certificates name to be fetched ---- */

struct ms_fetcher_conf {
	const char *cache;	/* directory, made when needed; NULL: none */
	bool private_hosts;	/* loopback and private addresses too */
	unsigned connect_ms, total_ms;	/* for each answer */
	unsigned budget_ms;	/* for all of them together */
};
/*
 * Someone for ms_trust_set_fetch().  http: and https: without redirects; only
 * public addresses (ms_net_public()) unless private_hosts; what was right is
 * kept in the cache until it goes out of date, and a URL that failed is not
 * asked again for five minutes.  No network code is loaded before the first
 * URL is asked.  MS_TEMPFAIL: unreachable, slow, not HTTP status 200, or the
 * budget is used up; MS_NOPERM: an address that is not public; MS_DATA: more
 * bytes than are taken.
 */
int ms_fetcher_new(const struct ms_fetcher_conf *conf, struct ms_fetch *ret,
    struct ms_err *err);

/* ---- identity store: $XDG_DATA_HOME/mailseal/identities ---- */

/*
 * One file an identity: NAME.pem with the certificate, its chain and the key
 * (PKCS#8, encrypted unless it was imported so), mode 0600, NAME being the
 * first 16 hex digits of the certificate's SHA-256.  Past keys stay.  Instead
 * of a key that is on a token there is a first line "Key: URI".
 */
struct ms_idstore;
int ms_idstore_open(const char *dir, struct ms_idstore **ret,
    struct ms_err *err);
void ms_idstore_free(struct ms_idstore *s);

#define MS_IDNAME 17		/* 16 hex digits and NUL */
/* The name of the identity with this certificate. */
int ms_idstore_name(X509 *cert, char name[MS_IDNAME], struct ms_err *err);

struct ms_identry {
	char *name;		/* 16 hex digits */
	X509 *cert;
	char *uri;		/* of the token the key is on, or NULL */
	bool encrypted;		/* the key needs a passphrase */
};
void ms_identry_clear(struct ms_identry *e);
struct ms_identries {
	struct ms_identry *v;
	size_t n;
};
/* All of them, or those of an address; certificates only, no passphrase. */
int ms_idstore_list(struct ms_idstore *s, const struct ms_addr *addr,
    struct ms_identries *l, struct ms_err *err);
void ms_identries_clear(struct ms_identries *l);
/* Put an identity in; pass encrypts its key (NULL: in clear; of a key on a
 * token only the URI is kept).  One that is there already is replaced. */
int ms_idstore_put(struct ms_idstore *s, const struct ms_ident *id,
    const struct ms_buf *pass, struct ms_err *err);
/* Adds to l.  The passphrase is asked for as that of the first address in the
 * certificate.  A name that is not there is MS_NOINPUT. */
int ms_idstore_get(struct ms_idstore *s, const char *name, ms_pass_fn *pass,
    void *arg, struct ms_idents *l, struct ms_err *err);
/* The same without reading the key: it is fetched, and its passphrase asked
 * for, when it is first used.  arg must live as long as the identity. */
int ms_idstore_later(const struct ms_idstore *s, const struct ms_identry *e,
    ms_pass_fn *pass, void *arg, struct ms_idents *l, struct ms_err *err);
/* What a file of the store holds, without its key; the first certificate is
 * the identity's own. */
int ms_idstore_bag(const struct ms_idstore *s, const char *name,
    struct ms_bag *bag, struct ms_err *err);
/* Where the store is; borrowed. */
const char *ms_idstore_dir(const struct ms_idstore *s);
/* Take an identity out, key and all; MS_NOINPUT when it is not there. */
int ms_idstore_forget(struct ms_idstore *s, const char *name,
    struct ms_err *err);

/*
 * What -i, --key and --cert mean: an address (its keys in the store), a file
 * (PEM, DER, PKCS#12), a token (pki/token.h) or the keyring (pki/keyring.h)
 * with key and certificate, or key and certificate apart.  arg must live as
 * long as the identities.  Adds to l.  MS_NOINPUT when there is nothing of
 * that name, with a hint.
 * use: only identities whose certificate may be used so (MS_USE_ANY: all).
 */
struct ms_ident_spec {
	const char *identity;	/* -i, or NULL */
	const char *key;	/* --key, or NULL */
	const char *cert;	/* --cert, or NULL */
};
int ms_ident_load(struct ms_idstore *s, const struct ms_ident_spec *spec,
    enum ms_usage use, ms_pass_fn *pass, void *arg, struct ms_idents *l,
    struct ms_err *err);
/* Add the certificates of such a FILE or URI to bag->certs; no key is read. */
int ms_ident_certs(const char *where, ms_pass_fn *pass, void *arg,
    struct ms_bag *bag, struct ms_err *err);
/* Whether a word after -i is an address. */
bool ms_ident_is_address(const char *s);

#endif
