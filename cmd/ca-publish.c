/* SPDX-License-Identifier: Apache-2.0 */
/* ms-ca publish: for those who look certificates up. */
#include <string.h>

#include "ca-common.h"
#include "certdb/certdb.h"

static int
to_dir(struct ms_cli *c, struct ms_ca *ca)
{
	size_t written = 0, removed = 0;
	int rc;

	rc = ms_ca_publish(ca, ca_opts.to_dir, time(NULL), &written, &removed,
	    &c->err);
	if (rc == 0)
		ms_cli_verbose(c, "'%s': %zu addresses written, %zu removed",
		    ca_opts.to_dir, written, removed);
	return rc;
}

static bool
is_mail(enum ms_profile p)
{
	return p == MS_PROFILE_SIGN || p == MS_PROFILE_ENCRYPT ||
	    p == MS_PROFILE_OFFICER;
}

/* What is revoked is marked so before anything new comes in. */
static int
rows_to_db(struct ms_cli *c, const struct ms_ca_rows *l, struct ms_certdb *db)
{
	time_t now = time(NULL);
	unsigned added = 0, revoked = 0;
	int r = 0;
	size_t i;

	for (i = 0; r >= 0 && i < l->n; i++) {
		if (!is_mail(l->v[i].profile) ||
		    l->v[i].status != MS_CA_REVOKED)
			continue;
		r = ms_certdb_revoke(db, l->v[i].cert, now, &c->err);
		revoked += r == 1;
	}
	for (i = 0; r >= 0 && i < l->n; i++) {
		if (!is_mail(l->v[i].profile) ||
		    l->v[i].status != MS_CA_VALID)
			continue;
		r = ms_certdb_add(db, l->v[i].cert, now, &c->err);
		added += r == 1;
	}
	if (r >= 0)
		ms_cli_verbose(c, "'%s': %u certificates added, %u revoked",
		    ca_opts.to_db, added, revoked);
	return r < 0 ? -1 : 0;
}

static int
to_db(struct ms_cli *c, struct ms_ca *ca)
{
	struct ms_ca_query all = { { NULL, 0 }, NULL, -1, time(NULL) };
	struct ms_ca_rows l = { NULL, 0 };
	struct ms_certdb *db = NULL;
	int rc = -1;

	if (ms_ca_find(ca, &all, &l, &c->err) == 0 &&
	    ms_certdb_open(ca_opts.to_db, true, &db, &c->err) == 0 &&
	    ms_certdb_begin(db, &c->err) == 0 &&
	    rows_to_db(c, &l, db) == 0)
		rc = ms_certdb_commit(db, &c->err);
	ms_certdb_close(db);	/* takes back what was not committed */
	ms_ca_rows_clear(&l);
	return rc;
}

int
ca_publish(struct ms_cli *c)
{
	struct ms_ca *ca = NULL;
	int rc = -1;

	if (!ca_opts.to_dir && !ca_opts.to_db) {
		ms_fail(&c->err, MS_USAGE, "publish where?");
		return ms_hint(&c->err, "--dir DIR or --db URI");
	}
	if (ms_ca_open(ca_opts.dir, NULL, NULL, &ca, &c->err) == 0)
		rc = ca_opts.to_dir ? to_dir(c, ca) : 0;
	if (rc == 0 && ca_opts.to_db)
		rc = to_db(c, ca);
	ms_ca_close(ca);
	return rc;
}
