/* SPDX-License-Identifier: Apache-2.0 */
/* Files as others write them: every form is read, asks at most once, and says
 * what is wrong with it. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "pki.h"

static struct made root, ana, bob;
static int asked;

static int
pass_fn(void *arg, const char *what, const char *who, struct ms_buf *pass,
    struct ms_err *e)
{
	asked++;
	return ms_buf_adds(pass, arg, e);
}

/* Parse; the number of certificates * 100 + lists * 10 + keys, or -1. */
static int
parse(const struct ms_buf *file, const char *pass)
{
	struct ms_bag b;
	int n = -1;

	ms_bag_init(&b);
	asked = 0;
	if (ms_bag_parse(&b, ms_buf_span(file), "file", pass ? pass_fn : NULL,
	    (void *)(uintptr_t)pass, &err) == 0)
		n = (b.certs ? sk_X509_num(b.certs) * 100 : 0) +
		    (b.crls ? sk_X509_CRL_num(b.crls) * 10 : 0) +
		    (int)b.nkeys;
	ms_bag_clear(&b);
	return n;
}

static void
reads(const struct ms_buf *file, const char *pass, int want, int asks,
    const char *what)
{
	int got = parse(file, pass);

	if (!ok(got == want && asked == asks && !ERR_peek_error(), "%s", what))
		printf("# got %d, asked %d, %s\n", got, asked, err.text);
	ms_err_reset(&err);
}

static void
take(struct ms_buf *to, unsigned char *der, int n)
{
	ms_buf_reset(to);
	if (n > 0)
		ms_buf_add(to, der, (size_t)n, &err);
	OPENSSL_free(der);
}

/* ---- PKCS#12 ---- */

static void
p12(struct ms_buf *to, const char *pass, int nid_key, int nid_cert, int rounds,
    int mac_rounds, OSSL_LIB_CTX *ctx)
{
	STACK_OF(X509) *ca = sk_X509_new_null();
	unsigned char *der = NULL;
	PKCS12 *p;
	int n;

	sk_X509_push(ca, root.id.cert);
	p = PKCS12_create_ex(pass, "ana", ms_key_get0_soft(ana.id.key),
	    ana.id.cert, ca, nid_key, nid_cert, rounds, mac_rounds, 0, ctx,
	    NULL);
	n = p ? i2d_PKCS12(p, &der) : 0;
	take(to, der, n);
	PKCS12_free(p);
	sk_X509_free(ca);
	ERR_clear_error();
}

static void
pkcs12(void)
{
	struct ms_buf f = MS_BUF_INIT(65536);
	int aes = NID_aes_256_cbc, des = NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
	OSSL_PROVIDER *def, *old;
	OSSL_LIB_CTX *ctx;
	size_t i, wrong = 0;

	p12(&f, "geheim", aes, aes, 2048, 1, NULL);
	reads(&f, "geheim", 201, 1, "PKCS#12 as of now");
	fails(parse(&f, "falsch"), &err, MS_NOPERM, "file: wrong passphrase",
	    "another passphrase");
	is_int(asked, 1, "asked once all the same");
	fails(parse(&f, NULL), &err, MS_NOPERM, "needs a passphrase",
	    "no secrets wanted: it cannot be opened");
	f.p[f.n - 90] ^= 1;	/* in the MAC */
	fails(parse(&f, "geheim"), &err, MS_NOPERM, "wrong passphrase",
	    "a damaged MAC looks like a wrong passphrase");
	p12(&f, "geheim", aes, aes, 2048, 1, NULL);
	for (i = 1; i < 16; i++) {
		struct ms_buf part = f;

		part.n = f.n * i / 16;
		wrong += parse(&part, "geheim") == -1 && err.class == MS_DATA;
		ms_err_reset(&err);
	}
	is_int((long long)wrong, 15, "truncated anywhere: malformed");
	ms_buf_addc(&f, 0, &err);
	fails(parse(&f, "geheim"), &err, MS_DATA, "file: ", "trailing byte");
	p12(&f, "", aes, aes, 2048, 1, NULL);
	reads(&f, "never", 201, 0, "an empty passphrase is found out");
	p12(&f, NULL, -1, -1, 1, -1, NULL);
	reads(&f, "never", 201, 0, "neither encrypted nor with a MAC");
	p12(&f, "geheim", aes, aes, 2048, -1, NULL);
	reads(&f, "geheim", 201, 1, "encrypted without a MAC");
	fails(parse(&f, "falsch"), &err, MS_NOPERM, "wrong passphrase",
	    "encrypted without a MAC, another passphrase");
	p12(&f, "geheim", des, des, 2048, 2048, NULL);
	reads(&f, "geheim", 201, 1, "PBES1 with 3DES");
	p12(&f, "geheim", aes, aes, 1, 10000001, NULL);
	fails(parse(&f, "geheim"), &err, MS_DATA, "more than this program",
	    "a MAC with too many rounds");
	ctx = OSSL_LIB_CTX_new();
	def = OSSL_PROVIDER_load(ctx, "default");
	old = OSSL_PROVIDER_load(ctx, "legacy");
	if (old) {
		p12(&f, "geheim", des, NID_pbe_WithSHA1And40BitRC2_CBC, 2048,
		    2048, ctx);
		reads(&f, "geheim", 201, 1, "RC2-40, as Windows wrote it");
		p12(&f, "geheim", NID_pbe_WithSHA1And128BitRC4,
		    NID_pbe_WithSHA1And128BitRC4, 2048, 2048, ctx);
		reads(&f, "geheim", 201, 1, "RC4");
		OSSL_PROVIDER_unload(old);
	} else {
		ok(1, "RC2-40 # SKIP libcrypto has no legacy provider");
	}
	OSSL_PROVIDER_unload(def);
	OSSL_LIB_CTX_free(ctx);
	ms_buf_clear(&f);
}

