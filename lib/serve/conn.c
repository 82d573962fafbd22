/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection: read a request, answer it, read the next.  What it may hold
 * and how long is bounded at every step: the input by the limits of head and
 * body, the output by one reply, the time by one absolute deadline for each of
 * arriving, being taken, and lingering.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/internal.h"

static void process(struct serve_conn *c);

static void
set_timer(struct serve_conn *c, uint64_t ms)
{
	struct timeval tv = { (time_t)(ms / 1000),
		(suseconds_t)(ms % 1000 * 1000) };

	event_add(&c->timer, &tv);
}

void
serve_conn_free(struct serve_conn *c)
{
	struct server *s = c->s;
	unsigned i;

	for (i = 0; c->state == CONN_WAITING && i < s->npend; i++)
		if (s->pend[i].c == c)
			s->pend[i].c = NULL;
	TAILQ_REMOVE(&s->conns, c, link);
	s->nconns--;
	event_del(&c->rd);
	event_del(&c->wr);
	event_del(&c->timer);
	serve_tls_end(c);
	if (c->counted)
		account_close(s->account, s->column, &c->source);
	close(c->fd);
	ms_buf_clear(&c->in);
	ms_buf_clear(&c->text);
	ms_buf_clear(&c->out);
	free(c);
	serve_resume(s);
}

bool
serve_conn_quiet(const struct serve_conn *c)
{
	return c->state == CONN_READING && c->in.n == c->off;
}

/* ---- replies ---- */

static void
linger(struct serve_conn *c)
{
	/*
	 * Closing now would reset the connection while the peer still sends,
	 * and the reset may overtake the reply.
	 */
	serve_tls_end(c);
	shutdown(c->fd, SHUT_WR);
	event_del(&c->wr);
	c->state = CONN_LINGER;
	ms_buf_clear(&c->in);
	c->off = 0;
	set_timer(c, SERVE_LINGER_MS);
	event_add(&c->rd, NULL);
}

/* The reply is out: what comes next?  false: the connection is gone. */
static bool
replied(struct serve_conn *c)
{
	ms_buf_reset(&c->out);
	c->written = 0;
	c->state = CONN_READING;
	if (c->refused) {
		linger(c);
		return false;
	}
	if (c->close) {
		serve_conn_free(c);
		return false;
	}
	if (c->off == c->in.n) {
		ms_buf_reset(&c->in);
		c->off = 0;
		if (c->in.cap > SERVE_READ)
			ms_buf_clear(&c->in);
	}
	if (c->out.cap > SERVE_READ)
		ms_buf_clear(&c->out);
	c->started = false;
	set_timer(c, c->s->conf.idle_ms);
	/* The one to be sent away first, when room is needed, is the one that
	 * has been quiet for longest. */
	TAILQ_REMOVE(&c->s->conns, c, link);
	TAILQ_INSERT_TAIL(&c->s->conns, c, link);
	if (serve_tls_pending(c))
		event_active(&c->rd, EV_READ, 0);
	return true;
}

/* Send what is left of the reply.  false: wait, or the connection is gone. */
static bool
flush(struct serve_conn *c)
{
	ssize_t k;

	while (c->written < c->out.n) {
		k = serve_send(c, c->out.p + c->written,
		    c->out.n - c->written);
		if (k >= 0) {
			c->written += (size_t)k;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			serve_conn_free(c);
			return false;
		}
		if (c->state != CONN_WRITING) {
			c->state = CONN_WRITING;
			event_del(&c->rd);
			event_add(&c->wr, NULL);
			set_timer(c, c->s->conf.deadline_ms +
			    (uint64_t)c->out.n * 1000 / SERVE_RATE);
		}
		return false;
	}
	return replied(c);
}

/* What cannot be understood ends the connection: nobody knows where the next
 * request would begin. */
static void
refuse(struct serve_conn *c, int status, const char *why)
{
	c->close = c->refused = true;
	serve_plain(&c->s->reply, status, why);
	serve_account(c, &c->s->reply);
	if (serve_compose(c, &c->s->reply) == -1)
		serve_conn_free(c);
	else
		flush(c);
}

/* ---- requests ---- */

/* Send what the handler made of the request at off.  false: wait, or the
 * connection is gone. */
static bool
deliver(struct serve_conn *c, struct ms_response *r)
{
	serve_account(c, r);
	if (serve_compose(c, r) == -1) {
		serve_log(c->s, "%s: no memory for a reply", c->peer);
		serve_conn_free(c);
		return false;
	}
	c->off += c->head_len + c->head.length;
	c->have_head = false;
	memset(&c->scan, 0, sizeof(c->scan));
	if (r->body.cap > SERVE_READ)
		ms_buf_clear(&r->body);
	return flush(c);
}

