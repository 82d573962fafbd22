/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and revocation: each verdict, and that it needs its cause. */
#include <openssl/x509v3.h>

#include "pki.h"

static struct made root, leaf, sealer, tsa, other;

struct check {
	const struct made *anchor;
	X509 *leaf;
	STACK_OF(X509) *extra;
	enum ms_usage use;
	time_t at;
	X509_CRL *crls[3];
	enum ms_revocation rev;
	bool legacy;
};

/* The verdict, and whether code is among the findings (or "" for no bad and
 * no undecided one). */
static void
judge(const struct check *c, enum ms_verdict want, const char *code,
    const char *what)
{
	struct ms_trust *t = ms_trust_new(&err);
	enum ms_verdict got = MS_UNDECIDED;
	struct ms_report r;
	size_t i;
	int rc;

	ms_report_init(&r);
	if (c->anchor)
		ms_trust_add_cert(t, c->anchor->id.cert, &err);
	for (i = 0; i < 3 && c->crls[i]; i++)
		ms_trust_add_crl(t, c->crls[i], &err);
	ms_trust_set_revocation(t, c->rev);
	ms_trust_set_legacy(t, c->legacy);
	rc = ms_trust_check(t, c->leaf, c->extra, c->use, c->at, &r, &err);
	ms_report_add(&r, MS_GOOD, "signature", NULL, &err, "right");
	got = ms_report_conclude(&r);
	if (!ok(rc == 0 && got == want && (!*code || ms_report_has(&r, code)),
	    "%s", what)) {
		printf("# rc %d %s, verdict %s\n", rc, err.text,
		    ms_verdict_str(got));
		for (i = 0; i < r.n; i++)
			printf("# %s: %s\n", r.v[i].code, r.v[i].text);
	}
	ms_err_reset(&err);
	ms_report_clear(&r);
	ms_trust_free(t);
}

static X509_CRL *
crl(const struct made *by, const struct made *revoked, time_t when, int reason,
    uint64_t number, time_t from, time_t until)
{
	struct ms_revoked v = { revoked ? &revoked->serial : NULL, 1, when,
		reason };
	X509_CRL *c = NULL;

	if (ms_issue_crl(&by->id, &v, revoked ? 1 : 0, number, from, until, &c,
	    &err) < 0)
		printf("# %s\n", err.text);
	return c;
}

static void
paths(void)
{
	struct check c = { &root, leaf.id.cert, NULL, MS_USE_SIGN, NOW,
		{ NULL }, MS_REV_SOFT, false };
	struct made fake;
	X509 *broken;
	unsigned char *der = NULL;
	const unsigned char *p;
	int n;

	judge(&c, MS_GOOD, "revocation-unknown", "a right path is good");
	c.use = MS_USE_ENCRYPT;
	judge(&c, MS_BAD, "use", "a signing certificate does not encrypt");
	c.leaf = sealer.id.cert;
	judge(&c, MS_GOOD, "", "an encryption certificate does");
	c.use = MS_USE_TSA;
	judge(&c, MS_BAD, "use", "and is no timestamp authority");
	c.leaf = tsa.id.cert;
	judge(&c, MS_GOOD, "", "that one is");
	c.use = MS_USE_SIGN;
	judge(&c, MS_BAD, "use", "and signs no mail");
	c.leaf = leaf.id.cert;
	c.at = NOW + 31 * DAY;
	judge(&c, MS_BAD, "expired", "expired");
	c.at = NOW - 31 * DAY;
	judge(&c, MS_BAD, "not-yet-valid", "not yet valid");
	c.at = NOW;
	c.anchor = NULL;
	judge(&c, MS_UNDECIDED, "no-anchor", "no anchors: undecided");
	c.anchor = &other;
	judge(&c, MS_UNDECIDED, "no-anchor", "another anchor: undecided");
	c.at = NOW + 31 * DAY;
	judge(&c, MS_BAD, "expired", "expired without an anchor is bad");
	c.at = NOW;
	c.anchor = &leaf;
	judge(&c, MS_GOOD, "", "the certificate itself named as anchor");
	make(&fake, MS_PROFILE_SIGN, "Fake", "f@a.example", &leaf, 30);
	c.leaf = fake.id.cert;
	c.anchor = &root;
	c.extra = sk_X509_new_null();
	sk_X509_push(c.extra, leaf.id.cert);
	judge(&c, MS_BAD, "chain", "issued by one who is no CA");
	sk_X509_free(c.extra);
	c.extra = NULL;
	/* the last octet of the signature of a good certificate */
	n = i2d_X509(leaf.id.cert, &der);
	der[n - 1] ^= 1;
	p = der;
	broken = d2i_X509(NULL, &p, n);
	c.leaf = broken;
	judge(&c, MS_BAD, "chain", "a broken signature is bad");
	X509_free(broken);
	OPENSSL_free(der);
	made_clear(&fake);
}

