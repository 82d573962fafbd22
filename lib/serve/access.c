/* SPDX-License-Identifier: Apache-2.0 */
/* What is said about a request: a line of a log, a number among others. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "serve/internal.h"

/* A path as far as it can be shown: what may be an address is not, and what
 * is odd becomes a question mark. */
static void
show_path(const char *path, char *to, size_t n)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._~-";
	size_t i;

	if (strchr(path, '@')) {
		snprintf(to, n, "-");
		return;
	}
	for (i = 0; path[i] && i < n - 1; i++)
		to[i] = strchr(fine, path[i]) ? path[i] : '?';
	to[i] = '\0';
}

void
serve_account(struct serve_conn *c, const struct ms_response *r)
{
	struct server *s = c->s;
	struct account_counts *n = &s->account->column[s->column].counts;
	unsigned class = (unsigned)r->status / 100;
	const char *outcome = "-";
	char path[80] = "-", line[400], when[MS_TIME_STR];
	bool head = c->have_head;

	atomic_fetch_add_explicit(&n->status[class < 6 ? class : 0], 1,
	    memory_order_relaxed);
	atomic_fetch_add_explicit(&n->octets, r->body.n,
	    memory_order_relaxed);
	if (s->conf.outcomes && r->outcome < ACCOUNT_OUTCOMES) {
		outcome = s->conf.outcomes[r->outcome];
		atomic_fetch_add_explicit(&n->outcome[r->outcome], 1,
		    memory_order_relaxed);
	}
	if (s->conf.access_log == MS_ACCESS_NONE || !s->conf.access)
		return;
	if (head)
		show_path((const char *)c->text.p + c->head.path, path,
		    sizeof(path));
	ms_time_str(time(NULL), when);
	snprintf(line, sizeof(line), s->conf.access_log == MS_ACCESS_JSON ?
	    "{\"type\":\"access\",\"time\":\"%s\",\"source\":\"%s\","
	    "\"method\":\"%s\",\"path\":\"%s\",\"status\":%d,"
	    "\"octets\":%zu,\"outcome\":\"%s\"}" :
	    "access %s %s %s %s %d %zu %s", when, c->source.name,
	    head ? c->head.method : "-", path, r->status, r->body.n, outcome);
	s->conf.access(s->conf.arg, line);
}

/* ---- metrics ---- */

static int
metric(struct ms_buf *b, const char *name, const char *kind, const char *help,
    struct ms_err *err)
{
	return ms_buf_addf(b, err, "# HELP mailseal_%s %s\n"
	    "# TYPE mailseal_%s %s\n", name, help, name, kind);
}

/* One figure over all columns: at is where it lies in the counts. */
static int
total(const struct account *a, struct ms_buf *b, size_t at, const char *name,
    struct ms_err *err)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < a->columns; i++)
		sum += atomic_load((const atomic_uint_least64_t *)(const void *)
		    ((const char *)&a->column[i].counts + at));
	return ms_buf_addf(b, err, "mailseal_%s %" PRIu64 "\n", name, sum);
}

#define AT(field) offsetof(struct account_counts, field)

int
serve_metrics(const struct account *a, const struct ms_serve_conf *conf,
    struct ms_buf *b, struct ms_err *err)
{
	static const struct {
		const char *name, *help;
		size_t at;
	} t[] = {
		{ "connections_total", "Connections taken.",
		    AT(connections) },
		{ "connections_refused_total",
		    "Connections beyond the number of their source.",
		    AT(refused) },
		{ "requests_total", "Requests read.", AT(requests) },
		{ "requests_limited_total",
		    "Requests beyond the rate of their source.", AT(limited) },
		{ "response_octets_total", "Octets of bodies sent.",
		    AT(octets) },
	};
	unsigned i, open = 0;
	char name[80];

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (metric(b, t[i].name, "counter", t[i].help, err) == -1 ||
		    total(a, b, t[i].at, t[i].name, err) == -1)
			return -1;
	metric(b, "responses_total", "counter", "By class of status.", err);
	for (i = 1; i < 6; i++) {
		snprintf(name, sizeof(name), "responses_total{class=\"%uxx\"}",
		    i);
		total(a, b, AT(status) + i * sizeof(uint64_t), name, err);
	}
	metric(b, "outcomes_total", "counter", "By what was decided.", err);
	for (i = 0; conf->outcomes && conf->outcomes[i]; i++) {
		snprintf(name, sizeof(name), "outcomes_total{outcome=\"%s\"}",
		    conf->outcomes[i]);
		total(a, b, AT(outcome) + i * sizeof(uint64_t), name, err);
	}
	for (i = 0; i < a->columns; i++)
		open += atomic_load(&a->column[i].counts.open);
	metric(b, "connections", "gauge", "Connections open.", err);
	ms_buf_addf(b, err, "mailseal_connections %u\n", open);
	metric(b, "workers", "gauge", "Workers that serve.", err);
	return ms_buf_addf(b, err, "mailseal_workers %u\n",
	    atomic_load(&a->live));
}
