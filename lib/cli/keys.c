/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a configuration file may name: every key of every program, since all
 * read the same files, and the programs that a section may be for.  A key
 * has one meaning over all programs.  t/lint/keys.bats proves that this is
 * what the programs take; both lists are sorted.
 */
#include "cli/internal.h"

static const char *const keys[] = {
	"accept-hash",
	"access-log",
	"accuracy",
	"aliases",
	"all",
	"allow-legacy",
	"allow-other-from",
	"armor",
	"askpass",
	"ca-dir",
	"cert",
	"cert-format",
	"chain",
	"cipher",
	"client-crl",
	"client-trust",
	"clock",
	"contact",
	"crl",
	"days",
	"domain",
	"fetch-issuers",
	"fetch-private",
	"for",
	"from",
	"hash",
	"header",
	"identity",
	"key",
	"key-in-worker",
	"listen",
	"location",
	"max-connections",
	"metrics",
	"name",
	"oaep",
	"opaque",
	"ordering",
	"passphrase-command",
	"passphrase-file",
	"policy-oid",
	"protect-headers",
	"proxy-uid",
	"pss",
	"record",
	"reply-to",
	"require-integrity",
	"revocation",
	"self",
	"smtp-ca",
	"source",
	"source-burst",
	"source-connections",
	"source-rate",
	"tls-clients",
	"tls-identity",
	"transport",
	"trust",
	"trust-tsa",
	"tsa",
	"user",
	"workers"
};

static const char *const progs[] = {
	"ms-ca",
	"ms-decrypt",
	"ms-encrypt",
	"ms-id",
	"ms-lookup",
	"ms-send",
	"ms-sign",
	"ms-tsa",
	"ms-tsad",
	"ms-verify"
};

static bool
has(const char *const v[], size_t n, const char *s)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ms_streq(v[i], s))
			return true;
	return false;
}

bool
cli_key_known(const char *key)
{
	return has(keys, sizeof(keys) / sizeof(keys[0]), key);
}

bool
cli_prog_known(const char *name)
{
	return has(progs, sizeof(progs) / sizeof(progs[0]), name);
}
