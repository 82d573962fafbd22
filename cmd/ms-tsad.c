/* SPDX-License-Identifier: Apache-2.0 */
/* ms-tsad: RFC 3161 timestamp authority. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tsad.h"

#define QUERY "application/timestamp-query"
#define REPLY "application/timestamp-reply"
/* A request is an imprint, a policy and a nonce: 4 KiB are ten times that. */
#define BODY_MAX ((size_t)4096)
#define HEADER_MAX ((size_t)8192)
#define DEADLINE_MS 10000
#define IDLE_MS 60000

static char *listen_at, *ready_file, *clock_mode, *user, *metrics;
static char *check_record;
static uint64_t workers = 1;
static bool once, key_in_worker;
static struct tsad_conf conf = { .accuracy_ms = 1000 };

static const struct ms_opt opts[] = {
	{ .name = "listen", .kind = MS_OPT_STR, .to = &listen_at,
	    .arg = "ADDR:PORT|unix:PATH|systemd", .help = "listen there" },
	{ .name = "once", .kind = MS_OPT_FLAG, .to = &once, .no_conf = true,
	    .help = "answer the request on stdin, on stdout, and end" },
	{ .name = "policy-oid", .kind = MS_OPT_LIST, .to = &conf.policies,
	    .arg = "OID", .help = "policy to issue under; the first is the "
	    "default" },
	{ .name = "accept-hash", .kind = MS_OPT_LIST, .to = &conf.hashes,
	    .arg = "sha256|sha384|sha512",
	    .help = "accept this hash algorithm (all three)" },
	{ .name = "workers", .kind = MS_OPT_UINT, .to = &workers,
	    .arg = "N", .min = 1, .max = MS_FLEET_WORKERS,
	    .help = "processes that serve (1)" },
	{ .name = "user", .kind = MS_OPT_STR, .to = &user, .arg = "NAME",
	    .help = "become this user after the start" },
	{ .name = "metrics", .kind = MS_OPT_STR, .to = &metrics,
	    .arg = "ADDR:PORT|unix:PATH",
	    .help = "answer /health and /metrics there" },
	{ .name = "key-in-worker", .kind = MS_OPT_FLAG, .to = &key_in_worker,
	    .help = "sign where HTTP is spoken, not in a process of its own" },
	{ .name = "accuracy", .kind = MS_OPT_UINT, .to = &conf.accuracy_ms,
	    .arg = "MS", .max = 3600000,
	    .help = "accuracy stated and kept, in milliseconds (1000)" },
	{ .name = "ordering", .kind = MS_OPT_FLAG, .to = &conf.ordering,
	    .help = "state that tokens are ordered by genTime" },
	{ .name = "clock", .kind = MS_OPT_STR, .to = &clock_mode,
	    .arg = "MODE", .choices = "check|trust",
	    .help = "check the clock's synchronisation, or trust it" },
	{ .name = "record", .kind = MS_OPT_STR, .to = &conf.record,
	    .arg = "FILE", .help = "keep a record of the tokens there" },
	{ .name = "check-record", .kind = MS_OPT_STR, .to = &check_record,
	    .arg = "FILE", .no_conf = true,
	    .help = "check such a record, and end" },
	{ .name = "ready-file", .kind = MS_OPT_STR, .to = &ready_file,
	    .arg = "FILE", .no_conf = true,
	    .help = "write the address there once listening" },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	ms_cli_who_opts, serve_tls_opts, serve_limit_opts,
	ms_cli_secret_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-tsad",
	.usage = "--listen ADDR:PORT|unix:PATH|systemd -i FILE [OPTION]...",
	.about = "Issue RFC 3161 timestamps over HTTP.",
	.opts = opts,
	.groups = groups
};

/* ---- where HTTP is ---- */

enum { NOTHING, GRANTED, REJECTED };
static const char *const outcomes[] = { "none", "granted", "rejected", NULL };

static int
text(struct ms_response *resp, int status, const char *words,
    struct ms_err *err)
{
	resp->status = status;
	resp->type = "text/plain";
	return ms_buf_adds(&resp->body, words, err);
}

static void
rejected(struct tsad *t, const char *peer, int failure)
{
	ms_cli_verbose(t->cli, "%s: rejected: %s", peer,
	    ms_tsp_failure_name(failure));
}

/* RFC 3161 section 3.4; a rejection is an answer, and so HTTP 200. */
static int
handle(void *arg, const struct ms_request *req, struct ms_response *resp,
    struct ms_err *err)
{
	struct tsad *t = arg;
	struct tsad_asked *a = &t->asked[t->nasked];
	int failure;

	if (!ms_streq(req->path, "/"))
		return text(resp, 404, "nothing here: POST to /\n", err);
	if (!ms_streq(req->method, "POST")) {
		resp->allow = "POST";
		return text(resp, 405, "POST a TimeStampReq\n", err);
	}
	if (!ms_streq(req->type, QUERY))
		return text(resp, 415,
		    "RFC 3161 section 3.4: Content-Type " QUERY "\n", err);
	resp->status = 200;
	resp->type = REPLY;
	if (ms_tsa_screen(t->rules, req->body, &a->ask, &resp->body, &failure,
	    err) < 0)
		return -1;
	resp->outcome = failure >= 0 ? REJECTED : GRANTED;
	if (failure >= 0) {
		rejected(t, req->peer, failure);
		return 0;
	}
	a->resp = resp;
	t->nasked++;
	return 1;
}

