/* SPDX-License-Identifier: Apache-2.0 */
/* Enveloped CMS that is damaged, forged, strange or large. */
#include "cms/env-internal.h"
#include "cms-help.h"

static const unsigned char cek[48] = { 7, 1, 2 }, iv[16] = { 9 };
static const struct ms_span text = { (const unsigned char *)
    "Attack at dawn, bring the good biscuits", 39 };

/* A message made piece by piece; empty pieces are left out. */
struct parts {
	bool auth;
	int version;
	struct ms_buf ris;	/* RecipientInfos, whole elements */
	struct ms_buf alg;	/* contentEncryptionAlgorithm, whole */
	struct ms_buf ct, mac;
	struct ms_buf attrs;	/* contents of authAttrs */
	bool no_content;
	bool extras;		/* originatorInfo, unauthenticated attributes */
};

static void
parts_clear(struct parts *p)
{
	ms_buf_clear(&p->ris);
	ms_buf_clear(&p->alg);
	ms_buf_clear(&p->ct);
	ms_buf_clear(&p->mac);
	ms_buf_clear(&p->attrs);
}

static void
set(struct ms_buf *b, const void *p, size_t n)
{
	struct ms_err err = MS_ERR_INIT;

	ms_buf_reset(b);
	ms_buf_add(b, p, n, &err);
}

static void
set_recipient(struct parts *p, X509 *cert, bool oaep, size_t keylen)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_span key = { cek, keylen };
	int version = 0;
	struct ms_der d;

	ms_buf_reset(&p->ris);
	ms_der_init(&d, &p->ris);
	if (ms_recipient_write(&d, cert, oaep, key, &version, &err) != 0 ||
	    ms_der_finish(&d, &err) != 0)
		printf("# recipient: %s\n", err.text);
}

/* The text under `c` with cek and iv, for one reader. */
static void
parts_init(struct parts *p, enum ms_cipher c, X509 *cert)
{
	const struct ms_cipher_info *ci = ms_cipher_info(c);
	struct ms_span none = { NULL, 0 };
	struct ms_err err = MS_ERR_INIT;
	unsigned char out[128], tag[16];
	EVP_CIPHER_CTX *x;
	struct ms_der d;
	int n, k;

	memset(p, 0, sizeof(*p));
	p->auth = ci->aead;
	ms_buf_init(&p->ris, MANY);
	ms_buf_init(&p->alg, MANY);
	ms_buf_init(&p->ct, MANY);
	ms_buf_init(&p->mac, MANY);
	ms_buf_init(&p->attrs, MANY);
	x = ms_cipher_start(ci, cek, iv, 1, none, &err);
	EVP_EncryptUpdate(x, out, &n, text.p, (int)text.n);
	EVP_EncryptFinal_ex(x, out + n, &k);
	set(&p->ct, out, (size_t)(n + k));
	if (ci->aead) {
		EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, 16, tag);
		set(&p->mac, tag, 16);
	}
	EVP_CIPHER_CTX_free(x);
	ms_der_init(&d, &p->alg);
	ms_cipher_write(&d, ci, iv);
	ms_der_finish(&d, &err);
	set_recipient(p, cert, false, ci->keylen);
}

static void
assemble(const struct parts *p, struct ms_buf *out)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_der d;

	ms_buf_reset(out);
	ms_der_init(&d, out);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, p->auth ? MS_OID_authEnvelopedData :
	    MS_OID_envelopedData);
	ms_der_begin(&d, MS_CTXC(0));
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, (uint64_t)p->version);
	if (p->extras)
		ms_der_prim(&d, MS_CTXC(0), "\xa0\x02\x30\x00", 4);
	ms_der_prim(&d, MS_SET, p->ris.p, p->ris.n);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, MS_OID_data);
	ms_der_raw(&d, p->alg.p, p->alg.n);
	if (!p->no_content)
		ms_der_prim(&d, MS_CTX(0), p->ct.p, p->ct.n);
	ms_der_end(&d);
	if (p->attrs.n > 0)
		ms_der_prim(&d, MS_CTXC(1), p->attrs.p, p->attrs.n);
	if (p->mac.n > 0)
		ms_der_prim(&d, MS_OCTETSTRING, p->mac.p, p->mac.n);
	if (p->extras)
		ms_der_prim(&d, p->auth ? MS_CTXC(2) : MS_CTXC(1),
		    "\x30\x06\x06\x02\x2a\x03\x31\x00", 8);
	ms_der_end(&d);
	ms_der_end(&d);
	ms_der_end(&d);
	if (ms_der_finish(&d, &err) != 0)
		printf("# assemble: %s\n", err.text);
}

