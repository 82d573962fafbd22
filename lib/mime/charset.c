/* SPDX-License-Identifier: Apache-2.0 */
/* Text of other charsets as UTF-8, by iconv(3) of the C library. */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

#define REPLACEMENT "\357\277\275"	/* U+FFFD */

/*
 * Charsets that mail uses.  A name from outside must not choose which code
 * the C library loads, so only these are handed to iconv_open().  Two are
 * taken for the superset that senders mean by them.
 */
static const char *const charsets[][2] = {
	{ "us-ascii", "UTF-8" }, { "ascii", "UTF-8" },
	{ "utf-8", "UTF-8" }, { "utf8", "UTF-8" },
	{ "iso-8859-1", "WINDOWS-1252" }, { "latin1", "WINDOWS-1252" },
	{ "windows-1252", "WINDOWS-1252" }, { "cp1252", "WINDOWS-1252" },
	{ "iso-8859-2", "ISO-8859-2" }, { "iso-8859-3", "ISO-8859-3" },
	{ "iso-8859-4", "ISO-8859-4" }, { "iso-8859-5", "ISO-8859-5" },
	{ "iso-8859-6", "ISO-8859-6" }, { "iso-8859-7", "ISO-8859-7" },
	{ "iso-8859-8", "ISO-8859-8" }, { "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-9", "ISO-8859-9" }, { "iso-8859-10", "ISO-8859-10" },
	{ "iso-8859-13", "ISO-8859-13" }, { "iso-8859-14", "ISO-8859-14" },
	{ "iso-8859-15", "ISO-8859-15" }, { "iso-8859-16", "ISO-8859-16" },
	{ "windows-1250", "WINDOWS-1250" }, { "windows-1251", "WINDOWS-1251" },
	{ "windows-1253", "WINDOWS-1253" }, { "windows-1254", "WINDOWS-1254" },
	{ "windows-1255", "WINDOWS-1255" }, { "windows-1256", "WINDOWS-1256" },
	{ "windows-1257", "WINDOWS-1257" }, { "windows-1258", "WINDOWS-1258" },
	{ "koi8-r", "KOI8-R" }, { "koi8-u", "KOI8-U" },
	{ "iso-2022-jp", "ISO-2022-JP" }, { "shift_jis", "SHIFT_JIS" },
	{ "euc-jp", "EUC-JP" }, { "euc-kr", "UHC" },
	{ "ks_c_5601-1987", "UHC" }, { "gb2312", "GB18030" },
	{ "gbk", "GB18030" }, { "gb18030", "GB18030" }, { "big5", "BIG5" },
	{ "tis-620", "TIS-620" }, { "macintosh", "MACINTOSH" },
	{ "ibm850", "CP850" }, { "cp850", "CP850" }, { "ibm437", "CP437" },
	{ "utf-16", "UTF-16" }, { "utf-16le", "UTF-16LE" },
	{ "utf-16be", "UTF-16BE" },
};

static const char *
lookup(const char *charset)
{
	size_t i;

	for (i = 0; i < sizeof(charsets) / sizeof(*charsets); i++)
		if (ms_strcaseeq(charset, charsets[i][0]))
			return charsets[i][1];
	return NULL;
}

/* Length of the valid UTF-8 sequence at p, or 0. */
static size_t
utf8_len(const unsigned char *p, size_t n)
{
	size_t k = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;

	return k <= n && ms_utf8_valid(p, k) ? k : 0;
}

static int
add_utf8(const unsigned char *p, size_t n, struct ms_buf *b,
    struct ms_err *err)
{
	size_t k;

	if (n == 0 || ms_utf8_valid(p, n))
		return ms_buf_add(b, p, n, err);
	for (; n; p += k, n -= k) {
		k = utf8_len(p, n);
		if (k ? ms_buf_add(b, p, k, err) :
		    ms_buf_adds(b, REPLACEMENT, err))
			return -1;
		if (k == 0)
			k = 1;
	}
	return 0;
}

static int
convert(iconv_t cd, const unsigned char *p, size_t n, struct ms_buf *b,
    struct ms_err *err)
{
	/* iconv() takes char ** but changes nothing that it points to. */
	char *in = (char *)(uintptr_t)p, *out, room[1024];
	size_t left;
	size_t rc;

	do {
		out = room;
		left = sizeof(room);
		rc = n ? iconv(cd, &in, &n, &out, &left) :
		    iconv(cd, NULL, NULL, &out, &left);
		if (add_utf8((unsigned char *)room,
		    (size_t)(out - room), b, err))
			return -1;
		if (rc == (size_t)-1 && errno != E2BIG) {
			if (ms_buf_adds(b, REPLACEMENT, err))
				return -1;
			if (n) {
				in++;
				n--;
			}
		}
	} while (n || (rc == (size_t)-1 && errno == E2BIG));
	return 0;
}

int
ms_mime_to_utf8(const char *charset, const void *p, size_t n,
    struct ms_buf *b, struct ms_err *err)
{
	const char *name = lookup(charset);
	iconv_t cd;
	int rc;

	if (!name)
		return 0;
	if (ms_streq(name, "UTF-8"))
		return add_utf8(p, n, b, err) ? -1 : 1;
	cd = iconv_open("UTF-8", name);
	if (cd == (iconv_t)-1)
		return 0;
	rc = convert(cd, p, n, b, err);
	iconv_close(cd);
	return rc ? -1 : 1;
}

char *
ms_mime_steal_text(struct ms_buf *b, struct ms_err *err)
{
	struct ms_buf t = MS_BUF_INIT(b->max * 3);
	size_t i;
	char *s = NULL;

	for (i = 0; i < b->n; i++) {
		if ((b->p[i] < ' ' && b->p[i] != '\t') || b->p[i] == 0x7f) {
			if (ms_buf_adds(&t, REPLACEMENT, err))
				goto out;
		} else if (ms_buf_addc(&t, b->p[i], err)) {
			goto out;
		}
	}
	s = ms_buf_steal(&t, NULL);
	if (!s)
		ms_fail_nomem(err);
out:
	ms_buf_clear(&t);
	ms_buf_clear(b);
	return s;
}
