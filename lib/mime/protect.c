/* SPDX-License-Identifier: Apache-2.0 */
/* Header protection, RFC 9788 section 4: composing and comparing. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mime/internal.h"
#include "mime/protect.h"

#define LINE 998	/* characters, RFC 5322 section 2.1.1 */

static bool
is_content(const struct ms_mime_field *f)
{
	return f->name.n > 8 && strncasecmp((const char *)f->name.p,
	    "Content-", 8) == 0;
}

bool
ms_protect_wants(const struct ms_mime_field *f)
{
	static const char *const not[] = {
		"MIME-Version", "HP-Outer", "Bcc", "Resent-Bcc",
		"Return-Path", "Received", "Delivered-To", "DKIM-Signature",
		"Authentication-Results", "ARC-Seal", "ARC-Message-Signature",
		"ARC-Authentication-Results", "Received-SPF"
	};
	size_t i;

	for (i = 0; i < sizeof(not) / sizeof(not[0]); i++)
		if (ms_span_caseis(f->name, not[i]))
			return false;
	return !is_content(f);
}

/* ---- composing ---- */

/* Each line with CRLF behind it. */
static int
put_canonical(struct ms_buf *b, struct ms_span raw, struct ms_err *err)
{
	const unsigned char *p = raw.p, *end = p + raw.n, *nl;
	size_t n;

	while (p < end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((nl != NULL ? nl : end) - p);
		if (n > 0 && p[n - 1] == '\r')
			n--;
		if (ms_buf_add(b, p, n, err) != 0 ||
		    ms_buf_adds(b, "\r\n", err) != 0)
			return -1;
		p = nl != NULL ? nl + 1 : end;
	}
	return 0;
}

/* Content-Type with hp behind what it says. */
static int
put_type(struct ms_buf *b, const struct ms_mime_field *f, const char *hp,
    struct ms_err *err)
{
	struct ms_mime_value mv = { .token = NULL };
	struct ms_span raw = f->raw, value;
	size_t at = b->n;
	int rc = -1;

	raw.n = (size_t)(f->value.p + f->value.n - f->raw.p);
	if (raw.p[raw.n - 1] == ';')
		raw.n--;
	if (ms_mime_value_parse(f->value, &mv, err) != 0)
		goto out;
	if (ms_mime_param(&mv, "hp") != NULL) {
		ms_fail(err, MS_DATA, "RFC 9788 section 2.1: the message says "
		    "already that its header is protected (hp)");
		goto out;
	}
	ms_mime_value_clear(&mv);
	if (put_canonical(b, raw, err) != 0)
		goto out;
	b->n -= 2;
	if (ms_buf_addf(b, err, ";\r\n hp=\"%s\"\r\n", hp) != 0)
		goto out;
	/* a quote or comment left open would swallow it */
	value.p = b->p + at + (size_t)(f->value.p - f->raw.p);
	value.n = (size_t)(b->p + b->n - 2 - value.p);
	if (ms_mime_value_parse(value, &mv, NULL) == 0 &&
	    ms_streq(ms_mime_param(&mv, "hp"), hp))
		rc = 0;
	else
		ms_fail(err, MS_DATA, "RFC 2045 section 5.1: a parameter "
		    "cannot be added to this Content-Type field");
out:
	ms_mime_value_clear(&mv);
	return rc;
}

static int
put_outer_copy(struct ms_buf *b, const struct ms_mime_field *f,
    struct ms_err *err)
{
	const unsigned char *nl = memchr(f->raw.p, '\n', f->raw.n);
	size_t first = nl != NULL ? (size_t)(nl - f->raw.p) : f->raw.n;

	if (ms_buf_adds(b, "HP-Outer: ", err) != 0)
		return -1;
	if (first + 10 <= LINE || f->value.n == 0)
		return put_canonical(b, f->raw, err);
	/* a line would become too long: the value on the next one */
	if (ms_buf_add(b, f->name.p, f->name.n, err) != 0 ||
	    ms_buf_adds(b, ":\r\n ", err) != 0)
		return -1;
	return put_canonical(b, f->value, err);
}

static int
put_copies(const struct ms_mime_header *h, enum ms_protect how,
    struct ms_buf *b, struct ms_err *err)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (ms_protect_wants(&h->v[i]) &&
		    put_canonical(b, h->v[i].raw, err) != 0)
			return -1;
	for (i = 0; how == MS_PROTECT_CIPHER && i < h->n; i++)
		if (ms_protect_wants(&h->v[i]) &&
		    put_outer_copy(b, &h->v[i], err) != 0)
			return -1;
	return 0;
}

int
ms_protect_head(const struct ms_mime_header *h, enum ms_protect how,
    struct ms_buf *b, struct ms_err *err)
{
	const char *hp = how == MS_PROTECT_CIPHER ? "cipher" : "clear";
	const struct ms_mime_field *f;
	bool any = false, typed = false;
	size_t i;
	int rc;

