/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certdb/certdb.h"
#include "lookup/lookup.h"
#include "pki.h"

static struct made root, stranger, ana, old, signer, bob, lost;
static struct ms_trust *trust;
static time_t at = NOW;

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

/* One PEM file of one or two certificates. */
static void
put_cert(const char *path, const struct made *a, const struct made *b)
{
	struct ms_buf pem = MS_BUF_INIT(65536);

	if (ms_cert_pem(a->id.cert, &pem, &err) != 0 ||
	    (b && ms_cert_pem(b->id.cert, &pem, &err) != 0))
		abort();
	put(path, ms_buf_str(&pem));
	ms_buf_clear(&pem);
}

static struct ms_lookup *
looker(const char *a, const char *b)
{
	struct ms_lookup *l;

	if (ms_lookup_new(trust, at, &l, &err) != 0 ||
	    ms_lookup_add(l, a, &err) != 0 ||
	    (b && ms_lookup_add(l, b, &err) != 0))
		abort();
	return l;
}

static struct ms_found found;

static enum ms_answer
find(struct ms_lookup *l, const char *addr, enum ms_usage use, bool all)
{
	struct ms_addr a;

	ms_found_clear(&found);
	if (ms_addr_parse(addr, strlen(addr), &a, &err) != 0 ||
	    ms_lookup_find(l, &a, use, all, &found, &err) != 0) {
		printf("# %s\n", err.text);
		abort();
	}
	ms_addr_clear(&a);
	return found.answer;
}

/* The answer and the words its reason must hold. */
static void
answers(struct ms_lookup *l, const char *addr, enum ms_answer want,
    const char *words, const char *what)
{
	enum ms_answer got = find(l, addr, MS_USE_ENCRYPT, false);

	if (!ok(got == want && strstr(found.reason, words), "%s", what))
		printf("# %s: answer %d, reason '%s'\n", addr, (int)got,
		    found.reason);
}

static bool
is(size_t i, const struct made *m)
{
	return i < found.n && X509_cmp(found.certs[i], m->id.cert) == 0;
}

static void
test_adding(void)
{
	struct ms_trust *none = ms_trust_new(&err);
	struct ms_lookup *l;

	ms_lookup_new(none, NOW, &l, &err);
	fails(ms_lookup_add(l, "dir:d", &err), &err, MS_CONFIG,
	    "no trust anchors", "without anchors nothing is looked up");
	ms_lookup_free(l);
	ms_trust_free(none);
	ms_lookup_new(trust, NOW, &l, &err);
	fails(ms_lookup_add(l, "ldap://x/", &err), &err, MS_USAGE,
	    "source 'ldap://x/' is not known", "an unknown source");
	fails(ms_lookup_add(l, "dir:", &err), &err, MS_USAGE,
	    "source 'dir:'", "a source without a place");
	ok(ms_lookup_add(l, "dir:d", &err) == 0 &&
	    ms_lookup_count(l) == 1, "a known one");
	ms_lookup_free(l);
}

static void
test_dir(void)
{
	struct ms_lookup *l = looker("dir:d", NULL);

	mkdir("d", 0700);
	put_cert("d/ana@x.example.pem", &ana, &root);
	put_cert("d/several.crt", &bob, &old);
	put_cert("d/wrong@x.example.pem", &bob, NULL);
	put_cert("d/a%2Fb@x.example.cer", &signer, NULL);
	put("d/README", "no certificate");
	put("d/.hidden.pem", "-----BEGIN CERTIFICATE-----\nbroken\n");
	mkdir("d/sub.pem", 0700);
	mkfifo("d/fifo@x.example.pem", 0600);
	answers(l, "ana@x.example", MS_ANSWER_YES, "dir:d",
	    "by the name of the file");
	ok(found.n == 1 && is(0, &ana), "only what that file holds");
	answers(l, "ana@X.Example", MS_ANSWER_YES, "dir:d",
	    "the domain's case does not matter");
	answers(l, "Ana@x.example", MS_ANSWER_NO, "no certificate in dir:d",
	    "that of the local part does");
	answers(l, "bob@x.example", MS_ANSWER_YES, "dir:d",
	    "by what is in a file");
	find(l, "ana@x.example", MS_USE_ENCRYPT, true);
	ok(found.n == 2 && is(0, &ana) && is(1, &old),
	    "all of them, the newest first");
	answers(l, "wrong@x.example", MS_ANSWER_NO, "for another address",
	    "a file with the wrong name");
	ok(found.nrefused == 1 &&
	    X509_cmp(found.refused[0].cert, bob.id.cert) == 0,
	    "is listed with the reason");
	answers(l, "a/b@x.example", MS_ANSWER_NO, "keyUsage lacks",
	    "a slash in the local part; a signing certificate");
	ok(find(l, "a/b@x.example", MS_USE_SIGN, false) == MS_ANSWER_YES,
	    "which is found for signing");
	answers(l, "nobody@x.example", MS_ANSWER_NO, "no certificate in dir:d",
	    "nobody");
	answers(l, "fifo@x.example", MS_ANSWER_NO, "no certificate in dir:d",
	    "nothing waits for a FIFO");
	ms_lookup_free(l);
}

