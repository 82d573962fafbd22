/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out inside of OpenSSL: an error, never an answer. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "pki/cert.h"
#include "pki/key.h"
#include "tap.h"
#include "testcert.h"

#define TRIES 2000		/* more allocations than one verification has */

static long left = -1;		/* allocations before one fails; < 0: none */

static bool
fails_now(void)
{
	return left >= 0 && left-- == 0;
}

static void *
my_malloc(size_t n, const char *file, int line)
{
	return fails_now() ? NULL : malloc(n);
}

static void *
my_realloc(void *p, size_t n, const char *file, int line)
{
	return fails_now() ? NULL : realloc(p, n);
}

static void
my_free(void *p, const char *file, int line)
{
	free(p);
}

/* The signature is right: each failing allocation in turn makes an error or
 * changes nothing. */
static void
verifying(const char *type)
{
	struct ms_span tbs = { (const unsigned char *)"text", 4 };
	struct ms_buf sig = MS_BUF_INIT(4096);
	struct ms_key *k = tc_key(type);
	struct ms_err err = MS_ERR_INIT;
	struct ms_sigalg a;
	int i, rc = -1, errors = 0, wrong = 0, other = 0;

	if (ms_sigalg_for(ms_key_pub(k), MS_OID_sha256, false, &a,
	    &err) != 0 || ms_key_sign(k, &a, tbs, &sig, &err) != 0)
		tc_die("cannot sign");
	for (i = 0; i < TRIES; i++) {
		ms_err_reset(&err);
		left = i;
		rc = ms_sig_verify(ms_key_pub(k), &a, tbs, ms_buf_span(&sig),
		    &err);
		if (left >= 0)
			break;
		wrong += rc == 0;
		errors += rc < 0;
		other += rc < 0 && err.class != MS_OS;
	}
	left = -1;
	printf("# %s: %d errors, %d \"wrong\"\n", type, errors, wrong);
	ok(rc == 1, "%s: all allocations were tried", type);
	/* in a few places OpenSSL does not say why it failed */
	ok(errors > 4 * wrong, "%s: no right signature becomes a wrong one",
	    type);
	ok(other == 0, "%s: and it is the memory's fault", type);
	ms_buf_clear(&sig);
	ms_key_free(k);
}

static void
certificate(void)
{
	struct ms_key *k = tc_key("p256");
	X509 *x = tc_cert("Root", k, NULL, NULL, 1, 0, 1000000000, tc_signer);
	struct ms_buf der = MS_BUF_INIT(1 << 16);
	struct ms_err err = MS_ERR_INIT;
	int i, rc = -1, data = 0;
	X509 *y;

	ms_cert_der(x, &der, &err);
	for (i = 0; i < TRIES; i++) {
		ms_err_reset(&err);
		left = i;
		rc = ms_cert_parse(ms_buf_span(&der), &y, &err);
		if (rc == 0)
			X509_free(y);
		if (left >= 0)
			break;
		data += rc != 0 && err.class != MS_OS;
	}
	left = -1;
	is_int(rc, 0, "certificate: all allocations were tried");
	is_int(data, 0, "certificate: none made it malformed");
	ms_buf_clear(&der);
	X509_free(x);
	ms_key_free(k);
}

int
main(void)
{
	if (CRYPTO_set_mem_functions(my_malloc, my_realloc, my_free) != 1)
		tc_die("OpenSSL keeps its own allocator");
	verifying("rsa2048");
	verifying("p256");
	certificate();
	return tap_done();
}
