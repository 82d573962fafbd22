/* SPDX-License-Identifier: Apache-2.0 */
/* ms-id: the store of one's own keys and certificates. */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "ids.h"

#define EXPORT_MAX ((size_t)16 * 1024 * 1024)	/* bytes */

static bool no_passphrase, new_passphrase;
static char *into;

static const struct ms_opt opts[] = {
	{ .name = "into", .kind = MS_OPT_STR, .to = &into, .arg = "FORM",
	    .choices = "pkcs12|pem|cert|keyring", .no_conf = true,
	    .help = "export: PKCS#12 (default), PEM, certificates only, or "
	    "the desktop's keyring" },
	{ .name = "output", .letter = 'o', .kind = MS_OPT_STR,
	    .to = &ms_cli_io.output, .arg = "FILE", .no_conf = true,
	    .help = "write the result there instead of stdout" },
	{ .name = "no-passphrase", .kind = MS_OPT_FLAG, .to = &no_passphrase,
	    .no_conf = true, .help = "write private keys unencrypted" },
	{ .name = "new-passphrase", .kind = MS_OPT_FLAG,
	    .to = &new_passphrase, .no_conf = true,
	    .help = "import: store under another passphrase (export)" },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	ms_cli_secret_opts, ms_cli_report_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-id",
	.usage = "import [FILE|URI...] | list [ADDRESS] | show ADDRESS|NAME | "
	    "export ADDRESS|NAME | forget ADDRESS|NAME",
	.about = "Keep one's own keys and certificates.",
	.opts = opts,
	.groups = groups,
	.verbs = "import|list|show|export|forget"
};

/* ---- import ---- */

/* Remembers the passphrase of a file, to store its keys under it. */
struct keeper {
	struct ms_cli *c;
	struct ms_buf pass;
};

static int
ask(void *arg, const char *what, const char *who, struct ms_buf *pass,
    struct ms_err *err)
{
	struct keeper *k = arg;

	if (ms_common_pass(k->c, what, who, pass, err) != 0)
		return -1;
	ms_buf_reset(&k->pass);
	return ms_buf_add(&k->pass, pass->p, pass->n, err);
}

static int
read_file(struct keeper *k, const char *file, struct ms_idents *l)
{
	struct ms_buf text = MS_BUF_SECRET(MS_BAG_FILE);
	struct ms_err *err = &k->c->err;
	struct ms_src *src;
	struct ms_bag bag;
	int rc = -1;

	ms_bag_init(&bag);
	if (ms_cli_input(k->c, file, MS_SPOOL_ONCE, &ms_cli_io) != 0)
		goto out;
	src = ms_spool_read(ms_cli_io.in, err);
	if (!src || ms_src_slurp(src, &text, err) != 0 ||
	    ms_bag_parse(&bag, ms_buf_span(&text), ms_cli_io.in_name, ask, k,
	    err) != 0)
		goto out;
	if (bag.nkeys == 0) {
		ms_fail(err, MS_DATA, "%s: no private key in it",
		    ms_cli_io.in_name);
		ms_hint(err, "certificates of others go into a directory, see "
		    "--source in ms-lookup(1)");
		goto out;
	}
	rc = ms_idents_add_bag(l, &bag, ms_cli_io.in_name, err);
	if (rc != 0 && k->c->err.hint[0])
		snprintf(err->hint, sizeof(err->hint), "put key and "
		    "certificate into one PEM file: cat KEY CERT > FILE");
out:
	ms_bag_clear(&bag);
	ms_buf_clear(&text);
	return rc;
}

/*
 * The key stays under the passphrase its file had; one that had none gets one,
 * unless it may rest in clear.
 */
static int
store_under(struct keeper *k, const char *file)
{
	if (no_passphrase || (k->pass.n > 0 && !new_passphrase))
		return 0;
	if (ms_cli_passphrase(k->c, "export", file, true, &k->pass,
	    &k->c->err) != 0)
		return -1;
	if (k->pass.n > 0)
		return 0;
	ms_fail(&k->c->err, MS_NOPERM, "the passphrase is empty");
	return ms_hint(&k->c->err, "--no-passphrase stores the key in clear");
}