static void
revocation(void)
{
	X509_CRL *clean = crl(&root, NULL, 0, -1, 1, NOW - 5 * DAY,
	    NOW + 2 * DAY);
	X509_CRL *stale = crl(&root, NULL, 0, -1, 1, NOW - 9 * DAY,
	    NOW - 8 * DAY);
	X509_CRL *listed = crl(&root, &leaf, NOW - DAY, 1, 2, NOW - DAY,
	    NOW + 2 * DAY);
	X509_CRL *later = crl(&root, &leaf, NOW - DAY, 5, 3, NOW + DAY,
	    NOW + 3 * DAY);
	X509_CRL *dropped = crl(&root, NULL, 0, -1, 4, NOW + 2 * DAY,
	    NOW + 9 * DAY);
	X509_CRL *forged = crl(&other, &leaf, NOW - DAY, 1, 9, NOW - DAY,
	    NOW + DAY);
	struct check c = { &root, leaf.id.cert, NULL, MS_USE_SIGN, NOW,
		{ clean }, MS_REV_HARD, false };

	judge(&c, MS_GOOD, "", "a list without it: good, also when hard");
	c.crls[0] = listed;
	judge(&c, MS_BAD, "revoked", "revoked");
	c.rev = MS_REV_SOFT;
	judge(&c, MS_BAD, "revoked", "revoked, also when soft");
	c.rev = MS_REV_OFF;
	judge(&c, MS_GOOD, "", "not looked at when off");
	c.rev = MS_REV_HARD;
	c.at = NOW - 2 * DAY;
	judge(&c, MS_GOOD, "", "revoked after the time judged: good");
	c.at = NOW;
	c.crls[0] = NULL;
	judge(&c, MS_UNDECIDED, "revocation", "hard without a list: undecided");
	c.crls[0] = stale;
	judge(&c, MS_UNDECIDED, "revocation", "hard, list out of date");
	c.rev = MS_REV_SOFT;
	judge(&c, MS_GOOD, "revocation-unknown", "soft: a note");
	c.rev = MS_REV_HARD;
	c.crls[0] = clean;
	c.crls[1] = later;
	judge(&c, MS_BAD, "revoked", "a later list tells of before");
	c.crls[1] = dropped;
	c.crls[2] = listed;
	judge(&c, MS_BAD, "revoked", "the newest list dropped the entry");
	c.crls[1] = c.crls[2] = NULL;
	c.crls[0] = forged;
	judge(&c, MS_UNDECIDED, "revocation", "somebody else's list is none");
	X509_CRL_free(clean);
	X509_CRL_free(stale);
	X509_CRL_free(listed);
	X509_CRL_free(later);
	X509_CRL_free(dropped);
	X509_CRL_free(forged);
}

/* A list in the root's name with another key: it must not revoke. */
static void
forged_list(void)
{
	struct made twin;
	X509_CRL *c1;
	struct check c = { &root, leaf.id.cert, NULL, MS_USE_SIGN, NOW,
		{ NULL }, MS_REV_HARD, false };

	make(&twin, MS_PROFILE_ROOT, "Root", NULL, NULL, 365);
	/* the twin's name and key, the root's key identifier */
	X509_free(twin.id.cert);
	twin.id.cert = root.id.cert;
	X509_up_ref(root.id.cert);
	c1 = crl(&twin, &leaf, NOW - DAY, 1, 9, NOW - DAY, NOW + DAY);
	c.crls[0] = c1;
	judge(&c, MS_UNDECIDED, "revocation", "forged list: hard undecided");
	c.rev = MS_REV_SOFT;
	judge(&c, MS_GOOD, "revocation-unknown", "forged list: soft good");
	X509_CRL_free(c1);
	c1 = crl(&twin, &leaf, NOW - DAY, 1, 9, NOW + DAY, NOW + 2 * DAY);
	c.crls[0] = c1;
	judge(&c, MS_GOOD, "revocation-unknown", "nor one made later");
	X509_CRL_free(c1);
	c1 = crl(&root, &leaf, NOW - 9 * DAY, 1, 9, NOW - 8 * DAY,
	    NOW - 7 * DAY);
	c.crls[0] = c1;
	judge(&c, MS_BAD, "revoked", "what an old list said remains");
	X509_CRL_free(c1);
	made_clear(&twin);
}

