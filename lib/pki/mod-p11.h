/* SPDX-License-Identifier: Apache-2.0 */
/* Module p11: its table, and what its files share. */
#ifndef MS_PKI_MOD_P11_H
#define MS_PKI_MOD_P11_H

#include "base/module.h"
#include "pki/internal.h"

#include "pki/token.h"

struct ms_p11_ops {
	int (*idents)(const char *uri, STACK_OF(X509) *certs,
	    ms_pass_fn *pass, void *arg, struct ms_idents *l,
	    struct ms_err *err);
	int (*certs)(const char *uri, ms_pass_fn *pass, void *arg,
	    struct ms_bag *bag, struct ms_err *err);
};

#ifdef MS_P11_PRIVATE

#include <sys/types.h>

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#define P11_OBJECTS 256		/* of one search; a token holds a few */
#define P11_VALUE_MAX ((size_t)64 * 1024)	/* bytes of one attribute */
#define P11_LABEL 33		/* CK_TOKEN_INFO.label and NUL */

/* The modules in use: one that was named, or those configured. */
struct p11 {
	atomic_uint refs;
	CK_FUNCTION_LIST **v;	/* NULL-ended */
	P11KitUri *uri;
	pid_t pid;		/* of the process that initialised them */
};

/* A token that is there.  Its session stays open, and with it the log-in,
 * until the last key of it is gone. */
struct p11_token {
	atomic_uint refs;
	struct p11 *p11;	/* one reference */
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO info;
	char label[P11_LABEL];
	CK_SESSION_HANDLE session;
	pid_t pid;		/* of the process whose session it is */
	ms_pass_fn *pass;
	void *arg;
	struct ms_buf pin;	/* kept for keys that want it each time */
	bool refused;		/* the PIN, once: no second try */
};

struct p11_objects {
	CK_OBJECT_HANDLE v[P11_OBJECTS];
	size_t n;
};

/* ---- mod-p11-open.c ---- */

/* ms_fail() with what the token said. */
int p11_fail(struct ms_err *err, CK_RV rv, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int p11_open(const char *uri, struct p11 **ret, struct ms_err *err);
void p11_free(struct p11 *p);
/* PKCS#11 v2.40 section 5.4: a child process initialises the modules anew. */
int p11_forked(struct p11 *p, struct ms_err *err);

/* ---- mod-p11-token.c ---- */

/* Every token that the URI names; fn is called with each, and takes a
 * reference when it keeps it.  Stops at the first failure. */
typedef int p11_token_fn(void *arg, struct p11_token *t, struct ms_err *err);
int p11_tokens(struct p11 *p, ms_pass_fn *pass, void *arg, p11_token_fn *fn,
    void *fn_arg, struct ms_err *err);
struct p11_token *p11_token_ref(struct p11_token *t);
void p11_token_free(struct p11_token *t);
int p11_session(struct p11_token *t, CK_SESSION_HANDLE *ret,
    struct ms_err *err);
/* In a child process: its own session; the PIN is remembered. */
int p11_token_forked(struct p11_token *t, struct ms_err *err);
/* Log in, unless somebody in this process is. */
int p11_login(struct p11_token *t, struct ms_err *err);
/* Log in once more, for the operation that this session has begun
 * (CKA_ALWAYS_AUTHENTICATE). */
int p11_login_again(struct p11_token *t, CK_SESSION_HANDLE s,
    struct ms_err *err);

/* ---- mod-p11-find.c ---- */

int p11_find(struct p11_token *t, CK_ATTRIBUTE *what, size_t n,
    struct p11_objects *ret, struct ms_err *err);
/* One attribute: 1 in *ret (emptied first), 0 it has none, -1 error. */
int p11_attr(struct p11_token *t, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
    struct ms_buf *ret, struct ms_err *err);
struct p11_cert {
	X509 *x;
	struct ms_buf id;	/* CKA_ID, may be empty */
};
struct p11_certs {
	struct p11_cert v[P11_OBJECTS];
	size_t n;
};
/* The certificates that the URI names, added to l. */
int p11_certs(struct p11_token *t, struct p11_certs *l, struct ms_err *err);
void p11_certs_clear(struct p11_certs *l);
/* The private key for pub: by CKA_ID when that is not empty, else by what the
 * URI says; the token is logged in.  MS_NOINPUT when it is not there. */
int p11_private(struct p11_token *t, struct ms_span id, EVP_PKEY *pub,
    CK_OBJECT_HANDLE *ret, struct ms_err *err);

/* ---- mod-p11-key.c ---- */

struct p11_key {
	struct p11_token *t;
	struct ms_buf id;	/* CKA_ID of the certificate, or empty */
	CK_SESSION_HANDLE s;	/* its own: sessions do one thing at a time */
	CK_OBJECT_HANDLE o;
	bool here;		/* in this process: */
	pid_t pid;
	bool each_time;		/* CKA_ALWAYS_AUTHENTICATE */
};
/* Find it, unless that was done, and log in before. */
int p11_key_here(struct ms_key *key, struct ms_err *err);
/* A key that is looked for when first used.  Takes a reference to t. */
struct ms_key *p11_key(struct p11_token *t, struct ms_span id, EVP_PKEY *pub,
    struct ms_err *err);

/* ---- mod-p11-derive.c ---- */

int p11_derive(struct ms_key *key, EVP_PKEY *peer, struct ms_buf *secret,
    struct ms_err *err);

/* ---- mod-p11-oaep.c ---- */

/*
 * RSAES-OAEP decoding (RFC 8017 section 7.1.2 step 3), empty label, in time
 * that does not depend on the octets: 1 with the message, 0 when it is none,
 * -1 error.  em is changed.
 */
int p11_oaep(const struct ms_rsa_enc *e, unsigned char *em, size_t n,
    struct ms_buf *out, struct ms_err *err);

#endif
#endif