/* ---- PEM, DER, certs-only ---- */

static void
put_pem(struct ms_buf *to, BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	ms_buf_add(to, p, (size_t)n, &err);
	BIO_free(bio);
}

static void
pem(void)
{
	struct ms_buf f = MS_BUF_INIT(65536), none = MS_BUF_INIT(1);
	EVP_PKEY *k = ms_key_get0_soft(ana.id.key);
	X509_CRL *crl = NULL;
	BIO *bio = BIO_new(BIO_s_mem());

	ms_buf_adds(&f, "Bag Attributes\n    friendlyName: ana\n", &err);
	ms_cert_pem(ana.id.cert, &f, &err);
	ms_cert_pem(root.id.cert, &f, &err);
	reads(&f, NULL, 200, 0, "PEM with words around it");
	PEM_write_bio_PrivateKey_traditional(bio, k, NULL, NULL, 0, NULL,
	    NULL);
	put_pem(&f, bio);
	reads(&f, "never", 201, 0, "EC PRIVATE KEY");
	reads(&f, NULL, 200, 0, "no secrets wanted: the key is skipped");
	ms_issue_crl(&root.id, NULL, 0, 1, NOW, NOW + DAY, &crl, &err);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509_CRL(bio, crl);
	put_pem(&f, bio);
	X509_CRL_free(crl);
	reads(&f, "never", 211, 0, "X509 CRL");
	ms_buf_reset(&f);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey_traditional(bio, k, EVP_aes_128_cbc(),
	    (const unsigned char *)"geheim", 6, NULL, NULL);
	put_pem(&f, bio);
	reads(&f, "geheim", 1, 1, "EC PRIVATE KEY, encrypted in its header");
	fails(parse(&f, "falsch"), &err, MS_NOPERM, "wrong passphrase",
	    "and another passphrase");
	/* two encrypted keys, one question */
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PKCS8PrivateKey(bio, k, EVP_aes_256_cbc(), "geheim", 6,
	    NULL, NULL);
	put_pem(&f, bio);
	reads(&f, "geheim", 2, 1, "two encrypted keys: asked once");
	f.p[f.n / 3] = '!';
	fails(parse(&f, "geheim"), &err, MS_DATA, "file: ", "damaged PEM");
	fails(parse(&none, "never"), &err, MS_DATA, "neither certificate nor",
	    "an empty file");
	ms_buf_reset(&f);
	ms_buf_adds(&f, "-----BEGIN NOTHING-----\nAAAA\n"
	    "-----END NOTHING-----\n", &err);
	fails(parse(&f, "never"), &err, MS_DATA, "no certificate, key or",
	    "PEM of something else");
	ms_buf_clear(&f);
}