/* ---- what our own issuer does not make ---- */

static void
set_ext(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e;
	int i = X509_get_ext_by_NID(x, nid, -1);

	if (i >= 0)
		X509_EXTENSION_free(X509_delete_ext(x, i));
	e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;
	if (e)
		X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

/* Sign again what was changed, by that key with that digest; and parse it
 * again, because libcrypto remembers what it was before. */
static X509 *
resign(struct made *m, const struct made *by, const EVP_MD *md)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int n;

	X509_set_issuer_name(m->id.cert,
	    X509_get_subject_name(by->id.cert));
	X509_sign(m->id.cert, ms_key_get0_soft(by->id.key), md);
	n = i2d_X509(m->id.cert, &der);
	p = der;
	X509_free(m->id.cert);
	m->id.cert = d2i_X509(NULL, &p, n);
	OPENSSL_free(der);
	return m->id.cert;
}

static void
through_sub(void)
{
	struct made top, sub, end;
	struct check c = { &top, NULL, NULL, MS_USE_SIGN, NOW, { NULL },
		MS_REV_OFF, false };

	make(&top, MS_PROFILE_ROOT, "Top", NULL, NULL, 365);
	set_ext(top.id.cert, NID_basic_constraints, "critical,CA:TRUE");
	resign(&top, &top, EVP_sha256());
	make(&sub, MS_PROFILE_ROOT, "Sub", NULL, NULL, 365);
	resign(&sub, &top, EVP_sha256());
	make(&end, MS_PROFILE_SIGN, "End", "e@a.example", &sub, 30);
	c.leaf = end.id.cert;
	judge(&c, MS_UNDECIDED, "no-anchor", "an issuer is not there");
	c.extra = sk_X509_new_null();
	sk_X509_push(c.extra, sub.id.cert);
	judge(&c, MS_GOOD, "", "it came along");
	set_ext(sub.id.cert, NID_ext_key_usage, "timeStamping");
	sk_X509_set(c.extra, 0, resign(&sub, &top, EVP_sha256()));
	judge(&c, MS_BAD, "use", "it is for timestamps only");
	set_ext(sub.id.cert, NID_ext_key_usage, NULL);
	set_ext(sub.id.cert, NID_name_constraints,
	    "critical,permitted;email:b.example");
	sk_X509_set(c.extra, 0, resign(&sub, &top, EVP_sha256()));
	judge(&c, MS_BAD, "chain", "it is for another domain only");
	c.anchor = &sub;
	set_ext(sub.id.cert, NID_name_constraints, NULL);
	sk_X509_set(c.extra, 0, resign(&sub, &top, EVP_sha256()));
	judge(&c, MS_GOOD, "", "named as anchor itself");
	c.anchor = &top;
	set_ext(top.id.cert, NID_basic_constraints,
	    "critical,CA:TRUE,pathlen:0");
	resign(&top, &top, EVP_sha256());
	judge(&c, MS_BAD, "chain", "the path is longer than allowed");
	sk_X509_free(c.extra);
	made_clear(&end);
	made_clear(&sub);
	made_clear(&top);
}

