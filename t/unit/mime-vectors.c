/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE		/* memmem() */
/*
 * Messages that others wrote (../shared/vectors/mime): each is read, with its
 * lines ended by LF and by CRLF; no byte is lost, and where a tolerant parser
 * of others found leaves, we find the same ones at the same offsets, or say
 * why not.  For the examples of the RFCs there is no why not.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "mime/mime.h"
#include "tap.h"

#define VECTORS "../shared/vectors/mime"
#define LEAVES 1000

struct leaf {
	long header, body, end;
};

struct leaves {
	struct leaf v[LEAVES];
	size_t n;
};

static struct ms_err err;

/* The message, and where in it each byte that comes out must stand. */
struct msg {
	const unsigned char *p;
	size_t n;
	size_t seen;		/* all before was accounted for */
	bool lost;
	struct leaves found;
};

/* Bytes that were skipped as delimiter, preamble or epilogue are there. */
static void
gap(struct msg *m, size_t upto, const char *boundary)
{
	size_t n = boundary ? strlen(boundary) : 0;

	if (upto < m->seen || upto > m->n)
		m->lost = true;
	else if (n && !memmem(m->p + m->seen, upto - m->seen, boundary, n))
		m->lost = true;
	m->seen = upto;
}

static void
same(struct msg *m, const void *p, size_t n)
{
	if (n > m->n - m->seen || (n && memcmp(m->p + m->seen, p, n) != 0))
		m->lost = true;
	else
		m->seen += n;
}

static int entity(struct msg *m, struct ms_src *src, size_t base);

static int
multipart(struct msg *m, struct ms_src *src, size_t base, const char *b)
{
	struct ms_mime_parts *parts = ms_mime_parts_new(src, b, &err);
	struct ms_src *part;
	int rc;

	if (!parts)
		return -1;
	while ((rc = ms_mime_parts_next(parts, &part, &err)) == 1) {
		gap(m, base + (size_t)src->pos, b);
		if (entity(m, part, base + (size_t)src->pos)) {
			rc = -1;
			break;
		}
	}
	ms_mime_parts_free(parts);
	if (rc == 0)
		gap(m, base + (size_t)src->pos, b);
	return rc;
}

static int
leaf(struct msg *m, struct ms_src *src, size_t base, size_t body)
{
	struct leaf *l = &m->found.v[m->found.n++];
	int rc;

	while ((rc = ms_src_fill(src, &err)) == 1) {
		same(m, src->p, src->n);
		ms_src_take(src, src->n);
	}
	l->header = (long)base;
	l->body = (long)body;
	l->end = (long)m->seen;
	return rc;
}

static int
entity(struct msg *m, struct ms_src *src, size_t base)
{
	struct ms_mime_header h;
	struct ms_mime_entity e = { 0 };
	const char *b = NULL;
	int rc = -1;

	ms_mime_header_init(&h);
	if (ms_mime_header_read(src, &h, &err) == 0 &&
	    ms_mime_entity(&h, &e, &err) == 0) {
		same(m, h.raw.p, h.raw.n);
		if (strncmp(e.type.token, "multipart/", 10) == 0)
			b = ms_mime_param(&e.type, "boundary");
		rc = b ? multipart(m, src, base, b) :
		    leaf(m, src, base, base + h.raw.n);
	}
	ms_mime_entity_clear(&e);
	ms_mime_header_clear(&h);
	return rc;
}

