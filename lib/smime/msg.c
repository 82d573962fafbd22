/* SPDX-License-Identifier: Apache-2.0 */
/* A message taken apart into what stays outside and what is signed or sealed:
 * RFC 8551 sections 3.1 and 3.2. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "smime/internal.h"

void
smime_msg_init(struct smime_msg *m)
{
	memset(m, 0, sizeof(*m));
	ms_mime_header_init(&m->h);
}

int
smime_msg_read(struct smime_msg *m, struct ms_src *src, struct ms_err *err)
{
	m->src = src;
	if (ms_mime_header_read(src, &m->h, err) != 0)
		return -1;
	return ms_mime_entity(&m->h, &m->e, err);
}

void
smime_msg_clear(struct smime_msg *m)
{
	ms_mime_header_clear(&m->h);
	ms_mime_entity_clear(&m->e);
	m->src = NULL;
}

static bool
ends_in(const char *s, const char *tail)
{
	size_t n, k = strlen(tail);

	if (s == NULL)
		return false;
	n = strlen(s);
	return n >= k && ms_strcaseeq(s + n - k, tail);
}

enum smime_what
smime_what(const struct ms_mime_entity *e)
{
	const char *t = e->type.token;

	if (ms_streq(t, "multipart/signed"))
		return SMIME_SIGNED;
	if (strncmp(t, "multipart/", 10) == 0)
		return SMIME_MULTIPART;
	/* RFC 8551 section 3.2.2 and 3.9: old names */
	if (ms_streq(t, "application/pkcs7-mime") ||
	    ms_streq(t, "application/x-pkcs7-mime") ||
	    (ms_streq(t, "application/octet-stream") &&
	    ends_in(e->filename, ".p7m")))
		return SMIME_CMS;
	return SMIME_LEAF;
}

int
ms_smime_is_cms(const struct ms_mime_header *h, bool *sealed,
    struct ms_err *err)
{
	struct ms_mime_entity e = { .encoding = NULL };
	const char *type;
	bool yes;

	*sealed = false;
	if (ms_mime_entity(h, &e, err) != 0)
		return -1;
	yes = smime_what(&e) == SMIME_CMS;
	type = ms_mime_param(&e.type, "smime-type");
	*sealed = yes && (ms_strcaseeq(type, "enveloped-data") ||
	    ms_strcaseeq(type, "authEnveloped-data"));
	ms_mime_entity_clear(&e);
	return yes;
}

/* ---- the canonical entity ---- */

struct canon {
	struct ms_src src;
	struct ms_buf head;
	bool head_lent;
	struct ms_src *body;
};

static int
canon_fill(struct ms_src *s, struct ms_err *err)
{
	struct canon *c = (struct canon *)s;
	int rc;

	if (!c->head_lent) {
		c->head_lent = true;
		s->p = c->head.p;
		s->n = c->head.n;
		return 0;
	}
	rc = ms_src_fill(c->body, err);
	if (rc < 0)
		return -1;
	s->end = rc == 0;
	s->p = c->body->p;
	s->n = c->body->n;
	/* the bytes stay where they are until the next fill */
	ms_src_take(c->body, c->body->n);
	return 0;
}

static void
canon_free(struct ms_src *s)
{
	struct canon *c = (struct canon *)s;

	ms_src_free(c->body);
	ms_buf_clear(&c->head);
	free(c);
}

bool
smime_is_content(const struct ms_mime_field *f)
{
	struct ms_span s = { f->name.p, 8 };

	return f->name.n > 8 && ms_span_caseis(s, "Content-");
}

struct ms_src *
smime_canon_new(const struct smime_msg *m, enum ms_protect how,
    struct ms_err *err)
{
	enum smime_what what = smime_what(&m->e);
	struct canon *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	c->src.fill = canon_fill;
	c->src.free = canon_free;
	ms_buf_init(&c->head, MS_PROTECT_MAX);
	/* the protected header belongs to the innermost entity */
	if (what == SMIME_SIGNED || what == SMIME_CMS)
		how = MS_PROTECT_NO;
	if (ms_protect_head(&m->h, how, &c->head, err) == 0)
		c->body = ms_mime_crlf(m->src, err);
	if (c->body == NULL) {
		canon_free(&c->src);
		return NULL;
	}
	return &c->src;
}

