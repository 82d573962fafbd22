/* SPDX-License-Identifier: Apache-2.0 */
/* One SignerInfo: RFC 5652 section 5.3 to 5.6. */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "cms/sd.h"

#define RSA_MIN 2048		/* bits, RFC 8551 section 4.2 */

/* ---- parsing ---- */

static int
parse_algs(struct sd_signer *s, struct ms_span *seq, struct ms_err *err)
{
	struct ms_signerinfo *si = &s->si;
	struct ms_span oid, p = s->md_seq;
	int rc;

	if (ms_der_want_oid(&p, &oid, "SignerInfo.digestAlgorithm", err) < 0)
		return -1;
	si->md = ms_oid_find(oid);
	rc = ms_der_maybe(seq, MS_CTXC(0), &si->attrs, err);
	if (rc < 0)
		return -1;
	if (rc == 1 && si->attrs.n == 0)
		return ms_fail(err, MS_DATA,
		    "RFC 5652 section 5.3: signedAttrs is empty");
	if (ms_der_want(seq, MS_SEQUENCE, &s->alg_seq,
		"SignerInfo.signatureAlgorithm", err) < 0)
		return -1;
	p = s->alg_seq;
	if (ms_der_want_oid(&p, &oid, "SignerInfo.signatureAlgorithm",
		err) < 0)
		return -1;
	si->alg_known = ms_sigalg_parse(s->alg_seq, si->md, &si->alg,
	    NULL) == 0;
	return 0;
}

/* What cannot be decoded names nobody. */
static void
parse_ias(struct sd_signer *s)
{
	struct ms_span ias = s->si.sid, seq, v, name, serial;
	const unsigned char *p;
	int tag;

	if (ms_der_want(&ias, MS_SEQUENCE, &seq, "sid", NULL) < 0 ||
	    ms_der_next(&seq, &tag, &v, &name, NULL) < 0 ||
	    ms_der_next(&seq, &tag, &v, &serial, NULL) < 0)
		return;
	p = name.p;
	s->issuer = d2i_X509_NAME(NULL, &p, (long)name.n);
	p = serial.p;
	s->serial = d2i_ASN1_INTEGER(NULL, &p, (long)serial.n);
	ERR_clear_error();
}

int
signerinfo_parse(struct sd_signer *s, struct ms_err *err)
{
	struct ms_span all = ms_buf_span(&s->raw), seq, v;
	struct ms_signerinfo *si = &s->si;
	int tag;

	si->signing_time = (time_t)-1;
	if (ms_der_want(&all, MS_SEQUENCE, &seq, "SignerInfo", err) < 0 ||
	    ms_der_want_uint(&seq, &s->version, "SignerInfo.version",
		err) < 0 ||
	    ms_der_next(&seq, &tag, &v, &si->sid, err) < 0)
		return -1;
	if (tag != MS_SEQUENCE && tag != MS_CTX(0))
		return ms_fail(err, MS_DATA, "RFC 5652 section 5.3: "
		    "SignerIdentifier has unknown tag 0x%02x", tag);
	if (ms_der_want(&seq, MS_SEQUENCE, &s->md_seq,
		"SignerInfo.digestAlgorithm", err) < 0 ||
	    parse_algs(s, &seq, err) < 0 ||
	    ms_der_want(&seq, MS_OCTETSTRING, &si->sig, "SignerInfo.signature",
		err) < 0 ||
	    ms_der_maybe(&seq, MS_CTXC(1), &si->unsigned_attrs, err) < 0 ||
	    ms_der_done(&seq, "SignerInfo", err) < 0)
		return -1;
	if (si->attrs.n > 0)
		si->signing_time = attrs_signing_time(si->attrs);
	if (tag == MS_SEQUENCE)
		parse_ias(s);
	return 0;
}

void
signerinfo_clear(struct sd_signer *s)
{
	X509_NAME_free(s->issuer);
	ASN1_INTEGER_free(s->serial);
	ms_buf_clear(&s->raw);
}

bool
signerinfo_names(const struct sd_signer *s, X509 *x)
{
	struct ms_span sid = s->si.sid, ski, mine;

	if (sid.p[0] == MS_SEQUENCE)
		return s->issuer && s->serial &&
		    ASN1_INTEGER_cmp(s->serial,
			X509_get0_serialNumber(x)) == 0 &&
		    X509_NAME_cmp(s->issuer, X509_get_issuer_name(x)) == 0;
	mine = ms_cert_ski(x);
	return mine.n > 0 && ms_der_want(&sid, MS_CTX(0), &ski, "sid",
	    NULL) == 0 && ms_span_eq(ski, mine);
}

/* ---- checking ---- */

struct check {
	struct ms_signed *sd;
	struct sd_signer *s;
	bool legacy;
	struct ms_span digest;	/* of the content, {NULL,0}: not there */
	struct ms_report *r;
};

