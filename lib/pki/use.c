/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate may be used for. */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/x509v3.h>

#include "pki/path.h"

/* keyUsage bits as RFC 5280 section 4.2.1.3 numbers them. */
enum { KU_DS = 1 << 0, KU_NR = 1 << 1, KU_KE = 1 << 2, KU_KA = 1 << 4,
	KU_BITS = 9 };

/* Purposes that allow signing documents, beside emailProtection: RFC 9336,
 * Microsoft's and Adobe's. */
static const char *const document_signing[] = { "1.3.6.1.5.5.7.3.36",
	"1.3.6.1.4.1.311.10.3.12", "1.2.840.113583.1.1.5" };
#define NDOCUMENT (sizeof(document_signing) / sizeof(document_signing[0]))

struct uses {
	bool bad_ku, bad_eku;	/* malformed or repeated */
	bool has_ku, has_eku, eku_critical;
	unsigned ku;
	int neku;
	bool any, mail, document, tsa, server, client, ocsp;
};

static void
read_eku(const X509 *x, struct uses *u)
{
	EXTENDED_KEY_USAGE *eku;
	const ASN1_OBJECT *o;
	char oid[80];
	int crit, i;
	size_t j;
	void *v;

	switch (cert_ext(x, NID_ext_key_usage, &v, &crit)) {
	case 0:
		return;
	case -1:
		u->bad_eku = true;
		return;
	}
	eku = v;
	u->has_eku = true;
	u->eku_critical = crit == 1;
	u->neku = sk_ASN1_OBJECT_num(eku);
	for (i = 0; i < u->neku; i++) {
		o = sk_ASN1_OBJECT_value(eku, i);
		switch (OBJ_obj2nid(o)) {
		case NID_anyExtendedKeyUsage: u->any = true; break;
		case NID_email_protect: u->mail = true; break;
		case NID_time_stamp: u->tsa = true; break;
		case NID_server_auth: u->server = true; break;
		case NID_client_auth: u->client = true; break;
		case NID_OCSP_sign: u->ocsp = true; break;
		}
		if (OBJ_obj2txt(oid, sizeof(oid), o, 1) <= 0)
			continue;
		for (j = 0; j < NDOCUMENT; j++)
			if (ms_streq(oid, document_signing[j]))
				u->document = true;
	}
	EXTENDED_KEY_USAGE_free(eku);
}

static void
read_uses(const X509 *x, struct uses *u)
{
	ASN1_BIT_STRING *ku;
	int crit, i;
	void *v;

	memset(u, 0, sizeof(*u));
	switch (cert_ext(x, NID_key_usage, &v, &crit)) {
	case -1:
		u->bad_ku = true;
		break;
	case 1:
		ku = v;
		u->has_ku = true;
		for (i = 0; i < KU_BITS; i++)
			if (ASN1_BIT_STRING_get_bit(ku, i))
				u->ku |= 1u << i;
		ASN1_BIT_STRING_free(ku);
		break;
	}
	read_eku(x, u);
}

static bool
is_agreement(EVP_PKEY *k)
{
	return EVP_PKEY_is_a(k, "EC") || EVP_PKEY_is_a(k, "X25519");
}

/* Whether the type of the key can do it at all. */
static const char *
key_refuses(EVP_PKEY *k, enum ms_usage use)
{
	if (!k)
		return "its public key is of a type that is not supported";
	if (use == MS_USE_ANY)
		return NULL;
	if (use == MS_USE_ENCRYPT)
		return EVP_PKEY_is_a(k, "RSA") || is_agreement(k) ? NULL :
		    "RFC 8551 section 2.3: its type of key cannot encrypt";
	return EVP_PKEY_is_a(k, "RSA") || EVP_PKEY_is_a(k, "RSA-PSS") ||
	    EVP_PKEY_is_a(k, "EC") || EVP_PKEY_is_a(k, "ED25519") ? NULL :
	    "RFC 8551 section 2.2: its type of key cannot sign";
}

static const char *
ku_refuses(EVP_PKEY *k, const struct uses *u, enum ms_usage use)
{
	if (u->bad_ku)
		return "RFC 5280 section 4.2.1.3: keyUsage malformed";
	if (!u->has_ku || use == MS_USE_ANY)
		return NULL;
	if (use == MS_USE_ENCRYPT && is_agreement(k))
		return u->ku & KU_KA ? NULL :
		    "RFC 5280 section 4.2.1.3: keyUsage lacks keyAgreement";
	if (use == MS_USE_ENCRYPT)
		return u->ku & KU_KE ? NULL :
		    "RFC 5280 section 4.2.1.3: keyUsage lacks keyEncipherment";
	if (use == MS_USE_SERVER && u->ku & (KU_KE | KU_KA))
		return NULL;
	if (u->ku & KU_DS || (u->ku & KU_NR &&
	    (use == MS_USE_SIGN || use == MS_USE_TSA)))
		return NULL;
	return "RFC 5280 section 4.2.1.3: keyUsage lacks digitalSignature";
}

