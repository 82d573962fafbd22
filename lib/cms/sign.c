/* SPDX-License-Identifier: Apache-2.0 */
/* SignedData in the making: RFC 5652 section 5, 5035, 5754, 8419, 8551. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cms/sd.h"

/* ---- setting up ---- */

static int
add_md(struct ms_sign *s, enum ms_oid md, struct ms_err *err)
{
	const char *name = ms_md_micalg(md);
	size_t i, n = strlen(s->micalg);

	for (i = 0; i < s->nmds; i++)
		if (s->mds[i] == md)
			return 0;
	if (s->nmds == SD_MDS || !name)
		return ms_fail(err, MS_USAGE, "digest %s cannot be signed with",
		    ms_oid_name(md));
	s->mds[s->nmds++] = md;
	snprintf(s->micalg + n, sizeof(s->micalg) - n, "%s%s", n ? "," : "",
	    name);
	return 0;
}

static int
add_signer(struct ms_sign *s, const struct ms_cms_signer *c,
    struct ms_err *err)
{
	struct sd_maker *g = &s->v[s->n++];
	struct ms_der d;

	g->id = c->id;
	ms_buf_init(&g->sid, MS_CMS_SIGNERINFO);
	ms_buf_init(&g->ess, MS_CMS_SIGNERINFO);
	ms_buf_init(&g->attrs, MS_CMS_SIGNERINFO);
	ms_buf_init(&g->sig, SD_SIG);
	ms_buf_init(&g->token, MS_TSP_TOKEN);
	if (!ms_key_matches(c->id->key, c->id->cert))
		return ms_fail(err, MS_USAGE,
		    "the private key does not belong to the certificate");
	if (ms_sigalg_for(ms_key_pub(c->id->key), c->md ? c->md : MS_OID_sha256,
		c->pss, &g->alg, err) < 0 ||
	    add_md(s, g->alg.md, err) < 0 ||
	    ms_cert_ias(c->id->cert, &g->sid, err) < 0)
		return -1;
	ms_der_init(&d, &g->ess);
	if (ess_write(c->id->cert, &d, err) < 0)
		return -1;
	return ms_der_finish(&d, err);
}

/* Whether one of the first n certificates of the stack is x. */
static bool
listed(STACK_OF(X509) *l, X509 *x)
{
	int i;

	for (i = 0; i < sk_X509_num(l); i++)
		if (X509_cmp(sk_X509_value(l, i), x) == 0)
			return true;
	return false;
}

/*
 * The signers' certificates and what leads up from them.  The self-signed end
 * of a chain is left out: whoever trusts it has it, and from us it proves
 * nothing.
 */
static int
collect(const struct ms_sign *s, STACK_OF(X509) *l, struct ms_err *err)
{
	STACK_OF(X509) *chain;
	X509 *x;
	size_t i;
	int k;

	for (i = 0; i < s->n; i++) {
		x = s->v[i].id->cert;
		if (!listed(l, x) && sk_X509_push(l, x) <= 0)
			return ms_fail_nomem(err);
		chain = s->v[i].id->chain;
		for (k = 0; chain && k < sk_X509_num(chain); k++) {
			x = sk_X509_value(chain, k);
			if (X509_NAME_cmp(X509_get_subject_name(x),
				X509_get_issuer_name(x)) == 0 || listed(l, x))
				continue;
			if (sk_X509_push(l, x) <= 0)
				return ms_fail_nomem(err);
		}
	}
	return 0;
}

static int
write_certs(struct ms_sign *s, struct ms_err *err)
{
	struct ms_buf one = MS_BUF_INIT(MS_CMS_CERTSET);
	STACK_OF(X509) *l = sk_X509_new_null();
	struct ms_der d;
	int i, rc = -1;

	if (!l) {
		ms_fail_nomem(err);
		goto out;
	}
	if (collect(s, l, err) < 0)
		goto out;
	ms_der_init(&d, &s->certs);
	ms_der_begin(&d, MS_CTXC(0));
	for (i = 0; i < sk_X509_num(l); i++) {
		ms_buf_reset(&one);
		if (ms_cert_der(sk_X509_value(l, i), &one, err) < 0)
			goto out;
		ms_der_raw(&d, one.p, one.n);
	}
	ms_der_end_setof(&d);
	rc = ms_der_finish(&d, err);
out:
	ms_buf_clear(&one);
	sk_X509_free(l);
	return rc;
}

int
ms_sign_new(const struct ms_sign_conf *conf, struct ms_sign **ret,
    struct ms_err *err)
{
	struct ms_sign *s;
	size_t i;

