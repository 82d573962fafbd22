/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

enum ms_format
filter_format(const char *name)
{
	if (ms_streq(name, "mail"))
		return MS_FORMAT_MAIL;
	if (ms_streq(name, "pdf"))
		return MS_FORMAT_PDF;
	if (ms_streq(name, "cms"))
		return MS_FORMAT_CMS;
	return MS_FORMAT_AUTO;
}

static const char *
kind_name(enum ms_kind k)
{
	switch (k) {
	case MS_KIND_MAIL:
		return "a message";
	case MS_KIND_PDF:
		return "PDF";
	case MS_KIND_CMS:
		return "CMS";
	case MS_KIND_FILE:
		break;
	}
	return "a file";
}

int
filter_input(struct ms_cli *c, const char *format, enum ms_kind *kind)
{
	if (c->args.n > 1)
		return ms_fail(&c->err, MS_USAGE, "one FILE at a time");
	if (ms_cli_input(c, c->args.n > 0 ? c->args.v[0] : NULL, 0,
	    &ms_cli_io) != 0 ||
	    ms_smime_kind(filter_format(format), ms_cli_io.in, kind,
	    &c->err) != 0)
		return -1;
	ms_cli_verbose(c, "'%s' is taken as %s", ms_cli_io.in_name,
	    kind_name(*kind));
	return 0;
}

int
filter_from(struct ms_cli *c, struct ms_addrlist *from)
{
	struct ms_mime_header h;
	struct ms_err why = MS_ERR_INIT;
	int rc;

	ms_mime_header_init(&h);
	rc = ms_smime_header(ms_cli_io.in, &h, &c->err);
	if (rc == 0 && ms_mime_addrs(&h, "From", from, &why) != 0)
		from->n = 0;
	ms_mime_header_clear(&h);
	return rc;
}