static struct ms_buf msg = MS_BUF_INIT(MANY), plain = MS_BUF_INIT(MANY);

static int
open_parts(const struct parts *p, const struct ms_idents *ids,
    struct ms_err *err)
{
	assemble(p, &msg);
	return open_it(ms_buf_span(&msg), 50, ids, false, &plain, err);
}

static void
refused(const struct parts *p, struct reader *r, const char *words,
    const char *what)
{
	struct ms_idents ids = { &r->id, 1 };
	struct ms_err err = MS_ERR_INIT;

	fails(open_parts(p, &ids, &err), &err, MS_DATA, words, what);
}

static void
opens(const struct parts *p, struct reader *r, const char *what)
{
	struct ms_idents ids = { &r->id, 1 };
	struct ms_err err = MS_ERR_INIT;

	ok(open_parts(p, &ids, &err) == 0 &&
	    ms_span_eq(ms_buf_span(&plain), text), "%s", what);
	if (err.text[0] != '\0')
		printf("# %s\n", err.text);
}

/* Each octet of ciphertext and tag with each bit flipped is damage; elsewhere
 * a flip is an error or makes no difference. */
static void
test_flips(struct reader *r, enum ms_cipher c)
{
	struct ms_idents ids = { &r->id, 1 };
	struct ms_err err = MS_ERR_INIT;
	bool good = true, content = true, sound;
	struct parts p;
	size_t i, at;
	int bit, rc;

	parts_init(&p, c, r->cert);
	opens(&p, r, "the message opens as it was made");
	at = msg.n - p.ct.n - p.mac.n - (p.mac.n > 0 ? 2 : 0);
	for (i = 0; i < msg.n; i++)
		for (bit = 0; bit < 8; bit++) {
			/* The key alone costs; a bit an octet is enough. */
			if (i < at && bit != (int)(i & 7))
				continue;
			msg.p[i] ^= (unsigned char)(1 << bit);
			rc = open_it(ms_buf_span(&msg), 4096, &ids, false,
			    &plain, &err);
			/* CBC cannot tell; it only must not fall over. */
			sound = rc == 0 ? !p.auth ||
			    ms_span_eq(ms_buf_span(&plain), text) :
			    err.class == MS_DATA || err.class == MS_NO;
			good &= sound;
			if (i >= at && i != at + p.ct.n &&
			    i != at + p.ct.n + 1)
				content &= rc != 0 &&
				    ms_streq(err.text, DAMAGED);
			if (!sound)
				printf("# octet %zu bit %d: %s\n", i, bit,
				    err.text);
			ms_err_reset(&err);
			msg.p[i] ^= (unsigned char)(1 << bit);
		}
	ok(good, "%s: a flipped bit is refused, or nothing",
	    ms_cipher_name(c));
	if (p.auth)
		ok(content, "%s: a flipped bit in ciphertext or tag is "
		    "damage", ms_cipher_name(c));
	parts_clear(&p);
}

