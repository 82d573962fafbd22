/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: what they say, what they may be used for; requests. */
#include <openssl/x509v3.h>

#include "pki.h"

static struct made root;

/* A certificate of our own with one extension replaced by NID and text. */
static X509 *
with_ext(enum ms_profile profile, int nid, const char *value)
{
	struct made m;
	X509 *x = NULL;
	X509_EXTENSION *e;
	int i;

	if (!make(&m, profile, "Ana", "ana@a.example", &root, 30))
		return NULL;
	x = X509_dup(m.id.cert);
	while ((i = X509_get_ext_by_NID(x, nid, -1)) >= 0)
		X509_EXTENSION_free(X509_delete_ext(x, i));
	e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;
	if (e)
		X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	X509_sign(x, ms_key_get0_soft(root.id.key), EVP_sha256());
	made_clear(&m);
	return x;
}

static void
may(X509 *x, enum ms_usage use, const char *words, const char *what)
{
	const char *why = "";
	bool yes = ms_cert_may(x, use, &why);

	if (!ok(words ? !yes && strstr(why, words) : yes, "%s", what))
		printf("# %s\n", why);
}

static void
uses(void)
{
	X509 *x;

	x = with_ext(MS_PROFILE_SIGN, NID_ext_key_usage, NULL);
	may(x, MS_USE_SIGN, NULL, "no EKU: signs");
	may(x, MS_USE_ENCRYPT, "keyUsage lacks keyAgreement",
	    "does not encrypt");
	may(x, MS_USE_TSA, "RFC 3161 section 2.3", "no EKU: no TSA");
	may(x, MS_USE_OCSP, "lacks OCSPSigning", "no EKU: no OCSP");
	X509_free(x);
	x = with_ext(MS_PROFILE_SIGN, NID_ext_key_usage, "serverAuth");
	may(x, MS_USE_SIGN, "lacks emailProtection", "serverAuth signs none");
	may(x, MS_USE_SERVER, NULL, "but serves");
	may(x, MS_USE_DEVICE, "lacks clientAuth", "and is no client");
	X509_free(x);
	x = with_ext(MS_PROFILE_SIGN, NID_ext_key_usage,
	    "1.3.6.1.5.5.7.3.36");
	may(x, MS_USE_SIGN, NULL, "documentSigning alone signs");
	X509_free(x);
	x = with_ext(MS_PROFILE_TSA, NID_ext_key_usage, "timeStamping");
	may(x, MS_USE_TSA, "critical", "timeStamping not critical");
	X509_free(x);
	x = with_ext(MS_PROFILE_TSA, NID_ext_key_usage,
	    "critical,timeStamping,emailProtection");
	may(x, MS_USE_TSA, "alone", "timeStamping not alone");
	X509_free(x);
	x = with_ext(MS_PROFILE_SIGN, NID_key_usage, "critical,nonRepudiation");
	may(x, MS_USE_SIGN, NULL, "nonRepudiation alone signs");
	may(x, MS_USE_SERVER, "keyUsage lacks digitalSignature",
	    "but does not serve");
	X509_free(x);
	x = with_ext(MS_PROFILE_ENCRYPT, NID_key_usage, NULL);
	may(x, MS_USE_ENCRYPT, NULL, "no keyUsage: encrypts");
	X509_free(x);
	x = with_ext(MS_PROFILE_ENCRYPT, NID_key_usage,
	    "critical,keyEncipherment");
	may(x, MS_USE_ENCRYPT, "lacks keyAgreement",
	    "keyEncipherment is not for EC");
	X509_free(x);
}

static void
addresses(void)
{
	struct ms_addrlist l;
	struct ms_addr a;
	struct made m;
	X509 *x;

	make(&m, MS_PROFILE_SIGN, "J", "j\xc3\xbcrgen@b\xc3\xbc""cher.example",
	    &root, 30);
	is_int(ms_cert_addrs(m.id.cert, &l, &err), 0, "SmtpUTF8Mailbox read");
	is_str(l.n == 1 ? l.v[0].spec : "", "j\xc3\xbcrgen@xn--bcher-kva."
	    "example", "with the domain in A-labels");
	ms_addrlist_clear(&l);
	made_clear(&m);
	x = with_ext(MS_PROFILE_SIGN, NID_subject_alt_name, NULL);
	X509_NAME_add_entry_by_NID(X509_get_subject_name(x),
	    NID_pkcs9_emailAddress, MBSTRING_ASC,
	    (const unsigned char *)"Old@A.Example", -1, -1, 0);
	ms_cert_addrs(x, &l, &err);
	is_str(l.n == 1 ? l.v[0].spec : "", "Old@a.example",
	    "emailAddress in the subject, when there is no SAN");
	ms_addrlist_clear(&l);
	ms_addr_parse("old@a.example", 13, &a, &err);
	ok(!ms_cert_has_addr(x, &a), "local parts differ by case");
	ms_addr_clear(&a);
	ms_addr_parse("Old@A.EXAMPLE", 13, &a, &err);
	ok(ms_cert_has_addr(x, &a), "domains do not");
	ms_addr_clear(&a);
	X509_free(x);
	x = with_ext(MS_PROFILE_SIGN, NID_subject_alt_name,
	    "email:not an address,email:bob@a.example");
	X509_NAME_add_entry_by_NID(X509_get_subject_name(x),
	    NID_pkcs9_emailAddress, MBSTRING_ASC,
	    (const unsigned char *)"boss@a.example", -1, -1, 0);
	ms_cert_addrs(x, &l, &err);
	is_str(l.n == 1 ? l.v[0].spec : "", "bob@a.example",
	    "with a SAN the subject does not count");
	ms_addrlist_clear(&l);
	X509_free(x);
}

