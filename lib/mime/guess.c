/* SPDX-License-Identifier: Apache-2.0 */
/* The media type of a file: advice for the reader, never a decision. */
#include <string.h>

#include "base/module.h"
#include "mime/internal.h"

struct known {
	const char *what;
	const char *type;
};

/* What the first bytes show without libmagic. */
static const struct known heads[] = {
	{ "%PDF-", "application/pdf" },
	{ "\211PNG\r\n", "image/png" },
	{ "\377\330\377", "image/jpeg" },
	{ "GIF8", "image/gif" },
	{ "PK\003\004", "application/zip" },
	{ "\037\213", "application/gzip" },
};

/* Where the bytes say only text or zip, the name says more. */
static const struct known texts[] = {
	{ ".csv", "text/csv" }, { ".html", "text/html" },
	{ ".htm", "text/html" }, { ".xml", "application/xml" },
	{ ".json", "application/json" }, { ".ics", "text/calendar" },
	{ ".vcf", "text/vcard" }, { ".eml", "message/rfc822" },
};
#define OOXML "application/vnd.openxmlformats-officedocument."
#define ODF "application/vnd.oasis.opendocument."
static const struct known zips[] = {
	{ ".docx", OOXML "wordprocessingml.document" },
	{ ".xlsx", OOXML "spreadsheetml.sheet" },
	{ ".pptx", OOXML "presentationml.presentation" },
	{ ".odt", ODF "text" }, { ".ods", ODF "spreadsheet" },
	{ ".odp", ODF "presentation" },
};
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void
set(char to[128], const char *type)
{
	memcpy(to, type, strlen(type) + 1);
}

static bool
is_text(struct ms_span s)
{
	size_t i, cut = 0;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] < ' ' && !memchr("\t\r\n\f\033", s.p[i], 5)) ||
		    s.p[i] == 0x7f)
			return false;
	/* The last character may be cut off. */
	while (cut < 3 && cut < s.n && !ms_utf8_valid(s.p, s.n - cut))
		cut++;
	return s.n && ms_utf8_valid(s.p, s.n - cut);
}

/* token "/" token, and nothing that a composed header must not hold. */
static bool
is_type(const char *s)
{
	unsigned slashes = 0;

	for (; *s; s++) {
		if (*s == '/')
			slashes++;
		else if (!ms_mime_is_token((unsigned char)*s))
			return false;
	}
	return slashes == 1;
}

static void
by_bytes(struct ms_span first, char to[128])
{
	const struct ms_magic_ops *ops = ms_module("magic", NULL);
	struct ms_span head = first;
	size_t i;

	set(to, is_text(first) ? "text/plain" : "application/octet-stream");
	for (i = 0; i < COUNT(heads); i++) {
		head.n = strlen(heads[i].what);
		if (head.n <= first.n && ms_span_is(head, heads[i].what))
			set(to, heads[i].type);
	}
	if (ops && first.n) {
		char type[128];

		if (ops->guess(first.p, first.n, type) == 0 &&
		    is_type(type) && !ms_streq(type, "text/plain") &&
		    memcmp(type, "inode/", 6) != 0)
			set(to, type);
	}
}

static void
by_name(const char *name, const struct known *v, size_t n, char to[128])
{
	const char *dot = name ? strrchr(name, '.') : NULL;
	size_t i;

	for (i = 0; dot && i < n; i++)
		if (ms_strcaseeq(dot, v[i].what))
			set(to, v[i].type);
}

void
ms_mime_guess(const char *filename, struct ms_span first, char to[128])
{
	by_bytes(first, to);
	if (ms_streq(to, "text/plain"))
		by_name(filename, texts, COUNT(texts), to);
	else if (ms_streq(to, "application/zip") ||
	    ms_streq(to, "application/octet-stream"))
		by_name(filename, zips, COUNT(zips), to);
}