static void
test_cuts(struct reader *r, enum ms_cipher c, uint64_t size)
{
	static unsigned char big[70000];
	struct ms_span in = some_bytes(big, sizeof(big));
	X509 *const certs[] = { r->cert };
	struct ms_encrypt_conf conf = { c, certs, 1, false, size,
		MS_OID_data };
	struct ms_idents ids = { &r->id, 1 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_span cut;
	bool good = true;
	int i;

	ms_buf_reset(&msg);
	seal(&conf, in, 65536, &msg, &err);
	for (i = 0; i < 32; i++) {
		cut.p = msg.p;
		cut.n = i < 16 ? msg.n * (size_t)i / 16 :
		    msg.n - (size_t)(i - 15);
		good &= open_it(cut, 65536, &ids, false, &plain, &err) != 0 &&
		    err.class == MS_DATA &&
		    (strstr(err.text, "truncated") != NULL ||
		    strstr(err.text, "is missing") != NULL);
		if (err.class == MS_OK || !strstr(err.text, "truncated"))
			printf("# cut %d: %s\n", i, err.text);
		ms_err_reset(&err);
	}
	ok(good, "%s %s, truncated anywhere, is refused", ms_cipher_name(c),
	    size == UINT64_MAX ? "BER" : "DER");
	ms_buf_addc(&msg, 0, &err);
	fails(open_it(ms_buf_span(&msg), 65536, &ids, false, &plain, &err),
	    &err, MS_DATA, "trailing bytes", "a byte behind it is refused");
}

/* GCMParameters with any nonce and ICVlen (0: left out). */
static void
set_gcm(struct parts *p, size_t nonce, unsigned icv)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_der d;

	ms_buf_reset(&p->alg);
	ms_der_init(&d, &p->alg);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, MS_OID_aes256_gcm);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_prim(&d, MS_OCTETSTRING, iv, nonce);
	if (icv != 0)
		ms_der_uint(&d, icv);
	ms_der_end(&d);
	ms_der_end(&d);
	ms_der_finish(&d, &err);
}

static void
test_parameters(struct reader *r)
{
	static const unsigned macs[] = { 1, 4, 8, 12, 15, 17 };
	static const size_t nonces[] = { 0, 1, 8, 11, 13, 16 };
	struct parts p, cbc;
	char words[100];
	size_t i;

	parts_init(&p, MS_AES_256_GCM, r->cert);
	parts_init(&cbc, MS_AES_256_CBC, r->cert);
	for (i = 0; i < 6; i++) {
		snprintf(words, sizeof(words), "RFC 5084 section 3.2: a tag "
		    "of %u octets, wanted 16", macs[i]);
		set_gcm(&p, 12, macs[i]);
		refused(&p, r, words, "aes-ICVlen other than 16");
	}
	set_gcm(&p, 12, 0);
	refused(&p, r, "a tag of 12 octets, wanted 16", "aes-ICVlen left out");
	set_gcm(&p, 12, 16);
	for (i = 0; i < 6; i++) {
		snprintf(words, sizeof(words), "RFC 5084 section 3.2: a tag "
		    "of %u octets, wanted 16", macs[i]);
		p.mac.n = macs[i];
		refused(&p, r, words, "a tag cut short, or longer");
	}
	p.mac.n = 16;
	for (i = 0; i < 6; i++) {
		snprintf(words, sizeof(words), "RFC 5084 section 3.2: a nonce "
		    "of %zu octets, wanted 12", nonces[i]);
		set_gcm(&p, nonces[i], 16);
		refused(&p, r, words, "a nonce that is not 12 octets");
	}
	set_gcm(&p, 12, 16);
	opens(&p, r, "right parameters open");
	p.auth = false;
	p.mac.n = 0;
	refused(&p, r, "RFC 5083 section 1.1: EnvelopedData with aes-256-gcm "
	    "has no tag", "GCM in EnvelopedData");
	cbc.auth = true;
	set(&cbc.mac, iv, 16);
	refused(&cbc, r, "RFC 5083 section 2.1: AuthEnvelopedData with "
	    "aes-256-cbc, which does not authenticate",
	    "CBC in AuthEnvelopedData");
	parts_clear(&p);
	parts_clear(&cbc);
}

