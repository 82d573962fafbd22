/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of giving a message other readers share. */
#ifndef MS_CMS_REWRAP_H
#define MS_CMS_REWRAP_H

#include "cms/env-internal.h"

#define MS_REWRAP_LEVELS 3	/* ContentInfo, content,
				 * (Auth)EnvelopedData */

/* What the reader reads, kept or written on. */
struct rewrap_tap {
	struct ms_src src;
	struct ms_src *below;
	bool hold;
	struct ms_buf held;
	struct ms_sink *to;
};

/* The head of an element as it stood in the message. */
struct rewrap_level {
	bool indef;
	uint64_t len;
	size_t head;		/* octets */
};

struct ms_rewrap {
	const struct ms_rewrap_conf *conf;
	struct rewrap_tap tap;
	struct ms_ber *ber;
	struct ms_src *ct;	/* in ber */
	const struct ms_cipher_info *ci;
	bool auth;
	int version;
	struct rewrap_level level[MS_REWRAP_LEVELS];
	uint64_t type;		/* octets of contentType */
	uint64_t at, rest;	/* where `version` begins, and where what is
				 * copied does */
	struct ms_buf orig;	/* originatorInfo, or empty */
	struct ms_buf ris;	/* RecipientInfos to be */
	struct ms_der d;	/* writes them */
	int highest;		/* version of them */
	struct ms_idents added, dropped;	/* certificates only */
	struct ms_finder *ours, *adding, *dropping;
	size_t kept, gone, ident;
};

/* Read recipientInfos: ours are shown to r->ours, those who stay are written
 * to r->d, where a SET stays open. */
int ms_rewrap_readers(struct ms_rewrap *r, struct ms_err *err);

#endif
