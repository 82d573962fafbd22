/* SPDX-License-Identifier: Apache-2.0 */
/* What ms-verify says: ms-report(5). */
#include <string.h>

#include "verify.h"

#define LINE ((size_t)256 * 1024)	/* bytes of a report line */

static int
join(struct ms_buf *b, const char *text, struct ms_err *err)
{
	if (b->n > 0 && ms_buf_adds(b, "; ", err) != 0)
		return -1;
	return ms_buf_adds(b, text, err);
}

/* Why it is so: the finding that decides, else what is to be known. */
static int
why(const struct ms_report *r, enum ms_verdict verdict, struct ms_buf *b,
    struct ms_err *err)
{
	char when[MS_TIME_STR];
	size_t i;

	if (verdict == MS_BAD || verdict == MS_UNDECIDED)
		return ms_buf_adds(b, ms_report_why(r), err);
	for (i = 0; i < r->n; i++)
		if (r->v[i].verdict == (verdict == MS_NONE ? MS_NONE :
		    MS_NOTE) && join(b, r->v[i].text, err) != 0)
			return -1;
	if (verdict == MS_GOOD && r->claimed != (time_t)-1 &&
	    r->gentime == (time_t)-1) {
		if (b->n > 0 && ms_buf_adds(b, "; ", err) != 0)
			return -1;
		return ms_buf_addf(b, err, "signer claims %s",
		    ms_time_str(r->claimed, when));
	}
	return 0;
}

static int
put_line(const char *name, const struct ms_report *r, const char *text,
    struct ms_buf *b, struct ms_err *err)
{
	char when[MS_TIME_STR];

	if (ms_common_column(b, name, err) != 0 ||
	    ms_common_column(b, ms_verdict_str(r->verdict), err) != 0 ||
	    ms_common_column(b, r->signer, err) != 0 ||
	    ms_common_column(b, ms_time_str(r->gentime, when), err) != 0 ||
	    ms_common_column(b, r->level, err) != 0 ||
	    ms_common_column(b, text, err) != 0)
		return -1;
	return ms_buf_addc(b, '\n', err);
}

static int
escape(struct ms_buf *b, const char *s, struct ms_err *err)
{
	return ms_escape(b, s, strlen(s), err);
}

static int
put_sentence(const char *name, const struct ms_report *r, const char *text,
    struct ms_buf *b, struct ms_err *err)
{
	const char *signer = r->signer != NULL ? r->signer : "unknown";
	char when[MS_TIME_STR];

	if (escape(b, name != NULL ? name : "standard input", err) != 0)
		return -1;
	switch (r->verdict) {
	case MS_GOOD:
		if (ms_buf_adds(b, ": Good signature of ", err) != 0 ||
		    escape(b, signer, err) != 0 ||
		    (r->gentime != (time_t)-1 && ms_buf_addf(b, err,
		    ", timestamped %s", ms_time_str(r->gentime, when)) != 0) ||
		    (text[0] != '\0' && (ms_buf_adds(b, " (", err) != 0 ||
		    escape(b, text, err) != 0 ||
		    ms_buf_addc(b, ')', err) != 0)))
			return -1;
		break;
	case MS_BAD:
		if (ms_buf_adds(b, ": BAD signature: ", err) != 0 ||
		    escape(b, text, err) != 0)
			return -1;
		break;
	case MS_NONE:
		if (ms_buf_adds(b, ": No signature: ", err) != 0 ||
		    escape(b, text, err) != 0)
			return -1;
		break;
	default:
		if (ms_buf_adds(b, ": The signature of ", err) != 0 ||
		    escape(b, signer, err) != 0 ||
		    ms_buf_adds(b, " cannot be judged: ", err) != 0 ||
		    escape(b, text, err) != 0)
			return -1;
	}
	return ms_buf_adds(b, ".\n", err);
}

static int
put_json(const char *name, const struct ms_report *r, const char *text,
    struct ms_sink *to, struct ms_err *err)
{
	struct ms_json *j = ms_json_object(err);
	int rc = -1;

	if (j != NULL && ms_json_int(j, "version", 1, err) == 0 &&
	    ms_json_str(j, "type", "signature", err) == 0 &&
	    ms_json_str(j, "file", name, err) == 0 &&
	    ms_json_str(j, "verdict", ms_verdict_str(r->verdict), err) == 0 &&
	    ms_json_str(j, "signer", r->signer, err) == 0 &&
	    ms_json_time(j, "time", r->gentime, err) == 0 &&
	    ms_json_time(j, "claimed", r->claimed, err) == 0 &&
	    ms_json_str(j, "level", r->level, err) == 0 &&
	    ms_json_str(j, "why", text[0] != '\0' ? text : NULL, err) == 0 &&
	    ms_json_findings(j, "findings", r, err) == 0)
		rc = ms_json_print(j, to, err);
	ms_json_free(j);
	return rc;
}

static int
put(struct ms_cli *c, const char *name, const struct ms_report *r,
    struct ms_sink *to)
{
	struct ms_buf text = MS_BUF_INIT(LINE), line = MS_BUF_INIT(5 * LINE);
	const char *s;
	int rc = -1;

	if (why(r, r->verdict, &text, &c->err) != 0)
		goto out;
	s = ms_buf_str(&text);
	if (s == NULL)
		ms_fail_nomem(&c->err);
	else if (c->json)
		rc = put_json(name, r, s, to, &c->err);
	else if ((verify_opts.human ? put_sentence(name, r, s, &line,
	    &c->err) : put_line(name, r, s, &line, &c->err)) == 0)
		rc = ms_sink_write(to, line.p, line.n, &c->err);
out:
	ms_buf_clear(&text);
	ms_buf_clear(&line);
	return rc;
}

int
verify_report(struct ms_cli *c, const char *name,
    const struct ms_smime_result *res, struct ms_sink *to)
{
	size_t i;

	if (res->n == 0)
		return put(c, name, &res->whole, to);
	for (i = 0; i < res->n; i++)
		if (put(c, name, &res->v[i], to) != 0)
			return -1;
	return 0;
}

int
verify_part(void *sink, const struct ms_smime_part *p, struct ms_err *err)
{
	struct ms_buf line = MS_BUF_INIT(LINE);
	char number[24], size[24];
	int rc = -1;

	snprintf(number, sizeof(number), "%u", p->number);
	snprintf(size, sizeof(size), "%llu", (unsigned long long)p->size);
	if (ms_common_column(&line, number, err) == 0 &&
	    ms_common_column(&line, p->type, err) == 0 &&
	    ms_common_column(&line, p->name, err) == 0 &&
	    ms_common_column(&line, size, err) == 0 &&
	    ms_common_column(&line, p->is_signed ? "signed" : "unsigned",
	    err) == 0 && ms_buf_addc(&line, '\n', err) == 0)
		rc = ms_sink_write(sink, line.p, line.n, err);
	ms_buf_clear(&line);
	return rc;
}
