/* SPDX-License-Identifier: Apache-2.0 */
/* What an input is, by its first bytes. */
#include <string.h>

#include "smime/internal.h"

static bool
begins(struct ms_span s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static bool
is_armor(struct ms_span s)
{
	static const char *const label[] = { "CMS", "PKCS7",
		"PKCS #7 SIGNED DATA", "SIGNED MESSAGE", "ENCRYPTED MESSAGE",
		"SIGNATURE" };
	size_t i, n = strlen("-----BEGIN ");

	if (!begins(s, "-----BEGIN "))
		return false;
	s.p += n;
	s.n -= n;
	for (i = 0; i < sizeof(label) / sizeof(label[0]); i++) {
		n = strlen(label[i]);
		if (s.n >= n + 5 && memcmp(s.p, label[i], n) == 0 &&
		    memcmp(s.p + n, "-----", 5) == 0)
			return true;
	}
	return false;
}

static bool
is_cms(struct ms_span s)
{
	struct ms_src *src;
	bool yes;

	if (is_armor(s))
		return true;
	if (s.n == 0 || s.p[0] != MS_SEQUENCE)
		return false;
	src = ms_src_mem(s.p, s.n, NULL);
	if (src == NULL)
		return false;
	yes = ms_cms_guess(src, NULL) != MS_OID_UNKNOWN;
	ms_src_free(src);
	return yes;
}

/*
 * Field names up to the first line that is none: a header that goes wrong
 * further down is a mail with a fault, not a file.
 */
static bool
is_mail(struct ms_span s)
{
	static const char *const other[] = { "Date", "To", "Message-ID",
		"MIME-Version" };
	const unsigned char *p = s.p, *end = p + s.n, *nl;
	struct ms_span name;
	bool from = false, more = false;
	size_t i;

	if (begins(s, "From ") && (nl = memchr(p, '\n', s.n)) != NULL)
		p = nl + 1;
	while (p < end && !(from && more)) {
		nl = memchr(p, '\n', (size_t)(end - p));
		name.p = p;
		while (p < end && *p > ' ' && *p < 0x7f && *p != ':')
			p++;
		name.n = (size_t)(p - name.p);
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		/* a continuation has no name and some blank in front */
		if (name.n > 0 ? p == end || *p != ':' : p == name.p)
			break;
		from = from || ms_span_caseis(name, "From");
		for (i = 0; i < sizeof(other) / sizeof(other[0]); i++)
			more = more || ms_span_caseis(name, other[i]);
		p = nl != NULL ? nl + 1 : end;
	}
	return from && more;
}

int
ms_smime_guess(struct ms_spool *in, enum ms_kind *kind, struct ms_err *err)
{
	struct ms_span first;

	if (ms_spool_peek(in, &first, err) != 0)
		return -1;
	if (begins(first, "%PDF-"))
		*kind = MS_KIND_PDF;
	else if (is_cms(first))
		*kind = MS_KIND_CMS;
	else if (is_mail(first))
		*kind = MS_KIND_MAIL;
	else
		*kind = MS_KIND_FILE;
	return 0;
}

static bool
has_end(struct ms_span s)
{
	const unsigned char *p = s.p, *end = p + s.n, *nl;

	if (s.n < MS_BLOCK)
		return true;
	while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		p = nl + 1;
		if (p < end && (*p == '\n' ||
		    (*p == '\r' && p + 1 < end && p[1] == '\n')))
			return true;
	}
	return false;
}

int
ms_smime_header(struct ms_spool *in, struct ms_mime_header *h,
    struct ms_err *err)
{
	struct ms_span first;
	struct ms_src *src;
	int rc;

	if (ms_spool_peek(in, &first, err) != 0)
		return -1;
	if (!has_end(first)) {
		src = ms_spool_read(in, err);
		return src != NULL ? ms_mime_header_read(src, h, err) : -1;
	}
	src = ms_src_mem(first.p, first.n, err);
	if (src == NULL)
		return -1;
	rc = ms_mime_header_read(src, h, err);
	ms_src_free(src);
	return rc;
}

static int
no_pdf(struct ms_err *err)
{
	ms_fail(err, MS_UNAVAILABLE, "PDF is not supported yet");
	return ms_hint(err, "--format cms takes it as a file of any kind");
}

int
ms_smime_kind(enum ms_format format, struct ms_spool *in, enum ms_kind *kind,
    struct ms_err *err)
{
	/* also makes the first bytes of a slow pipe come together */
	if (ms_smime_guess(in, kind, err) != 0)
		return -1;
	switch (format) {
	case MS_FORMAT_AUTO:
		break;
	case MS_FORMAT_MAIL:
		*kind = MS_KIND_MAIL;
		break;
	case MS_FORMAT_PDF:
		*kind = MS_KIND_PDF;
		break;
	case MS_FORMAT_CMS:
		*kind = MS_KIND_CMS;
		break;
	}
	return 0;
}

int
smime_kind(enum ms_format format, struct ms_spool *in, enum ms_kind *kind,
    struct ms_err *err)
{
	if (ms_smime_kind(format, in, kind, err) != 0)
		return -1;
	return *kind == MS_KIND_PDF ? no_pdf(err) : 0;
}
