/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever file somebody gives us as certificate or key. */
#include <stdint.h>
#include <stdlib.h>

#include "pki/pki.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* A passphrase that is wrong, or right by accident: key derivation is for
 * libcrypto to test, and would eat the time. */
static int
no_pass(void *arg, const char *what, const char *who, struct ms_buf *pass,
    struct ms_err *err)
{
	return ms_fail(err, MS_NOPERM, "nobody to ask");
}

static void
look_at(X509 *x)
{
	struct ms_buf b = MS_BUF_INIT(1024 * 1024);
	struct ms_addrlist l;
	unsigned use;

	if (ms_cert_addrs(x, &l, NULL) == 0)
		ms_addrlist_clear(&l);
	free(ms_cert_subject(x));
	free(ms_cert_serial(x));
	ms_cert_ski(x);
	ms_cert_ias(x, &b, NULL);
	for (use = MS_USE_ANY; use <= MS_USE_OCSP; use++)
		ms_cert_may_at(x, (enum ms_usage)use, 1800000000, NULL);
	ms_cert_may_seal(x, NULL);
	ms_buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ms_span bytes = { p, n };
	struct ms_err err = MS_ERR_INIT;
	struct ms_idents l = { NULL, 0 };
	X509_REQ *req = NULL;
	EVP_PKEY *pub = NULL;
	struct ms_bag b;
	int i;

	ms_bag_init(&b);
	if (ms_bag_parse(&b, bytes, "fuzz", no_pass, NULL, &err) == 0) {
		for (i = 0; i < sk_X509_num(b.certs); i++)
			look_at(sk_X509_value(b.certs, i));
		ms_idents_add_bag(&l, &b, "fuzz", NULL);
		ms_idents_clear(&l);
	}
	ms_bag_clear(&b);
	if (ms_csr_parse(bytes, &pub, &req, NULL) == 0) {
		EVP_PKEY_free(pub);
		X509_REQ_free(req);
	}
	return 0;
}
