/* SPDX-License-Identifier: Apache-2.0 */
/* ms-decrypt: decrypt mail and files. */
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "filter.h"

static char *format;
static bool if_encrypted, allow_legacy, require_integrity;

static const struct ms_opt opts[] = {
	{ .name = "format", .kind = MS_OPT_STR, .to = &format, .arg = "FORMAT",
	    .choices = FILTER_FORMATS, .no_conf = true,
	    .help = "what the input is (auto)" },
	{ .name = "if-encrypted", .kind = MS_OPT_FLAG, .to = &if_encrypted,
	    .no_conf = true, .help = "copy through what is not encrypted" },
	{ .name = "require-integrity", .kind = MS_OPT_FLAG,
	    .to = &require_integrity,
	    .help = "refuse what neither its cipher nor a signature "
	    "protects" },
	{ .name = "allow-legacy", .kind = MS_OPT_FLAG, .to = &allow_legacy,
	    .help = "open 3DES, too" },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	ms_cli_who_opts, ms_cli_secret_opts, ms_cli_output_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-decrypt",
	.usage = "[-i ID]... [FILE]",
	.about = "Decrypt mail (S/MIME) and files (CMS).",
	.opts = opts,
	.groups = groups
};

/* Whether the first bytes are those of an encrypted CMS in DER or BER. */
static bool
is_enveloped(void)
{
	enum ms_oid type = MS_OID_UNKNOWN;
	struct ms_span first;
	struct ms_src *src;

	if (ms_spool_peek(ms_cli_io.in, &first, NULL) != 0 ||
	    (src = ms_src_mem(first.p, first.n, NULL)) == NULL)
		return false;
	type = ms_cms_guess(src, NULL);
	ms_src_free(src);
	return type == MS_OID_envelopedData ||
	    type == MS_OID_authEnvelopedData;
}

/*
 * Whether the whole input is CMS, for which keys are wanted: 1, 0, or -1.
 * *ciphertext: it is encrypted, and may rest on disk as it is; what only is
 * signed may not.
 */
static int
is_sealed(enum ms_kind kind, bool *ciphertext, struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	struct ms_mime_header h;
	int yes = -1;

	*ciphertext = kind == MS_KIND_CMS && is_enveloped();
	if (kind != MS_KIND_MAIL)
		return kind == MS_KIND_CMS;
	ms_mime_header_init(&h);
	if (ms_smime_header(ms_cli_io.in, &h, &why) == 0)
		yes = ms_smime_is_cms(&h, ciphertext, &why);
	ms_mime_header_clear(&h);
	/* what is malformed is said when it is read in earnest */
	if (yes < 0 && why.class != MS_DATA)
		return ms_fail(err, why.class, "%s", why.text);
	return yes == 1;
}

static int
decrypt(struct ms_cli *c, const struct ms_idents *ids, enum ms_kind kind)
{
	struct ms_smime_decrypt conf = {
		.ids = ids,
		.format = filter_format(format),
		.allow_legacy = allow_legacy,
		.require_integrity = require_integrity,
		.if_encrypted = if_encrypted,
	};
	struct ms_smime_opened opened;

	if (ms_cli_output(c, kind != MS_KIND_MAIL, true, &ms_cli_io) != 0 ||
	    ms_smime_decrypt(&conf, ms_cli_io.in, ms_out_sink(ms_cli_io.out),
	    &opened, &c->err) != 0 || ms_cli_publish(c, &ms_cli_io) != 0)
		return -1;
	if (!opened.was_encrypted) {
		ms_cli_verbose(c, "not encrypted: copied");
		return 0;
	}
	ms_cli_verbose(c, "opened with '%s' (%s)", ids->v[opened.ident].name,
	    ms_cipher_name(opened.cipher));
	if (!opened.authenticated)
		ms_cli_warn(c, "nothing proves that this was not changed on "
		    "its way: %s does not, and it is not signed inside",
		    ms_cipher_name(opened.cipher));
	return 0;
}

static int
run(struct ms_cli *c)
{
	struct ms_idents l = { NULL, 0 };
	enum ms_kind kind;
	bool ciphertext;
	int sealed, rc = -1;

	if (filter_input(c, format, &kind) != 0)
		goto out;
	/* nobody is asked for a passphrase where nothing is to be opened */
	sealed = is_sealed(kind, &ciphertext, &c->err);
	if (sealed < 0)
		goto out;
	if (sealed) {
		if (ciphertext)
			ms_spool_set_flags(ms_cli_io.in, MS_SPOOL_CIPHERTEXT);
		if (ms_common_idents(c, NULL, MS_USE_ENCRYPT, &l) != 0)
			goto out;
	}
	rc = decrypt(c, &l, kind);
out:
	ms_idents_clear(&l);
	return rc;
}

int
main(int argc, char **argv)
{
	return ms_cli_main(&prog, argc, argv, run);
}
