/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/wait.h>
#include <unistd.h>

#include "certdb/certdb.h"
#include "pki.h"

static struct ms_certdb *db;

static long long
count(enum ms_certtab_st st)
{
	uint64_t n = 0;

	if (ms_certdb_count(db, st, &n, &err) != 0)
		printf("# %s\n", err.text);
	return (long long)n;
}

static int
add(const struct made *m)
{
	return ms_certdb_add(db, m->id.cert, NOW, &err);
}

static void
test_replacing(const struct made *root, const struct made *other)
{
	struct made old, new, sig, theirs, bob;

	make(&old, MS_PROFILE_ENCRYPT, "Ana", "ana@x.example", root, 50);
	make(&new, MS_PROFILE_ENCRYPT, "Ana", "ana@x.example", root, 20);
	make(&sig, MS_PROFILE_SIGN, "Ana", "ana@x.example", root, 10);
	make(&theirs, MS_PROFILE_ENCRYPT, "Ana", "ana@x.example", other, 10);
	make(&bob, MS_PROFILE_ENCRYPT, "Bob", "bob@x.example", root, 10);
	is_int(add(&old), 1, "the first");
	is_int(add(&old), 0, "is there already");
	is_int(add(&bob), 1, "another address");
	is_int(add(&sig), 1, "another use");
	is_int(add(&theirs), 1, "another issuer");
	is_int(count(MS_CERTTAB_PUBLISHED), 4, "replace nothing");
	is_int(add(&new), 1, "a newer one");
	is_int(count(MS_CERTTAB_PUBLISHED), 4, "takes the place");
	is_int(count(MS_CERTTAB_REPLACED), 1, "of the old one");
	is_int(ms_certdb_remove(db, old.id.cert, NOW, &err), 1, "removed");
	is_int(ms_certdb_remove(db, old.id.cert, NOW, &err), 0, "only once");
	is_int(count(MS_CERTTAB_REPLACED), 0, "gone");
	is_int(add(&old), 1, "an old one that comes late");
	is_int(count(MS_CERTTAB_REPLACED), 1, "comes in replaced");
	is_int(ms_certdb_revoke(db, new.id.cert, NOW, &err), 1, "revoked");
	is_int(ms_certdb_revoke(db, new.id.cert, NOW, &err), 0, "only once");
	is_int(add(&new), 0, "and published again it stays");
	is_int(count(MS_CERTTAB_REVOKED), 1, "revoked");
	made_clear(&old);
	made_clear(&new);
	made_clear(&sig);
	made_clear(&theirs);
	made_clear(&bob);
}

static void
test_batch(const struct made *root)
{
	struct made a, b;
	struct ms_certdb *second;
	uint64_t n;

	make(&a, MS_PROFILE_ENCRYPT, "A", "a@x.example", root, 10);
	make(&b, MS_PROFILE_ENCRYPT, "B", "b@x.example", root, 10);
	ok(ms_certdb_begin(db, &err) == 0 && add(&a) == 1 && add(&b) == 1,
	    "two in a batch");
	ms_certdb_open("c.db", false, &second, &err);
	ms_certdb_count(second, MS_CERTTAB_PUBLISHED, &n, &err);
	is_int((long long)n, count(MS_CERTTAB_PUBLISHED) - 2,
	    "are not seen before");
	ms_certdb_rollback(db);
	is_int(count(MS_CERTTAB_PUBLISHED), (long long)n, "nor when dropped");
	ok(ms_certdb_begin(db, &err) == 0 && add(&a) == 1 &&
	    ms_certdb_commit(db, &err) == 0, "committed");
	ms_certdb_count(second, MS_CERTTAB_PUBLISHED, &n, &err);
	is_int((long long)n, count(MS_CERTTAB_PUBLISHED), "is seen");
	ms_certdb_close(second);
	made_clear(&a);
	made_clear(&b);
}

int
main(void)
{
	char dir[] = "/tmp/unit-certdb.XXXXXX";
	struct made root, other, nobody;

	if (!mkdtemp(dir) || chdir(dir) == -1 ||
	    !make(&root, MS_PROFILE_ROOT, "Root", NULL, NULL, 100) ||
	    !make(&other, MS_PROFILE_ROOT, "Other", NULL, NULL, 100) ||
	    !make(&nobody, MS_PROFILE_SIGN, "Nobody", NULL, &root, 10))
		return 1;
	fails(ms_certdb_open("c.db", false, &db, &err), &err, MS_NOINPUT,
	    "cannot open database 'c.db'", "it is made when told to only");
	ok(ms_certdb_open("db:c.db", true, &db, &err) == 0, "made");
	fails(ms_certdb_add(db, nobody.id.cert, NOW, &err), &err, MS_DATA,
	    "no e-mail address in subjectAltName", "without an address");
	test_replacing(&root, &other);
	test_batch(&root);
	ms_certdb_close(db);
	made_clear(&root);
	made_clear(&other);
	made_clear(&nobody);
	(void)!chdir("/");
	if (fork() == 0)
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
	wait(NULL);
	return tap_done();
}
