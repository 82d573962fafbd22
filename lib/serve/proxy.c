/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 9440: a proxy in front has done TLS and tells whose certificate the
 * client has.  It is believed on a unix socket whose other end the kernel says
 * is its account, and nobody else is.
 */
/* struct ucred is beyond POSIX. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/socket.h>

#include "serve/internal.h"

bool
serve_from_proxy(const struct ms_serve_conf *conf, int fd,
    const struct sockaddr *peer)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return conf->proxy && peer->sa_family == AF_UNIX &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	    cred.uid == conf->proxy->uid;
}

/* RFC 8941 section 3.3.5: a byte sequence, base64 between colons. */
static int
parse(const char *s, X509 **ret)
{
	struct ms_buf der = MS_BUF_INIT(SERVE_HEADER);
	size_t n = strlen(s);
	int rc = -1;

	if (n > 2 && s[0] == ':' && s[n - 1] == ':' &&
	    ms_base64_decode(s + 1, n - 2, &der, NULL) == 0)
		rc = ms_cert_parse(ms_buf_span(&der), ret, NULL);
	ms_buf_clear(&der);
	return rc;
}

int
serve_proxy_client(const struct serve_conn *c, X509 **client,
    const char **why)
{
	const struct ms_proxy *p = c->s->conf.proxy;
	const char *s = c->proxied && c->head.client_cert ?
	    (const char *)c->text.p + c->head.client_cert : NULL;

	*client = NULL;
	*why = "a certificate of the client is required";
	if (!s)
		return p && p->require ? 403 : 0;
	*why = "RFC 9440 section 2.1: malformed Client-Cert";
	if (parse(s, client) == -1)
		return 400;
	*why = "the client's certificate is not accepted";
	if (serve_judge_client(p->trust, *client, NULL) == X509_V_OK)
		return 0;
	X509_free(*client);
	*client = NULL;
	return 403;
}
