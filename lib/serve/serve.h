/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 server over libevent: listener, limits, deadlines.  A handler is a
 * plain function from bytes to bytes; the same one serves --once, where the
 * request body is stdin and the response body stdout.
 *
 * What two parsers could read in two ways is refused and the connection
 * closed: two Host, Content-Length or Content-Type fields, any
 * Transfer-Encoding (411), a 1.1 request without Host, a line end that is not
 * CR LF, folded lines, blanks before a colon.  The methods are GET, HEAD and
 * POST (else 501); POST needs a Content-Length (411), the others have no body.
 */
#ifndef MS_SERVE_H
#define MS_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/base.h"
#include "serve/tls.h"

struct ms_request {
	const char *method;	/* "GET", "HEAD", "POST" */
	const char *path;	/* without the query, percent-decoded */
	const char *query;	/* raw, or NULL */
	char type[128];		/* Content-Type without parameters, lower
				 * case */
	struct ms_span body;
	const char *peer;	/* "127.0.0.1", "[::1]", "unix" or "stdin" */
	X509 *client;		/* whose path was judged; NULL: anonymous */
};

/* Comes with status 200, no type and an empty body of up to 64 MiB. */
struct ms_response {
	int status;
	const char *type;	/* static string */
	const char *allow;	/* for 405, static string, or NULL */
	unsigned retry_s;	/* Retry-After, for 429 and 503; 0: none */
	unsigned outcome;	/* index into ms_serve_conf.outcomes */
	struct ms_buf body;
};

/* Replies that may wait for ms_serve_conf.finish at once. */
#define MS_SERVE_BATCH 64

/*
 * Fill resp for req.  -1 is for faults of our own only (500): what a client
 * did wrong is a response.  arg is the caller's.
 */
typedef int ms_handler(void *arg, const struct ms_request *req,
    struct ms_response *resp, struct ms_err *err);

/* RFC 9440: whose Client-Cert is believed, on a unix socket alone. */
struct ms_proxy {
	uid_t uid;		/* whom the kernel says the other end is */
	struct ms_trust *trust;	/* judges what it tells, as in tls.h */
	bool require;		/* 403 without a certificate, also to others */
};

enum ms_access { MS_ACCESS_NONE, MS_ACCESS_LINE, MS_ACCESS_JSON };

struct ms_serve_conf {
	/*
	 * "ADDR:PORT", "[ADDR]:PORT" (in digits, or "localhost"; PORT 0 picks
	 * a free one), "unix:PATH" (a socket that nobody serves any more is
	 * replaced; the umask decides who may connect), or "fd:N", a listening
	 * socket that was handed to us (what "systemd" is for the command
	 * line: sd_listen_fds(3), which reads the environment, is the
	 * caller's).
	 */
	const char *listen;
	struct ms_tls *tls;	/* NULL: in clear */
	const struct ms_proxy *proxy;	/* or NULL: the field is ignored */
	const char *ready_file;	/* written with the address once listening,
				 * removed at the end, or NULL */
	size_t max_body;	/* bytes; beyond it 413 */
	/* 0 stands for what is in brackets. */
	size_t max_header;	/* bytes; beyond it 431 (16 KiB) */
	unsigned max_connections; /* beyond it the one that has been idle for
				 * longest goes; are all busy, new ones wait
				 * (900) */
	/* Of one source (an IPv4 address, 64 bits of an IPv6 address), over
	 * all workers; 0: no such limit. */
	unsigned source_connections; /* more are closed at once */
	unsigned source_rate;	/* requests a second, then 429 ... */
	unsigned source_burst;	/* ... beyond so many at once (a second's) */
	unsigned deadline_ms;	/* absolute, for one request to arrive, then
				 * 408; a reply must be taken within the same,
				 * and a second more for each 50,000 bytes;
				 * and so long may draining take (10 s) */
	unsigned idle_ms;	/* keep-alive without a request (30 s) */
	ms_handler *handler;
	/*
	 * A handler that returned 1 has only taken note of resp; this fills
	 * all of them, up to MS_SERVE_BATCH (what the requests pointed to is
	 * gone by then).  Called at the end of a turn of the loop, so that
	 * what many requests need from elsewhere is one message.  -1: nothing
	 * goes any more; they get 500 and the server ends.  May be NULL.
	 */
	int (*finish)(void *arg, struct ms_err *err);
	void *arg;
	/* Called between requests when hup_fd is readable; what is there is
	 * read.  May be NULL. */
	int (*reload)(void *arg, struct ms_err *err);
	/* One line of log without newline (start, faults of our own; never a
	 * client's doing); may be NULL. */
	void (*log)(void *arg, const char *line);
	/*
	 * One line for each reply, as text or as a JSON object: time, source
	 * (a keyed hash, another at each start), method, path (never the
	 * query, nothing with an @), status, octets, outcome.
	 */
	enum ms_access access_log;
	void (*access)(void *arg, const char *line);
	/* Names of what a handler decides, ended by NULL, 8 at most; or
	 * NULL. */
	const char *const *outcomes;
};

/*
 * Listen and serve until stop_fd becomes readable, then close the listener,
 * answer what is under way, and return 0.  Signals are the caller's: the
 * library installs no handlers.  hup_fd likewise for reload, or -1.  MS_USAGE
 * for an address that is none, MS_CANTCREAT when it cannot be listened on.
 * The log and fatal callbacks of libevent, which belong to the process, are
 * replaced by ones that neither print nor exit.
 */
int ms_serve(const struct ms_serve_conf *c, int stop_fd, int hup_fd,
    struct ms_err *err);
/* One request: body from src, response body to sink; a status from 400 on is
 * MS_DATA with the body as text when it is text. */
int ms_serve_once(const struct ms_serve_conf *c, const char *type,
    struct ms_src *in, struct ms_sink *out, struct ms_err *err);

#endif
