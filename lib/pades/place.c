/* SPDX-License-Identifier: Apache-2.0 */
/* Where a signature goes in a document: the dictionary, the field with its
 * widget, the form, the page, the catalog. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pades/internal.h"

#define RANGE 60		/* columns left for the numbers of ByteRange */
#define TEXT ((size_t)1024 * 1024)	/* bytes of reason and the like */

/* ---- the signature dictionary ---- */

static int
put_text(struct pades_job *j, struct ms_buf *b, const char *key,
    const char *text)
{
	if (text == NULL || text[0] == '\0')
		return 0;
	if (ms_buf_addf(b, j->err, " /%s ", key) != 0 ||
	    ms_pdf_write_text(text, b, j->err) != 0)
		return ms_err_context(j->err, "/%s", key);
	return 0;
}

/* A lock that waits in the field takes effect with the signature (12.7.5.5),
 * so it is said in the signature, too. */
static int
put_lock(struct pades_job *j, struct ms_buf *b)
{
	const struct ms_pdf_obj *in;
	struct ms_pdf_obj o, hold;
	struct ms_span s;
	size_t lock, at;
	int rc = -1;

	if (j->field == MS_PDF_NIL)
		return 0;
	ms_pdf_obj_init(&o);
	ms_pdf_obj_init(&hold);
	if (ms_pdf_load(j->d, j->fields.v[j->field].num,
	    j->fields.v[j->field].gen, &o, j->err) != 0)
		goto out;
	rc = 0;
	lock = ms_pdf_key(&o, 0, "Lock");
	if (lock == MS_PDF_NIL)
		goto out;
	rc = ms_pdf_deref(j->d, &o, lock, &hold, &in, &lock, j->err);
	if (rc != 0 || ms_pdf_type(in, lock) != MS_PDF_DICT)
		goto out;
	at = ms_pdf_key(in, lock, "Action");
	s = ms_pdf_text(in, at);
	rc = -1;
	if (ms_buf_adds(b, " << /Type /SigRef /TransformMethod /FieldMDP "
	    "/TransformParams << /Type /TransformParams /V /1.2 /Action ",
	    j->err) != 0 ||
	    (ms_pdf_type(in, at) == MS_PDF_NAME ?
	    ms_buf_add(b, s.p, s.n, j->err) :
	    ms_buf_adds(b, "/All", j->err)) != 0)
		goto out;
	at = ms_pdf_key(in, lock, "Fields");
	s = ms_pdf_text(in, at);
	if (at != MS_PDF_NIL && (ms_buf_adds(b, " /Fields ", j->err) != 0 ||
	    ms_buf_add(b, s.p, s.n, j->err) != 0))
		goto out;
	rc = ms_buf_adds(b, " >> >>", j->err);
out:
	ms_pdf_obj_clear(&o);
	ms_pdf_obj_clear(&hold);
	return rc;
}

static int
put_references(struct pades_job *j, struct ms_buf *b)
{
	struct ms_buf refs = MS_BUF_INIT(TEXT);
	int rc = 0;

	if (j->conf->signer == NULL)
		return 0;
	if (j->conf->certify != 0)
		rc = ms_buf_addf(&refs, j->err, " << /Type /SigRef "
		    "/TransformMethod /DocMDP /TransformParams << /Type "
		    "/TransformParams /V /1.2 /P %d >> >>", j->conf->certify);
	if (rc == 0)
		rc = put_lock(j, &refs);
	if (rc == 0 && refs.n > 0 &&
	    (ms_buf_adds(b, " /Reference [", j->err) != 0 ||
	    ms_buf_add(b, refs.p, refs.n, j->err) != 0 ||
	    ms_buf_adds(b, " ]", j->err) != 0))
		rc = -1;
	ms_buf_clear(&refs);
	return rc;
}

/* /M: the claimed time; no signing-time attribute stands beside it (EN 319
 * 142-1 section 6.3). */
