/* SPDX-License-Identifier: Apache-2.0 */
/* What the header of an entity says: RFC 2045 sections 5 and 6, RFC 2183. */
#include <stdlib.h>
#include <string.h>

#include "mime/internal.h"

/* The only field of that name; two would be read differently by readers. */
static int
single(const struct ms_mime_header *h, const char *name,
    const struct ms_mime_field **ret, struct ms_err *err)
{
	*ret = NULL;
	if (ms_mime_count(h, name) > 1)
		return ms_fail(err, MS_DATA,
		    "RFC 5322 section 3.6: more than one %s field", name);
	*ret = ms_mime_field(h, name, NULL);
	return 0;
}

static int
set_str(char **to, const char *s, struct ms_err *err)
{
	*to = strdup(s);
	return *to ? 0 : ms_fail_nomem(err);
}

static int
read_type(const struct ms_mime_header *h, struct ms_mime_entity *e,
    struct ms_err *err)
{
	const struct ms_mime_field *f;

	if (single(h, "Content-Type", &f, err))
		return -1;
	if (!f)
		return set_str(&e->type.token, "text/plain", err);
	if (ms_mime_value_parse(f->value, &e->type, err))
		return ms_err_context(err, "Content-Type");
	if (!strchr(e->type.token, '/'))
		return ms_fail(err, MS_DATA,
		    "RFC 2045 section 5.1: Content-Type '%s' has no subtype",
		    e->type.token);
	return 0;
}

static int
read_encoding(const struct ms_mime_header *h, struct ms_mime_entity *e,
    struct ms_err *err)
{
	const struct ms_mime_field *f;
	struct ms_mime_value v = { 0 };
	struct ms_err quiet = MS_ERR_INIT;

	if (single(h, "Content-Transfer-Encoding", &f, err))
		return -1;
	if (!f || f->value.n == 0)
		return set_str(&e->encoding, "7bit", err);
	if (ms_mime_value_parse(f->value, &v, &quiet)) {
		if (quiet.class != MS_DATA)
			return ms_fail(err, quiet.class, "%s", quiet.text);
		/* The decoder refuses it, if anybody wants it decoded. */
		e->encoding = ms_mime_unfold(f->value, err);
		return e->encoding ? 0 : -1;
	}
	e->encoding = v.token;
	v.token = NULL;
	ms_mime_value_clear(&v);
	return 0;
}

/* Advice for display only: what cannot be read is an attachment. */
static int
read_disposition(const struct ms_mime_header *h, struct ms_mime_entity *e,
    struct ms_err *err)
{
	const struct ms_mime_field *f;
	struct ms_err quiet = MS_ERR_INIT;

	f = ms_mime_field(h, "Content-Disposition", NULL);
	if (!f)
		return 0;
	if (ms_mime_value_parse(f->value, &e->disposition, &quiet) == 0)
		return 0;
	if (quiet.class != MS_DATA)
		return ms_fail(err, quiet.class, "%s", quiet.text);
	return set_str(&e->disposition.token, "attachment", err);
}

/*
 * The last component of a path, of no more bytes than a file system takes,
 * and never "." or "..": a name from outside must not choose a directory.
 */
static char *
base_name(char *s)
{
	char *p = s, *c;
	size_t n;

	for (c = s; *c; c++)
		if (*c == '/' || *c == '\\')
			p = c + 1;
	n = strlen(p);
	if (n > MS_MIME_FILENAME_MAX) {
		n = MS_MIME_FILENAME_MAX;
		while (n && ((unsigned char)p[n] & 0xc0) == 0x80)
			n--;
		p[n] = '\0';
	}
	if (n == 0 || ms_streq(p, ".") || ms_streq(p, ".."))
		return NULL;
	return p;
}

static int
read_filename(struct ms_mime_entity *e, struct ms_err *err)
{
	const char *name = ms_mime_param(&e->disposition, "filename");
	struct ms_span v;
	char *text, *last;
	int rc = 0;

	if (!name)
		name = ms_mime_param(&e->type, "name");
	if (!name)
		return 0;
	/* RFC 2047 section 5 forbids encoded words here; senders use them. */
	v.p = (const unsigned char *)name;
	v.n = strlen(name);
	text = ms_mime_decode_text(v, err);
	if (!text)
		return -1;
	last = base_name(text);
	if (last)
		rc = set_str(&e->filename, last, err);
	free(text);
	return rc;
}

int
ms_mime_entity(const struct ms_mime_header *h, struct ms_mime_entity *e,
    struct ms_err *err)
{
	struct ms_mime_entity t = { 0 };

	if (read_type(h, &t, err) || read_encoding(h, &t, err) ||
	    read_disposition(h, &t, err) || read_filename(&t, err)) {
		ms_mime_entity_clear(&t);
		return -1;
	}
	*e = t;
	return 0;
}

void
ms_mime_entity_clear(struct ms_mime_entity *e)
{
	ms_mime_value_clear(&e->type);
	ms_mime_value_clear(&e->disposition);
	free(e->encoding);
	free(e->filename);
	memset(e, 0, sizeof(*e));
}

int
ms_mime_addrs(const struct ms_mime_header *h, const char *name,
    struct ms_addrlist *l, struct ms_err *err)
{
	const struct ms_mime_field *f;
	struct ms_addrlist all = { 0 }, one;
	size_t i = 0;

	/* Each for itself: a quote open in one must not swallow the next. */
	while ((f = ms_mime_field(h, name, &i))) {
		if (ms_addrlist_parse((const char *)f->value.p, f->value.n,
		    false, &one, err)) {
			ms_err_context(err, "%s", name);
			goto fail;
		}
		if (ms_addrlist_move(&all, &one, err)) {
			ms_addrlist_clear(&one);
			goto fail;
		}
	}
	*l = all;
	return 0;
fail:
	ms_addrlist_clear(&all);
	return -1;
}
