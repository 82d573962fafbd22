/* SPDX-License-Identifier: Apache-2.0 */
/* Enveloped CMS: round trips, OpenSSL as the other side, RFC 9216. */
#include <openssl/pem.h>

#include "cms-help.h"

static unsigned char bytes[300000];
static const enum ms_cipher ciphers[] = { MS_AES_256_GCM, MS_AES_192_GCM,
	MS_AES_128_GCM, MS_AES_256_CBC, MS_AES_192_CBC, MS_AES_128_CBC,
	MS_CHACHA20_POLY1305 };
#define NCIPHERS (sizeof(ciphers) / sizeof(ciphers[0]))

static struct ms_encrypt_conf
conf_for(enum ms_cipher c, X509 *const *certs, size_t n, uint64_t size)
{
	struct ms_encrypt_conf conf = { 0 };

	conf.cipher = c;
	conf.certs = certs;
	conf.ncerts = n;
	conf.size = size;
	conf.content_type = MS_OID_data;
	return conf;
}

/* Whether `in` of this size goes out and comes back. */
static bool
round_trip(const struct ms_encrypt_conf *conf, const struct ms_idents *ids,
    size_t n, size_t wstep, size_t rstep)
{
	struct ms_buf sealed = MS_BUF_INIT(MANY), plain = MS_BUF_INIT(MANY);
	struct ms_err err = MS_ERR_INIT;
	struct ms_span in = { bytes, n };
	bool good;

	good = seal(conf, in, wstep, &sealed, &err) == 0 &&
	    open_it(ms_buf_span(&sealed), rstep, ids, false, &plain,
	    &err) == 0 && ms_span_eq(ms_buf_span(&plain), in);
	if (!good)
		printf("# %s, %zu bytes by %zu and %zu: %s\n",
		    ms_cipher_name(conf->cipher), n, wstep, rstep, err.text);
	ms_buf_clear(&sealed);
	ms_buf_clear(&plain);
	return good;
}

static void
test_ciphers(struct reader *r)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 31, 32, 33, 65519,
		65520, 65535, 65536, 65537, 131072, 300000 };
	static const size_t steps[] = { 7, 65536, 100000 };
	struct ms_idents ids = { &r->id, 1 };
	size_t c, i, k;

	for (c = 0; c < NCIPHERS; c++) {
		bool der = true, ber = true;

		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct ms_encrypt_conf conf = conf_for(ciphers[c],
			    &r->cert, 1, sizes[i]);

			k = i % 3;
			der &= round_trip(&conf, &ids, sizes[i], steps[k],
			    steps[(k + 1) % 3]);
			der &= round_trip(&conf, &ids, sizes[i], 65536,
			    sizes[i] < 100 ? 1 : 4099);
			conf.size = UINT64_MAX;
			ber &= round_trip(&conf, &ids, sizes[i], steps[k],
			    steps[(k + 2) % 3]);
			ber &= round_trip(&conf, &ids, sizes[i], 65536,
			    sizes[i] < 100 ? 1 : 4099);
		}
		ok(der, "%s: every size goes and comes back, size known",
		    ms_cipher_name(ciphers[c]));
		ok(ber, "%s: and when it is not known",
		    ms_cipher_name(ciphers[c]));
		ok(ms_cipher_find(ms_cipher_name(ciphers[c])) == ciphers[c] &&
		    ms_cipher_is_aead(ciphers[c]) ==
		    (strstr(ms_cipher_name(ciphers[c]), "cbc") == NULL),
		    "%s is known by its name", ms_cipher_name(ciphers[c]));
	}
	is_int(ms_cipher_find("rot13"), MS_CIPHER_AUTO,
	    "an unknown name is no cipher");
}

/* What we make, read by OpenSSL. */
static bool
openssl_opens(const struct ms_buf *sealed, struct reader *r,
    struct ms_span want)
{
	const unsigned char *p = sealed->p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)sealed->n);
	BIO *out = BIO_new(BIO_s_mem());
	bool good = false;
	char *mem;
	long n;

	if (cms != NULL && p == sealed->p + sealed->n &&
	    CMS_decrypt(cms, r->pkey, r->cert, NULL, out, 0) == 1) {
		n = BIO_get_mem_data(out, &mem);
		good = (size_t)n == want.n && memcmp(mem, want.p, want.n) == 0;
	}
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	return good;
}

