/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include <stdlib.h>
#include <string.h>

/* How long an authority may take; the next one is asked then. */
#define CONNECT_MS 5000
#define TOTAL_MS 20000
/* How long one may take who is asked about a certificate, and all of them
 * together. */
#define FETCH_CONNECT_MS 3000
#define FETCH_TOTAL_MS 8000
#define FETCH_BUDGET_MS 60000

time_t
ms_common_at(void)
{
	return ms_cli_trust.at ? ms_cli_trust.at : time(NULL);
}

static enum ms_revocation
revocation(void)
{
	if (ms_streq(ms_cli_trust.revocation, "off"))
		return MS_REV_OFF;
	if (ms_streq(ms_cli_trust.revocation, "hard"))
		return MS_REV_HARD;
	return MS_REV_SOFT;
}

/* Who asks for what certificates name.  Nobody does when revocation is off
 * and no issuers are wanted. */
static int
add_fetcher(struct ms_cli *c, struct ms_trust *t)
{
	struct ms_buf dir = MS_BUF_INIT(8192);
	struct ms_fetcher_conf conf = {
		.private_hosts = ms_cli_trust.fetch_private,
		.connect_ms = FETCH_CONNECT_MS, .total_ms = FETCH_TOTAL_MS,
		.budget_ms = FETCH_BUDGET_MS };
	struct ms_fetch f;
	int rc;

	ms_trust_set_fetch_issuers(t, ms_cli_trust.fetch_issuers);
	if (revocation() == MS_REV_OFF && !ms_cli_trust.fetch_issuers)
		return 0;
	rc = ms_buf_addf(&dir, &c->err, "%s/cache", c->home_state);
	conf.cache = ms_buf_str(&dir);
	if (rc == 0)
		rc = ms_fetcher_new(&conf, &f, &c->err);
	if (rc == 0)
		rc = ms_trust_set_fetch(t, &f, &c->err);
	ms_buf_clear(&dir);
	return rc;
}

int
ms_common_trust(struct ms_cli *c, bool tsa, struct ms_trust **ret)
{
	const struct ms_strs *from = &ms_cli_trust.trust;
	struct ms_trust *t = ms_trust_new(&c->err);
	size_t i;

	if (!t)
		return -1;
	if (tsa && ms_cli_trust.trust_tsa.n > 0)
		from = &ms_cli_trust.trust_tsa;
	ms_trust_set_revocation(t, revocation());
	for (i = 0; i < from->n; i++)
		if (ms_trust_add(t, from->v[i], &c->err) != 0)
			goto fail;
	for (i = 0; i < ms_cli_trust.crl.n; i++)
		if (ms_trust_add_crl_file(t, ms_cli_trust.crl.v[i],
		    &c->err) != 0)
			goto fail;
	for (i = 0; i < ms_cli_chain.n; i++)
		if (ms_trust_add_chain_file(t, ms_cli_chain.v[i],
		    &c->err) != 0)
			goto fail;
	if (add_fetcher(c, t) != 0)
		goto fail;
	*ret = t;
	return 0;
fail:
	ms_trust_free(t);
	return -1;
}

void
ms_common_hint_trust(struct ms_cli *c)
{
	ms_hint(&c->err, "name the CA's certificate with --trust FILE, or as "
	    "'trust = FILE' in mailseal.conf");
}

int
ms_common_idstore(struct ms_cli *c, struct ms_idstore **ret)
{
	struct ms_buf dir = MS_BUF_INIT(8192);
	int rc = -1;

	if (ms_buf_addf(&dir, &c->err, "%s/identities", c->home_data) == 0)
		rc = ms_idstore_open(ms_buf_str(&dir), ret, &c->err);
	ms_buf_clear(&dir);
	return rc;
}

static int
load(struct ms_cli *c, struct ms_idstore *s, const char *who,
    enum ms_usage use, struct ms_idents *l)
{
	struct ms_ident_spec spec = { who, ms_cli_who.key, ms_cli_who.cert };

	if (who && ms_ident_is_address(who) &&
	    ms_cli_section(c, who) != 0)
		return -1;
	return ms_ident_load(s, &spec, use, ms_common_pass, c, l, &c->err);
}

/* The From address goes before an identity that only the configuration
 * names.  false: it has no keys. */
static bool
own_keys(struct ms_cli *c, struct ms_idstore *s, const char *from,
    enum ms_usage use, struct ms_idents *l)
{
	if (!from || ms_cli_who.key || ms_cli_who.identity.n == 0 ||
	    ms_cli_given(c, "identity"))
		return false;
	if (load(c, s, from, use, l) == 0)
		return l->n > 0;
	if (c->err.class != MS_NOINPUT)
		return true;
	ms_err_reset(&c->err);
	return false;
}

int
ms_common_idents(struct ms_cli *c, const char *from, enum ms_usage use,
    struct ms_idents *l)
{
	struct ms_idstore *s = NULL;
	size_t i;
	int rc;

	if (ms_common_idstore(c, &s) != 0)
		return -1;
	if (own_keys(c, s, from, use, l)) {
		rc = c->err.class == MS_OK ? 0 : -1;
	} else if (ms_cli_who.identity.n > 0) {
		rc = 0;
		for (i = 0; rc == 0 && i < ms_cli_who.identity.n; i++)
			rc = load(c, s, ms_cli_who.identity.v[i], use, l);
	} else if (ms_cli_who.key || from || use == MS_USE_ENCRYPT) {
		rc = load(c, s, ms_cli_who.key ? NULL : from, use, l);
	} else {
		rc = ms_fail(&c->err, MS_NOINPUT, "no identity to act as");
		ms_hint(&c->err, "-i ADDRESS|FILE names one; ms-id import "
		    "FILE puts one into the store");
	}
	if (rc == 0 && l->n == 0) {
		rc = ms_fail(&c->err, MS_NOINPUT, "no key that may be used "
		    "for this in the identity store");
		ms_hint(&c->err, "-i FILE names one; ms-id import FILE puts "
		    "one into the store");
	}
	ms_idstore_free(s);
	return rc;
}

int
ms_common_stamper(struct ms_cli *c, struct ms_trust *trust,
    struct ms_stamper **ret)
{
	struct ms_stamper_conf conf = { .connect_ms = CONNECT_MS,
		.total_ms = TOTAL_MS, .trust = trust };
	size_t i;

	*ret = NULL;
	for (i = 0; i < ms_cli_tsa.n; i++)
		if (ms_streq(ms_cli_tsa.v[i], "none"))
			return 0;
	if (ms_cli_tsa.n == 0)
		return 0;
	conf.urls = (const char *const *)ms_cli_tsa.v;
	conf.nurls = ms_cli_tsa.n;
	return ms_stamper_new(&conf, ret, &c->err);
}

int
ms_common_cert(struct ms_cli *c, const char *path, X509 **ret)
{
	struct ms_bag bag;
	int rc = -1;

	ms_bag_init(&bag);
	if (ms_bag_read(&bag, path, NULL, NULL, &c->err) != 0)
		goto out;
	*ret = sk_X509_shift(bag.certs);
	if (*ret)
		rc = 0;
	else
		ms_fail(&c->err, MS_DATA, "%s: no certificate in it", path);
out:
	ms_bag_clear(&bag);
	return rc;
}
