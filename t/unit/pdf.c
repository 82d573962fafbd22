/* SPDX-License-Identifier: Apache-2.0 */
/* The PDF reader and writer on documents made here. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pdf/pdf.h"
#include "tap.h"

static int
file_of(const void *p, size_t n)
{
	int fd = memfd_create("t", MFD_CLOEXEC);

	if (fd == -1 || write(fd, p, n) != (ssize_t)n)
		exit(1);
	return fd;
}

/* A document of these objects, 1 0 the catalog, with a table. */
struct doc {
	struct ms_buf b;
	uint64_t off[16];
	unsigned n;
};

static void
doc_begin(struct doc *d)
{
	memset(d, 0, sizeof(*d));
	ms_buf_init(&d->b, (size_t)64 * 1024 * 1024);
	ms_buf_adds(&d->b, "%PDF-1.7\n", NULL);
	d->n = 1;
}

static void
doc_add(struct doc *d, const char *text)
{
	d->off[d->n] = d->b.n;
	ms_buf_addf(&d->b, NULL, "%u 0 obj\n", d->n++);
	ms_buf_adds(&d->b, text, NULL);
	ms_buf_adds(&d->b, "\nendobj\n", NULL);
}

static void
doc_end(struct doc *d, const char *trailer)
{
	size_t at = d->b.n;
	unsigned i;

	ms_buf_addf(&d->b, NULL, "xref\n0 %u\n0000000000 65535 f \n", d->n);
	for (i = 1; i < d->n; i++)
		ms_buf_addf(&d->b, NULL, "%010llu 00000 n \n",
		    (unsigned long long)d->off[i]);
	ms_buf_addf(&d->b, NULL, "trailer\n<< /Size %u /Root 1 0 R %s>>\n"
	    "startxref\n%zu\n%%%%EOF\n", d->n, trailer, at);
}

static const char catalog[] = "<< /Type /Catalog /Pages 2 0 R >>";

/* Open a document whose object 2 is text, and load that. */
static int
load(const char *text, struct ms_pdf_obj *o, struct ms_err *err)
{
	struct ms_pdf *p = NULL;
	struct doc d;
	int fd, rc;

	doc_begin(&d);
	doc_add(&d, catalog);
	doc_add(&d, text);
	doc_end(&d, "");
	fd = file_of(d.b.p, d.b.n);
	rc = ms_pdf_open(fd, 0, &p, err);
	if (rc == 0)
		rc = ms_pdf_load(p, 2, 0, o, err);
	ms_pdf_free(p);
	ms_buf_clear(&d.b);
	close(fd);
	return rc;
}

static void
values(void)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_buf b = MS_BUF_INIT(4096);
	struct ms_pdf_obj o, q;
	uint32_t num, gen;
	int64_t v;
	size_t a;

	ms_pdf_obj_init(&o);
	ms_pdf_obj_init(&q);
	ok(load("<</A#42 [1 -2 3.5 4 0 R(a\\(b\\)\\101\\\n)<4 1 4>/N#20x true "
	    "null %c>>\n << /Z 1>>]/B(x)>>", &o, &err) == 0, "an object");
	a = ms_pdf_key(&o, 0, "AB");
	ok(ms_pdf_type(&o, a) == MS_PDF_ARRAY && o.v[a].num == 10,
	    "an array of ten, under an escaped key");
	ok(ms_pdf_int(&o, a + 2, -9, 9, &v) && v == -2, "an integer");
	ok(!ms_pdf_int(&o, a + 2, 0, 9, &v), "out of range");
	ok(ms_pdf_type(&o, a + 3) == MS_PDF_REAL, "a real");
	ok(ms_pdf_ref(&o, a + 4, &num, &gen) && num == 4 && gen == 0,
	    "a reference");
	ok(ms_pdf_bytes(&o, a + 5, &b, &err) == 0, "a literal string");
	is_str(ms_buf_str(&b), "a(b)A", "escapes");
	ms_buf_reset(&b);
	ok(ms_pdf_bytes(&o, a + 6, &b, &err) == 0, "a hexadecimal string");
	is_str(ms_buf_str(&b), "A@", "spaces and an odd digit");
	ok(ms_pdf_is_name(&o, a + 7, "N x"), "a name");
	ok(load("<</B (\\170) /AB[ 1 -2 3.5 4 0 R <612862294 1> (A\\100) "
	    "/N#20#78 true null <</Z 1>>] >>", &q, &err) == 0 &&
	    ms_pdf_same(&o, 0, &q, 0), "the same, written otherwise");
	ok(load("<</B (y) /AB[ 1 -2 3.5 4 0 R <6128622941> (A\\100) "
	    "/N#20#78 true null <</Z 1>>] >>", &q, &err) == 0 &&
	    !ms_pdf_same(&o, 0, &q, 0), "one that differs");
	ok(load("<</AB [2 0 R]>>", &o, &err) == 0 &&
	    load("<</AB [2 1 R]>>", &q, &err) == 0 &&
	    !ms_pdf_same(&o, 0, &q, 0), "another generation");
	ms_pdf_obj_clear(&o);
	ms_pdf_obj_clear(&q);
	ms_buf_clear(&b);
}

