/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys as octets: PKCS#8, encrypted or not, and the older forms. */
#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "pki/internal.h"

/* ---- what a password costs ---- */

int
pbe_spend(uint64_t rounds, struct file_pass *fp, struct ms_err *err)
{
	if (rounds > PBE_ROUNDS_MAX || fp->rounds + rounds > PBE_ROUNDS_FILE)
		return ms_fail(err, MS_DATA, "%s: password-based encryption "
		    "with %llu rounds, more than this program is willing to "
		    "compute", fp->name, (unsigned long long)rounds);
	fp->rounds += rounds;
	return 0;
}

/* SEQUENCE { salt OCTET STRING, iterationCount INTEGER ... } */
static int
rounds_check(struct ms_span seq, struct file_pass *fp, struct ms_err *err)
{
	struct ms_span salt;
	uint64_t n;

	if (ms_der_want(&seq, MS_OCTETSTRING, &salt, "PBE salt", err) < 0 ||
	    ms_der_want_uint(&seq, &n, "PBE iterationCount", err) < 0)
		return -1;
	return pbe_spend(n, fp, err);
}

/* RFC 7914 section 7: salt, costParameter, blockSize, parallelization. */
static int
scrypt_check(struct ms_span seq, struct file_pass *fp, struct ms_err *err)
{
	struct ms_span salt;
	uint64_t n, r, p, work;

	if (ms_der_want(&seq, MS_OCTETSTRING, &salt, "scrypt salt", err) < 0 ||
	    ms_der_want_uint(&seq, &n, "scrypt cost", err) < 0 ||
	    ms_der_want_uint(&seq, &r, "scrypt blockSize", err) < 0 ||
	    ms_der_want_uint(&seq, &p, "scrypt parallelization", err) < 0)
		return -1;
	if (n > SCRYPT_WORK_MAX || r > SCRYPT_WORK_MAX || p > SCRYPT_WORK_MAX)
		return pbe_spend(UINT64_MAX >> 1, fp, err);
	work = n * r;
	if (work > SCRYPT_WORK_MAX || work * p > SCRYPT_WORK_MAX)
		return pbe_spend(UINT64_MAX >> 1, fp, err);
	return pbe_spend(work * p / SCRYPT_PER_ROUND, fp, err);
}

int
pbe_check(const X509_ALGOR *alg, struct file_pass *fp, struct ms_err *err)
{
	const ASN1_OBJECT *oid;
	const ASN1_STRING *str;
	struct ms_span s, seq, kdf, id;
	const void *val;
	char dotted[128];
	int type;

	X509_ALGOR_get0(&oid, &type, &val, alg);
	if (type != V_ASN1_SEQUENCE)
		return ms_fail(err, MS_DATA, "%s: encryption without "
		    "parameters", fp->name);
	str = val;
	s.p = ASN1_STRING_get0_data(str);
	s.n = (size_t)ASN1_STRING_length(str);
	if (ms_der_want(&s, MS_SEQUENCE, &seq, "PBE parameters", err) < 0)
		return -1;
	if (OBJ_obj2nid(oid) != NID_pbes2)
		return rounds_check(seq, fp, err);
	if (ms_der_want(&seq, MS_SEQUENCE, &kdf, "keyDerivationFunc",
	    err) < 0 ||
	    ms_der_want_oid(&kdf, &id, "keyDerivationFunc", err) < 0 ||
	    ms_der_want(&kdf, MS_SEQUENCE, &seq, "keyDerivationFunc", err) < 0)
		return -1;
	ms_oid_dotted(id, dotted, sizeof(dotted));
	if (ms_streq(dotted, "1.3.6.1.4.1.11591.4.11"))
		return scrypt_check(seq, fp, err);
	return rounds_check(seq, fp, err);
}

/* ---- reading ---- */

/*
 * What decrypting a password-based object may fail of: an algorithm we do not
 * have, or else the passphrase.  A damaged ciphertext looks like the latter;
 * the padding cannot tell them apart.
 */
int
pbe_failed(const char *name, struct ms_err *err)
{
	unsigned long e;
	int lib, reason;

	while ((e = ERR_get_error())) {
		lib = ERR_GET_LIB(e);
		reason = ERR_GET_REASON(e);
		if (lib != ERR_LIB_EVP)
			continue;
		if (reason == EVP_R_UNKNOWN_PBE_ALGORITHM ||
		    reason == EVP_R_UNSUPPORTED_CIPHER ||
		    reason == EVP_R_UNKNOWN_CIPHER ||
		    reason == EVP_R_UNSUPPORTED_PRF ||
		    reason == EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION ||
		    reason == EVP_R_UNSUPPORTED_ALGORITHM ||
		    reason == ERR_R_UNSUPPORTED) {
			ERR_clear_error();
			return ms_fail(err, MS_UNAVAILABLE, "%s: encrypted "
			    "in a way that libcrypto does not support here",
			    name);
		}
	}
	return ms_fail(err, MS_NOPERM, "%s: wrong passphrase", name);
}

static int
add_p8inf(struct ms_bag *b, const PKCS8_PRIV_KEY_INFO *p8, const char *name,
    struct ms_err *err)
{
	EVP_PKEY *k = EVP_PKCS82PKEY(p8);

