/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pieces of the server: the head of a request (head.c, no sockets), the
 * listener (listen.c), one connection (conn.c, reply.c), all of them
 * (serve.c); and many such servers: parent (fleet.c), worker (worker.c),
 * keeper of a key (keeper.c).
 */
#ifndef MS_SERVE_INTERNAL_H
#define MS_SERVE_INTERNAL_H

#include <sys/queue.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "serve/account.h"
#include "serve/serve.h"

/* ---- limits ---- */

#define SERVE_HEADER	((size_t)16 * 1024)	/* bytes, default */
#define SERVE_FIELDS	100		/* header fields of one request */
#define SERVE_CONNECTIONS 900		/* default: within the usual 1024
					 * descriptors of a process */
#define SERVE_DEADLINE_MS 10000		/* default */
#define SERVE_IDLE_MS	30000		/* default */
#define SERVE_REPLY	((size_t)64 * 1024 * 1024)	/* bytes: a large CRL */
#define SERVE_READ	((size_t)16 * 1024)	/* bytes asked for at once */
#define SERVE_LINGER_MS	2000		/* for a refused peer to read why ... */
#define SERVE_LINGER	((size_t)1024 * 1024)	/* ... and what it may go on
						 * sending meanwhile, bytes */
#define SERVE_RATE	50000		/* bytes a second that a peer must take
					 * of a reply beyond the deadline */
#define SERVE_TURN	16		/* pipelined requests answered before
					 * others have their turn */

/* ---- the head of a request ---- */

/* Where the end of the head is looked for; zero at its first byte. */
struct serve_scan {
	size_t at;	/* bytes looked at */
	size_t line;	/* where the current line begins */
};

struct serve_head {
	const char *method;	/* static */
	size_t path, query;	/* offsets into text; query 0: none */
	size_t client_cert;	/* RFC 9440, likewise */
	char type[128];
	size_t length;		/* of the body, in bytes */
	bool http10, close, expect;
};

/*
 * Look for the empty line.  1: *len is the length of the head, with it; 0:
 * more is needed; -1: a line that does not end in CR LF, or a NUL.
 */
int serve_scan(struct serve_scan *sc, const unsigned char *p, size_t n,
    size_t *len);
/*
 * Parse a complete head, strictly (RFC 9112, RFC 9110).  text receives the
 * decoded path and the raw query, each with a NUL.  0, or the HTTP status
 * that refuses it, with the reason in *why.
 */
int serve_head(const unsigned char *p, size_t n, size_t max_body,
    struct serve_head *h, struct ms_buf *text, const char **why);

/* ---- listener ---- */

struct serve_listener {
	int fd;
	char *unlink;		/* path of a unix socket we made, or NULL */
	bool given;		/* handed to us: others may listen on it too */
	char name[128];		/* "127.0.0.1:8318", "unix:PATH", "fd:3" */
};

int serve_listen(const char *spec, struct serve_listener *l,
    struct ms_err *err);
/*
 * Another socket on the same address, between which the kernel shares
 * connections out; of a unix socket, or one that was given, a copy.
 */
int serve_listen_beside(struct serve_listener *first,
    struct serve_listener *l, struct ms_err *err);
void serve_unlisten(struct serve_listener *l);
/* "127.0.0.1", "[::1]" or "unix". */
struct sockaddr;
void serve_peer_name(const struct sockaddr *sa, char *to, size_t n);

/* ---- connections ---- */

#define SERVE_PEER 64

struct serve_conn {
	TAILQ_ENTRY(serve_conn) link;	/* least recently used first */
	struct server *s;
	int fd;
	struct ssl_st *ssl;	/* NULL: in clear */
	enum { CONN_READING, CONN_WAITING, CONN_WRITING,
		CONN_LINGER } state;	/* WAITING: for serve_finish() */
	struct event rd, wr, timer;
	struct ms_buf in;	/* what came; [0, off) is dealt with */
	size_t off;
	bool pending;		/* `in` holds what was not yet looked at */
	bool started;		/* the deadline of a request is running */
	struct serve_scan scan;
	bool have_head;
	size_t head_len;
	struct serve_head head;
	struct ms_buf text;
	struct ms_buf out;
	size_t written;
	bool close;		/* when the reply is out */
	bool refused;		/* ... lingering, for the peer still sends */
	size_t lingered;	/* bytes thrown away */
	char peer[SERVE_PEER];
	struct account_source source;
	bool counted;		/* account_open() was called */
	bool proxied;		/* the other end is our proxy */
};