	if (conf->nsigners == 0 || conf->nsigners > MS_CMS_SIGNERS)
		return ms_fail(err, MS_USAGE, "from 1 to %d signers can sign",
		    MS_CMS_SIGNERS);
	s = calloc(1, sizeof(*s));
	if (!s)
		return ms_fail_nomem(err);
	ms_buf_init(&s->certs, MS_CMS_CERTSET);
	s->v = calloc(conf->nsigners, sizeof(*s->v));
	if (!s->v) {
		ms_fail_nomem(err);
		goto fail;
	}
	s->content_type = conf->content_type;
	s->signing_time = conf->signing_time;
	s->smimecaps = !conf->no_smimecaps;
	s->with_certs = !conf->no_certs;
	s->stamp = conf->stamp;
	s->stamp_arg = conf->stamp_arg;
	for (i = 0; i < conf->nsigners; i++)
		if (add_signer(s, &conf->signers[i], err) < 0)
			goto fail;
	if (write_certs(s, err) < 0)
		goto fail;
	s->digests = ms_digests_new(s->mds, s->nmds, err);
	if (!s->digests)
		goto fail;
	*ret = s;
	return 0;
fail:
	ms_sign_free(s);
	return -1;
}

void
ms_sign_free(struct ms_sign *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; s->v && i < s->n; i++) {
		ms_buf_clear(&s->v[i].sid);
		ms_buf_clear(&s->v[i].ess);
		ms_buf_clear(&s->v[i].attrs);
		ms_buf_clear(&s->v[i].sig);
		ms_buf_clear(&s->v[i].token);
	}
	free(s->v);
	ms_digests_free(s->digests);
	ms_buf_clear(&s->certs);
	free(s);
}

struct ms_digests *
ms_sign_digests(struct ms_sign *s)
{
	return s->digests;
}

const char *
ms_sign_micalg(const struct ms_sign *s)
{
	return s->micalg;
}

int
ms_sign_again(struct ms_sign *s, time_t signing_time, bool with_certs,
    struct ms_err *err)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		ms_buf_reset(&s->v[i].attrs);
		ms_buf_reset(&s->v[i].sig);
		ms_buf_reset(&s->v[i].token);
	}
	s->signing_time = signing_time;
	s->with_certs = with_certs;
	s->final = false;
	return digests_reset(s->digests, err);
}

/* ---- signing ---- */

/* RFC 8551 section 2.5.2: what we can read, most wanted first. */
static void
write_smimecaps(struct ms_der *d)
{
	static const enum ms_oid caps[] = { MS_OID_aes256_gcm,
		MS_OID_aes128_gcm, MS_OID_aes256_cbc, MS_OID_aes128_cbc };
	size_t i;

	sign_attr_begin(d, MS_OID_smimeCapabilities);
	ms_der_begin(d, MS_SEQUENCE);
	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		ms_der_begin(d, MS_SEQUENCE);
		ms_der_oid(d, caps[i]);
		ms_der_end(d);
	}
	ms_der_end(d);
	sign_attr_end(d);
}

static int
write_attrs(struct ms_sign *s, struct sd_maker *g, struct ms_err *err)
{
	struct ms_span digest = ms_digests_value(s->digests, g->alg.md);
	struct ms_der d;

	if (digest.n == 0)
		return ms_fail(err, MS_OS, "cannot digest the content");
	ms_der_init(&d, &g->attrs);
	ms_der_begin(&d, MS_SET);
	sign_attr_begin(&d, MS_OID_contentType);
	ms_der_oid(&d, s->content_type);
	sign_attr_end(&d);
	if (s->signing_time != (time_t)-1) {
		sign_attr_begin(&d, MS_OID_signingTime);
		ms_der_time(&d, s->signing_time);
		sign_attr_end(&d);
	}
	sign_attr_begin(&d, MS_OID_messageDigest);
	ms_der_prim(&d, MS_OCTETSTRING, digest.p, digest.n);
	sign_attr_end(&d);
	sign_attr_begin(&d, MS_OID_signingCertificateV2);
	ms_der_raw(&d, g->ess.p, g->ess.n);
	sign_attr_end(&d);
	if (s->smimecaps)
		write_smimecaps(&d);
	ms_der_end_setof(&d);
	return ms_der_finish(&d, err);
}

/* CAdES-T: a timestamp over the octets of the signature value. */
static int
stamp(struct ms_sign *s, struct sd_maker *g, struct ms_err *err)
{
	unsigned char imprint[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	struct ms_span of, t, v;

	if (EVP_Digest(g->sig.p, g->sig.n, imprint, &n, EVP_sha256(),
		NULL) != 1)
		return ms_fail_ssl(err, MS_OS, "cannot digest a signature");
	of.p = imprint;
	of.n = n;
	if (s->stamp(s->stamp_arg, MS_OID_sha256, of, &g->token, err) < 0)
		return -1;
	t = ms_buf_span(&g->token);
	if (ms_der_want(&t, MS_SEQUENCE, &v, "TimeStampToken", err) < 0)
		return -1;
	return ms_der_done(&t, "TimeStampToken", err);
}

int
ms_sign_final(struct ms_sign *s, struct ms_err *err)
{
	struct sd_maker *g;
	size_t i;

	if (s->final)
		return ms_fail(err, MS_BUG, "was signed already");
	for (i = 0; i < s->n; i++) {
		g = &s->v[i];
		if (write_attrs(s, g, err) < 0 ||
		    ms_key_sign(g->id->key, &g->alg, ms_buf_span(&g->attrs),
			&g->sig, err) < 0 ||
		    (s->stamp && stamp(s, g, err) < 0))
			return -1;
	}
	s->final = true;
	return 0;
}
