/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted: connections and requests of each source, and for the
 * metrics.  It lies in memory that the processes of a fleet share; each writes
 * its own column, so that what a process that died had open is forgotten with
 * it, and nobody waits for a lock.
 */
#ifndef MS_SERVE_ACCOUNT_H
#define MS_SERVE_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct sockaddr;
struct ms_serve_conf;

/* Sources are told apart by a keyed hash: two in one place share a limit, and
 * nobody outside can choose where he comes to lie. */
#define ACCOUNT_PLACES 16384
#define ACCOUNT_OUTCOMES 8

struct account_counts {
	atomic_uint_least64_t connections, refused, requests, limited,
	    octets, status[6], outcome[ACCOUNT_OUTCOMES];
	atomic_uint open;
};

struct account {
	size_t size;		/* of all this, in bytes */
	unsigned columns;
	unsigned char key[32];
	atomic_uint live;	/* workers that serve */
	/* When the next request would be on time, for each place (the generic
	 * cell rate algorithm): microseconds of the monotonic clock. */
	atomic_int_least64_t due[ACCOUNT_PLACES];
	struct account_column {
		struct account_counts counts;
		atomic_ushort open[ACCOUNT_PLACES];
	} column[];
};

/* Shared with what is forked from here on; key and all else anew. */
struct account *account_new(unsigned columns, struct ms_err *err);
void account_free(struct account *a);
/* A process takes a column over: nothing of it is open any more. */
void account_begin(struct account *a, unsigned column);

#define ACCOUNT_NAME 17
struct account_source {
	bool counted;		/* false for unix sockets */
	unsigned place;
	char name[ACCOUNT_NAME];	/* for logs: of a keyed hash */
};
/* An IPv4 address, or the first 64 bits of an IPv6 address. */
void account_source(const struct account *a, const struct sockaddr *sa,
    struct account_source *s);
/* A connection comes (false: too many of its source), and goes. */
bool account_open(struct account *a, unsigned column,
    const struct ms_serve_conf *c, const struct account_source *s);
void account_close(struct account *a, unsigned column,
    const struct account_source *s);
/* A request: 0 when it is within the rate, else the seconds to wait. */
unsigned account_request(struct account *a, unsigned column,
    const struct ms_serve_conf *c, const struct account_source *s);

#endif