struct server {
	struct ms_serve_conf conf;	/* with the defaults filled in */
	struct event_base *base;
	struct account *account;
	unsigned column;	/* ours */
	struct serve_listener listener;
	struct event accept, again, stop, hup;
	struct event cut;	/* the end of draining */
	struct event orders;	/* of the parent of a fleet */
	bool paused;		/* no accepting for now */
	bool draining;		/* a reply closes its connection */
	bool broken;		/* the handler cannot go on */
	TAILQ_HEAD(, serve_conn) conns;
	unsigned nconns;
	struct ms_response reply;	/* its memory is kept */
	struct {
		struct serve_conn *c;
		struct ms_response resp;
	} pend[MS_SERVE_BATCH];	/* what conf.finish will fill */
	unsigned npend;
	time_t date_at;
	char date[40];		/* of date_at */
};

#define SERVE_RETIRE 'r'	/* orders: others serve this socket now; */
#define SERVE_STOP 't'		/* or nobody does, as when the giver is gone */

struct serve_run {
	const struct ms_serve_conf *conf;
	struct serve_listener *listener;	/* fd -1 once it is closed */
	int stop_fd, hup_fd, orders_fd;		/* or -1 */
	struct account *account;
	unsigned column;
	/* Called when connections are taken; may be NULL. */
	int (*ready)(void *arg, struct ms_err *err);
	void *arg;
};
/* One server in this process, on a listener that is open. */
int serve_run(const struct serve_run *r, struct ms_err *err);
/* path may be NULL. */
int serve_write_ready(const char *path, const char *name, struct ms_err *err);

/* ---- counting, access.c ---- */

/* Count a reply that goes out, and log it. */
void serve_account(struct serve_conn *c, const struct ms_response *r);
/* All counts in the text format of Prometheus. */
int serve_metrics(const struct account *a, const struct ms_serve_conf *conf,
    struct ms_buf *b, struct ms_err *err);

/* ---- TLS, when conf.tls says so ---- */

int serve_tls_begin(struct serve_conn *c);
void serve_tls_end(struct serve_conn *c);
/* The client's certificate once it was judged, or NULL; borrowed. */
X509 *serve_tls_client(const struct serve_conn *c);
/* X509_V_OK, or what to tell the client. */
int serve_judge_client(struct ms_trust *trust, X509 *leaf,
    STACK_OF(X509) *extra);
/* Whether the other end is the proxy in front of us. */
bool serve_from_proxy(const struct ms_serve_conf *conf, int fd,
    const struct sockaddr *peer);
/* Whom the proxy speaks for: 0 with *client (owned, NULL: nobody), or the
 * status that refuses it with the reason in *why. */
int serve_proxy_client(const struct serve_conn *c, X509 **client,
    const char **why);
/* Bytes came that the descriptor does not tell of. */
bool serve_tls_pending(const struct serve_conn *c);
/* recv() and send(), with or without it. */
ssize_t serve_recv(struct serve_conn *c, void *p, size_t n);
ssize_t serve_send(struct serve_conn *c, const void *p, size_t n);

/* Takes fd over. */
void serve_conn_new(struct server *s, int fd, const struct sockaddr *peer);
void serve_conn_free(struct serve_conn *c);
/* Neither reading a request nor writing a reply. */
bool serve_conn_quiet(const struct serve_conn *c);
/* Close it unless a request has arrived meanwhile. */
void serve_conn_drain(struct serve_conn *c);
/* Have the replies that wait filled, and send them. */
void serve_finish(struct server *s);
/* A connection has gone: there is room again. */
void serve_resume(struct server *s);
void serve_log(const struct server *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "Bad Request" for 400. */
const char *serve_reason(int status);
/* The reply as it goes out, appended to c->out; -1 without memory. */
int serve_compose(struct serve_conn *c, const struct ms_response *r);
/* Make r a sentence about status; why may be NULL. */
void serve_plain(struct ms_response *r, int status, const char *why);

#endif