/*
 * Whether the signature is right under x's key: as ms_sig_verify().  Signed
 * attributes are tried as they came and then in the order of DER (RFC 5652
 * section 5.4 wants them re-encoded so).
 */
static int
verify_attrs(const struct ms_signerinfo *si, EVP_PKEY *pub, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_CMS_SIGNERINFO);
	struct ms_der d;
	int rc = -1, i;

	for (i = 0; i < 2; i++) {
		ms_buf_reset(&b);
		ms_der_init(&d, &b);
		ms_der_begin(&d, MS_SET);
		ms_der_raw(&d, si->attrs.p, si->attrs.n);
		if (i == 0)
			ms_der_end(&d);
		else
			ms_der_end_setof(&d);
		rc = ms_der_finish(&d, err);
		if (rc < 0)
			break;
		/* in order already: the same bytes, the same answer */
		if (i == 1 && memcmp(b.p + b.n - si->attrs.n, si->attrs.p,
			si->attrs.n) == 0) {
			rc = 0;
			break;
		}
		rc = ms_sig_verify(pub, &si->alg, ms_buf_span(&b), si->sig,
		    err);
		if (rc != 0)
			break;
	}
	ms_buf_clear(&b);
	return rc;
}

static int
verify(const struct check *c, X509 *x, struct ms_err *err)
{
	const struct ms_signerinfo *si = &c->s->si;
	EVP_PKEY *pub = X509_get0_pubkey(x);
	struct ms_span content;

	if (!pub) {
		ERR_clear_error();
		return ms_fail(err, MS_DATA,
		    "the public key of the certificate cannot be read");
	}
	if (si->attrs.n > 0)
		return verify_attrs(si, pub, err);
	if (si->alg.kind != MS_SIG_ED25519)
		return ms_sig_verify_digest(pub, &si->alg, c->digest, si->sig,
		    err);
	if (!digests_content(c->sd->digests, &content))
		return ms_fail(err, MS_DATA, "Ed25519 without signed "
		    "attributes over more than %zu octets is not supported",
		    MS_BLOCK);
	return ms_sig_verify(pub, &si->alg, content, si->sig, err);
}

/* The signer's certificate; of several that the SignerIdentifier fits (equal
 * subjectKeyIdentifiers) the one whose key it is, among the first SD_TRIES. */
static int
check_value(struct check *c, struct ms_err *err)
{
	struct ms_signerinfo *si = &c->s->si;
	struct ms_err why = MS_ERR_INIT;
	char name[64];
	X509 *x;
	int i, tries = 0, rc = 0;

	for (i = 0; i < sk_X509_num(c->sd->certs) && tries < SD_TRIES; i++) {
		x = sk_X509_value(c->sd->certs, i);
		if (!signerinfo_names(c->s, x))
			continue;
		tries++;
		rc = verify(c, x, &why);
		if (rc == 1) {
			si->cert = x;
			return ms_report_add(c->r, MS_GOOD, "value",
			    "RFC 5652 section 5.6", err, "signed with %s",
			    ms_sigalg_name(&si->alg, name));
		}
		if (rc < 0 && why.class != MS_DATA)
			break;
	}
	if (rc < 0 && why.class != MS_DATA &&
	    why.class != MS_UNAVAILABLE)
		return ms_fail(err, why.class, "%s", why.text);
	if (rc < 0)
		return ms_report_add(c->r, MS_UNDECIDED, "algorithm", NULL, err,
		    "the signature cannot be checked: %s", why.text);
	return ms_report_add(c->r, MS_BAD, "signature", "RFC 5652 section 5.6",
	    err, "the signature value is wrong");
}

static int
check_ess(struct check *c, struct ms_err *err)
{
	const struct ms_signerinfo *si = &c->s->si;
	const char *clause = "RFC 5035 section 5.4";
	struct ms_err why = MS_ERR_INIT;
	bool sha1;
	int named;

	if (si->attrs.n == 0)
		return 0;
	if (ess_check(si->attrs, si->cert, &named, &sha1, &why) < 0) {
		if (why.class != MS_DATA)
			return ms_fail(err, why.class, "%s", why.text);
		return ms_report_add(c->r, MS_BAD, "signing-cert", clause, err,
		    "%s", why.text);
	}
	if (named == 0)
		return ms_report_add(c->r, MS_BAD, "signing-cert", clause, err,
		    "the signing certificate attribute names another "
		    "certificate");
	if (named == 1 && sha1)
		return ms_report_add(c->r, c->legacy ? MS_NOTE : MS_BAD,
		    "weak-digest", "RFC 5035 section 4", err,
		    "the signing certificate is named by its SHA-1");
	return 0;
}

