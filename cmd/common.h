/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several programs do with the shared groups of options: turn words into
 * keys, anchors, authorities and sources.  Every function fills c->err.
 */
#ifndef MS_COMMON_H
#define MS_COMMON_H

#include "cli/cli.h"
#include "lookup/lookup.h"
#include "remote/remote.h"

/* --source: where certificates of addresses are looked up, in order. */
extern const struct ms_opt ms_common_source_opts[];
extern struct ms_strs ms_common_sources;

/* --at, or now. */
time_t ms_common_at(void);

/*
 * Trust from --trust, --crl, --chain, --revocation; or for timestamps from
 * --trust-tsa (which falls back to --trust).  May be empty; never NULL on
 * success.
 */
int ms_common_trust(struct ms_cli *c, bool tsa, struct ms_trust **ret);
/* "--trust FILE" as a hint for what cannot be decided without anchors. */
void ms_common_hint_trust(struct ms_cli *c);

/* An ms_pass_fn whose arg is the struct ms_cli. */
int ms_common_pass(void *cli, const char *what, const char *who,
    struct ms_buf *pass, struct ms_err *err);
int ms_common_idstore(struct ms_cli *c, struct ms_idstore **ret);
/*
 * The keys that --identity, --key and --cert name and that may be used so.
 * Without any of them: those of `from` (an addr-spec, or NULL) in the store,
 * else those of the configuration's identity, else, for MS_USE_ENCRYPT, all of
 * the store.  Applies the configuration section of the address that acts.
 * MS_NOINPUT with a hint when there is none.
 */
int ms_common_idents(struct ms_cli *c, const char *from, enum ms_usage use,
    struct ms_idents *l);

/* The authorities of --tsa; *ret NULL when there are none or it says
 * "none". */
int ms_common_stamper(struct ms_cli *c, struct ms_trust *trust,
    struct ms_stamper **ret);

/* The sources of --source.  MS_CONFIG with a hint when there are none, or no
 * anchors. */
int ms_common_lookup(struct ms_cli *c, struct ms_trust *trust,
    struct ms_lookup **ret);

/* The first certificate of a file. */
int ms_common_cert(struct ms_cli *c, const char *path, X509 **ret);

/* Append one field of a TAB-separated report line: control bytes escaped,
 * NULL or "" as "-", a TAB in front of all but the first. */
int ms_common_column(struct ms_buf *line, const char *text,
    struct ms_err *err);

#endif
