/* SPDX-License-Identifier: Apache-2.0 */
/* What forbids a signature in a document, and the field it goes into. */
#include <string.h>

#include "pades/internal.h"

static int
refuse(struct pades_job *j, const char *what)
{
	return ms_fail(j->err, MS_NO, "ISO 32000-2 section 12.8.2: %s", what);
}

static int
check_signature(struct pades_job *j, const struct ms_pdf_field *f)
{
	struct ms_pdf_obj o;
	struct pades_mdp m;
	bool stamp = j->conf->signer == NULL;
	int rc;

	memset(&m, 0, sizeof(m));
	ms_pdf_obj_init(&o);
	rc = ms_pdf_load(j->d, f->value, f->value_gen, &o, j->err);
	if (rc == 0)
		rc = pades_mdp_read(j->d, &o, &m, j->err);
	if (rc == 0 && m.docmdp == 1 && !stamp)
		rc = refuse(j, "the document is certified, and no change is "
		    "allowed");
	if (rc == 0 && j->field != MS_PDF_NIL &&
	    pades_mdp_locks(&m, j->fields.v[j->field].name)) {
		rc = ms_fail(j->err, MS_NO, "ISO 32000-2 section 12.8.2.4: a "
		    "signature locked the field '%s'", j->conf->field);
	}
	pades_mdp_clear(&m);
	ms_pdf_obj_clear(&o);
	return rc;
}

static int
choose_field(struct pades_job *j)
{
	const char *name = j->conf->field;
	const struct ms_pdf_field *f;
	size_t i;

	j->field = MS_PDF_NIL;
	if (name == NULL)
		return 0;
	for (i = 0; i < j->fields.n; i++) {
		f = &j->fields.v[i];
		if (f->widget || !ms_streq(f->name, name))
			continue;
		if (!f->sig || !f->terminal)
			return ms_fail(j->err, MS_USAGE, "the field '%s' is "
			    "not for a signature", name);
		if (f->filled)
			return ms_fail(j->err, MS_USAGE, "the field '%s' is "
			    "signed already", name);
		j->field = i;
		return 0;
	}
	if (name[0] == '\0' || strchr(name, '.') != NULL)
		return ms_fail(j->err, MS_USAGE, "ISO 32000-2 section "
		    "12.7.4.2: '%s' cannot name a new field", name);
	return 0;
}

int
pades_place_check(struct pades_job *j)
{
	const struct ms_pdf_field *f;
	bool any = false;
	size_t i;

	if (choose_field(j) != 0)
		return -1;
	for (i = 0; i < j->fields.n; i++) {
		f = &j->fields.v[i];
		if (!f->sig || f->value == 0 || f->widget)
			continue;
		any = true;
		if (check_signature(j, f) != 0)
			return -1;
	}
	if (any && j->conf->certify != 0)
		return refuse(j, "only the first signature can certify");
	return 0;
}
