/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header protection, RFC 9788: a copy of the message's header fields inside of
 * what is signed or encrypted.  Bytes only; which layer holds is for others.
 */
#ifndef MS_PROTECT_H
#define MS_PROTECT_H

#include "mime/mime.h"

enum ms_protect {
	MS_PROTECT_NO,
	MS_PROTECT_CLEAR,	/* hp="clear": for what is signed only */
	MS_PROTECT_CIPHER	/* hp="cipher": for what will be encrypted */
};

/* Room for what ms_protect_head() writes: line ends that grow, twice the
 * fields, and "HP-Outer: " with a fold before each.  Bytes. */
#define MS_PROTECT_MAX (4 * MS_MIME_HEADER_MAX + \
	(size_t)MS_MIME_FIELDS_MAX * 16)

/* Whether a copy of the field goes inside: not what describes the body, is for
 * nobody to read (Bcc) or is added on the way. */
bool ms_protect_wants(const struct ms_mime_field *f);
/*
 * Append the header of the entity that is signed, up to and with the empty
 * line, every line ended by CRLF: the Content-* fields and, but for
 * MS_PROTECT_NO, the parameter hp, the copies, and for MS_PROTECT_CIPHER a
 * HP-Outer field for each.  MS_DATA when hp is there already, or Content-Type
 * takes none.
 */
int ms_protect_head(const struct ms_mime_header *h, enum ms_protect how,
    struct ms_buf *b, struct ms_err *err);
/* What an entity says of itself: NO when hp is missing, unknown or damaged. */
int ms_protect_of(const struct ms_mime_header *inner, enum ms_protect *how,
    struct ms_err *err);
/*
 * Whether the outer fields of f's name are what they were when it was
 * protected: the HP-Outer ones, or the inner ones.  1, 0 or -1.
 */
int ms_protect_same(const struct ms_mime_header *outer,
    const struct ms_mime_header *inner, enum ms_protect how,
    const struct ms_mime_field *f, struct ms_err *err);
/* The first field of f's name. */
bool ms_protect_first(const struct ms_mime_header *h,
    const struct ms_mime_field *f);

#endif
