/* SPDX-License-Identifier: Apache-2.0 */
/* Internationalised domains by libidn2, which only this file knows. */
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "addr/internal.h"
#include "base/module.h"

static int
to_ascii(const char *utf8, char **ret, struct ms_err *err)
{
	char *out = NULL, *copy;
	int rc;

	/* IDNA 2008; the mapping of UTS 46 accepts upper case as typed. */
	rc = idn2_to_ascii_8z(utf8, &out,
	    IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	if (rc == IDN2_MALLOC)
		return ms_fail_nomem(err);
	if (rc != IDN2_OK)
		return ms_fail(err, MS_DATA,
		    "RFC 5891 section 5: '%s' is no domain name: %s", utf8,
		    idn2_strerror(rc));
	copy = strdup(out);
	idn2_free(out);
	if (!copy)
		return ms_fail_nomem(err);
	*ret = copy;
	return 0;
}

extern const struct ms_idn_ops ms_module_idn MS_MODULE_EXPORT;
const struct ms_idn_ops ms_module_idn = { to_ascii };
