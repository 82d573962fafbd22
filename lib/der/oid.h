/* SPDX-License-Identifier: Apache-2.0 */
/* The object identifiers Mailseal knows; der/oid.c has their octets. */
#ifndef MS_DER_OID_H
#define MS_DER_OID_H

#include "base/buf.h"

enum ms_oid {
	MS_OID_UNKNOWN = 0,
	/* content types, RFC 5652, 5083, 3161, 5958 */
	MS_OID_data, MS_OID_signedData, MS_OID_envelopedData,
	MS_OID_authEnvelopedData, MS_OID_digestedData, MS_OID_encryptedData,
	MS_OID_compressedData, MS_OID_TSTInfo, MS_OID_asymmetricKeyPackage,
	/* attributes */
	MS_OID_contentType, MS_OID_messageDigest, MS_OID_signingTime,
	MS_OID_countersignature, MS_OID_smimeCapabilities,
	MS_OID_signingCertificate, MS_OID_signingCertificateV2,
	MS_OID_timeStampToken, MS_OID_encrypKeyPref,
	MS_OID_cmsAlgorithmProtect, MS_OID_contentHint,
	/* digests */
	MS_OID_md5, MS_OID_sha1, MS_OID_sha224, MS_OID_sha256, MS_OID_sha384,
	MS_OID_sha512,
	/* public keys and signatures */
	MS_OID_rsaEncryption, MS_OID_rsassaPss, MS_OID_rsaesOaep,
	MS_OID_mgf1, MS_OID_pSpecified, MS_OID_sha1WithRSA,
	MS_OID_sha256WithRSA, MS_OID_sha384WithRSA, MS_OID_sha512WithRSA,
	MS_OID_ecPublicKey, MS_OID_ecdsaWithSHA1, MS_OID_ecdsaWithSHA256,
	MS_OID_ecdsaWithSHA384, MS_OID_ecdsaWithSHA512, MS_OID_ed25519,
	MS_OID_x25519,
	MS_OID_prime256v1, MS_OID_secp384r1, MS_OID_secp521r1,
	MS_OID_brainpoolP256r1, MS_OID_brainpoolP384r1,
	MS_OID_brainpoolP512r1,
	/* key agreement, RFC 5753, 8418 */
	MS_OID_dhSinglePass_stdDH_sha1kdf, MS_OID_dhSinglePass_stdDH_sha224kdf,
	MS_OID_dhSinglePass_stdDH_sha256kdf,
	MS_OID_dhSinglePass_stdDH_sha384kdf,
	MS_OID_dhSinglePass_stdDH_sha512kdf,
	MS_OID_dhSinglePass_stdDH_hkdf_sha256,
	/* ciphers and key wrap */
	MS_OID_aes128_cbc, MS_OID_aes192_cbc, MS_OID_aes256_cbc,
	MS_OID_aes128_gcm, MS_OID_aes192_gcm, MS_OID_aes256_gcm,
	MS_OID_aes128_wrap, MS_OID_aes192_wrap, MS_OID_aes256_wrap,
	MS_OID_des_ede3_cbc, MS_OID_rc2_cbc, MS_OID_chacha20Poly1305,
	/* names, extensions, purposes */
	MS_OID_emailAddress, MS_OID_smtpUTF8Mailbox, MS_OID_commonName,
	MS_OID_anyExtendedKeyUsage, MS_OID_emailProtection,
	MS_OID_timeStamping,
	MS_OID_COUNT
};

/* The contents octets of the OID (no tag, no length); {NULL,0} for
 * UNKNOWN. */
struct ms_span ms_oid_bytes(enum ms_oid oid);
/* Which one the contents octets are, or MS_OID_UNKNOWN. */
enum ms_oid ms_oid_find(struct ms_span bytes);
/* Its name ("signedData"), for messages; borrowed, never NULL. */
const char *ms_oid_name(enum ms_oid oid);
/* Contents octets as dotted decimal into to (at least 128 bytes), "?" when
 * malformed; returns to. */
const char *ms_oid_dotted(struct ms_span bytes, char *to, size_t size);
/* Append dotted decimal as contents octets; MS_USAGE if it is none. */
int ms_oid_parse(const char *dotted, struct ms_buf *bytes, struct ms_err *err);

#endif
