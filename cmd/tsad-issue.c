/* SPDX-License-Identifier: Apache-2.0 */
/* The half of the authority that has the key, and what both are told. */
#include <string.h>

#include "tsad.h"

/* EN 319 421 section 5.2: the baseline policy; a good place to start from,
 * an agency names its own. */
static const char *const fallback[] = { "0.4.0.2023.1.1" };

#define HASHES 3

struct choice {
	const char *const *policies;
	size_t npolicies;
	enum ms_oid hashes[HASHES];
	size_t nhashes;
};

static int
choose(const struct tsad_conf *conf, struct choice *c, struct ms_err *err)
{
	enum ms_oid md;
	size_t i;

	memset(c, 0, sizeof(*c));
	c->npolicies = conf->policies.n ? conf->policies.n : 1;
	c->policies = conf->policies.n ?
	    (const char *const *)conf->policies.v : fallback;
	for (i = 0; i < conf->hashes.n; i++) {
		md = ms_md_from_micalg(conf->hashes.v[i],
		    strlen(conf->hashes.v[i]));
		if (!ms_md(md) || c->nhashes == HASHES) {
			ms_fail(err, MS_USAGE, "--accept-hash %s: %s",
			    conf->hashes.v[i], ms_md(md) ? "one too many" :
			    "not accepted in timestamps");
			return ms_hint(err, "sha256, sha384, sha512");
		}
		c->hashes[c->nhashes++] = md;
	}
	return 0;
}

void
tsad_init(struct tsad *t, struct ms_cli *c, const struct tsad_conf *conf,
    bool trust_clock)
{
	memset(t, 0, sizeof(*t));
	t->cli = c;
	t->conf = conf;
	t->clock.trust = trust_clock;
	t->clock.accuracy_ms = (unsigned)conf->accuracy_ms;
	ms_buf_init(&t->out, MS_KEEPER_MESSAGE);
	ms_buf_init(&t->in, MS_KEEPER_MESSAGE);
}

void
tsad_clear(struct tsad *t)
{
	ms_tsa_free(t->tsa);
	ms_journal_free(t->journal);
	ms_tsa_rules_free(t->rules);
	ms_idents_clear(&t->ids);
	serve_tls_clear(&t->tls);
	ms_buf_clear(&t->out);
	ms_buf_clear(&t->in);
	memset(t, 0, sizeof(*t));
}

int
tsad_rules(struct tsad *t, struct ms_err *err)
{
	struct choice c;

	return choose(t->conf, &c, err) == -1 ? -1 :
	    ms_tsa_rules_new(c.policies, c.npolicies, c.hashes, c.nhashes,
		&t->rules, err);
}

int
tsad_load(void *arg, struct ms_err *err)
{
	struct tsad *t = arg;
	struct ms_idents ids = { NULL, 0 };
	struct ms_journal *journal = NULL;
	struct ms_tsa *tsa = NULL;
	struct choice c;

	if (choose(t->conf, &c, err) == -1 || (t->conf->record &&
	    ms_journal_open(t->conf->record, &journal, err) == -1))
		return -1;
	if (ms_common_idents(t->cli, NULL, MS_USE_TSA, &ids) != 0) {
		*err = t->cli->err;
		ms_err_reset(&t->cli->err);
	} else {
		struct ms_tsa_conf conf = { .id = &ids.v[0],
			.policies = c.policies, .npolicies = c.npolicies,
			.hashes = c.hashes, .nhashes = c.nhashes,
			.accuracy_ms = (unsigned)t->conf->accuracy_ms,
			.ordering = t->conf->ordering, .clock = ms_clock_now,
			.clock_arg = &t->clock };

		if (ms_key_ready(ids.v[0].key, err) == 0 &&
		    ms_tsa_new(&conf, &tsa, err) == 0) {
			ms_tsa_free(t->tsa);
			ms_journal_free(t->journal);
			ms_idents_clear(&t->ids);
			t->tsa = tsa;
			t->journal = journal;
			t->ids = ids;
			return 0;
		}
	}
	ms_journal_free(journal);
	ms_idents_clear(&ids);
	return -1;
}