static void
test_structure(struct reader *r)
{
	struct parts p;

	parts_init(&p, MS_AES_256_GCM, r->cert);
	p.extras = true;
	opens(&p, r, "originatorInfo and unauthAttrs are passed over");
	p.extras = false;
	p.version = 1;
	refused(&p, r, "RFC 5083 section 2.1: version unknown",
	    "AuthEnvelopedData of another version");
	p.version = 0;
	p.no_content = true;
	refused(&p, r, "RFC 5652 section 6.1: encryptedContent is not in the "
	    "message", "no encryptedContent");
	p.no_content = false;
	p.mac.n = 0;
	refused(&p, r, "mac is missing", "no tag at all");
	p.mac.n = 16;
	set(&p.attrs, "\x30\x03\x06\x01\x2a", 5);
	refused(&p, r, "", "malformed authAttrs");
	p.attrs.n = 0;
	p.ris.p[0] = 0xa5;
	refused(&p, r, "RFC 5652 section 6.2: no RecipientInfo has the tag "
	    "0xa5", "an unknown kind of RecipientInfo");
	parts_clear(&p);
	parts_init(&p, MS_AES_256_CBC, r->cert);
	p.extras = true;
	p.version = 2;
	opens(&p, r, "originatorInfo and unprotectedAttrs are passed over");
	p.extras = false;
	p.version = 5;
	refused(&p, r, "RFC 5652 section 6.1: version unknown",
	    "EnvelopedData of another version");
	parts_clear(&p);
}

/* Everything behind the key has one text. */
static void
test_one_text(struct reader *rsa, struct reader *ec, struct reader *other)
{
	static const size_t lens[] = { 0, 16, 15, 33 };
	struct reader imposter = *other;
	struct parts p;
	size_t i;

	/* The certificate's name, another's key. */
	imposter.id.cert = rsa->cert;
	parts_init(&p, MS_AES_256_CBC, rsa->cert);
	opens(&p, rsa, "RSA v1.5 and CBC as they should be");
	refused(&p, &imposter, DAMAGED, "RSA v1.5 and the wrong key");
	p.ris.p[p.ris.n - 1] ^= 1;
	refused(&p, rsa, DAMAGED, "an RSA v1.5 block that is garbage");
	for (i = 0; i < 4; i++) {
		set_recipient(&p, rsa->cert, false, lens[i] ? lens[i] : 1);
		refused(&p, rsa, DAMAGED, "a content key of another length");
	}
	set_recipient(&p, rsa->cert, true, 32);
	opens(&p, rsa, "OAEP as it should be");
	refused(&p, &imposter, DAMAGED, "OAEP and the wrong key");
	p.ris.p[p.ris.n - 1] ^= 1;
	refused(&p, rsa, DAMAGED, "an OAEP block that is garbage");
	set_recipient(&p, rsa->cert, true, 16);
	refused(&p, rsa, DAMAGED, "OAEP with a key of another length");
	set_recipient(&p, rsa->cert, false, 32);
	p.ct.p[p.ct.n - 17] ^= 1;
	refused(&p, rsa, DAMAGED, "CBC with wrong padding");
	p.ct.n -= 1;
	refused(&p, rsa, DAMAGED, "CBC that is no whole block");
	p.ct.n = 0;
	refused(&p, rsa, DAMAGED, "CBC of nothing");
	parts_clear(&p);

	imposter = *other;
	imposter.id.cert = ec->cert;
	parts_init(&p, MS_AES_256_GCM, ec->cert);
	refused(&p, &imposter, DAMAGED, "KeyAgree and a key of another type");
	p.ris.p[p.ris.n - 1] ^= 1;
	refused(&p, ec, DAMAGED, "a wrapped key that is garbage");
	parts_clear(&p);
}