static void
refused(void)
{
	static const char *const bad[][2] = {
		{ "<< /A 1 /A 2 >>", "a key that is there twice" },
		{ "<< /A 1 /#41 2 >>", "a key that is there twice" },
		{ "<< /A >>", "a key without a value" },
		{ "<< (A) 1 >>", "a key that is no name" },
		{ "<< /A [1 >> ]", "a bracket that closes nothing" },
		{ "<< /A [[1 2] R] >>", "a reference without numbers" },
		{ "<< /A [1 R] >>", "a reference without numbers" },
		{ "[9999999 0 R]", "a reference that leads nowhere" },
		{ "[1 99999 R]", "a reference that leads nowhere" },
		{ "1 2", "there is more than one value" },
		{ "", "there is no value" },
		{ "<< /A foo >>", "a word that has no meaning here" },
		{ "<< /A#4 1 >>", "what is no token" },
		{ "<< /A <4x> >>", "what is no token" },
		{ "<< /A ) >>", "what is no token" },
		{ "(stream", "what is no token" },
		{ "1 stream", "a stream without a dictionary" },
		{ "<<>> stream x", "no end of line behind the keyword" },
		{ "<< /A 1", "a word that has no meaning here" },
	};
	struct ms_err err = MS_ERR_INIT;
	struct ms_buf b = MS_BUF_INIT(4096);
	struct ms_pdf_obj o;
	size_t i;

	ms_pdf_obj_init(&o);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		fails(load(bad[i][0], &o, &err), &err, MS_DATA, bad[i][1],
		    bad[i][0]);
	for (i = 0; i <= MS_PDF_DEPTH; i++)
		ms_buf_addc(&b, '[', NULL);
	fails(load(ms_buf_str(&b), &o, &err), &err, MS_DATA,
	    "containers nested too deep", "nesting");
	ms_buf_clear(&b);
	ms_pdf_obj_clear(&o);
}

static int
open_bytes(const char *s, size_t n, struct ms_err *err)
{
	int fd = file_of(s, n), rc;
	struct ms_pdf *p = NULL;

	rc = ms_pdf_open(fd, 0, &p, err);
	ms_pdf_free(p);
	close(fd);
	return rc;
}

