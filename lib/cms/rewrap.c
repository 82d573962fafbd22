/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New readers for a message that is there: the RecipientInfos are replaced,
 * and with them the lengths of the three elements around them; every byte from
 * EncryptedContentInfo on passes as it is.  A source under the BER reader sees
 * all of them, so that the structure is checked while they are copied.
 */
#include <stdlib.h>
#include <string.h>

#include "cms/rewrap.h"

#define HELD (4 * MS_BLOCK)	/* bytes, of what is read before it can be
				 * written: two small elements and a block */
#define ORIGINATOR ((size_t)4 * 1024 * 1024)	/* bytes of originatorInfo:
						 * certificates, CRLs */

static int
tap_fill(struct ms_src *s, struct ms_err *err)
{
	struct rewrap_tap *t = (struct rewrap_tap *)s;
	int rc = ms_src_fill(t->below, err);
	size_t n;

	if (rc <= 0) {
		s->end = rc == 0;
		return rc;
	}
	n = t->below->n < MS_BLOCK ? t->below->n : MS_BLOCK;
	s->p = t->below->p;
	if ((t->hold && ms_buf_add(&t->held, s->p, n, err) != 0) ||
	    (t->to != NULL && ms_sink_write(t->to, s->p, n, err) != 0))
		return -1;
	s->n = n;
	ms_src_take(t->below, n);
	return 0;
}

/* ---- before the ciphertext ---- */

static struct rewrap_level
level_of(const struct ms_buf *b, uint64_t from, uint64_t to)
{
	struct rewrap_level l = { .head = (size_t)(to - from) };
	const unsigned char *p = b->p + from;
	size_t i;

	l.indef = p[1] == 0x80;
	if (p[1] < 0x80)
		l.len = p[1];
	for (i = 2; i < l.head; i++)
		l.len = l.len << 8 | p[i];
	return l;
}

static int
read_head(struct ms_rewrap *r, struct ms_err *err)
{
	struct ms_src *s = &r->tap.src;
	struct ms_ber *b = r->ber;
	uint64_t first, type, content;
	int tag = 0;

	if (ms_ber_enter(b, MS_SEQUENCE, "ContentInfo", err) != 0)
		return -1;
	first = s->pos;
	if (ms_env_type(b, &r->auth, err) != 0)
		return -1;
	type = s->pos;
	r->type = type - first;
	if (ms_ber_enter(b, MS_CTXC(0), "content", err) != 0)
		return -1;
	content = s->pos;
	if (ms_ber_enter(b, MS_SEQUENCE, r->auth ? "AuthEnvelopedData" :
	    "EnvelopedData", err) != 0)
		return -1;
	r->at = s->pos;
	r->level[0] = level_of(&r->tap.held, 0, first);
	r->level[1] = level_of(&r->tap.held, type, content);
	r->level[2] = level_of(&r->tap.held, content, r->at);
	r->tap.hold = false;
	if (ms_env_version(b, r->auth, &r->version, err) != 0 ||
	    ms_ber_peek(b, &tag, err) < 0)
		return -1;
	return tag == MS_CTXC(0) ? ms_ber_slurp(b, &r->orig, ORIGINATOR,
	    "originatorInfo", err) : 0;
}

static int
read_content_info(struct ms_rewrap *r, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_CMS_SMALL);
	unsigned char iv[MS_IV_MAX];
	struct ms_span v;
	int tag, rc = -1;

	if (ms_ber_enter(r->ber, MS_SEQUENCE, "EncryptedContentInfo",
	    err) != 0 ||
	    ms_env_small(r->ber, MS_OBJECT, "contentType", &b, &v, err) != 0 ||
	    ms_env_small(r->ber, MS_SEQUENCE, "contentEncryptionAlgorithm",
	    &b, &v, err) != 0 ||
	    ms_cipher_parse(v, r->auth, true, &r->ci, iv, err) != 0 ||
	    (rc = ms_ber_peek(r->ber, &tag, err)) < 0)
		goto out;
	if (rc == 0) {
		rc = ms_fail(err, MS_DATA, "RFC 5652 section 6.1: "
		    "encryptedContent is not in the message");
		goto out;
	}
	r->ct = ms_ber_octets(r->ber, MS_CTX(0), "encryptedContent", err);
	rc = r->ct != NULL ? 0 : -1;