	if (!k)
		return ms_fail_ssl(err, MS_DATA,
		    "%s: RFC 5958 section 2: private key malformed", name);
	return bag_add_pkey(b, k, err);
}

int
pkcs8_parse(struct ms_bag *b, struct ms_span der, struct file_pass *fp,
    struct ms_err *err)
{
	const unsigned char *p = der.p;
	PKCS8_PRIV_KEY_INFO *p8;
	int rc;

	p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
	if (!p8 || p != der.p + der.n)
		rc = ms_fail_ssl(err, MS_DATA, "%s: RFC 5958 section 2: "
		    "private key malformed", fp->name);
	else
		rc = add_p8inf(b, p8, fp->name, err);
	PKCS8_PRIV_KEY_INFO_free(p8);
	return rc;
}

int
pkcs8_parse_encrypted(struct ms_bag *b, struct ms_span der,
    struct file_pass *fp, struct ms_err *err)
{
	const unsigned char *p = der.p;
	PKCS8_PRIV_KEY_INFO *p8 = NULL;
	const X509_ALGOR *alg;
	X509_SIG *sig;
	int rc = -1;

	sig = d2i_X509_SIG(NULL, &p, (long)der.n);
	if (!sig || p != der.p + der.n) {
		ms_fail_ssl(err, MS_DATA, "%s: RFC 5958 section 3: encrypted "
		    "private key malformed", fp->name);
		goto out;
	}
	X509_SIG_get0(sig, &alg, NULL);
	if (pbe_check(alg, fp, err) < 0 || file_pass_get(fp, err) < 0)
		goto out;
	p8 = PKCS8_decrypt(sig, ms_buf_str(&fp->pass), (int)fp->pass.n);
	if (!p8)
		rc = pbe_failed(fp->name, err);
	else
		rc = add_p8inf(b, p8, fp->name, err);
out:
	PKCS8_PRIV_KEY_INFO_free(p8);
	X509_SIG_free(sig);
	return rc;
}

/* RSAPrivateKey and ECPrivateKey, as they stood before PKCS#8. */
int
pkcs1_parse(struct ms_bag *b, struct ms_span der, struct file_pass *fp,
    struct ms_err *err)
{
	const unsigned char *p = der.p;
	EVP_PKEY *k = d2i_AutoPrivateKey(NULL, &p, (long)der.n);

	if (k && p == der.p + der.n)
		return bag_add_pkey(b, k, err);
	EVP_PKEY_free(k);
	return ms_fail_ssl(err, MS_DATA, "%s: private key malformed",
	    fp->name);
}

/* ---- writing ---- */

static int
put_p8(PKCS8_PRIV_KEY_INFO *p8, struct ms_buf *pem, struct ms_err *err)
{
	unsigned char *der = NULL;
	int n = i2d_PKCS8_PRIV_KEY_INFO(p8, &der), rc;

	if (n <= 0)
		return ms_fail_ssl(err, MS_BUG, "cannot encode private key");
	rc = ms_pem_write(pem, "PRIVATE KEY",
	    (struct ms_span){ der, (size_t)n },
	    err);
	OPENSSL_clear_free(der, (size_t)n);
	return rc;
}

static int
put_sealed(PKCS8_PRIV_KEY_INFO *p8, const struct ms_buf *pass,
    struct ms_buf *pem, struct ms_err *err)
{
	unsigned char *der = NULL;
	X509_SIG *sig = NULL;
	X509_ALGOR *pbe;
	int n, rc = -1;

	pbe = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), PBE_ROUNDS, NULL, PBE_SALT,
	    NULL, NID_hmacWithSHA256);
	if (pbe)
		sig = PKCS8_set0_pbe((const char *)pass->p, (int)pass->n, p8,
		    pbe);
	if (!sig) {
		X509_ALGOR_free(pbe);
		return ms_fail_ssl(err, MS_OS, "cannot encrypt private key");
	}
	n = i2d_X509_SIG(sig, &der);
	if (n <= 0)
		ms_fail_ssl(err, MS_BUG, "cannot encode private key");
	else
		rc = ms_pem_write(pem, "ENCRYPTED PRIVATE KEY",
		    (struct ms_span){ der, (size_t)n }, err);
	OPENSSL_free(der);
	X509_SIG_free(sig);
	return rc;
}

int
ms_key_write_pem(const struct ms_key *k, const struct ms_buf *pass,
    struct ms_buf *pem, struct ms_err *err)
{
	EVP_PKEY *pkey = ms_key_get0_soft(k);
	PKCS8_PRIV_KEY_INFO *p8;
	int rc;

	if (!pkey)
		return ms_fail(err, MS_NO, "the private key cannot leave the "
		    "place where it is kept");
	p8 = EVP_PKEY2PKCS8(pkey);
	if (!p8)
		return ms_fail_ssl(err, MS_OS, "cannot encode private key");
	if (pass)
		rc = put_sealed(p8, pass, pem, err);
	else
		rc = put_p8(p8, pem, err);
	PKCS8_PRIV_KEY_INFO_free(p8);
	return rc;
}