static void
test_dir_changes(void)
{
	struct ms_lookup *l = looker("dir:e", NULL);

	answers(l, "bob@x.example", MS_ANSWER_UNKNOWN, "cannot open 'e'",
	    "a directory that is not there is no NO");
	ms_lookup_free(l);
	mkdir("e", 0700);
	l = looker("dir:e", NULL);
	answers(l, "bob@x.example", MS_ANSWER_NO, "no certificate",
	    "an empty one is");
	put_cert("e/1.pem", &bob, NULL);
	answers(l, "bob@x.example", MS_ANSWER_YES, "dir:e",
	    "a new file is seen");
	put("e/2.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n"
	    "-----END CERTIFICATE-----\n");
	answers(l, "bob@x.example", MS_ANSWER_YES, "dir:e",
	    "a damaged file beside it does not matter");
	answers(l, "ana@x.example", MS_ANSWER_UNKNOWN, "e/2.pem",
	    "but it may hold the address, so there is no NO");
	put("e/3.der", "nonsense");
	answers(l, "ana@x.example", MS_ANSWER_UNKNOWN, "2 damaged files",
	    "two of them");
	unlink("e/2.pem");
	unlink("e/3.der");
	unlink("e/1.pem");
	answers(l, "bob@x.example", MS_ANSWER_NO, "no certificate",
	    "what is gone is gone");
	put("e/bob@x.example.pem", "junk");
	answers(l, "bob@x.example", MS_ANSWER_UNKNOWN, "e/bob@x.example.pem",
	    "the address's own file is damaged");
	ms_lookup_free(l);
}

static void
test_refusals(void)
{
	struct ms_lookup *l;
	X509_CRL *crl;
	struct ms_revoked r = { &bob.serial, 1, NOW - DAY, -1 };

	mkdir("r", 0700);
	put_cert("r/lost.pem", &lost, NULL);
	put_cert("r/bob.pem", &bob, NULL);
	put_cert("r/ana.pem", &ana, NULL);
	l = looker("dir:r", NULL);
	answers(l, "lost@x.example", MS_ANSWER_NO, "no path to a trust anchor",
	    "another authority's");
	ms_lookup_free(l);
	at = NOW + 21 * DAY;
	l = looker("dir:r", NULL);
	answers(l, "ana@x.example", MS_ANSWER_NO,
	    "RFC 5280 section 4.1.2.5: expired", "expired");
	ms_lookup_free(l);
	at = NOW - 21 * DAY;
	l = looker("dir:r", NULL);
	answers(l, "ana@x.example", MS_ANSWER_NO,
	    "RFC 5280 section 4.1.2.5: not yet valid", "not yet valid");
	ms_lookup_free(l);
	at = NOW;
	l = looker("dir:r", NULL);
	ms_trust_set_revocation(trust, MS_REV_HARD);
	answers(l, "bob@x.example", MS_ANSWER_UNKNOWN, "revocation list",
	    "hard and no revocation list");
	if (ms_issue_crl(&root.id, &r, 1, 1, NOW - DAY, NOW + DAY, &crl,
	    &err) != 0 || ms_trust_add_crl(trust, crl, &err) != 0)
		abort();
	X509_CRL_free(crl);
	answers(l, "ana@x.example", MS_ANSWER_YES, "dir:r",
	    "hard and a list that covers it");
	ms_trust_set_revocation(trust, MS_REV_SOFT);
	answers(l, "bob@x.example", MS_ANSWER_NO, "was revoked", "revoked");
	ms_lookup_free(l);
}

