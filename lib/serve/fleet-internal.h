/* SPDX-License-Identifier: Apache-2.0 */
/* What parent, worker and keeper share. */
#ifndef MS_SERVE_FLEET_INTERNAL_H
#define MS_SERVE_FLEET_INTERNAL_H

#include <sys/types.h>

#include "serve/fleet.h"
#include "serve/internal.h"

/* How long a worker waits for its keeper: some hundred RSA-4096 signatures of
 * a slow machine, in seconds. */
#define FLEET_ASK_S 20

/* The first message of a child to its parent: how it began. */
#define FLEET_READY 'R'
#define FLEET_FAILED 'E'	/* with a struct ms_err behind it */

struct ms_keeper {
	int fd;
};

struct fleet_child {
	pid_t pid;		/* 0: none */
	int ctl;		/* to it; it ends when the child does */
	unsigned slot;		/* which listener it serves */
	unsigned generation;	/* each take-over is a new one */
	bool retired;
	int64_t born_ms;
};

/* Fork: 0, with pid and ctl of *c set; 1 in the child, with its end in *ctl;
 * -1. */
int fleet_fork(struct fleet_child *c, int *ctl, struct ms_err *err);
/* Wait for one that has ended, or is about to; its status. */
int fleet_reap(struct fleet_child *c);
/* In the child: it has begun, or failed to. */
void fleet_tell(int ctl, const struct ms_err *failed);
/* Wait for that; -1 also when stop_fd becomes readable meanwhile. */
int fleet_await(const struct fleet_child *c, int stop_fd, struct ms_err *err);

/* Of the monotonic clock. */
int64_t fleet_now_ms(void);

/* A pair of connected sockets that no exec inherits. */
int fleet_pair(int type, int pair[2], struct ms_err *err);
int fleet_pass_fd(int to, int fd, struct ms_err *err);

static inline unsigned
fleet_key_needs(const struct ms_fleet *f)
{
	return f->key_needs ? f->key_needs(f->arg) : 0;
}

/* What every child is given. */
struct fleet_child_conf {
	const struct ms_fleet *f;
	const struct ms_account *become;	/* NULL: nobody else */
	struct account *account;
};
/* The processes; they return when they are to end. */
void fleet_keeper(const struct fleet_child_conf *c, int ctl);
void fleet_worker(const struct fleet_child_conf *c, unsigned slot,
    struct serve_listener *l, int ctl, int keeper);
/* Metrics and health. */
void fleet_monitor(const struct fleet_child_conf *c, struct serve_listener *l,
    int ctl);

#endif