/* Hand out what the key's side answered. */
static int
distribute(struct tsad *t, size_t n, struct ms_err *err)
{
	struct ms_span s = ms_buf_span(&t->in);
	int32_t failure;
	uint32_t len;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s.n < 8)
			break;
		memcpy(&failure, s.p, 4);
		memcpy(&len, s.p + 4, 4);
		s.p += 8;
		s.n -= 8;
		if (s.n < len || ms_buf_add(&t->asked[i].resp->body, s.p, len,
		    err) == -1)
			break;
		s.p += len;
		s.n -= len;
		if (failure >= 0) {
			t->asked[i].resp->outcome = REJECTED;
			rejected(t, "a request", failure);
		}
	}
	return i == n ? 0 : ms_fail(err, MS_BUG, "an answer cut short");
}

/* All requests of one turn are one message. */
static int
finish(void *arg, struct ms_err *err)
{
	struct tsad *t = arg;
	size_t i, n = t->nasked;
	int rc;

	t->nasked = 0;
	ms_buf_reset(&t->out);
	ms_buf_reset(&t->in);
	for (i = 0; i < n; i++)
		if (ms_buf_add(&t->out, &t->asked[i].ask,
		    sizeof(t->asked[i].ask), err) == -1)
			return -1;
	rc = t->keeper ? ms_keeper_ask(t->keeper, ms_buf_span(&t->out),
	    &t->in, err) : tsad_issue(t, ms_buf_span(&t->out),
	    &t->in, err);
	return rc == -1 ? -1 : distribute(t, n, err);
}

static int
work(void *arg, struct ms_keeper *k, struct ms_serve_conf *sc,
    struct ms_err *err)
{
	struct tsad *t = arg;

	t->keeper = k;
	return tsad_rules(t, err) == -1 ? -1 :
	    serve_tls(t->cli, &t->tls, sc, err);
}

static void
log_line(void *arg, const char *line)
{
	struct tsad *t = arg;

	ms_cli_say(t->cli, "%s", line);
}

/* ---- the program ---- */

static int
serve_once(struct ms_cli *c, struct tsad *t, const struct ms_serve_conf *sc)
{
	if (tsad_load(t, &c->err) == -1 || tsad_rules(t, &c->err) == -1 ||
	    ms_cli_input(c, NULL, MS_SPOOL_ONCE, &ms_cli_io) != 0 ||
	    ms_cli_output(c, true, false, &ms_cli_io) != 0)
		return -1;
	if (ms_serve_once(sc, QUERY, ms_spool_read(ms_cli_io.in, &c->err),
	    ms_out_sink(ms_cli_io.out), &c->err) != 0)
		return -1;
	return ms_cli_publish(c, &ms_cli_io);
}

static int
check(struct ms_cli *c)
{
	struct ms_buf line = MS_BUF_INIT(1024);
	struct ms_journal_sum sum;
	int rc = -1;

	if (ms_journal_check(check_record, &sum, &c->err) == 0 &&
	    ms_buf_addf(&line, &c->err, "good\t%llu tokens\t%llu cut short\t",
		(unsigned long long)sum.records,
		(unsigned long long)sum.cut) == 0 &&
	    ms_hex_encode(sum.head, sizeof(sum.head), &line, &c->err) == 0 &&
	    ms_cli_output(c, false, false, &ms_cli_io) == 0 &&
	    ms_sink_printf(ms_out_sink(ms_cli_io.out), &c->err, "%s\n",
		ms_buf_str(&line)) == 0)
		rc = ms_cli_publish(c, &ms_cli_io);
	ms_buf_clear(&line);
	return rc;
}

static int
run(struct ms_cli *c, struct tsad *t)
{
	struct ms_fleet f = { .serve = { .ready_file = ready_file,
		.max_body = BODY_MAX, .max_header = HEADER_MAX,
		.deadline_ms = DEADLINE_MS, .idle_ms = IDLE_MS,
		.outcomes = outcomes, .handler = handle, .finish = finish,
		.arg = t, .log = log_line }, .workers = (unsigned)workers,
		.load = tsad_load, .key_needs = tsad_key_needs,
		.keep = key_in_worker ? NULL : tsad_issue,
		.work = work, .user = user, .metrics = metrics,
		.arg = t };
	int stop = -1, hup = -1;

	if (check_record)
		return check(c);
	if (!listen_at && !once) {
		ms_fail(&c->err, MS_USAGE, "nowhere to listen");
		return ms_hint(&c->err, "--listen 127.0.0.1:3161, or --once "
		    "for a single request on stdin");
	}
	if (once)
		return serve_once(c, t, &f.serve);
	serve_limits(&f.serve);
	f.serve.listen = ms_cli_listen(listen_at, &c->err);
	if (!f.serve.listen)
		return -1;
	if (t->clock.trust)
		ms_cli_warn(c, "the clock is trusted unchecked (--clock "
		    "trust): not for production");
	if (ms_cli_signals(&stop, &hup, &c->err) != 0)
		return -1;
	return ms_fleet(&f, stop, hup, &c->err);
}

int
main(int argc, char **argv)
{
	struct ms_cli c;
	struct tsad t;
	int rc = ms_cli_begin(&c, &prog, argc, argv);

	if (rc >= 0)
		return rc;
	tsad_init(&t, &c, &conf, ms_streq(clock_mode, "trust"));
	if (c.args.n > 0)
		ms_fail(&c.err, MS_USAGE, "no operands are taken");
	else
		run(&c, &t);
	tsad_clear(&t);
	ms_cli_io_clear(&ms_cli_io);
	return ms_cli_end(&c, 0);
}
