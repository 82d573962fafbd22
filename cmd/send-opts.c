/* SPDX-License-Identifier: Apache-2.0 */
/* The words of ms-send: sendmail's short options, mail's -s -a, our own. */
#include <stdlib.h>
#include <string.h>

#include "send.h"

struct send_opts send_opts;
static char refused_mode[32];

/* -b MODE: m is what we do anyway, all others are another program's job. */
static int
set_mode(void *to, const char *value, struct ms_err *err)
{
	if (!ms_streq(value, "m"))
		snprintf(refused_mode, sizeof(refused_mode), "-b%.20s", value);
	return 0;
}

static int
set_queue(void *to, const char *value, struct ms_err *err)
{
	snprintf(refused_mode, sizeof(refused_mode), "-q%.20s", value);
	return 0;
}

static int
set_from(void *to, const char *value, struct ms_err *err)
{
	free(send_opts.envelope_from);
	send_opts.envelope_from = strdup(ms_streq(value, "<>") ? "" : value);
	return send_opts.envelope_from ? 0 : ms_fail_nomem(err);
}

static int
ignore(void *to, const char *value, struct ms_err *err)
{
	return 0;
}

#define LEGACY(ch, a) { .name = "", .letter = (ch), .kind = MS_OPT_CALL, \
	.arg = (a), .call = ignore, .hidden = true, .no_conf = true }

const struct ms_opt send_own_opts[] = {
	{ .name = "subject", .letter = 's', .kind = MS_OPT_STR,
	    .to = &send_opts.subject, .arg = "TEXT", .no_conf = true,
	    .help = "compose: the Subject; stdin is the body" },
	{ .name = "attach", .letter = 'a', .kind = MS_OPT_LIST,
	    .to = &send_opts.attach, .arg = "FILE", .no_conf = true,
	    .help = "compose: attach FILE" },
	{ .name = "html", .kind = MS_OPT_STR, .to = &send_opts.html,
	    .arg = "FILE", .no_conf = true,
	    .help = "compose: the same text as HTML" },
	{ .name = "from", .kind = MS_OPT_STR, .to = &send_opts.from,
	    .arg = "ADDRESS", .help = "the From address" },
	{ .name = "cc", .kind = MS_OPT_LIST, .to = &send_opts.cc,
	    .arg = "ADDRESS", .no_conf = true, .help = "a copy, visibly" },
	{ .name = "bcc", .kind = MS_OPT_LIST, .to = &send_opts.bcc,
	    .arg = "ADDRESS", .no_conf = true,
	    .help = "a copy of its own that nobody else sees" },
	{ .name = "reply-to", .kind = MS_OPT_LIST, .to = &send_opts.reply_to,
	    .arg = "ADDRESS", .help = "where answers go" },
	{ .name = "header", .kind = MS_OPT_LIST, .to = &send_opts.header,
	    .arg = "'NAME: VALUE'", .help = "one more header field" },
	{ .name = "domain", .kind = MS_OPT_STR, .to = &send_opts.domain,
	    .arg = "DOMAIN", .help = "for addresses without one" },
	{ .name = "aliases", .kind = MS_OPT_STR, .to = &send_opts.aliases,
	    .arg = "FILE", .help = "'name: address' lines for them" },
	{ .name = "envelope-from", .letter = 'f', .kind = MS_OPT_CALL,
	    .call = set_from, .arg = "ADDRESS", .no_conf = true,
	    .help = "the envelope sender" },
	{ .name = "extract-recipients", .letter = 't', .kind = MS_OPT_FLAG,
	    .to = &send_opts.from_header, .no_conf = true,
	    .help = "recipients are in To, Cc and Bcc" },
	{ .name = "full-name", .letter = 'F', .kind = MS_OPT_STR,
	    .to = &send_opts.full_name, .arg = "NAME", .no_conf = true,
	    .help = "the name for a From that is missing" },
	{ .name = "", .letter = 'r', .kind = MS_OPT_CALL, .call = set_from,
	    .arg = "ADDRESS", .hidden = true, .no_conf = true },
	{ .name = "", .letter = 'b', .kind = MS_OPT_CALL, .call = set_mode,
	    .arg = "MODE", .hidden = true, .no_conf = true },
	{ .name = "", .letter = 'q', .kind = MS_OPT_CALL, .call = set_queue,
	    .arg = "TIME", .hidden = true, .no_conf = true },
	/* A lone dot never ends our input, so -i changes nothing; delivery
	 * status options are for the system that delivers. */
	LEGACY('i', NULL), LEGACY('o', "OPTION"), LEGACY('N', "DSN"),
	LEGACY('R', "RETURN"), LEGACY('B', "TYPE"), LEGACY('V', "ENVID"),
	LEGACY('G', NULL), LEGACY('A', "MODE"), LEGACY('C', "FILE"),
	LEGACY('h', "N"), LEGACY('L', "TAG"), LEGACY('m', NULL),
	LEGACY('n', NULL), LEGACY('O', "OPTION"), LEGACY('U', NULL),
	LEGACY('X', "FILE"),
	MS_OPT_END
};

int
send_refused_mode(struct ms_cli *c)
{
	if (!refused_mode[0])
		return 0;
	ms_fail(&c->err, MS_USAGE, "%s is not ours to do", refused_mode);
	return ms_hint(&c->err, "ms-send hands messages on and keeps no "
	    "queue: ask the mail server behind --transport");
}

bool
send_composes(void)
{
	return send_opts.subject || send_opts.attach.n > 0 || send_opts.html;
}

const char *
send_default_from(void)
{
	size_t i;

	if (send_opts.from)
		return send_opts.from;
	for (i = 0; i < ms_cli_who.identity.n; i++)
		if (ms_ident_is_address(ms_cli_who.identity.v[i]))
			return ms_cli_who.identity.v[i];
	return NULL;
}
