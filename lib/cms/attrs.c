/* SPDX-License-Identifier: Apache-2.0 */
/* Signed attributes: RFC 5652 sections 5.3 and 11, RFC 6211. */
#include <string.h>

#include "cms/sd.h"

/* One Attribute ::= SEQUENCE { attrType, attrValues SET }. */
static int
next_attr(struct ms_span *attrs, struct ms_span *type, struct ms_span *values,
    struct ms_err *err)
{
	struct ms_span a;

	if (ms_der_want(attrs, MS_SEQUENCE, &a, "Attribute", err) < 0 ||
	    ms_der_want_oid(&a, type, "Attribute.attrType", err) < 0 ||
	    ms_der_want(&a, MS_SET, values, "Attribute.attrValues", err) < 0)
		return -1;
	return ms_der_done(&a, "Attribute", err);
}

int
ms_attr_find(struct ms_span attrs, enum ms_oid type, struct ms_span *v,
    struct ms_err *err)
{
	struct ms_span t, values, x;
	bool seen = false;
	int n = 0, tag;

	while (attrs.n > 0) {
		if (next_attr(&attrs, &t, &values, err) < 0)
			return -1;
		if (ms_oid_find(t) != type)
			continue;
		if (seen)
			return ms_fail(err, MS_DATA,
			    "RFC 5652 section 11: more than one %s attribute",
			    ms_oid_name(type));
		seen = true;
		*v = values;
		while (values.n > 0) {
			if (ms_der_next(&values, &tag, &x, NULL, err) < 0)
				return -1;
			n++;
		}
		if (n == 0)
			return ms_fail(err, MS_DATA,
			    "RFC 5652 section 5.3: %s attribute has no value",
			    ms_oid_name(type));
	}
	return n;
}

/*
 * The one value of an attribute: 1; 0 when it is absent, or when a finding says
 * why it cannot be used; -1 out of memory.
 */
static int
single(struct ms_span attrs, enum ms_oid type, const char *clause,
    bool required, struct ms_span *v, struct ms_report *r, struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	int n = ms_attr_find(attrs, type, v, &why);

	if (n == 1)
		return 1;
	if (n < 0)
		return ms_report_add(r, MS_BAD, "attributes", clause, err,
		    "%s", why.text);
	if (n > 1)
		return ms_report_add(r, MS_BAD, "attributes", clause, err,
		    "%s attribute has %d values", ms_oid_name(type), n);
	if (required)
		return ms_report_add(r, MS_BAD, "attributes", clause, err,
		    "%s attribute missing", ms_oid_name(type));
	return 0;
}

static int
check_type(struct ms_span attrs, const struct attrs_want *w,
    struct ms_report *r, struct ms_err *err)
{
	const char *clause = "RFC 5652 section 11.1";
	struct ms_span v, oid;
	char a[128], b[128];
	int rc;

	rc = single(attrs, MS_OID_contentType, clause, true, &v, r, err);
	if (rc <= 0)
		return rc;
	if (ms_der_want_oid(&v, &oid, "contentType", NULL) < 0)
		return ms_report_add(r, MS_BAD, "attributes", clause, err,
		    "contentType attribute is not an OBJECT IDENTIFIER");
	if (!ms_span_eq(oid, w->type))
		return ms_report_add(r, MS_BAD, "content-type", clause, err,
		    "contentType attribute says %s, eContentType is %s",
		    ms_oid_dotted(oid, a, sizeof(a)),
		    ms_oid_dotted(w->type, b, sizeof(b)));
	return 0;
}

static int
check_digest(struct ms_span attrs, const struct attrs_want *w,
    struct ms_report *r, struct ms_err *err)
{
	const char *clause = "RFC 5652 section 11.2";
	struct ms_span v, d;
	int rc;

