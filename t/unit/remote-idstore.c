/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "pki.h"
#include "remote/remote.h"

static struct made root, old, new, sig, bob;
static char asked_for[256];
static int asked;

static int
pass(void *arg, const char *what, const char *who, struct ms_buf *b,
    struct ms_err *e)
{
	asked++;
	snprintf(asked_for, sizeof(asked_for), "%s %s", what, who);
	ms_buf_reset(b);
	return ms_buf_adds(b, arg, e);
}

static int
put(struct ms_idstore *s, const struct made *m, const char *secret)
{
	struct ms_ident id = m->id;
	struct ms_buf b = MS_BUF_SECRET(64);
	int rc;

	id.chain = sk_X509_new_null();
	sk_X509_push(id.chain, root.id.cert);
	if (secret && ms_buf_adds(&b, secret, &err) != 0)
		abort();
	rc = ms_idstore_put(s, &id, secret ? &b : NULL, &err);
	sk_X509_free(id.chain);
	ms_buf_clear(&b);
	return rc;
}

static size_t
count(struct ms_idstore *s, const char *addr)
{
	struct ms_identries l;
	struct ms_addr a;
	size_t n;

	if (addr && ms_addr_parse(addr, strlen(addr), &a, &err) != 0)
		abort();
	if (ms_idstore_list(s, addr ? &a : NULL, &l, &err) != 0)
		return 999;
	n = l.n;
	ms_identries_clear(&l);
	if (addr)
		ms_addr_clear(&a);
	return n;
}

static void
test_store(struct ms_idstore *s)
{
	struct ms_identries l;
	struct ms_idents ids = { NULL, 0 };
	char name[MS_IDNAME], dir[] = "ids/deep";
	struct stat st;

	is_int((long long)count(s, NULL), 0, "no directory: none");
	ok(put(s, &old, NULL) == 0 && put(s, &new, "geheim") == 0 &&
	    put(s, &sig, NULL) == 0 && put(s, &bob, "anders") == 0,
	    "put: %s", err.text);
	ok(put(s, &old, NULL) == 0, "put again");
	ok(stat(dir, &st) == 0 && (st.st_mode & 0777) == 0700, "mode 0700");
	is_int((long long)count(s, NULL), 4, "all");
	is_int((long long)count(s, "ana@x.example"), 3, "of an address");
	is_int((long long)count(s, "nobody@x.example"), 0, "of nobody");
	ms_idstore_list(s, NULL, &l, &err);
	ok(X509_cmp(l.v[l.n - 1].cert, old.id.cert) == 0 &&
	    !l.v[l.n - 1].encrypted, "the oldest last, in clear");
	ms_identries_clear(&l);

	ms_idstore_name(new.id.cert, name, &err);
	asked = 0;
	fails(ms_idstore_get(s, name, pass, (void *)"falsch", &ids, &err),
	    &err, MS_NOPERM, name, "a wrong passphrase");
	is_str(asked_for, "key ana@x.example", "asked for by address");
	ok(ms_idstore_get(s, name, pass, (void *)"geheim", &ids, &err) == 0 &&
	    ids.n == 1 && X509_cmp(ids.v[0].cert, new.id.cert) == 0 &&
	    ms_key_matches(ids.v[0].key, new.id.cert), "the right one");
	is_int(sk_X509_num(ids.v[0].chain), 1, "with its chain");
	ms_idents_clear(&ids);
	is_int(asked, 2, "asked once each time");
	fails(ms_idstore_get(s, "0123456789abcdef", pass, NULL, &ids, &err),
	    &err, MS_NOINPUT, "0123456789abcdef", "a name that is not there");
	fails(ms_idstore_forget(s, "0123456789abcdef", &err), &err,
	    MS_NOINPUT, "cannot remove", "nor can it be forgotten");
}

static int
load(struct ms_idstore *s, const char *identity, const char *key,
    const char *cert, enum ms_usage use, struct ms_idents *l)
{
	struct ms_ident_spec spec = { identity, key, cert };

	ms_idents_clear(l);
	return ms_ident_load(s, &spec, use, pass, (void *)"geheim", l, &err);
}