static int
put_claims(struct pades_job *j, struct ms_buf *b)
{
	struct tm t;

	if (j->conf->signer == NULL)
		return 0;
	if (ms_time_fields(j->conf->now, &t) && ms_buf_addf(b, j->err,
	    " /M (D:%04d%02d%02d%02d%02d%02dZ)", t.tm_year + 1900,
	    t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec) != 0)
		return -1;
	if (put_text(j, b, "Name", j->conf->name) != 0 ||
	    put_text(j, b, "Reason", j->conf->reason) != 0 ||
	    put_text(j, b, "Location", j->conf->location) != 0)
		return -1;
	return put_text(j, b, "ContactInfo", j->conf->contact);
}

static int
put_signature(struct pades_job *j)
{
	struct ms_buf b = MS_BUF_INIT(2 * MS_PADES_CONTENTS + 8 * TEXT);
	unsigned char *hex;
	size_t range, contents, at;
	int rc = -1;

	if (ms_buf_adds(&b, j->conf->signer != NULL ?
	    "<< /Type /Sig /Filter /Adobe.PPKLite "
	    "/SubFilter /ETSI.CAdES.detached /ByteRange [" :
	    "<< /Type /DocTimeStamp /Filter /Adobe.PPKLite "
	    "/SubFilter /ETSI.RFC3161 /ByteRange [", j->err) != 0)
		goto out;
	range = b.n;
	if (ms_buf_addf(&b, j->err, "%*s] /Contents <", RANGE, "") != 0)
		goto out;
	contents = b.n;
	hex = ms_buf_room(&b, 2 * j->contents, j->err);
	if (hex == NULL)
		goto out;
	memset(hex, '0', 2 * j->contents);
	b.n += 2 * j->contents;
	if (ms_buf_addc(&b, '>', j->err) != 0 || put_claims(j, &b) != 0 ||
	    put_references(j, &b) != 0 ||
	    ms_buf_adds(&b, " >>", j->err) != 0)
		goto out;
	j->sig_num = ms_pdf_update_number(j->u);
	if (ms_pdf_update_put(j->u, j->sig_num, 0, ms_buf_span(&b), &at,
	    j->err) != 0)
		goto out;
	j->range_at = at + range;
	j->hex_at = at + contents;
	rc = 0;
out:
	ms_buf_clear(&b);
	return rc;
}

/* ---- field, page, form, catalog ---- */

static int
put_obj(struct pades_job *j, const struct ms_pdf_obj *o, size_t dict,
    const struct ms_pdf_edit *e, size_t n)
{
	struct ms_buf b = MS_BUF_INIT(MS_PDF_UPDATE);
	int rc = ms_pdf_write_dict(o, dict, e, n, &b, j->err);

	if (rc == 0)
		rc = ms_pdf_update_put(j->u, o->num, o->gen, ms_buf_span(&b),
		    NULL, j->err);
	ms_buf_clear(&b);
	return rc;
}

static int
fill_field(struct pades_job *j)
{
	struct ms_pdf_obj o;
	struct ms_pdf_edit e = { "V", NULL };
	char ref[32];
	int rc;

	snprintf(ref, sizeof(ref), "%u 0 R", j->sig_num);
	e.value = ref;
	ms_pdf_obj_init(&o);
	rc = ms_pdf_load(j->d, j->fields.v[j->field].num,
	    j->fields.v[j->field].gen, &o, j->err);
	if (rc == 0)
		rc = put_obj(j, &o, 0, &e, 1);
	ms_pdf_obj_clear(&o);
	return rc;
}

/* "Signature1", or the next that no field has. */
static void
new_name(const struct pades_job *j, char *to, size_t size)
{
	size_t i, n = 1;

	for (;;) {
		snprintf(to, size, "Signature%zu", n);
		for (i = 0; i < j->fields.n; i++)
			if (ms_streq(j->fields.v[i].name, to))
				break;
		if (i == j->fields.n)
			return;
		n++;
	}
}

static int
put_field(struct pades_job *j, const struct ms_pdf_obj *page)
{
	struct ms_buf b = MS_BUF_INIT(TEXT);
	char name[32];
	int rc = -1;

	new_name(j, name, sizeof(name));
	j->field_num = ms_pdf_update_number(j->u);
	if (ms_buf_adds(&b, "<< /Type /Annot /Subtype /Widget /FT /Sig /T ",
	    j->err) == 0 &&
	    ms_pdf_write_text(j->conf->field != NULL ? j->conf->field : name,
	    &b, j->err) == 0 &&
	    ms_buf_addf(&b, j->err, " /V %u 0 R /F 132 /Rect [0 0 0 0] "
	    "/P %u %u R >>", j->sig_num, page->num, page->gen) == 0)
		rc = ms_pdf_update_put(j->u, j->field_num, 0, ms_buf_span(&b),
		    NULL, j->err);
	ms_buf_clear(&b);
	return rc;
}

