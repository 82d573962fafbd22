/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others are asked about a path: whom, and how it comes.  What is fetched
 * is believed only after its signature was found right.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/online.h"

int
ms_trust_set_fetch(struct ms_trust *t, const struct ms_fetch *f,
    struct ms_err *err)
{
	struct online *o = calloc(1, sizeof(*o));

	if (!o) {
		if (f->free)
			f->free(f->arg);
		return ms_fail_nomem(err);
	}
	o->f = *f;
	online_free(t->online);
	t->online = o;
	return 0;
}

void
online_free(struct online *o)
{
	size_t i;

	if (!o)
		return;
	for (i = 0; i < o->nlists; i++)
		free(o->list[i].url);
	if (o->f.free)
		o->f.free(o->f.arg);
	free(o);
}

time_t
online_now(const struct path *p)
{
	const struct ms_fetch *f = &p->t->online->f;

	return f->now ? f->now(f->arg) : p->at;
}

/* ---- getting it ---- */

/* Only these are asked for; ldap: is not. */
static const char *
web_url(const GENERAL_NAME *n)
{
	const ASN1_IA5STRING *s;
	const char *u;
	int len;

	if (n->type != GEN_URI)
		return NULL;
	s = n->d.uniformResourceIdentifier;
	u = (const char *)ASN1_STRING_get0_data(s);
	len = ASN1_STRING_length(s);
	if (len < 8 || memchr(u, 0, (size_t)len) ||
	    (strncmp(u, "http://", 7) != 0 && strncmp(u, "https://", 8) != 0))
		return NULL;
	return u;
}

static size_t
limit(enum ms_fetch_kind kind)
{
	return kind == MS_FETCH_CRL ? MS_FETCH_CRL_MAX :
	    kind == MS_FETCH_OCSP ? MS_FETCH_OCSP_MAX : MS_FETCH_ISSUER_MAX;
}

int
online_fetch(struct path *p, struct ms_fetch_query *q, online_use_fn *use,
    void *arg, struct ms_err *err)
{
	const struct ms_fetch *f = &p->t->online->f;
	struct ms_buf b = MS_BUF_INIT(limit(q->kind));
	time_t until = 0;
	int kept, rc = -1;

	q->anew = false;
	do {
		ms_buf_reset(&b);
		ms_err_reset(err);
		kept = f->get(f->arg, q, &b, err);
		if (kept >= 0)
			rc = use(p, arg, ms_buf_span(&b), &until, err);
		q->anew = true;
	} while (kept == 1 && rc != 0);
	if (kept == 0 && rc == 0 && f->keep && until > online_now(p))
		f->keep(f->arg, q, ms_buf_span(&b), until);
	ms_buf_clear(&b);
	return rc;
}

/* ---- what a certificate names ---- */

void
urls_clear(struct urls *u)
{
	size_t i;

	for (i = 0; i < u->n; i++)
		free(u->v[i]);
	u->n = 0;
}

static void
urls_add(struct urls *u, const GENERAL_NAME *name)
{
	const char *url = web_url(name);

	/* one that does not fit in memory is one that was not there */
	if (url && u->n < URLS && (u->v[u->n] = strdup(url)))
		u->n++;
}

void
urls_access(struct urls *u, X509 *x, int method)
{
	AUTHORITY_INFO_ACCESS *aia = X509_get_ext_d2i(x, NID_info_access,
	    NULL, NULL);
	ACCESS_DESCRIPTION *d;
	int i;

	for (i = 0; i < sk_ACCESS_DESCRIPTION_num(aia); i++) {
		d = sk_ACCESS_DESCRIPTION_value(aia, i);
		if (OBJ_obj2nid(d->method) == method)
			urls_add(u, d->location);
	}
	AUTHORITY_INFO_ACCESS_free(aia);
	ERR_clear_error();
}

void
urls_lists(struct urls *u, X509 *x)
{
	CRL_DIST_POINTS *all = X509_get_ext_d2i(x,
	    NID_crl_distribution_points, NULL, NULL);
	DIST_POINT *d;
	int i, k;

	for (i = 0; i < sk_DIST_POINT_num(all); i++) {
		d = sk_DIST_POINT_value(all, i);
		if (!d->distpoint || d->distpoint->type != 0)
			continue;
		for (k = 0; k < sk_GENERAL_NAME_num(
		    d->distpoint->name.fullname); k++)
			urls_add(u, sk_GENERAL_NAME_value(
			    d->distpoint->name.fullname, k));
	}
	CRL_DIST_POINTS_free(all);
	ERR_clear_error();
}