/* ---- what stays outside ---- */

static const char *
eol_of(const struct ms_mime_header *h)
{
	return h->crlf ? "\r\n" : "\n";
}

static int
put_field(const struct ms_mime_header *h, const struct ms_mime_field *f,
    struct ms_sink *out, struct ms_err *err)
{
	if (ms_sink_write(out, f->raw.p, f->raw.n, err) != 0)
		return -1;
	/* the last line of an input may lack its end */
	if (f->raw.p[f->raw.n - 1] != '\n')
		return ms_sink_puts(out, eol_of(h), err);
	return 0;
}

static bool
has_name(const struct ms_mime_header *h, struct ms_span name)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->v[i].name.n == name.n && strncasecmp(
		    (const char *)h->v[i].name.p, (const char *)name.p,
		    name.n) == 0)
			return true;
	return false;
}

int
smime_put_outer(const struct ms_mime_header *h,
    const struct ms_mime_header *skip, struct ms_sink *out,
    struct ms_err *err)
{
	const struct ms_mime_field *f;
	size_t i;

	for (i = 0; i < h->n; i++) {
		f = &h->v[i];
		if (smime_is_content(f) ||
		    (skip != NULL && has_name(skip, f->name)))
			continue;
		if (put_field(h, f, out, err) != 0)
			return -1;
	}
	if (ms_mime_count(h, "MIME-Version") > 0 ||
	    (skip != NULL && ms_mime_count(skip, "MIME-Version") > 0))
		return 0;
	return ms_sink_printf(out, err, "MIME-Version: 1.0%s", eol_of(h));
}

/* ---- an entity out of its envelope ---- */

/* From of the inner header goes, and what it says of the outer one. */
static void
drop_from(struct ms_mime_header *h)
{
	size_t i, k = 0;

	for (i = 0; i < h->n; i++)
		if (!ms_span_caseis(h->v[i].name, "From") &&
		    !ms_span_caseis(h->v[i].name, "HP-Outer"))
			h->v[k++] = h->v[i];
	h->n = k;
}

static int
put_rest(const struct ms_mime_header *outer, struct ms_mime_header *h,
    struct ms_src *src, struct ms_sink *out, struct ms_err *err)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (put_field(h, &h->v[i], out, err) != 0)
			return -1;
	/* a body of a header alone still needs the empty line */
	if (h->blank > 0 ? ms_sink_write(out, h->raw.p + h->raw.n - h->blank,
	    h->blank, err) != 0 : ms_sink_puts(out, h->n > 0 ? eol_of(h) :
	    eol_of(outer), err) != 0)
		return -1;
	return ms_copy(src, out, err);
}

/* What has no header of its own is a body. */
static int
put_headless(const struct ms_mime_header *outer,
    const struct ms_mime_header *h, struct ms_src *src, struct ms_sink *out,
    struct ms_err *err)
{
	if (smime_put_outer(outer, NULL, out, err) != 0 ||
	    ms_sink_puts(out, eol_of(outer), err) != 0 ||
	    ms_sink_write(out, h->raw.p, h->raw.n, err) != 0)
		return -1;
	return ms_copy(src, out, err);
}

int
smime_put_inner(const struct ms_mime_header *outer, struct ms_src *src,
    struct ms_sink *out, struct ms_err *err)
{
	struct ms_mime_header h;
	struct ms_err why = MS_ERR_INIT;
	struct ms_sink *k = out;
	int rc = -1;

	ms_mime_header_init(&h);
	if (ms_mime_header_read(src, &h, &why) != 0 &&
	    (why.class != MS_DATA || src->failed)) {
		ms_fail(err, why.class, "%s", why.text);
		ms_hint(err, "%s", why.hint);
		goto out;
	}
	if (!outer->crlf && (k = ms_mime_eol(out, false, err)) == NULL)
		goto out;
	if (why.class != MS_OK) {
		rc = put_headless(outer, &h, src, k, err);
	} else {
		drop_from(&h);
		rc = smime_put_outer(outer, &h, out, err);
		if (rc == 0)
			rc = put_rest(outer, &h, src, k, err);
	}
	if (rc == 0 && k != out)
		rc = ms_sink_end(k, err);
out:
	if (k != out)
		ms_sink_free(k);
	ms_mime_header_clear(&h);
	return rc;
}