static void
test_to_openssl(struct reader *r, const char *name, bool oaep)
{
	static const enum ms_cipher two[] = { MS_AES_256_GCM, MS_AES_128_CBC };
	struct ms_err err = MS_ERR_INIT;
	struct ms_span in = { bytes, 70000 };
	size_t i, k;

	for (i = 0; i < 2; i++)
		for (k = 0; k < 2; k++) {
			struct ms_buf sealed = MS_BUF_INIT(MANY);
			struct ms_encrypt_conf conf = conf_for(two[i],
			    &r->cert, 1, k == 0 ? in.n : UINT64_MAX);

			conf.oaep = oaep;
			ok(seal(&conf, in, 65536, &sealed, &err) == 0 &&
			    openssl_opens(&sealed, r, in),
			    "OpenSSL opens our %s for %s%s (%s)",
			    ms_cipher_name(two[i]), name, oaep ? " by OAEP" :
			    "", k == 0 ? "DER" : "BER");
			ms_buf_clear(&sealed);
		}
}

/* How OpenSSL is to make it. */
struct make {
	const EVP_CIPHER *cipher;
	unsigned flags;
	const EVP_MD *oaep;	/* RSA with OAEP */
	const EVP_MD *kdf;	/* EC: else SHA-1 */
};

static int
openssl_makes(struct reader **r, size_t n, const struct make *m,
    struct ms_span in, struct ms_buf *out)
{
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, m->cipher,
	    CMS_BINARY | CMS_PARTIAL | m->flags);
	BIO *from = BIO_new_mem_buf(in.p, (int)in.n);
	BIO *to = BIO_new(BIO_s_mem());
	struct ms_err err = MS_ERR_INIT;
	int rc = -1;
	char *mem;
	size_t i;
	long len;

	for (i = 0; i < n; i++) {
		CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms,
		    r[i]->cert, CMS_KEY_PARAM | m->flags);
		EVP_PKEY_CTX *c = CMS_RecipientInfo_get0_pkey_ctx(ri);

		if (m->oaep != NULL && EVP_PKEY_is_a(r[i]->pkey, "RSA")) {
			EVP_PKEY_CTX_set_rsa_padding(c,
			    RSA_PKCS1_OAEP_PADDING);
			EVP_PKEY_CTX_set_rsa_oaep_md(c, m->oaep);
			EVP_PKEY_CTX_set_rsa_mgf1_md(c, m->oaep);
		}
		if (m->kdf != NULL && EVP_PKEY_is_a(r[i]->pkey, "EC"))
			EVP_PKEY_CTX_set_ecdh_kdf_md(c, m->kdf);
	}
	if (m->flags & CMS_STREAM)
		rc = i2d_CMS_bio_stream(to, cms, from,
		    (int)m->flags | CMS_BINARY) == 1 ? 0 : -1;
	else if (CMS_final(cms, from, NULL, CMS_BINARY) == 1)
		rc = i2d_CMS_bio(to, cms) == 1 ? 0 : -1;
	len = BIO_get_mem_data(to, &mem);
	if (rc == 0)
		rc = ms_buf_add(out, mem, (size_t)len, &err);
	BIO_free(from);
	BIO_free(to);
	CMS_ContentInfo_free(cms);
	return rc;
}

