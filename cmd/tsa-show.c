/* SPDX-License-Identifier: Apache-2.0 */
#include "tsa-show.h"

#include <string.h>

/* Why not; of what is good, what else there is to say. */
static const char *
why(const struct ms_report *r, struct ms_buf *b, struct ms_err *err)
{
	size_t i;

	if (r->verdict != MS_GOOD)
		return ms_report_why(r);
	for (i = 0; i < r->n; i++)
		if (r->v[i].verdict == MS_NOTE &&
		    ms_buf_addf(b, err, "%s%s", b->n ? "; " : "",
		    r->v[i].text) != 0)
			return NULL;
	return b->n ? ms_buf_str(b) : NULL;
}

int
tsa_report(struct ms_cli *c, const char *name, const struct ms_report *r)
{
	struct ms_buf line = MS_BUF_INIT(64 * 1024);
	struct ms_buf notes = MS_BUF_INIT(16 * 1024);
	struct ms_sink *k = NULL;
	struct ms_json *j = NULL;
	char when[MS_TIME_STR];
	int rc = -1;

	if (ms_cli_report(c, 1, &k, &c->err) != 0)
		return -1;
	ms_time_str(r->gentime, when);
	if (c->json) {
		j = ms_json_object(&c->err);
		if (j && ms_json_int(j, "version", 1, &c->err) == 0 &&
		    ms_json_str(j, "type", "timestamp", &c->err) == 0 &&
		    ms_json_str(j, "file", name, &c->err) == 0 &&
		    ms_json_str(j, "verdict", ms_verdict_str(r->verdict),
		    &c->err) == 0 &&
		    ms_json_str(j, "signer", r->signer, &c->err) == 0 &&
		    ms_json_time(j, "time", r->gentime, &c->err) == 0 &&
		    ms_json_findings(j, "findings", r, &c->err) == 0)
			rc = ms_json_print(j, k, &c->err);
		ms_json_free(j);
	} else if (ms_common_column(&line, name, &c->err) == 0 &&
	    ms_common_column(&line, ms_verdict_str(r->verdict), &c->err) == 0 &&
	    ms_common_column(&line, r->signer, &c->err) == 0 &&
	    ms_common_column(&line, when, &c->err) == 0 &&
	    ms_common_column(&line, "timestamp", &c->err) == 0 &&
	    ms_common_column(&line, why(r, &notes, &c->err), &c->err) == 0 &&
	    ms_buf_addc(&line, '\n', &c->err) == 0) {
		rc = ms_sink_write(k, line.p, line.n, &c->err);
	}
	if (ms_cli_report_end(c, k, &c->err) != 0)
		rc = -1;
	ms_buf_clear(&notes);
	ms_buf_clear(&line);
	return rc;
}

int
tsa_show(struct ms_cli *c, const struct ms_tstinfo *ti)
{
	struct ms_buf t = MS_BUF_INIT(64 * 1024);
	char when[MS_TIME_STR], oid[128];
	struct ms_sink *k = NULL;
	int rc = -1;

	ms_time_str(ti->time, when);
	when[strlen(when) - 1] = '\0';	/* room for the fraction */
	if (ms_buf_addf(&t, &c->err, "time\t%s.%06uZ\npolicy\t%s\nhash\t%s\n"
	    "imprint\t", when, ti->micros,
	    ms_oid_dotted(ms_buf_span(&ti->policy), oid, sizeof(oid)),
	    ms_oid_name(ti->md)) != 0 ||
	    ms_hex_encode(ti->imprint, ti->nimprint, &t, &c->err) != 0 ||
	    ms_buf_adds(&t, "\nserial\t", &c->err) != 0 ||
	    ms_hex_encode(ti->serial, ti->nserial, &t, &c->err) != 0 ||
	    ms_buf_adds(&t, "\naccuracy\t", &c->err) != 0)
		goto out;
	if (ti->has_accuracy ? ms_buf_addf(&t, &c->err, "%u.%03u%03u s",
	    ti->accuracy_s, ti->accuracy_ms, ti->accuracy_us) != 0 :
	    ms_buf_addc(&t, '-', &c->err) != 0)
		goto out;
	if (ms_buf_addf(&t, &c->err, "\nordering\t%s\nnonce\t%s",
	    ti->ordering ? "yes" : "no", ti->nnonce ? "" : "-") != 0 ||
	    ms_hex_encode(ti->nonce, ti->nnonce, &t, &c->err) != 0 ||
	    ms_buf_addc(&t, '\n', &c->err) != 0 ||
	    ms_cli_report(c, 1, &k, &c->err) != 0)
		goto out;
	rc = ms_sink_write(k, t.p, t.n, &c->err);
	if (ms_cli_report_end(c, k, &c->err) != 0)
		rc = -1;
out:
	ms_buf_clear(&t);
	return rc;
}
