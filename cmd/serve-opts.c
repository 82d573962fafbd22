/* SPDX-License-Identifier: Apache-2.0 */
#include "serve-opts.h"

#include <stdio.h>
#include <string.h>

static char *tls_identity, *tls_clients;
static struct ms_strs client_trust, client_crl;
static uint64_t proxy_uid = UINT64_MAX;

const struct ms_opt serve_tls_opts[] = {
	{ .name = "tls-identity", .kind = MS_OPT_STR, .to = &tls_identity,
	    .arg = "FILE", .help = "serve over TLS with this key and "
	    "certificate" },
	{ .name = "tls-clients", .kind = MS_OPT_STR, .to = &tls_clients,
	    .arg = "HOW", .choices = "anonymous|ask|require",
	    .help = "certificates of clients" },
	{ .name = "client-trust", .kind = MS_OPT_LIST, .to = &client_trust,
	    .arg = "FILE|DIR", .help = "anchors of clients' certificates" },
	{ .name = "client-crl", .kind = MS_OPT_LIST, .to = &client_crl,
	    .arg = "FILE", .help = "revocation list for clients" },
	{ .name = "proxy-uid", .kind = MS_OPT_UINT, .to = &proxy_uid,
	    .arg = "UID", .max = UINT32_MAX,
	    .help = "believe this account's Client-Cert (unix socket)" },
	MS_OPT_END
};

static uint64_t max_connections = 1024, source_connections, source_rate;
static uint64_t source_burst;
static char *access_log;

const struct ms_opt serve_limit_opts[] = {
	{ .name = "max-connections", .kind = MS_OPT_UINT,
	    .to = &max_connections, .arg = "N", .min = 1, .max = 65536,
	    .help = "connections over all workers (1024)" },
	{ .name = "source-connections", .kind = MS_OPT_UINT,
	    .to = &source_connections, .arg = "N", .max = 65535,
	    .help = "connections of one source (0: no limit)" },
	{ .name = "source-rate", .kind = MS_OPT_UINT, .to = &source_rate,
	    .arg = "N", .max = 1000000,
	    .help = "requests a second of one source (0: no limit)" },
	{ .name = "source-burst", .kind = MS_OPT_UINT, .to = &source_burst,
	    .arg = "N", .max = 1000000,
	    .help = "requests of one source at once (a second's)" },
	{ .name = "access-log", .kind = MS_OPT_STR, .to = &access_log,
	    .arg = "HOW", .choices = "none|line|json",
	    .help = "a line on stderr for each answer" },
	MS_OPT_END
};

static void
access_line(void *arg, const char *line)
{
	struct ms_cli *const *c = arg;

	ms_cli_say(*c, "%s", line);
}

/* One write(2), so that the lines of several workers do not mix. */
static void
access_json(void *arg, const char *line)
{
	dprintf(2, "%s\n", line);
}

void
serve_limits(struct ms_serve_conf *sc)
{
	sc->max_connections = (unsigned)max_connections;
	sc->source_connections = (unsigned)source_connections;
	sc->source_rate = (unsigned)source_rate;
	sc->source_burst = (unsigned)source_burst;
	if (ms_streq(access_log, "line")) {
		sc->access_log = MS_ACCESS_LINE;
		sc->access = access_line;
	} else if (ms_streq(access_log, "json")) {
		sc->access_log = MS_ACCESS_JSON;
		sc->access = access_json;
	}
}

static int
read_identity(struct ms_cli *c, struct ms_idents *ids, struct ms_err *err)
{
	struct ms_bag bag;
	int rc = -1;

	ms_bag_init(&bag);
	if (ms_bag_read(&bag, tls_identity, ms_common_pass, c, err) == 0 &&
	    ms_idents_add_bag(ids, &bag, tls_identity, err) == 0)
		rc = ids->n > 0 ? 0 : ms_fail(err, MS_CONFIG,
		    "%s holds no key with a certificate", tls_identity);
	ms_bag_clear(&bag);
	return rc;
}

/* With a list at all, each issuer must have a valid one. */
static int
read_trust(struct ms_trust **ret, struct ms_err *err)
{
	struct ms_trust *t = ms_trust_new(err);
	size_t i;

	if (!t)
		return -1;
	*ret = t;
	ms_trust_set_revocation(t, client_crl.n > 0 ? MS_REV_HARD :
	    MS_REV_SOFT);
	for (i = 0; i < client_trust.n; i++)
		if (ms_trust_add(t, client_trust.v[i], err) != 0)
			return -1;
	for (i = 0; i < client_crl.n; i++)
		if (ms_trust_add_crl_file(t, client_crl.v[i], err) != 0)
			return -1;
	return 0;
}

int
serve_tls(struct ms_cli *c, struct serve_tls *t, struct ms_serve_conf *sc,
    struct ms_err *err)
{
	enum ms_tls_clients how = ms_streq(tls_clients, "require") ?
	    MS_TLS_REQUIRE : ms_streq(tls_clients, "ask") ? MS_TLS_ASK :
	    MS_TLS_ANONYMOUS;

	if (!tls_identity && proxy_uid == UINT64_MAX)
		return how == MS_TLS_ANONYMOUS ? 0 : ms_fail(err, MS_USAGE,
		    "--tls-clients needs --tls-identity or --proxy-uid");
	if (read_trust(&t->trust, err) == -1)
		return -1;
	if (proxy_uid != UINT64_MAX) {
		if (ms_trust_is_empty(t->trust))
			return ms_fail(err, MS_USAGE,
			    "--proxy-uid needs --client-trust");
		t->proxy = (struct ms_proxy){ (uid_t)proxy_uid, t->trust,
			how == MS_TLS_REQUIRE };
		sc->proxy = &t->proxy;
	}
	if (!tls_identity)
		return 0;
	if (read_identity(c, &t->ids, err) == -1 ||
	    ms_tls_new(&t->ids.v[0], how, t->trust, &t->tls, err) == -1)
		return -1;
	sc->tls = t->tls;
	return 0;
}

void
serve_tls_clear(struct serve_tls *t)
{
	ms_tls_free(t->tls);
	ms_trust_free(t->trust);
	ms_idents_clear(&t->ids);
	memset(t, 0, sizeof(*t));
}