out:
	ms_buf_clear(&b);
	return rc;
}

/* Open the content key and encrypt it to the new readers. */
static int
seal(struct ms_rewrap *r, struct ms_err *err)
{
	const struct ms_rewrap_conf *conf = r->conf;
	struct ms_buf cek = MS_BUF_SECRET(MS_CEK_MAX);
	int version = 0, rc = -1;
	size_t i;

	if (ms_finder_open(r->ours, r->ci->keylen, &cek, &r->ident, err) != 0)
		goto out;
	if (conf->ndrop > 0 && r->gone == 0) {
		ms_fail(err, MS_NO, "nobody who is to be dropped is among "
		    "the readers");
		goto out;
	}
	if (r->kept + conf->ncerts == 0) {
		ms_fail(err, MS_NO, "no reader would be left");
		goto out;
	}
	for (i = 0; i < conf->ncerts; i++)
		if (ms_recipient_write(&r->d, conf->certs[i], conf->oaep,
		    ms_buf_span(&cek), &version, err) != 0)
			goto out;
	if (version > 0 && r->highest < 2)
		r->highest = 2;
	ms_der_end_setof(&r->d);
	rc = ms_der_finish(&r->d, err);
out:
	ms_buf_clear(&cek);
	return rc;
}

/* Finder of certificates whose keys nobody has here. */
static struct ms_finder *
finder_of(struct ms_idents *l, X509 *const *certs, size_t n,
    struct ms_err *err)
{
	size_t i;

