/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of options that programs share: the same words everywhere. */
#include "cli/internal.h"

struct ms_cli_who ms_cli_who;
struct ms_strs ms_cli_chain;
struct ms_cli_trust ms_cli_trust;
struct ms_strs ms_cli_tsa;
struct cli_secrets cli_secrets;
struct ms_cli_io ms_cli_io = { .in_fd = -1 };
char *cli_report_file;
bool cli_json;

const struct ms_opt ms_cli_who_opts[] = {
	{ .name = "identity", .letter = 'i', .kind = MS_OPT_LIST,
	    .to = &ms_cli_who.identity, .arg = "ADDRESS|FILE|URI",
	    .help = "act as this address, or with this key" },
	{ .name = "key", .kind = MS_OPT_STR, .to = &ms_cli_who.key,
	    .arg = "FILE|URI", .help = "the private key, where it lies apart" },
	{ .name = "cert", .kind = MS_OPT_STR, .to = &ms_cli_who.cert,
	    .arg = "FILE|URI", .help = "the certificate of --key" },
	MS_OPT_END
};

const struct ms_opt ms_cli_chain_opts[] = {
	{ .name = "chain", .kind = MS_OPT_LIST, .to = &ms_cli_chain,
	    .arg = "FILE", .help = "further certificates for paths" },
	MS_OPT_END
};

const struct ms_opt ms_cli_trust_opts[] = {
	{ .name = "trust", .kind = MS_OPT_LIST, .to = &ms_cli_trust.trust,
	    .arg = "FILE|DIR|system", .help = "trust anchors; repeatable" },
	{ .name = "trust-tsa", .kind = MS_OPT_LIST,
	    .to = &ms_cli_trust.trust_tsa, .arg = "FILE|DIR|system",
	    .help = "trust anchors for timestamps (default: --trust)" },
	{ .name = "crl", .kind = MS_OPT_LIST, .to = &ms_cli_trust.crl,
	    .arg = "FILE", .help = "certificate revocation list" },
	{ .name = "revocation", .kind = MS_OPT_STR,
	    .to = &ms_cli_trust.revocation, .arg = "MODE",
	    .choices = "off|soft|hard", .help = "how revocation is judged" },
	{ .name = "fetch-issuers", .kind = MS_OPT_FLAG,
	    .to = &ms_cli_trust.fetch_issuers,
	    .help = "fetch missing issuers from where certificates say" },
	{ .name = "fetch-private", .kind = MS_OPT_FLAG,
	    .to = &ms_cli_trust.fetch_private,
	    .help = "fetch from loopback and private addresses too" },
	{ .name = "at", .kind = MS_OPT_TIME, .to = &ms_cli_trust.at,
	    .arg = "TIME", .no_conf = true,
	    .help = "judge as of this time (default: now)" },
	MS_OPT_END
};

const struct ms_opt ms_cli_tsa_opts[] = {
	{ .name = "tsa", .kind = MS_OPT_LIST, .to = &ms_cli_tsa,
	    .arg = "URL|none", .help = "timestamp authority; tried in order" },
	MS_OPT_END
};

const struct ms_opt ms_cli_secret_opts[] = {
	{ .name = "passphrase-fd", .kind = MS_OPT_LIST, .to = &cli_secrets.fd,
	    .arg = "[WHAT=]N", .no_conf = true,
	    .help = "read the passphrase from descriptor N" },
	{ .name = "passphrase-file", .kind = MS_OPT_LIST,
	    .to = &cli_secrets.file, .arg = "[WHAT=]FILE",
	    .help = "read the passphrase from the first line of FILE" },
	{ .name = "askpass", .kind = MS_OPT_STR, .to = &cli_secrets.askpass,
	    .arg = "PROGRAM", .help = "ask for passphrases by PROGRAM" },
	{ .name = "passphrase-command", .kind = MS_OPT_STR,
	    .to = &cli_secrets.command, .arg = "COMMAND", .conf_only = true,
	    .help = "shell command that prints the passphrase" },
	MS_OPT_END
};

const struct ms_opt ms_cli_report_opts[] = {
	{ .name = "json", .kind = MS_OPT_FLAG, .to = &cli_json,
	    .no_conf = true, .help = "report one JSON object a line" },
	{ .name = "report", .kind = MS_OPT_STR, .to = &cli_report_file,
	    .arg = "FILE", .no_conf = true, .help = "write the report there" },
	MS_OPT_END
};

const struct ms_opt ms_cli_output_opts[] = {
	{ .name = "output", .letter = 'o', .kind = MS_OPT_STR,
	    .to = &ms_cli_io.output, .arg = "FILE", .no_conf = true,
	    .help = "write the result there instead of stdout" },
	{ .name = "armor", .kind = MS_OPT_FLAG, .to = &ms_cli_io.armor,
	    .help = "write PEM instead of DER" },
	{ .name = "allow-empty", .kind = MS_OPT_FLAG,
	    .to = &ms_cli_io.allow_empty, .no_conf = true,
	    .help = "take an empty input for what it is" },
	MS_OPT_END
};