/* A KeyTransRecipientInfo for nobody, by a serial number. */
static void
stranger(struct ms_der *d, unsigned serial)
{
	static const unsigned char ek[256];

	ms_der_begin(d, MS_SEQUENCE);
	ms_der_uint(d, 0);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_end(d);
	ms_der_uint(d, serial);
	ms_der_end(d);
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, MS_OID_rsaEncryption);
	ms_der_null(d);
	ms_der_end(d);
	ms_der_prim(d, MS_OCTETSTRING, ek, sizeof(ek));
	ms_der_end(d);
}

static void
test_many(struct reader *r)
{
	struct ms_buf all = MS_BUF_INIT(MANY);
	struct ms_idents ids = { &r->id, 1 };
	struct ms_err err = MS_ERR_INIT;
	struct parts p;
	struct ms_der d;
	unsigned i;

	parts_init(&p, MS_AES_256_GCM, r->cert);
	ms_der_init(&d, &all);
	for (i = 0; i < 20000; i++)
		stranger(&d, i);
	ms_der_raw(&d, p.ris.p, p.ris.n);
	ms_der_finish(&d, &err);
	set(&p.ris, all.p, all.n);
	opens(&p, r, "the last of 20,001 recipients opens it");
	ms_buf_reset(&all);
	ms_der_init(&d, &all);
	for (i = 0; i <= MS_CMS_RECIPIENTS; i++) {
		ms_der_begin(&d, MS_CTXC(3));
		ms_der_end(&d);
	}
	ms_der_finish(&d, &err);
	set(&p.ris, all.p, all.n);
	refused(&p, r, "more than 100000 recipients", "too many recipients");
	ms_buf_reset(&p.ris);
	ms_der_init(&d, &p.ris);
	ms_der_prim(&d, MS_SEQUENCE, all.p, 70000);
	ms_der_finish(&d, &err);
	refused(&p, r, "RecipientInfo is longer than 65536 bytes",
	    "one of more than 64 KiB");
	set(&p.ris, "\xa3\x00", 2);
	fails(open_parts(&p, &ids, &err), &err, MS_NO, "no key here fits: 1 "
	    "recipient, 1 identity", "a password recipient is not ours");
	ms_buf_clear(&all);
	parts_clear(&p);
}

/* RecipientEncryptedKeys of cek for two readers, by RecipientKeyIdentifier. */
static void
write_reks(struct ms_der *d, struct reader *const *r, struct ms_key *key,
    const struct ms_kari *ka, unsigned strangers)
{
	struct ms_buf wrapped = MS_BUF_INIT(128);
	struct ms_span content_key = { cek, 32 };
	struct ms_err err = MS_ERR_INIT;
	unsigned char kek[32];
	size_t i;

	ms_der_begin(d, MS_SEQUENCE);
	while (strangers-- > 0) {
		ms_der_begin(d, MS_SEQUENCE);
		ms_der_begin(d, MS_CTXC(0));
		ms_der_prim(d, MS_OCTETSTRING, "twenty octets of one", 20);
		ms_der_end(d);
		ms_der_prim(d, MS_OCTETSTRING, cek, 40);
		ms_der_end(d);
	}
	for (i = 0; i < 2; i++) {
		struct ms_buf secret = MS_BUF_SECRET(128);
		struct ms_span ski = ms_cert_ski(r[i]->cert);

		ms_buf_reset(&wrapped);
		ms_key_derive(key, r[i]->pkey, &secret, &err);
		ms_kari_kek(ka, ms_buf_span(&secret), kek, &err);
		ms_wrap(kek, ka->keklen, content_key, &wrapped, &err);
		ms_der_begin(d, MS_SEQUENCE);
		ms_der_begin(d, MS_CTXC(0));
		ms_der_prim(d, MS_OCTETSTRING, ski.p, ski.n);
		ms_der_end(d);
		ms_der_prim(d, MS_OCTETSTRING, wrapped.p, wrapped.n);
		ms_der_end(d);
		ms_buf_clear(&secret);
	}
	ms_der_end(d);
	ms_buf_clear(&wrapped);
}

