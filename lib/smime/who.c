/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the signer is who the message says it is from: RFC 8550 section 3,
 * RFC 5322 section 3.6. */
#include <stdlib.h>
#include <string.h>

#include "smime/internal.h"

#define CLAUSE_FROM "RFC 5322 section 3.6.2"
#define CLAUSE_ADDR "RFC 8550 section 3"

int
smime_from(const struct ms_mime_header *h, struct ms_addrlist *l,
    struct ms_err *err)
{
	size_t n = ms_mime_count(h, "From");

	memset(l, 0, sizeof(*l));
	if (n != 1)
		return ms_fail(err, MS_DATA, n == 0 ?
		    "RFC 5322 section 3.6: the message has no From field" :
		    "RFC 5322 section 3.6: the message has %zu From fields", n);
	if (ms_mime_addrs(h, "From", l, err) != 0)
		return ms_err_context(err, "RFC 5322 section 3.6.2");
	if (l->n != 1 || l->v[0].group >= 0) {
		ms_fail(err, MS_DATA, CLAUSE_FROM ": From names %zu mailboxes"
		    "%s, not one", l->n, l->ngroup > 0 ? " in a group" : "");
		ms_addrlist_clear(l);
		return -1;
	}
	return 0;
}

int
smime_who_init(struct smime_who *w, const struct ms_smime_verify *conf,
    const struct ms_mime_header *h, struct ms_err *err)
{
	memset(w, 0, sizeof(*w));
	w->conf = conf;
	w->outer = h;
	w->mail = h != NULL;
	if (h == NULL || conf->judge.value_only)
		return 0;
	w->twice = ms_mime_count(h, "From") > 1;
	if (smime_from(h, &w->from, &w->why) == 0 || w->why.class == MS_DATA)
		return 0;
	return ms_fail(err, w->why.class, "%s", w->why.text);
}

int
smime_who_report(const struct smime_who *w, struct ms_report *whole,
    struct ms_err *err)
{
	const struct ms_smime_verify *c = w->conf;
	bool named = c->signer != NULL || c->signer_domain != NULL ||
	    c->signer_cert != NULL;

	if (w->why.class == MS_OK)
		return 0;
	/* Readers show one of two From fields, and not the same one; whom
	 * another message is from does not matter when the signer was named. */
	return ms_report_add(whole, named && !w->twice ? MS_NOTE : MS_BAD,
	    "from", "RFC 5322 section 3.6", err, "%s", w->why.text);
}

void
smime_who_clear(struct smime_who *w)
{
	ms_addrlist_clear(&w->from);
}

#define TOLD 16	/* altered fields that are named; a message has 20 or so */
#define SHOWN 40	/* characters of a field's name, 200 of its value */

static int
altered(const struct ms_mime_field *f, struct ms_report *whole,
    struct ms_err *err)
{
	char *text = ms_mime_decode_text(f->value, err);
	int rc;

	if (text == NULL)
		return -1;
	rc = ms_report_add(whole, MS_NOTE, "header-altered",
	    "RFC 9788 section 4.4", err, "%.*s is not the one that was "
	    "signed, '%.200s'", f->name.n < SHOWN ? (int)f->name.n : SHOWN,
	    (const char *)f->name.p, text);
	free(text);
	return rc;
}

/* Notes on the fields that were protected. */
static int
note_protected(const struct smime_who *w, const struct ms_mime_header *h,
    struct ms_report *whole, struct ms_err *err)
{
	const struct ms_mime_field *f;
	enum ms_protect how;
	size_t i, n = 0, bad = 0;
	int same;

	if (ms_protect_of(h, &how, err) != 0)
		return -1;
	if (how == MS_PROTECT_NO)
		return 0;
	for (i = 0; i < h->n && bad < TOLD; i++) {
		f = &h->v[i];
		if (!ms_protect_wants(f) || !ms_protect_first(h, f))
			continue;
		n++;
		same = ms_protect_same(w->outer, h, how, f, err);
		if (same < 0 || (same == 0 && altered(f, whole, err) != 0))
			return -1;
		bad += same == 0;
	}
	return n == 0 || bad > 0 ? 0 : ms_report_add(whole, MS_NOTE,
	    "headers-protected", "RFC 9788 section 4.4", err,
	    "%zu header fields are signed too and were not altered", n);
}

int
smime_who_inner(const struct smime_who *w, const struct ms_mime_header *h,
    struct ms_report *whole, struct ms_err *err)
{
	struct ms_addrlist l = { NULL, 0, NULL, 0 };
	struct ms_err why = MS_ERR_INIT;
	int rc = 0;

