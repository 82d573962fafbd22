/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding ours among a message's RecipientInfos, and opening it.  What is not
 * ours is forgotten at once, so that the number of recipients costs time and
 * no memory.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "cms/env-internal.h"
#include "pki/cert.h"

/* How an identity is named in a RecipientInfo. */
struct name {
	struct ms_buf ias;	/* IssuerAndSerialNumber, whole */
	struct ms_span serial;	/* in it */
	struct ms_span ski;
};

struct ms_finder {
	const struct ms_idents *ids;
	struct name *names;
	struct ms_ours *ours[MS_CMS_OURS];
	size_t nours;
	struct ms_ours kari;	/* the KeyAgree that is being read */
	size_t seen;
	struct ms_err why;	/* why one of ours could not be opened */
};

static int
name_init(struct name *n, X509 *cert, struct ms_err *err)
{
	struct ms_span s, body, issuer;
	int tag;

	ms_buf_init(&n->ias, MS_CMS_RECIPIENTINFO);
	if (ms_cert_ias(cert, &n->ias, err) != 0)
		return -1;
	n->ski = ms_cert_ski(cert);
	s = ms_buf_span(&n->ias);
	if (ms_der_want(&s, MS_SEQUENCE, &body, "IssuerAndSerialNumber",
	    err) != 0 ||
	    ms_der_next(&body, &tag, &issuer, NULL, err) != 0)
		return -1;
	return ms_der_want(&body, MS_INTEGER, &n->serial, "serialNumber", err);
}

struct ms_finder *
ms_finder_new(const struct ms_idents *ids, struct ms_err *err)
{
	struct ms_finder *f = calloc(1, sizeof(*f));
	size_t i;

	if (f == NULL ||
	    (f->names = calloc(ids->n + 1, sizeof(*f->names))) == NULL) {
		free(f);
		ms_fail_nomem(err);
		return NULL;
	}
	f->ids = ids;
	for (i = 0; i < ids->n; i++)
		if (name_init(&f->names[i], ids->v[i].cert, err) != 0) {
			ms_finder_free(f);
			return NULL;
		}
	return f;
}

void
ms_finder_free(struct ms_finder *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->ids->n; i++)
		ms_buf_clear(&f->names[i].ias);
	for (i = 0; i < f->nours; i++)
		free(f->ours[i]);
	free(f->names);
	free(f);
}

/*
 * The same certificate although the octets differ: some senders write the
 * issuer's strings in another ASN.1 type.  Looked at only when the serial
 * number is the same.
 */
static bool
ias_equal(const struct name *n, struct ms_span ias, X509 *cert)
{
	struct ms_span body, name, v, serial;
	const unsigned char *p;
	X509_NAME *x;
	bool same;
	int tag;

	if (ms_span_eq(ms_buf_span(&n->ias), ias))
		return true;
	if (ms_der_want(&ias, MS_SEQUENCE, &body, "rid", NULL) != 0 ||
	    ms_der_next(&body, &tag, &v, &name, NULL) != 0 ||
	    ms_der_want(&body, MS_INTEGER, &serial, "serialNumber",
	    NULL) != 0 || !ms_span_eq(serial, n->serial))
		return false;
	p = name.p;
	x = d2i_X509_NAME(NULL, &p, (long)name.n);
	same = x != NULL && p == name.p + name.n &&
	    X509_NAME_cmp(x, X509_get_issuer_name(cert)) == 0;
	X509_NAME_free(x);
	ERR_clear_error();
	return same;
}

/* Whether rid (whole element, its tag and contents) names identity i. */
static bool
rid_is(const struct ms_finder *f, size_t i, int tag, struct ms_span whole,
    struct ms_span v)
{
	const struct name *n = &f->names[i];
	struct ms_span ski;

