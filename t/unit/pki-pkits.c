/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NIST's path validation suite, those of its sub-tests that need no other
 * initial policies than "any".  Certificates and lists are in Debian's package
 * python3-cryptography-vectors, the table of sub-tests beside the project.
 */
#include <fcntl.h>
#include <unistd.h>

#include "pki.h"

#define DATA "/usr/lib/python3/dist-packages/cryptography_vectors/x509/" \
	"PKITS_data"

/* Where libcrypto differs: DSA parameters inherited from the issuer are not
 * supported, and an unnamed distribution point is not matched. */
static const char *const known[] = { "4.1.5", "4.14.30" };

static struct ms_trust *trust;
static STACK_OF(X509) *path;	/* owned */

static int
add_cert(const char *name, bool anchor)
{
	char file[512];
	struct ms_bag b;
	X509 *x;

	snprintf(file, sizeof(file), "%s/certs/%s.crt", DATA, name);
	ms_bag_init(&b);
	if (ms_bag_read(&b, file, NULL, NULL, &err) < 0)
		return -1;
	x = sk_X509_shift(b.certs);
	ms_bag_clear(&b);
	if (anchor)
		ms_trust_add_cert(trust, x, &err);
	sk_X509_push(path, x);
	return 0;
}

static int
add_crl(const char *name, bool unused)
{
	char file[512];

	snprintf(file, sizeof(file), "%s/crls/%s.crl", DATA, name);
	return ms_trust_add_crl_file(trust, file, &err);
}

/* Each of a list with commas. */
static int
each(char *list, int (*fn)(const char *, bool))
{
	bool first = true;
	char *end;

	while (list && *list && *list != '-') {
		end = strchr(list, ',');
		if (end)
			*end++ = '\0';
		if (fn(list, first) < 0)
			return -1;
		first = false;
		list = end;
	}
	return 0;
}

static void
sub_test(char *col[8])
{
	enum ms_verdict got = MS_UNDECIDED, want;
	struct ms_report r;
	bool differs = false;
	time_t at = 1299974400;	/* 2011-03-13 */
	size_t i;
	X509 *leaf;

	want = strcmp(col[1], "valid") == 0 ? MS_GOOD : MS_BAD;
	for (i = 0; i < 2; i++)
		differs |= strcmp(known[i], col[0]) == 0;
	ms_report_init(&r);
	trust = ms_trust_new(&err);
	path = sk_X509_new_null();
	ms_trust_set_revocation(trust, MS_REV_HARD);
	ms_trust_set_legacy(trust, true);	/* DSA with SHA-1 */
	if (each(col[2], add_cert) == 0 && each(col[3], add_crl) == 0) {
		leaf = sk_X509_value(path, sk_X509_num(path) - 1);
		ms_trust_check(trust, leaf, path, MS_USE_ANY, at, &r, &err);
		ms_report_add(&r, MS_GOOD, "path", NULL, &err, "right");
		got = err.class ? MS_BAD : ms_report_conclude(&r);
	}
	if (!ok((got == MS_GOOD) == (want == MS_GOOD) || differs,
	    "%s %s%s", col[0], col[1], differs ? " (known to differ)" : ""))
		printf("# %s %s\n", err.text, r.n ? r.v[0].text : "");
	ms_err_reset(&err);
	ms_report_clear(&r);
	ms_trust_free(trust);
	sk_X509_pop_free(path, X509_free);
}

static FILE *
table(void)
{
	const char *top = getenv("VECTORS");
	char file[512];

	snprintf(file, sizeof(file), "%s/pkits.tsv",
	    top ? top : "../shared/vectors");
	return fopen(file, "r");
}

int
main(void)
{
	char line[4096], *col[8], *p;
	FILE *f = table();
	int n;

	if (!f || access(DATA "/certs", R_OK) < 0) {
		printf("1..0 # SKIP pkits.tsv or the package "
		    "python3-cryptography-vectors is missing\n");
		if (f)
			fclose(f);
		return 0;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		for (n = 0, p = line; n < 8 && p; n++) {
			col[n] = p;
			p = strchr(p, '\t');
			if (p)
				*p++ = '\0';
		}
		if (n == 8 && line[0] != '#' && col[4][0] == '-' &&
		    strcmp(col[5], "no") == 0 && strcmp(col[6], "no") == 0 &&
		    strcmp(col[7], "no") == 0)
			sub_test(col);
	}
	fclose(f);
	return tap_done();
}
