/* SPDX-License-Identifier: Apache-2.0 */
/* The table of object identifiers against libcrypto's encoder. */
#include <stdio.h>
#include <string.h>

#include <openssl/objects.h>

#include "der/oid.h"
#include "tap.h"

static const struct {
	enum ms_oid oid;
	const char *dotted;
} known[] = {
	{ MS_OID_data, "1.2.840.113549.1.7.1" },
	{ MS_OID_signedData, "1.2.840.113549.1.7.2" },
	{ MS_OID_envelopedData, "1.2.840.113549.1.7.3" },
	{ MS_OID_authEnvelopedData, "1.2.840.113549.1.9.16.1.23" },
	{ MS_OID_digestedData, "1.2.840.113549.1.7.5" },
	{ MS_OID_encryptedData, "1.2.840.113549.1.7.6" },
	{ MS_OID_compressedData, "1.2.840.113549.1.9.16.1.9" },
	{ MS_OID_TSTInfo, "1.2.840.113549.1.9.16.1.4" },
	{ MS_OID_asymmetricKeyPackage, "2.16.840.1.101.2.1.2.78.5" },
	{ MS_OID_contentType, "1.2.840.113549.1.9.3" },
	{ MS_OID_messageDigest, "1.2.840.113549.1.9.4" },
	{ MS_OID_signingTime, "1.2.840.113549.1.9.5" },
	{ MS_OID_countersignature, "1.2.840.113549.1.9.6" },
	{ MS_OID_smimeCapabilities, "1.2.840.113549.1.9.15" },
	{ MS_OID_signingCertificate, "1.2.840.113549.1.9.16.2.12" },
	{ MS_OID_signingCertificateV2, "1.2.840.113549.1.9.16.2.47" },
	{ MS_OID_timeStampToken, "1.2.840.113549.1.9.16.2.14" },
	{ MS_OID_encrypKeyPref, "1.2.840.113549.1.9.16.2.11" },
	{ MS_OID_cmsAlgorithmProtect, "1.2.840.113549.1.9.52" },
	{ MS_OID_contentHint, "1.2.840.113549.1.9.16.2.4" },
	{ MS_OID_md5, "1.2.840.113549.2.5" },
	{ MS_OID_sha1, "1.3.14.3.2.26" },
	{ MS_OID_sha224, "2.16.840.1.101.3.4.2.4" },
	{ MS_OID_sha256, "2.16.840.1.101.3.4.2.1" },
	{ MS_OID_sha384, "2.16.840.1.101.3.4.2.2" },
	{ MS_OID_sha512, "2.16.840.1.101.3.4.2.3" },
	{ MS_OID_rsaEncryption, "1.2.840.113549.1.1.1" },
	{ MS_OID_rsassaPss, "1.2.840.113549.1.1.10" },
	{ MS_OID_rsaesOaep, "1.2.840.113549.1.1.7" },
	{ MS_OID_mgf1, "1.2.840.113549.1.1.8" },
	{ MS_OID_pSpecified, "1.2.840.113549.1.1.9" },
	{ MS_OID_sha1WithRSA, "1.2.840.113549.1.1.5" },
	{ MS_OID_sha256WithRSA, "1.2.840.113549.1.1.11" },
	{ MS_OID_sha384WithRSA, "1.2.840.113549.1.1.12" },
	{ MS_OID_sha512WithRSA, "1.2.840.113549.1.1.13" },
	{ MS_OID_ecPublicKey, "1.2.840.10045.2.1" },
	{ MS_OID_ecdsaWithSHA1, "1.2.840.10045.4.1" },
	{ MS_OID_ecdsaWithSHA256, "1.2.840.10045.4.3.2" },
	{ MS_OID_ecdsaWithSHA384, "1.2.840.10045.4.3.3" },
	{ MS_OID_ecdsaWithSHA512, "1.2.840.10045.4.3.4" },
	{ MS_OID_ed25519, "1.3.101.112" },
	{ MS_OID_x25519, "1.3.101.110" },
	{ MS_OID_prime256v1, "1.2.840.10045.3.1.7" },
	{ MS_OID_secp384r1, "1.3.132.0.34" },
	{ MS_OID_secp521r1, "1.3.132.0.35" },
	{ MS_OID_brainpoolP256r1, "1.3.36.3.3.2.8.1.1.7" },
	{ MS_OID_brainpoolP384r1, "1.3.36.3.3.2.8.1.1.11" },
	{ MS_OID_brainpoolP512r1, "1.3.36.3.3.2.8.1.1.13" },
	{ MS_OID_dhSinglePass_stdDH_sha1kdf, "1.3.133.16.840.63.0.2" },
	{ MS_OID_dhSinglePass_stdDH_sha224kdf, "1.3.132.1.11.0" },
	{ MS_OID_dhSinglePass_stdDH_sha256kdf, "1.3.132.1.11.1" },
	{ MS_OID_dhSinglePass_stdDH_sha384kdf, "1.3.132.1.11.2" },
	{ MS_OID_dhSinglePass_stdDH_sha512kdf, "1.3.132.1.11.3" },
	{ MS_OID_dhSinglePass_stdDH_hkdf_sha256, "1.2.840.113549.1.9.16.3.19" },
	{ MS_OID_aes128_cbc, "2.16.840.1.101.3.4.1.2" },
	{ MS_OID_aes192_cbc, "2.16.840.1.101.3.4.1.22" },
	{ MS_OID_aes256_cbc, "2.16.840.1.101.3.4.1.42" },
	{ MS_OID_aes128_gcm, "2.16.840.1.101.3.4.1.6" },
	{ MS_OID_aes192_gcm, "2.16.840.1.101.3.4.1.26" },
	{ MS_OID_aes256_gcm, "2.16.840.1.101.3.4.1.46" },
	{ MS_OID_aes128_wrap, "2.16.840.1.101.3.4.1.5" },
	{ MS_OID_aes192_wrap, "2.16.840.1.101.3.4.1.25" },
	{ MS_OID_aes256_wrap, "2.16.840.1.101.3.4.1.45" },
	{ MS_OID_des_ede3_cbc, "1.2.840.113549.3.7" },
	{ MS_OID_rc2_cbc, "1.2.840.113549.3.2" },
	{ MS_OID_chacha20Poly1305, "1.2.840.113549.1.9.16.3.18" },
	{ MS_OID_emailAddress, "1.2.840.113549.1.9.1" },
	{ MS_OID_smtpUTF8Mailbox, "1.3.6.1.5.5.7.8.9" },
	{ MS_OID_commonName, "2.5.4.3" },
	{ MS_OID_anyExtendedKeyUsage, "2.5.29.37.0" },
	{ MS_OID_emailProtection, "1.3.6.1.5.5.7.3.4" },
	{ MS_OID_timeStamping, "1.3.6.1.5.5.7.3.8" },
};

