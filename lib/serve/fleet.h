/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of several processes.
 *
 *	parent		listens, starts the others, replaces the dead; reads
 *			nothing from the network and holds no key
 *	keeper		has the keys; forks itself once for each worker, so
 *			that workers do not wait for one another
 *	worker		talks HTTP; asks its keeper over a socketpair
 *
 * On reload a new keeper and new workers take over the listening sockets,
 * which are never closed, and the old ones finish what they have; when the
 * new keeper cannot begin, the old go on.  Once they have begun, keepers and
 * workers are confined by ms_sandbox().  A worker that dies takes the
 * requests it had in hand with it and nothing else.
 */
#ifndef MS_SERVE_FLEET_H
#define MS_SERVE_FLEET_H

#include "serve/sandbox.h"
#include "serve/serve.h"

#define MS_FLEET_WORKERS 64
/* The longest message between worker and keeper, in bytes. */
#define MS_KEEPER_MESSAGE ((size_t)8 * 1024 * 1024)

struct ms_keeper;		/* as a worker sees it */

struct ms_fleet {
	/* max_connections is for all workers together; reload is not used:
	 * `load` is. */
	struct ms_serve_conf serve;
	unsigned workers;	/* 1 to MS_FLEET_WORKERS */
	const char *metrics;	/* where a process of its own answers /health
				 * and /metrics (Prometheus), or NULL */
	const char *user;	/* whom keepers and workers become, or NULL */
	unsigned needs;		/* MS_SANDBOX_*: what the handler cannot do
				 * without; 0 for most */
	/* After `load`: what who has the keys cannot do without, besides; may
	 * be NULL. */
	unsigned (*key_needs)(void *arg);
	/*
	 * Read keys and whatever else is read at start, again at each reload.
	 * Called in a fresh keeper, or, without `keep`, in the parent, where
	 * it must leave what was there untouched when it fails.
	 */
	int (*load)(void *arg, struct ms_err *err);
	/*
	 * In the keeper: answer one message.  -1 ends this keeper and its
	 * worker, which are then replaced.  NULL: no keeper; `load` is for
	 * the parent, and workers inherit what it made.
	 */
	int (*keep)(void *arg, struct ms_span in, struct ms_buf *out,
	    struct ms_err *err);
	/* In a new worker, before it serves; k is NULL without `keep`.  *c is
	 * a copy of `serve`, in which it may set what is made anew at each
	 * reload: tls. */
	int (*work)(void *arg, struct ms_keeper *k, struct ms_serve_conf *c,
	    struct ms_err *err);
	void *arg;
};

/*
 * Serve until stop_fd becomes readable and all is answered.  Returns 0, or
 * -1 when it could not begin; and 1 in each of the other processes when it
 * ends: the caller then frees what it has and exits with 0.  SIGPIPE must be
 * ignored.  The signals behind stop_fd and hup_fd stay blocked in the others:
 * they hear of the end from the parent, or when it is gone.
 */
int ms_fleet(const struct ms_fleet *f, int stop_fd, int hup_fd,
    struct ms_err *err);

/* In a worker: one message, one answer (reply is replaced).  -1: the keeper
 * is gone or mute. */
int ms_keeper_ask(struct ms_keeper *k, struct ms_span msg,
    struct ms_buf *reply, struct ms_err *err);

#endif
