/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate authority in a few lines, for unit tests. */
#ifndef UNIT_PKI_H
#define UNIT_PKI_H

#include <stdlib.h>

#include "pki/pki.h"
#include "tap.h"

/* Everything is judged about this time unless a test says otherwise. */
#define NOW ((time_t)1800000000)	/* 2027-01-15T08:00:00Z */
#define DAY ((time_t)86400)

static struct ms_err err;

struct made {
	struct ms_ident id;
	unsigned char serial;
};

static inline void
made_clear(struct made *m)
{
	X509_free(m->id.cert);
	ms_key_free(m->id.key);
	memset(m, 0, sizeof(*m));
}

/* A certificate for a new P-256 key; by NULL makes a root.  addr may be
 * NULL.  Valid from NOW - days to NOW + days. */
static inline bool
make(struct made *m, enum ms_profile profile, const char *subject,
    const char *addr, const struct made *by, int days)
{
	static unsigned char count;
	struct ms_issue w = { .profile = profile, .subject = subject,
		.not_before = NOW - days * DAY, .not_after = NOW + days * DAY };
	struct ms_addr a;
	int rc;

	memset(m, 0, sizeof(*m));
	m->serial = ++count;
	w.serial = &m->serial;
	w.nserial = 1;
	if (addr && ms_addr_parse(addr, strlen(addr), &a, &err) == 0) {
		w.addrs = &a;
		w.naddrs = 1;
	}
	m->id.key = ms_key_generate("p256", &err);
	rc = ms_issue_cert(&w, ms_key_pub(m->id.key), by ? &by->id : NULL,
	    m->id.key, &m->id.cert, &err);
	if (w.naddrs)
		ms_addr_clear(&a);
	if (rc < 0)
		printf("# %s\n", err.text);
	return rc == 0;
}

#endif
