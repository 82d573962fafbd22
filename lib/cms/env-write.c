/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making EnvelopedData (RFC 5652 section 6) and AuthEnvelopedData (RFC 5083):
 * a sink that encrypts what passes.  With the size known it writes DER; else
 * indefinite lengths, the ciphertext in pieces of MS_BLOCK.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "cms/env-internal.h"

#define HEADER_MAX (MS_CMS_RECIPIENTINFOS + 4096)
#define PIECE_HEAD 16		/* octets before a piece for its head */

struct enc {
	struct ms_sink sink;
	struct ms_sink *to;
	const struct ms_cipher_info *ci;
	EVP_CIPHER_CTX *ctx;
	bool indef;
	uint64_t size, done;	/* octets of content: announced, written */
	struct ms_buf attrs;	/* contents of authAttrs, or empty */
	unsigned char *out;	/* PIECE_HEAD, then ciphertext */
	size_t have;		/* octets of it */
};

static int
flush_piece(struct enc *e, struct ms_err *err)
{
	unsigned char head[10];
	unsigned char *p = e->out + PIECE_HEAD;
	size_t n = e->have, k;

	if (n == 0)
		return 0;
	if (e->indef) {
		k = ms_der_head(head, MS_OCTETSTRING, n);
		p -= k;
		memcpy(p, head, k);
		n += k;
	}
	e->have = 0;
	return ms_sink_write(e->to, p, n, err);
}

static int
enc_write(struct ms_sink *k, const void *p, size_t n, struct ms_err *err)
{
	struct enc *e = (struct enc *)k;
	const unsigned char *from = p;
	size_t some;
	int len;

	if (n > e->size - e->done)
		return e->indef ? ms_fail(err, MS_DATA, "more content than "
		    "%s can take with one key: %llu bytes", e->ci->name,
		    (unsigned long long)e->size) :
		    ms_fail(err, MS_DATA, "more content than the %llu bytes "
		    "announced", (unsigned long long)e->size);
	e->done += n;
	while (n > 0) {
		some = MS_BLOCK - e->have;
		if (some > n)
			some = n;
		if (EVP_EncryptUpdate(e->ctx, e->out + PIECE_HEAD + e->have,
		    &len, from, (int)some) != 1)
			return ms_fail_ssl(err, MS_OS, "cannot encrypt");
		e->have += (size_t)len;
		from += some;
		n -= some;
		if (e->have >= MS_BLOCK && flush_piece(e, err) != 0)
			return -1;
	}
	return 0;
}

/* RFC 5083 section 2.1: authAttrs [1], then mac. */
static int
write_mac(struct enc *e, struct ms_buf *b, struct ms_err *err)
{
	unsigned char tag[MS_AEAD_TAG];
	struct ms_der d;

	if (EVP_CIPHER_CTX_ctrl(e->ctx, EVP_CTRL_AEAD_GET_TAG, sizeof(tag),
	    tag) != 1)
		return ms_fail_ssl(err, MS_OS, "cannot compute the tag");
	ms_der_init(&d, b);
	if (e->attrs.n > 0)
		ms_der_prim(&d, MS_CTXC(1), e->attrs.p, e->attrs.n);
	ms_der_prim(&d, MS_OCTETSTRING, tag, sizeof(tag));
	return ms_der_finish(&d, err);
}

static int
enc_end(struct ms_sink *k, struct ms_err *err)
{
	static const unsigned char eoc[6];
	struct ms_buf tail = MS_BUF_INIT(4096);
	struct enc *e = (struct enc *)k;
	int len, rc = -1;

	if (!e->indef && e->done != e->size)
		return ms_fail(err, MS_DATA, "less content (%llu bytes) than "
		    "the %llu announced", (unsigned long long)e->done,
		    (unsigned long long)e->size);
	if (EVP_EncryptFinal_ex(e->ctx, e->out + PIECE_HEAD + e->have,
	    &len) != 1)
		return ms_fail_ssl(err, MS_OS, "cannot encrypt");
	e->have += (size_t)len;
	if (flush_piece(e, err) != 0)
		return -1;
	/* encryptedContent and EncryptedContentInfo end ... */
	if ((e->indef && ms_buf_add(&tail, eoc, 4, err) != 0) ||
	    (e->ci->aead && write_mac(e, &tail, err) != 0) ||
	    /* ... and the three around them. */
	    (e->indef && ms_buf_add(&tail, eoc, 6, err) != 0))
		goto out;
	rc = tail.n > 0 ? ms_sink_write(e->to, tail.p, tail.n, err) : 0;
out:
	ms_buf_clear(&tail);
	return rc;
}

