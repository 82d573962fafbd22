/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading EnvelopedData and AuthEnvelopedData.  The plaintext is lent block by
 * block before it is proven; the source ends only when tag or padding, the
 * rest of the structure and the end of the input have been found right.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "cms/env-internal.h"

#define ROOM (2 * MS_IV_MAX)

int
ms_env_damaged(struct ms_err *err)
{
	ERR_clear_error();
	return ms_fail(err, MS_DATA,
	    "cannot be decrypted: damaged, or not meant for this key");
}

void
ms_env_memo_init(struct ms_env_memo *m)
{
	memset(m, 0, sizeof(*m));
	ms_buf_init_secret(&m->cek, MS_CEK_MAX);
	ms_buf_init(&m->aad, MS_CMS_AUTHATTRS + 16);
}

void
ms_env_memo_clear(struct ms_env_memo *m)
{
	ms_buf_clear(&m->cek);
	ms_buf_clear(&m->aad);
	m->have_key = m->have_aad = false;
	m->ident = 0;
}

/* RFC 5652 section 6.3.  All octets of the block are looked at, whatever they
 * are; 0 when it is no padding. */
static size_t
padding(const unsigned char *block, size_t size)
{
	unsigned n = block[size - 1], bad, i;

	bad = (n == 0) | (n > size);
	for (i = 0; i < size; i++)
		bad |= (i < n) & (block[size - 1 - i] != n);
	return bad ? 0 : n;
}

static int
env_end(struct ms_env *e, struct ms_err *err)
{
	size_t block = e->ci->block, n;
	int len;

	e->ended = true;
	if (ms_env_read_tail(e, err) != 0)
		return -1;
	if (e->ci->aead) {
		if (EVP_DecryptFinal_ex(e->ctx, e->out, &len) != 1)
			return ms_env_damaged(err);
		e->src.end = true;
		return 0;
	}
	n = e->held && e->total % block == 0 ?
	    padding(e->out + e->held_at, block) : 0;
	if (n == 0)
		return ms_env_damaged(err);
	e->src.p = e->out + e->held_at;
	e->src.n = block - n;
	e->src.end = e->src.n == 0;
	return 0;
}

/* ---- the content ---- */

/* Decrypt n octets and lend them: in CBC with the block held before them in
 * front, and without the last one. */
static int
decrypt(struct ms_env *e, const unsigned char *p, size_t n)
{
	size_t block = e->ci->aead ? 0 : e->ci->block;
	int len;

	/* What was lent is done with. */
	if (e->held && e->held_at != 0)
		memmove(e->out, e->out + e->held_at, block);
	e->held_at = 0;
	if (EVP_DecryptUpdate(e->ctx, e->out + block, &len, p, (int)n) != 1)
		return -1;
	if (block == 0) {
		e->src.p = e->out;
		e->src.n = (size_t)len;
	} else if (len > 0) {
		e->src.p = e->held ? e->out : e->out + block;
		e->src.n = e->held ? (size_t)len : (size_t)len - block;
		e->held = true;
		e->held_at = (size_t)len;
	}
	return 0;
}

static int
env_fill(struct ms_src *s, struct ms_err *err)
{
	struct ms_env *e = (struct ms_env *)s;
	size_t n;
	int rc;

	if (e->ended) {
		s->end = true;
		return 0;
	}
	do {
		rc = ms_src_fill(e->ct, err);
		if (rc <= 0)
			return rc < 0 ? -1 : env_end(e, err);
		n = e->ct->n < MS_BLOCK ? e->ct->n : MS_BLOCK;
		e->total += n;
		if (e->total > e->ci->max || decrypt(e, e->ct->p, n) != 0)
			return ms_env_damaged(err);
		ms_src_take(e->ct, n);
	} while (s->n == 0);
	return 0;
}

/* ---- before the content ---- */

/* RFC 5652 section 6.2.2: many recipients may share one, so that its keys are
 * read one by one. */
static int
read_kari(struct ms_ber *r, struct ms_finder *f, struct ms_buf *head,
    struct ms_buf *rek, struct ms_err *err)
{
	const size_t max = MS_CMS_RECIPIENTINFO;
	int tag = 0, rc;

