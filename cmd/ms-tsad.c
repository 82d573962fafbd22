/* SPDX-License-Identifier: Apache-2.0 */
/* ms-tsad: RFC 3161 timestamp authority. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "common.h"
#include "serve/serve.h"

#define QUERY "application/timestamp-query"
#define REPLY "application/timestamp-reply"
/* A request is an imprint, a policy and a nonce: 4 KiB are ten times that. */
#define BODY_MAX ((size_t)4096)
#define HEADER_MAX ((size_t)8192)
#define CONNECTIONS 1024
#define DEADLINE_MS 10000
#define IDLE_MS 60000
/* EN 319 421 section 5.2: the baseline policy; a good place to start from,
 * an agency names its own. */
#define DEFAULT_POLICY "0.4.0.2023.1.1"

static char *listen_at, *ready_file, *clock_mode;
static struct ms_strs policies;
static uint64_t accuracy_ms = 1000;
static bool once, ordering;

static const struct ms_opt opts[] = {
	{ .name = "listen", .kind = MS_OPT_STR, .to = &listen_at,
	    .arg = "ADDR:PORT|unix:PATH", .help = "listen there" },
	{ .name = "once", .kind = MS_OPT_FLAG, .to = &once, .no_conf = true,
	    .help = "answer the request on stdin, on stdout, and end" },
	{ .name = "policy-oid", .kind = MS_OPT_LIST, .to = &policies,
	    .arg = "OID", .help = "policy to issue under; the first is the "
	    "default" },
	{ .name = "accuracy", .kind = MS_OPT_UINT, .to = &accuracy_ms,
	    .arg = "MS", .max = 3600000,
	    .help = "accuracy stated and kept, in milliseconds (1000)" },
	{ .name = "ordering", .kind = MS_OPT_FLAG, .to = &ordering,
	    .help = "state that tokens are ordered by genTime" },
	{ .name = "clock", .kind = MS_OPT_STR, .to = &clock_mode,
	    .arg = "MODE", .choices = "check|trust",
	    .help = "check the clock's synchronisation, or trust it" },
	{ .name = "ready-file", .kind = MS_OPT_STR, .to = &ready_file,
	    .arg = "FILE", .no_conf = true,
	    .help = "write the address there once listening" },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	ms_cli_who_opts, ms_cli_secret_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-tsad",
	.usage = "--listen ADDR:PORT|unix:PATH -i FILE [OPTION]...",
	.about = "Issue RFC 3161 timestamps over HTTP.",
	.opts = opts,
	.groups = groups
};

struct tsad {
	struct ms_cli *cli;
	struct ms_idents ids;
	struct ms_tsa *tsa;
	struct ms_clock clock;
};

static void
tsad_clear(struct tsad *t)
{
	ms_tsa_free(t->tsa);
	ms_idents_clear(&t->ids);
	memset(t, 0, sizeof(*t));
}

/* Keys, certificates and policies, read anew; *t is touched on success. */
static int
tsad_load(struct tsad *t, struct ms_cli *c)
{
	static const char *const fallback[] = { DEFAULT_POLICY };
	struct ms_tsa_conf conf = { .accuracy_ms = (unsigned)accuracy_ms,
		.ordering = ordering, .clock = ms_clock_now };
	struct tsad n = { .cli = c };

	if (ms_common_idents(c, NULL, MS_USE_TSA, &n.ids) != 0)
		return -1;
	n.clock = t->clock;
	conf.id = &n.ids.v[0];
	conf.policies = policies.n ? (const char *const *)policies.v :
	    fallback;
	conf.npolicies = policies.n ? policies.n : 1;
	/* The clock outlives the exchange of keys: it lies in *t. */
	conf.clock_arg = &t->clock;
	if (ms_tsa_new(&conf, &n.tsa, &c->err) != 0) {
		tsad_clear(&n);
		return -1;
	}
	ms_tsa_free(t->tsa);
	ms_idents_clear(&t->ids);
	*t = n;
	return 0;
}

