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
	if (s->draining && s->nconns == 0)
		event_del(&s->cut);
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
on_stop(int fd, short what, void *arg)
{
	struct server *s = arg;
	struct serve_conn *c, *next;
	struct timeval tv = { s->conf.deadline_ms / 1000,
		s->conf.deadline_ms % 1000 * 1000 };

	/* Who was already let in by the kernel is served, unless another
	 * process takes over the same socket. */
	if (!s->listener.given)
		on_accept(s->listener.fd, EV_READ, s);
	s->draining = true;
	event_del(&s->stop);
	event_del(&s->hup);
	event_del(&s->accept);
	event_del(&s->again);
	serve_unlisten(&s->listener);
	for (c = TAILQ_FIRST(&s->conns); c; c = next) {
		next = TAILQ_NEXT(c, link);
		serve_conn_drain(c);
	}
	if (s->nconns > 0)
		event_add(&s->cut, &tv);
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

static int
write_ready(const char *path, const char *name, struct ms_err *err)
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
	rc = event_base_dispatch(s->base);
	broken = NULL;
	return rc;
}

static void
watch(struct server *s, int stop_fd, int hup_fd)
{
	event_assign(&s->accept, s->base, s->listener.fd, EV_READ |
	    EV_PERSIST, on_accept, s);
	event_assign(&s->again, s->base, -1, 0, on_again, s);
	event_assign(&s->cut, s->base, -1, 0, on_cut, s);
	event_assign(&s->stop, s->base, stop_fd, EV_READ, on_stop, s);
	event_assign(&s->hup, s->base, hup_fd, EV_READ | EV_PERSIST, on_hup,
	    s);
	event_add(&s->accept, NULL);
	event_add(&s->stop, NULL);
	if (hup_fd != -1)
		event_add(&s->hup, NULL);
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

int
ms_serve(const struct ms_serve_conf *conf, int stop_fd, int hup_fd,
    struct ms_err *err)
{
	struct server s;
	struct serve_conn *c;
	int rc = -1;

	memset(&s, 0, sizeof(s));
	s.conf = *conf;
	set_defaults(&s);
	TAILQ_INIT(&s.conns);
	ms_buf_init(&s.reply.body, SERVE_REPLY);
	if (serve_listen(s.conf.listen, &s.listener, err) == -1)
		return -1;
	s.base = new_base();
	if (!s.base) {
		ms_fail(err, MS_OS, "libevent does not start");
		goto out;
	}
	watch(&s, stop_fd, hup_fd);
	if (write_ready(s.conf.ready_file, s.listener.name, err) == -1)
		goto out;
	serve_log(&s, "listening on %s", s.listener.name);
	if (dispatch(&s) == -1) {
		/* Nothing of it can be touched any more. */
		serve_unlisten(&s.listener);
		return ms_fail(err, MS_OS, "libevent gave up");
	}
	rc = 0;
out:
	s.draining = true;
	while ((c = TAILQ_FIRST(&s.conns)))
		serve_conn_free(c);
	if (s.base) {
		event_del(&s.accept);
		event_del(&s.again);
		event_del(&s.cut);
		event_del(&s.stop);
		event_del(&s.hup);
		event_base_free(s.base);
	}
	serve_unlisten(&s.listener);
	ms_buf_clear(&s.reply.body);
	if (rc == 0 && s.conf.ready_file)
		unlink(s.conf.ready_file);
	return rc;
}

/* ---- one request without HTTP ---- */

static int
once(const struct ms_serve_conf *c, const struct ms_request *req,
    struct ms_response *resp, struct ms_sink *out, struct ms_err *err)
{
	const char *text = NULL;
	size_t n;

	if (c->handler(c->arg, req, resp, err) == -1)
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