static void
test_table(void)
{
	struct ms_buf b = MS_BUF_INIT(64);
	struct ms_err err = MS_ERR_INIT;
	char text[128];
	size_t i;
	int bad = 0;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct ms_span s = ms_oid_bytes(known[i].oid);
		ASN1_OBJECT *o = OBJ_txt2obj(known[i].dotted, 1);

		ms_buf_reset(&b);
		if (o && s.n == OBJ_length(o) && s.n > 0 &&
		    memcmp(s.p, OBJ_get0_data(o), s.n) == 0 &&
		    ms_oid_find(s) == known[i].oid &&
		    strcmp(ms_oid_dotted(s, text, sizeof(text)),
		    known[i].dotted) == 0 &&
		    ms_oid_parse(known[i].dotted, &b, &err) == 0 &&
		    ms_span_eq(ms_buf_span(&b), s) &&
		    ms_oid_name(known[i].oid)[0] != '\0') {
			ASN1_OBJECT_free(o);
			continue;
		}
		printf("# %s %s\n", ms_oid_name(known[i].oid),
		    known[i].dotted);
		ASN1_OBJECT_free(o);
		bad++;
	}
	is_int(bad, 0, "every row equals libcrypto's octets, both ways");
	is_int((long long)i, MS_OID_COUNT - 1, "no row is left untested");
	ms_buf_clear(&b);
}

