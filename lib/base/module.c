/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "base/module.h"

const void *
ms_module(const char *name, struct ms_err *err)
{
	char file[64], symbol[64];
	const char *why;
	void *so, *table;

	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789")] ||
	    snprintf(file, sizeof(file), "ms-%s.so", name) >=
	    (int)sizeof(file) ||
	    snprintf(symbol, sizeof(symbol), "ms_module_%s", name) >=
	    (int)sizeof(symbol)) {
		ms_fail(err, MS_BUG, "'%s' is no module's name", name);
		return NULL;
	}
	/*
	 * The loader counts how often it is opened and maps it once; it is
	 * never closed, so what it hands out stays valid.
	 */
	so = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	table = so != NULL ? dlsym(so, symbol) : NULL;
	if (table == NULL) {
		why = dlerror();
		ms_fail(err, MS_UNAVAILABLE,
		    "the %s module is not installed: %s", name,
		    why != NULL ? why : file);
		ms_hint(err, "install Mailseal's %s and the library it names",
		    file);
		return NULL;
	}
	return table;
}