/*
 * The value of `key` in o with the new field behind it: in the object that
 * holds the array, or, when o holds it itself, as text in `to`.
 */
static int
append(struct pades_job *j, const struct ms_pdf_obj *o, size_t array,
    struct ms_buf *to)
{
	const struct ms_pdf_obj *in;
	struct ms_pdf_obj hold;
	struct ms_buf b = MS_BUF_INIT(MS_PDF_TEXT);
	char ref[32];
	size_t at;
	int rc = -1;

	snprintf(ref, sizeof(ref), "%u 0 R", j->field_num);
	ms_pdf_obj_init(&hold);
	if (ms_pdf_deref(j->d, o, array, &hold, &in, &at, j->err) != 0)
		goto out;
	if (ms_pdf_type(in, at) == MS_PDF_NULL) {
		rc = ms_pdf_write_array(in, MS_PDF_NIL, ref, to, j->err);
	} else if (ms_pdf_type(in, at) != MS_PDF_ARRAY) {
		ms_fail(j->err, MS_DATA, "ISO 32000-2 section 12.7.3: no "
		    "array in object %u where one belongs", o->num);
	} else if (in != &hold) {
		rc = ms_pdf_write_array(in, at, ref, to, j->err);
	} else if (ms_pdf_write_array(in, at, ref, &b, j->err) == 0) {
		rc = ms_pdf_update_put(j->u, hold.num, hold.gen,
		    ms_buf_span(&b), NULL, j->err);
	}
out:
	ms_buf_clear(&b);
	ms_pdf_obj_clear(&hold);
	return rc;
}

static int
put_widget(struct pades_job *j)
{
	struct ms_buf annots = MS_BUF_INIT(MS_PDF_TEXT);
	struct ms_pdf_edit e = { "Annots", NULL };
	struct ms_pdf_obj page;
	int rc = -1;

	ms_pdf_obj_init(&page);
	if (ms_pdf_first_page(j->d, &page, j->err) != 0 ||
	    put_field(j, &page) != 0 ||
	    append(j, &page, ms_pdf_key(&page, 0, "Annots"), &annots) != 0)
		goto out;
	rc = 0;
	if (annots.n > 0) {
		e.value = ms_buf_str(&annots);
		rc = e.value != NULL ? put_obj(j, &page, 0, &e, 1) :
		    ms_fail_nomem(j->err);
	}
out:
	ms_buf_clear(&annots);
	ms_pdf_obj_clear(&page);
	return rc;
}

/* The form: its object, or its new text for the catalog in `to`. */
static int
put_form(struct pades_job *j, const struct ms_pdf_obj *cat, struct ms_buf *to)
{
	struct ms_buf fields = MS_BUF_INIT(MS_PDF_TEXT);
	struct ms_pdf_edit e[2];
	const struct ms_pdf_obj *in;
	struct ms_pdf_obj hold;
	size_t at, n = 0;
	int64_t flags = 0;
	char number[24];
	int rc = -1;

	ms_pdf_obj_init(&hold);
	if (ms_pdf_deref(j->d, cat, ms_pdf_key(cat, 0, "AcroForm"), &hold,
	    &in, &at, j->err) != 0)
		goto out;
	if (ms_pdf_type(in, at) != MS_PDF_DICT)
		at = MS_PDF_NIL;
	if (ms_pdf_key(in, at, "XFA") != MS_PDF_NIL && j->conf->warn != NULL)
		j->conf->warn(j->conf->warn_arg, "the document has an XFA "
		    "form: readers that show it may not show the signature");
	if (j->field == MS_PDF_NIL) {
		if (append(j, in, ms_pdf_key(in, at, "Fields"), &fields) != 0)
			goto out;
		e[n].key = "Fields";
		e[n].value = ms_buf_str(&fields);
		n += fields.n > 0;
	}
	ms_pdf_int(in, ms_pdf_key(in, at, "SigFlags"), 0, 255, &flags);
	snprintf(number, sizeof(number), "%d", (int)(flags | 3));
	if ((flags & 3) != 3) {
		e[n].key = "SigFlags";
		e[n++].value = number;
	}
	rc = 0;
	if (n > 0)
		rc = in == &hold && at != MS_PDF_NIL ?
		    put_obj(j, &hold, at, e, n) :
		    ms_pdf_write_dict(in, at, e, n, to, j->err);
out:
	ms_buf_clear(&fields);
	ms_pdf_obj_clear(&hold);
	return rc;
}

