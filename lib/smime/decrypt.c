/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decrypting.  The first reading judges: tag, or padding and the signature
 * that may be inside; the second one releases.  What is wrong behind the key
 * is one error whatever it is, since who sends many variations of a ciphertext
 * must not learn from the difference (RFC 3218, RFC 8551 section 6).
 */
#include <string.h>

#include "smime/internal.h"

struct opening {
	const struct ms_smime_decrypt *conf;
	struct ms_spool *in;
	enum ms_kind kind;
	struct ms_env_memo memo;
	struct ms_smime_opened *ret;
};

static int
damaged(struct ms_err *err)
{
	return ms_fail(err, MS_DATA,
	    "cannot be decrypted: damaged, or not meant for this key");
}

/* ---- what is not encrypted ---- */

/* Whether an encrypted part lies somewhere in a multipart. */
static bool
hides_sealed(struct smime_msg *m, unsigned depth)
{
	const char *boundary = ms_mime_param(&m->e.type, "boundary");
	struct ms_mime_parts *parts = NULL;
	struct smime_msg part;
	struct ms_src *src;
	bool yes = false;

	if (smime_what(&m->e) != SMIME_MULTIPART || boundary == NULL ||
	    depth > MS_SMIME_LAYERS)
		return false;
	parts = ms_mime_parts_new(m->src, boundary, NULL);
	while (parts != NULL && !yes &&
	    ms_mime_parts_next(parts, &src, NULL) == 1) {
		smime_msg_init(&part);
		if (smime_msg_read(&part, src, NULL) == 0)
			yes = smime_what(&part.e) == SMIME_CMS ||
			    hides_sealed(&part, depth + 1);
		smime_msg_clear(&part);
	}
	ms_mime_parts_free(parts);
	return yes;
}

static int
not_encrypted(struct opening *o, struct smime_carrier *c, enum ms_oid type,
    struct ms_err *err)
{
	o->ret->was_encrypted = false;
	if (o->conf->if_encrypted)
		return 0;
	if (type != MS_OID_UNKNOWN)
		return ms_fail(err, MS_NO, "not encrypted: this is %s",
		    ms_oid_name(type));
	if (o->kind == MS_KIND_MAIL && hides_sealed(&c->m, 0)) {
		/* EFAIL: text around it would be shown with the plaintext */
		ms_fail(err, MS_NO, "the message as a whole is not encrypted, "
		    "a part of it may be: it is not opened inside of parts "
		    "that anybody could have added");
		return ms_hint(err, "save that part with its header and open "
		    "it alone");
	}
	return ms_fail(err, MS_NO, "not encrypted");
}

/* ---- two readings ---- */

/* Begin a reading: 1 with *env, 0 when nothing is encrypted. */
static int
begin(struct opening *o, struct smime_carrier *c, struct ms_env **env,
    struct ms_err *err)
{
	enum ms_oid type = MS_OID_UNKNOWN;

	if (smime_carrier_open(c, o->in, o->kind, err) != 0)
		return -1;
	if (c->cms != NULL) {
		type = ms_cms_guess(c->cms, err);
		if (c->cms->failed)
			return ms_src_drain(c->cms, err);
	}
	if (c->cms != NULL && type == MS_OID_UNKNOWN &&
	    o->kind == MS_KIND_MAIL)
		return ms_fail(err, MS_DATA, "RFC 8551 section 3.2: the body "
		    "is not CMS");
	if (type != MS_OID_envelopedData && type != MS_OID_authEnvelopedData)
		return not_encrypted(o, c, type, err) == 0 ? 0 : -1;
	o->ret->was_encrypted = true;
	return ms_env_begin(c->cms, o->conf->ids, o->conf->allow_legacy,
	    &o->memo, env, err) == 0 ? 1 : -1;
}

/*
 * Only with a good signature inside.  That there is none is not told from what
 * is damaged: whether padding was right would be an answer, too (RFC 8551
 * section 6).
 */