unsigned
tsad_key_needs(void *arg)
{
	const struct tsad *t = arg;

	return t->ids.n > 0 && ms_key_uri(t->ids.v[0].key) ?
	    MS_SANDBOX_FILES | MS_SANDBOX_NET : 0;
}

/* ---- answering ---- */

/* The line of one token, for the commit of all. */
static int
note(struct tsad *t, const struct ms_tsa_ask *ask,
    const struct ms_tsa_issued *is, const struct ms_buf *out,
    struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_JOURNAL_TEXT + 1);
	unsigned char digest[32];
	char when[MS_TIME_STR];
	int rc = -1;

	ms_time_str(is->time, when);
	/* "2026-01-31T12:00:00Z": the fraction goes before the Z */
	if (ms_journal_digest(out->p + is->token, is->ntoken, digest,
		err) == 0 &&
	    ms_buf_addf(&b, err, "%.19s.%06uZ\t", when, is->micros) == 0 &&
	    ms_hex_encode(is->serial, sizeof(is->serial), &b, err) == 0 &&
	    ms_buf_addf(&b, err, "\t%s\t", ms_oid_name(
		(enum ms_oid)ask->md)) == 0 &&
	    ms_hex_encode(ask->imprint, ask->nimprint, &b, err) == 0 &&
	    ms_buf_addc(&b, '\t', err) == 0 &&
	    ms_hex_encode(digest, sizeof(digest), &b, err) == 0)
		rc = ms_journal_add(t->journal, ms_buf_str(&b), err);
	ms_buf_clear(&b);
	return rc;
}

/* The head of one answer: its failure, and the length of what came. */
static void
set_head(struct ms_buf *out, size_t at, int32_t failure)
{
	uint32_t len = (uint32_t)(out->n - at - 8);

	memcpy(out->p + at, &failure, 4);
	memcpy(out->p + at + 4, &len, 4);
}

static int
answer_all(struct tsad *t, struct ms_span asks, struct ms_buf *out,
    struct ms_err *err)
{
	struct ms_tsa_issued is;
	struct ms_tsa_ask ask;
	int failure = -1;
	size_t i, at;

	for (i = 0; i < asks.n; i += sizeof(ask)) {
		memcpy(&ask, asks.p + i, sizeof(ask));
		at = out->n;
		if (ms_buf_add(out, "\0\0\0\0\0\0\0", 8, err) == -1 ||
		    ms_tsa_issue(t->tsa, &ask, out, &is, &failure, err) == -1 ||
		    (failure < 0 && t->journal &&
		    note(t, &ask, &is, out, err) == -1))
			return -1;
		set_head(out, at, failure);
	}
	return 0;
}

/* Nobody gets anything. */
static int
withhold(size_t n, struct ms_buf *out, struct ms_err *err)
{
	size_t at;

	while (n-- > 0) {
		at = out->n;
		if (ms_buf_add(out, "\0\0\0\0\0\0\0", 8, err) == -1 ||
		    ms_tsa_reject(MS_TSP_systemFailure, "internal failure",
			out, err) == -1)
			return -1;
		set_head(out, at, MS_TSP_systemFailure);
	}
	return 0;
}

int
tsad_issue(void *arg, struct ms_span asks, struct ms_buf *out,
    struct ms_err *err)
{
	size_t n = asks.n / sizeof(struct ms_tsa_ask), start = out->n;
	struct ms_err why = MS_ERR_INIT;
	struct tsad *t = arg;

	if (asks.n % sizeof(struct ms_tsa_ask) != 0 || n > MS_SERVE_BATCH)
		return ms_fail(err, MS_BUG, "a worker's message is malformed");
	if (answer_all(t, asks, out, err) == -1)
		return -1;
	if (!t->journal || ms_journal_commit(t->journal, &why) == 0) {
		if (t->stuck)
			ms_cli_say(t->cli, "the record can be written again: "
			    "tokens are issued");
		t->stuck = false;
		return 0;
	}
	if (!t->stuck)
		ms_cli_say(t->cli, "no tokens are issued: %s", why.text);
	t->stuck = true;
	out->n = start;
	return withhold(n, out, err);
}