/* Cross-references that lead astray. */
static void
chains(void)
{
	static const char *const bad[][2] = {
		{ "%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size "
		    "1/Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF", "a loop" },
		{ "%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size "
		    "1/Root 1 0 R/Prev 999>>\nstartxref\n9\n%%EOF",
		    "/Prev leads out of the file" },
		{ "%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size "
		    "1>>\nstartxref\n9\n%%EOF", "the trailer has no /Root" },
		{ "%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n"
		    "<</Root 1 0 R>>\nstartxref\n9\n%%EOF",
		    "no valid /Size" },
		{ "%PDF-1.7\nxref\n0 9\n0000000000 65535 f \ntrailer\n"
		    "<</Root 1 0 R>>\nstartxref\n9\n%%EOF", "is malformed" },
		{ "%PDF-1.7\nxref\n8388607 2\n0000000000 65535 f \n"
		    "0000000010 00000 n \ntrailer\n<<>>\nstartxref\n9\n%%EOF",
		    "is above 8388607" },
		{ "%PDF-1.7\nxref\n0 99999999 trailer\n<<>>\nstartxref\n9\n"
		    "%%EOF", "a subsection" },
		{ "%PDF-1.7\nxref\n1 1\n0000009999 00000 n \ntrailer\n<<>>\n"
		    "startxref\n9\n%%EOF", "outside of the file" },
		{ "%PDF-1.7\n1 0 obj\n<</Type/XRef/W[1 1 1]/Size 1/Length 9>>"
		    "\nstream\nabc\nendstream endobj\nstartxref\n9\n%%EOF",
		    "the /Length of object 1 is wrong" },
		{ "%PDF-1.7\n1 0 obj\n<</Type/XRef/W[1 1 1]/Size 2/Length 3>>"
		    "\nstream\nabc\nendstream endobj\nstartxref\n9\n%%EOF",
		    "an entry of unknown type" },
		{ "%PDF-1.7\n1 0 obj\n<</Type/XRef/W[1 1 9]/Size 1/Length 3>>"
		    "\nstream\nabc\nendstream endobj\nstartxref\n9\n%%EOF",
		    "/W is malformed" },
		{ "%PDF-1.7\n1 0 obj\n<</Type/XRef/W[1 1 1]/Size 2/Length 3"
		    "/Filter/LZWDecode>>\nstream\nabc\nendstream endobj\n"
		    "startxref\n9\n%%EOF", "another filter" },
		{ "%PDF-1.7\n1 0 obj\n<</Type/XRef/W[1 1 1]/Size 2/Length 3"
		    "/Filter/FlateDecode>>\nstream\nabc\nendstream endobj\n"
		    "startxref\n9\n%%EOF", "the data is damaged" },
		{ "%PDF-1.7\n1 0 obj\n<</Type/XRef/W[1 1 1]/Size 2/Length 2 0 "
		    "R>>\nstream\nabc\nendstream endobj\nstartxref\n9\n%%EOF",
		    "the /Length of object 1 is wrong" },
		{ "%PDF-1.7\nstartxref\n9\n%%EOF", "no object at 9" },
		{ "", "does not begin with" },
	};
	struct ms_err err = MS_ERR_INIT;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		fails(open_bytes(bad[i][0], strlen(bad[i][0]), &err), &err,
		    MS_DATA, bad[i][1], bad[i][1]);
}

/* Objects that lie in each other must not make work grow with the square. */
static int
nothing(void *arg, const struct ms_pdf_obj *o, struct ms_err *err)
{
	return 0;
}

static void
overlap(void)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_buf b = MS_BUF_INIT((size_t)64 * 1024 * 1024);
	struct ms_pdf *p = NULL;
	const unsigned n = 20000;
	size_t at;
	unsigned i;
	int fd;

	ms_buf_adds(&b, "%PDF-1.7\n", NULL);
	for (i = 1; i <= n; i++)
		ms_buf_addf(&b, NULL, "%6u 0 obj%%", i);
	ms_buf_adds(&b, "\nnull", NULL);
	at = ms_buf_span(&b).n;
	ms_buf_addf(&b, NULL, " endobj\nxref\n1 %u\n", n);
	for (i = 0; i < n; i++)
		ms_buf_addf(&b, NULL, "%010u 00000 n \n", 9 + i * 13);
	ms_buf_addf(&b, NULL, "trailer <</Size %u /Root 1 0 R>>\nstartxref\n"
	    "%zu\n%%%%EOF\n", n + 1, at + 8);
	fd = file_of(b.p, b.n);
	ok(ms_pdf_open(fd, 0, &p, &err) == 0, "nested objects: %s", err.text);
	fails(ms_pdf_each(p, nothing, NULL, &err), &err, MS_DATA,
	    "objects overlap", "are not all read");
	ms_pdf_free(p);
	close(fd);
	ms_buf_clear(&b);
}