/* originator, with the curve among its parameters. */
static void
write_originator(struct ms_der *d, EVP_PKEY *eph)
{
	unsigned char *point = NULL;
	size_t n = EVP_PKEY_get1_encoded_public_key(eph, &point);

	ms_der_begin(d, MS_CTXC(0));
	ms_der_begin(d, MS_CTXC(1));
	ms_der_begin(d, MS_SEQUENCE);
	ms_der_oid(d, MS_OID_ecPublicKey);
	ms_der_oid(d, MS_OID_prime256v1);
	ms_der_end(d);
	ms_der_begin(d, MS_BITSTRING);
	ms_der_raw(d, "", 1);
	ms_der_raw(d, point, n);
	ms_der_end(d);
	ms_der_end(d);
	ms_der_end(d);
	OPENSSL_free(point);
}

/* One KeyAgreeRecipientInfo with ukm for two readers, any KDF and wrap. */
static void
shared_kari(struct parts *p, struct reader *const *r, enum ms_oid scheme,
    enum ms_oid wrap, unsigned strangers)
{
	struct ms_kari ka = { scheme, { NULL, 0 }, ms_wrap_keylen(wrap), true,
		{ (const unsigned char *)"salt", 4 } };
	struct ms_buf alg = MS_BUF_INIT(64);
	EVP_PKEY *eph = make_key("P-256");
	struct ms_err err = MS_ERR_INIT;
	struct ms_key *key = ms_key_soft(eph, &err);
	struct ms_der d;

	ms_der_init(&d, &alg);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, wrap);
	ms_der_end(&d);
	ms_der_finish(&d, &err);
	ka.wrap = ms_buf_span(&alg);
	ms_buf_reset(&p->ris);
	ms_der_init(&d, &p->ris);
	ms_der_begin(&d, MS_CTXC(1));
	ms_der_uint(&d, 3);
	write_originator(&d, eph);
	ms_der_begin(&d, MS_CTXC(1));
	ms_der_prim(&d, MS_OCTETSTRING, "salt", 4);
	ms_der_end(&d);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, scheme);
	ms_der_raw(&d, alg.p, alg.n);
	ms_der_end(&d);
	write_reks(&d, r, key, &ka, strangers);
	ms_der_end(&d);
	ms_der_finish(&d, &err);
	ms_key_free(key);
	ms_buf_clear(&alg);
}

static void
test_kari(struct reader *one, struct reader *two)
{
	static const enum ms_oid schemes[] = {
		MS_OID_dhSinglePass_stdDH_sha1kdf,
		MS_OID_dhSinglePass_stdDH_sha224kdf,
		MS_OID_dhSinglePass_stdDH_sha256kdf,
		MS_OID_dhSinglePass_stdDH_sha384kdf,
		MS_OID_dhSinglePass_stdDH_sha512kdf,
		MS_OID_dhSinglePass_stdDH_hkdf_sha256 };
	static const enum ms_oid wraps[] = { MS_OID_aes128_wrap,
		MS_OID_aes192_wrap, MS_OID_aes256_wrap };
	struct reader *const both[] = { one, two };
	struct parts p;
	size_t i;

	parts_init(&p, MS_AES_256_GCM, one->cert);
	for (i = 0; i < 6; i++) {
		shared_kari(&p, both, schemes[i], wraps[i % 3], 0);
		opens(&p, one, "the first of two in one KeyAgree, with ukm");
		opens(&p, two, "and the second");
	}
	shared_kari(&p, both, schemes[2], wraps[2], 20000);
	opens(&p, one, "one of 20,002 in one KeyAgree");
	shared_kari(&p, both, schemes[2], wraps[2], MS_CMS_RECIPIENTS);
	refused(&p, one, "more than 100000 recipients",
	    "too many in one KeyAgree");
	shared_kari(&p, both, schemes[2], MS_OID_des_ede3_cbc, 0);
	refused(&p, one, "RFC 5753 section 7.1.5: key wrap 1.2.840.113549.3.7 "
	    "is not one we read", "a key wrap outside the list");
	shared_kari(&p, both, MS_OID_rsaEncryption, wraps[2], 0);
	refused(&p, one, "RFC 5753 section 7.1.4: key agreement "
	    "1.2.840.113549.1.1.1 is not one we read", "no key agreement");
	parts_clear(&p);
}

