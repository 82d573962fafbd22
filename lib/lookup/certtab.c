/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/evp.h>

#include "lookup/certtab.h"
#include "pki/pki.h"

/* Kinds of keys; more may come, these are kept. */
enum { KIND_ADDR = 1, KIND_CERT = 2, KIND_IAS = 3 };

static const char *const steps[] = {
	"CREATE TABLE cert(id INTEGER PRIMARY KEY, nb INTEGER NOT NULL,"
	" na INTEGER NOT NULL, st INTEGER NOT NULL, ku INTEGER NOT NULL,"
	" der BLOB NOT NULL);"
	"CREATE TABLE idx(k BLOB NOT NULL, id INTEGER NOT NULL,"
	" PRIMARY KEY(k, id)) WITHOUT ROWID;"
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE change(seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" op INTEGER NOT NULL, id INTEGER NOT NULL, time INTEGER NOT NULL)",
	NULL
};

const struct ms_schema ms_certtab_schema = { 0x4d534344, steps };

static int
key(int kind, const EVP_MD *md, struct ms_span s,
    unsigned char k[MS_CERTTAB_KEY], struct ms_err *err)
{
	unsigned char h[EVP_MAX_MD_SIZE];

	if (EVP_Digest(s.p, s.n, h, NULL, md, NULL) != 1)
		return ms_fail_ssl(err, MS_OS, "cannot digest");
	k[0] = (unsigned char)kind;
	memcpy(k + 1, h, MS_CERTTAB_KEY - 1);
	return 0;
}

int
ms_certtab_key_addr(const struct ms_addr *a, unsigned char k[MS_CERTTAB_KEY],
    struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(4 * MS_ADDR_MAX);
	int rc = -1;

	if (ms_buf_addf(&b, err, "%s@%s", a->local, a->domain) == 0)
		rc = key(KIND_ADDR, EVP_sha256(), ms_buf_span(&b), k, err);
	ms_buf_clear(&b);
	return rc;
}

int
ms_certtab_key_cert(struct ms_span der, unsigned char k[MS_CERTTAB_KEY],
    struct ms_err *err)
{
	return key(KIND_CERT, EVP_sha1(), der, k, err);
}

int
ms_certtab_key_ias(struct ms_span ias, unsigned char k[MS_CERTTAB_KEY],
    struct ms_err *err)
{
	return key(KIND_IAS, EVP_sha1(), ias, k, err);
}
