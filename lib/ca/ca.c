/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an authority, and issuing. */
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/internal.h"

#define COMMON_NAME 64	/* octets of an address that serves as one */

static const char *const usages[] = { [MS_PROFILE_ROOT] = "root",
	[MS_PROFILE_SIGN] = "sign", [MS_PROFILE_ENCRYPT] = "encrypt",
	[MS_PROFILE_TSA] = "tsa", [MS_PROFILE_OCSP] = "ocsp",
	[MS_PROFILE_SERVER] = "server", [MS_PROFILE_DEVICE] = "device",
	[MS_PROFILE_OFFICER] = "officer" };

int
ms_ca_profile(const char *usage)
{
	int i;

	for (i = MS_PROFILE_SIGN; i <= MS_PROFILE_OFFICER; i++)
		if (ms_streq(usages[i], usage))
			return i;
	return -1;
}

const char *
ms_ca_usage(enum ms_profile p)
{
	return usages[p];
}

/* ---- opening ---- */

char *
ca_path(const char *dir, const char *name, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(8192);
	char *s = NULL;

	if (ms_buf_addf(&b, err, "%s/%s", dir, name) == 0 &&
	    !(s = ms_buf_steal(&b, NULL)))
		ms_fail_nomem(err);
	ms_buf_clear(&b);
	return s;
}

static int
open_cert(struct ms_ca *ca, const char *path, struct ms_err *err)
{
	struct ms_bag b;
	int rc;

	ms_bag_init(&b);
	rc = ms_bag_read(&b, path, NULL, NULL, err);
	if (rc < 0 && err && err->class == MS_NOINPUT)
		ms_hint(err, "ms-ca init makes an authority; --ca-dir says "
		    "where it is");
	if (rc == 0 && !(ca->cert = sk_X509_shift(b.certs)))
		rc = ms_fail(err, MS_DATA, "%s: no certificate in it", path);
	ms_bag_clear(&b);
	return rc;
}

static int
open_key(struct ms_ca *ca, const char *path, ms_pass_fn *pass, void *arg,
    struct ms_err *err)
{
	struct ms_bag b;
	int rc;

	ms_bag_init(&b);
	rc = ms_bag_read(&b, path, pass, arg, err);
	if (rc == 0 && (b.nkeys != 1 || !ms_key_matches(b.keys[0], ca->cert)))
		rc = ms_fail(err, MS_DATA, "%s: not the key of the authority's "
		    "certificate", path);
	if (rc == 0)
		ca->key = ms_key_ref(b.keys[0]);
	ms_bag_clear(&b);
	return rc;
}

static int
open_all(struct ms_ca *ca, const char *dir, ms_pass_fn *pass, void *arg,
    struct ms_err *err)
{
	char *cert = ca_path(dir, "ca.pem", err);
	char *key = ca_path(dir, "ca.key", err);
	char *db = ca_path(dir, "register.db", err);
	int rc = -1;

	if (cert && key && db && open_cert(ca, cert, err) == 0 &&
	    register_open(db, false, &ca->st, err) == 0 &&
	    register_get(ca->st, "organization", &ca->organization,
	    err) == 0 &&
	    register_get(ca->st, "crl-url", &ca->crl_url, err) == 0)
		rc = pass ? open_key(ca, key, pass, arg, err) : 0;
	free(db);
	free(key);
	free(cert);
	return rc;
}

int
ms_ca_open(const char *dir, ms_pass_fn *pass, void *arg, struct ms_ca **ret,
    struct ms_err *err)
{
	struct ms_ca *ca = calloc(1, sizeof(*ca));

	if (!ca)
		return ms_fail_nomem(err);
	if (open_all(ca, dir, pass, arg, err) < 0) {
		ms_ca_close(ca);
		return -1;
	}
	*ret = ca;
	return 0;
}