	l->v = calloc(n + 1, sizeof(*l->v));
	if (l->v == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	for (i = 0; i < n; i++)
		l->v[i].cert = certs[i];
	l->n = n;
	return ms_finder_new(l, err);
}

static int
begin(struct ms_rewrap *r, struct ms_src *src, struct ms_err *err)
{
	const struct ms_rewrap_conf *conf = r->conf;
	struct rewrap_tap *t = &r->tap;

	t->src.fill = tap_fill;
	t->below = src;
	t->hold = true;
	r->ber = ms_ber_new(&t->src, err);
	if (r->ber == NULL ||
	    (r->ours = ms_finder_new(conf->ids, err)) == NULL ||
	    (r->adding = finder_of(&r->added, conf->certs, conf->ncerts,
	    err)) == NULL ||
	    (r->dropping = finder_of(&r->dropped, conf->drop, conf->ndrop,
	    err)) == NULL ||
	    read_head(r, err) != 0 || ms_rewrap_readers(r, err) != 0)
		return -1;
	/* From here on every byte goes out again. */
	r->rest = t->src.pos;
	ms_buf_reset(&t->held);
	if (ms_buf_add(&t->held, t->src.p, t->src.n, err) != 0)
		return -1;
	t->hold = true;
	if (read_content_info(r, err) != 0)
		return -1;
	return seal(r, err);
}

int
ms_rewrap_begin(struct ms_src *src, const struct ms_rewrap_conf *conf,
    struct ms_rewrap **ret, struct ms_err *err)
{
	struct ms_rewrap *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return ms_fail_nomem(err);
	r->conf = conf;
	ms_buf_init(&r->tap.held, HELD);
	ms_buf_init(&r->orig, ORIGINATOR);
	ms_buf_init(&r->ris, MS_CMS_RECIPIENTINFOS);
	if (begin(r, src, err) != 0) {
		ms_rewrap_free(r);
		return -1;
	}
	*ret = r;
	return 0;
}

void
ms_rewrap_free(struct ms_rewrap *r)
{
	if (r == NULL)
		return;
	ms_finder_free(r->ours);
	ms_finder_free(r->adding);
	ms_finder_free(r->dropping);
	free(r->added.v);
	free(r->dropped.v);
	ms_ber_free(r->ber);
	ms_buf_clear(&r->tap.held);
	ms_buf_clear(&r->orig);
	ms_buf_clear(&r->ris);
	free(r);
}

enum ms_cipher
ms_rewrap_cipher(const struct ms_rewrap *r)
{
	return r->ci->id;
}

size_t
ms_rewrap_ident(const struct ms_rewrap *r)
{
	return r->ident;
}

bool
ms_rewrap_is_auth(const struct ms_rewrap *r)
{
	return r->auth;
}

/* ---- writing ---- */

/*
 * RFC 5652 section 6.1.  unprotectedAttrs, which ask for a 2, come behind the
 * content: where there was one it stays.
 */
static int
new_version(const struct ms_rewrap *r)
{
	int floor = r->version;

	if (r->auth)
		return 0;
	if (r->orig.n == 0 && floor > 2)
		floor = 2;
	return r->highest > floor ? r->highest : floor;
}

/* The new head of a level whose contents grew by so much. */
static struct ms_span
new_head(const struct rewrap_level *l, int tag, int64_t *grown,
    unsigned char head[10])
{
	struct ms_span s = { head, 2 };

	if (l->indef) {
		head[0] = (unsigned char)tag;
		head[1] = 0x80;
	} else {
		s.n = ms_der_head(head, tag, l->len + (uint64_t)*grown);
	}
	*grown += (int64_t)s.n - (int64_t)l->head;
	return s;
}

static int
write_header(struct ms_rewrap *r, struct ms_buf *b, struct ms_err *err)
{
	struct ms_span type = ms_oid_bytes(r->auth ?
	    MS_OID_authEnvelopedData : MS_OID_envelopedData);
	unsigned char head[MS_REWRAP_LEVELS][10];
	struct ms_span h[MS_REWRAP_LEVELS];
	struct ms_buf mid = MS_BUF_INIT(16);
	struct ms_der d;
	int64_t grown;
	int rc = -1;

	ms_der_init(&d, &mid);
	ms_der_uint(&d, (uint64_t)new_version(r));
	if (ms_der_finish(&d, err) != 0)
		goto out;
	grown = (int64_t)(mid.n + r->orig.n + r->ris.n) -
	    (int64_t)(r->rest - r->at);
	h[2] = new_head(&r->level[2], MS_SEQUENCE, &grown, head[2]);
	h[1] = new_head(&r->level[1], MS_CTXC(0), &grown, head[1]);
	/* contentType may have had a longer head than it gets */
	grown += (int64_t)ms_der_size(type.n) - (int64_t)r->type;
	h[0] = new_head(&r->level[0], MS_SEQUENCE, &grown, head[0]);
	ms_der_init(&d, b);
	ms_der_raw(&d, h[0].p, h[0].n);
	ms_der_prim(&d, MS_OBJECT, type.p, type.n);
	ms_der_raw(&d, h[1].p, h[1].n);
	ms_der_raw(&d, h[2].p, h[2].n);
	ms_der_raw(&d, mid.p, mid.n);
	ms_der_raw(&d, r->orig.p, r->orig.n);
	ms_der_raw(&d, r->ris.p, r->ris.n);
	rc = ms_der_finish(&d, err);
out:
	ms_buf_clear(&mid);
	return rc;
}

static int
copy_tail(struct ms_rewrap *r, struct ms_err *err)
{
	struct ms_ber *b = r->ber;

	if (ms_ber_leave(b, "EncryptedContentInfo", err) != 0 ||
	    ms_env_skip_if(b, MS_CTXC(1), r->auth ? "authAttrs" :
	    "unprotectedAttrs", err) < 0)
		return -1;
	if (r->auth && (ms_ber_skip(b, "mac", err) != 0 ||
	    ms_env_skip_if(b, MS_CTXC(2), "unauthAttrs", err) < 0))
		return -1;
	if (ms_ber_leave(b, r->auth ? "AuthEnvelopedData" : "EnvelopedData",
	    err) != 0 || ms_ber_leave(b, "content", err) != 0 ||
	    ms_ber_leave(b, "ContentInfo", err) != 0)
		return -1;
	return ms_ber_finish(b, err);
}

int
ms_rewrap_write(struct ms_rewrap *r, struct ms_sink *to, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_CMS_RECIPIENTINFOS + ORIGINATOR + 64);
	struct rewrap_tap *t = &r->tap;
	int rc = write_header(r, &b, err);

	if (rc == 0)
		rc = ms_sink_write(to, b.p, b.n, err);
	if (rc == 0)
		rc = ms_sink_write(to, t->held.p, t->held.n, err);
	ms_buf_clear(&b);
	ms_buf_clear(&t->held);
	t->hold = false;
	t->to = to;
	if (rc != 0 || ms_src_drain(r->ct, err) != 0)
		return -1;
	return copy_tail(r, err);
}
