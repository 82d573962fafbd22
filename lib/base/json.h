/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON for reports: one object a line.  Built by jansson, which is loaded
 * when the first object is made and not before.
 */
#ifndef MS_BASE_JSON_H
#define MS_BASE_JSON_H

#include "base/io.h"
#include "base/report.h"

struct ms_json;

/* An empty object, or array; NULL on failure (MS_UNAVAILABLE, MS_OS). */
struct ms_json *ms_json_object(struct ms_err *err);
struct ms_json *ms_json_array(struct ms_err *err);
void ms_json_free(struct ms_json *j);

/*
 * Set key of an object, or append to an array (key NULL).  Strings that are
 * not UTF-8 have each stray byte replaced by U+FFFD; a NULL string is null.
 */
int ms_json_str(struct ms_json *j, const char *key, const char *value,
    struct ms_err *err);
int ms_json_int(struct ms_json *j, const char *key, long long value,
    struct ms_err *err);
int ms_json_bool(struct ms_json *j, const char *key, int value,
    struct ms_err *err);
/* RFC 3339 UTC; (time_t)-1 is null. */
int ms_json_time(struct ms_json *j, const char *key, time_t t,
    struct ms_err *err);
/* Hands child over, also when it fails. */
int ms_json_put(struct ms_json *j, const char *key, struct ms_json *child,
    struct ms_err *err);
/* The findings of a report as an array under key. */
int ms_json_findings(struct ms_json *j, const char *key,
    const struct ms_report *r, struct ms_err *err);
/* The object on one line with a newline behind it. */
int ms_json_print(const struct ms_json *j, struct ms_sink *to,
    struct ms_err *err);

#endif
