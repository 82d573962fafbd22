/* SPDX-License-Identifier: Apache-2.0 */
/* Address lists: mailboxes and groups, RFC 5322 sections 3.4 and 4.4. */
#include <stdlib.h>
#include <string.h>

#include "addr/internal.h"

struct list {
	struct ms_addr_lex l;
	struct ms_addrlist out;
	size_t cap, groupcap;
	int group;		/* the open group, or -1 */
};

static int
grow(void **v, size_t *cap, size_t n, size_t size, struct ms_err *err)
{
	size_t want = *cap ? 2 * *cap : 4;
	void *p;

	if (n < *cap && n < MS_ADDRLIST_MAX)
		return 0;
	if (n >= MS_ADDRLIST_MAX)
		return ms_fail(err, MS_DATA,
		    "RFC 5322 section 3.4: more than %d addresses",
		    MS_ADDRLIST_MAX);
	p = realloc(*v, want * size);
	if (!p)
		return ms_fail_nomem(err);
	*v = p;
	*cap = want;
	return 0;
}

/*
 * The words of a phrase, joined by single spaces; *dot is set if there was a
 * bare dot (obs-phrase).  Stops at the first byte that belongs to no word.
 */
static int
phrase(struct ms_addr_lex *l, struct ms_buf *b, bool *dot, struct ms_err *err)
{
	const unsigned char *before, *start;
	int c;

	for (;;) {
		before = l->p;
		if (ms_addr_cfws(l, err))
			return -1;
		c = ms_addr_peek(l);
		if (c != '"' && c != '.' && !ms_addr_atext(c))
			return 0;
		if (b->n && l->p != before && ms_buf_addc(b, ' ', err))
			return -1;
		if (c == '"') {
			if (ms_addr_quoted(l, b, err))
				return -1;
			continue;
		}
		start = l->p;
		while ((c = ms_addr_peek(l)) == '.' || ms_addr_atext(c)) {
			*dot |= c == '.';
			l->p++;
		}
		if (ms_buf_add(b, start, (size_t)(l->p - start), err))
			return -1;
	}
}

/* Hand a phrase over as UTF-8; NULL in *ret for an empty one. */
static int
phrase_str(const struct ms_addr_lex *l, struct ms_buf *b, char **ret,
    struct ms_err *err)
{
	size_t i;

	*ret = NULL;
	if (b->n == 0)
		return 0;
	if (!ms_utf8_valid(b->p, b->n)) {
		if (l->strict)
			return ms_fail(err, MS_DATA, "RFC 6532 section 3.2: "
			    "the display name is not UTF-8");
		/* Old mail has raw bytes of some charset here. */
		for (i = 0; i < b->n; i++)
			if (b->p[i] >= 0x80)
				b->p[i] = '?';
	}
	*ret = ms_buf_steal(b, NULL);
	return *ret ? 0 : ms_fail_nomem(err);
}

/* obs-route: "@a,@b:" before the addr-spec; dropped (section 4.4). */
static int
route(struct ms_addr_lex *l, struct ms_err *err)
{
	char *domain = NULL;

	if (ms_addr_peek(l) != '@' && ms_addr_peek(l) != ',')
		return 0;
	if (l->strict)
		return ms_addr_refuse(l, "obsolete route", err);
	while (ms_addr_peek(l) == '@' || ms_addr_peek(l) == ',') {
		if (*l->p++ == '@') {
			if (ms_addr_cfws(l, err) ||
			    ms_addr_domain(l, &domain, err))
				return -1;
			free(domain);
			domain = NULL;
		}
		if (ms_addr_cfws(l, err))
			return -1;
	}
	if (ms_addr_peek(l) != ':')
		return ms_addr_refuse(l, "':' of the route missing", err);
	l->p++;
	return 0;
}

/* Angle-addr behind '<'. */
static int
angle(struct ms_addr_lex *l, struct ms_addr *a, struct ms_err *err)
{
	l->p++;
	if (ms_addr_cfws(l, err) || route(l, err) || ms_addr_spec(l, a, err))
		return -1;
	if (ms_addr_peek(l) != '>')
		return ms_addr_refuse(l, "'>' missing", err);
	l->p++;
	return ms_addr_cfws(l, err);
}

static int
open_group(struct list *t, struct ms_buf *name, struct ms_err *err)
{
	struct ms_addrlist *o = &t->out;
	char *s;

	if (t->group != -1)
		return ms_addr_refuse(&t->l, "group within a group", err);
	if (name->n == 0)
		return ms_addr_refuse(&t->l, "group without a name", err);
	if (grow((void **)&o->group, &t->groupcap, o->ngroup,
	    sizeof(*o->group), err) || phrase_str(&t->l, name, &s, err))
		return -1;
	t->group = (int)o->ngroup;
	o->group[o->ngroup++] = s;
	t->l.p++;
	return 0;
}

/*
 * One element: a mailbox, or a group's name up to its colon.  What the words
 * at its beginning are shows only behind them, so a local part is read twice.
 */
