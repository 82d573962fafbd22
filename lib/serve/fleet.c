/* SPDX-License-Identifier: Apache-2.0 */
/* The parent: starts the others, replaces the dead, passes orders on. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/fleet-internal.h"

/* Former workers may still be finishing when the next ones take over. */
#define CHILDREN (4 * MS_FLEET_WORKERS)
/* A process that dies young waits before it is replaced, in milliseconds. */
#define YOUNG_MS 5000
#define DELAY_MS 50
#define DELAY_MAX_MS 10000
/* What a worker may need beyond its deadline to come to an end. */
#define KILL_MS 5000

/* Behind the slots of workers and monitor. */
#define KEEPER (MS_FLEET_WORKERS + 1)

struct fleet {
	const struct ms_fleet *f;
	int stop_fd, hup_fd;
	struct ms_account user;
	struct fleet_child_conf given;
	/* One for each worker, and behind them the monitor's. */
	struct serve_listener first, l[MS_FLEET_WORKERS + 1];
	unsigned slots;
	struct fleet_child keeper;
	struct fleet_child child[CHILDREN];
	/* When a slot, or [KEEPER] the keeper, gets a new process; 0: has
	 * one. */
	int64_t due[KEEPER + 1], delay[KEEPER + 1];
	unsigned generation;
	bool stopping;
	int64_t kill_at;
};