void
ms_ca_close(struct ms_ca *ca)
{
	if (!ca)
		return;
	if (ca->open)
		ms_store_rollback(ca->st);
	ms_store_close(ca->st);
	ms_key_free(ca->key);
	X509_free(ca->cert);
	free(ca->organization);
	free(ca->crl_url);
	free(ca);
}

X509 *
ms_ca_cert(const struct ms_ca *ca)
{
	return ca->cert;
}

int
ms_ca_begin(struct ms_ca *ca, struct ms_err *err)
{
	if (ms_store_begin(ca->st, err) < 0)
		return -1;
	ca->open = true;
	return 0;
}

int
ms_ca_commit(struct ms_ca *ca, struct ms_err *err)
{
	if (ms_store_commit(ca->st, err) < 0)
		return -1;	/* closing takes it back */
	ca->open = false;
	return 0;
}

/* ---- issuing ---- */

static int
check_request(const struct ms_ca_request *rq, struct ms_err *err)
{
	const char *usage = usages[rq->profile];

	if (rq->naddrs + rq->ndns > MS_CA_NAMES)
		return ms_fail(err, MS_USAGE, "more than %d names in one "
		    "certificate", MS_CA_NAMES);
	switch (rq->profile) {
	case MS_PROFILE_SIGN:
	case MS_PROFILE_ENCRYPT:
	case MS_PROFILE_OFFICER:
		if (rq->naddrs)
			return 0;
		return ms_fail(err, MS_USAGE,
		    "usage %s needs an e-mail address", usage);
	case MS_PROFILE_SERVER:
		if (rq->ndns)
			return 0;
		ms_fail(err, MS_USAGE, "usage %s needs a host name", usage);
		return ms_hint(err, "--dns HOST");
	default:
		if (rq->subject || rq->naddrs + rq->ndns)
			return 0;
		ms_fail(err, MS_USAGE, "usage %s needs a name", usage);
		return ms_hint(err, "--subject NAME");
	}
}

static const char *
common_name(const struct ms_ca_request *rq)
{
	const char *s = rq->subject;

	if (!s && rq->naddrs)
		s = rq->addrs[0].spec;
	else if (!s && rq->ndns)
		s = rq->dns[0];
	/* what was not asked for is left out when it is too long */
	return s && !rq->subject && strlen(s) > COMMON_NAME ? NULL : s;
}

int
ms_ca_issue(struct ms_ca *ca, const struct ms_ca_request *rq, EVP_PKEY *pub,
    X509 **ret, struct ms_err *err)
{
	struct ms_ident self = { ca->cert, ca->key, NULL, NULL };
	time_t end = ms_cert_not_after(ca->cert);
	unsigned char serial[SERIAL];
	struct ms_issue w = { .profile = rq->profile,
		.subject = common_name(rq),
		.organization = rq->organization ? rq->organization :
		    ca->organization,
		.addrs = rq->addrs, .naddrs = rq->naddrs,
		.dns = rq->dns, .ndns = rq->ndns,
		.not_before = rq->not_before,
		.not_after = rq->not_after < end ? rq->not_after : end,
		.serial = serial, .nserial = sizeof(serial),
		.crl_url = ca->crl_url };
	X509 *x;

	if (!ca->key || !ca->open)
		return ms_fail(err, MS_BUG, "issue without key or transaction");
	if (check_request(rq, err) < 0 ||
	    ms_random(serial, sizeof(serial), err) < 0)
		return -1;
	serial[0] = (serial[0] & 0x7f) | 0x40;	/* positive, always 16 */
	if (ms_issue_cert(&w, pub, &self, NULL, &x, err) < 0)
		return -1;
	if (register_add(ca->st, x, rq->profile, rq, time(NULL), err) < 0) {
		X509_free(x);
		return -1;
	}
	*ret = x;
	return 0;
}

/* ---- renewing ---- */