	switch (tag) {
	case MS_SEQUENCE:
		return ias_equal(n, whole, f->ids->v[i].cert);
	case MS_CTX(0):			/* subjectKeyIdentifier */
		return n->ski.n > 0 && ms_span_eq(n->ski, v);
	case MS_CTXC(0):		/* RecipientKeyIdentifier */
		return n->ski.n > 0 &&
		    ms_der_want(&v, MS_OCTETSTRING, &ski, "rKeyId",
		    NULL) == 0 && ms_span_eq(n->ski, ski);
	default:
		return false;
	}
}

bool
ms_finder_names(const struct ms_finder *f, struct ms_span rid)
{
	struct ms_span whole, v;
	size_t i;
	int tag;

	if (ms_der_next(&rid, &tag, &v, &whole, NULL) != 0)
		return false;
	for (i = 0; i < f->ids->n; i++)
		if (rid_is(f, i, tag, whole, v))
			return true;
	return false;
}

/* Keep a copy of what opening needs. */
static int
keep(struct ms_finder *f, size_t ident, const struct ms_ours *o,
    struct ms_err *err)
{
	struct ms_span *part[4];
	struct ms_ours *k;
	unsigned char *p;
	size_t i;

	if (f->nours == MS_CMS_OURS)
		return 0;
	k = malloc(sizeof(*k) + o->alg.n + o->orig.n + o->ukm.n + o->ek.n);
	if (k == NULL)
		return ms_fail_nomem(err);
	*k = *o;
	k->ident = ident;
	k->number = f->seen;
	part[0] = &k->alg;
	part[1] = &k->orig;
	part[2] = &k->ukm;
	part[3] = &k->ek;
	p = (unsigned char *)(k + 1);
	for (i = 0; i < 4; i++) {
		if (part[i]->n > 0)
			memcpy(p, part[i]->p, part[i]->n);
		part[i]->p = p;
		p += part[i]->n;
	}
	f->ours[f->nours++] = k;
	return 0;
}

static int
keep_matching(struct ms_finder *f, int tag, struct ms_span whole,
    struct ms_span v, const struct ms_ours *o, struct ms_err *err)
{
	size_t i;

	for (i = 0; i < f->ids->n; i++)
		if (rid_is(f, i, tag, whole, v) && keep(f, i, o, err) != 0)
			return -1;
	return 0;
}

/* RFC 5652 section 6.2.1 */
static int
see_ktri(struct ms_finder *f, struct ms_span s, struct ms_err *err)
{
	struct ms_span whole, v;
	struct ms_ours o = { 0 };
	uint64_t version;
	int tag;

	if (ms_der_want_uint(&s, &version, "KeyTransRecipientInfo.version",
	    err) != 0 ||
	    ms_der_next(&s, &tag, &v, &whole, err) != 0 ||
	    ms_der_want(&s, MS_SEQUENCE, &o.alg, "keyEncryptionAlgorithm",
	    err) != 0 ||
	    ms_der_want(&s, MS_OCTETSTRING, &o.ek, "encryptedKey", err) != 0 ||
	    ms_der_done(&s, "KeyTransRecipientInfo", err) != 0)
		return -1;
	return keep_matching(f, tag, whole, v, &o, err);
}

int
ms_finder_count(struct ms_finder *f, struct ms_err *err)
{
	if (++f->seen > MS_CMS_RECIPIENTS)
		return ms_fail(err, MS_DATA, "more than %d recipients",
		    MS_CMS_RECIPIENTS);
	return 0;
}

int
ms_finder_ktri(struct ms_finder *f, struct ms_span ri, struct ms_err *err)
{
	struct ms_span s;

	if (ms_finder_count(f, err) != 0 ||
	    ms_der_want(&ri, MS_SEQUENCE, &s, "KeyTransRecipientInfo",
	    err) != 0)
		return -1;
	return see_ktri(f, s, err);
}