/* Several of ours: the one that opens is found, and RSA v1.5 never decides
 * by failing. */
static void
test_in_turn(struct reader *rsa, struct reader *ec)
{
	struct ms_ident v[2] = { rsa->id, ec->id };
	struct ms_idents ids = { v, 2 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_buf good = MS_BUF_INIT(MANY);
	struct parts p;

	parts_init(&p, MS_AES_256_CBC, ec->cert);
	set(&good, p.ris.p, p.ris.n);
	set_recipient(&p, rsa->cert, false, 32);
	p.ris.p[p.ris.n - 1] ^= 1;
	ms_buf_add(&p.ris, good.p, good.n, &err);
	ok(open_parts(&p, &ids, &err) == 0 &&
	    ms_span_eq(ms_buf_span(&plain), text),
	    "KeyAgree opens beside an RSA block that is garbage");
	/* Garbage first, the right one behind: the right one must not be
	 * reached, or its success would tell that the first did not decrypt. */
	set_recipient(&p, rsa->cert, false, 32);
	set(&good, p.ris.p, p.ris.n);
	p.ris.p[p.ris.n - 1] ^= 1;
	ms_buf_add(&p.ris, good.p, good.n, &err);
	fails(open_parts(&p, &ids, &err), &err, MS_DATA, DAMAGED,
	    "a second RSA block does not help the first out");
	ms_buf_clear(&good);
	parts_clear(&p);
}

/* The issuer's name in other string types is the same name. */
static void
test_issuer_types(struct reader *r)
{
	static const unsigned char utf8[] = { 0x0c, 6 }, t61[] = { 0x14, 6 };
	struct parts p;
	size_t i, n = 0;

	parts_init(&p, MS_AES_256_GCM, r->cert);
	for (i = 0; i + 8 < p.ris.n; i++)
		if (memcmp(p.ris.p + i, utf8, 2) == 0 &&
		    memcmp(p.ris.p + i + 2, "Reader", 6) == 0) {
			memcpy(p.ris.p + i, t61, 2);
			p.ris.p[i] = MS_PRINTABLE;
			n++;
		}
	ok(n == 1, "the issuer's name stands in the RecipientInfo");
	opens(&p, r, "an issuer written as PrintableString is found");
	parts_clear(&p);
}

/* authAttrs on data, and cut out between the readings. */
static void
test_attrs_gone(struct reader *r)
{
	/* SET of one Attribute { 1.2.3, SET { NULL } } */
	static const unsigned char aad[] = { 0x31, 0x0a, 0x30, 0x08, 0x06,
		0x02, 0x2a, 0x03, 0x31, 0x02, 0x05, 0x00 };
	struct ms_span with = { aad, sizeof(aad) };
	struct ms_idents ids = { &r->id, 1 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_env_memo memo;
	unsigned char out[64], tag[16];
	EVP_CIPHER_CTX *x;
	struct parts p;
	int n;

	parts_init(&p, MS_AES_256_GCM, r->cert);
	x = ms_cipher_start(ms_cipher_info(MS_AES_256_GCM), cek, iv, 1, with,
	    &err);
	EVP_EncryptUpdate(x, out, &n, text.p, (int)text.n);
	EVP_EncryptFinal_ex(x, out, &n);
	EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, 16, tag);
	EVP_CIPHER_CTX_free(x);
	set(&p.mac, tag, 16);
	set(&p.attrs, aad + 2, sizeof(aad) - 2);
	opens(&p, r, "authAttrs without content-type on data");
	ms_env_memo_init(&memo);
	reading(ms_buf_span(&msg), 50, &ids, false, &memo, &plain, &err);
	ms_err_reset(&err);
	p.attrs.n = 0;
	assemble(&p, &msg);
	fails(reading(ms_buf_span(&msg), 50, &ids, false, &memo, &plain, &err),
	    &err, MS_DATA, DAMAGED, "authAttrs gone at the second reading");
	ms_env_memo_clear(&memo);
	parts_clear(&p);
}

static void
test_label(struct reader *r)
{
	/* RSAES-OAEP-params with pSource "x"; and with MD5. */
	static const unsigned char label[] = { 0x30, 0x10, 0xa2, 0x0e, 0x30,
		0x0c, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
		0x01, 0x09, 0x04 };
	static const unsigned char md5[] = { 0x30, 0x0e, 0xa0, 0x0c, 0x30,
		0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02,
		0x05 };
	struct ms_err err = MS_ERR_INIT;
	struct parts p;
	struct ms_der d;
	int i;

	parts_init(&p, MS_AES_256_GCM, r->cert);
	for (i = 0; i < 2; i++) {
		struct ms_buf ias = MS_BUF_INIT(MANY);

		ms_cert_ias(r->cert, &ias, &err);
		ms_buf_reset(&p.ris);
		ms_der_init(&d, &p.ris);
		ms_der_begin(&d, MS_SEQUENCE);
		ms_der_uint(&d, 0);
		ms_der_raw(&d, ias.p, ias.n);
		ms_der_begin(&d, MS_SEQUENCE);
		ms_der_oid(&d, MS_OID_rsaesOaep);
		if (i == 0) {
			unsigned char b[sizeof(label) + 2];

			memcpy(b, label, sizeof(label));
			b[1] = 0x12, b[3] = 0x10, b[5] = 0x0e;
			b[sizeof(label)] = 1;
			b[sizeof(label) + 1] = 'x';
			ms_der_raw(&d, b, sizeof(b));
		} else {
			ms_der_raw(&d, md5, sizeof(md5));
		}
		ms_der_end(&d);
		ms_der_prim(&d, MS_OCTETSTRING, cek, sizeof(cek));
		ms_der_end(&d);
		ms_der_finish(&d, &err);
		refused(&p, r, i == 0 ? "RFC 4055 section 4.1: a label" :
		    "RFC 4055 section 4.1: the hash 1.2.840.113549.2.5 is not "
		    "one we read", i == 0 ? "OAEP with a label" :
		    "OAEP with MD5");
		ms_buf_clear(&ias);
	}
	parts_clear(&p);
}

int
main(void)
{
	struct reader rsa, rsa2, ec, ec2;

	setvbuf(stdout, NULL, _IOLBF, 0);
	reader_init(&rsa, "RSA2048", "Reader", 1);
	reader_init(&rsa2, "RSA2048", "Reader", 2);
	reader_init(&ec, "P-256", "Reader", 3);
	reader_init(&ec2, "P-256", "Reader", 4);
	test_flips(&ec, MS_AES_256_GCM);
	test_flips(&rsa, MS_AES_128_GCM);
	test_flips(&ec, MS_CHACHA20_POLY1305);
	test_flips(&ec, MS_AES_256_CBC);
	test_cuts(&ec, MS_AES_256_GCM, UINT64_MAX);
	test_cuts(&ec, MS_AES_256_GCM, 70000);
	test_cuts(&ec, MS_AES_256_CBC, UINT64_MAX);
	test_cuts(&ec, MS_AES_256_CBC, 70000);
	test_parameters(&ec);
	test_structure(&ec);
	test_one_text(&rsa, &ec, &rsa2);
	test_many(&ec);
	test_kari(&ec, &ec2);
	test_in_turn(&rsa, &ec);
	test_issuer_types(&ec);
	test_attrs_gone(&ec);
	test_label(&rsa);
	reader_clear(&rsa);
	reader_clear(&rsa2);
	reader_clear(&ec);
	reader_clear(&ec2);
	ms_buf_clear(&msg);
	ms_buf_clear(&plain);
	return tap_done();
}
