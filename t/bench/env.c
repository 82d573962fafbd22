/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-env encrypt|encrypt-cbc|encrypt-pem CERT < FILE > CMS
 * bench-env decrypt KEYFILE < CMS        one reading, plaintext thrown away
 * The engine alone, beside bench-gcm: no program, no reading twice.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "cms/cms.h"

static int
no_pass(void *arg, const char *what, const char *who, struct ms_buf *pass,
    struct ms_err *err)
{
	return ms_fail(err, MS_NOPERM, "no passphrase for %s", who);
}

static int
encrypt(const char *how, const char *path, struct ms_src *in,
    struct ms_err *err)
{
	struct ms_sink *out = ms_sink_fd(1, "stdout", err), *to = out, *k;
	struct ms_encrypt_conf conf = { 0 };
	struct ms_bag bag;
	struct stat st;
	X509 *cert;
	int rc = -1;

	ms_bag_init(&bag);
	if (ms_bag_read(&bag, path, NULL, NULL, err) != 0)
		return -1;
	cert = sk_X509_value(bag.certs, 0);
	conf.cipher = ms_streq(how, "encrypt-cbc") ? MS_AES_256_CBC :
	    MS_AES_256_GCM;
	conf.certs = &cert;
	conf.ncerts = 1;
	conf.size = fstat(0, &st) == 0 && S_ISREG(st.st_mode) ?
	    (uint64_t)st.st_size : UINT64_MAX;
	conf.content_type = MS_OID_data;
	if (ms_streq(how, "encrypt-pem"))
		to = ms_cms_armor(out, "CMS", err);
	k = ms_encrypt(&conf, to, err);
	if (k != NULL && ms_copy(in, k, err) == 0 && ms_sink_end(k, err) == 0)
		rc = to == out ? 0 : ms_sink_end(to, err);
	if (rc == 0)
		rc = ms_sink_end(out, err);
	ms_sink_free(k);
	if (to != out)
		ms_sink_free(to);
	ms_sink_free(out);
	ms_bag_clear(&bag);
	return rc;
}

static int
decrypt(const char *path, struct ms_src *in, struct ms_err *err)
{
	struct ms_idents ids = { NULL, 0 };
	struct ms_env_memo memo;
	struct ms_env *e = NULL;
	struct ms_src *src;
	struct ms_bag bag;
	bool owned = false;
	int rc = -1;

	ms_bag_init(&bag);
	ms_env_memo_init(&memo);
	if (ms_bag_read(&bag, path, no_pass, NULL, err) == 0 &&
	    ms_idents_add_bag(&ids, &bag, path, err) == 0 &&
	    (src = ms_cms_unarmor(in, &owned, err)) != NULL) {
		rc = ms_env_begin(src, &ids, false, &memo, &e, err);
		if (rc == 0)
			rc = ms_src_drain(ms_env_content(e), err);
		ms_env_free(e);
		if (owned)
			ms_src_free(src);
	}
	ms_env_memo_clear(&memo);
	ms_idents_clear(&ids);
	ms_bag_clear(&bag);
	return rc;
}

int
main(int argc, char **argv)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_src *in = ms_src_fd(0, "stdin", &err);
	int rc;

	if (argc != 3 || in == NULL) {
		fprintf(stderr, "usage: bench-env encrypt|encrypt-cbc|"
		    "encrypt-pem|decrypt FILE\n");
		return 64;
	}
	rc = ms_streq(argv[1], "decrypt") ? decrypt(argv[2], in, &err) :
	    encrypt(argv[1], argv[2], in, &err);
	if (rc != 0)
		fprintf(stderr, "bench-env: %s\n", err.text);
	ms_src_free(in);
	return rc == 0 ? 0 : err.class;
}
