/* SPDX-License-Identifier: Apache-2.0 */
/* PEM armour (RFC 7468) around CMS of any size. */
#include <stdlib.h>
#include <string.h>

#include "cms/cms.h"

#define LINE 64			/* characters, RFC 7468 section 2 */
#define LINE_BYTES 48		/* octets that make one line */
#define CHUNK ((size_t)LINE_BYTES * 1024)
#define LABEL_MAX 64		/* bytes of a line of armour */
#define TEXT ((size_t)64 * 1024)	/* base64 characters decoded at once */

/* ---- writing ---- */

struct armor {
	struct ms_sink sink;
	struct ms_sink *to;
	char *label;
	unsigned char *in;	/* up to CHUNK octets */
	size_t n;
	struct ms_buf chars, lines;
};

static int
put_lines(struct armor *a, struct ms_err *err)
{
	unsigned char *to;
	size_t i, k;

	ms_buf_reset(&a->chars);
	ms_buf_reset(&a->lines);
	if (ms_base64_encode(a->in, a->n, &a->chars, err) != 0)
		return -1;
	a->n = 0;
	k = a->chars.n + a->chars.n / LINE + 1;
	if ((to = ms_buf_room(&a->lines, k, err)) == NULL)
		return -1;
	for (i = 0; i < a->chars.n; i += k) {
		k = a->chars.n - i < LINE ? a->chars.n - i : LINE;
		memcpy(to, a->chars.p + i, k);
		to[k] = '\n';
		to += k + 1;
	}
	a->lines.n = (size_t)(to - a->lines.p);
	return ms_sink_write(a->to, a->lines.p, a->lines.n, err);
}

static int
armor_write(struct ms_sink *k, const void *p, size_t n, struct ms_err *err)
{
	struct armor *a = (struct armor *)k;
	const unsigned char *from = p;
	size_t some;

	while (n > 0) {
		some = CHUNK - a->n < n ? CHUNK - a->n : n;
		memcpy(a->in + a->n, from, some);
		a->n += some;
		from += some;
		n -= some;
		if (a->n == CHUNK && put_lines(a, err) != 0)
			return -1;
	}
	return 0;
}

static int
armor_end(struct ms_sink *k, struct ms_err *err)
{
	struct armor *a = (struct armor *)k;

	if (a->n > 0 && put_lines(a, err) != 0)
		return -1;
	return ms_sink_printf(a->to, err, "-----END %s-----\n", a->label);
}

static void
armor_free(struct ms_sink *k)
{
	struct armor *a = (struct armor *)k;

	ms_buf_clear(&a->chars);
	ms_buf_clear(&a->lines);
	free(a->label);
	free(a->in);
	free(a);
}

