/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half of an authority that needs no key: read a request, reject it or
 * reduce it to fields of a fixed size.
 */
#include <stdlib.h>
#include <string.h>

#include "tsp/internal.h"

static int
add_policy(struct ms_tsa_rules *r, const char *dotted, struct ms_err *err)
{
	struct ms_buf *b = &r->policy[r->npolicies];

	ms_buf_init(b, TSP_OID);
	r->npolicies++;
	return ms_oid_parse(dotted, b, err) < 0 ? -1 : 0;
}

int
ms_tsa_rules_new(const char *const *policies, size_t npolicies,
    const enum ms_oid *hashes, size_t nhashes, struct ms_tsa_rules **ret,
    struct ms_err *err)
{
	struct ms_tsa_rules *r;
	size_t i;

	if (npolicies == 0 || npolicies > TSP_POLICIES)
		return ms_fail(err, MS_CONFIG,
		    "a timestamp authority has 1 to %d policies",
		    TSP_POLICIES);
	if (nhashes > TSP_HASHES)
		return ms_fail(err, MS_CONFIG, "at most %d hashes", TSP_HASHES);
	r = calloc(1, sizeof(*r));
	if (!r)
		return ms_fail_nomem(err);
	for (i = 0; i < npolicies; i++)
		if (add_policy(r, policies[i], err) < 0) {
			ms_tsa_rules_free(r);
			return -1;
		}
	for (i = 0; i < nhashes; i++)
		r->hash[r->nhashes++] = hashes[i];
	*ret = r;
	return 0;
}

void
ms_tsa_rules_free(struct ms_tsa_rules *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < r->npolicies; i++)
		ms_buf_clear(&r->policy[i]);
	free(r);
}

int
ms_tsa_reject(int bit, const char *text, struct ms_buf *resp,
    struct ms_err *err)
{
	unsigned char bits[1 + 4] = { 0 };
	size_t n = 2 + (size_t)bit / 8;
	struct ms_der d;

	/* DER of a named bit list: no zeros behind the last bit */
	bits[0] = (unsigned char)(7 - bit % 8);
	bits[n - 1] = (unsigned char)(0x80 >> bit % 8);
	ms_der_init(&d, resp);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, 2);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_prim(&d, MS_UTF8STRING, text, strlen(text));
	ms_der_end(&d);
	ms_der_prim(&d, MS_BITSTRING, bits, n);
	ms_der_end(&d);
	ms_der_end(&d);
	return ms_der_finish(&d, err);
}

static bool
offered(const struct ms_tsa_rules *r, enum ms_oid md)
{
	size_t i;

	for (i = 0; i < r->nhashes; i++)
		if (r->hash[i] == md)
			return true;
	return r->nhashes == 0;
}

/* The index of the policy to answer under, or the number of all. */
static size_t
find_policy(const struct ms_tsa_rules *r, const struct ms_tsq *q)
{
	size_t i;

	if (q->policy.n == 0)
		return 0;
	for (i = 0; i < r->npolicies; i++)
		if (ms_span_eq(ms_buf_span(&r->policy[i]),
			ms_buf_span(&q->policy)))
			break;
	return i;
}

/* -1 when *ask is filled, else the bit and in `why` the reason. */
static int
screen(const struct ms_tsa_rules *r, struct ms_span req, struct ms_tsq *q,
    struct ms_tsa_ask *ask, struct ms_err *why)
{
	int bit;

	if (ms_tsq_parse(req, q, &bit, why) < 0)
		return bit;
	if (q->has_extensions) {
		ms_fail(why, MS_DATA, "no extension is supported");
		return MS_TSP_unacceptedExtension;
	}
	if (!offered(r, q->md)) {
		ms_fail(why, MS_DATA, "this hash algorithm is not accepted "
		    "here");
		return MS_TSP_badAlg;
	}
	memset(ask, 0, sizeof(*ask));
	ask->policy = (unsigned)find_policy(r, q);
	if (ask->policy == r->npolicies) {
		ms_fail(why, MS_DATA, "the policy is not offered here");
		return MS_TSP_unacceptedPolicy;
	}
	ask->md = q->md;
	ask->nimprint = (unsigned char)q->nimprint;
	memcpy(ask->imprint, q->imprint, q->nimprint);
	ask->nnonce = (unsigned char)q->nnonce;
	memcpy(ask->nonce, q->nonce, q->nnonce);
	ask->cert_req = q->cert_req;
	return -1;
}

int
ms_tsa_screen(const struct ms_tsa_rules *r, struct ms_span req,
    struct ms_tsa_ask *ask, struct ms_buf *resp, int *failure,
    struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	struct ms_tsq q;

	*failure = screen(r, req, &q, ask, &why);
	ms_tsq_clear(&q);
	return *failure < 0 ? 0 : ms_tsa_reject(*failure, why.text, resp, err);
}