static void
slurp(const char *dir, const char *name, struct ms_buf *b)
{
	char path[600];
	FILE *f;

	snprintf(path, sizeof(path), VECTORS "/%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f)
		return;
	b->n += fread(ms_buf_room(b, 1000000, &err), 1, 1000000, f);
	fclose(f);
}

static bool
number(const char *line, const char *key, long *to)
{
	size_t n = strlen(key);

	if (strncmp(line, key, n) != 0)
		return false;
	*to = strtol(line + n, NULL, 10);
	return true;
}

/* The leaves of the outermost message, by the indentation of the JSON. */
static void
expected(struct ms_buf *json, struct leaves *l)
{
	const char *s = ms_buf_str(json);
	struct leaf cur = { 0 };
	bool multi = false, body = false;

	l->n = 0;
	for (; s && *s; s = strchr(s, '\n'), s += s != NULL) {
		if (body)
			multi = strncmp(s, "        \"Multipart\"", 19) == 0;
		body = strncmp(s, "      \"body\": {", 15) == 0;
		number(s, "      \"offset_header\": ", &cur.header);
		number(s, "      \"offset_body\": ", &cur.body);
		if (number(s, "      \"offset_end\": ", &cur.end) && !multi)
			l->v[l->n++] = cur;
	}
}

static int whole, refused, equal;

/* One message against what is expected of it. */
static void
check(const char *name, const void *p, size_t n, struct ms_buf *json,
    bool wellformed)
{
	static struct leaves want;
	static struct msg m;
	struct ms_src *src = ms_src_mem(p, n, &err);
	int rc;

	memset(&m, 0, sizeof(m));
	m.p = p;
	m.n = n;
	rc = entity(&m, src, 0);
	ms_src_free(src);
	expected(json, &want);
	if (rc) {
		refused++;
		ok(!wellformed && err.class == MS_DATA, "%s: %s", name,
		    err.text);
		ms_err_reset(&err);
		return;
	}
	ok(!m.lost && m.seen == n, "%s: no byte is lost", name);
	whole++;
	if (want.n == m.found.n && memcmp(want.v, m.found.v,
	    want.n * sizeof(*want.v)) == 0)
		equal++;
	else
		ok(!wellformed, "%s: %zu leaves, not as %zu others", name,
		    m.found.n, want.n);
}

static void
variant(const char *dir, const char *name, const struct ms_buf *b,
    const char *ext)
{
	struct ms_buf json = MS_BUF_INIT(2000000);
	char file[300], what[600];

	snprintf(file, sizeof(file), "%.*s%s", (int)strlen(name) - 4, name,
	    ext);
	slurp(dir, file, &json);
	snprintf(what, sizeof(what), "%s/%s", dir, file);
	check(what, b->p, b->n, &json, ms_streq(dir, "rfc"));
	ms_buf_clear(&json);
}

static void
message(const char *dir, const char *name)
{
	struct ms_buf raw = MS_BUF_INIT(2000000);
	struct ms_buf lf = MS_BUF_INIT(2000000), crlf = MS_BUF_INIT(2000000);
	struct ms_sink *buf = ms_sink_buf(&lf, &err);
	struct ms_sink *eol = ms_mime_eol(buf, false, &err);
	struct ms_src *mem, *conv;

	slurp(dir, name, &raw);
	ms_sink_write(eol, raw.p, raw.n, &err);
	ms_sink_end(eol, &err);
	variant(dir, name, &lf, ".json");
	mem = ms_src_mem(lf.p, lf.n, &err);
	conv = ms_mime_crlf(mem, &err);
	ms_src_slurp(conv, &crlf, &err);
	variant(dir, name, &crlf, ".crlf.json");
	ms_src_free(conv);
	ms_src_free(mem);
	ms_sink_free(eol);
	ms_sink_free(buf);
	ms_buf_clear(&raw);
	ms_buf_clear(&lf);
	ms_buf_clear(&crlf);
}

int
main(void)
{
	static const char *const dirs[] = {
		"rfc", "thirdparty", "legacy", "malformed"
	};
	struct dirent *de;
	size_t i, n;
	DIR *d;

	for (i = 0; i < 4; i++) {
		char path[100];

		snprintf(path, sizeof(path), VECTORS "/%s", dirs[i]);
		d = opendir(path);
		if (!d) {
			puts("1..0 # skip " VECTORS " is absent");
			return 0;
		}
		while ((de = readdir(d))) {
			n = strlen(de->d_name);
			if (n > 4 && ms_streq(de->d_name + n - 4, ".eml"))
				message(dirs[i], de->d_name);
		}
		closedir(d);
	}
	printf("# %d read, %d of them as others do, %d refused\n", whole,
	    equal, refused);
	return tap_done();
}