/* Rows whose name libcrypto knows under the same short or long name. */
static void
test_names(void)
{
	static const struct {
		enum ms_oid oid;
		int nid;
	} rows[] = {
		{ MS_OID_signedData, NID_pkcs7_signed },
		{ MS_OID_envelopedData, NID_pkcs7_enveloped },
		{ MS_OID_authEnvelopedData, NID_id_smime_ct_authEnvelopedData },
		{ MS_OID_TSTInfo, NID_id_smime_ct_TSTInfo },
		{ MS_OID_messageDigest, NID_pkcs9_messageDigest },
		{ MS_OID_signingTime, NID_pkcs9_signingTime },
		{ MS_OID_smimeCapabilities, NID_SMIMECapabilities },
		{ MS_OID_signingCertificate,
		  NID_id_smime_aa_signingCertificate },
		{ MS_OID_signingCertificateV2,
		  NID_id_smime_aa_signingCertificateV2 },
		{ MS_OID_timeStampToken, NID_id_smime_aa_timeStampToken },
		{ MS_OID_encrypKeyPref, NID_id_smime_aa_encrypKeyPref },
		{ MS_OID_sha224, NID_sha224 }, { MS_OID_sha256, NID_sha256 },
		{ MS_OID_sha384, NID_sha384 }, { MS_OID_sha512, NID_sha512 },
		{ MS_OID_rsassaPss, NID_rsassaPss },
		{ MS_OID_rsaesOaep, NID_rsaesOaep },
		{ MS_OID_pSpecified, NID_pSpecified },
		{ MS_OID_sha384WithRSA, NID_sha384WithRSAEncryption },
		{ MS_OID_ecdsaWithSHA384, NID_ecdsa_with_SHA384 },
		{ MS_OID_ed25519, NID_ED25519 }, { MS_OID_x25519, NID_X25519 },
		{ MS_OID_secp384r1, NID_secp384r1 },
		{ MS_OID_secp521r1, NID_secp521r1 },
		{ MS_OID_brainpoolP256r1, NID_brainpoolP256r1 },
		{ MS_OID_brainpoolP384r1, NID_brainpoolP384r1 },
		{ MS_OID_brainpoolP512r1, NID_brainpoolP512r1 },
		{ MS_OID_dhSinglePass_stdDH_sha1kdf,
		  NID_dhSinglePass_stdDH_sha1kdf_scheme },
		{ MS_OID_dhSinglePass_stdDH_sha256kdf,
		  NID_dhSinglePass_stdDH_sha256kdf_scheme },
		{ MS_OID_dhSinglePass_stdDH_sha512kdf,
		  NID_dhSinglePass_stdDH_sha512kdf_scheme },
		{ MS_OID_aes128_cbc, NID_aes_128_cbc },
		{ MS_OID_aes192_gcm, NID_aes_192_gcm },
		{ MS_OID_aes256_gcm, NID_aes_256_gcm },
		{ MS_OID_aes256_wrap, NID_id_aes256_wrap },
		{ MS_OID_des_ede3_cbc, NID_des_ede3_cbc },
		{ MS_OID_rc2_cbc, NID_rc2_cbc },
		{ MS_OID_smtpUTF8Mailbox, NID_id_on_SmtpUTF8Mailbox },
		{ MS_OID_emailProtection, NID_email_protect },
		{ MS_OID_timeStamping, NID_time_stamp },
		{ MS_OID_anyExtendedKeyUsage, NID_anyExtendedKeyUsage },
	};
	size_t i;
	int bad = 0;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const ASN1_OBJECT *o = OBJ_nid2obj(rows[i].nid);
		struct ms_span s = ms_oid_bytes(rows[i].oid);

		if (s.n == OBJ_length(o) &&
		    memcmp(s.p, OBJ_get0_data(o), s.n) == 0)
			continue;
		printf("# %s\n", ms_oid_name(rows[i].oid));
		bad++;
	}
	is_int(bad, 0, "names stand for what libcrypto means by them");
}

static const char *
dotted(const char *octets, size_t n)
{
	static char text[128];
	struct ms_span s = { (const unsigned char *)octets, n };

	return ms_oid_dotted(s, text, sizeof(text));
}

static void
test_dotted(void)
{
	struct ms_span s = { (const unsigned char *)"\x2a\x03\x04", 3 };
	char small[5];

	is_str(dotted("\x2a\x03\x04", 3), "1.2.3.4", "dotted");
	is_str(dotted("\x88\x37\x03", 3), "2.999.3", "second arc above 39");
	is_str(dotted("\x27", 1), "0.39", "two arcs");
	is_str(dotted("", 0), "?", "no octets");
	is_str(dotted("\x2a\x86", 2), "?", "subidentifier without an end");
	is_str(dotted("\x2a\x80\x01", 3), "?", "padded subidentifier");
	is_str(dotted("\x2a\x82\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11), "?",
	    "subidentifier beyond 64 bits");
	is_str(ms_oid_dotted(s, small, sizeof(small)), "?", "does not fit");
	is_int(ms_oid_find(s), MS_OID_UNKNOWN, "unknown octets");
	ok(ms_oid_bytes(MS_OID_UNKNOWN).n == 0, "unknown has no octets");
	is_str(ms_oid_name(MS_OID_UNKNOWN), "unknown", "unknown has a name");
	is_str(ms_oid_name(MS_OID_aes256_gcm), "aes256-gcm", "a known name");
}

static void
test_parse(void)
{
	static const char *const bad[] = { "", "1", "1.", ".1", "3.1", "1.40",
		"1.2.", "1.2..3", "1.02", "1.2.a", "1.2 ", "-1.2",
		"1.2.18446744073709551616" };
	struct ms_buf b = MS_BUF_INIT(64);
	struct ms_err err = MS_ERR_INIT;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fails(ms_oid_parse(bad[i], &b, &err), &err, MS_USAGE,
		    "not an object identifier", bad[i]);
	}
	is_int((long long)b.n, 0, "nothing is left of a bad one");
	is_int(ms_oid_parse("2.999.18446744073709551615", &b, &err), 0,
	    "the largest arc");
	is_str(dotted((char *)b.p, b.n), "2.999.18446744073709551615",
	    "comes back");
	ms_buf_clear(&b);
}

int
main(void)
{
	test_table();
	test_names();
	test_dotted();
	test_parse();
	return tap_done();
}
