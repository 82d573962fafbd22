/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serial numbers of four processes that fork from one, with a clock that
 * stands still or goes back.  unit-tsp-serial N: so many tokens each.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "testcert.h"
#include "tsp/tsp.h"

#define NOW ((time_t)1700000000)
#define PROCESSES 4

static int
bad_clock(void *arg, time_t *t, unsigned *micros, struct ms_err *err)
{
	unsigned long *calls = arg;

	/* Forward, then back by a second, over and over. */
	*t = NOW + (time_t)(*calls / 1000 % 2);
	*micros = (unsigned)(*calls % 7);
	++*calls;
	return 0;
}

static void
issue_all(struct ms_tsa *t, unsigned char *to, size_t n)
{
	struct ms_tsa_ask ask = { .md = MS_OID_sha256, .nimprint = 32 };
	struct ms_buf resp = MS_BUF_INIT(1 << 16);
	struct ms_tsa_issued is;
	size_t i;
	int bit;

	for (i = 0; i < n; i++) {
		ms_buf_reset(&resp);
		if (ms_tsa_issue(t, &ask, &resp, &is, &bit, NULL) == -1 ||
		    bit >= 0)
			_exit(1);
		memcpy(to + i * MS_TSA_SERIAL, is.serial, MS_TSA_SERIAL);
	}
	_exit(0);
}

static int
by_octets(const void *a, const void *b)
{
	return memcmp(a, b, MS_TSA_SERIAL);
}

int
main(int argc, char **argv)
{
	static const char *const policies[] = { "1.2.3" };
	struct ms_ident id = { NULL, NULL, NULL, NULL };
	unsigned long calls = 0;
	struct ms_tsa_conf c = { &id, policies, 1, 1000, false, bad_clock,
		&calls, NULL, 0 };
	struct ms_tsa *t = NULL;
	uint64_t each = 500;
	unsigned char *serials;
	size_t i, all, same = 0, failed = 0;
	int status;

	if (argc > 1 && ms_parse_uint(argv[1], "N", 1, 1000000, &each,
		NULL) < 0)
		return 64;
	all = PROCESSES * (size_t)each;
	serials = mmap(NULL, all * MS_TSA_SERIAL, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	id.key = tc_key("p256");
	id.cert = tc_cert("TSA", id.key, NULL, NULL, 1, NOW - 1, NOW + 86400,
	    tc_tsa);
	if (serials == MAP_FAILED || ms_tsa_new(&c, &t, NULL) < 0)
		tc_die("no authority");
	fflush(stdout);
	for (i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			issue_all(t, serials + i * each * MS_TSA_SERIAL, each);
	for (i = 0; i < PROCESSES; i++)
		if (wait(&status) == -1 || status != 0)
			failed++;
	is_int((long long)failed, 0, "four processes issued");
	for (i = 1, failed = 0; i < each; i++)
		if (by_octets(serials + (i - 1) * MS_TSA_SERIAL,
		    serials + i * MS_TSA_SERIAL) >= 0)
			failed++;
	is_int((long long)failed, 0, "each in order, whatever its clock did");
	qsort(serials, all, MS_TSA_SERIAL, by_octets);
	for (i = 1; i < all; i++)
		if (by_octets(serials + (i - 1) * MS_TSA_SERIAL,
		    serials + i * MS_TSA_SERIAL) == 0)
			same++;
	is_int((long long)same, 0, "no number twice");
	ok(serials[0] > 0 && serials[0] < 0x80, "positive and minimal");
	munmap(serials, all * MS_TSA_SERIAL);
	ms_tsa_free(t);
	X509_free(id.cert);
	ms_key_free(id.key);
	return tap_done();
}
