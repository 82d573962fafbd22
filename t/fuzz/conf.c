/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration reader; what it accepts obeys its own promises. */
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct ms_err err = MS_ERR_INIT;
	struct ms_conf c;
	size_t i;

	ms_conf_init(&c);
	if (ms_conf_parse(&c, "f", p, n, &err) != 0 &&
	    (err.class != MS_CONFIG || err.text[0] == '\0'))
		abort();
	for (i = 0; i < c.n; i++) {
		if (c.v[i].key[0] == '\0' || c.v[i].line == 0 ||
		    strlen(c.v[i].value) > MS_CONF_LINE ||
		    !ms_utf8_valid(c.v[i].value, strlen(c.v[i].value)))
			abort();
	}
	ms_conf_clear(&c);
	return 0;
}
