/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base: what every other area stands on.  This header gathers the topics of
 * the area; each topic documents itself.
 */
#ifndef MS_BASE_H
#define MS_BASE_H

#include "base/err.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/spool.h"
#include "base/publish.h"
#include "base/report.h"
#include "base/json.h"
#include "base/conf.h"
#include "base/text.h"
#include "base/module.h"

#endif
