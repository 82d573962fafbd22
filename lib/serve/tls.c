/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "serve/internal.h"

struct ms_tls {
	SSL_CTX *ctx;
	struct ms_trust *trust;
};

/* ---- setting up ---- */

int
serve_judge_client(struct ms_trust *trust, X509 *leaf, STACK_OF(X509) *extra)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_report r;
	int rc;

	ms_report_init(&r);
	rc = ms_trust_check(trust, leaf, extra, MS_USE_DEVICE, time(NULL), &r,
	    &err) == 0 && ms_report_add(&r, MS_GOOD, "client", NULL, &err,
	    "its path is right") == 0 &&
	    ms_report_conclude(&r) == MS_GOOD ? X509_V_OK :
	    ms_report_has(&r, "revoked") ? X509_V_ERR_CERT_REVOKED :
	    X509_V_ERR_CERT_REJECTED;
	ms_report_clear(&r);
	return rc;
}

/* Called by OpenSSL in place of its own verification; 1: the client is
 * who it says. */
static int
verify_client(X509_STORE_CTX *ctx, void *arg)
{
	struct ms_tls *t = arg;
	int why = serve_judge_client(t->trust, X509_STORE_CTX_get0_cert(ctx),
	    X509_STORE_CTX_get0_untrusted(ctx));

	X509_STORE_CTX_set_error(ctx, why);
	return why == X509_V_OK;
}

static int
set_identity(SSL_CTX *ctx, const struct ms_ident *id, struct ms_err *err)
{
	EVP_PKEY *key = ms_key_get0_soft(id->key);
	const char *why;
	int i;

	if (!ms_cert_may(id->cert, MS_USE_SERVER, &why))
		return ms_fail(err, MS_CONFIG,
		    "this certificate cannot serve TLS: %s", why);
	if (!key)
		return ms_fail(err, MS_CONFIG,
		    "a key for TLS must be one that can be read");
	if (SSL_CTX_use_certificate(ctx, id->cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1)
		return ms_fail_ssl(err, MS_CONFIG, "certificate and key of "
		    "TLS");
	for (i = 0; i < sk_X509_num(id->chain); i++)
		if (SSL_CTX_add1_chain_cert(ctx,
		    sk_X509_value(id->chain, i)) != 1)
			return ms_fail_ssl(err, MS_OS, "chain of TLS");
	return 0;
}

int
ms_tls_new(const struct ms_ident *id, enum ms_tls_clients clients,
    struct ms_trust *trust, struct ms_tls **ret, struct ms_err *err)
{
	struct ms_tls *t;
	int mode = SSL_VERIFY_NONE;

	if (clients != MS_TLS_ANONYMOUS && (!trust ||
	    ms_trust_is_empty(trust)))
		return ms_fail(err, MS_CONFIG, "certificates of clients need "
		    "an anchor to be judged by");
	t = calloc(1, sizeof(*t));
	if (!t)
		return ms_fail_nomem(err);
	t->trust = trust;
	t->ctx = SSL_CTX_new(TLS_server_method());
	if (!t->ctx || SSL_CTX_set_min_proto_version(t->ctx,
	    TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(t->ctx,
	    "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
	    SSL_CTX_set_num_tickets(t->ctx, 0) != 1) {
		ms_fail_ssl(err, MS_OS, "cannot set up TLS");
		goto fail;
	}
	SSL_CTX_set_options(t->ctx, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
	    SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	if (set_identity(t->ctx, id, err) == -1)
		goto fail;
	if (clients != MS_TLS_ANONYMOUS) {
		mode = SSL_VERIFY_PEER;
		SSL_CTX_set_cert_verify_callback(t->ctx, verify_client, t);
	}
	if (clients == MS_TLS_REQUIRE)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(t->ctx, mode, NULL);
	*ret = t;
	return 0;
fail:
	ms_tls_free(t);
	return -1;
}

void
ms_tls_free(struct ms_tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

/* ---- one connection ---- */

int
serve_tls_begin(struct serve_conn *c)
{
	c->ssl = SSL_new(c->s->conf.tls->ctx);
	if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1) {
		ERR_clear_error();
		return -1;
	}
	SSL_set_accept_state(c->ssl);
	return 0;
}

void
serve_tls_end(struct serve_conn *c)
{
	if (c->ssl && SSL_is_init_finished(c->ssl))
		(void)SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	c->ssl = NULL;
	ERR_clear_error();
}

X509 *
serve_tls_client(const struct serve_conn *c)
{
	return c->ssl && SSL_get_verify_result(c->ssl) == X509_V_OK ?
	    SSL_get0_peer_certificate(c->ssl) : NULL;
}

bool
serve_tls_pending(const struct serve_conn *c)
{
	return c->ssl && SSL_pending(c->ssl) > 0;
}

/* As recv() and send() say it. */
static ssize_t
result(struct serve_conn *c, int rc, size_t n)
{
	int why = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, rc);

	ERR_clear_error();
	switch (why) {
	case SSL_ERROR_NONE:
		return (ssize_t)n;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_WANT_WRITE:
		event_add(&c->wr, NULL);
		/* FALLTHROUGH */
	case SSL_ERROR_WANT_READ:
		errno = EAGAIN;
		return -1;
	}
	/* Nothing may be sent on it any more, not even the end. */
	SSL_set_quiet_shutdown(c->ssl, 1);
	errno = ECONNRESET;
	return -1;
}

ssize_t
serve_recv(struct serve_conn *c, void *p, size_t n)
{
	size_t k = 0;
	int rc;

	if (!c->ssl)
		return recv(c->fd, p, n, 0);
	rc = SSL_read_ex(c->ssl, p, n, &k);
	return result(c, rc, k);
}

ssize_t
serve_send(struct serve_conn *c, const void *p, size_t n)
{
	size_t k = 0;
	int rc;

	if (!c->ssl)
		return send(c->fd, p, n, MSG_NOSIGNAL);
	rc = SSL_write_ex(c->ssl, p, n, &k);
	return result(c, rc, k);
}