/* SIGHUP: new keys, or the old ones go on. */
static int
reload(void *arg, struct ms_err *err)
{
	struct tsad *t = arg;

	if (tsad_load(t, t->cli) == 0) {
		ms_cli_verbose(t->cli, "keys and certificates read anew");
		return 0;
	}
	ms_cli_error(t->cli, &t->cli->err);
	ms_err_reset(&t->cli->err);
	return 0;
}

static int
text(struct ms_response *resp, int status, const char *words,
    struct ms_err *err)
{
	resp->status = status;
	resp->type = "text/plain";
	return ms_buf_adds(&resp->body, words, err);
}

/* RFC 3161 section 3.4; a rejection is an answer, and so HTTP 200. */
static int
handle(void *arg, const struct ms_request *req, struct ms_response *resp,
    struct ms_err *err)
{
	struct tsad *t = arg;
	int failure = -1;

	if (!ms_streq(req->path, "/"))
		return text(resp, 404, "nothing here: POST to /\n", err);
	if (!ms_streq(req->method, "POST")) {
		resp->allow = "POST";
		return text(resp, 405, "POST a TimeStampReq\n", err);
	}
	if (!ms_streq(req->type, QUERY))
		return text(resp, 415,
		    "RFC 3161 section 3.4: Content-Type " QUERY "\n", err);
	if (ms_tsa_answer(t->tsa, req->body, &resp->body, &failure, err) != 0)
		return -1;
	if (failure >= 0)
		ms_cli_verbose(t->cli, "%s: rejected: %s", req->peer,
		    ms_tsp_failure_name(failure));
	resp->status = 200;
	resp->type = REPLY;
	return 0;
}

static void
log_line(void *arg, const char *line)
{
	struct tsad *t = arg;

	ms_cli_say(t->cli, "%s", line);
}

static int
serve_once(struct ms_cli *c, const struct ms_serve_conf *conf)
{
	if (ms_cli_input(c, NULL, MS_SPOOL_ONCE, &ms_cli_io) != 0 ||
	    ms_cli_output(c, true, false, &ms_cli_io) != 0)
		return -1;
	if (ms_serve_once(conf, QUERY, ms_spool_read(ms_cli_io.in, &c->err),
	    ms_out_sink(ms_cli_io.out), &c->err) != 0)
		return -1;
	return ms_cli_publish(c, &ms_cli_io);
}

static int
run(struct ms_cli *c, struct tsad *t)
{
	struct ms_serve_conf conf = { .listen = listen_at,
		.ready_file = ready_file, .max_body = BODY_MAX,
		.max_header = HEADER_MAX, .max_connections = CONNECTIONS,
		.deadline_ms = DEADLINE_MS, .idle_ms = IDLE_MS,
		.handler = handle, .arg = t, .reload = reload,
		.log = log_line };
	int stop = -1, hup = -1;

	if (!listen_at && !once) {
		ms_fail(&c->err, MS_USAGE, "nowhere to listen");
		return ms_hint(&c->err, "--listen 127.0.0.1:3161, or --once "
		    "for a single request on stdin");
	}
	t->clock.trust = ms_streq(clock_mode, "trust");
	t->clock.accuracy_ms = (unsigned)accuracy_ms;
	if (tsad_load(t, c) != 0)
		return -1;
	if (once)
		return serve_once(c, &conf);
	if (t->clock.trust)
		ms_cli_warn(c, "the clock is trusted unchecked (--clock "
		    "trust): not for production");
	if (ms_cli_signals(&stop, &hup, &c->err) != 0)
		return -1;
	return ms_serve(&conf, stop, hup, &c->err);
}

int
main(int argc, char **argv)
{
	struct ms_cli c;
	struct tsad t;
	int rc = ms_cli_begin(&c, &prog, argc, argv);

	if (rc >= 0)
		return rc;
	memset(&t, 0, sizeof(t));
	t.cli = &c;
	if (c.args.n > 0)
		ms_fail(&c.err, MS_USAGE, "no operands are taken");
	else
		run(&c, &t);
	tsad_clear(&t);
	ms_cli_io_clear(&ms_cli_io);
	return ms_cli_end(&c, 0);
}