static bool
answer(struct serve_conn *c)
{
	struct ms_err err = MS_ERR_INIT;
	struct server *s = c->s;
	struct ms_response *r;
	struct ms_request req;
	X509 *client = NULL;
	const char *why;
	unsigned wait;
	int rc, status;

	if (s->npend == MS_SERVE_BATCH)
		serve_finish(s);
	r = s->conf.finish ? &s->pend[s->npend].resp : &s->reply;
	memset(&req, 0, sizeof(req));
	req.method = c->head.method;
	req.path = (const char *)c->text.p + c->head.path;
	req.query = c->head.query ?
	    (const char *)c->text.p + c->head.query : NULL;
	memcpy(req.type, c->head.type, sizeof(req.type));
	req.body.p = c->in.p + c->off + c->head_len;
	req.body.n = c->head.length;
	req.peer = c->peer;
	req.client = serve_tls_client(c);
	ms_buf_reset(&r->body);
	r->status = 200;
	r->type = NULL;
	r->allow = NULL;
	r->retry_s = r->outcome = 0;
	c->close = c->head.close || s->draining;
	wait = account_request(s->account, s->column, &s->conf, &c->source);
	if (wait > 0) {
		serve_plain(r, 429, NULL);
		r->retry_s = wait;
		return deliver(c, r);
	}
	if (s->conf.proxy) {
		status = serve_proxy_client(c, &client, &why);
		if (status != 0) {
			serve_plain(r, status, why);
			return deliver(c, r);
		}
		req.client = client;
	}
	rc = s->conf.handler(s->conf.arg, &req, r, &err);
	X509_free(client);
	if (rc == 1 && s->conf.finish) {
		s->pend[s->npend++].c = c;
		c->state = CONN_WAITING;
		return false;
	}
	if (rc != 0) {
		serve_log(s, "%s: %s", c->peer, err.text);
		serve_plain(r, 500, NULL);
	}
	return deliver(c, r);
}

void
serve_finish(struct server *s)
{
	struct ms_err err = MS_ERR_INIT;
	struct serve_conn *c;
	unsigned i;
	int rc;

	rc = s->conf.finish(s->conf.arg, &err);
	if (rc == -1) {
		s->broken = true;
		serve_log(s, "%s", err.text);
	}
	for (i = 0; i < s->npend; i++) {
		c = s->pend[i].c;
		if (!c)
			continue;
		s->pend[i].c = NULL;
		if (rc == -1) {
			c->close = true;
			serve_plain(&s->pend[i].resp, 500, NULL);
		}
		if (deliver(c, &s->pend[i].resp) && c->off < c->in.n) {
			c->pending = true;
			event_active(&c->rd, EV_READ, 0);
		}
	}
	s->npend = 0;
}

/* 1: a head is there; 0: more is needed; -1: refused, do not touch c. */
static int
read_head(struct serve_conn *c)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const unsigned char *p = c->in.p + c->off;
	size_t n = c->in.n - c->off;
	const char *why = NULL;
	int rc, status;

	/* RFC 9112 section 2.2: an empty line before it is overlooked. */
	if (n >= 2 && c->scan.line == 0 && p[0] == '\r' && p[1] == '\n') {
		c->off += 2;
		p += 2;
		n -= 2;
		c->scan.at = 0;
	}
	rc = serve_scan(&c->scan, p, n, &c->head_len);
	if (rc == -1) {
		refuse(c, 400, "RFC 9112 section 2.2: a line without CR LF");
		return -1;
	}
	if (rc == 1 ? c->head_len > c->s->conf.max_header :
	    n >= c->s->conf.max_header) {
		refuse(c, 431, NULL);
		return -1;
	}
	if (rc == 0)
		return 0;
	status = serve_head(p, c->head_len, c->s->conf.max_body, &c->head,
	    &c->text, &why);
	if (status != 0) {
		refuse(c, status, why);
		return -1;
	}
	c->have_head = true;
	if (c->head.expect && n < c->head_len + c->head.length &&
	    serve_send(c, go_on, sizeof(go_on) - 1) !=
	    (ssize_t)sizeof(go_on) - 1) {
		serve_conn_free(c);
		return -1;
	}
	return 1;
}