static int
element(struct list *t, bool *mailbox, struct ms_err *err)
{
	struct ms_buf words = MS_BUF_INIT(MS_ADDR_PHRASE_MAX);
	struct ms_addr_lex *l = &t->l;
	const unsigned char *start = l->p;
	struct ms_addr a = { .group = t->group };
	bool dot = false;
	int c, rc = -1;

	*mailbox = false;
	if (phrase(l, &words, &dot, err))
		goto out;
	c = ms_addr_peek(l);
	if ((c == '<' || c == ':') && dot && l->strict) {
		ms_addr_refuse(l, "unquoted '.' in a display name", err);
		goto out;
	}
	if (c == ':') {
		rc = open_group(t, &words, err);
		goto out;
	}
	if (grow((void **)&t->out.v, &t->cap, t->out.n, sizeof(*t->out.v),
	    err))
		goto out;
	if (c == '<') {
		if (phrase_str(l, &words, &a.display, err) ||
		    angle(l, &a, err))
			goto out;
	} else {
		if (c == '@' || words.n)
			l->p = start;
		if (c != '@' && words.n && !l->domain) {
			ms_addr_refuse(l, "a name without an address", err);
			goto out;
		}
		if (ms_addr_spec(l, &a, err))
			goto out;
	}
	t->out.v[t->out.n++] = a;
	memset(&a, 0, sizeof(a));
	*mailbox = true;
	rc = 0;
out:
	ms_addr_clear(&a);
	ms_buf_clear(&words);
	return rc;
}

static int
list(struct list *t, struct ms_err *err)
{
	struct ms_addr_lex *l = &t->l;
	bool got = false;	/* an element stands before the separator */
	int c;

	for (;;) {
		if (ms_addr_cfws(l, err))
			return -1;
		c = ms_addr_peek(l);
		if (c == -1)
			break;
		if (c == ';' && t->group != -1) {
			t->group = -1;
			got = true;
			l->p++;
			continue;
		}
		if (c == ',') {
			if (!got && l->strict)
				return ms_addr_refuse(l,
				    "empty element of the list", err);
			got = false;
			l->p++;
			continue;
		}
		if (got)
			return ms_addr_refuse(l, "',' missing", err);
		if (element(t, &got, err))
			return -1;
	}
	if (t->group != -1)
		return ms_addr_refuse(l, "';' of the group missing", err);
	if (l->strict && !got)
		return ms_addr_refuse(l, "address missing", err);
	return 0;
}

static int
parse(const char *s, size_t n, bool strict, const char *domain,
    struct ms_addrlist *l, struct ms_err *err)
{
	struct list t = { .group = -1 };

	t.l.p = (const unsigned char *)s;
	t.l.end = n ? t.l.p + n : t.l.p;
	t.l.strict = strict;
	t.l.domain = domain;
	if (list(&t, err)) {
		ms_addrlist_clear(&t.out);
		return -1;
	}
	*l = t.out;
	return 0;
}

int
ms_addrlist_parse(const char *s, size_t n, bool strict,
    struct ms_addrlist *l, struct ms_err *err)
{
	return parse(s, n, strict, NULL, l, err);
}

int
ms_addrlist_parse_local(const char *s, size_t n, const char *domain,
    struct ms_addrlist *l, struct ms_err *err)
{
	return parse(s, n, false, domain, l, err);
}

int
ms_addrlist_move(struct ms_addrlist *to, struct ms_addrlist *from,
    struct ms_err *err)
{
	struct ms_addr *v;
	char **g;
	size_t i;

	if (to->n + from->n > MS_ADDRLIST_MAX ||
	    to->ngroup + from->ngroup > MS_ADDRLIST_MAX)
		return ms_fail(err, MS_DATA,
		    "RFC 5322 section 3.4: more than %d addresses",
		    MS_ADDRLIST_MAX);
	if (from->n) {
		v = realloc(to->v, (to->n + from->n) * sizeof(*v));
		if (!v)
			return ms_fail_nomem(err);
		to->v = v;
	}
	if (from->ngroup) {
		g = realloc(to->group,
		    (to->ngroup + from->ngroup) * sizeof(*g));
		if (!g)
			return ms_fail_nomem(err);
		to->group = g;
	}
	for (i = 0; i < from->n; i++) {
		to->v[to->n] = from->v[i];
		if (to->v[to->n].group != -1)
			to->v[to->n].group += (int)to->ngroup;
		to->n++;
	}
	for (i = 0; i < from->ngroup; i++)
		to->group[to->ngroup++] = from->group[i];
	free(from->v);
	free(from->group);
	memset(from, 0, sizeof(*from));
	return 0;
}

void
ms_addrlist_clear(struct ms_addrlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		ms_addr_clear(&l->v[i]);
	for (i = 0; i < l->ngroup; i++)
		free(l->group[i]);
	free(l->v);
	free(l->group);
	memset(l, 0, sizeof(*l));
}