int
ms_finder_kari(struct ms_finder *f, struct ms_span s, struct ms_err *err)
{
	struct ms_ours *o = &f->kari;
	uint64_t version;
	struct ms_span ukm;
	int rc;

	memset(o, 0, sizeof(*o));
	o->agree = true;
	if (ms_der_want_uint(&s, &version, "KeyAgreeRecipientInfo.version",
	    err) != 0 ||
	    ms_der_want(&s, MS_CTXC(0), &o->orig, "originator", err) != 0 ||
	    (rc = ms_der_maybe(&s, MS_CTXC(1), &ukm, err)) < 0)
		return -1;
	o->have_ukm = rc == 1;
	if (o->have_ukm && (ms_der_want(&ukm, MS_OCTETSTRING, &o->ukm, "ukm",
	    err) != 0 || ms_der_done(&ukm, "ukm", err) != 0))
		return -1;
	if (ms_der_want(&s, MS_SEQUENCE, &o->alg, "keyEncryptionAlgorithm",
	    err) != 0)
		return -1;
	return ms_der_done(&s, "KeyAgreeRecipientInfo", err);
}

int
ms_finder_rek(struct ms_finder *f, struct ms_span rek, struct ms_err *err)
{
	struct ms_span s, whole, v;
	int tag;

	if (ms_finder_count(f, err) != 0 ||
	    ms_der_want(&rek, MS_SEQUENCE, &s, "RecipientEncryptedKey",
	    err) != 0 ||
	    ms_der_next(&s, &tag, &v, &whole, err) != 0 ||
	    ms_der_want(&s, MS_OCTETSTRING, &f->kari.ek, "encryptedKey",
	    err) != 0 || ms_der_done(&s, "RecipientEncryptedKey", err) != 0)
		return -1;
	return keep_matching(f, tag, whole, v, &f->kari, err);
}

/*
 * The RSA v1.5 ones.  Whether such a block decrypts must not be seen (RFC
 * 3218): the first RecipientInfo whose key can be used at all is the one, and
 * when it does not decrypt a random key takes its place.  1: there is a key,
 * 0: none could be used.
 */
static int
open_v15(struct ms_finder *f, size_t keylen, struct ms_buf *cek,
    size_t *ident, struct ms_err *err)
{
	unsigned char stand_in[MS_CEK_MAX];
	size_t i, number = 0;
	int rc;

	if (RAND_priv_bytes(stand_in, MS_CEK_MAX) != 1)
		return ms_fail_ssl(err, MS_OS, "no random bytes");
	for (i = 0; i < f->nours; i++) {
		const struct ms_ours *o = f->ours[i];

		if (!ms_ours_is_v15(o) || (number != 0 && o->number != number))
			continue;
		rc = ms_ours_open(o, &f->ids->v[o->ident], keylen, cek,
		    &f->why);
		if (rc < 0)
			continue;
		if (number == 0 || rc == 1)
			*ident = o->ident;
		number = o->number;
		if (rc == 1)
			break;
	}
	if (number != 0 && cek->n == 0 &&
	    ms_buf_add(cek, stand_in, keylen, err) != 0)
		return -1;
	ms_wipe(stand_in, sizeof(stand_in));
	return number != 0;
}

int
ms_finder_open(struct ms_finder *f, size_t keylen, struct ms_buf *cek,
    size_t *ident, struct ms_err *err)
{
	bool damaged = false;
	size_t i;
	int rc;

	if (f->nours == 0)
		return ms_fail(err, MS_NO, "no key here fits: %zu recipient%s, "
		    "%zu identit%s", f->seen, f->seen == 1 ? "" : "s",
		    f->ids->n, f->ids->n == 1 ? "y" : "ies");
	for (i = 0; i < f->nours; i++) {
		const struct ms_ours *o = f->ours[i];

		if (ms_ours_is_v15(o))
			continue;
		rc = ms_ours_open(o, &f->ids->v[o->ident], keylen, cek,
		    &f->why);
		if (rc == 1) {
			*ident = o->ident;
			return 0;
		}
		damaged = damaged || rc == 0;
	}
	rc = open_v15(f, keylen, cek, ident, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (damaged)
		return ms_env_damaged(err);
	ms_fail(err, f->why.class, "%s", f->why.text);
	return f->why.hint[0] != '\0' ? ms_hint(err, "%s", f->why.hint) : -1;
}
