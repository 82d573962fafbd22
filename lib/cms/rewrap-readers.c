/* SPDX-License-Identifier: Apache-2.0 */
/* Who of a message's readers stays when it is given others. */
#include "cms/rewrap.h"

/* Whether the reader whose rid stands at the beginning of s stays. */
static bool
stays(struct ms_rewrap *r, struct ms_span s)
{
	if (!r->conf->keep)
		return false;
	if (ms_finder_names(r->dropping, s)) {
		r->gone++;
		return false;
	}
	/* who is added anew takes the place of the old entry */
	if (ms_finder_names(r->adding, s))
		return false;
	r->kept++;
	return true;
}

static void
note_version(struct ms_rewrap *r, int version)
{
	if (r->highest < version)
		r->highest = version;
}

static int
read_ktri(struct ms_rewrap *r, struct ms_buf *b, struct ms_err *err)
{
	struct ms_span s, whole;
	uint64_t version;

	if (ms_ber_slurp(r->ber, b, MS_CMS_RECIPIENTINFO, "RecipientInfo",
	    err) != 0)
		return -1;
	whole = s = ms_buf_span(b);
	if (ms_finder_ktri(r->ours, whole, err) != 0 ||
	    ms_der_want(&whole, MS_SEQUENCE, &s, "KeyTransRecipientInfo",
	    err) != 0 || ms_der_want_uint(&s, &version,
	    "KeyTransRecipientInfo.version", err) != 0)
		return -1;
	if (!stays(r, s))
		return 0;
	ms_der_raw(&r->d, b->p, b->n);
	note_version(r, version > 0 ? 2 : 0);
	return 0;
}

/* What stands in a KeyAgreeRecipientInfo before its keys. */
static int
read_kari_head(struct ms_ber *b, struct ms_buf *head, struct ms_err *err)
{
	const size_t max = MS_CMS_RECIPIENTINFO;
	int tag = 0;

	if (ms_ber_enter(b, MS_CTXC(1), "KeyAgreeRecipientInfo", err) != 0 ||
	    ms_ber_slurp(b, head, max, "version", err) != 0 ||
	    ms_ber_slurp(b, head, max, "originator", err) != 0 ||
	    ms_ber_peek(b, &tag, err) < 0 ||
	    (tag == MS_CTXC(1) && ms_ber_slurp(b, head, max, "ukm", err) != 0))
		return -1;
	return ms_ber_slurp(b, head, max, "keyEncryptionAlgorithm", err);
}

/* One of its keys: into reks when its reader stays. */
static int
read_rek(struct ms_rewrap *r, struct ms_buf *reks, struct ms_err *err)
{
	size_t at = reks->n;
	struct ms_span rek, s;

	if (ms_ber_slurp(r->ber, reks, MS_CMS_RECIPIENTINFO,
	    "RecipientEncryptedKey", err) != 0)
		return -1;
	rek.p = reks->p + at;
	rek.n = reks->n - at;
	if (ms_finder_rek(r->ours, rek, err) != 0 ||
	    ms_der_want(&rek, MS_SEQUENCE, &s, "RecipientEncryptedKey",
	    err) != 0)
		return -1;
	if (!stays(r, s))
		reks->n = at;
	return 0;
}

static int
read_kari(struct ms_rewrap *r, struct ms_buf *head, struct ms_err *err)
{
	struct ms_buf reks = MS_BUF_INIT(MS_CMS_RECIPIENTINFOS);
	int tag, rc = -1;

	if (read_kari_head(r->ber, head, err) != 0 ||
	    ms_finder_kari(r->ours, ms_buf_span(head), err) != 0 ||
	    ms_ber_enter(r->ber, MS_SEQUENCE, "recipientEncryptedKeys",
	    err) != 0)
		goto out;
	while ((rc = ms_ber_peek(r->ber, &tag, err)) == 1)
		if (read_rek(r, &reks, err) != 0)
			break;
	if (rc != 0 ||
	    ms_ber_leave(r->ber, "recipientEncryptedKeys", err) != 0 ||
	    ms_ber_leave(r->ber, "KeyAgreeRecipientInfo", err) != 0) {
		rc = -1;
		goto out;
	}
	if (reks.n > 0) {
		ms_der_begin(&r->d, MS_CTXC(1));
		ms_der_raw(&r->d, head->p, head->n);
		ms_der_prim(&r->d, MS_SEQUENCE, reks.p, reks.n);
		ms_der_end(&r->d);
		note_version(r, 2);
	}
out:
	ms_buf_clear(&reks);
	return rc;
}

/* kekri, pwri, ori: nobody's here that could be named. */
static int
read_other(struct ms_rewrap *r, int tag, struct ms_buf *b, struct ms_err *err)
{
	if (ms_finder_count(r->ours, err) != 0)
		return -1;
	if (!r->conf->keep)
		return ms_ber_skip(r->ber, "RecipientInfo", err);
	if (ms_ber_slurp(r->ber, b, MS_CMS_RECIPIENTINFO, "RecipientInfo",
	    err) != 0)
		return -1;
	ms_der_raw(&r->d, b->p, b->n);
	note_version(r, tag == MS_CTXC(2) ? 2 : 3);
	r->kept++;
	return 0;
}

int
ms_rewrap_readers(struct ms_rewrap *r, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(4 * MS_CMS_RECIPIENTINFO);
	int tag, rc, one = 0;

	if (ms_ber_enter(r->ber, MS_SET, "recipientInfos", err) != 0)
		return -1;
	ms_der_init(&r->d, &r->ris);
	ms_der_begin(&r->d, MS_SET);
	while (one == 0 && (rc = ms_ber_peek(r->ber, &tag, err)) == 1) {
		ms_buf_reset(&b);
		if (tag == MS_SEQUENCE)
			one = read_ktri(r, &b, err);
		else if (tag == MS_CTXC(1))
			one = read_kari(r, &b, err);
		else if (tag >= MS_CTXC(2) && tag <= MS_CTXC(4))
			one = read_other(r, tag, &b, err);
		else
			one = ms_fail(err, MS_DATA, "RFC 5652 section 6.2: no "
			    "RecipientInfo has the tag 0x%02x", (unsigned)tag);
	}
	ms_buf_clear(&b);
	if (one != 0 || rc != 0)
		return -1;
	return ms_ber_leave(r->ber, "recipientInfos", err);
}
