/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "base/internal.h"
#include "base/module.h"

static void *
new_object(void)
{
	return json_object();
}

static void *
new_array(void)
{
	return json_array();
}

static void *
new_str(const char *utf8, size_t n)
{
	return utf8 == NULL ? json_null() : json_stringn(utf8, n);
}

static void *
new_int(long long v)
{
	return json_integer(v);
}

static void *
new_bool(int v)
{
	return json_boolean(v);
}

static void
node_free(void *node)
{
	json_decref(node);
}

static int
put(void *node, const char *key, void *child)
{
	if (key == NULL)
		return json_array_append_new(node, child);
	return json_object_set_new(node, key, child);
}

static int
print(const void *node, int (*out)(const char *p, size_t n, void *arg),
    void *arg)
{
	return json_dump_callback(node, out, arg, JSON_COMPACT);
}

extern const struct ms_json_ops ms_module_json MS_MODULE_EXPORT;
const struct ms_json_ops ms_module_json = {
	.new_object = new_object,
	.new_array = new_array,
	.new_str = new_str,
	.new_int = new_int,
	.new_bool = new_bool,
	.free = node_free,
	.put = put,
	.print = print,
};
