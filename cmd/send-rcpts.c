/* SPDX-License-Identifier: Apache-2.0 */
/* Recipients: qualified, each once. */
#include <stdlib.h>
#include <string.h>

#include "send.h"

#define ALIASES_MAX ((size_t)1024 * 1024)	/* bytes of the file */

void
send_msg_clear(struct send_msg *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		ms_addr_clear(&m->rcpts[i].addr);
	free(m->rcpts);
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

int
send_qualify(struct ms_cli *c, const char *addr, char **ret)
{
	struct ms_buf b = MS_BUF_INIT(4096);
	char *found = NULL;

	if (!strchr(addr, '@')) {
		if (send_opts.aliases && find_alias(c, addr, &found) != 0)
			return -1;
		if (!found && !send_opts.domain) {
			ms_fail(&c->err, MS_CONFIG,
			    "'%s' is no e-mail address", addr);
			return ms_hint(&c->err, "--domain DOMAIN completes "
			    "it, or an entry in --aliases FILE");
		}
		if (!found) {
			if (ms_buf_addf(&b, &c->err, "%s@%s", addr,
			    send_opts.domain) != 0)
				return -1;
			found = ms_buf_steal(&b, NULL);
		}
	} else {
		found = strdup(addr);
	}
	if (!found)
		return ms_fail_nomem(&c->err);
	*ret = found;
	return 0;
}

int
send_addrs(struct ms_cli *c, const char *value, struct ms_addrlist *l)
{
	char *full = NULL;
	int rc;

	if (send_qualify(c, value, &full) != 0)
		return -1;
	rc = ms_addrlist_parse(full, strlen(full), false, l, &c->err);
	if (rc == 0 && l->n == 0)
		rc = ms_fail(&c->err, MS_USAGE, "'%s' names nobody", value);
	free(full);
	return rc;
}

static int
add_one(struct ms_cli *c, struct send_msg *m, const struct ms_addr *a,
    bool visible)
{
	struct ms_dispatch_rcpt *v;
	size_t i;

	for (i = 0; i < m->n; i++)
		if (ms_addr_equal(&m->rcpts[i].addr, a)) {
			m->rcpts[i].visible |= visible;
			return 0;
		}
	v = realloc(m->rcpts, (m->n + 1) * sizeof(*v));
	if (!v)
		return ms_fail_nomem(&c->err);
	m->rcpts = v;
	memset(&v[m->n], 0, sizeof(v[m->n]));
	if (ms_addr_copy(&v[m->n].addr, a, &c->err) != 0)
		return -1;
	v[m->n++].visible = visible;
	return 0;
}

int
send_add_rcpts(struct ms_cli *c, struct send_msg *m,
    const struct ms_addrlist *l, bool visible)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (add_one(c, m, &l->v[i], visible) != 0)
			return -1;
	return 0;
}
