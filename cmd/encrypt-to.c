/* SPDX-License-Identifier: Apache-2.0 */
/* Whom ms-encrypt encrypts to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encrypt.h"

#define LIST_MAX ((size_t)16 * 1024 * 1024)	/* bytes of a -R file */

struct search {
	struct ms_cli *c;
	struct encrypt_to *to;
	struct ms_trust *trust;
	struct ms_lookup *lookup;	/* made when the first address comes */
	size_t asked, refused, unknown;
};

void
encrypt_to_clear(struct encrypt_to *to)
{
	size_t i;

	for (i = 0; i < to->n; i++)
		X509_free(to->certs[i]);
	free(to->certs);
	to->certs = NULL;
	to->n = 0;
}

/* Add a certificate that is not there yet. */
static int
add(struct search *s, X509 *x)
{
	struct encrypt_to *to = s->to;
	X509 **v;
	size_t i;

	for (i = 0; i < to->n; i++)
		if (X509_cmp(to->certs[i], x) == 0)
			return 0;
	if (to->n == MS_CMS_RECIPIENTS)
		return ms_fail(&s->c->err, MS_USAGE, "more than %d "
		    "certificates to encrypt to", MS_CMS_RECIPIENTS);
	v = realloc(to->certs, (to->n + 1) * sizeof(*v));
	if (v == NULL)
		return ms_fail_nomem(&s->c->err);
	to->certs = v;
	if (X509_up_ref(x) != 1)
		return ms_fail(&s->c->err, MS_OS, "cannot share a certificate");
	v[to->n++] = x;
	return 0;
}

/* Whether it may be encrypted to now; else *why. */
static bool
may(X509 *x, const char **why)
{
	return ms_cert_may_at(x, MS_USE_ENCRYPT, ms_common_at(), why) &&
	    ms_cert_may_seal(x, why);
}

static void
refuse(struct search *s, const char *who, const char *why)
{
	struct ms_err e = MS_ERR_INIT;

	s->refused++;
	ms_fail(&e, MS_NO, "%s: %s", who, why);
	ms_cli_error(s->c, &e);
}

/* A file is trusted as named; each of its certificates that may is used. */
static int
add_file(struct search *s, const char *path)
{
	const char *why = "no certificate in it", *reason = why;
	size_t used = 0;
	struct ms_bag bag;
	X509 *x;
	int i, rc;

	s->asked++;
	ms_bag_init(&bag);
	rc = ms_ident_certs(path, ms_common_pass, s->c, &bag, &s->c->err);
	for (i = 0; rc == 0 && i < sk_X509_num(bag.certs); i++) {
		x = sk_X509_value(bag.certs, i);
		if (may(x, &why)) {
			used++;
			rc = add(s, x);
			continue;
		}
		reason = why;
		ms_cli_verbose(s->c, "%s: certificate %d is not used: %s",
		    path, i + 1, why);
	}
	if (rc == 0 && used == 0)
		refuse(s, path, reason);
	ms_bag_clear(&bag);
	return rc;
}

static int
add_found(struct search *s, const struct ms_addr *a, const struct ms_found *f)
{
	struct ms_err e = MS_ERR_INIT;
	size_t i;

	for (i = 0; i < f->nrefused; i++)
		ms_cli_verbose(s->c, "%s: a certificate is not used: %s",
		    a->spec, f->refused[i].why);
	switch (f->answer) {
	case MS_ANSWER_YES:
		if (f->warning)
			ms_cli_warn(s->c, "%s: %s", a->spec, f->warning);
		for (i = 0; i < f->n; i++)
			if (add(s, f->certs[i]) != 0)
				return -1;
		return 0;
	case MS_ANSWER_NO:
		refuse(s, a->spec, f->reason != NULL ? f->reason :
		    "no certificate");
		return 0;
	default:
		s->unknown++;
		ms_fail(&e, MS_TEMPFAIL, "%s: %s", a->spec,
		    f->reason != NULL ? f->reason : "cannot be looked up now");
		ms_cli_error(s->c, &e);
		return 0;
	}
}

static int
add_address(struct search *s, const struct ms_addr *a)
{
	struct ms_found f = { .answer = MS_ANSWER_UNKNOWN };
	int rc;

	s->asked++;
	if (s->lookup == NULL &&
	    (ms_common_trust(s->c, false, &s->trust) != 0 ||
	    ms_common_lookup(s->c, s->trust, &s->lookup) != 0))
		return -1;
	rc = ms_lookup_find(s->lookup, a, MS_USE_ENCRYPT, false, &f,
	    &s->c->err);
	if (rc == 0)
		rc = add_found(s, a, &f);
	ms_found_clear(&f);
	return rc;
}

/* -r, or a line of -R: a word with @ and without / is an address. */
static int
add_word(struct search *s, const char *word)
{
	struct ms_addr a;
	int rc;

	if (!ms_ident_is_address(word))
		return add_file(s, word);
	if (ms_addr_parse(word, strlen(word), &a, &s->c->err) != 0)
		return -1;
	rc = add_address(s, &a);
	ms_addr_clear(&a);
	return rc;
}