static void
enc_free(struct ms_sink *k)
{
	struct enc *e = (struct enc *)k;

	EVP_CIPHER_CTX_free(e->ctx);
	ms_buf_clear(&e->attrs);
	free(e->out);
	free(e);
}

/* RFC 5083 section 2.1: authAttrs must be there, with content-type, for
 * another content than data. */
static int
make_attrs(struct enc *e, enum ms_oid type, struct ms_buf *aad,
    struct ms_err *err)
{
	struct ms_der d;

	if (!e->ci->aead || type == MS_OID_data)
		return 0;
	ms_der_init(&d, &e->attrs);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_oid(&d, MS_OID_contentType);
	ms_der_begin(&d, MS_SET);
	ms_der_oid(&d, type);
	ms_der_end(&d);
	ms_der_end(&d);
	if (ms_der_finish(&d, err) != 0)
		return -1;
	/* RFC 5083 section 2.2: the AAD has the tag of SET OF. */
	ms_der_init(&d, aad);
	ms_der_prim(&d, MS_SET, e->attrs.p, e->attrs.n);
	return ms_der_finish(&d, err);
}

/* All RecipientInfos as one SET OF; *version becomes that of the whole. */
static int
write_recipients(const struct ms_encrypt_conf *conf, struct ms_span cek,
    struct ms_buf *b, int *version, struct ms_err *err)
{
	struct ms_der d;
	size_t i;

	ms_der_init(&d, b);
	ms_der_begin(&d, MS_SET);
	*version = 0;
	for (i = 0; i < conf->ncerts; i++)
		if (ms_recipient_write(&d, conf->certs[i], conf->oaep, cek,
		    version, err) != 0)
			return -1;
	ms_der_end_setof(&d);
	/* RFC 5652 section 6.1: 0 if all RecipientInfos are 0, else 2. */
	*version = *version == 0 ? 0 : 2;
	return ms_der_finish(&d, err);
}

/* contentType and contentEncryptionAlgorithm */
static int
write_content_info(const struct enc *e, enum ms_oid type,
    const unsigned char *iv, struct ms_buf *b, struct ms_err *err)
{
	struct ms_der d;

	ms_der_init(&d, b);
	ms_der_oid(&d, type);
	ms_cipher_write(&d, e->ci, iv);
	return ms_der_finish(&d, err);
}

static int
put_head(struct ms_buf *b, bool indef, int tag, uint64_t n,
    struct ms_err *err)
{
	unsigned char head[10];

	if (indef) {
		head[0] = (unsigned char)tag;
		head[1] = 0x80;
		return ms_buf_add(b, head, 2, err);
	}
	return ms_buf_add(b, head, ms_der_head(head, tag, n), err);
}

/*
 * Everything up to the first octet of ciphertext.  Definite lengths are
 * summed from the inside: ct in eci in env in [0] in ContentInfo.
 */
static int
write_header(struct enc *e, struct ms_span ris, struct ms_span info,
    int version, struct ms_buf *b, struct ms_err *err)
{
	bool def = !e->indef;
	uint64_t ct = def ? ms_cipher_size(e->ci, e->size) : 0;
	uint64_t eci = info.n + ms_der_size(ct);
	uint64_t env = 3 + ris.n + ms_der_size(eci);
	struct ms_span type = ms_oid_bytes(e->ci->aead ?
	    MS_OID_authEnvelopedData : MS_OID_envelopedData);
	uint64_t whole;

	if (e->ci->aead)
		env += ms_der_size(MS_AEAD_TAG) +
		    (e->attrs.n > 0 ? ms_der_size(e->attrs.n) : 0);
	whole = ms_der_size(type.n) + ms_der_size(ms_der_size(env));
	if (put_head(b, e->indef, MS_SEQUENCE, whole, err) != 0 ||
	    put_head(b, false, MS_OBJECT, type.n, err) != 0 ||
	    ms_buf_add(b, type.p, type.n, err) != 0 ||
	    put_head(b, e->indef, MS_CTXC(0), ms_der_size(env), err) != 0 ||
	    put_head(b, e->indef, MS_SEQUENCE, env, err) != 0 ||
	    put_head(b, false, MS_INTEGER, 1, err) != 0 ||
	    ms_buf_addc(b, e->ci->aead ? 0 : version, err) != 0 ||
	    ms_buf_add(b, ris.p, ris.n, err) != 0 ||
	    put_head(b, e->indef, MS_SEQUENCE, eci, err) != 0 ||
	    ms_buf_add(b, info.p, info.n, err) != 0)
		return -1;
	return put_head(b, e->indef, e->indef ? MS_CTXC(0) : MS_CTX(0), ct,
	    err);
}

