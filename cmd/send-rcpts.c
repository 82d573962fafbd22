/* SPDX-License-Identifier: Apache-2.0 */
/* Recipients: qualified, each once. */
#include <stdlib.h>
#include <string.h>

#include "send.h"

#define ALIASES_MAX ((size_t)1024 * 1024)	/* bytes of the file */
/* Marks who had no domain; RFC 6761 section 6.4 keeps it out of use. */
#define NO_DOMAIN "unqualified.invalid"

void
send_msg_clear(struct send_msg *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		ms_addr_clear(&m->rcpts[i].addr);
	free(m->rcpts);
	for (i = 0; i < m->nseen; i++)
		ms_addr_clear(&m->seen[i].addr);
	free(m->seen);
	ms_addr_clear(&m->from);
	ms_spool_free(m->spool);
	memset(m, 0, sizeof(*m));
}

/* The address behind "name:" in the aliases file, in *ret; NULL: none. */
static int
find_alias(struct ms_cli *c, const char *name, char **ret)
{
	struct ms_buf b = MS_BUF_INIT(ALIASES_MAX);
	char *line, *save, *text, *colon;
	FILE *f = fopen(send_opts.aliases, "r");
	struct ms_src *src;
	int rc = -1;

	if (!f)
		return ms_fail_errno(&c->err, MS_CONFIG, "cannot open '%s'",
		    send_opts.aliases);
	src = ms_src_fd(fileno(f), send_opts.aliases, &c->err);
	if (!src || ms_src_slurp(src, &b, &c->err) != 0)
		goto out;
	text = ms_buf_steal(&b, NULL);
	rc = 0;
	for (line = strtok_r(text, "\n", &save); line;
	    line = strtok_r(NULL, "\n", &save)) {
		colon = strchr(line, ':');
		if (line[0] == '#' || !colon)
			continue;
		*colon++ = '\0';
		colon += strspn(colon, " \t");
		colon[strcspn(colon, " \t\r")] = '\0';
		if (ms_strcaseeq(line, name) && strchr(colon, '@')) {
			*ret = strdup(colon);
			rc = *ret ? 0 : ms_fail_nomem(&c->err);
			break;
		}
	}
	free(text);
out:
	ms_src_free(src);
	ms_buf_clear(&b);
	fclose(f);
	return rc;
}

/* "root@unqualified.invalid" to what aliases or --domain make of it. */
static int
complete(struct ms_cli *c, struct ms_addr *a)
{
	struct ms_buf b = MS_BUF_INIT(4096);
	struct ms_addr full;
	char *text = NULL;
	int rc = -1;

	if (send_opts.aliases && find_alias(c, a->local, &text) != 0)
		return -1;
	if (!text && !send_opts.domain) {
		ms_fail(&c->err, MS_CONFIG, "'%s' is no e-mail address",
		    a->local);
		return ms_hint(&c->err, "--domain DOMAIN completes it, or a "
		    "line in --aliases FILE");
	}
	if (!text && ms_buf_addf(&b, &c->err, "%.*s@%s",
	    (int)(strrchr(a->spec, '@') - a->spec), a->spec,
	    send_opts.domain) == 0)
		text = ms_buf_steal(&b, NULL);
	if (text && ms_addr_parse(text, strlen(text), &full, &c->err) == 0) {
		full.display = a->display;
		full.group = a->group;
		a->display = NULL;
		ms_addr_clear(a);
		*a = full;
		rc = 0;
	} else if (!text) {
		ms_fail_nomem(&c->err);
	}
	free(text);
	ms_buf_clear(&b);
	return rc;
}

int
send_parse(struct ms_cli *c, struct ms_span value, struct ms_addrlist *l,
    bool *completed)
{
	size_t i;

	*completed = false;
	if (ms_addrlist_parse_local((const char *)value.p, value.n, NO_DOMAIN,
	    l, &c->err) != 0)
		return -1;
	for (i = 0; i < l->n; i++) {
		if (!ms_streq(l->v[i].domain, NO_DOMAIN))
			continue;
		*completed = true;
		if (complete(c, &l->v[i]) != 0) {
			ms_addrlist_clear(l);
			return -1;
		}
	}
	return 0;
}

int
send_addrs(struct ms_cli *c, const char *value, struct ms_addrlist *l)
{
	struct ms_span s = { (const unsigned char *)value, strlen(value) };
	struct ms_addrlist one;
	bool completed;
	int rc;

	if (strpbrk(value, "\r\n"))
		return ms_fail(&c->err, MS_DATA, "RFC 5322 section 2.2: line "
		    "end in address '%s'", value);
	if (send_parse(c, s, &one, &completed) != 0)
		return -1;
	rc = one.n > 0 ? ms_addrlist_move(l, &one, &c->err) :
	    ms_fail(&c->err, MS_USAGE, "'%s' names nobody", value);
	ms_addrlist_clear(&one);
	return rc;
}

int
send_see(struct ms_cli *c, struct send_msg *m, const struct ms_addrlist *l,
    bool visible, bool wanted)
{
	struct send_seen *v;
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (m->nseen == m->seen_cap) {
			size_t cap = m->seen_cap ? 2 * m->seen_cap : 16;

			v = realloc(m->seen, cap * sizeof(*v));
			if (!v)
				return ms_fail_nomem(&c->err);
			m->seen = v;
			m->seen_cap = cap;
		}
		v = &m->seen[m->nseen];
		memset(v, 0, sizeof(*v));
		if (ms_addr_copy(&v->addr, &l->v[i], &c->err) != 0)
			return -1;
		v->at = m->nseen++;
		v->visible = visible;
		v->wanted = wanted;
	}
	return 0;
}

/* Equal addresses have equal specs: the domain is in A-labels, and the local
 * part is quoted only where it must be. */
static int
by_spec(const void *a, const void *b)
{
	const struct send_seen *x = a, *y = b;
	size_t n = strlen(x->addr.spec), k = strlen(y->addr.spec);
	int d = memcmp(x->addr.spec, y->addr.spec, n < k ? n : k);

	if (d != 0 || n != k)
		return d != 0 ? d : n < k ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int
by_place(const void *a, const void *b)
{
	const struct send_seen *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

int
send_settle(struct ms_cli *c, struct send_msg *m)
{
	struct send_seen *v = m->seen;
	size_t i, k = 0;

	if (m->nseen == 0)
		return 0;
	m->rcpts = calloc(m->nseen, sizeof(*m->rcpts));
	if (!m->rcpts)
		return ms_fail_nomem(&c->err);
	qsort(v, m->nseen, sizeof(*v), by_spec);
	for (i = 1; i < m->nseen; i++) {
		if (!ms_addr_equal(&v[i].addr, &v[k].addr)) {
			k = i;
			continue;
		}
		v[k].visible |= v[i].visible;
		v[k].wanted |= v[i].wanted;
		v[i].wanted = false;
	}
	qsort(v, m->nseen, sizeof(*v), by_place);
	for (i = 0; i < m->nseen; i++) {
		if (!v[i].wanted)
			continue;
		m->rcpts[m->n].addr = v[i].addr;
		m->rcpts[m->n++].visible = v[i].visible;
		memset(&v[i].addr, 0, sizeof(v[i].addr));
	}
	return 0;
}
