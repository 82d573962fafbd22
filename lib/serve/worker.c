/* SPDX-License-Identifier: Apache-2.0 */
/* The process that talks with strangers. */
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "serve/fleet-internal.h"

struct worker {
	const struct ms_fleet *f;
	const struct ms_account *account;
	struct ms_keeper *keeper;	/* NULL: none */
	int ctl;
};

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
fleet_worker(const struct ms_fleet *f, const struct ms_account *a,
    struct serve_listener *l, int ctl, int keeper)
{
	struct timeval tv = { FLEET_ASK_S, 0 };
	struct ms_serve_conf conf = f->serve;
	struct ms_keeper k = { keeper };
	struct worker w = { f, a, keeper == -1 ? NULL : &k, ctl };
	struct ms_err err = MS_ERR_INIT;
	struct serve_run r = { .conf = &conf, .listener = l, .stop_fd = -1,
		.hup_fd = -1, .orders_fd = ctl, .ready = ready, .arg = &w };

	if (conf.max_connections == 0)
		conf.max_connections = SERVE_CONNECTIONS;
	conf.max_connections = (conf.max_connections + f->workers - 1) /
	    f->workers;
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
