/* SPDX-License-Identifier: Apache-2.0 */
/* MAP_ANONYMOUS is beyond POSIX. */
#define _GNU_SOURCE
#include "serve/account.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "serve/serve.h"

struct account *
account_new(unsigned columns, struct ms_err *err)
{
	size_t n = sizeof(struct account) +
	    columns * sizeof(struct account_column);
	struct account *a = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (a == MAP_FAILED) {
		ms_fail_nomem(err);
		return NULL;
	}
	a->size = n;
	a->columns = columns;
	if (ms_random(a->key, sizeof(a->key), err) == -1) {
		account_free(a);
		return NULL;
	}
	return a;
}

void
account_free(struct account *a)
{
	if (a)
		munmap(a, a->size);
}

void
account_begin(struct account *a, unsigned column)
{
	size_t i;

	atomic_store(&a->column[column].counts.open, 0);
	for (i = 0; i < ACCOUNT_PLACES; i++)
		atomic_store_explicit(&a->column[column].open[i], 0,
		    memory_order_relaxed);
}

/* ---- sources ---- */

void
account_source(const struct account *a, const struct sockaddr *sa,
    struct account_source *s)
{
	const struct sockaddr_in *v4 = (const void *)sa;
	const struct sockaddr_in6 *v6 = (const void *)sa;
	unsigned char in[32 + 8] = { 0 }, h[32];
	size_t n = 0;

	memset(s, 0, sizeof(*s));
	memcpy(in, a->key, 32);
	if (sa->sa_family == AF_INET)
		memcpy(in + 32, &v4->sin_addr, 4);
	else if (sa->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		memcpy(in + 32, v6->sin6_addr.s6_addr + 12, 4);
	else if (sa->sa_family == AF_INET6)
		memcpy(in + 32, v6->sin6_addr.s6_addr, 8);
	else {
		snprintf(s->name, sizeof(s->name), "unix");
		return;
	}
	/* A fixed length behind a key: no need of HMAC's two passes. */
	if (EVP_Q_digest(NULL, "SHA256", NULL, in, sizeof(in), h, &n) != 1) {
		snprintf(s->name, sizeof(s->name), "?");
		return;
	}
	s->counted = true;
	s->place = (h[30] << 8 | h[31]) % ACCOUNT_PLACES;
	for (n = 0; n < (ACCOUNT_NAME - 1) / 2; n++)
		snprintf(s->name + 2 * n, 3, "%02x", h[n]);
}

bool
account_open(struct account *a, unsigned column,
    const struct ms_serve_conf *c, const struct account_source *s)
{
	struct account_counts *n = &a->column[column].counts;
	unsigned i, open = 0;

	for (i = 0; s->counted && i < a->columns; i++)
		open += atomic_load_explicit(&a->column[i].open[s->place],
		    memory_order_relaxed);
	if (s->counted && c->source_connections &&
	    open >= c->source_connections) {
		atomic_fetch_add(&n->refused, 1);
		return false;
	}
	atomic_fetch_add(&n->connections, 1);
	atomic_fetch_add(&n->open, 1);
	if (s->counted)
		atomic_fetch_add(&a->column[column].open[s->place], 1);
	return true;
}

void
account_close(struct account *a, unsigned column,
    const struct account_source *s)
{
	atomic_fetch_sub(&a->column[column].counts.open, 1);
	if (s->counted)
		atomic_fetch_sub(&a->column[column].open[s->place], 1);
}

/* ---- rates ---- */

unsigned
account_request(struct account *a, unsigned column,
    const struct ms_serve_conf *c, const struct account_source *s)
{
	struct account_counts *n = &a->column[column].counts;
	atomic_int_least64_t *due = &a->due[s->place];
	int_least64_t now, was, next, step, burst;
	struct timespec ts;

	atomic_fetch_add_explicit(&n->requests, 1, memory_order_relaxed);
	if (!s->counted || c->source_rate == 0)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (int_least64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	step = 1000000 / c->source_rate;
	burst = step * (c->source_burst ? c->source_burst : c->source_rate);
	was = atomic_load(due);
	do {
		next = (was > now ? was : now) + step;
		if (next - now > burst) {
			atomic_fetch_add(&n->limited, 1);
			return (unsigned)((next - now - burst) / 1000000 + 1);
		}
	} while (!atomic_compare_exchange_weak(due, &was, next));
	return 0;
}
