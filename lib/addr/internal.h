/* SPDX-License-Identifier: Apache-2.0 */
/* Private to addr: the lexer that single addresses and lists share. */
#ifndef MS_ADDR_INTERNAL_H
#define MS_ADDR_INTERNAL_H

#include "addr/addr.h"

#define MS_ADDR_COMMENT_DEPTH 100	/* nested comments that are followed */
#define MS_ADDR_PHRASE_MAX ((size_t)64 * 1024)	/* octets of a display name;
						 * a field has 1 MiB at most */
#define MS_ADDR_DOMAIN_MAX 253		/* octets, RFC 1035 section 2.3.4 */
#define MS_ADDR_LABEL_MAX 63		/* octets, the same */
#define MS_ADDR_UTF8_DOMAIN_MAX 1024	/* octets before IDNA shortens them */

/* What the idn module offers. */
struct ms_idn_ops {
	/* NUL-terminated UTF-8 domain to A-labels; *ret is malloc()ed. */
	int (*to_ascii)(const char *utf8, char **ret, struct ms_err *err);
};

struct ms_addr_lex {
	const unsigned char *p;
	const unsigned char *end;
	bool strict;	/* refuse obsolete syntax */
	bool bare;	/* no white space and no comments at all */
	const char *domain;	/* of a local part that stands alone, or NULL */
};

/* Next byte, or -1 at the end. */
static inline int
ms_addr_peek(const struct ms_addr_lex *l)
{
	return l->p < l->end ? *l->p : -1;
}

bool ms_addr_atext(int c);
/* MS_DATA with the clause, `what` and a piece of the input. */
int ms_addr_refuse(const struct ms_addr_lex *l, const char *what,
    struct ms_err *err);
/* Skip comments and folding white space (CFWS). */
int ms_addr_cfws(struct ms_addr_lex *l, struct ms_err *err);
/* Append the content of the quoted string that begins at l->p. */
int ms_addr_quoted(struct ms_addr_lex *l, struct ms_buf *b,
    struct ms_err *err);
/* addr-spec at l->p into a->local, a->domain and a->spec. */
int ms_addr_spec(struct ms_addr_lex *l, struct ms_addr *a,
    struct ms_err *err);
/* domain at l->p, an address literal too. */
int ms_addr_domain(struct ms_addr_lex *l, char **ret, struct ms_err *err);

#endif