static void
test_db(void)
{
	struct ms_lookup *l;
	struct ms_certdb *db;

	l = looker("db:c.db", NULL);
	answers(l, "ana@x.example", MS_ANSWER_UNKNOWN,
	    "cannot open database 'c.db'", "no database is no NO");
	ms_lookup_free(l);
	if (ms_certdb_open("db:c.db", true, &db, &err) != 0 ||
	    ms_certdb_add(db, old.id.cert, NOW, &err) != 1 ||
	    ms_certdb_add(db, ana.id.cert, NOW, &err) != 1 ||
	    ms_certdb_add(db, lost.id.cert, NOW, &err) != 1)
		abort();
	l = looker("db:c.db", NULL);
	answers(l, "ana@x.example", MS_ANSWER_YES, "db:c.db", "published");
	ok(found.n == 1 && is(0, &ana) && found.nrefused == 1 &&
	    strstr(found.refused[0].why, "newer certificate has replaced"),
	    "the replaced one is refused");
	answers(l, "nobody@x.example", MS_ANSWER_NO,
	    "no certificate in db:c.db", "nobody");
	answers(l, "lost@x.example", MS_ANSWER_NO, "no path to a trust anchor",
	    "what lies in a database is not trusted for that");
	ms_lookup_rest(l);
	ok(ms_certdb_revoke(db, ana.id.cert, NOW, &err) == 1, "revoked");
	answers(l, "ana@x.example", MS_ANSWER_NO, "revoked, the database says",
	    "which the next snapshot shows");
	ms_certdb_close(db);
	ms_lookup_free(l);

	put("junk.db", "this is no database, not at all, and long enough");
	l = looker("db:junk.db", "db:c.db");
	answers(l, "nobody@x.example", MS_ANSWER_UNKNOWN, "db:junk.db: ",
	    "one source that cannot be read: no NO");
	ms_lookup_free(l);
	l = looker("db:junk.db", "dir:d");
	answers(l, "a/b@x.example", MS_ANSWER_UNKNOWN, "db:junk.db: ",
	    "refused here, but that source may have another");
	answers(l, "ana@x.example", MS_ANSWER_YES, "dir:d",
	    "the next source still answers");
	find(l, "ana@x.example", MS_USE_ENCRYPT, true);
	ok(found.answer == MS_ANSWER_YES &&
	    strstr(found.reason, "dir:d; db:junk.db: "),
	    "all: says who could not be asked");
	ms_lookup_free(l);
}

int
main(void)
{
	char dir[] = "/tmp/unit-lookup.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) == -1)
		return 1;
	trust = ms_trust_new(&err);
	if (!make(&root, MS_PROFILE_ROOT, "Root", NULL, NULL, 100) ||
	    !make(&stranger, MS_PROFILE_ROOT, "Other", NULL, NULL, 100) ||
	    !make(&old, MS_PROFILE_ENCRYPT, "Ana", "ana@x.example", &root,
	    50) ||
	    !make(&ana, MS_PROFILE_ENCRYPT, "Ana", "ana@x.example", &root,
	    20) ||
	    !make(&bob, MS_PROFILE_ENCRYPT, "Bob", "bob@x.example", &root,
	    20) ||
	    !make(&signer, MS_PROFILE_SIGN, "A/B", "a/b@x.example", &root,
	    20) ||
	    !make(&lost, MS_PROFILE_ENCRYPT, "Lost", "lost@x.example",
	    &stranger, 20) ||
	    ms_trust_add_cert(trust, root.id.cert, &err) != 0)
		return 1;
	test_adding();
	test_dir();
	test_dir_changes();
	test_refusals();
	test_db();
	ms_found_clear(&found);
	ms_trust_free(trust);
	made_clear(&root);
	made_clear(&stranger);
	made_clear(&ana);
	made_clear(&old);
	made_clear(&bob);
	made_clear(&signer);
	made_clear(&lost);
	(void)!chdir("/");
	if (fork() == 0)
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
	wait(NULL);
	return tap_done();
}
