/* SPDX-License-Identifier: Apache-2.0 */
/* Options that servers share. */
#ifndef MS_SERVE_OPTS_H
#define MS_SERVE_OPTS_H

#include "common.h"
#include "serve/serve.h"

/* --tls-identity, --tls-clients, --client-trust, --client-crl,
 * --proxy-uid. */
extern const struct ms_opt serve_tls_opts[];
/* --max-connections, --source-connections, --source-rate, --source-burst,
 * --access-log. */
extern const struct ms_opt serve_limit_opts[];

/* Set what they say; lines of the access log go to stderr, arg of *sc must
 * begin with a struct ms_cli *. */
void serve_limits(struct ms_serve_conf *sc);

struct serve_tls {
	struct ms_idents ids;
	struct ms_trust *trust;
	struct ms_tls *tls;
	struct ms_proxy proxy;
};
/* Read what the options name, if anything, and set sc->tls and sc->proxy. */
int serve_tls(struct ms_cli *c, struct serve_tls *t, struct ms_serve_conf *sc,
    struct ms_err *err);
void serve_tls_clear(struct serve_tls *t);

#endif
