/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ms-encrypt: its words, its recipients. */
#ifndef MS_ENCRYPT_H
#define MS_ENCRYPT_H

#include "common.h"
#include "filter.h"

struct encrypt_opts {
	struct ms_strs recipient, file, drop;
	bool to_cc, self, add, in_place;
};
extern struct encrypt_opts encrypt_opts;

/* Certificates to encrypt to, each once; owned. */
struct encrypt_to {
	X509 **certs;
	size_t n;
};
/*
 * Find the certificates of all recipients that the options name and of the
 * sender.  h: the message's header, NULL for a file.  Each recipient without
 * one is told on stderr; c->err then is MS_NO, or MS_TEMPFAIL when one of them
 * could not be asked for.
 */
int encrypt_to_find(struct ms_cli *c, const struct ms_mime_header *h,
    struct encrypt_to *to);
void encrypt_to_clear(struct encrypt_to *to);
/* --rewrap: the whole run; the exit code, or -1 with c->err. */
int encrypt_rewrap(struct ms_cli *c, bool oaep, enum ms_format format);

#endif
