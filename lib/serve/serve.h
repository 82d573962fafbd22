/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 server over libevent: listener, limits, deadlines.  A handler is a
 * plain function from bytes to bytes; the same one serves --once, where the
 * request body is stdin and the response body stdout.
 */
#ifndef MS_SERVE_H
#define MS_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

struct ms_request {
	const char *method;	/* "GET", "HEAD", "POST" */
	const char *path;	/* without the query, percent-decoded */
	const char *query;	/* raw, or NULL */
	char type[128];		/* Content-Type without parameters, lower case */
	struct ms_span body;
	const char *peer;	/* "127.0.0.1", "[::1]", "unix" or "stdin" */
};

struct ms_response {
	int status;
	const char *type;	/* static string */
	const char *allow;	/* for 405, static string, or NULL */
	struct ms_buf body;
};

/*
 * Fill resp for req.  -1 is for faults of our own only (500): what a client
 * did wrong is a response.  arg is the caller's.
 */
typedef int ms_handler(void *arg, const struct ms_request *req,
    struct ms_response *resp, struct ms_err *err);

struct ms_serve_conf {
	const char *listen;	/* "ADDR:PORT", "[ADDR]:PORT", "unix:PATH",
				 * "systemd"; PORT 0 picks a free one */
	const char *ready_file;	/* written with the address once listening, or
				 * NULL */
	size_t max_body;	/* bytes; beyond it 413 */
	size_t max_header;	/* bytes; beyond it 431 or 400 */
	unsigned max_connections;
	unsigned deadline_ms;	/* absolute, for one request to arrive */
	unsigned idle_ms;	/* keep-alive without a request */
	ms_handler *handler;
	void *arg;
	/* Called when SIGHUP arrives, between requests; may be NULL. */
	int (*reload)(void *arg, struct ms_err *err);
	/* One line of log without newline; may be NULL. */
	void (*log)(void *arg, const char *line);
};

/*
 * Listen and serve until SIGTERM or SIGINT, then answer what is under way and
 * return 0.  stop_fd: a descriptor that becomes readable when the caller wants
 * that (signals are the caller's: the library installs no handlers); hup_fd
 * likewise for reload, or -1.
 */
int ms_serve(const struct ms_serve_conf *c, int stop_fd, int hup_fd,
    struct ms_err *err);
/* One request: body from src, response body to sink; a status from 400 on is
 * MS_DATA with the body as text when it is text. */
int ms_serve_once(const struct ms_serve_conf *c, const char *type,
    struct ms_src *in, struct ms_sink *out, struct ms_err *err);

#endif
