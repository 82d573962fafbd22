/* SPDX-License-Identifier: Apache-2.0 */
/* ms-encrypt --rewrap: new readers for what is encrypted already. */
#include <stdlib.h>
#include <string.h>

#include "encrypt.h"

/* ---- --drop: all certificates of somebody, whether in force or not ---- */

static int
add(struct encrypt_to *to, X509 *x, struct ms_err *err)
{
	X509 **v = realloc(to->certs, (to->n + 1) * sizeof(*v));

	if (v == NULL)
		return ms_fail_nomem(err);
	to->certs = v;
	if (X509_up_ref(x) != 1)
		return ms_fail(err, MS_OS, "cannot share a certificate");
	v[to->n++] = x;
	return 0;
}

static int
drop_file(struct ms_cli *c, const char *path, struct encrypt_to *to)
{
	struct ms_bag bag;
	int i, rc;

	ms_bag_init(&bag);
	rc = ms_ident_certs(path, ms_common_pass, c, &bag, &c->err);
	for (i = 0; rc == 0 && i < sk_X509_num(bag.certs); i++)
		rc = add(to, sk_X509_value(bag.certs, i), &c->err);
	ms_bag_clear(&bag);
	return rc;
}

static int
drop_address(struct ms_cli *c, struct ms_lookup *l, const char *who,
    struct encrypt_to *to)
{
	struct ms_found f = { .answer = MS_ANSWER_UNKNOWN };
	size_t i, before = to->n;
	struct ms_addr a;
	int rc;

	if (ms_addr_parse(who, strlen(who), &a, &c->err) != 0)
		return -1;
	rc = ms_lookup_find(l, &a, MS_USE_ENCRYPT, true, &f, &c->err);
	ms_addr_clear(&a);
	for (i = 0; rc == 0 && i < f.n; i++)
		rc = add(to, f.certs[i], &c->err);
	for (i = 0; rc == 0 && i < f.nrefused; i++)
		rc = add(to, f.refused[i].cert, &c->err);
	if (rc == 0 && to->n == before) {
		rc = ms_fail(&c->err, f.answer == MS_ANSWER_UNKNOWN ?
		    MS_TEMPFAIL : MS_NO, "%s: %s", who, f.reason != NULL ?
		    f.reason : "no certificate");
		ms_hint(&c->err, "--drop FILE names the certificate");
	}
	ms_found_clear(&f);
	return rc;
}

static int
find_dropped(struct ms_cli *c, struct encrypt_to *to)
{
	const struct ms_strs *who = &encrypt_opts.drop;
	struct ms_trust *trust = NULL;
	struct ms_lookup *l = NULL;
	int rc = 0;
	size_t i;

	for (i = 0; rc == 0 && i < who->n; i++) {
		if (!ms_ident_is_address(who->v[i])) {
			rc = drop_file(c, who->v[i], to);
			continue;
		}
		if (l == NULL && (ms_common_trust(c, false, &trust) != 0 ||
		    ms_common_lookup(c, trust, &l) != 0))
			rc = -1;
		else
			rc = drop_address(c, l, who->v[i], to);
	}
	ms_lookup_free(l);
	ms_trust_free(trust);
	return rc;
}

/* ---- one input ---- */

static int
rewrap(struct ms_cli *c, struct ms_smime_rewrap *conf, const char *file)
{
	struct ms_smime_opened opened;
	enum ms_kind kind;

	if (ms_cli_input(c, file, MS_SPOOL_ONCE, &ms_cli_io) != 0 ||
	    ms_smime_kind(conf->format, ms_cli_io.in, &kind, &c->err) != 0)
		return -1;
	if (encrypt_opts.in_place) {
		/* the one program that may write over what it reads: it is
		 * renamed when all was read */
		if (ms_out_open(file, false, 0, 0, &ms_cli_io.out,
		    &c->err) != 0)
			return -1;
	} else if (ms_cli_output(c, kind != MS_KIND_MAIL, false,
	    &ms_cli_io) != 0) {
		return -1;
	}
	if (ms_smime_rewrap(conf, ms_cli_io.in, ms_out_sink(ms_cli_io.out),
	    &opened, &c->err) != 0 || ms_cli_publish(c, &ms_cli_io) != 0)
		return -1;
	ms_cli_verbose(c, "'%s': opened with '%s' (%s)", ms_cli_io.in_name,
	    conf->readers.ids->v[opened.ident].name,
	    ms_cipher_name(opened.cipher));
	if (opened.cipher == MS_DES_EDE3_CBC)
		ms_cli_warn(c, "'%s' stays encrypted by %s, which is weak",
		    ms_cli_io.in_name, ms_cipher_name(opened.cipher));
	return 0;
}