	ms_buf_reset(head);
	if (ms_ber_enter(r, MS_CTXC(1), "KeyAgreeRecipientInfo", err) != 0 ||
	    ms_ber_slurp(r, head, max, "version", err) != 0 ||
	    ms_ber_slurp(r, head, max, "originator", err) != 0 ||
	    ms_ber_peek(r, &tag, err) < 0 ||
	    (tag == MS_CTXC(1) &&
	    ms_ber_slurp(r, head, max, "ukm", err) != 0) ||
	    ms_ber_slurp(r, head, max, "keyEncryptionAlgorithm", err) != 0 ||
	    ms_finder_kari(f, ms_buf_span(head), err) != 0 ||
	    ms_ber_enter(r, MS_SEQUENCE, "recipientEncryptedKeys", err) != 0)
		return -1;
	while ((rc = ms_ber_peek(r, &tag, err)) == 1) {
		ms_buf_reset(rek);
		if (ms_ber_slurp(r, rek, max, "RecipientEncryptedKey",
		    err) != 0 || ms_finder_rek(f, ms_buf_span(rek), err) != 0)
			return -1;
	}
	if (rc < 0 || ms_ber_leave(r, "recipientEncryptedKeys", err) != 0)
		return -1;
	return ms_ber_leave(r, "KeyAgreeRecipientInfo", err);
}

/* RFC 5652 section 6.2 */
static int
read_recipient(struct ms_env *e, struct ms_finder *f, int tag,
    struct ms_buf *head, struct ms_buf *b, struct ms_err *err)
{
	switch (tag) {
	case MS_SEQUENCE:
		ms_buf_reset(b);
		if (ms_ber_slurp(e->ber, b, MS_CMS_RECIPIENTINFO,
		    "RecipientInfo", err) != 0)
			return -1;
		return ms_finder_ktri(f, ms_buf_span(b), err);
	case MS_CTXC(1):
		return read_kari(e->ber, f, head, b, err);
	case MS_CTXC(2):		/* kekri */
	case MS_CTXC(3):		/* pwri */
	case MS_CTXC(4):		/* ori */
		if (ms_finder_count(f, err) != 0)
			return -1;
		return ms_ber_skip(e->ber, "RecipientInfo", err);
	default:
		return ms_fail(err, MS_DATA, "RFC 5652 section 6.2: no "
		    "RecipientInfo has the tag 0x%02x", (unsigned)tag);
	}
}

static int
read_recipients(struct ms_env *e, struct ms_finder *f, struct ms_err *err)
{
	struct ms_buf head = MS_BUF_INIT(4 * MS_CMS_RECIPIENTINFO);
	struct ms_buf b = MS_BUF_INIT(MS_CMS_RECIPIENTINFO);
	int tag, rc;

	if (e->memo->have_key)
		return ms_ber_skip(e->ber, "recipientInfos", err);
	if (ms_ber_enter(e->ber, MS_SET, "recipientInfos", err) != 0)
		return -1;
	while ((rc = ms_ber_peek(e->ber, &tag, err)) == 1)
		if (read_recipient(e, f, tag, &head, &b, err) != 0)
			break;
	ms_buf_clear(&head);
	ms_buf_clear(&b);
	return rc == 0 ? ms_ber_leave(e->ber, "recipientInfos", err) : -1;
}

int
ms_env_small(struct ms_ber *r, int tag, const char *what, struct ms_buf *b,
    struct ms_span *v, struct ms_err *err)
{
	struct ms_span s;

	ms_buf_reset(b);
	if (ms_ber_slurp(r, b, MS_CMS_SMALL, what, err) != 0)
		return -1;
	s = ms_buf_span(b);
	return ms_der_want(&s, tag, v, what, err);
}

int
ms_env_type(struct ms_ber *r, bool *auth, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_CMS_SMALL);
	struct ms_span v;
	enum ms_oid type;
	int rc = ms_env_small(r, MS_OBJECT, "contentType", &b, &v, err);

	if (rc == 0) {
		type = ms_oid_find(v);
		*auth = type == MS_OID_authEnvelopedData;
		if (!*auth && type != MS_OID_envelopedData)
			rc = ms_fail(err, MS_DATA, "RFC 5652 section 6.1: not "
			    "an EnvelopedData but %s", ms_oid_name(type));
	}
	ms_buf_clear(&b);
	return rc;
}

int
ms_env_version(struct ms_ber *r, bool auth, int *version, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_CMS_SMALL);
	struct ms_span v;
	int rc = ms_env_small(r, MS_INTEGER, "version", &b, &v, err);

	if (rc == 0 && (v.n != 1 || v.p[0] > (auth ? 0 : 4)))
		rc = ms_fail(err, MS_DATA, "%s: version unknown", auth ?
		    "RFC 5083 section 2.1" : "RFC 5652 section 6.1");
	if (rc == 0)
		*version = v.p[0];
	ms_buf_clear(&b);
	return rc;
}