	for (i = 0; i < h->n; i++) {
		f = &h->v[i];
		if (!is_content(f))
			continue;
		any = true;
		if (how != MS_PROTECT_NO &&
		    ms_span_caseis(f->name, "Content-Type")) {
			typed = true;
			rc = put_type(b, f, hp, err);
		} else {
			rc = put_canonical(b, f->raw, err);
		}
		if (rc != 0)
			return -1;
	}
	if (how == MS_PROTECT_NO) {
		/* readers take it badly when a part has no field at all */
		rc = any ? 0 : ms_buf_adds(b, "Content-Type: text/plain\r\n",
		    err);
	} else {
		rc = typed ? 0 : ms_buf_addf(b, err,
		    "Content-Type: text/plain; hp=\"%s\"\r\n", hp);
		if (rc == 0)
			rc = put_copies(h, how, b, err);
	}
	return rc != 0 ? -1 : ms_buf_adds(b, "\r\n", err);
}

/* ---- comparing ---- */

int
ms_protect_of(const struct ms_mime_header *inner, enum ms_protect *how,
    struct ms_err *err)
{
	const struct ms_mime_field *f = ms_mime_field(inner, "Content-Type",
	    NULL);
	struct ms_mime_value mv = { .token = NULL };
	struct ms_err why = MS_ERR_INIT;
	const char *hp;

	*how = MS_PROTECT_NO;
	if (f == NULL || ms_mime_count(inner, "Content-Type") > 1)
		return 0;
	if (ms_mime_value_parse(f->value, &mv, &why) == 0) {
		hp = ms_mime_param(&mv, "hp");
		if (hp != NULL && ms_strcaseeq(hp, "clear"))
			*how = MS_PROTECT_CLEAR;
		else if (hp != NULL && ms_strcaseeq(hp, "cipher"))
			*how = MS_PROTECT_CIPHER;
	}
	ms_mime_value_clear(&mv);
	return why.class == MS_OK || why.class == MS_DATA ? 0 :
	    ms_fail(err, why.class, "%s", why.text);
}

static bool
same_name(struct ms_span a, struct ms_span b)
{
	return a.n == b.n && strncasecmp((const char *)a.p,
	    (const char *)b.p, a.n) == 0;
}

bool
ms_protect_first(const struct ms_mime_header *h,
    const struct ms_mime_field *f)
{
	size_t i;

	for (i = 0; i < h->n && &h->v[i] != f; i++)
		if (same_name(h->v[i].name, f->name))
			return false;
	return true;
}

/* Append a value without folds and with single blanks, NUL behind it: what
 * servers refold is not altered. */
static int
add_value(struct ms_buf *b, struct ms_span v, struct ms_err *err)
{
	bool gap = false;
	size_t i;

	for (i = 0; i < v.n; i++) {
		if (ms_mime_is_wsp(v.p[i]) || v.p[i] == '\r' ||
		    v.p[i] == '\n') {
			gap = true;
			continue;
		}
		if (gap && ms_buf_addc(b, ' ', err) != 0)
			return -1;
		gap = false;
		if (ms_buf_addc(b, v.p[i], err) != 0)
			return -1;
	}
	return ms_buf_addc(b, '\0', err);
}

/* All values of that name in h; hp: those that HP-Outer fields tell. */
static int
gather(const struct ms_mime_header *h, struct ms_span name, bool hp,
    struct ms_buf *b, struct ms_err *err)
{
	struct ms_span v, n;
	size_t i;

	for (i = 0; i < h->n; i++) {
		n = h->v[i].name;
		v = h->v[i].value;
		if (hp) {
			if (!ms_span_caseis(n, "HP-Outer") || v.n <= name.n)
				continue;
			n.p = v.p;
			n.n = name.n;
			v.p += n.n;
			v.n -= n.n;
			while (v.n > 0 && ms_mime_is_wsp(*v.p)) {
				v.p++;
				v.n--;
			}
			if (v.n == 0 || *v.p != ':')
				continue;
			for (v.p++, v.n--; v.n > 0 && (*v.p == ' ' ||
			    *v.p == '\t' || *v.p == '\r' || *v.p == '\n');
			    v.p++)
				v.n--;
		}
		if (same_name(n, name) && add_value(b, v, err) != 0)
			return -1;
	}
	return 0;
}

static bool
equal(const struct ms_buf *a, const struct ms_buf *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

int
ms_protect_same(const struct ms_mime_header *outer,
    const struct ms_mime_header *inner, enum ms_protect how,
    const struct ms_mime_field *f, struct ms_err *err)
{
	struct ms_buf is = MS_BUF_INIT(2 * MS_MIME_HEADER_MAX);
	struct ms_buf was = MS_BUF_INIT(2 * MS_MIME_HEADER_MAX);
	int rc = -1;

	if (gather(outer, f->name, false, &is, err) != 0 ||
	    gather(inner, f->name, false, &was, err) != 0)
		goto out;
	rc = equal(&is, &was);
	if (rc == 0 && how == MS_PROTECT_CIPHER) {
		ms_buf_reset(&was);
		rc = gather(inner, f->name, true, &was, err) != 0 ? -1 :
		    equal(&is, &was);
	}
out:
	ms_buf_clear(&is);
	ms_buf_clear(&was);
	return rc;
}
