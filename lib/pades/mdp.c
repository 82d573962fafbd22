/* SPDX-License-Identifier: Apache-2.0 */
/* What signatures allow: DocMDP and FieldMDP, ISO 32000-2 section 12.8.2. */
#include <stdlib.h>
#include <string.h>

#include "pades/internal.h"

void
pades_mdp_clear(struct pades_mdp *m)
{
	size_t i;

	for (i = 0; i < m->nnames; i++)
		free(m->names[i]);
	free(m->names);
	memset(m, 0, sizeof(*m));
}

static int
read_names(struct ms_pdf *d, const struct ms_pdf_obj *o, size_t node,
    struct pades_mdp *m, struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(MS_PDF_TEXT);
	const struct ms_pdf_obj *in;
	struct ms_pdf_obj hold;
	size_t at, i;
	int rc;

	ms_pdf_obj_init(&hold);
	rc = ms_pdf_deref(d, o, node, &hold, &in, &at, err);
	if (rc == 0 && ms_pdf_type(in, at) == MS_PDF_ARRAY) {
		m->names = calloc((size_t)in->v[at].num + 1,
		    sizeof(*m->names));
		if (m->names == NULL)
			rc = ms_fail_nomem(err);
		for (i = at + 1; rc == 0 && i < at + in->v[at].skip;
		    i += in->v[i].skip) {
			ms_buf_reset(&b);
			rc = ms_pdf_utf8(in, i, &b, err);
			if (rc == 0 && ms_buf_str(&b) == NULL)
				rc = ms_fail_nomem(err);
			if (rc != 0)
				break;
			m->names[m->nnames] = strdup(ms_buf_str(&b));
			if (m->names[m->nnames] == NULL)
				rc = ms_fail_nomem(err);
			else
				m->nnames++;
		}
	}
	ms_buf_clear(&b);
	ms_pdf_obj_clear(&hold);
	return rc;
}

/* One signature reference dictionary. */
static int
read_reference(struct ms_pdf *d, const struct ms_pdf_obj *o, size_t ref,
    struct pades_mdp *m, struct ms_err *err)
{
	size_t method = ms_pdf_key(o, ref, "TransformMethod"), at;
	const struct ms_pdf_obj *in;
	struct ms_pdf_obj hold;
	int64_t p = 2;
	int rc;

	ms_pdf_obj_init(&hold);
	rc = ms_pdf_deref(d, o, ms_pdf_key(o, ref, "TransformParams"), &hold,
	    &in, &at, err);
	if (rc == 0 && ms_pdf_is_name(o, method, "DocMDP")) {
		/* what cannot be read allows nothing */
		if (ms_pdf_key(in, at, "P") != MS_PDF_NIL &&
		    !ms_pdf_int(in, ms_pdf_key(in, at, "P"), 1, 3, &p))
			p = 1;
		m->docmdp = (int)p;
	} else if (rc == 0 && ms_pdf_is_name(o, method, "FieldMDP")) {
		m->lock = PADES_LOCK_ALL;
		at = at == MS_PDF_NIL ? 0 : at;
		if (ms_pdf_is_name(in, ms_pdf_key(in, at, "Action"),
		    "Include"))
			m->lock = PADES_LOCK_INCLUDE;
		else if (ms_pdf_is_name(in, ms_pdf_key(in, at, "Action"),
		    "Exclude"))
			m->lock = PADES_LOCK_EXCLUDE;
		if (m->nnames == 0)
			rc = read_names(d, in, ms_pdf_key(in, at, "Fields"),
			    m, err);
	}
	ms_pdf_obj_clear(&hold);
	return rc;
}

int
pades_mdp_read(struct ms_pdf *d, const struct ms_pdf_obj *sig,
    struct pades_mdp *m, struct ms_err *err)
{
	const struct ms_pdf_obj *in, *one;
	struct ms_pdf_obj hold, each;
	size_t at, i, n;
	int rc;

	memset(m, 0, sizeof(*m));
	ms_pdf_obj_init(&hold);
	ms_pdf_obj_init(&each);
	rc = ms_pdf_deref(d, sig, ms_pdf_key(sig, 0, "Reference"), &hold, &in,
	    &at, err);
	if (rc == 0 && ms_pdf_type(in, at) == MS_PDF_ARRAY)
		for (i = at + 1; rc == 0 && i < at + in->v[at].skip;
		    i += in->v[i].skip) {
			rc = ms_pdf_deref(d, in, i, &each, &one, &n, err);
			if (rc == 0)
				rc = read_reference(d, one, n, m, err);
		}
	ms_pdf_obj_clear(&hold);
	ms_pdf_obj_clear(&each);
	return rc;
}

/* A name stands for its field and those below it. */
static bool
names(const char *name, const char *field)
{
	size_t n = strlen(name);

	return strncmp(name, field, n) == 0 &&
	    (field[n] == '\0' || field[n] == '.');
}

bool
pades_mdp_locks(const struct pades_mdp *m, const char *field)
{
	bool named = false;
	size_t i;

	for (i = 0; i < m->nnames; i++)
		named = named || names(m->names[i], field);
	switch (m->lock) {
	case PADES_LOCK_ALL:
		return true;
	case PADES_LOCK_INCLUDE:
		return named;
	case PADES_LOCK_EXCLUDE:
		return !named;
	default:
		return false;
	}
}