/* /Perms with the certification in it. */
static int
put_perms(struct pades_job *j, const struct ms_pdf_obj *cat,
    struct ms_buf *to)
{
	struct ms_pdf_edit e = { "DocMDP", NULL };
	const struct ms_pdf_obj *in;
	struct ms_pdf_obj hold;
	char ref[32];
	size_t at;
	int rc;

	if (j->conf->certify == 0)
		return 0;
	snprintf(ref, sizeof(ref), "%u 0 R", j->sig_num);
	e.value = ref;
	ms_pdf_obj_init(&hold);
	rc = ms_pdf_deref(j->d, cat, ms_pdf_key(cat, 0, "Perms"), &hold, &in,
	    &at, j->err);
	if (rc == 0)
		rc = ms_pdf_write_dict(in, ms_pdf_type(in, at) == MS_PDF_DICT ?
		    at : MS_PDF_NIL, &e, 1, to, j->err);
	ms_pdf_obj_clear(&hold);
	return rc;
}

static int
put_catalog(struct pades_job *j)
{
	struct ms_buf form = MS_BUF_INIT(MS_PDF_TEXT);
	struct ms_buf perms = MS_BUF_INIT(TEXT);
	struct ms_pdf_edit e[2];
	struct ms_pdf_obj cat;
	size_t n = 0;
	int rc = -1;

	ms_pdf_obj_init(&cat);
	if (ms_pdf_catalog(j->d, &cat, j->err) != 0 ||
	    put_form(j, &cat, &form) != 0 || put_perms(j, &cat, &perms) != 0)
		goto out;
	if (ms_buf_str(&form) == NULL || ms_buf_str(&perms) == NULL) {
		ms_fail_nomem(j->err);
		goto out;
	}
	if (form.n > 0) {
		e[n].key = "AcroForm";
		e[n++].value = ms_buf_str(&form);
	}
	if (perms.n > 0) {
		e[n].key = "Perms";
		e[n++].value = ms_buf_str(&perms);
	}
	rc = n > 0 ? put_obj(j, &cat, 0, e, n) : 0;
out:
	ms_buf_clear(&form);
	ms_buf_clear(&perms);
	ms_pdf_obj_clear(&cat);
	return rc;
}

/* All offsets are known now: ByteRange, in the room left for it. */
static int
set_range(struct pades_job *j)
{
	struct ms_buf *b = ms_pdf_update_bytes(j->u);
	uint64_t base = ms_pdf_size(j->d);
	uint64_t a = base + j->hex_at - 1;
	uint64_t e = base + j->hex_at + 2 * j->contents + 1;
	char text[RANGE + 1];
	int n;

	n = snprintf(text, sizeof(text), "0 %llu %llu %llu",
	    (unsigned long long)a, (unsigned long long)e,
	    (unsigned long long)(base + b->n - e));
	if (n < 0 || n > RANGE)
		return ms_fail(j->err, MS_BUG, "ByteRange has no room");
	memcpy(b->p + j->range_at, text, (size_t)n);
	return 0;
}

int
pades_place(struct pades_job *j)
{
	ms_pdf_update_free(j->u);
	j->u = ms_pdf_update_new(j->d, j->err);
	if (j->u == NULL || put_signature(j) != 0 ||
	    (j->field != MS_PDF_NIL ? fill_field(j) : put_widget(j)) != 0 ||
	    put_catalog(j) != 0 || ms_pdf_update_finish(j->u, j->err) != 0)
		return -1;
	return set_range(j);
}