/* Common name and organization as the certificate has them, malloc()ed. */
static int
name_part(X509 *x, int nid, char **ret, struct ms_err *err)
{
	const X509_NAME *n = X509_get_subject_name(x);
	int i = X509_NAME_get_index_by_NID(n, nid, -1);
	const ASN1_STRING *s;
	struct ms_span v;

	*ret = NULL;
	if (i < 0)
		return 0;
	s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(n, i));
	v.p = ASN1_STRING_get0_data(s);
	v.n = (size_t)ASN1_STRING_length(s);
	*ret = ms_span_dup(v);
	return *ret ? 0 : ms_fail_nomem(err);
}

struct hosts {
	char *v[MS_CA_NAMES];
	size_t n;
};

static void
hosts_clear(struct hosts *h)
{
	while (h->n)
		free(h->v[--h->n]);
}

/* The hosts of an old certificate, out of the register. */
static int
hosts_read(struct ms_ca *ca, X509 *old, struct hosts *h, struct ms_err *err)
{
	unsigned char sha[32];
	struct ms_stmt *q;
	int r = -1;

	if (ms_cert_sha256(old, sha, err) < 0 ||
	    ms_stmt_prepare(ca->st, "SELECT name FROM name JOIN cert "
	    "ON cert = cert.id WHERE sha256 = ? AND host ORDER BY host", &q,
	    err) < 0)
		return -1;
	if (ms_stmt_bind_blob(q, 1, sha, sizeof(sha), err) == 0)
		while ((r = ms_stmt_step(q, err)) == 1 && h->n < MS_CA_NAMES)
			if (!(h->v[h->n++] = strdup(ms_stmt_text(q, 0))))
				break;
	ms_stmt_free(q);
	return r < 0 ? -1 : 0;
}

/* The row of a certificate, which must be in force or expired. */
static int
renewable(struct ms_ca *ca, X509 *old, enum ms_profile *profile,
    struct ms_err *err)
{
	const ASN1_INTEGER *s = X509_get0_serialNumber(old);
	struct ms_ca_query q = { { ASN1_STRING_get0_data(s),
		(size_t)ASN1_STRING_length(s) }, NULL, -1, 0 };
	struct ms_ca_rows l;
	int rc = 0;

	if (ms_ca_find(ca, &q, &l, err) < 0)
		return -1;
	if (l.n != 1 || X509_cmp(l.v[0].cert, old) != 0)
		rc = ms_fail(err, MS_NO, "the certificate was not issued here");
	else if (l.v[0].status == MS_CA_REVOKED)
		rc = ms_fail(err, MS_NO, "the certificate is revoked: its key "
		    "gets no new one");
	else
		*profile = l.v[0].profile;
	ms_ca_rows_clear(&l);
	return rc;
}

int
ms_ca_renew(struct ms_ca *ca, X509 *old, time_t not_before, time_t not_after,
    X509 **ret, struct ms_err *err)
{
	struct ms_ca_request rq = { .not_before = not_before,
		.not_after = not_after };
	struct ms_addrlist addrs = { NULL, 0, NULL, 0 };
	char *subject = NULL, *organization = NULL;
	struct hosts h = { .n = 0 };
	int rc = -1;

	if (renewable(ca, old, &rq.profile, err) == 0 &&
	    ms_cert_addrs(old, &addrs, err) == 0 &&
	    hosts_read(ca, old, &h, err) == 0 &&
	    name_part(old, NID_commonName, &subject, err) == 0 &&
	    name_part(old, NID_organizationName, &organization, err) == 0) {
		rq.subject = subject;
		rq.organization = organization;
		rq.addrs = addrs.v;
		rq.naddrs = addrs.n;
		rq.dns = (const char *const *)h.v;
		rq.ndns = h.n;
		rc = ms_ca_issue(ca, &rq, X509_get0_pubkey(old), ret, err);
	}
	ms_addrlist_clear(&addrs);
	hosts_clear(&h);
	free(subject);
	free(organization);
	return rc;
}