static void __attribute__((format(printf, 2, 3)))
say(const struct fleet *fl, const char *fmt, ...)
{
	char line[1200];
	va_list ap;

	if (!fl->f->serve.log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fl->f->serve.log(fl->f->serve.arg, line);
}

/* ---- starting ---- */

/* In a child: leave nothing open that is not its own. */
static void
close_others(struct fleet *fl, unsigned slot)
{
	unsigned i;

	free(fl->first.unlink);
	if (fl->first.fd != -1)
		close(fl->first.fd);
	for (i = 0; i < fl->slots; i++) {
		free(fl->l[i].unlink);
		fl->l[i].unlink = NULL;
		if (i != slot && fl->l[i].fd != -1)
			close(fl->l[i].fd);
	}
	if (fl->keeper.pid)
		close(fl->keeper.ctl);
	for (i = 0; i < CHILDREN; i++)
		if (fl->child[i].pid)
			close(fl->child[i].ctl);
}

static int
start_keeper(struct fleet *fl, struct fleet_child *k, struct ms_err *err)
{
	int ctl = -1, rc;

	memset(k, 0, sizeof(*k));
	k->born_ms = fleet_now_ms();
	rc = fleet_fork(k, &ctl, err);
	if (rc == 1) {
		close_others(fl, KEEPER);
		fleet_keeper(&fl->given, ctl);
	}
	return rc;
}

static struct fleet_child *
free_child(struct fleet *fl)
{
	unsigned i;

	for (i = 0; i < CHILDREN; i++)
		if (!fl->child[i].pid)
			return &fl->child[i];
	return NULL;
}

/* 0; 1 in the worker, when it has ended; -1. */
static int
start_worker(struct fleet *fl, unsigned slot, const struct fleet_child *k,
    struct ms_err *err)
{
	struct fleet_child *c = free_child(fl), n;
	int ctl = -1, pair[2] = { -1, -1 }, rc = -1;

	if (!c)
		return ms_fail(err, MS_TEMPFAIL,
		    "too many former workers are still busy");
	if (k->pid && slot < fl->f->workers &&
	    (fleet_pair(SOCK_STREAM, pair, err) == -1 ||
	    fleet_pass_fd(k->ctl, pair[1], err) == -1))
		goto out;
	memset(&n, 0, sizeof(n));
	n.slot = slot;
	n.generation = fl->generation;
	n.born_ms = fleet_now_ms();
	rc = fleet_fork(&n, &ctl, err);
	if (rc == 1) {
		if (pair[1] != -1)
			close(pair[1]);
		if (k != &fl->keeper && k->pid)
			close(k->ctl);
		close_others(fl, slot);
		if (slot == fl->f->workers)
			fleet_monitor(&fl->given, &fl->l[slot], ctl);
		else
			fleet_worker(&fl->given, slot, &fl->l[slot], ctl,
			    pair[0]);
		return 1;
	}
	if (rc == 0)
		*c = n;
out:
	if (pair[0] != -1)
		close(pair[0]);
	if (pair[1] != -1)
		close(pair[1]);
	return rc;
}

static void
order(const struct fleet_child *c, char what)
{
	/* Nobody hears: it has ended, and poll() will tell. */
	(void)!send(c->ctl, &what, 1, MSG_NOSIGNAL);
}

/* The keeper forks no more; what it forked goes on until its worker ends. */
static void
retire_keeper(struct fleet *fl, struct fleet_child *k)
{
	struct fleet_child *c = k->pid ? free_child(fl) : NULL;

	if (!k->pid)
		return;
	shutdown(k->ctl, SHUT_WR);
	k->retired = true;
	if (c)
		*c = *k;
	else
		close(k->ctl);
	memset(k, 0, sizeof(*k));
}

/* A set of workers with their keeper that takes over from the one there is,
 * or nothing changes.  0; 1 in a child that has ended; -1. */
static int
take_over(struct fleet *fl, struct ms_err *err)
{
	struct fleet_child k = { .pid = 0 }, *c;
	unsigned i;
	int rc;

	rc = fl->f->keep ? start_keeper(fl, &k, err) :
	    fl->f->load(fl->f->arg, err);
	if (rc == 0 && k.pid)
		rc = fleet_await(&k, fl->stop_fd, err);
	fl->generation++;
	for (i = 0; rc == 0 && i < fl->slots; i++)
		rc = start_worker(fl, i, &k, err);
	if (rc == 1)
		return 1;
	for (c = fl->child; rc == 0 && c < fl->child + CHILDREN; c++)
		if (c->pid && c->generation == fl->generation)
			rc = fleet_await(c, fl->stop_fd, err);
	for (c = fl->child; c < fl->child + CHILDREN; c++) {
		if (!c->pid || c->retired ||
		    (c->generation == fl->generation) != (rc == -1))
			continue;
		order(c, rc == -1 ? SERVE_STOP : SERVE_RETIRE);
		c->retired = true;
	}
	if (rc == -1) {
		retire_keeper(fl, &k);
		return -1;
	}
	retire_keeper(fl, &fl->keeper);
	fl->keeper = k;
	memset(fl->due, 0, sizeof(fl->due));
	return 0;
}

/* ---- what happens ---- */

static void
begin_stop(struct fleet *fl)
{
	struct fleet_child *c;
	unsigned i;

	fl->stopping = true;
	fl->kill_at = fleet_now_ms() + KILL_MS + (fl->f->serve.deadline_ms ?
	    fl->f->serve.deadline_ms : SERVE_DEADLINE_MS);
	memset(fl->due, 0, sizeof(fl->due));
	for (c = fl->child; c < fl->child + CHILDREN; c++)
		if (c->pid)
			order(c, SERVE_STOP);
	retire_keeper(fl, &fl->keeper);
	serve_unlisten(&fl->first);
	for (i = 0; i < fl->slots; i++)
		serve_unlisten(&fl->l[i]);
}

/* Replace a process after a while; the longer, the younger it died. */
static void
schedule(struct fleet *fl, unsigned slot, int64_t born_ms)
{
	int64_t *delay = &fl->delay[slot], now = fleet_now_ms();

	if (now - born_ms > YOUNG_MS)
		*delay = 0;
	fl->due[slot] = now + *delay;
	*delay = *delay == 0 ? DELAY_MS : *delay * 2 > DELAY_MAX_MS ?
	    DELAY_MAX_MS : *delay * 2;
}

static void
child_ended(struct fleet *fl, struct fleet_child *c)
{
	struct fleet_child was = *c;
	int status = fleet_reap(c);

	if (was.retired || fl->stopping)
		return;
	if (WIFSIGNALED(status))
		say(fl, "worker %d was ended by signal %d", (int)was.pid,
		    WTERMSIG(status));
	else
		say(fl, "worker %d has ended", (int)was.pid);
	schedule(fl, was.slot, was.born_ms);
}

/* 1 in a child that has ended. */
static int
reload(struct fleet *fl)
{
	struct ms_err err = MS_ERR_INIT;
	int rc = take_over(fl, &err);

	if (rc == 0)
		say(fl, "keys and certificates read anew");
	if (rc == -1)
		say(fl, "cannot reload: %s", err.text);
	return rc == 1;
}

/* 1 in a child that has ended. */
static int
replace_dead(struct fleet *fl)
{
	unsigned n = KEEPER, i;
	struct ms_err err = MS_ERR_INIT;
	int64_t now = fleet_now_ms();
	int rc;

	if (fl->due[n] && fl->due[n] <= now) {
		fl->due[n] = 0;
		rc = take_over(fl, &err);
		if (rc == -1) {
			say(fl, "no keeper: %s", err.text);
			schedule(fl, n, now);
		}
		return rc == 1;
	}
	for (i = 0; i < fl->slots; i++) {
		if (fl->due[i] == 0 || fl->due[i] > now || fl->due[n])
			continue;
		fl->due[i] = 0;
		rc = start_worker(fl, i, &fl->keeper, &err);
		if (rc == 1)
			return 1;
		if (rc == -1) {
			say(fl, "no worker: %s", err.text);
			ms_err_reset(&err);
			schedule(fl, i, now);
		}
	}
	return 0;
}

/* ---- waiting ---- */

static int
timeout(const struct fleet *fl)
{
	int64_t next = fl->kill_at;
	unsigned i;

	for (i = 0; i <= KEEPER; i++)
		if (fl->due[i] && (next == 0 || fl->due[i] < next))
			next = fl->due[i];
	if (next == 0)
		return -1;
	next -= fleet_now_ms();
	return next < 0 ? 0 : (int)next;
}

static bool
kill_late(struct fleet *fl)
{
	struct fleet_child *c;
	bool any = false;

	for (c = fl->child; c < fl->child + CHILDREN; c++) {
		if (!c->pid)
			continue;
		any = true;
		if (fleet_now_ms() >= fl->kill_at)
			kill(c->pid, SIGKILL);
	}
	if (fleet_now_ms() >= fl->kill_at)
		fl->kill_at = fleet_now_ms() + KILL_MS;
	return any;
}

/* What a child says after its start is that it is ready, or its end. */
static void
hear(struct fleet *fl, struct fleet_child *c)
{
	char msg[1 + sizeof(struct ms_err)];
	ssize_t k = recv(c->ctl, msg, sizeof(msg), MSG_DONTWAIT);

	if (k == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (k > 1 && msg[0] == FLEET_FAILED) {
		msg[sizeof(msg) - 1] = '\0';
		say(fl, "%.900s", msg + 1 + offsetof(struct ms_err, text));
	}
	if (k <= 0)
		child_ended(fl, c);
}

static void
keeper_ended(struct fleet *fl)
{
	say(fl, "the keeper of the key has ended");
	schedule(fl, KEEPER, fl->keeper.born_ms);
	fleet_reap(&fl->keeper);
}

/* 1 in a child that has ended. */
static int
turn(struct fleet *fl)
{
	struct pollfd p[CHILDREN + 3];
	unsigned i;
	char junk[512];

	for (i = 0; i < CHILDREN; i++)
		p[i] = (struct pollfd){ fl->child[i].pid ? fl->child[i].ctl :
			-1, POLLIN, 0 };
	p[i] = (struct pollfd){ fl->keeper.pid ? fl->keeper.ctl : -1, POLLIN,
		0 };
	p[i + 1] = (struct pollfd){ fl->stopping ? -1 : fl->stop_fd, POLLIN,
		0 };
	p[i + 2] = (struct pollfd){ fl->stopping ? -1 : fl->hup_fd, POLLIN,
		0 };
	if (poll(p, CHILDREN + 3, timeout(fl)) == -1)
		return 0;
	if (p[i].revents)
		keeper_ended(fl);
	for (i = 0; i < CHILDREN; i++)
		if (p[i].revents)
			hear(fl, &fl->child[i]);
	if (p[CHILDREN + 1].revents) {
		begin_stop(fl);
		return 0;
	}
	if (p[CHILDREN + 2].revents) {
		if (read(fl->hup_fd, junk, sizeof(junk)) == 0)
			fl->hup_fd = -1;
		else if (reload(fl))
			return 1;
	}
	return fl->stopping ? 0 : replace_dead(fl);
}

/* ---- all of it ---- */

static int
listen_all(struct fleet *fl, struct ms_err *err)
{
	unsigned i;

	for (i = 0; i <= MS_FLEET_WORKERS; i++)
		fl->l[i].fd = -1;
	if (serve_listen(fl->f->serve.listen, &fl->first, err) == -1)
		return -1;
	for (i = 0; i < fl->f->workers; i++)
		if (serve_listen_beside(&fl->first, &fl->l[i], err) == -1)
			return -1;
	/*
	 * The kernel gives every socket its share, so that nobody's must be
	 * one too many.  A unix socket's path is the first's to remove.
	 */
	if (!fl->first.unlink) {
		close(fl->first.fd);
		fl->first.fd = -1;
	}
	return fl->f->metrics ? serve_listen(fl->f->metrics,
	    &fl->l[fl->f->workers], err) : 0;
}

/* How many serve, for the monitor. */
static void
count_live(struct fleet *fl)
{
	unsigned i, n = 0;

	for (i = 0; i < CHILDREN; i++)
		n += fl->child[i].pid && !fl->child[i].retired &&
		    fl->child[i].slot < fl->f->workers;
	atomic_store(&fl->given.account->live, n);
}

int
ms_fleet(const struct ms_fleet *f, int stop_fd, int hup_fd, struct ms_err *err)
{
	struct fleet *fl = calloc(1, sizeof(*fl));
	bool began = false;
	int rc;

	if (!fl)
		return ms_fail_nomem(err);
	fl->f = f;
	fl->stop_fd = stop_fd;
	fl->hup_fd = hup_fd;
	fl->first.fd = -1;
	fl->slots = f->workers + (f->metrics != NULL);
	fl->given.f = f;
	rc = ms_sandbox_secrets(err);
	if (rc == 0 && f->user) {
		fl->given.become = &fl->user;
		rc = ms_account_find(f->user, &fl->user, err);
	}
	if (rc == 0) {
		fl->given.account = account_new(f->workers, err);
		rc = fl->given.account ? 0 : -1;
	}
	if (rc == 0)
		rc = listen_all(fl, err);
	if (rc == 0)
		rc = take_over(fl, err);
	if (rc == 0)
		rc = serve_write_ready(f->serve.ready_file, fl->l[0].name,
		    err);
	if (rc == 0) {
		began = true;
		say(fl, "listening on %s", fl->l[0].name);
		if (f->metrics)
			say(fl, "metrics on %s", fl->l[f->workers].name);
	}
	if (rc == -1)
		begin_stop(fl);
	while (rc != 1 && (!fl->stopping || kill_late(fl))) {
		count_live(fl);
		if (turn(fl) == 1)
			rc = 1;
	}
	if (rc != 1 && began && f->serve.ready_file)
		unlink(f->serve.ready_file);
	account_free(fl->given.account);
	free(fl);
	return rc;
}