static void
from_openssl(struct reader *r, const struct make *m, const char *what)
{
	struct ms_buf sealed = MS_BUF_INIT(MANY), plain = MS_BUF_INIT(MANY);
	struct ms_idents ids = { &r->id, 1 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_span in = { bytes, 70000 };

	ok(openssl_makes(&r, 1, m, in, &sealed) == 0 &&
	    open_it(ms_buf_span(&sealed), 5000, &ids, false, &plain,
	    &err) == 0 && ms_span_eq(ms_buf_span(&plain), in),
	    "we open OpenSSL's %s", what);
	if (err.text[0] != '\0')
		printf("# %s\n", err.text);
	ms_buf_clear(&sealed);
	ms_buf_clear(&plain);
}

static void
test_from_openssl(struct reader *rsa, struct reader *ec, struct reader *p384)
{
	struct make m = { EVP_aes_128_cbc(), 0, NULL, NULL };

	from_openssl(rsa, &m, "RSA v1.5, AES-128-CBC");
	m.flags = CMS_STREAM;
	from_openssl(rsa, &m, "RSA v1.5, AES-128-CBC in pieces");
	m.flags = CMS_USE_KEYID;
	from_openssl(rsa, &m, "RSA v1.5 by subjectKeyIdentifier");
	from_openssl(ec, &m, "KeyAgree by RecipientKeyIdentifier, SHA-1 KDF");
	m.flags = 0;
	m.cipher = EVP_aes_256_gcm();
	m.oaep = EVP_sha256();
	from_openssl(rsa, &m, "OAEP SHA-256, AES-256-GCM");
	m.flags = CMS_STREAM;
	m.oaep = EVP_sha1();
	from_openssl(rsa, &m, "OAEP SHA-1, AES-256-GCM in pieces");
	m.oaep = EVP_sha512();
	from_openssl(rsa, &m, "OAEP SHA-512");
	from_openssl(ec, &m, "P-256, SHA-1 KDF");
	m.kdf = EVP_sha384();
	from_openssl(p384, &m, "P-384, SHA-384 KDF");
	m.kdf = EVP_sha512();
	m.cipher = EVP_aes_192_cbc();
	from_openssl(p384, &m, "P-384, SHA-512 KDF, AES-192-CBC");
	m.kdf = EVP_sha224();
	from_openssl(p384, &m, "P-384, SHA-224 KDF");
}

/* 3DES opens only when asked for. */
static void
test_legacy(struct reader *r)
{
	struct ms_buf sealed = MS_BUF_INIT(MANY), plain = MS_BUF_INIT(MANY);
	struct make m = { EVP_des_ede3_cbc(), 0, NULL, NULL };
	struct ms_idents ids = { &r->id, 1 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_span in = { bytes, 12345 };
	X509 *const certs[] = { r->cert };
	struct ms_encrypt_conf conf = conf_for(MS_DES_EDE3_CBC, certs, 1, 1);

	openssl_makes(&r, 1, &m, in, &sealed);
	fails(open_it(ms_buf_span(&sealed), 99999, &ids, false, &plain, &err),
	    &err, MS_DATA, "RFC 8551 section 2.7: the cipher des-ede3-cbc is "
	    "too old", "3DES is refused");
	ok(open_it(ms_buf_span(&sealed), 77, &ids, true, &plain, &err) == 0 &&
	    ms_span_eq(ms_buf_span(&plain), in),
	    "3DES opens when it is allowed");
	ms_buf_reset(&sealed);
	fails(seal(&conf, in, 1, &sealed, &err), &err, MS_USAGE,
	    "des-ede3-cbc is not a cipher to encrypt with",
	    "and nothing is made with it");
	m.cipher = EVP_camellia_128_cbc();
	openssl_makes(&r, 1, &m, in, &sealed);
	fails(open_it(ms_buf_span(&sealed), 99999, &ids, true, &plain, &err),
	    &err, MS_DATA, "the content cipher 1.2.392.200011.61.1.1.1.2 is "
	    "not one we read", "a cipher outside the list is refused");
	ms_buf_clear(&sealed);
	ms_buf_clear(&plain);
}

/* Several recipients; each opens it, and the memo tells who did. */
static void
test_several(struct reader *r, size_t n)
{
	struct ms_buf sealed = MS_BUF_INIT(MANY), plain = MS_BUF_INIT(MANY);
	struct ms_err err = MS_ERR_INIT;
	struct ms_span in = { bytes, 1000 };
	struct ms_ident two[2];
	X509 *certs[16];
	struct ms_encrypt_conf conf = conf_for(MS_AES_256_GCM, certs, n - 1,
	    in.n);
	struct ms_idents ids = { two, 2 };
	struct ms_env_memo memo;
	size_t i;

	for (i = 0; i < n; i++)
		certs[i] = r[i].cert;
	seal(&conf, in, 1000, &sealed, &err);
	two[0] = r[n - 1].id;		/* not among the recipients */
	for (i = 0; i < n - 1; i++) {
		two[1] = r[i].id;
		ms_env_memo_init(&memo);
		ok(reading(ms_buf_span(&sealed), 900, &ids, false, &memo,
		    &plain, &err) == 0 && memo.ident == 1 && memo.have_key &&
		    ms_span_eq(ms_buf_span(&plain), in),
		    "recipient %zu of several opens it", i + 1);
		ok(reading(ms_buf_span(&sealed), 900, &ids, false, &memo,
		    &plain, &err) == 0 && ms_span_eq(ms_buf_span(&plain), in),
		    "and again with what was learnt");
		ms_env_memo_clear(&memo);
	}
	ids.n = 1;
	fails(open_it(ms_buf_span(&sealed), 900, &ids, false, &plain, &err),
	    &err, MS_NO, "no key here fits: 6 recipients, 1 identity",
	    "a stranger does not open it");
	ms_buf_clear(&sealed);
	ms_buf_clear(&plain);
}

/* authAttrs: written for another type than data, found behind the content. */
static void
test_attrs(struct reader *r)
{
	struct ms_buf sealed = MS_BUF_INIT(MANY), plain = MS_BUF_INIT(MANY);
	struct ms_idents ids = { &r->id, 1 };
	struct ms_err err = MS_ERR_INIT;
	struct ms_span in = { bytes, 100000 };
	struct ms_encrypt_conf conf = conf_for(MS_AES_256_GCM, &r->cert, 1,
	    in.n);
	struct ms_env_memo memo;
	struct ms_env *e = NULL;
	struct ms_src *src;

	conf.content_type = MS_OID_signedData;
	seal(&conf, in, 4096, &sealed, &err);
	ms_env_memo_init(&memo);
	fails(reading(ms_buf_span(&sealed), 65536, &ids, false, &memo, &plain,
	    &err), &err, MS_DATA, "RFC 5083 section 2.2: authAttrs stand "
	    "behind the content", "authAttrs need a second reading");
	ok(memo.have_aad, "which is told");
	ok(reading(ms_buf_span(&sealed), 65536, &ids, false, &memo, &plain,
	    &err) == 0 && ms_span_eq(ms_buf_span(&plain), in),
	    "the second reading opens it");
	memo.aad.p[memo.aad.n - 1] ^= 1;
	fails(reading(ms_buf_span(&sealed), 65536, &ids, false, &memo, &plain,
	    &err), &err, MS_DATA, DAMAGED, "other authAttrs do not");
	ms_env_memo_clear(&memo);
	ms_buf_reset(&sealed);
	conf.size = UINT64_MAX;
	seal(&conf, in, 4096, &sealed, &err);
	ok(open_it(ms_buf_span(&sealed), 500, &ids, false, &plain, &err) == 0,
	    "authAttrs in indefinite form");
	ms_env_memo_init(&memo);
	src = ms_src_mem(sealed.p, sealed.n, &err);
	ok(ms_env_begin(src, &ids, false, &memo, &e, &err) == 0 &&
	    ms_env_is_auth(e) && ms_env_cipher(e) == MS_AES_256_GCM &&
	    ms_env_content_type(e) == MS_OID_signedData,
	    "cipher and type of the content are told");
	ms_env_free(e);
	ms_src_free(src);
	ms_env_memo_clear(&memo);
	ms_buf_clear(&sealed);
	ms_buf_clear(&plain);
}

/* The octets that version numbers are made of: RFC 5652 section 6.1. */
static void
test_version(struct reader *rsa, struct reader *ec)
{
	X509 *both[2] = { rsa->cert, ec->cert };
	struct ms_encrypt_conf conf = conf_for(MS_AES_128_CBC, both, 1, 4);
	struct ms_buf sealed = MS_BUF_INIT(MANY);
	struct ms_err err = MS_ERR_INIT;
	struct ms_span in = { bytes, 4 }, s, v;
	uint64_t version;
	int i;

	for (i = 0; i < 2; i++) {
		ms_buf_reset(&sealed);
		conf.ncerts = (size_t)i + 1;
		seal(&conf, in, 4, &sealed, &err);
		s = ms_buf_span(&sealed);
		version = 99;
		if (ms_der_want(&s, MS_SEQUENCE, &v, "ci", &err) == 0 &&
		    ms_der_done(&s, "ci", &err) == 0 &&
		    ms_der_want_oid(&v, &s, "type", &err) == 0 &&
		    ms_der_want(&v, MS_CTXC(0), &s, "content", &err) == 0 &&
		    ms_der_want(&s, MS_SEQUENCE, &v, "env", &err) == 0)
			ms_der_want_uint(&v, &version, "version", &err);
		is_int((long long)version, i == 0 ? 0 : 2,
		    i == 0 ? "version 0 for KeyTrans alone" :
		    "version 2 with KeyAgree");
	}
	ms_buf_clear(&sealed);
}

static void
test_refusals(struct reader *r)
{
	struct ms_buf sealed = MS_BUF_INIT(MANY);
	struct ms_err err = MS_ERR_INIT;
	struct ms_span in = { bytes, 100 };
	struct ms_encrypt_conf conf = conf_for(MS_AES_256_GCM, &r->cert, 1,
	    99);
	struct reader bad;

	fails(seal(&conf, in, 100, &sealed, &err), &err, MS_DATA,
	    "more content than the 99 bytes announced", "too much content");
	conf.size = 101;
	fails(seal(&conf, in, 100, &sealed, &err), &err, MS_DATA,
	    "less content (100 bytes) than the 101", "too little content");
	conf.size = MS_GCM_MAX + 1;
	fails(seal(&conf, in, 100, &sealed, &err), &err, MS_DATA,
	    "more content than aes-256-gcm can take", "beyond GCM's limit");
	conf.cipher = MS_CIPHER_AUTO;
	fails(seal(&conf, in, 100, &sealed, &err), &err, MS_USAGE,
	    "auto is not a cipher", "the caller chooses the cipher");
	conf = conf_for(MS_AES_256_GCM, &r->cert, 0, 100);
	fails(seal(&conf, in, 100, &sealed, &err), &err, MS_USAGE,
	    "no recipient", "somebody must read it");
	reader_init(&bad, "RSA1024", "Short", 9);
	conf.certs = &bad.cert;
	conf.ncerts = 1;
	fails(seal(&conf, in, 100, &sealed, &err), &err, MS_USAGE,
	    "certificate of 'CN=Short': RFC 8551 section 4.4: its RSA key has "
	    "less than 2048 bits", "short RSA keys are refused");
	reader_clear(&bad);
	reader_init(&bad, "ED25519", "Signer", 9);
	fails(seal(&conf, in, 100, &sealed, &err), &err, MS_USAGE,
	    "its type of key cannot encrypt", "Ed25519 does not encrypt");
	reader_clear(&bad);
	reader_init(&bad, "secp256k1", "Coin", 9);
	fails(seal(&conf, in, 100, &sealed, &err), &err, MS_USAGE,
	    "its curve is none that", "a curve outside the list is refused");
	reader_clear(&bad);
	ms_buf_clear(&sealed);
}

/* ---- RFC 9216 and the objects made with its keys ---- */

static const char *dir;

static bool
slurp(const char *name, struct ms_buf *b)
{
	struct ms_err err = MS_ERR_INIT;
	char path[512], buf[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		ms_buf_add(b, buf, n, &err);
	fclose(f);
	return true;
}

static bool
load(struct reader *r, const char *cert, const char *key)
{
	struct ms_buf c = MS_BUF_INIT(MANY), k = MS_BUF_INIT(MANY);
	struct ms_err err = MS_ERR_INIT;
	BIO *b;

	memset(r, 0, sizeof(*r));
	if (slurp(cert, &c) && slurp(key, &k)) {
		b = BIO_new_mem_buf(c.p, (int)c.n);
		r->cert = PEM_read_bio_X509(b, NULL, NULL, NULL);
		BIO_free(b);
		b = BIO_new_mem_buf(k.p, (int)k.n);
		r->pkey = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
		BIO_free(b);
	}
	ms_buf_clear(&c);
	ms_buf_clear(&k);
	if (r->cert == NULL || r->pkey == NULL)
		return false;
	EVP_PKEY_up_ref(r->pkey);
	r->id.cert = r->cert;
	r->id.key = ms_key_soft(r->pkey, &err);
	return r->id.key != NULL;
}

static void
vector(struct reader *r, const char *file, const char *who)
{
	struct ms_buf sealed = MS_BUF_INIT(MANY), plain = MS_BUF_INIT(MANY);
	struct ms_idents ids = { &r->id, 1 };
	struct ms_err err = MS_ERR_INIT;

	ok(slurp(file, &sealed) && open_it(ms_buf_span(&sealed), 100, &ids,
	    false, &plain, &err) == 0 &&
	    ms_span_is(ms_buf_span(&plain), "This is some sample content."),
	    "%s opens for %s", file, who);
	if (err.text[0] != '\0')
		printf("# %s\n", err.text);
	else if (!ms_span_is(ms_buf_span(&plain),
	    "This is some sample content."))
		printf("# '%.*s'\n", (int)plain.n, (const char *)plain.p);
	ms_buf_clear(&sealed);
	ms_buf_clear(&plain);
}

static void
test_vectors(void)
{
	struct ms_buf sealed = MS_BUF_INIT(MANY), plain = MS_BUF_INIT(MANY);
	const char *base = getenv("VECTORS");
	struct ms_err err = MS_ERR_INIT;
	struct reader bob = { 0 }, dana = { 0 };
	struct ms_idents ids = { &bob.id, 1 };
	char path[400];

	snprintf(path, sizeof(path), "%s/rfc9216",
	    base != NULL ? base : "../shared/vectors");
	dir = path;
	if (!load(&bob, "lamps-bob.encrypt.crt", "lamps-bob.decrypt.p8.pem") ||
	    !load(&dana, "lamps-dana.encrypt.crt",
	    "lamps-dana.decrypt.p8.pem")) {
		printf("ok %d # skip no vectors in %s\n", ++tap_n, path);
	} else {
		vector(&bob, "encryptedForBobRSAOaep.p7m", "Bob");
		vector(&bob, "encryptedForBobAndDana.p7m", "Bob");
		vector(&dana, "encryptedForBobAndDana.p7m", "Dana");
		vector(&bob, "authEnvelopedForBobChaCha20Poly1305.p7m", "Bob");
		vector(&dana, "authEnvelopedForDanaX25519HKDF.p7m", "Dana");
		slurp("encryptedKekri.p7m", &sealed);
		fails(open_it(ms_buf_span(&sealed), 100, &ids, false, &plain,
		    &err), &err, MS_NO, "no key here fits: 1 recipient",
		    "a KEKRecipientInfo is nobody's here");
	}
	reader_clear(&bob);
	reader_clear(&dana);
	ms_buf_clear(&sealed);
	ms_buf_clear(&plain);
}

int
main(void)
{
	static const char *const types[] = { "RSA2048", "P-256", "P-384",
		"P-521", "brainpoolP256r1", "X25519", "P-256" };
	struct reader r[7];
	struct ms_idents ids = { NULL, 1 };
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	some_bytes(bytes, sizeof(bytes));
	for (i = 0; i < 7; i++)
		reader_init(&r[i], types[i], "Reader", (long)i + 1);
	test_ciphers(&r[1]);
	for (i = 0; i < 6; i++) {
		struct ms_encrypt_conf conf = conf_for(MS_AES_256_GCM,
		    &r[i].cert, 1, 5000);

		ids.v = &r[i].id;
		ok(round_trip(&conf, &ids, 5000, 5000, 5000),
		    "%s: goes and comes back", types[i]);
		if (i < 5)
			test_to_openssl(&r[i], types[i], false);
	}
	test_to_openssl(&r[0], "RSA", true);
	test_from_openssl(&r[0], &r[1], &r[2]);
	test_legacy(&r[0]);
	test_several(r, 7);
	test_attrs(&r[1]);
	test_version(&r[0], &r[1]);
	test_refusals(&r[0]);
	test_vectors();
	for (i = 0; i < 7; i++)
		reader_clear(&r[i]);
	return tap_done();
}