static const char *
eku_refuses(const struct uses *u, enum ms_usage use)
{
	if (u->bad_eku)
		return "RFC 5280 section 4.2.1.12: extendedKeyUsage malformed";
	switch (use) {
	case MS_USE_ANY:
		return NULL;
	case MS_USE_TSA:
		if (u->tsa && u->neku == 1 && u->eku_critical)
			return NULL;
		return "RFC 3161 section 2.3: extendedKeyUsage is not "
		    "timeStamping alone and critical";
	case MS_USE_OCSP:
		return u->ocsp ? NULL : "RFC 6960 section 4.2.2.2: "
		    "extendedKeyUsage lacks OCSPSigning";
	case MS_USE_SIGN:
	case MS_USE_ENCRYPT:
		if (!u->has_eku || u->any || u->mail ||
		    (use == MS_USE_SIGN && u->document))
			return NULL;
		return "RFC 8550 section 4.4.4: extendedKeyUsage lacks "
		    "emailProtection";
	case MS_USE_SERVER:
		return !u->has_eku || u->any || u->server ? NULL :
		    "RFC 5280 section 4.2.1.12: extendedKeyUsage lacks "
		    "serverAuth";
	case MS_USE_DEVICE:
		return !u->has_eku || u->any || u->client ? NULL :
		    "RFC 5280 section 4.2.1.12: extendedKeyUsage lacks "
		    "clientAuth";
	}
	return "use not known";
}

bool
ms_cert_may(X509 *x, enum ms_usage use, const char **why)
{
	EVP_PKEY *k = X509_get0_pubkey(x);
	const char *no;
	struct uses u;

	read_uses(x, &u);
	if (!(no = key_refuses(k, use)) && !(no = ku_refuses(k, &u, use)))
		no = eku_refuses(&u, use);
	if (why && no)
		*why = no;
	return !no;
}

bool
ms_cert_may_at(X509 *x, enum ms_usage use, time_t at, const char **why)
{
	time_t from = ms_cert_not_before(x), to = ms_cert_not_after(x);
	const char *no = NULL;

	if (!ms_cert_may(x, use, why))
		return false;
	if (from == (time_t)-1 || to == (time_t)-1)
		no = "RFC 5280 section 4.1.2.5: validity malformed";
	else if (at < from)
		no = "RFC 5280 section 4.1.2.5: not yet valid";
	else if (at > to)
		no = "RFC 5280 section 4.1.2.5: expired";
	if (why && no)
		*why = no;
	return !no;
}

const char *
ca_refuses(X509 *x, enum ms_usage use)
{
	struct uses u;
	bool in = false;

	read_uses(x, &u);
	if (u.bad_eku)
		return "extendedKeyUsage malformed";
	if (!u.has_eku || u.any)
		return NULL;
	switch (use) {
	case MS_USE_ANY: in = true; break;
	case MS_USE_SIGN: in = u.mail || u.document; break;
	case MS_USE_ENCRYPT: in = u.mail; break;
	case MS_USE_TSA: in = u.tsa; break;
	case MS_USE_SERVER: in = u.server; break;
	case MS_USE_DEVICE: in = u.client; break;
	case MS_USE_OCSP: in = u.ocsp; break;
	}
	return in ? NULL : "its extendedKeyUsage excludes this use";
}

/* ---- what we seal for ---- */

#define SEAL_RSA_MIN 2048	/* bits, RFC 8551 section 4.4 */
#define SEAL_RSA_MAX 16384	/* bits; more only costs time */

static bool
seal_curve(EVP_PKEY *k)
{
	static const char *const names[] = { "prime256v1", "P-256",
		"secp384r1", "P-384", "secp521r1", "P-521",
		"brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1" };
	char name[64];
	size_t i;

	if (EVP_PKEY_get_utf8_string_param(k, OSSL_PKEY_PARAM_GROUP_NAME,
	    name, sizeof(name), NULL) != 1)
		return false;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ms_streq(names[i], name))
			return true;
	return false;
}

bool
ms_cert_may_seal(X509 *x, const char **why)
{
	EVP_PKEY *k = X509_get0_pubkey(x);
	const char *no = NULL;
	int bits;

	if (!k)
		no = "its public key is of a type that is not supported";
	else if (EVP_PKEY_is_a(k, "RSA")) {
		bits = EVP_PKEY_get_bits(k);
		if (bits < SEAL_RSA_MIN)
			no = "RFC 8551 section 4.4: its RSA key has less than "
			    "2048 bits";
		else if (bits > SEAL_RSA_MAX)
			no = "its RSA key has more than 16384 bits";
	} else if (EVP_PKEY_is_a(k, "EC")) {
		if (!seal_curve(k))
			no = "RFC 8551 section 2.3: its curve is none that we "
			    "encrypt on";
	} else if (!EVP_PKEY_is_a(k, "X25519"))
		no = "RFC 8551 section 2.3: its type of key cannot encrypt";
	if (why && no)
		*why = no;
	return !no;
}