static void
der(void)
{
	struct ms_buf f = MS_BUF_INIT(65536);
	EVP_PKEY *k = ms_key_get0_soft(ana.id.key);
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(k);
	unsigned char *p = NULL;
	X509_CRL *crl = NULL;
	PKCS7 *p7;
	int n;

	ms_cert_der(ana.id.cert, &f, &err);
	reads(&f, NULL, 100, 0, "DER certificate");
	ms_buf_addc(&f, 0, &err);
	fails(parse(&f, NULL), &err, MS_DATA, "file: ", "a byte behind it");
	n = i2d_PrivateKey(k, &p);
	take(&f, p, n);
	reads(&f, "never", 1, 0, "DER ECPrivateKey");
	p = NULL;
	n = i2d_PKCS8_PRIV_KEY_INFO(p8, &p);
	take(&f, p, n);
	reads(&f, "never", 1, 0, "DER PKCS#8");
	PKCS8_PRIV_KEY_INFO_free(p8);
	ms_issue_crl(&root.id, NULL, 0, 1, NOW, NOW + DAY, &crl, &err);
	p7 = PKCS7_new();
	PKCS7_set_type(p7, NID_pkcs7_signed);
	PKCS7_content_new(p7, NID_pkcs7_data);
	PKCS7_add_certificate(p7, ana.id.cert);
	PKCS7_add_certificate(p7, root.id.cert);
	PKCS7_add_crl(p7, crl);
	p = NULL;
	n = i2d_PKCS7(p7, &p);
	take(&f, p, n);
	reads(&f, NULL, 210, 0, "certs-only CMS");
	p = NULL;
	n = i2d_X509_CRL(crl, &p);
	take(&f, p, n);
	reads(&f, NULL, 10, 0, "DER CRL");
	PKCS7_free(p7);
	X509_CRL_free(crl);
	ms_buf_reset(&f);
	ms_buf_adds(&f, "Dear reader, this is a letter.\n", &err);
	fails(parse(&f, NULL), &err, MS_DATA, "neither certificate nor",
	    "a letter is not a key");
	ms_buf_clear(&f);
}

/* ---- identities ---- */

static void
idents(void)
{
	struct ms_buf f = MS_BUF_SECRET(65536), pass = MS_BUF_SECRET(64);
	struct ms_idents two = { NULL, 0 }, back = { NULL, 0 };
	struct ms_ident v[2] = { ana.id, bob.id };
	struct ms_addr a;
	struct ms_bag b;

	two.v = v;
	two.n = 2;
	v[0].chain = sk_X509_new_null();
	sk_X509_push(v[0].chain, root.id.cert);
	ms_buf_adds(&pass, "geheim", &err);
	is_int(ms_idents_write_p12(&two, &pass, "B\xc3\xbcro", &f, &err), 0,
	    "two identities into one PKCS#12");
	reads(&f, "geheim", 302, 1, "which reads back");
	ms_bag_init(&b);
	ms_bag_parse(&b, ms_buf_span(&f), "file", pass_fn,
	    (void *)(uintptr_t)"geheim", &err);
	is_int(ms_idents_add_bag(&back, &b, "file", &err), 0, "and pairs up");
	is_int((long long)back.n, 2, "two of them");
	ok(sk_X509_num(back.v[0].chain) == 1 && X509_cmp(root.id.cert,
	    sk_X509_value(back.v[0].chain, 0)) == 0, "the root is the chain");
	ms_addr_parse("ana@a.example", 13, &a, &err);
	ok(ms_idents_signer(&back, &a, NOW) && X509_cmp(ana.id.cert,
	    ms_idents_signer(&back, &a, NOW)->cert) == 0, "ana signs as ana");
	ok(!ms_idents_signer(&back, &a, NOW + 40 * DAY), "not when expired");
	ms_addr_clear(&a);
	ms_addr_parse("bob@a.example", 13, &a, &err);
	ok(!ms_idents_signer(&back, &a, NOW), "bob has nothing to sign with");
	ms_addr_clear(&a);
	ms_idents_clear(&back);
	X509_free(sk_X509_shift(b.certs));
	X509_free(sk_X509_shift(b.certs));
	fails(ms_idents_add_bag(&back, &b, "file", &err), &err, MS_DATA,
	    "file: no certificate beside", "a key without its certificate");
	ms_bag_clear(&b);
	ms_idents_clear(&back);
	sk_X509_free(v[0].chain);
	ms_buf_clear(&f);
	ms_buf_clear(&pass);
}

int
main(void)
{
	if (!ok(make(&root, MS_PROFILE_ROOT, "Root", NULL, NULL, 365) &&
	    make(&ana, MS_PROFILE_SIGN, "Ana", "ana@a.example", &root, 30) &&
	    make(&bob, MS_PROFILE_ENCRYPT, "Bob", "bob@a.example", &root, 30),
	    "certificates made"))
		return tap_done();
	pkcs12();
	pem();
	der();
	idents();
	made_clear(&root);
	made_clear(&ana);
	made_clear(&bob);
	return tap_done();
}