static int
judge_strictly(struct opening *o, struct ms_src *plain, struct ms_err *err)
{
	enum ms_verdict inside = MS_NONE;
	struct ms_err why = MS_ERR_INIT;

	if (smime_judge_value(plain, o->kind, &inside, &why) != 0 &&
	    why.class != MS_DATA)
		return ms_fail(err, why.class, "%s", why.text);
	o->ret->authenticated = why.class == MS_OK && inside == MS_GOOD;
	if (o->ret->authenticated)
		return 0;
	ms_fail(err, MS_NO, "nothing proves the integrity of this %s content: "
	    "it is not signed inside, or damaged, or not meant for this key",
	    ms_cipher_name(o->ret->cipher));
	return ms_hint(err, "--no-require-integrity opens what is only not "
	    "signed");
}

/* Read the plaintext to its end without letting any out. */
static int
judge_plain(struct opening *o, struct ms_env *env, struct ms_err *err)
{
	struct ms_src *plain = ms_env_content(env);
	enum ms_verdict inside = MS_NONE;

	o->ret->cipher = ms_env_cipher(env);
	o->ret->ident = o->memo.ident;
	o->ret->authenticated = ms_cipher_is_aead(o->ret->cipher);
	if (o->ret->authenticated)
		return ms_src_drain(plain, err);
	if (o->conf->require_integrity)
		return judge_strictly(o, plain, err);
	if (smime_judge_value(plain, o->kind, &inside, err) != 0)
		return -1;
	/* a signature that nobody can check is not right, either */
	if (inside != MS_GOOD && inside != MS_NONE)
		return damaged(err);
	o->ret->authenticated = inside == MS_GOOD;
	return 0;
}

static int
judge_once(struct opening *o, struct ms_err *err)
{
	struct smime_carrier c;
	struct ms_env *env = NULL;
	int rc;

	smime_carrier_init(&c);
	rc = begin(o, &c, &env, err);
	if (rc == 1)
		rc = judge_plain(o, env, err);
	ms_env_free(env);
	smime_carrier_clear(&c);
	return rc;
}

static int
judge(struct opening *o, struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	bool had_aad = o->memo.have_aad;

	if (judge_once(o, &why) == 0)
		return 0;
	/* authAttrs are the AAD and stand behind what they protect */
	if (o->memo.have_aad && !had_aad)
		return judge_once(o, err);
	ms_fail(err, why.class, "%s", why.text);
	if (why.hint[0] != '\0')
		ms_hint(err, "%s", why.hint);
	return -1;
}

static int
release(struct opening *o, struct ms_sink *out, struct ms_err *err)
{
	struct smime_carrier c;
	struct ms_env *env = NULL;
	struct ms_src *plain;
	int rc;

	smime_carrier_init(&c);
	rc = begin(o, &c, &env, err);
	if (rc == 1) {
		plain = ms_env_content(env);
		rc = o->kind != MS_KIND_MAIL ? ms_copy(plain, out, err) :
		    smime_put_inner(&c.m.h, plain, out, err);
	}
	ms_env_free(env);
	smime_carrier_clear(&c);
	return rc;
}

static int
copy_through(struct ms_spool *in, struct ms_sink *out, struct ms_err *err)
{
	struct ms_src *src = ms_spool_read(in, err);

	return src != NULL ? ms_copy(src, out, err) : -1;
}

int
ms_smime_decrypt(const struct ms_smime_decrypt *conf, struct ms_spool *in,
    struct ms_sink *out, struct ms_smime_opened *ret, struct ms_err *err)
{
	struct opening o = { .conf = conf, .in = in, .ret = ret };
	int rc;

	memset(ret, 0, sizeof(*ret));
	if (smime_kind(conf->format, in, &o.kind, err) != 0)
		return -1;
	ms_env_memo_init(&o.memo);
	rc = judge(&o, err);
	if (rc == 0)
		rc = ret->was_encrypted ? release(&o, out, err) :
		    copy_through(in, out, err);
	ms_env_memo_clear(&o.memo);
	return rc;
}