static void
fields(void)
{
	struct ms_buf der = MS_BUF_INIT(65536), ias = MS_BUF_INIT(4096);
	struct made m;
	const char *why = "";
	X509 *x = NULL;
	char *s;

	make(&m, MS_PROFILE_SIGN, "Ana, \"B\" \xc3\x9c", NULL, &root, 30);
	s = ms_cert_subject(m.id.cert);
	is_str(s, "CN=Ana\\, \\\"B\\\" \xc3\x9c", "subject, escaped, UTF-8");
	free(s);
	is_int(ms_cert_not_before(m.id.cert), NOW - 30 * DAY, "notBefore");
	is_int(ms_cert_not_after(m.id.cert), NOW + 30 * DAY, "notAfter");
	is_int((long long)ms_cert_ski(m.id.cert).n, 20, "key identifier");
	is_int(ms_cert_ias(m.id.cert, &ias, &err), 0, "issuer and serial");
	ok(ias.n > 10 && ias.p[0] == MS_SEQUENCE &&
	    ias.p[ias.n - 1] == m.serial, "end with the serial");
	ok(ms_cert_may_at(m.id.cert, MS_USE_SIGN, NOW, NULL) &&
	    !ms_cert_may_at(m.id.cert, MS_USE_SIGN, NOW - 31 * DAY, &why) &&
	    strstr(why, "not yet valid"), "not yet valid");
	ok(!ms_cert_may_at(m.id.cert, MS_USE_SIGN, NOW + 31 * DAY, &why) &&
	    strstr(why, "expired"), "expired");
	ms_cert_der(m.id.cert, &der, &err);
	is_int(ms_cert_parse(ms_buf_span(&der), &x, &err), 0, "DER reads back");
	X509_free(x);
	ms_buf_addc(&der, 0, &err);
	fails(ms_cert_parse(ms_buf_span(&der), &x, &err), &err, MS_DATA,
	    "trailing bytes after Certificate", "trailing byte refused");
	der.n -= 2;
	fails(ms_cert_parse(ms_buf_span(&der), &x, &err), &err, MS_DATA, "",
	    "truncated refused");
	ms_buf_clear(&der);
	ms_buf_clear(&ias);
	made_clear(&m);
}

static void
requests(void)
{
	struct ms_buf pem = MS_BUF_INIT(65536);
	struct ms_key *k = ms_key_generate("p256", &err);
	EVP_PKEY *pub = NULL;
	X509_REQ *req = NULL;
	struct ms_addr a;

	ms_addr_parse("ana@a.example", 13, &a, &err);
	is_int(ms_csr_write(k, "Ana", &a, &pem, &err), 0, "request written");
	is_int(ms_csr_parse(ms_buf_span(&pem), &pub, &req, &err), 0,
	    "and read");
	ok(pub && EVP_PKEY_eq(pub, ms_key_pub(k)) == 1, "with its key");
	EVP_PKEY_free(pub);
	X509_REQ_free(req);
	ms_buf_reset(&pem);
	fails(ms_csr_write(k, "A\nB", &a, &pem, &err), &err, MS_USAGE,
	    "control character", "a line break in a name refused");
	fails(ms_csr_parse(ms_buf_span(&pem), &pub, &req, &err), &err, MS_DATA,
	    "RFC 2986 section 4", "nothing is no request");
	ms_addr_clear(&a);
	ms_buf_clear(&pem);
	ms_key_free(k);
}

static void
issue_refuses(void)
{
	unsigned char serial[20] = { 0x80 };
	struct ms_issue w = { .profile = MS_PROFILE_SIGN, .subject = "Ana",
		.not_before = NOW, .not_after = NOW, .serial = serial,
		.nserial = 1 };
	struct ms_key *x = ms_key_generate("x25519", &err);
	X509 *c;

	fails(ms_issue_cert(&w, ms_key_pub(root.id.key), &root.id, NULL, &c,
	    &err), &err, MS_USAGE, "RFC 5280 section 4.1.2.5",
	    "an empty validity");
	w.not_after = NOW + DAY;
	fails(ms_issue_cert(&w, ms_key_pub(x), &root.id, NULL, &c, &err), &err,
	    MS_USAGE, "cannot sign", "a signing certificate for X25519");
	w.nserial = 20;
	fails(ms_issue_cert(&w, ms_key_pub(root.id.key), &root.id, NULL, &c,
	    &err), &err, MS_BUG, "RFC 5280 section 4.1.2.2",
	    "a serial of 21 octets");
	w.nserial = 1;
	w.subject = NULL;
	fails(ms_issue_cert(&w, ms_key_pub(root.id.key), &root.id, NULL, &c,
	    &err), &err, MS_USAGE, "for nobody", "neither name nor address");
	ms_key_free(x);
}

int
main(void)
{
	if (!ok(make(&root, MS_PROFILE_ROOT, "Root", NULL, NULL, 365), "root"))
		return tap_done();
	uses();
	addresses();
	fields();
	requests();
	issue_refuses();
	made_clear(&root);
	return tap_done();
}