struct ms_sink *
ms_cms_armor(struct ms_sink *to, const char *label, struct ms_err *err)
{
	struct armor *a = calloc(1, sizeof(*a));

	if (a == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	a->sink.write = armor_write;
	a->sink.end = armor_end;
	a->sink.free = armor_free;
	a->to = to;
	a->label = strdup(label);
	a->in = malloc(CHUNK);
	ms_buf_init(&a->chars, 2 * CHUNK);
	ms_buf_init(&a->lines, 2 * CHUNK);
	if (a->label == NULL || a->in == NULL)
		ms_fail_nomem(err);
	else if (ms_sink_printf(to, err, "-----BEGIN %s-----\n", label) == 0)
		return &a->sink;
	armor_free(&a->sink);
	return NULL;
}

/* ---- reading ---- */

static const char begin[] = "-----BEGIN ";

/* gpgsm writes the last three. */
static const char *const labels[] = { "CMS", "PKCS7", "PKCS #7 SIGNED DATA",
	"SIGNED MESSAGE", "ENCRYPTED MESSAGE", "SIGNATURE" };

struct unarmor {
	struct ms_src src;
	struct ms_src *from;
	const char *label;
	bool line_start;
	bool padded;		/* "=" was seen: no more characters */
	bool ended;
	struct ms_buf text;	/* characters, at most 3 left over */
	struct ms_buf out;
};

/* One line without its end; MS_DATA when longer than LABEL_MAX. */
static int
read_line(struct ms_src *s, char to[LABEL_MAX + 1], struct ms_err *err)
{
	size_t n = 0;
	int c, rc;

	for (;;) {
		rc = ms_src_fill(s, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			break;
		c = *s->p;
		ms_src_take(s, 1);
		if (c == '\n')
			break;
		if (n == LABEL_MAX || c == '\0')
			return ms_fail(err, MS_DATA, "RFC 7468 section 2: "
			    "malformed line of PEM armour");
		to[n++] = (char)c;
	}
	while (n > 0 && (to[n - 1] == '\r' || to[n - 1] == ' '))
		n--;
	to[n] = '\0';
	return 0;
}

/* Behind the END line only white space is left. */
static int
read_end(struct unarmor *u, struct ms_err *err)
{
	char line[LABEL_MAX + 1], want[LABEL_MAX + 1];
	int rc;

	if (read_line(u->from, line, err) != 0)
		return -1;
	snprintf(want, sizeof(want), "-----END %s-----", u->label);
	if (!ms_streq(line, want))
		return ms_fail(err, MS_DATA, "RFC 7468 section 2: '%s' is "
		    "missing behind the PEM armour", want);
	while ((rc = ms_src_fill(u->from, err)) == 1) {
		if (memchr(" \t\r\n", *u->from->p, 4) == NULL)
			return ms_fail(err, MS_DATA,
			    "trailing bytes after the PEM armour");
		ms_src_take(u->from, 1);
	}
	u->ended = true;
	return rc;
}

/* Move one run of characters, up to the end of a line, into text. */
static int
take_run(struct unarmor *u, struct ms_err *err)
{
	struct ms_src *s = u->from;
	size_t ready = s->n < TEXT ? s->n : TEXT;
	const unsigned char *nl = memchr(s->p, '\n', ready);
	size_t run = nl != NULL ? (size_t)(nl - s->p) : ready, n = run;

	while (n > 0 && (s->p[n - 1] == '\r' || s->p[n - 1] == ' '))
		n--;
	if (n > 0 && u->padded)
		return ms_fail(err, MS_DATA, "RFC 4648 section 4: characters "
		    "behind the padding");
	if (ms_buf_add(&u->text, s->p, n, err) != 0)
		return -1;
	u->padded = n > 0 ? s->p[n - 1] == '=' : u->padded;
	u->line_start = nl != NULL;
	ms_src_take(s, nl != NULL ? run + 1 : run);
	return 0;
}

static int
gather(struct unarmor *u, struct ms_err *err)
{
	int rc;

	while (!u->ended && u->text.n < TEXT) {
		rc = ms_src_fill(u->from, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return ms_fail(err, MS_DATA,
			    "truncated: the PEM armour has no end");
		rc = u->line_start && *u->from->p == '-' ?
		    read_end(u, err) : take_run(u, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int
unarmor_fill(struct ms_src *s, struct ms_err *err)
{
	struct unarmor *u = (struct unarmor *)s;
	size_t n;

	if (gather(u, err) != 0)
		return -1;
	n = u->ended ? u->text.n : u->text.n & ~(size_t)3;
	ms_buf_reset(&u->out);
	if (ms_base64_decode((const char *)u->text.p, n, &u->out, err) != 0)
		return ms_err_context(err, "PEM armour");
	u->text.n -= n;
	if (u->text.n > 0)
		memmove(u->text.p, u->text.p + n, u->text.n);
	s->p = u->out.p;
	s->n = u->out.n;
	s->end = s->n == 0;
	return 0;
}

static void
unarmor_free(struct ms_src *s)
{
	struct unarmor *u = (struct unarmor *)s;

	ms_buf_clear(&u->text);
	ms_buf_clear(&u->out);
	free(u);
}

/* Read the BEGIN line. */
static const char *
read_begin(struct ms_src *src, struct ms_err *err)
{
	char line[LABEL_MAX + 1], want[LABEL_MAX + 1];
	size_t i;

	if (read_line(src, line, err) != 0)
		return NULL;
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		snprintf(want, sizeof(want), "%s%s-----", begin, labels[i]);
		if (ms_streq(line, want))
			return labels[i];
	}
	ms_fail(err, MS_DATA, "RFC 7468 section 8: '%s' is no PEM armour of "
	    "CMS", line);
	return NULL;
}

struct ms_src *
ms_cms_unarmor(struct ms_src *src, bool *owned, struct ms_err *err)
{
	const size_t k = sizeof(begin) - 1;
	struct unarmor *u;
	const char *label;
	int rc = ms_src_fill(src, err);

	*owned = false;
	if (rc < 0)
		return NULL;
	/* DER begins with 0x30, so that one octet would do. */
	if (rc == 0 ||
	    memcmp(src->p, begin, src->n < k ? src->n : k) != 0)
		return src;
	label = read_begin(src, err);
	if (label == NULL)
		return NULL;
	u = calloc(1, sizeof(*u));
	if (u == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	u->src.fill = unarmor_fill;
	u->src.free = unarmor_free;
	u->from = src;
	u->label = label;
	u->line_start = true;
	ms_buf_init(&u->text, 2 * TEXT);
	ms_buf_init(&u->out, 2 * TEXT);
	*owned = true;
	return &u->src;
}