static int
add_list(struct search *s, const char *path)
{
	struct ms_buf b = MS_BUF_INIT(LIST_MAX);
	FILE *f = fopen(path, "re");
	struct ms_src *src = NULL;
	char *p, *line, *text = NULL;
	int rc = -1;

	if (f == NULL)
		return ms_fail_errno(&s->c->err, MS_NOINPUT,
		    "cannot open '%s'", path);
	src = ms_src_fd(fileno(f), path, &s->c->err);
	if (src == NULL || ms_src_slurp(src, &b, &s->c->err) != 0)
		goto out;
	text = ms_buf_steal(&b, NULL);
	rc = text != NULL ? 0 : ms_fail_nomem(&s->c->err);
	for (p = text; rc == 0 && p != NULL && *p != '\0';) {
		line = p + strspn(p, " \t\r");
		p = strchr(p, '\n');
		if (p != NULL)
			*p++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (*line != '\0' && *line != '#')
			rc = add_word(s, line);
	}
	if (rc != 0)
		ms_err_context(&s->c->err, "%s", path);
out:
	free(text);
	ms_src_free(src);
	ms_buf_clear(&b);
	fclose(f);
	return rc;
}

/* -t: To and Cc. */
static int
add_fields(struct search *s, const struct ms_mime_header *h)
{
	static const char *const names[] = { "To", "Cc" };
	struct ms_err *err = &s->c->err;
	struct ms_addrlist l;
	size_t i, k;
	int rc = 0;

	if (h == NULL)
		return ms_fail(err, MS_USAGE, "-t is for messages");
	if (ms_mime_count(h, "Bcc") > 0) {
		ms_fail(err, MS_DATA, "the message has a Bcc field, which "
		    "would show who else gets it");
		return ms_hint(err, "ms-send makes a copy for each Bcc");
	}
	for (i = 0; rc == 0 && i < 2; i++) {
		if (ms_mime_addrs(h, names[i], &l, err) != 0)
			return -1;
		for (k = 0; rc == 0 && k < l.n; k++)
			rc = add_address(s, &l.v[k]);
		ms_addrlist_clear(&l);
	}
	return rc;
}

/* ---- the sender ---- */

static int
add_own(struct search *s, const char *who)
{
	struct ms_idstore *store = NULL;
	struct ms_identries e = { NULL, 0 };
	struct ms_err *err = &s->c->err;
	struct ms_addr a;
	const char *why = "";
	size_t i, used = 0;
	int rc = -1;

	if (ms_addr_parse(who, strlen(who), &a, err) != 0)
		return -1;
	if (ms_common_idstore(s->c, &store) == 0 &&
	    ms_idstore_list(store, &a, &e, err) == 0)
		rc = 0;
	for (i = 0; rc == 0 && i < e.n; i++) {
		if (!may(e.v[i].cert, &why))
			continue;
		used++;
		rc = add(s, e.v[i].cert);
	}
	if (rc == 0 && used == 0)
		ms_cli_verbose(s->c, "%s has no certificate in the identity "
		    "store: the sender cannot read it", who);
	ms_identries_clear(&e);
	ms_idstore_free(store);
	ms_addr_clear(&a);
	return rc;
}

static int
add_self(struct search *s, const struct ms_mime_header *h)
{
	struct ms_addrlist from = { NULL, 0, NULL, 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < ms_cli_who.identity.n; i++)
		rc = ms_ident_is_address(ms_cli_who.identity.v[i]) ?
		    add_own(s, ms_cli_who.identity.v[i]) :
		    add_file(s, ms_cli_who.identity.v[i]);
	if (rc != 0 || ms_cli_who.identity.n > 0 || h == NULL)
		return rc;
	/* whose message it is only matters here when it can be told */
	if (ms_mime_addrs(h, "From", &from, NULL) == 0)
		for (i = 0; rc == 0 && i < from.n; i++)
			rc = add_own(s, from.v[i].spec);
	ms_addrlist_clear(&from);
	return rc;
}

static int
all(struct search *s, const struct ms_mime_header *h)
{
	struct ms_err *err = &s->c->err;
	size_t i;

	for (i = 0; i < encrypt_opts.recipient.n; i++)
		if (add_word(s, encrypt_opts.recipient.v[i]) != 0)
			return -1;
	for (i = 0; i < encrypt_opts.file.n; i++)
		if (add_list(s, encrypt_opts.file.v[i]) != 0)
			return -1;
	if (encrypt_opts.to_cc && add_fields(s, h) != 0)
		return -1;
	if (s->asked == 0) {
		ms_fail(err, MS_USAGE, "no recipient");
		return ms_hint(err, "-r ADDRESS or -r FILE names one, -t takes "
		    "those of the message");
	}
	if (s->refused + s->unknown > 0) {
		ms_fail(err, s->unknown > 0 ? MS_TEMPFAIL : MS_NO,
		    "%zu of %zu recipients cannot be encrypted to",
		    s->refused + s->unknown, s->asked);
		return ms_hint(err, "ms-lookup --why ADDRESS");
	}
	return encrypt_opts.self ? add_self(s, h) : 0;
}

int
encrypt_to_find(struct ms_cli *c, const struct ms_mime_header *h,
    struct encrypt_to *to)
{
	struct search s = { .c = c, .to = to };
	int rc = all(&s, h);

	/* a sender's own file that may not be encrypted to */
	if (rc == 0 && s.refused > 0)
		rc = ms_fail(&c->err, MS_NO, "cannot encrypt to the sender");
	ms_lookup_free(s.lookup);
	ms_trust_free(s.trust);
	return rc;
}