/* A token shows its certificates without a PIN: none is asked for. */
static int
read_any(struct keeper *k, const char *from, struct ms_idents *l)
{
	if (from && ms_token_is_uri(from))
		return ms_token_idents(from, NULL, ms_common_pass, k->c, l,
		    &k->c->err);
	if (from && ms_keyring_is_uri(from)) {
		if (ms_keyring_idents(from, ask, k, l, &k->c->err) != 0)
			return -1;
		return store_under(k, from);
	}
	if (read_file(k, from, l) != 0)
		return -1;
	return store_under(k, ms_cli_io.in_name);
}

static int
import_one(struct ms_cli *c, struct ms_idstore *s, const char *from)
{
	struct keeper k = { c, MS_BUF_SECRET(MS_PASSPHRASE_MAX) };
	struct ms_idents l = { NULL, 0 };
	char name[MS_IDNAME];
	size_t i;
	int rc = -1;

	if (read_any(&k, from, &l) != 0)
		goto out;
	for (i = 0; i < l.n; i++) {
		if (ms_idstore_put(s, &l.v[i], no_passphrase ? NULL : &k.pass,
		    &c->err) != 0 ||
		    ms_idstore_name(l.v[i].cert, name, &c->err) != 0)
			goto out;
		ms_cli_verbose(c, "stored as %s", name);
	}
	rc = 0;
out:
	ms_idents_clear(&l);
	ms_buf_clear(&k.pass);
	return rc;
}

static int
do_import(struct ms_cli *c, struct ms_idstore *s)
{
	size_t i;

	if (c->args.n == 1)
		return import_one(c, s, NULL);
	for (i = 1; i < c->args.n; i++)
		if (import_one(c, s, c->args.v[i]) != 0)
			return -1;
	return 0;
}

/* ---- list, show ---- */

static int
do_list(struct ms_cli *c, struct ms_idstore *s, bool all)
{
	struct ms_identries l = { NULL, 0 };
	struct ms_sink *k = NULL;
	size_t i;
	int rc = -1;

	if (ids_select(c, s, c->args.n > 1 ? c->args.v[1] : NULL, all, &l) ==
	    0 && ms_cli_report(c, 1, &k, &c->err) == 0) {
		rc = 0;
		for (i = 0; rc == 0 && i < l.n; i++)
			rc = ids_print(c, &l.v[i], all, i > 0, k);
		if (ms_cli_report_end(c, k, &c->err) != 0)
			rc = -1;
	}
	ms_identries_clear(&l);
	return rc;
}

/* ---- export ---- */

static int
write_certs(struct ms_cli *c, const struct ms_identries *e,
    struct ms_buf *to)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		if (ms_cert_pem(e->v[i].cert, to, &c->err) != 0)
			return -1;
	return 0;
}

static int
write_pem(struct ms_cli *c, const struct ms_idents *l,
    const struct ms_buf *pass, struct ms_buf *to)
{
	size_t i;
	int j;

	for (i = 0; i < l->n; i++) {
		if (ms_cert_pem(l->v[i].cert, to, &c->err) != 0 ||
		    ms_key_write_pem(l->v[i].key, pass, to, &c->err) != 0)
			return -1;
		for (j = 0; j < sk_X509_num(l->v[i].chain); j++)
			if (ms_cert_pem(sk_X509_value(l->v[i].chain, j), to,
			    &c->err) != 0)
				return -1;
	}
	return 0;
}

