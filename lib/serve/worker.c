/* SPDX-License-Identifier: Apache-2.0 */
/* The process that talks with strangers. */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "serve/fleet-internal.h"

/* Who asks for metrics does so once in a while. */
#define MONITOR_CONNECTIONS 16

/* Descriptors beside those of connections. */
#define DESCRIPTORS 32

struct worker {
	const struct ms_fleet *f;
	const struct ms_account *account;
	struct ms_keeper *keeper;	/* NULL: none */
	int ctl;
};

/* The usual 1024 descriptors are few, and a process may have more. */
static void
make_room(unsigned connections)
{
	rlim_t want = (rlim_t)connections + DESCRIPTORS;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur >= want)
		return;
	r.rlim_cur = r.rlim_max < want ? r.rlim_max : want;
	/* Without it accept() says when there is no more. */
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

/* The loop is there: what it took to make it can be given up. */
static int
ready(void *arg, struct ms_err *err)
{
	const struct worker *w = arg;

	if ((w->account && ms_account_become(w->account, err) == -1) ||
	    ms_sandbox(w->f->needs | (w->keeper ? 0 : fleet_key_needs(w->f)),
	    err) == -1)
		return -1;
	fleet_tell(w->ctl, NULL);
	return 0;
}

void
fleet_worker(const struct fleet_child_conf *c, unsigned slot,
    struct serve_listener *l, int ctl, int keeper)
{
	const struct ms_fleet *f = c->f;
	struct timeval tv = { FLEET_ASK_S, 0 };
	struct ms_serve_conf conf = f->serve;
	struct ms_keeper k = { keeper };
	struct worker w = { f, c->become, keeper == -1 ? NULL : &k, ctl };
	struct ms_err err = MS_ERR_INIT;
	struct serve_run r = { .conf = &conf, .listener = l, .stop_fd = -1,
		.hup_fd = -1, .orders_fd = ctl, .account = c->account,
		.column = slot, .ready = ready, .arg = &w };

	if (conf.max_connections == 0)
		conf.max_connections = SERVE_CONNECTIONS;
	conf.max_connections = (conf.max_connections + f->workers - 1) /
	    f->workers;
	make_room(conf.max_connections);
	if (keeper != -1) {
		setsockopt(keeper, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		setsockopt(keeper, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	}
	/* The parent passes it on: at the start as its own failure. */
	if (f->work(f->arg, w.keeper, &conf, &err) == -1 ||
	    serve_run(&r, &err) == -1)
		fleet_tell(ctl, &err);
	serve_unlisten(l);
	if (keeper != -1)
		close(keeper);
	close(ctl);
}

/* ---- the process that tells how the others are ---- */

struct monitor {
	struct worker w;
	const struct account *account;
};

static int
tell(void *arg, const struct ms_request *req, struct ms_response *resp,
    struct ms_err *err)
{
	const struct monitor *m = arg;

	resp->type = "text/plain; version=0.0.4";
	if (ms_streq(req->path, "/metrics"))
		return serve_metrics(m->account, &m->w.f->serve, &resp->body,
		    err);
	resp->type = "text/plain";
	if (!ms_streq(req->path, "/health")) {
		resp->status = 404;
		return ms_buf_adds(&resp->body, "/health, /metrics\n", err);
	}
	resp->status = atomic_load(&m->account->live) > 0 ? 200 : 503;
	return ms_buf_adds(&resp->body, resp->status == 200 ? "ok\n" :
	    "no worker serves\n", err);
}

static int
monitor_ready(void *arg, struct ms_err *err)
{
	const struct monitor *m = arg;

	if ((m->w.account && ms_account_become(m->w.account, err) == -1) ||
	    ms_sandbox(0, err) == -1)
		return -1;
	fleet_tell(m->w.ctl, NULL);
	return 0;
}

void
fleet_monitor(const struct fleet_child_conf *c, struct serve_listener *l,
    int ctl)
{
	struct monitor m = { { c->f, c->become, NULL, ctl }, c->account };
	struct ms_serve_conf conf = { .handler = tell, .arg = &m,
		.max_connections = MONITOR_CONNECTIONS };
	struct ms_err err = MS_ERR_INIT;
	struct serve_run r = { .conf = &conf, .listener = l, .stop_fd = -1,
		.hup_fd = -1, .orders_fd = ctl, .ready = monitor_ready,
		.arg = &m };

	/* Its own requests are not worth counting among those of others. */
	r.account = account_new(1, &err);
	if (!r.account || serve_run(&r, &err) == -1)
		fleet_tell(ctl, &err);
	account_free(r.account);
	serve_unlisten(l);
	close(ctl);
}
