/* SPDX-License-Identifier: Apache-2.0 */
/* Object identifiers: the table, and dotted decimal both ways (X.690 8.19). */
#include "der/oid.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A string literal keeps the octets readable; its NUL is not counted. */
#define OID(id, name, octets) \
	[MS_OID_##id] = { name, octets, sizeof(octets) - 1 }

static const struct {
	const char *name;
	const char *octets;
	size_t n;
} table[MS_OID_COUNT] = {
	[MS_OID_UNKNOWN] = { "unknown", NULL, 0 },
	OID(data, "data",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"),
	OID(signedData, "signedData",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
	OID(envelopedData, "envelopedData",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"),
	OID(authEnvelopedData, "authEnvelopedData",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"),
	OID(digestedData, "digestedData",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x05"),
	OID(encryptedData, "encryptedData",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06"),
	OID(compressedData, "compressedData",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09"),
	OID(TSTInfo, "TSTInfo",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04"),
	OID(asymmetricKeyPackage, "asymmetricKeyPackage",
	    "\x60\x86\x48\x01\x65\x02\x01\x02\x4e\x05"),
	OID(contentType, "contentType",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"),
	OID(messageDigest, "messageDigest",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"),
	OID(signingTime, "signingTime",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"),
	OID(countersignature, "countersignature",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06"),
	OID(smimeCapabilities, "smimeCapabilities",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0f"),
	OID(signingCertificate, "signingCertificate",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c"),
	OID(signingCertificateV2, "signingCertificateV2",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f"),
	OID(timeStampToken, "timeStampToken",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0e"),
	OID(encrypKeyPref, "encrypKeyPref",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0b"),
	OID(cmsAlgorithmProtect, "cmsAlgorithmProtect",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x34"),
	OID(contentHint, "contentHint",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x04"),
	OID(md5, "md5",
	    "\x2a\x86\x48\x86\xf7\x0d\x02\x05"),
	OID(sha1, "sha1",
	    "\x2b\x0e\x03\x02\x1a"),
	OID(sha224, "sha224",
	    "\x60\x86\x48\x01\x65\x03\x04\x02\x04"),
	OID(sha256, "sha256",
	    "\x60\x86\x48\x01\x65\x03\x04\x02\x01"),
	OID(sha384, "sha384",
	    "\x60\x86\x48\x01\x65\x03\x04\x02\x02"),
	OID(sha512, "sha512",
	    "\x60\x86\x48\x01\x65\x03\x04\x02\x03"),
	OID(rsaEncryption, "rsaEncryption",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"),
	OID(rsassaPss, "rsassaPss",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"),
	OID(rsaesOaep, "rsaesOaep",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07"),
	OID(mgf1, "mgf1",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"),
	OID(pSpecified, "pSpecified",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09"),
	OID(sha1WithRSA, "sha1WithRSA",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"),
	OID(sha256WithRSA, "sha256WithRSA",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"),
	OID(sha384WithRSA, "sha384WithRSA",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"),
	OID(sha512WithRSA, "sha512WithRSA",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"),
	OID(ecPublicKey, "ecPublicKey",
	    "\x2a\x86\x48\xce\x3d\x02\x01"),
	OID(ecdsaWithSHA1, "ecdsaWithSHA1",
	    "\x2a\x86\x48\xce\x3d\x04\x01"),
	OID(ecdsaWithSHA256, "ecdsaWithSHA256",
	    "\x2a\x86\x48\xce\x3d\x04\x03\x02"),
	OID(ecdsaWithSHA384, "ecdsaWithSHA384",
	    "\x2a\x86\x48\xce\x3d\x04\x03\x03"),
	OID(ecdsaWithSHA512, "ecdsaWithSHA512",
	    "\x2a\x86\x48\xce\x3d\x04\x03\x04"),
	OID(ed25519, "ed25519",
	    "\x2b\x65\x70"),
	OID(x25519, "x25519",
	    "\x2b\x65\x6e"),
	OID(prime256v1, "prime256v1",
	    "\x2a\x86\x48\xce\x3d\x03\x01\x07"),
	OID(secp384r1, "secp384r1",
	    "\x2b\x81\x04\x00\x22"),
	OID(secp521r1, "secp521r1",
	    "\x2b\x81\x04\x00\x23"),
	OID(brainpoolP256r1, "brainpoolP256r1",
	    "\x2b\x24\x03\x03\x02\x08\x01\x01\x07"),
	OID(brainpoolP384r1, "brainpoolP384r1",
	    "\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"),
	OID(brainpoolP512r1, "brainpoolP512r1",
	    "\x2b\x24\x03\x03\x02\x08\x01\x01\x0d"),
	OID(dhSinglePass_stdDH_sha1kdf, "dhSinglePass-stdDH-sha1kdf",
	    "\x2b\x81\x05\x10\x86\x48\x3f\x00\x02"),
	OID(dhSinglePass_stdDH_sha224kdf, "dhSinglePass-stdDH-sha224kdf",
	    "\x2b\x81\x04\x01\x0b\x00"),
	OID(dhSinglePass_stdDH_sha256kdf, "dhSinglePass-stdDH-sha256kdf",
	    "\x2b\x81\x04\x01\x0b\x01"),
	OID(dhSinglePass_stdDH_sha384kdf, "dhSinglePass-stdDH-sha384kdf",
	    "\x2b\x81\x04\x01\x0b\x02"),
	OID(dhSinglePass_stdDH_sha512kdf, "dhSinglePass-stdDH-sha512kdf",
	    "\x2b\x81\x04\x01\x0b\x03"),
	OID(dhSinglePass_stdDH_hkdf_sha256, "dhSinglePass-stdDH-hkdf-sha256",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x13"),
	OID(aes128_cbc, "aes128-cbc",
	    "\x60\x86\x48\x01\x65\x03\x04\x01\x02"),
	OID(aes192_cbc, "aes192-cbc",
	    "\x60\x86\x48\x01\x65\x03\x04\x01\x16"),
	OID(aes256_cbc, "aes256-cbc",
	    "\x60\x86\x48\x01\x65\x03\x04\x01\x2a"),
	OID(aes128_gcm, "aes128-gcm",
	    "\x60\x86\x48\x01\x65\x03\x04\x01\x06"),
	OID(aes192_gcm, "aes192-gcm",
	    "\x60\x86\x48\x01\x65\x03\x04\x01\x1a"),
	OID(aes256_gcm, "aes256-gcm",
	    "\x60\x86\x48\x01\x65\x03\x04\x01\x2e"),
	OID(aes128_wrap, "aes128-wrap",
	    "\x60\x86\x48\x01\x65\x03\x04\x01\x05"),
	OID(aes192_wrap, "aes192-wrap",
	    "\x60\x86\x48\x01\x65\x03\x04\x01\x19"),
	OID(aes256_wrap, "aes256-wrap",
	    "\x60\x86\x48\x01\x65\x03\x04\x01\x2d"),
	OID(des_ede3_cbc, "des-ede3-cbc",
	    "\x2a\x86\x48\x86\xf7\x0d\x03\x07"),
	OID(rc2_cbc, "rc2-cbc",
	    "\x2a\x86\x48\x86\xf7\x0d\x03\x02"),
	OID(chacha20Poly1305, "chacha20Poly1305",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x12"),
	OID(emailAddress, "emailAddress",
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"),
	OID(smtpUTF8Mailbox, "smtpUTF8Mailbox",
	    "\x2b\x06\x01\x05\x05\x07\x08\x09"),
	OID(commonName, "commonName",
	    "\x55\x04\x03"),
	OID(anyExtendedKeyUsage, "anyExtendedKeyUsage",
	    "\x55\x1d\x25\x00"),
	OID(emailProtection, "emailProtection",
	    "\x2b\x06\x01\x05\x05\x07\x03\x04"),
	OID(timeStamping, "timeStamping",
	    "\x2b\x06\x01\x05\x05\x07\x03\x08"),
};

struct ms_span
ms_oid_bytes(enum ms_oid oid)
{
	struct ms_span s = { NULL, 0 };

	if (oid > MS_OID_UNKNOWN && oid < MS_OID_COUNT) {
		s.p = (const unsigned char *)table[oid].octets;
		s.n = table[oid].n;
	}
	return s;
}

enum ms_oid
ms_oid_find(struct ms_span bytes)
{
	int i;

	for (i = MS_OID_UNKNOWN + 1; i < MS_OID_COUNT; i++)
		if (bytes.n == table[i].n &&
		    memcmp(bytes.p, table[i].octets, bytes.n) == 0)
			return (enum ms_oid)i;
	return MS_OID_UNKNOWN;
}

const char *
ms_oid_name(enum ms_oid oid)
{
	if (oid > MS_OID_UNKNOWN && oid < MS_OID_COUNT)
		return table[oid].name;
	return table[MS_OID_UNKNOWN].name;
}

/* Take one subidentifier (X.690 8.19.2): minimal, at most 64 bits. */
static bool
subidentifier(struct ms_span *s, uint64_t *v)
{
	*v = 0;
	if (s->n == 0 || s->p[0] == 0x80)
		return false;
	while (s->n > 0) {
		unsigned char c = *s->p++;

		s->n--;
		if (*v > UINT64_MAX >> 7)
			return false;
		*v = *v << 7 | (c & 0x7f);
		if (!(c & 0x80))
			return true;
	}
	return false;
}

const char *
ms_oid_dotted(struct ms_span bytes, char *to, size_t size)
{
	uint64_t v, first;
	size_t n = 0;
	int k;

	if (!subidentifier(&bytes, &v))
		goto malformed;
	/* The first two arcs share one subidentifier (X.690 8.19.4). */
	first = v < 80 ? v / 40 : 2;
	k = snprintf(to, size, "%" PRIu64 ".%" PRIu64, first, v - first * 40);
	if (k < 0 || (size_t)k >= size)
		goto malformed;
	for (n = (size_t)k; bytes.n > 0; n += (size_t)k) {
		if (!subidentifier(&bytes, &v))
			goto malformed;
		k = snprintf(to + n, size - n, ".%" PRIu64, v);
		if (k < 0 || (size_t)k >= size - n)
			goto malformed;
	}
	return to;
malformed:
	if (size > 0)
		snprintf(to, size, "?");
	return to;
}

/* One arc of dotted decimal: digits without leading zeros. */
static bool
arc(const char **s, uint64_t *v)
{
	const char *p = *s;

	*v = 0;
	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (*v > (UINT64_MAX - digit) / 10)
			return false;
		*v = *v * 10 + digit;
	}
	*s = p;
	return true;
}

static int
add_subidentifier(struct ms_buf *b, uint64_t v, struct ms_err *err)
{
	unsigned char to[10];
	size_t at = sizeof(to);

	to[--at] = v & 0x7f;
	while (v >>= 7)
		to[--at] = 0x80 | (v & 0x7f);
	return ms_buf_add(b, to + at, sizeof(to) - at, err);
}

int
ms_oid_parse(const char *dotted, struct ms_buf *bytes, struct ms_err *err)
{
	const char *p = dotted;
	size_t start = bytes->n;
	uint64_t first, v;

	if (!arc(&p, &first) || first > 2 || *p++ != '.' || !arc(&p, &v) ||
	    (first < 2 && v > 39) || v > UINT64_MAX - 80)
		goto malformed;
	if (add_subidentifier(bytes, first * 40 + v, err) < 0)
		return -1;
	while (*p != '\0') {
		if (*p++ != '.' || !arc(&p, &v))
			goto malformed;
		if (add_subidentifier(bytes, v, err) < 0) {
			bytes->n = start;
			return -1;
		}
	}
	return 0;
malformed:
	bytes->n = start;
	return ms_fail(err, MS_USAGE, "'%s' is not an object identifier in"
	    " dotted decimal (X.690 section 8.19)", dotted);
}
