/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates for unit tests, made with libcrypto alone, so that a test of
 * reading them does not rest on our own issuing.
 */
#ifndef TESTCERT_H
#define TESTCERT_H

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "pki/key.h"

struct tc_ext {
	int nid;
	const char *value;	/* as in openssl.cnf */
};

static inline void
tc_die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static inline struct ms_key *
tc_key(const char *type)
{
	struct ms_key *k = ms_key_generate(type, NULL);

	if (!k)
		tc_die("cannot make a key");
	return k;
}

/* A certificate for key by issuer (NULL: self-signed); valid from..to. */
static inline X509 *
tc_cert(const char *cn, struct ms_key *key, X509 *issuer,
    struct ms_key *issuer_key, long serial, time_t from, time_t to,
    const struct tc_ext *ext)
{
	EVP_PKEY *sk = ms_key_get0_soft(issuer_key ? issuer_key : key);
	const EVP_MD *md = EVP_PKEY_is_a(sk, "ED25519") ? NULL : EVP_sha256();
	X509 *x = X509_new();
	X509_EXTENSION *e;
	X509V3_CTX v;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "O",
	    MBSTRING_UTF8, (const unsigned char *)"Test", -1, -1, 0);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
	ASN1_TIME_set(X509_getm_notBefore(x), from);
	ASN1_TIME_set(X509_getm_notAfter(x), to);
	X509_set_pubkey(x, ms_key_pub(key));
	X509V3_set_ctx(&v, issuer ? issuer : x, x, NULL, NULL, 0);
	for (; ext && ext->value; ext++) {
		e = X509V3_EXT_conf_nid(NULL, &v, ext->nid, ext->value);
		if (!e)
			tc_die(ext->value);
		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	if (X509_sign(x, sk, md) <= 0)
		tc_die("cannot sign a certificate");
	return x;
}

static const struct tc_ext tc_ca[] = {
	{ NID_basic_constraints, "critical,CA:TRUE" },
	{ NID_key_usage, "critical,keyCertSign,cRLSign" },
	{ NID_subject_key_identifier, "hash" },
	{ 0, NULL }
};

static const struct tc_ext tc_signer[] = {
	{ NID_key_usage, "critical,digitalSignature" },
	{ NID_ext_key_usage, "emailProtection" },
	{ NID_subject_key_identifier, "hash" },
	{ NID_subject_alt_name, "email:ana@agency.example" },
	{ 0, NULL }
};

static const struct tc_ext tc_tsa[] = {
	{ NID_key_usage, "critical,digitalSignature" },
	{ NID_ext_key_usage, "critical,timeStamping" },
	{ NID_subject_key_identifier, "hash" },
	{ 0, NULL }
};

/* The bytes of a file below the test vectors: 0, or -1 when absent. */
static inline int
tc_vector(const char *name, struct ms_buf *to)
{
	const char *dir = getenv("VECTORS");
	char path[512];
	FILE *f;
	int c;

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "../shared/vectors",
	    name);
	f = fopen(path, "rb");
	if (!f)
		return -1;
	while ((c = getc(f)) != EOF)
		if (ms_buf_addc(to, c, NULL) < 0)
			break;
	fclose(f);
	return 0;
}

#endif