	if (w->outer != NULL && note_protected(w, h, whole, err) != 0)
		return -1;
	if (!w->mail || w->from.n != 1 || ms_mime_count(h, "From") == 0)
		return 0;
	if (smime_from(h, &l, &why) != 0 && why.class != MS_DATA)
		return ms_fail(err, why.class, "%s", why.text);
	if (l.n != 1 || !ms_addr_equal(&l.v[0], &w->from.v[0]))
		rc = ms_report_add(whole, MS_BAD, "from-protected",
		    "RFC 9788 section 4.4", err, "the message is from %s, but "
		    "what was signed is from %s", w->from.v[0].spec,
		    l.n == 1 ? l.v[0].spec : why.text);
	ms_addrlist_clear(&l);
	return rc;
}

static int
set_signer(struct ms_report *r, const char *spec, struct ms_err *err)
{
	char *s = strdup(spec);

	if (s == NULL)
		return ms_fail_nomem(err);
	free(r->signer);
	r->signer = s;
	return 0;
}

/* What the certificate is for, in words. */
static int
whose(X509 *cert, struct ms_buf *b, struct ms_err *err)
{
	struct ms_addrlist l = { NULL, 0, NULL, 0 };
	struct ms_err why = MS_ERR_INIT;
	char *subject;
	size_t i;
	int rc = 0;

	if (ms_cert_addrs(cert, &l, &why) == 0 && l.n > 0) {
		for (i = 0; i < l.n && i < 4 && rc == 0; i++)
			rc = ms_buf_addf(b, err, "%s%s", i > 0 ? ", " : "",
			    l.v[i].spec);
	} else {
		subject = ms_cert_subject(cert);
		rc = ms_buf_addf(b, err, "%s, without an address",
		    subject != NULL ? subject : "?");
		free(subject);
	}
	ms_addrlist_clear(&l);
	return rc == 0 && ms_buf_str(b) == NULL ? ms_fail_nomem(err) : rc;
}

static int
differs(struct ms_report *r, X509 *cert, const char *code, const char *wanted,
    struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(64 * 1024);
	int rc = whose(cert, &b, err);

	if (rc == 0)
		rc = ms_report_add(r, MS_BAD, code, CLAUSE_ADDR, err,
		    "the signer's certificate is for %s, not for %s",
		    ms_buf_str(&b), wanted);
	ms_buf_clear(&b);
	return rc;
}

static int
check_addr(const struct ms_addr *a, X509 *cert, const char *code,
    struct ms_report *r, struct ms_err *err)
{
	if (ms_cert_has_addr(cert, a))
		return set_signer(r, a->spec, err);
	return differs(r, cert, code, a->spec, err);
}

static int
check_domain(const char *domain, X509 *cert, struct ms_report *r,
    struct ms_err *err)
{
	struct ms_addrlist l = { NULL, 0, NULL, 0 };
	struct ms_err why = MS_ERR_INIT;
	char *want = NULL;
	size_t i;
	int rc = -1;

	if (ms_domain_ascii(domain, strlen(domain), &want, err) != 0)
		return -1;
	/* what cannot be read as addresses is for nobody */
	if (ms_cert_addrs(cert, &l, &why) != 0)
		memset(&l, 0, sizeof(l));
	for (i = 0; i < l.n; i++) {
		if (ms_streq(l.v[i].domain, want)) {
			rc = set_signer(r, l.v[i].spec, err);
			break;
		}
	}
	if (i == l.n)
		rc = differs(r, cert, "signer", want, err);
	ms_addrlist_clear(&l);
	free(want);
	return rc;
}

int
smime_who_check(const struct smime_who *w, X509 *cert, struct ms_report *r,
    struct ms_err *err)
{
	const struct ms_smime_verify *c = w->conf;

	if (cert == NULL || c->judge.value_only)
		return 0;
	if (c->signer_cert != NULL && X509_cmp(cert, c->signer_cert) != 0)
		return ms_report_add(r, MS_BAD, "signer", NULL, err,
		    "signed with another certificate than the one named");
	if (c->signer != NULL)
		return check_addr(c->signer, cert, "signer", r, err);
	if (c->signer_domain != NULL)
		return check_domain(c->signer_domain, cert, r, err);
	if (c->signer_cert != NULL)
		return 0;
	if (!w->mail)
		return ms_report_add(r, MS_NOTE, "signer-not-checked", NULL,
		    err, "signer not checked");
	if (w->from.n == 1)
		return check_addr(&w->from.v[0], cert, "from", r, err);
	return 0;		/* smime_who_report() calls it bad */
}

int
ms_smime_who(const struct ms_smime_verify *conf, X509 *cert,
    struct ms_report *r, struct ms_err *err)
{
	struct smime_who w = { .conf = conf };

	return smime_who_check(&w, cert, r, err);
}
