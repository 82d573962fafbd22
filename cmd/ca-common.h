/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ms-ca. */
#ifndef CA_COMMON_H
#define CA_COMMON_H

#include <stdlib.h>

#include "ca/ca.h"
#include "common.h"

/* Certificates begin a little before they are made, for readers whose clock
 * is behind; in seconds. */
#define CA_BACKDATE 300
#define CA_LIST_MAX ((size_t)256 * 1024 * 1024)	/* bytes of a list, PEM */

struct ca_opts {
	char *dir;
	char *subject, *organization;
	char *usage;
	struct ms_strs dns;
	uint64_t days;		/* 0: not given */
	char *key_type;
	char *p12, *pem;
	bool no_passphrase;
	char *crl_url;
	char *reason;
	char *to_dir, *to_db;
};
extern struct ca_opts ca_opts;

/* --ca-dir's default, which *ret owns. */
int ca_default_dir(struct ms_cli *c, char **ret);
/* --days, or `usual` days, in seconds. */
time_t ca_days(unsigned usual);
/*
 * The rows that an operand means: ADDRESS (in force or expired, of --usage
 * when it is given), SERIAL in hexadecimal, FILE with a certificate; NULL
 * means all.  MS_NO when there are none, unless all.
 */
int ca_which(struct ms_cli *c, struct ms_ca *ca, const char *which,
    struct ms_ca_rows *l);
/* One line of the list. */
int ca_print(struct ms_cli *c, const struct ms_ca_row *r, struct ms_sink *out);
/*
 * Write the result beside its place, commit the register, publish the result:
 * what is out is in the register, and what could not be written is in neither.
 */
int ca_deliver(struct ms_cli *c, struct ms_ca *ca, struct ms_cli_io *io,
    bool secret, const struct ms_buf *bytes);

int ca_issue(struct ms_cli *c);
int ca_renew(struct ms_cli *c);
int ca_publish(struct ms_cli *c);

#endif