static void
process(struct serve_conn *c)
{
	int turn, rc;

	for (turn = 0; turn < SERVE_TURN && c->off < c->in.n; turn++) {
		if (!c->have_head) {
			rc = read_head(c);
			if (rc == -1)
				return;
			if (rc == 0)
				goto more;
		}
		if (c->in.n - c->off - c->head_len < c->head.length)
			goto more;
		if (!answer(c))
			return;
	}
	if (c->off < c->in.n) {
		c->pending = true;
		event_active(&c->rd, EV_READ, 0);
	}
	return;
more:
	if (!c->started) {
		c->started = true;
		set_timer(c, c->s->conf.deadline_ms);
	}
	if (c->off > 0) {
		memmove(c->in.p, c->in.p + c->off, c->in.n - c->off);
		c->in.n -= c->off;
		c->off = 0;
	}
}

/* ---- events ---- */

/* Read what is there, once.  false: nothing came, or the connection is
 * gone. */
static bool
receive(struct serve_conn *c)
{
	size_t want = c->in.max - c->in.n;
	unsigned char *p;
	ssize_t k;

	if (want > SERVE_READ)
		want = SERVE_READ;
	p = ms_buf_room(&c->in, want, NULL);
	if (!p) {
		serve_conn_free(c);
		return false;
	}
	k = serve_recv(c, p, want);
	if (k > 0) {
		c->in.n += (size_t)k;
		if (serve_tls_pending(c))
			event_active(&c->rd, EV_READ, 0);
		return true;
	}
	if (k == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
	    errno == EINTR)) {
		if (c->s->draining && serve_conn_quiet(c))
			serve_conn_free(c);
		return false;
	}
	serve_conn_free(c);
	return false;
}

static void
discard(struct serve_conn *c)
{
	char junk[4096];
	ssize_t k = recv(c->fd, junk, sizeof(junk), 0);

	if (k > 0)
		c->lingered += (size_t)k;
	else if (k == 0 || (errno != EAGAIN && errno != EINTR))
		c->lingered = SERVE_LINGER;
	if (c->lingered >= SERVE_LINGER)
		serve_conn_free(c);
}

static void
on_readable(int fd, short what, void *arg)
{
	struct serve_conn *c = arg;

	if (c->state == CONN_LINGER)
		discard(c);
	else if (c->state != CONN_READING)
		return;
	else if (c->pending || receive(c)) {
		c->pending = false;
		process(c);
	}
}

static void
on_writable(int fd, short what, void *arg)
{
	struct serve_conn *c = arg;

	if (c->state == CONN_READING) {
		/* A handshake had more to say than there was room for. */
		event_del(&c->wr);
		on_readable(fd, what, arg);
		return;
	}
	if (!flush(c))
		return;
	event_del(&c->wr);
	event_add(&c->rd, NULL);
	process(c);
}

static void
on_timer(int fd, short what, void *arg)
{
	struct serve_conn *c = arg;

	if (c->state == CONN_READING && !serve_conn_quiet(c))
		refuse(c, 408, NULL);
	else if (c->state != CONN_WAITING)
		serve_conn_free(c);
}

void
serve_conn_new(struct server *s, int fd, const struct sockaddr *peer)
{
	struct serve_conn *c = calloc(1, sizeof(*c));
	int on = 1;

	if (!c) {
		close(fd);
		return;
	}
	c->s = s;
	c->fd = fd;
	serve_peer_name(peer, c->peer, sizeof(c->peer));
	if (peer->sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* One byte more than a request, so that there is always room until
	 * it is complete or refused. */
	ms_buf_init(&c->in, s->conf.max_header + s->conf.max_body + 3);
	ms_buf_init(&c->text, s->conf.max_header + 3);
	ms_buf_init(&c->out, SERVE_REPLY + 4096);
	event_assign(&c->rd, s->base, fd, EV_READ | EV_PERSIST, on_readable,
	    c);
	event_assign(&c->wr, s->base, fd, EV_WRITE | EV_PERSIST, on_writable,
	    c);
	event_assign(&c->timer, s->base, -1, 0, on_timer, c);
	TAILQ_INSERT_TAIL(&s->conns, c, link);
	s->nconns++;
	c->proxied = serve_from_proxy(&s->conf, fd, peer);
	account_source(s->account, peer, &c->source);
	c->counted = account_open(s->account, s->column, &s->conf, &c->source);
	if (!c->counted || (s->conf.tls && serve_tls_begin(c) == -1)) {
		serve_conn_free(c);
		return;
	}
	/* Who connects has something to ask: the deadline runs at once. */
	c->started = true;
	set_timer(c, s->conf.deadline_ms);
	event_add(&c->rd, NULL);
}

void
serve_conn_drain(struct serve_conn *c)
{
	if (serve_conn_quiet(c) && receive(c))
		process(c);
}