static void
strength(void)
{
	struct made rsa;
	struct check c = { &rsa, NULL, NULL, MS_USE_SIGN, NOW, { NULL },
		MS_REV_OFF, false };
	static const struct { int bits; enum ms_verdict v; } key[] = {
		{ 1024, MS_GOOD }, { 768, MS_BAD } };
	struct made m;
	EVP_PKEY *k;
	size_t i;

	/* there is no ECDSA with MD5 */
	make(&rsa, MS_PROFILE_ROOT, "RSA", NULL, NULL, 365);
	ms_key_free(rsa.id.key);
	rsa.id.key = ms_key_generate("rsa2048", &err);
	X509_set_pubkey(rsa.id.cert, ms_key_pub(rsa.id.key));
	set_ext(rsa.id.cert, NID_subject_key_identifier, NULL);
	resign(&rsa, &rsa, EVP_sha256());
	make(&m, MS_PROFILE_SIGN, "Old", "o@a.example", &rsa, 30);
	c.leaf = resign(&m, &rsa, EVP_sha1());
	judge(&c, MS_BAD, "weak-signature", "signed with SHA-1");
	c.legacy = true;
	judge(&c, MS_GOOD, "weak-signature", "a note when allowed");
	c.leaf = resign(&m, &rsa, EVP_md5());
	judge(&c, MS_BAD, "weak-signature", "MD5 never");
	for (i = 0; i < 2; i++) {
		k = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)key[i].bits);
		X509_set_pubkey(m.id.cert, k);
		c.leaf = resign(&m, &rsa, EVP_sha256());
		judge(&c, key[i].v, "weak-key", "a short RSA key");
		EVP_PKEY_free(k);
	}
	made_clear(&m);
	made_clear(&rsa);
}

/* Reported now, but invalid since before. */
static void
invalidity(void)
{
	ASN1_GENERALIZEDTIME *t;
	struct check c = { &root, leaf.id.cert, NULL, MS_USE_SIGN,
		NOW - 2 * DAY, { NULL }, MS_REV_HARD, false };
	X509_REVOKED *e = X509_REVOKED_new();
	X509_CRL *l = X509_CRL_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, NOW - DAY);

	X509_REVOKED_set_serialNumber(e,
	    X509_get_serialNumber(leaf.id.cert));
	X509_REVOKED_set_revocationDate(e, when);
	t = ASN1_GENERALIZEDTIME_set(NULL, NOW - 3 * DAY);
	X509_REVOKED_add1_ext_i2d(e, NID_invalidity_date, t, 0, 0);
	X509_CRL_set_version(l, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(l, X509_get_subject_name(root.id.cert));
	X509_CRL_set1_lastUpdate(l, when);
	ASN1_TIME_set(when, NOW + DAY);
	X509_CRL_set1_nextUpdate(l, when);
	X509_CRL_add0_revoked(l, e);
	X509_CRL_sign(l, ms_key_get0_soft(root.id.key), EVP_sha256());
	c.crls[0] = l;
	judge(&c, MS_BAD, "revoked", "invalidityDate counts");
	c.at = NOW - 4 * DAY;
	judge(&c, MS_GOOD, "", "before it the certificate was good");
	ASN1_GENERALIZEDTIME_free(t);
	ASN1_TIME_free(when);
	X509_CRL_free(l);
}

/* A delta to a right list, signed by another key, that would take the entry
 * away. */
static void
forged_delta(void)
{
	X509_CRL *base = crl(&root, &leaf, NOW - DAY, 1, 2, NOW - DAY,
	    NOW + 2 * DAY);
	X509_CRL *delta = crl(&root, NULL, 0, -1, 3, NOW - DAY / 2,
	    NOW + DAY);
	struct check c = { &root, leaf.id.cert, NULL, MS_USE_SIGN, NOW,
		{ base, delta }, MS_REV_SOFT, false };
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	ASN1_INTEGER_set(number, 2);
	X509_CRL_add1_ext_i2d(delta, NID_delta_crl, number, 1, 0);
	X509_CRL_sign(delta, ms_key_get0_soft(other.id.key), EVP_sha256());
	judge(&c, MS_BAD, "revoked", "a forged delta takes nothing away");
	ASN1_INTEGER_free(number);
	X509_CRL_free(base);
	X509_CRL_free(delta);
}

int
main(void)
{
	if (!ok(make(&root, MS_PROFILE_ROOT, "Root", NULL, NULL, 365) &&
	    make(&leaf, MS_PROFILE_SIGN, "Ana", "ana@a.example", &root, 30) &&
	    make(&sealer, MS_PROFILE_ENCRYPT, "Ana", "ana@a.example", &root,
	    30) && make(&tsa, MS_PROFILE_TSA, "Clock", NULL, &root, 30) &&
	    make(&other, MS_PROFILE_ROOT, "Other", NULL, NULL, 365),
	    "certificates made"))
		return tap_done();
	paths();
	revocation();
	forged_list();
	forged_delta();
	through_sub();
	strength();
	invalidity();
	made_clear(&root);
	made_clear(&leaf);
	made_clear(&sealer);
	made_clear(&tsa);
	made_clear(&other);
	return tap_done();
}
