/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authority's side: a response assembled over one signature in the making
 * that is used again for each request, so that key, certificates and
 * attributes are encoded once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tsp/internal.h"

#define POLICIES 32		/* that one authority may answer under */
#define SERIAL 16		/* octets, RFC 3161 allows 20 */
#define SERIAL_TAG 1		/* how the other 15 are made up */

struct ms_tsa {
	const struct ms_ident *id;
	struct ms_buf policy[POLICIES];	/* OID contents octets */
	size_t npolicies;
	unsigned accuracy_ms;
	bool ordering;
	int (*clock)(void *arg, time_t *t, unsigned *micros,
	    struct ms_err *err);
	void *clock_arg;
	struct ms_sign *sign;
	struct ms_buf tsa;	/* GeneralName of the subject, as [0] */
	struct ms_buf tst, token;
	uint64_t last_us;	/* of the last serial number */
	pid_t pid;		/* whose random octets these are */
	unsigned char random[8];
};

/* ---- setting up ---- */

static int
set_policies(struct ms_tsa *t, const struct ms_tsa_conf *conf,
    struct ms_err *err)
{
	size_t i;

	if (conf->npolicies == 0 || conf->npolicies > POLICIES)
		return ms_fail(err, MS_CONFIG,
		    "a timestamp authority has 1 to %d policies", POLICIES);
	for (i = 0; i < conf->npolicies; i++) {
		ms_buf_init(&t->policy[i], TSP_OID);
		t->npolicies++;
		if (ms_oid_parse(conf->policies[i], &t->policy[i], err) < 0)
			return -1;
	}
	return 0;
}

/* tsa [0] GeneralName, directoryName [4]: both explicit */
static int
set_name(struct ms_tsa *t, struct ms_err *err)
{
	unsigned char *der = NULL;
	struct ms_der d;
	int n, rc;

	n = i2d_X509_NAME(X509_get_subject_name(t->id->cert), &der);
	if (n <= 0)
		return ms_fail_ssl(err, MS_OS, "cannot encode the subject");
	ms_der_init(&d, &t->tsa);
	ms_der_begin(&d, MS_CTXC(0));
	ms_der_begin(&d, MS_CTXC(4));
	ms_der_raw(&d, der, (size_t)n);
	ms_der_end(&d);
	ms_der_end(&d);
	rc = ms_der_finish(&d, err);
	OPENSSL_free(der);
	return rc;
}

static int
set_signer(struct ms_tsa *t, struct ms_err *err)
{
	struct ms_cms_signer signer = { t->id, MS_OID_UNKNOWN, false };
	struct ms_sign_conf conf;
	const char *why;

	if (!ms_cert_may(t->id->cert, MS_USE_TSA, &why))
		return ms_fail(err, MS_CONFIG, "this certificate cannot "
		    "timestamp: %s", why);
	memset(&conf, 0, sizeof(conf));
	conf.signers = &signer;
	conf.nsigners = 1;
	conf.content_type = MS_OID_TSTInfo;
	conf.signing_time = (time_t)-1;
	conf.no_smimecaps = true;
	return ms_sign_new(&conf, &t->sign, err);
}

int
ms_tsa_new(const struct ms_tsa_conf *conf, struct ms_tsa **ret,
    struct ms_err *err)
{
	struct ms_tsa *t;

	t = calloc(1, sizeof(*t));
	if (!t)
		return ms_fail_nomem(err);
	t->id = conf->id;
	t->accuracy_ms = conf->accuracy_ms;
	t->ordering = conf->ordering;
	t->clock = conf->clock;
	t->clock_arg = conf->clock_arg;
	t->pid = -1;
	ms_buf_init(&t->tsa, TSP_MESSAGE);
	ms_buf_init(&t->tst, TSP_MESSAGE);
	ms_buf_init(&t->token, TSP_MESSAGE);
	if (set_policies(t, conf, err) < 0 || set_name(t, err) < 0 ||
	    set_signer(t, err) < 0) {
		ms_tsa_free(t);
		return -1;
	}
	*ret = t;
	return 0;
}

void
ms_tsa_free(struct ms_tsa *t)
{
	size_t i;

	if (!t)
		return;
	for (i = 0; i < t->npolicies; i++)
		ms_buf_clear(&t->policy[i]);
	ms_sign_free(t->sign);
	ms_buf_clear(&t->tsa);
	ms_buf_clear(&t->tst);
	ms_buf_clear(&t->token);
	free(t);
}

/* ---- a rejection ---- */

static int
reject(struct ms_buf *resp, int bit, const char *text, struct ms_err *err)
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

/* ---- a token ---- */

/*
 * 7 octets of microseconds that only grow, 8 that are random for this process
 * (a fork has its own), 1 that names this layout.  The first octet is
 * below 0x80 until the year 3111 and above 0 since 1978: positive, minimal.
 */
static int
make_serial(struct ms_tsa *t, time_t now, unsigned micros,
    unsigned char to[SERIAL], struct ms_err *err)
{
	uint64_t us = (uint64_t)now * 1000000 + micros;
	int i;

	if (t->pid != getpid()) {
		if (ms_random(t->random, sizeof(t->random), err) < 0)
			return -1;
		t->pid = getpid();
	}
	if (us <= t->last_us)
		us = t->last_us + 1;
	t->last_us = us;
	for (i = 0; i < 7; i++)
		to[i] = (unsigned char)(us >> (8 * (6 - i)));
	memcpy(to + 7, t->random, 8);
	to[15] = SERIAL_TAG;
	return 0;
}

