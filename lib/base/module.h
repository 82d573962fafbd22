/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loadable modules.  An area with a heavy library keeps all code that touches
 * the library in one module, built as lib/mailseal/ms-NAME.so, linked with the
 * library normally, and opened behind the area's contract header when first
 * needed.  A module exports one object, `ms_module_NAME`, a table of
 * functions that only the area knows.  The programs carry an RPATH of
 * $ORIGIN/../lib/mailseal, so that the same binary runs from the build tree
 * and installed, and no environment decides what is loaded.
 */
#ifndef MS_BASE_MODULE_H
#define MS_BASE_MODULE_H

#include "base/err.h"

/* Marks the one object that a module exports. */
#define MS_MODULE_EXPORT __attribute__((visibility("default")))

/*
 * Open module `name` ("net") and return its table, which stays valid as long
 * as the process lives; NULL with MS_UNAVAILABLE and a hint when the module
 * or its library is not installed.  Cheap when called again.
 */
const void *ms_module(const char *name, struct ms_err *err);

#endif
