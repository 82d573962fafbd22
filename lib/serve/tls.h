/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS for a server: 1.2 and 1.3, with certificates of clients when wanted.
 * Sessions are not resumed: each connection is judged by the CRLs of now.
 */
#ifndef MS_SERVE_TLS_H
#define MS_SERVE_TLS_H

#include "base/base.h"
#include "pki/key.h"
#include "pki/trust.h"

struct ms_tls;

enum ms_tls_clients {
	MS_TLS_ANONYMOUS,	/* no certificate is asked for */
	MS_TLS_ASK,		/* one that is shown must be good */
	MS_TLS_REQUIRE		/* no service without one */
};

/*
 * id: certificate (MS_USE_SERVER), chain and a key in memory.  trust judges
 * certificates of clients (MS_USE_DEVICE) by path and CRLs, as it was set up;
 * what is not plainly right is refused in the handshake.  Both are borrowed;
 * trust may be NULL for MS_TLS_ANONYMOUS.  MS_CONFIG when they do not fit.
 */
int ms_tls_new(const struct ms_ident *id, enum ms_tls_clients clients,
    struct ms_trust *trust, struct ms_tls **ret, struct ms_err *err);
void ms_tls_free(struct ms_tls *t);

#endif
