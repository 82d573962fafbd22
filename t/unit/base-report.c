/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts, and reports as JSON; loading a module. */
#include "base/base.h"
#include "tap.h"

static struct ms_err e = MS_ERR_INIT;

/* The verdict over findings given as letters: g b u n, o for a note. */
static const char *
verdict(const char *findings)
{
	static const char letters[] = "ugbno";
	struct ms_report r;
	const char *s;

	ms_report_init(&r);
	for (s = findings; *s; s++)
		ms_report_add(&r, (enum ms_verdict)(strchr(letters, *s) -
		    letters), "code", NULL, &e, "%c", *s);
	s = ms_verdict_str(ms_report_conclude(&r));
	ms_report_clear(&r);
	return s;
}

static void
test_verdicts(void)
{
	struct ms_report r;

	is_str(verdict("ggo"), "good", "good");
	is_str(verdict("gub"), "bad", "bad before undecided");
	is_str(verdict("gun"), "undecided", "undecided before none");
	is_str(verdict("gn"), "none", "none before good");
	is_str(verdict(""), "undecided", "nothing found: undecided");
	is_str(verdict("o"), "undecided", "a note makes nothing good");
	ms_report_init(&r);
	is_int(r.verdict, MS_UNDECIDED, "undecided at first");
	ms_report_add(&r, MS_GOOD, "sig", "RFC 5652 section 5.6", &e, "right");
	is_int(r.verdict, MS_UNDECIDED, "until it is concluded");
	ok(ms_report_has(&r, "sig") && !ms_report_has(&r, "si"), "has");
	is_str(ms_report_why(&r), "", "good needs no reason");
	is_int(ms_report_conclude(&r), MS_GOOD, "concluded");
	ms_report_add(&r, MS_UNDECIDED, "late", NULL, &e, "too late");
	is_int(r.verdict, MS_UNDECIDED, "what comes later can spoil it");
	is_str(ms_report_why(&r), "too late", "and says why");
	ms_report_add(&r, MS_BAD, "worse", NULL, &e, "wrong");
	ms_report_add(&r, MS_GOOD, "good", NULL, &e, "fine");
	is_int(ms_report_conclude(&r), MS_BAD, "but never mend it");
	is_str(ms_report_why(&r), "wrong", "bad decides before undecided");
	ms_report_clear(&r);
}

static void
test_lost(void)
{
	struct ms_report r;
	int i, rc = 0;

	ms_report_init(&r);
	for (i = 0; i < 5000; i++)
		rc |= ms_report_add(&r, MS_GOOD, "g", NULL, &e, "%d", i);
	ok(rc == -1 && ms_report_conclude(&r) == MS_UNDECIDED,
	    "a report that lost findings is not good");
	ms_err_reset(&e);
	ms_report_clear(&r);
}

static void
test_json(void)
{
	struct ms_json *j = ms_json_object(&e), *a;
	struct ms_buf b = MS_BUF_INIT(10000), small = MS_BUF_INIT(3);
	struct ms_sink *k = ms_sink_buf(&b, &e), *k3 = ms_sink_buf(&small, &e);
	struct ms_report r;

	if (!ok(j != NULL, "module json opens")) {
		printf("# %s\n", e.text);
		return;
	}
	ms_report_init(&r);
	ms_report_add(&r, MS_BAD, "digest-mismatch", "RFC 5652 section 5.4",
	    &e, "the \"digest\"");
	ms_report_add(&r, MS_NOTE, "n", NULL, &e, "x");
	a = ms_json_array(&e);
	ok(ms_json_str(j, "z", "\xc3\xa9\xff\xe2\x82", &e) == 0 &&
	    ms_json_str(j, "none", NULL, &e) == 0 &&
	    ms_json_int(j, "int", -5, &e) == 0 &&
	    ms_json_bool(j, "yes", 2, &e) == 0 &&
	    ms_json_time(j, "t", 0, &e) == 0 &&
	    ms_json_time(j, "not", (time_t)-1, &e) == 0 &&
	    ms_json_str(a, NULL, "", &e) == 0 &&
	    ms_json_int(a, NULL, 1, &e) == 0 &&
	    ms_json_put(j, "a", a, &e) == 0 &&
	    ms_json_findings(j, "findings", &r, &e) == 0, "set");
	ok(ms_json_print(j, k, &e) == 0, "printed");
	is_str(ms_buf_str(&b), "{\"z\":\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\",\"none\":null,\"int\":-5,\"yes\":true,"
	    "\"t\":\"1970-01-01T00:00:00Z\",\"not\":null,\"a\":[\"\",1],"
	    "\"findings\":[{\"verdict\":\"bad\",\"code\":\"digest-mismatch\","
	    "\"clause\":\"RFC 5652 section 5.4\","
	    "\"text\":\"the \\\"digest\\\"\"},{\"verdict\":\"note\","
	    "\"code\":\"n\",\"clause\":null,\"text\":\"x\"}]}\n",
	    "one line, keys in the order set");
	fails(ms_json_print(j, k3, &e), &e, MS_DATA, "more than 3 bytes",
	    "the sink's failure comes through");
	ms_json_free(j);
	ms_json_free(NULL);
	ms_report_clear(&r);
	ms_sink_free(k);
	ms_sink_free(k3);
	ms_buf_clear(&b);
	ms_buf_clear(&small);
}

static void
test_module(void)
{
	ok(ms_module("json", &e) != NULL && ms_module("json", &e) ==
	    ms_module("json", &e), "a module is the same when opened again");
	fails(ms_module("nosuch", &e) ? 0 : -1, &e, MS_UNAVAILABLE,
	    "the nosuch module is not installed", "a module that is missing");
	fails(ms_module("../x", &e) ? 0 : -1, &e, MS_BUG, "no module's name",
	    "a path is no name");
}

int
main(void)
{
	test_verdicts();
	test_lost();
	test_json();
	test_module();
	return tap_done();
}