/* Each FILE stands for itself: one that fails keeps none of the others. */
static int
in_place(struct ms_cli *c, struct ms_smime_rewrap *conf)
{
	int worst = 0;
	size_t i;

	for (i = 0; i < c->args.n; i++) {
		if (rewrap(c, conf, c->args.v[i]) == 0)
			continue;
		ms_err_context(&c->err, "%s", c->args.v[i]);
		if (c->err.class == MS_TEMPFAIL || worst == 0 ||
		    (worst == MS_NO && c->err.class != MS_NO))
			worst = c->err.class;
		ms_cli_error(c, &c->err);
		ms_err_reset(&c->err);
		ms_cli_io_clear(&ms_cli_io);
	}
	return worst;
}

static int
check_opts(struct ms_cli *c)
{
	const struct encrypt_opts *o = &encrypt_opts;
	const char *why = NULL;
	size_t i;

	if (o->to_cc)
		why = "-t is not for --rewrap: name the readers with -r";
	else if (ms_cli_given(c, "cipher"))
		why = "--rewrap keeps the cipher";
	else if (o->recipient.n + o->file.n + o->drop.n == 0)
		why = "--rewrap wants -r ADDRESS|FILE or --drop ADDRESS|FILE";
	else if (o->in_place && ms_cli_io.output != NULL)
		why = "--in-place is the output, -o is another";
	else if (o->in_place && c->args.n == 0)
		why = "--in-place wants FILE";
	else if (!o->in_place && c->args.n > 1)
		why = "one FILE at a time, or --in-place";
	for (i = 0; o->in_place && i < c->args.n; i++)
		if (ms_streq(c->args.v[i], "-"))
			why = "--in-place cannot replace stdin";
	return why != NULL ? ms_fail(&c->err, MS_USAGE, "%s", why) : 0;
}

int
encrypt_rewrap(struct ms_cli *c, bool oaep, enum ms_format format)
{
	struct encrypt_to to = { NULL, 0 }, drop = { NULL, 0 };
	struct ms_idents ids = { NULL, 0 };
	struct ms_smime_rewrap conf = { .format = format,
		.armor = ms_cli_io.armor };
	int rc = -1;

	encrypt_opts.self = false;
	if (check_opts(c) != 0 ||
	    (encrypt_opts.recipient.n + encrypt_opts.file.n > 0 &&
	    encrypt_to_find(c, NULL, &to) != 0) ||
	    find_dropped(c, &drop) != 0 ||
	    ms_common_idents(c, NULL, MS_USE_ENCRYPT, &ids) != 0)
		goto out;
	conf.readers.ids = &ids;
	conf.readers.certs = to.certs;
	conf.readers.ncerts = to.n;
	conf.readers.oaep = oaep;
	conf.readers.keep = encrypt_opts.add || encrypt_opts.drop.n > 0;
	conf.readers.drop = drop.certs;
	conf.readers.ndrop = drop.n;
	rc = encrypt_opts.in_place ? in_place(c, &conf) :
	    rewrap(c, &conf, c->args.n > 0 ? c->args.v[0] : NULL);
out:
	ms_idents_clear(&ids);
	encrypt_to_clear(&to);
	encrypt_to_clear(&drop);
	return rc;
}