static void
write_pem(const char *path, const struct made *m, bool key, bool cert)
{
	struct ms_buf b = MS_BUF_SECRET(65536);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if ((key && ms_key_write_pem(m->id.key, NULL, &b, &err) != 0) ||
	    (cert && ms_cert_pem(m->id.cert, &b, &err) != 0) ||
	    write(fd, b.p, b.n) != (ssize_t)b.n)
		abort();
	close(fd);
	ms_buf_clear(&b);
}

static void
test_load(struct ms_idstore *s)
{
	struct ms_idents l = { NULL, 0 };

	ok(load(s, "ana@x.example", NULL, NULL, MS_USE_SIGN, &l) == 0 &&
	    l.n == 1 && X509_cmp(l.v[0].cert, sig.id.cert) == 0,
	    "an address, for signing");
	ok(load(s, "ana@x.example", NULL, NULL, MS_USE_ENCRYPT, &l) == 0 &&
	    l.n == 2, "for encrypting, past keys too");
	fails(load(s, "nobody@x.example", NULL, NULL, MS_USE_SIGN, &l), &err,
	    MS_NOINPUT, "no key of nobody@x.example", "nobody's");
	fails(load(s, "bob@x.example", NULL, NULL, MS_USE_SIGN, &l), &err,
	    MS_NOINPUT, "no key of bob@x.example may be used for this: RFC "
	    "5280", "no key for that use");
	fails(load(s, "@@", NULL, NULL, MS_USE_SIGN, &l), &err, MS_DATA, "",
	    "no address");
	write_pem("both.pem", &sig, true, true);
	write_pem("key.pem", &sig, true, false);
	write_pem("cert.pem", &sig, false, true);
	write_pem("bob.pem", &bob, false, true);
	ok(load(s, "./both.pem", NULL, NULL, MS_USE_SIGN, &l) == 0 &&
	    l.n == 1, "a file with key and certificate");
	ok(load(s, NULL, "key.pem", "cert.pem", MS_USE_SIGN, &l) == 0 &&
	    l.n == 1, "apart");
	ok(load(s, "key.pem", NULL, "cert.pem", MS_USE_SIGN, &l) == 0 &&
	    l.n == 1, "the key as identity");
	fails(load(s, NULL, "key.pem", "bob.pem", MS_USE_SIGN, &l), &err,
	    MS_DATA, "no certificate beside the private key",
	    "another's certificate");
	fails(load(s, "cert.pem", NULL, NULL, MS_USE_SIGN, &l), &err,
	    MS_NOINPUT, "no private key in it", "a certificate alone");
	fails(load(s, NULL, NULL, "cert.pem", MS_USE_SIGN, &l), &err,
	    MS_USAGE, "--cert without --key", "a certificate without key");
	fails(load(s, "nowhere.pem", NULL, NULL, MS_USE_SIGN, &l), &err,
	    MS_NOINPUT, "cannot open 'nowhere.pem'", "a missing file");
	ms_idents_clear(&l);
}

int
main(void)
{
	char dir[] = "/tmp/unit-remote-idstore.XXXXXX", name[MS_IDNAME];
	struct ms_idstore *s;

	if (!mkdtemp(dir) || chdir(dir) == -1 ||
	    !make(&root, MS_PROFILE_ROOT, "Root", NULL, NULL, 100) ||
	    !make(&old, MS_PROFILE_ENCRYPT, "Ana", "ana@x.example", &root,
	    50) ||
	    !make(&new, MS_PROFILE_ENCRYPT, "Ana", "ana@x.example", &root,
	    20) ||
	    !make(&sig, MS_PROFILE_SIGN, "Ana", "ana@x.example", &root, 10) ||
	    !make(&bob, MS_PROFILE_ENCRYPT, "Bob", "bob@x.example", &root,
	    10) || ms_idstore_open("ids/deep", &s, &err) != 0)
		return 1;
	test_store(s);
	test_load(s);
	ms_idstore_name(old.id.cert, name, &err);
	ok(ms_idstore_forget(s, name, &err) == 0 && count(s, NULL) == 3,
	    "forgotten");
	ms_idstore_free(s);
	made_clear(&root);
	made_clear(&old);
	made_clear(&new);
	made_clear(&sig);
	made_clear(&bob);
	(void)!chdir("/");
	if (fork() == 0)
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
	wait(NULL);
	return tap_done();
}
