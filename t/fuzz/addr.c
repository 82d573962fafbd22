/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: what is printed reads back as itself and stays on one line. */
#include <stdlib.h>
#include <string.h>

#include "addr/addr.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void
same(const struct ms_addr *a)
{
	struct ms_addr b;

	if (strpbrk(a->spec, "\r\n") ||
	    ms_addr_parse(a->spec, strlen(a->spec), &b, NULL))
		abort();
	if (!ms_addr_equal(a, &b) || !ms_streq(a->spec, b.spec))
		abort();
	ms_addr_clear(&b);
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct ms_addrlist l;
	struct ms_addr a;
	size_t i;

	if (ms_addr_parse((const char *)p, n, &a, NULL) == 0) {
		same(&a);
		ms_addr_clear(&a);
	}
	if (ms_addrlist_parse((const char *)p, n, true, &l, NULL) == 0)
		ms_addrlist_clear(&l);
	if (ms_addrlist_parse((const char *)p, n, false, &l, NULL) == 0) {
		for (i = 0; i < l.n; i++) {
			same(&l.v[i]);
			ms_addr_glob("*a*b?c*", &l.v[i]);
		}
		ms_addrlist_clear(&l);
	}
	return 0;
}