static int
write_keys(struct ms_cli *c, struct ms_idstore *s,
    const struct ms_identries *e, const char *who, struct ms_buf *to)
{
	struct ms_buf pass = MS_BUF_SECRET(MS_PASSPHRASE_MAX);
	struct ms_idents l = { NULL, 0 };
	size_t i;
	int rc = -1;

	for (i = 0; i < e->n; i++)
		if (ms_idstore_get(s, e->v[i].name, ms_common_pass, c, &l,
		    &c->err) != 0)
			goto out;
	if (!no_passphrase && ms_cli_passphrase(c, "export", who, true, &pass,
	    &c->err) != 0)
		goto out;
	if (!no_passphrase && pass.n == 0)
		ms_fail(&c->err, MS_NOPERM, "the passphrase is empty");
	else if (ms_streq(into, "pem"))
		rc = write_pem(c, &l, no_passphrase ? NULL : &pass, to);
	else
		rc = ms_idents_write_p12(&l, &pass, who, to, &c->err);
out:
	ms_idents_clear(&l);
	ms_buf_clear(&pass);
	return rc;
}

static int
do_export(struct ms_cli *c, struct ms_idstore *s)
{
	struct ms_buf out = MS_BUF_SECRET(EXPORT_MAX);
	struct ms_identries e = { NULL, 0 };
	bool p12 = !into || ms_streq(into, "pkcs12");
	bool certs = ms_streq(into, "cert");
	const char *who = c->args.v[1];
	int rc = -1;

	if (p12 && no_passphrase) {
		ms_fail(&c->err, MS_USAGE, "PKCS#12 is always encrypted");
		return ms_hint(&c->err, "--into pem writes keys in clear");
	}
	if (ms_streq(into, "keyring")) {
		if (ids_select(c, s, who, true, &e) == 0)
			rc = ids_into_keyring(c, s, &e, who);
	} else if (ids_select(c, s, who, true, &e) == 0 &&
	    (certs ? write_certs(c, &e, &out) :
	    write_keys(c, s, &e, who, &out)) == 0 &&
	    ms_cli_output(c, p12, !certs, &ms_cli_io) == 0 &&
	    ms_sink_write(ms_out_sink(ms_cli_io.out), out.p, out.n,
	    &c->err) == 0)
		rc = ms_cli_publish(c, &ms_cli_io);
	ms_identries_clear(&e);
	ms_buf_clear(&out);
	return rc;
}

/* ---- forget ---- */

static int
do_forget(struct ms_cli *c, struct ms_idstore *s)
{
	struct ms_identries e = { NULL, 0 };
	int rc = -1;

	if (ids_select(c, s, c->args.v[1], true, &e) != 0)
		return -1;
	if (e.n == 1) {
		rc = ms_idstore_forget(s, e.v[0].name, &c->err);
	} else {
		/* Old keys read old mail: none goes by accident. */
		ms_fail(&c->err, MS_USAGE, "%zu identities of %s", e.n,
		    c->args.v[1]);
		ms_hint(&c->err, "name one of them: %s, %s%s", e.v[0].name,
		    e.v[1].name, e.n > 2 ? ", ..." : "");
	}
	ms_identries_clear(&e);
	return rc;
}

static int
run(struct ms_cli *c)
{
	const char *verb = c->args.v[0];
	struct ms_idstore *s = NULL;
	size_t n = c->args.n - 1;
	int rc;

	if (!ms_streq(verb, "import") && (n > 1 ||
	    (n == 0 && !ms_streq(verb, "list"))))
		return ms_fail(&c->err, MS_USAGE, "%s takes one ADDRESS or "
		    "NAME", verb);
	if (ms_common_idstore(c, &s) != 0)
		return -1;
	if (ms_streq(verb, "import"))
		rc = do_import(c, s);
	else if (ms_streq(verb, "export"))
		rc = do_export(c, s);
	else if (ms_streq(verb, "forget"))
		rc = do_forget(c, s);
	else
		rc = do_list(c, s, ms_streq(verb, "show"));
	ms_idstore_free(s);
	return rc;
}

int
main(int argc, char **argv)
{
	return ms_cli_main(&prog, argc, argv, run);
}