/* ContentInfo, and its content up to recipientInfos. */
static int
read_head(struct ms_env *e, struct ms_err *err)
{
	struct ms_ber *r = e->ber;
	int version;

	if (ms_ber_enter(r, MS_SEQUENCE, "ContentInfo", err) != 0 ||
	    ms_env_type(r, &e->auth, err) != 0 ||
	    ms_ber_enter(r, MS_CTXC(0), "content", err) != 0 ||
	    ms_ber_enter(r, MS_SEQUENCE, e->auth ? "AuthEnvelopedData" :
	    "EnvelopedData", err) != 0 ||
	    ms_env_version(r, e->auth, &version, err) != 0)
		return -1;
	return ms_env_skip_if(r, MS_CTXC(0), "originatorInfo", err) < 0 ?
	    -1 : 0;
}

/* EncryptedContentInfo up to the ciphertext. */
static int
read_content_info(struct ms_env *e, bool allow_legacy,
    unsigned char iv[MS_IV_MAX], struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_CMS_SMALL);
	struct ms_ber *r = e->ber;
	struct ms_span v;
	int tag, rc = -1;

	if (ms_ber_enter(r, MS_SEQUENCE, "EncryptedContentInfo", err) != 0 ||
	    ms_env_small(r, MS_OBJECT, "contentType", &b, &v, err) != 0)
		goto out;
	e->content_type = ms_oid_find(v);
	if (ms_env_small(r, MS_SEQUENCE, "contentEncryptionAlgorithm", &b,
	    &v, err) != 0 ||
	    ms_cipher_parse(v, e->auth, allow_legacy, &e->ci, iv, err) != 0 ||
	    (rc = ms_ber_peek(r, &tag, err)) < 0)
		goto out;
	if (rc == 0) {
		rc = ms_fail(err, MS_DATA, "RFC 5652 section 6.1: "
		    "encryptedContent is not in the message");
		goto out;
	}
	e->ct = ms_ber_octets(r, MS_CTX(0), "encryptedContent", err);
	rc = e->ct != NULL ? 0 : -1;
out:
	ms_buf_clear(&b);
	return rc;
}

static int
begin(struct ms_env *e, const struct ms_idents *ids, bool allow_legacy,
    struct ms_err *err)
{
	struct ms_env_memo *m = e->memo;
	struct ms_span none = { NULL, 0 };
	unsigned char iv[MS_IV_MAX];
	struct ms_finder *f = NULL;
	int rc = -1;

	if (read_head(e, err) != 0)
		return -1;
	if (!m->have_key && (f = ms_finder_new(ids, err)) == NULL)
		return -1;
	if (read_recipients(e, f, err) != 0 ||
	    read_content_info(e, allow_legacy, iv, err) != 0)
		goto out;
	if (!m->have_key && ms_finder_open(f, e->ci->keylen, &m->cek,
	    &m->ident, err) != 0)
		goto out;
	m->have_key = true;
	if (m->cek.n != e->ci->keylen) {
		ms_env_damaged(err);
		goto out;
	}
	e->ctx = ms_cipher_start(e->ci, m->cek.p, iv, 0, m->have_aad ?
	    ms_buf_span(&m->aad) : none, err);
	rc = e->ctx != NULL ? 0 : -1;
out:
	ms_finder_free(f);
	return rc;
}

int
ms_env_begin(struct ms_src *src, const struct ms_idents *ids,
    bool allow_legacy, struct ms_env_memo *memo, struct ms_env **ret,
    struct ms_err *err)
{
	struct ms_env *e = calloc(1, sizeof(*e));

	if (e == NULL || (e->out = malloc(MS_BLOCK + ROOM)) == NULL) {
		free(e);
		return ms_fail_nomem(err);
	}
	e->src.fill = env_fill;
	e->memo = memo;
	e->ber = ms_ber_new(src, err);
	if (e->ber == NULL || begin(e, ids, allow_legacy, err) != 0) {
		ms_env_free(e);
		return -1;
	}
	*ret = e;
	return 0;
}

void
ms_env_free(struct ms_env *e)
{
	if (e == NULL)
		return;
	EVP_CIPHER_CTX_free(e->ctx);
	ms_ber_free(e->ber);
	if (e->out != NULL)
		ms_wipe(e->out, MS_BLOCK + ROOM);
	free(e->out);
	free(e);
}

enum ms_cipher
ms_env_cipher(const struct ms_env *e)
{
	return e->ci->id;
}

bool
ms_env_is_auth(const struct ms_env *e)
{
	return e->auth;
}

enum ms_oid
ms_env_content_type(const struct ms_env *e)
{
	return e->content_type;
}

struct ms_src *
ms_env_content(struct ms_env *e)
{
	return &e->src;
}
