/* SPDX-License-Identifier: Apache-2.0 */
/*
 * E-mail addresses: RFC 5322 section 3.4 (addr-spec, mailbox, group), RFC
 * 6532 (UTF-8), RFC 5891 (domains), comparison by RFC 9598 section 5.
 * libidn2 is loaded only for a domain that is not plain ASCII.
 */
#ifndef MS_ADDR_H
#define MS_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

#define MS_ADDR_MAX 254		/* octets of an addr-spec, RFC 5321 4.5.3.1.3 */
#define MS_ADDRLIST_MAX 100000	/* mailboxes in one list */

struct ms_addr {
	char *display;		/* raw display name (unquoted; RFC 2047 words
				 * not decoded), or NULL */
	char *local;		/* local part, UTF-8, quotes and escapes
				 * undone */
	char *domain;		/* A-labels in lower case, or an address literal
				 * "[192.0.2.1]" */
	char *spec;		/* addr-spec to print and to put in SMTP: local
				 * part quoted where necessary, "@", domain */
	int group;		/* number of the group in its list, or -1 */
};

struct ms_addrlist {
	struct ms_addr *v;
	size_t n;
	char **group;		/* display names of the groups */
	size_t ngroup;
};

/*
 * Parse exactly one addr-spec (no display name, no angle brackets, no
 * comments).  MS_DATA for anything else, controls, CR, LF, NUL, more than
 * MS_ADDR_MAX octets.
 */
int ms_addr_parse(const char *s, size_t n, struct ms_addr *a,
    struct ms_err *err);
void ms_addr_clear(struct ms_addr *a);
int ms_addr_copy(struct ms_addr *to, const struct ms_addr *a,
    struct ms_err *err);
/* Local parts octet for octet, domains as A-labels. */
bool ms_addr_equal(const struct ms_addr *a, const struct ms_addr *b);
/* Whether the local part or the domain needs SMTPUTF8. */
bool ms_addr_is_utf8(const struct ms_addr *a);
/* A domain to A-labels in lower case; *ret is malloc()ed. */
int ms_domain_ascii(const char *s, size_t n, char **ret, struct ms_err *err);

/*
 * Parse the unfolded or folded value of an address header field: mailboxes,
 * groups (also empty), comments anywhere, quoted strings, obsolete routes
 * (dropped).  `strict` refuses obsolete syntax and empty list elements.  Sets
 * *l, whatever it held before; an empty list is fine unless strict.
 */
int ms_addrlist_parse(const char *s, size_t n, bool strict,
    struct ms_addrlist *l, struct ms_err *err);
/*
 * The same for mail that is submitted on this machine, where "root (Cron
 * Daemon)" is an address: a local part alone gets that domain.  Not strict.
 */
int ms_addrlist_parse_local(const char *s, size_t n, const char *domain,
    struct ms_addrlist *l, struct ms_err *err);
void ms_addrlist_clear(struct ms_addrlist *l);
/* Move all of `from` behind `to` (an initialised list); from is empty then. */
int ms_addrlist_move(struct ms_addrlist *to, struct ms_addrlist *from,
    struct ms_err *err);

/* Shell-style glob (*, ? for one character) over the printed addr-spec, for
 * policies; the case of ASCII letters does not matter, in the local part
 * neither. */
bool ms_addr_glob(const char *pattern, const struct ms_addr *a);

#endif
