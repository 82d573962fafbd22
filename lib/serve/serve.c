/* SPDX-License-Identifier: Apache-2.0 */
/* accept4() is a GNU extension. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/internal.h"

/* Accepted before others have their turn. */
#define ACCEPTS 32
/* Waiting for descriptors or memory, in milliseconds. */
#define RETRY_MS 200

/*
 * libevent prints its troubles and, when it finds itself broken, exits; both
 * can be changed only for the whole process.  A thread that serves comes back
 * with an error instead, and this is how its loop is found again: the one
 * variable of the library that is not an argument, because libevent passes
 * none.
 */
static _Thread_local jmp_buf *broken;

static void
on_libevent_log(int severity, const char *text)
{
}

static void
on_libevent_fatal(int error)
{
	if (broken)
		longjmp(*broken, 1);
}

void
serve_log(const struct server *s, const char *fmt, ...)
{
	char line[1200];
	va_list ap;

	if (!s->conf.log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	s->conf.log(s->conf.arg, line);
}

/* ---- accepting ---- */

static void
pause_accepting(struct server *s)
{
	s->paused = true;
	event_del(&s->accept);
}

void
serve_resume(struct server *s)
{
	if (s->draining && s->nconns == 0) {
		event_del(&s->cut);
		event_del(&s->orders);
	}
	if (!s->paused || s->draining)
		return;
	s->paused = false;
	event_del(&s->again);
	event_add(&s->accept, NULL);
}

static void
on_again(int fd, short what, void *arg)
{
	serve_resume(arg);
}

/* Room for one more: the quiet connection that was used least recently goes,
 * and while all are busy the kernel keeps the new ones waiting. */
static bool
make_room(struct server *s)
{
	struct serve_conn *c;

	if (s->nconns < s->conf.max_connections)
		return true;
	TAILQ_FOREACH(c, &s->conns, link)
		if (serve_conn_quiet(c) && !c->started) {
			serve_conn_free(c);
			return true;
		}
	return false;
}

static void
on_accept(int lfd, short what, void *arg)
{
	struct timeval tv = { RETRY_MS / 1000, RETRY_MS % 1000 * 1000 };
	struct server *s = arg;
	struct sockaddr_storage ss;
	socklen_t len;
	int i, fd;

	for (i = 0; i < ACCEPTS; i++) {
		if (!make_room(s)) {
			pause_accepting(s);
			return;
		}
		len = sizeof(ss);
		ss.ss_family = AF_UNIX;
		fd = accept4(lfd, (void *)&ss, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1) {
			serve_conn_new(s, fd, (void *)&ss);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS) {
			serve_log(s, "cannot accept: %s", strerror(errno));
			pause_accepting(s);
			event_add(&s->again, &tv);
			return;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		/* The others speak of that one connection. */
	}
}

/* ---- stop and reload ---- */

static void
on_cut(int fd, short what, void *arg)
{
	struct server *s = arg;
	struct serve_conn *c;

	while ((c = TAILQ_FIRST(&s->conns)))
		serve_conn_free(c);
}

static void
cut_after(struct server *s, uint64_t ms)
{
	struct timeval tv = { (time_t)(ms / 1000),
		(suseconds_t)(ms % 1000 * 1000) };

	if (s->nconns > 0)
		event_add(&s->cut, &tv);
}

static void
close_listener(struct server *s)
{
	s->draining = true;
	event_del(&s->stop);
	event_del(&s->hup);
	event_del(&s->accept);
	event_del(&s->again);
	serve_unlisten(&s->listener);
}

static void
on_stop(int fd, short what, void *arg)
{
	struct server *s = arg;
	struct serve_conn *c, *next;

	/* Who was already let in by the kernel is served, unless another
	 * process takes over the same socket. */
	if (!s->listener.given && s->listener.fd != -1)
		on_accept(s->listener.fd, EV_READ, s);
	close_listener(s);
	event_del(&s->orders);
	for (c = TAILQ_FIRST(&s->conns); c; c = next) {
		next = TAILQ_NEXT(c, link);
		serve_conn_drain(c);
	}
	cut_after(s, s->conf.deadline_ms);
}

/*
 * Others serve this socket from now on.  A client that keeps its connection
 * may be about to send: it is told with its next reply, not cut off.
 */
static void
retire(struct server *s)
{
	close_listener(s);
	if (s->nconns == 0)
		event_del(&s->orders);
	cut_after(s, (uint64_t)s->conf.idle_ms + s->conf.deadline_ms);
}

static void
on_orders(int fd, short what, void *arg)
{
	char order;

	if (recv(fd, &order, 1, MSG_DONTWAIT) == 1 && order == SERVE_RETIRE)
		retire(arg);
	else
		on_stop(-1, 0, arg);
}

static void
on_hup(int fd, short what, void *arg)
{
	struct ms_err err = MS_ERR_INIT;
	struct server *s = arg;
	char junk[512];

	/* 0: the other end is closed and would stay readable. */
	if (read(fd, junk, sizeof(junk)) == 0)
		event_del(&s->hup);
	else if (s->conf.reload && s->conf.reload(s->conf.arg, &err) == -1)
		serve_log(s, "cannot reload: %s", err.text);
}

/* ---- the server ---- */

int
serve_write_ready(const char *path, const char *name, struct ms_err *err)
{
	struct ms_out *o = NULL;

	if (!path)
		return 0;
	if (ms_out_open(path, false, 0, 0, &o, err) == -1)
		return -1;
	if (ms_sink_printf(ms_out_sink(o), err, "%s\n", name) == -1) {
		ms_out_abort(o);
		return -1;
	}
	return ms_out_commit(o, err);
}

static struct event_base *
new_base(void)
{
	struct event_config *cfg = event_config_new();
	struct event_base *base = NULL;

	event_set_log_callback(on_libevent_log);
	event_set_fatal_callback(on_libevent_fatal);
	if (cfg && event_config_set_flag(cfg, EVENT_BASE_FLAG_IGNORE_ENV |
	    EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(cfg);
	if (cfg)
		event_config_free(cfg);
	return base;
}

/* -1 when libevent gave up. */
static int
dispatch(struct server *s)
{
	jmp_buf here;
	int rc;

	if (setjmp(here)) {
		broken = NULL;
		return -1;
	}
	broken = &here;
	do {
		rc = event_base_loop(s->base, EVLOOP_ONCE);
		if (s->npend > 0)
			serve_finish(s);
	} while (rc == 0 && !s->broken);
	broken = NULL;
	return rc;
}

static void
watch(struct server *s, const struct serve_run *r)
{
	event_assign(&s->accept, s->base, s->listener.fd, EV_READ |
	    EV_PERSIST, on_accept, s);
	event_assign(&s->again, s->base, -1, 0, on_again, s);
	event_assign(&s->cut, s->base, -1, 0, on_cut, s);
	event_assign(&s->stop, s->base, r->stop_fd, EV_READ, on_stop, s);
	event_assign(&s->hup, s->base, r->hup_fd, EV_READ | EV_PERSIST, on_hup,
	    s);
	event_assign(&s->orders, s->base, r->orders_fd, EV_READ | EV_PERSIST,
	    on_orders, s);
	event_add(&s->accept, NULL);
	if (r->stop_fd != -1)
		event_add(&s->stop, NULL);
	if (r->hup_fd != -1)
		event_add(&s->hup, NULL);
	if (r->orders_fd != -1)
		event_add(&s->orders, NULL);
}

static void
set_defaults(struct server *s)
{
	struct ms_serve_conf *c = &s->conf;

	if (c->max_header == 0)
		c->max_header = SERVE_HEADER;
	if (c->max_connections == 0)
		c->max_connections = SERVE_CONNECTIONS;
	if (c->deadline_ms == 0)
		c->deadline_ms = SERVE_DEADLINE_MS;
	if (c->idle_ms == 0)
		c->idle_ms = SERVE_IDLE_MS;
}

static void
server_clear(struct server *s)
{
	struct serve_conn *c;
	unsigned i;

	s->draining = true;
	while ((c = TAILQ_FIRST(&s->conns)))
		serve_conn_free(c);
	if (s->base) {
		event_del(&s->accept);
		event_del(&s->again);
		event_del(&s->cut);
		event_del(&s->stop);
		event_del(&s->hup);
		event_del(&s->orders);
		event_base_free(s->base);
	}
	ms_buf_clear(&s->reply.body);
	for (i = 0; i < MS_SERVE_BATCH; i++)
		ms_buf_clear(&s->pend[i].resp.body);
}

int
serve_run(const struct serve_run *r, struct ms_err *err)
{
	struct server s;
	int rc = -1;
	unsigned i;

	memset(&s, 0, sizeof(s));
	s.conf = *r->conf;
	set_defaults(&s);
	s.listener = *r->listener;
	s.account = r->account;
	s.column = r->column;
	account_begin(s.account, s.column);
	TAILQ_INIT(&s.conns);
	ms_buf_init(&s.reply.body, SERVE_REPLY);
	for (i = 0; i < MS_SERVE_BATCH; i++)
		ms_buf_init(&s.pend[i].resp.body, SERVE_REPLY);
	s.base = new_base();
	if (!s.base) {
		ms_fail(err, MS_OS, "libevent does not start");
		goto out;
	}
	watch(&s, r);
	if (r->ready && r->ready(r->arg, err) == -1)
		goto out;
	if (dispatch(&s) == -1) {
		/* Nothing of its loop can be touched any more. */
		*r->listener = s.listener;
		return ms_fail(err, MS_OS, "libevent gave up");
	}
	rc = s.broken ? ms_fail(err, MS_OS, "cannot go on") : 0;
out:
	server_clear(&s);
	*r->listener = s.listener;
	return rc;
}

/* ---- one server in this process ---- */

struct alone {
	const struct ms_serve_conf *conf;
	const struct serve_listener *listener;
};

static int
alone_ready(void *arg, struct ms_err *err)
{
	const struct alone *a = arg;
	char line[200];

	if (serve_write_ready(a->conf->ready_file, a->listener->name,
	    err) == -1)
		return -1;
	snprintf(line, sizeof(line), "listening on %s", a->listener->name);
	if (a->conf->log)
		a->conf->log(a->conf->arg, line);
	return 0;
}

int
ms_serve(const struct ms_serve_conf *conf, int stop_fd, int hup_fd,
    struct ms_err *err)
{
	struct serve_listener l;
	struct alone a = { conf, &l };
	struct serve_run r = { .conf = conf, .listener = &l,
		.stop_fd = stop_fd, .hup_fd = hup_fd, .orders_fd = -1,
		.ready = alone_ready, .arg = &a };
	int rc;

	r.account = account_new(1, err);
	if (!r.account || serve_listen(conf->listen, &l, err) == -1) {
		account_free(r.account);
		return -1;
	}
	rc = serve_run(&r, err);
	account_free(r.account);
	serve_unlisten(&l);
	if (rc == 0 && conf->ready_file)
		unlink(conf->ready_file);
	return rc;
}

/* ---- one request without HTTP ---- */

static int
once(const struct ms_serve_conf *c, const struct ms_request *req,
    struct ms_response *resp, struct ms_sink *out, struct ms_err *err)
{
	const char *text = NULL;
	size_t n;
	int rc = c->handler(c->arg, req, resp, err);

	if (rc == -1 || (rc == 1 && c->finish(c->arg, err) == -1))
		return -1;
	if (resp->status < 400)
		return ms_sink_write(out, resp->body.p, resp->body.n, err);
	if (resp->type && strncmp(resp->type, "text/", 5) == 0)
		text = ms_buf_str(&resp->body);
	if (!text || *text == '\0')
		text = serve_reason(resp->status);
	n = strcspn(text, "\r\n");
	return ms_fail(err, MS_DATA, "%.*s", (int)(n < 900 ? n : 900), text);
}

int
ms_serve_once(const struct ms_serve_conf *c, const char *type,
    struct ms_src *in, struct ms_sink *out, struct ms_err *err)
{
	struct ms_buf body = MS_BUF_INIT(c->max_body);
	struct ms_response resp;
	struct ms_request req;
	int rc = -1;

	memset(&req, 0, sizeof(req));
	memset(&resp, 0, sizeof(resp));
	ms_buf_init(&resp.body, SERVE_REPLY);
	resp.status = 200;
	req.method = "POST";
	req.path = "/";
	req.peer = "stdin";
	snprintf(req.type, sizeof(req.type), "%s", type ? type : "");
	if (ms_src_slurp(in, &body, err) == 0) {
		req.body = ms_buf_span(&body);
		rc = once(c, &req, &resp, out, err);
	}
	ms_buf_clear(&body);
	ms_buf_clear(&resp.body);
	return rc;
}
