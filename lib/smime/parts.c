/* SPDX-License-Identifier: Apache-2.0 */
/* The leaf parts of a message: listed, and one of them written decoded. */
#include <stdlib.h>
#include <string.h>

#include "smime/internal.h"

typedef int leaf_fn(void *arg, struct ms_smime_part *p, struct ms_src *src,
    struct ms_err *err);

struct walk {
	bool good;		/* the signature that was judged */
	bool inside;		/* it */
	unsigned depth;
	unsigned number;
	leaf_fn *fn;
	void *arg;
};

static int walk(struct walk *w, struct ms_src *src, struct ms_err *err);

/* src: the part decoded. */
static int
emit(struct walk *w, const struct smime_msg *m, struct ms_src *src,
    struct ms_err *err)
{
	struct ms_smime_part p = {
		.number = ++w->number,
		.type = m->e.type.token,
		.name = m->e.filename,
		.is_signed = w->inside && w->good,
	};

	if (w->fn(w->arg, &p, src, err) != 0 || ms_src_drain(src, err) != 0)
		return ms_err_context(err, "part %u", w->number);
	return 0;
}

static int
leaf(struct walk *w, struct smime_msg *m, struct ms_err *err)
{
	struct ms_src *src = ms_mime_decoder(m->src, m->e.encoding, err);
	int rc;

	if (src == NULL)
		return ms_err_context(err, "part %u", w->number + 1);
	rc = emit(w, m, src, err);
	ms_src_free(src);
	return rc;
}

static int
multipart(struct walk *w, struct smime_msg *m, struct ms_err *err)
{
	bool is_signed = smime_what(&m->e) == SMIME_SIGNED;
	const char *b = ms_mime_param(&m->e.type, "boundary");
	struct ms_src *src = m->src, *part;
	struct ms_mime_parts *parts;
	unsigned i;
	int rc;

	parts = ms_mime_parts_new(src, b != NULL ? b : "", err);
	if (parts == NULL)
		return -1;
	/* headers of all levels together would be much to hold */
	smime_msg_clear(m);
	w->inside = w->inside || is_signed;
	for (i = 0; (rc = ms_mime_parts_next(parts, &part, err)) == 1; i++) {
		/* the second part is the signature */
		if (is_signed && i == 1)
			continue;
		if (walk(w, part, err) != 0) {
			rc = -1;
			break;
		}
	}
	ms_mime_parts_free(parts);
	return rc;
}

static int
opaque(struct walk *w, struct ms_src *der, struct ms_err *err)
{
	struct ms_signed *sd = NULL;
	struct ms_src *content;
	int rc = 0;

	if (ms_signed_begin(der, &sd, err) != 0)
		return -1;
	w->inside = true;
	content = ms_signed_content(sd, err);
	if (content != NULL)
		rc = walk(w, content, err);
	ms_signed_free(sd);
	return rc == 0 ? ms_src_drain(der, err) : -1;
}

static int
cms(struct walk *w, struct smime_msg *m, struct ms_err *err)
{
	struct smime_carrier c;
	int rc;

	smime_carrier_init(&c);
	rc = smime_carrier_body(&c, m, err);
	if (rc == 0)
		rc = ms_cms_guess(c.cms, err) == MS_OID_signedData ?
		    opaque(w, c.cms, err) : emit(w, m, c.cms, err);
	smime_carrier_clear(&c);
	return rc;
}

static int
entity(struct walk *w, struct smime_msg *m, struct ms_err *err)
{
	switch (smime_what(&m->e)) {
	case SMIME_MULTIPART:
	case SMIME_SIGNED:
		return multipart(w, m, err);
	case SMIME_CMS:
		return cms(w, m, err);
	default:
		return leaf(w, m, err);
	}
}

static int
walk(struct walk *w, struct ms_src *src, struct ms_err *err)
{
	struct smime_msg m;
	bool outside = !w->inside;
	int rc;

	if (w->depth == MS_MIME_DEPTH)
		return ms_fail(err, MS_DATA, "RFC 2046 section 5.1: parts "
		    "nested deeper than %d", MS_MIME_DEPTH);
	w->depth++;
	smime_msg_init(&m);
	rc = smime_msg_read(&m, src, err);
	if (rc == 0)
		rc = entity(w, &m, err);
	smime_msg_clear(&m);
	w->depth--;
	if (outside)
		w->inside = false;
	return rc;
}

static int
walk_all(const struct ms_smime_verify *conf, struct ms_spool *in,
    const struct ms_smime_result *res, leaf_fn *fn, void *arg,
    struct ms_err *err)
{
	struct walk w = {
		.good = res != NULL && res->verdict == MS_GOOD,
		.fn = fn,
		.arg = arg,
	};
	struct ms_src *src;
	enum ms_kind kind;

	if (smime_kind(conf->format, in, &kind, err) != 0)
		return -1;
	if (kind != MS_KIND_MAIL)
		return ms_fail(err, MS_USAGE, "only a message has parts");
	src = ms_spool_read(in, err);
	return src != NULL ? walk(&w, src, err) : -1;
}

/* ---- listing ---- */

struct list {
	ms_part_fn *fn;
	void *arg;
};

static int
list_leaf(void *arg, struct ms_smime_part *p, struct ms_src *src,
    struct ms_err *err)
{
	struct list *l = arg;

	if (ms_src_drain(src, err) != 0)
		return -1;
	p->size = src->pos;
	return l->fn(l->arg, p, err);
}

int
ms_smime_parts(const struct ms_smime_verify *conf, struct ms_spool *in,
    const struct ms_smime_result *res, ms_part_fn *fn, void *arg,
    struct ms_err *err)
{
	struct list l = { fn, arg };

	return walk_all(conf, in, res, list_leaf, &l, err);
}

/* ---- one of them ---- */

struct choice {
	uint64_t number;	/* 0: by name */
	const char *name;
	bool only_signed;
	unsigned found;		/* its number; 0: none yet */
	struct ms_sink *out;	/* NULL: only look for it */
};

static int
choose_leaf(void *arg, struct ms_smime_part *p, struct ms_src *src,
    struct ms_err *err)
{
	struct choice *c = arg;

	if (c->number > 0 ? p->number != c->number :
	    !ms_streq(p->name, c->name))
		return 0;
	if (c->out != NULL)
		return ms_copy(src, c->out, err);
	if (c->found > 0) {
		ms_fail(err, MS_USAGE, "several parts are named '%s'",
		    c->name);
		return ms_hint(err, "name one by its number: %u, %u",
		    c->found, p->number);
	}
	if (c->only_signed && !p->is_signed)
		return ms_fail(err, MS_NO, "it is not covered by a good "
		    "signature");
	c->found = p->number;
	return 0;
}

int
ms_smime_part(const struct ms_smime_verify *conf, struct ms_spool *in,
    const struct ms_smime_result *res, const char *which, bool only_signed,
    struct ms_sink *out, struct ms_err *err)
{
	struct choice c = { .name = which, .only_signed = only_signed };
	struct ms_err why = MS_ERR_INIT;

	if (ms_parse_uint(which, "part", 1, UINT32_MAX, &c.number, &why) != 0)
		c.number = 0;
	/* once to see that it decodes to its end, then to write it */
	if (walk_all(conf, in, res, choose_leaf, &c, err) != 0)
		return -1;
	if (c.found == 0) {
		ms_fail(err, MS_NO, "the message has no part '%s'", which);
		return ms_hint(err, "ms-verify --parts lists them");
	}
	c.number = c.found;
	c.out = out;
	return walk_all(conf, in, res, choose_leaf, &c, err);
}