static void
write_accuracy(struct ms_der *d, unsigned ms)
{
	unsigned char millis[2] = { (unsigned char)(ms % 1000 >> 8),
		(unsigned char)(ms % 1000) };
	bool two = millis[0] > 0 || millis[1] >= 0x80;

	ms_der_begin(d, MS_SEQUENCE);
	if (ms >= 1000)
		ms_der_uint(d, ms / 1000);
	if (ms % 1000 > 0)
		ms_der_prim(d, MS_CTX(0), two ? millis : millis + 1,
		    two ? 2 : 1);
	ms_der_end(d);
}

static int
write_tst(struct ms_tsa *t, const struct ms_tsq *q,
    const struct ms_buf *policy, time_t now, unsigned micros,
    struct ms_err *err)
{
	unsigned char serial[SERIAL];
	struct ms_der d;

	if (make_serial(t, now, micros, serial, err) < 0)
		return -1;
	ms_buf_reset(&t->tst);
	ms_der_init(&d, &t->tst);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, 1);
	ms_der_prim(&d, MS_OBJECT, policy->p, policy->n);
	tsp_imprint_write(&d, q->md, q->imprint, q->nimprint);
	ms_der_prim(&d, MS_INTEGER, serial, sizeof(serial));
	/* no finer than it is accurate */
	ms_der_gentime(&d, now, t->accuracy_ms == 0 || t->accuracy_ms >= 1000 ?
	    0 : micros / 1000 * 1000);
	if (t->accuracy_ms > 0)
		write_accuracy(&d, t->accuracy_ms);
	if (t->ordering)
		ms_der_bool(&d, true);
	if (q->nnonce > 0)
		ms_der_prim(&d, MS_INTEGER, q->nonce, q->nnonce);
	ms_der_raw(&d, t->tsa.p, t->tsa.n);
	ms_der_end(&d);
	return ms_der_finish(&d, err);
}

static int
grant(struct ms_tsa *t, const struct ms_tsq *q, const struct ms_buf *policy,
    time_t now, unsigned micros, struct ms_buf *resp, struct ms_err *err)
{
	struct ms_der d;

	ms_buf_reset(&t->token);
	if (write_tst(t, q, policy, now, micros, err) < 0 ||
	    ms_sign_again(t->sign, now, q->cert_req, err) < 0 ||
	    ms_digests_update(ms_sign_digests(t->sign), t->tst.p, t->tst.n,
		err) < 0 ||
	    ms_sign_final(t->sign, err) < 0 ||
	    ms_sign_write_whole(t->sign, ms_buf_span(&t->tst), &t->token,
		err) < 0)
		return -1;
	ms_der_init(&d, resp);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, 0);
	ms_der_end(&d);
	ms_der_raw(&d, t->token.p, t->token.n);
	ms_der_end(&d);
	return ms_der_finish(&d, err);
}

/* ---- answering ---- */

/* The policy to answer under, or NULL. */
static const struct ms_buf *
find_policy(const struct ms_tsa *t, const struct ms_tsq *q)
{
	size_t i;

	if (q->policy.n == 0)
		return &t->policy[0];
	for (i = 0; i < t->npolicies; i++)
		if (ms_span_eq(ms_buf_span(&t->policy[i]),
			ms_buf_span(&q->policy)))
			return &t->policy[i];
	return NULL;
}

/* The time, when it can be vouched for: -1, or the bit to refuse with. */
static int
read_clock(struct ms_tsa *t, time_t *now, unsigned *micros, struct ms_err *why)
{
	if (t->clock(t->clock_arg, now, micros, why) < 0)
		return why->class == MS_TEMPFAIL ? MS_TSP_timeNotAvailable :
		    MS_TSP_systemFailure;
	if (*now < ms_cert_not_before(t->id->cert) ||
	    *now > ms_cert_not_after(t->id->cert)) {
		ms_fail(why, MS_TEMPFAIL,
		    "the authority's certificate is not valid now");
		return MS_TSP_timeNotAvailable;
	}
	return -1;
}

/* -1 when resp holds a token, else the bit and in `why` the reason. */
static int
answer(struct ms_tsa *t, struct ms_span req, struct ms_tsq *q,
    struct ms_buf *resp, struct ms_err *why)
{
	const struct ms_buf *policy;
	unsigned micros;
	time_t now;
	int bit;

	if (ms_tsq_parse(req, q, &bit, why) < 0)
		return bit;
	if (q->has_extensions) {
		ms_fail(why, MS_DATA, "no extension is supported");
		return MS_TSP_unacceptedExtension;
	}
	policy = find_policy(t, q);
	if (!policy) {
		ms_fail(why, MS_DATA, "the policy is not offered here");
		return MS_TSP_unacceptedPolicy;
	}
	bit = read_clock(t, &now, &micros, why);
	if (bit >= 0)
		return bit;
	if (grant(t, q, policy, now, micros, resp, why) < 0)
		return MS_TSP_systemFailure;
	return -1;
}

int
ms_tsa_answer(struct ms_tsa *t, struct ms_span req, struct ms_buf *resp,
    int *failure, struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	size_t start = resp->n;
	struct ms_tsq q;
	int bit;

	bit = answer(t, req, &q, resp, &why);
	ms_tsq_clear(&q);
	if (failure)
		*failure = bit;
	if (bit < 0)
		return 0;
	resp->n = start;
	/* What went wrong inside is not a stranger's to know. */
	return reject(resp, bit, bit == MS_TSP_systemFailure ?
	    "internal failure" : why.text, err);
}