static void
updates(void)
{
	static const struct ms_span text = {
		(const unsigned char *)"<< /New true >>", 15
	};
	static const struct ms_pdf_edit edits[] = {
		{ "Pages", NULL }, { "Lang", "(de)" }, { "Type", "/Other" }
	};
	struct ms_err err = MS_ERR_INIT;
	struct ms_buf all = MS_BUF_INIT(65536), w = MS_BUF_INIT(4096);
	struct ms_pdf *p = NULL, *q = NULL;
	struct ms_pdf_update *u;
	struct ms_pdf_obj o;
	struct doc d;
	uint32_t num;
	int fd, fd2;

	ms_pdf_obj_init(&o);
	doc_begin(&d);
	doc_add(&d, catalog);
	doc_add(&d, "<< /Old true >>");
	doc_end(&d, "/ID [<00> <11>] ");
	fd = file_of(d.b.p, d.b.n);
	ok(ms_pdf_open(fd, 0, &p, &err) == 0 && ms_pdf_limit(p) == 3,
	    "a document: %s", err.text);
	ok(ms_pdf_catalog(p, &o, &err) == 0 &&
	    ms_pdf_write_dict(&o, 0, edits, 3, &w, &err) == 0, "an edit");
	is_str(ms_buf_str(&w), "<< /Type /Other /Lang (de) >>",
	    "removed, added, replaced");
	u = ms_pdf_update_new(p, &err);
	num = ms_pdf_update_number(u);
	is_int(num, 3, "a new number");
	ok(ms_pdf_update_put(u, num, 0, text, NULL, &err) == 0 &&
	    ms_pdf_update_put(u, 2, 0, text, NULL, &err) == 0 &&
	    ms_pdf_update_finish(u, &err) == 0, "an update");
	ms_buf_add(&all, d.b.p, d.b.n, NULL);
	ms_buf_add(&all, ms_pdf_update_bytes(u)->p, ms_pdf_update_bytes(u)->n,
	    NULL);
	fd2 = file_of(all.p, all.n);
	ok(ms_pdf_open(fd2, 0, &q, &err) == 0 && ms_pdf_sections(q) == 2,
	    "reads again: %s", err.text);
	ok(ms_pdf_load(q, 2, 0, &o, &err) == 0 &&
	    ms_pdf_key(&o, 0, "New") != MS_PDF_NIL, "the new value");
	ok(ms_pdf_load(q, 2, 1, &o, &err) == 0 &&
	    ms_pdf_type(&o, 0) == MS_PDF_NULL, "another generation is null");
	ok(ms_pdf_load(q, 77, 0, &o, &err) == 0 &&
	    ms_pdf_type(&o, 0) == MS_PDF_NULL, "what is not there is null");
	ms_pdf_free(q);
	ok(ms_pdf_open(fd2, d.b.n, &q, &err) == 0 &&
	    ms_pdf_load(q, 2, 0, &o, &err) == 0 &&
	    ms_pdf_key(&o, 0, "Old") != MS_PDF_NIL, "the old revision");
	ms_pdf_free(q);
	ms_pdf_free(p);
	ms_pdf_update_free(u);
	ms_pdf_obj_clear(&o);
	ms_buf_clear(&all);
	ms_buf_clear(&w);
	ms_buf_clear(&d.b);
	close(fd);
	close(fd2);
}

int
main(void)
{
	values();
	refused();
	chains();
	overlap();
	updates();
	return tap_done();
}
