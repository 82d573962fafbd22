/* SPDX-License-Identifier: Apache-2.0 */
/* ms-encrypt: encrypt mail and files. */
#include <stdlib.h>
#include <string.h>

#include "encrypt.h"

struct encrypt_opts encrypt_opts = { .self = true };

static char *format, *cipher;
static bool oaep, rewrap;

static const struct ms_opt opts[] = {
	{ .name = "recipient", .letter = 'r', .kind = MS_OPT_LIST,
	    .to = &encrypt_opts.recipient, .arg = "ADDRESS|FILE",
	    .no_conf = true, .help = "encrypt to that address or certificate" },
	{ .name = "recipients-file", .letter = 'R', .kind = MS_OPT_LIST,
	    .to = &encrypt_opts.file, .arg = "FILE", .no_conf = true,
	    .help = "encrypt to those listed there, one a line" },
	{ .name = "to-cc", .letter = 't', .kind = MS_OPT_FLAG,
	    .to = &encrypt_opts.to_cc, .no_conf = true,
	    .help = "encrypt to the addresses in To and Cc" },
	{ .name = "identity", .letter = 'i', .kind = MS_OPT_LIST,
	    .to = &ms_cli_who.identity, .arg = "ADDRESS|FILE|URI",
	    .help = "the sender, who is to be able to read it, too; with "
	    "--rewrap who can" },
	{ .name = "self", .kind = MS_OPT_FLAG, .to = &encrypt_opts.self,
	    .help = "encrypt to the sender, too (yes)" },
	{ .name = "cipher", .kind = MS_OPT_STR, .to = &cipher, .arg = "NAME",
	    .choices = "auto|aes-256-gcm|aes-128-gcm|aes-256-cbc|"
	    "aes-128-cbc|chacha20-poly1305",
	    .help = "content cipher (auto)" },
	{ .name = "oaep", .kind = MS_OPT_FLAG, .to = &oaep,
	    .help = "RSA recipients: RSAES-OAEP instead of PKCS#1 v1.5" },
	{ .name = "rewrap", .kind = MS_OPT_FLAG, .to = &rewrap,
	    .no_conf = true,
	    .help = "give what is encrypted already other readers" },
	{ .name = "add", .kind = MS_OPT_FLAG, .to = &encrypt_opts.add,
	    .no_conf = true, .help = "--rewrap: those there are stay" },
	{ .name = "drop", .kind = MS_OPT_LIST, .to = &encrypt_opts.drop,
	    .arg = "ADDRESS|FILE", .no_conf = true,
	    .help = "--rewrap: those there are stay, but for this one" },
	{ .name = "in-place", .kind = MS_OPT_FLAG,
	    .to = &encrypt_opts.in_place, .no_conf = true,
	    .help = "--rewrap: replace each FILE" },
	{ .name = "format", .kind = MS_OPT_STR, .to = &format, .arg = "FORMAT",
	    .choices = FILTER_FORMATS, .no_conf = true,
	    .help = "what the input is (auto)" },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	ms_common_source_opts, ms_cli_trust_opts, ms_cli_chain_opts,
	ms_cli_secret_opts, ms_cli_output_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-encrypt",
	.usage = "-r ADDRESS|FILE... | -R FILE | -t [FILE]\n"
	    "       ms-encrypt --rewrap [-i ID] [--add] [-r ADDRESS|FILE] "
	    "[--drop ADDRESS|FILE]\n"
	    "                  [--in-place] [FILE...]",
	.about = "Encrypt mail (S/MIME) and files (CMS).",
	.opts = opts,
	.groups = groups
};

static enum ms_cipher
choose(struct ms_cli *c, const struct encrypt_to *to)
{
	enum ms_cipher x = cipher != NULL ? ms_cipher_find(cipher) :
	    MS_CIPHER_AUTO;
	X509 *which = NULL;
	char *who;

	if (x != MS_CIPHER_AUTO)
		return x;
	x = ms_cipher_auto(to->certs, to->n, &which);
	who = which != NULL ? ms_cert_subject(which) : NULL;
	if (which == NULL)
		ms_cli_verbose(c, "cipher %s: every recipient's certificate "
		    "says that it can be read", ms_cipher_name(x));
	else
		ms_cli_verbose(c, "cipher %s: the certificate of '%s' does "
		    "not say that %s can be read", ms_cipher_name(x),
		    who != NULL ? who : "?", ms_cipher_name(MS_AES_256_GCM));
	free(who);
	return x;
}

static int
encrypt(struct ms_cli *c, const struct encrypt_to *to, enum ms_kind kind)
{
	struct ms_smime_encrypt conf = {
		.cipher = choose(c, to),
		.certs = to->certs,
		.ncerts = to->n,
		.oaep = oaep,
		.format = filter_format(format),
		.armor = ms_cli_io.armor,
	};

	/* unless the header was long, nothing was read yet: once will do */
	ms_spool_set_flags(ms_cli_io.in, MS_SPOOL_ONCE);
	if (ms_cli_output(c, kind != MS_KIND_MAIL, false, &ms_cli_io) != 0 ||
	    ms_smime_encrypt(&conf, ms_cli_io.in,
	    ms_out_sink(ms_cli_io.out), &c->err) != 0)
		return -1;
	return ms_cli_publish(c, &ms_cli_io);
}

static int
run(struct ms_cli *c)
{
	struct ms_mime_header h;
	struct encrypt_to to = { NULL, 0 };
	enum ms_kind kind;
	int rc = -1;

	if (rewrap)
		return encrypt_rewrap(c, oaep, filter_format(format));
	if (encrypt_opts.add || encrypt_opts.in_place ||
	    encrypt_opts.drop.n > 0)
		return ms_fail(&c->err, MS_USAGE, "--add, --drop and "
		    "--in-place go with --rewrap");
	ms_mime_header_init(&h);
	if (filter_input(c, format, &kind) != 0)
		goto out;
	if (kind == MS_KIND_MAIL &&
	    ms_smime_header(ms_cli_io.in, &h, &c->err) != 0)
		goto out;
	if (encrypt_to_find(c, kind == MS_KIND_MAIL ? &h : NULL, &to) == 0)
		rc = encrypt(c, &to, kind);
out:
	encrypt_to_clear(&to);
	ms_mime_header_clear(&h);
	return rc;
}

int
main(int argc, char **argv)
{
	return ms_cli_main(&prog, argc, argv, run);
}