	rc = single(attrs, MS_OID_messageDigest, clause, true, &v, r, err);
	if (rc <= 0)
		return rc;
	if (ms_der_want(&v, MS_OCTETSTRING, &d, "messageDigest", NULL) < 0)
		return ms_report_add(r, MS_BAD, "attributes", clause, err,
		    "messageDigest attribute is not an OCTET STRING");
	if (w->digest.n == 0)	/* signer.c says so */
		return 0;
	if (!ms_span_eq(d, w->digest))
		return ms_report_add(r, MS_BAD, "digest",
		    "RFC 5652 section 5.6", err,
		    "the content is not what was signed: its %s differs from "
		    "the messageDigest attribute", ms_oid_name(w->md));
	return 0;
}

static int
parse_time(struct ms_span v, time_t *t)
{
	struct ms_span x;
	int tag;

	if (ms_der_next(&v, &tag, &x, NULL, NULL) < 0)
		return -1;
	return ms_der_parse_time(tag, x, t, NULL, NULL);
}

static int
check_time(struct ms_span attrs, struct ms_report *r, struct ms_err *err)
{
	const char *clause = "RFC 5652 section 11.3";
	struct ms_span v;
	time_t t;
	int rc;

	rc = single(attrs, MS_OID_signingTime, clause, false, &v, r, err);
	if (rc <= 0)
		return rc;
	if (parse_time(v, &t) < 0)
		return ms_report_add(r, MS_BAD, "attributes", clause, err,
		    "signingTime attribute is not a time");
	return 0;
}

time_t
attrs_signing_time(struct ms_span attrs)
{
	struct ms_span v;
	time_t t;

	if (ms_attr_find(attrs, MS_OID_signingTime, &v, NULL) != 1 ||
	    parse_time(v, &t) < 0)
		return (time_t)-1;
	return t;
}

/* Two AlgorithmIdentifiers, NULL parameters being as good as none. */
static bool
same_alg(struct ms_span a, struct ms_span b)
{
	static const unsigned char null[2] = { MS_NULL, 0 };
	struct ms_span x, y;

	if (ms_der_want_oid(&a, &x, "algorithm", NULL) < 0 ||
	    ms_der_want_oid(&b, &y, "algorithm", NULL) < 0)
		return false;
	if (a.n == sizeof(null) && memcmp(a.p, null, sizeof(null)) == 0)
		a.n = 0;
	if (b.n == sizeof(null) && memcmp(b.p, null, sizeof(null)) == 0)
		b.n = 0;
	return ms_span_eq(x, y) && ms_span_eq(a, b);
}

/* CMSAlgorithmProtection: what the signer meant against what is written. */
static int
check_protection(struct ms_span attrs, const struct attrs_want *w,
    struct ms_report *r, struct ms_err *err)
{
	const char *clause = "RFC 6211 section 2";
	struct ms_span v, seq, md, alg;
	int rc;

	rc = single(attrs, MS_OID_cmsAlgorithmProtect, clause, false, &v, r,
	    err);
	if (rc <= 0)
		return rc;
	if (ms_der_want(&v, MS_SEQUENCE, &seq, "CMSAlgorithmProtection",
		NULL) < 0 ||
	    ms_der_want(&seq, MS_SEQUENCE, &md, "digestAlgorithm", NULL) < 0 ||
	    ms_der_want(&seq, MS_CTXC(1), &alg, "signatureAlgorithm",
		NULL) < 0 ||
	    !same_alg(md, w->md_seq) || !same_alg(alg, w->alg_seq))
		return ms_report_add(r, MS_BAD, "attributes", clause, err,
		    "cmsAlgorithmProtect attribute names other algorithms than "
		    "the SignerInfo");
	return 0;
}

int
attrs_check(struct ms_span attrs, const struct attrs_want *want,
    struct ms_report *r, struct ms_err *err)
{
	if (check_type(attrs, want, r, err) < 0 ||
	    check_digest(attrs, want, r, err) < 0 ||
	    check_time(attrs, r, err) < 0)
		return -1;
	return check_protection(attrs, want, r, err);
}