static int
check_key(struct check *c, struct ms_err *err)
{
	EVP_PKEY *pub = X509_get0_pubkey(c->s->si.cert);
	int bits;

	if (!pub || (!EVP_PKEY_is_a(pub, "RSA") &&
	    !EVP_PKEY_is_a(pub, "RSA-PSS"))) {
		ERR_clear_error();
		return 0;
	}
	bits = EVP_PKEY_get_bits(pub);
	if (bits >= RSA_MIN)
		return 0;
	return ms_report_add(c->r, c->legacy && bits >= RSA_MIN / 2 ? MS_NOTE :
	    MS_BAD, "weak-key", "RFC 8551 section 4.2", err,
	    "RSA key of %d bits is too short", bits);
}

/* Digest and signature algorithm; 1 when there is something to verify with. */
static int
check_algs(struct check *c, struct ms_err *err)
{
	const struct ms_signerinfo *si = &c->s->si;
	struct ms_span oid, p = c->s->md_seq;
	struct ms_err why = MS_ERR_INIT;
	struct ms_sigalg alg;
	char name[128];

	if (si->md == MS_OID_sha1 || si->md == MS_OID_md5) {
		if (ms_report_add(c->r, c->legacy && si->md == MS_OID_sha1 ?
			MS_NOTE : MS_BAD, "weak-digest",
			"RFC 8551 section 2.1", err,
			"%s is no longer a digest to sign with",
			ms_oid_name(si->md)) < 0)
			return -1;
	}
	if (!ms_md_legacy(si->md)) {
		ms_der_want_oid(&p, &oid, "digestAlgorithm", NULL);
		return ms_report_add(c->r, MS_UNDECIDED, "algorithm",
		    "RFC 5652 section 5.3", err,
		    "digest algorithm %s is not known here",
		    ms_oid_dotted(oid, name, sizeof(name)));
	}
	if (!si->alg_known) {
		ms_sigalg_parse(c->s->alg_seq, si->md, &alg, &why);
		return ms_report_add(c->r, MS_UNDECIDED, "algorithm",
		    "RFC 5652 section 5.3", err,
		    "the signature cannot be checked: %s", why.text);
	}
	if (c->digest.n == 0)
		return ms_report_add(c->r, MS_UNDECIDED, "algorithm",
		    "RFC 5652 section 5.1", err,
		    "%s of the content was not computed: it was not announced",
		    ms_oid_name(si->md));
	return 1;
}

/*
 * Without signed attributes the signature is over the content; then a content
 * that is a SET of attributes is another message's, whose signature was moved
 * here together with them.
 */
static bool
is_attrs(const struct check *c)
{
	struct ms_span s, set, v;

	if (!c->sd->digests)
		return false;
	digests_content(c->sd->digests, &s);
	return ms_der_want(&s, MS_SET, &set, "content", NULL) == 0 &&
	    ms_attr_find(set, MS_OID_messageDigest, &v, NULL) != 0;
}

static int
check_form(struct check *c, struct ms_err *err)
{
	const struct ms_signerinfo *si = &c->s->si;
	struct attrs_want want = { c->sd->type, c->digest, si->md,
		c->s->md_seq, c->s->alg_seq };
	uint64_t version = si->sid.p[0] == MS_SEQUENCE ? 1 : 3;

	if (c->s->version != version &&
	    ms_report_add(c->r, MS_BAD, "attributes", "RFC 5652 section 5.3",
		err, "SignerInfo has version %llu, its SignerIdentifier wants "
		"%llu", (unsigned long long)c->s->version,
		(unsigned long long)version) < 0)
		return -1;
	if (si->attrs.n > 0)
		return attrs_check(si->attrs, &want, c->r, err);
	if (ms_oid_find(c->sd->type) != MS_OID_data)
		return ms_report_add(c->r, MS_BAD, "attributes",
		    "RFC 5652 section 5.3", err,
		    "signed attributes missing although eContentType is not "
		    "id-data");
	if (is_attrs(c))
		return ms_report_add(c->r, MS_BAD, "attributes",
		    "RFC 5652 section 5.4", err,
		    "the content is the signed attributes of another message");
	return 0;
}

int
ms_signer_check(struct ms_signed *sd, size_t i, bool legacy,
    struct ms_report *r, struct ms_err *err)
{
	struct check c = { sd, NULL, legacy, { NULL, 0 }, r };
	int rc;

	if (i >= ms_signed_count(sd))
		return ms_fail(err, MS_BUG, "there is no SignerInfo %zu", i);
	c.s = &sd->v[i];
	if (sd->digests)
		c.digest = ms_digests_value(sd->digests, c.s->si.md);
	if (check_form(&c, err) < 0)
		return -1;
	rc = check_algs(&c, err);
	if (rc < 0)
		return -1;
	if (!c.s->si.cert)
		return ms_report_add(r, MS_UNDECIDED, "no-certificate",
		    "RFC 5652 section 5.3", err,
		    sd->unread_certs > 0 ? "the signer's certificate is not "
		    "there (one that is there cannot be read)" :
		    "the signer's certificate is not there");
	if (rc == 1 && check_value(&c, err) < 0)
		return -1;
	if (check_ess(&c, err) < 0)
		return -1;
	return check_key(&c, err);
}
