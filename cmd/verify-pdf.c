/* SPDX-License-Identifier: Apache-2.0 */
/* ms-verify for PDF. */
#include <string.h>
#include <unistd.h>

#include "pdf.h"
#include "verify.h"

static int
who(void *conf, X509 *cert, struct ms_report *r, struct ms_err *err)
{
	return ms_smime_who(conf, cert, r, err);
}

int
verify_pdf(struct ms_cli *c, const struct ms_smime_verify *conf,
    struct ms_smime_result *res)
{
	struct ms_smime_verify named = *conf;
	struct ms_pades_verify pc = { .judge = conf->judge, .who = who,
	    .who_arg = &named };
	struct ms_pades_result pr;
	bool owned;
	int fd, rc;

	if (verify_opts.extract || verify_opts.parts ||
	    verify_opts.part != NULL || verify_opts.signature != NULL) {
		ms_fail(&c->err, MS_USAGE, "-x, --parts, --part and "
		    "--signature are not for PDF");
		return ms_hint(&c->err, "--format cms takes it as a file");
	}
	if (pdf_input(c, &fd, &owned) != 0)
		return -1;
	ms_pades_result_init(&pr);
	rc = ms_pades_verify(&pc, fd, &pr, &c->err);
	if (owned)
		close(fd);
	if (rc != 0) {
		ms_pades_result_clear(&pr);
		return -1;
	}
	/* from here on it is a result like any other */
	ms_report_clear(&res->whole);
	res->v = pr.v;
	res->n = pr.n;
	res->whole = pr.whole;
	res->verdict = pr.verdict;
	return 0;
}
