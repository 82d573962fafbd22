/* SPDX-License-Identifier: Apache-2.0 */
/* The process that talks with strangers. */
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "serve/fleet-internal.h"

void
fleet_worker(const struct ms_fleet *f, struct serve_listener *l, int ctl,
    int keeper)
{
	struct timeval tv = { FLEET_ASK_S, 0 };
	struct ms_serve_conf conf = f->serve;
	struct ms_keeper k = { keeper };
	struct ms_err err = MS_ERR_INIT;
	struct serve_run r = { .conf = &conf, .listener = l, .stop_fd = -1,
		.hup_fd = -1, .orders_fd = ctl };

	if (conf.max_connections == 0)
		conf.max_connections = SERVE_CONNECTIONS;
	conf.max_connections = (conf.max_connections + f->workers - 1) /
	    f->workers;
	if (keeper != -1) {
		setsockopt(keeper, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		setsockopt(keeper, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	}
	if (f->work(f->arg, keeper == -1 ? NULL : &k, &err) == -1)
		fleet_tell(ctl, &err);
	else {
		fleet_tell(ctl, NULL);
		if (serve_run(&r, &err) == -1 && conf.log)
			conf.log(conf.arg, err.text);
	}
	serve_unlisten(l);
	if (keeper != -1)
		close(keeper);
	close(ctl);
}