static int
start(struct enc *e, const struct ms_encrypt_conf *conf, struct ms_err *err)
{
	struct ms_buf header = MS_BUF_INIT(HEADER_MAX);
	struct ms_buf ris = MS_BUF_INIT(MS_CMS_RECIPIENTINFOS);
	struct ms_buf info = MS_BUF_INIT(256);
	struct ms_buf aad = MS_BUF_INIT(256);
	unsigned char cek[MS_CEK_MAX], iv[MS_IV_MAX];
	struct ms_span key = { cek, e->ci->keylen };
	int version, rc = -1;

	if (RAND_priv_bytes(cek, sizeof(cek)) != 1 ||
	    RAND_bytes(iv, sizeof(iv)) != 1) {
		ms_fail_ssl(err, MS_OS, "no random bytes");
		goto out;
	}
	if (make_attrs(e, conf->content_type, &aad, err) != 0 ||
	    write_recipients(conf, key, &ris, &version, err) != 0 ||
	    write_content_info(e, conf->content_type, iv, &info, err) != 0 ||
	    write_header(e, ms_buf_span(&ris), ms_buf_span(&info), version,
	    &header, err) != 0)
		goto out;
	e->ctx = ms_cipher_start(e->ci, cek, iv, 1, ms_buf_span(&aad), err);
	if (e->ctx != NULL)
		rc = ms_sink_write(e->to, header.p, header.n, err);
out:
	ms_wipe(cek, sizeof(cek));
	ms_buf_clear(&header);
	ms_buf_clear(&ris);
	ms_buf_clear(&info);
	ms_buf_clear(&aad);
	return rc;
}

static int
check_conf(const struct ms_encrypt_conf *conf,
    const struct ms_cipher_info *ci, struct ms_err *err)
{
	if (ci == NULL || ci->legacy)
		return ms_fail(err, MS_USAGE, "%s is not a cipher to encrypt "
		    "with", ms_cipher_name(conf->cipher));
	if (conf->ncerts == 0)
		return ms_fail(err, MS_USAGE, "RFC 5652 section 6.1: no "
		    "recipient");
	if (conf->ncerts > MS_CMS_RECIPIENTS)
		return ms_fail(err, MS_USAGE, "more than %d recipients",
		    MS_CMS_RECIPIENTS);
	if (conf->size != UINT64_MAX && conf->size > ci->max)
		return ms_fail(err, MS_DATA, "more content than %s can take "
		    "with one key: %llu bytes", ci->name,
		    (unsigned long long)ci->max);
	return 0;
}

struct ms_sink *
ms_encrypt(const struct ms_encrypt_conf *conf, struct ms_sink *to,
    struct ms_err *err)
{
	const struct ms_cipher_info *ci = ms_cipher_info(conf->cipher);
	struct enc *e;

	if (check_conf(conf, ci, err) != 0)
		return NULL;
	e = calloc(1, sizeof(*e));
	if (e == NULL ||
	    (e->out = malloc(PIECE_HEAD + MS_BLOCK + 2 * MS_IV_MAX)) == NULL) {
		free(e);
		ms_fail_nomem(err);
		return NULL;
	}
	e->sink.write = enc_write;
	e->sink.end = enc_end;
	e->sink.free = enc_free;
	e->to = to;
	e->ci = ci;
	e->indef = conf->size == UINT64_MAX;
	e->size = e->indef ? ci->max : conf->size;
	ms_buf_init(&e->attrs, 256);
	if (start(e, conf, err) != 0) {
		enc_free(&e->sink);
		return NULL;
	}
	return &e->sink;
}
