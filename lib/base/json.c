/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/internal.h"
#include "base/json.h"
#include "base/module.h"
#include "base/text.h"

/* The longest string in a report, in bytes: a sentence, a name, a URI. */
#define STRING_MAX ((size_t)1024 * 1024)

struct ms_json {
	const struct ms_json_ops *ops;
	void *node;
};

static struct ms_json *
json_new(int array, struct ms_err *err)
{
	struct ms_json *j = calloc(1, sizeof(*j));

	if (j == NULL) {
		ms_fail_nomem(err);
		return NULL;
	}
	j->ops = ms_module("json", err);
	if (j->ops == NULL) {
		free(j);
		return NULL;
	}
	j->node = array ? j->ops->new_array() : j->ops->new_object();
	if (j->node == NULL) {
		free(j);
		ms_fail_nomem(err);
		return NULL;
	}
	return j;
}

struct ms_json *
ms_json_object(struct ms_err *err)
{
	return json_new(0, err);
}

struct ms_json *
ms_json_array(struct ms_err *err)
{
	return json_new(1, err);
}

void
ms_json_free(struct ms_json *j)
{
	if (j == NULL)
		return;
	if (j->node != NULL)
		j->ops->free(j->node);
	free(j);
}

static int
put(struct ms_json *j, const char *key, void *child, struct ms_err *err)
{
	if (child == NULL || j->ops->put(j->node, key, child) != 0)
		return ms_fail_nomem(err);
	return 0;
}

int
ms_json_str(struct ms_json *j, const char *key, const char *value,
    struct ms_err *err)
{
	struct ms_buf b = MS_BUF_INIT(STRING_MAX);
	size_t i, n = value != NULL ? strlen(value) : 0, len;
	int rc = -1;

	if (value == NULL || ms_utf8_valid(value, n))
		return put(j, key, j->ops->new_str(value, n), err);
	for (i = 0; i < n; i += len) {
		len = ms_utf8_len(value + i, n - i);
		if (len > 0)
			rc = ms_buf_add(&b, value + i, len, err);
		else
			rc = ms_buf_adds(&b, "\xef\xbf\xbd", err);
		if (rc != 0)
			goto out;
		if (len == 0)
			len = 1;
	}
	rc = put(j, key, j->ops->new_str((const char *)b.p, b.n), err);
out:
	ms_buf_clear(&b);
	return rc;
}

int
ms_json_int(struct ms_json *j, const char *key, long long value,
    struct ms_err *err)
{
	return put(j, key, j->ops->new_int(value), err);
}

int
ms_json_bool(struct ms_json *j, const char *key, int value,
    struct ms_err *err)
{
	return put(j, key, j->ops->new_bool(value), err);
}

int
ms_json_time(struct ms_json *j, const char *key, time_t t,
    struct ms_err *err)
{
	char s[MS_TIME_STR];

	if (t == (time_t)-1)
		return ms_json_str(j, key, NULL, err);
	return ms_json_str(j, key, ms_time_str(t, s), err);
}

int
ms_json_put(struct ms_json *j, const char *key, struct ms_json *child,
    struct ms_err *err)
{
	void *node = child->node;

	child->node = NULL;
	ms_json_free(child);
	return put(j, key, node, err);
}

static int
finding(struct ms_json *list, const struct ms_finding *f, struct ms_err *err)
{
	struct ms_json *o = ms_json_object(err);

	if (o == NULL)
		return -1;
	if (ms_json_str(o, "verdict", ms_verdict_str(f->verdict), err) != 0 ||
	    ms_json_str(o, "code", f->code, err) != 0 ||
	    ms_json_str(o, "clause", f->clause, err) != 0 ||
	    ms_json_str(o, "text", f->text, err) != 0) {
		ms_json_free(o);
		return -1;
	}
	return ms_json_put(list, NULL, o, err);
}

int
ms_json_findings(struct ms_json *j, const char *key,
    const struct ms_report *r, struct ms_err *err)
{
	struct ms_json *list = ms_json_array(err);
	size_t i;

	if (list == NULL)
		return -1;
	for (i = 0; i < r->n; i++) {
		if (finding(list, &r->v[i], err) != 0) {
			ms_json_free(list);
			return -1;
		}
	}
	return ms_json_put(j, key, list, err);
}

struct printing {
	struct ms_sink *to;
	struct ms_err *err;
};

static int
out(const char *p, size_t n, void *arg)
{
	struct printing *pr = arg;

	return ms_sink_write(pr->to, p, n, pr->err);
}

int
ms_json_print(const struct ms_json *j, struct ms_sink *to,
    struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	struct printing pr = { to, &why };

	if (j->ops->print(j->node, out, &pr) == 0)
		return ms_sink_write(to, "\n", 1, err);
	if (why.class == MS_OK)
		return ms_fail_nomem(err);
	if (err != NULL && err->class == MS_OK)
		*err = why;
	return -1;
}
