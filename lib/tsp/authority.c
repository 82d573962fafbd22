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

#define SERIAL_TAG 1		/* how the other 15 are made up */

struct ms_tsa {
	const struct ms_ident *id;
	struct ms_tsa_rules *rules;
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
	if (ms_tsa_rules_new(conf->policies, conf->npolicies, conf->hashes,
		conf->nhashes, &t->rules, err) < 0 || set_name(t, err) < 0 ||
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
	if (!t)
		return;
	ms_tsa_rules_free(t->rules);
	ms_sign_free(t->sign);
	ms_buf_clear(&t->tsa);
	ms_buf_clear(&t->tst);
	ms_buf_clear(&t->token);
	free(t);
}

/* ---- a token ---- */

/*
 * 7 octets of microseconds that only grow, 8 that are random for this process
 * (a fork has its own), 1 that names this layout.  The first octet is
 * below 0x80 until the year 3111 and above 0 since 1978: positive, minimal.
 */
static int
make_serial(struct ms_tsa *t, time_t now, unsigned micros,
    unsigned char to[MS_TSA_SERIAL], struct ms_err *err)
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
write_tst(struct ms_tsa *t, const struct ms_tsa_ask *q,
    struct ms_tsa_issued *is, struct ms_err *err)
{
	const struct ms_buf *policy = &t->rules->policy[q->policy];
	time_t now = is->time;
	unsigned micros = is->micros;
	struct ms_der d;

	if (make_serial(t, now, micros, is->serial, err) < 0)
		return -1;
	ms_buf_reset(&t->tst);
	ms_der_init(&d, &t->tst);
	ms_der_begin(&d, MS_SEQUENCE);
	ms_der_uint(&d, 1);
	ms_der_prim(&d, MS_OBJECT, policy->p, policy->n);
	tsp_imprint_write(&d, (enum ms_oid)q->md, q->imprint, q->nimprint);
	ms_der_prim(&d, MS_INTEGER, is->serial, sizeof(is->serial));
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
grant(struct ms_tsa *t, const struct ms_tsa_ask *q, struct ms_tsa_issued *is,
    struct ms_buf *resp, struct ms_err *err)
{
	struct ms_der d;

	ms_buf_reset(&t->token);
	if (write_tst(t, q, is, err) < 0 ||
	    ms_sign_again(t->sign, is->time, q->cert_req, err) < 0 ||
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
	if (ms_der_finish(&d, err) < 0)
		return -1;
	is->ntoken = t->token.n;
	is->token = resp->n - is->ntoken;
	return 0;
}

/* ---- answering ---- */

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

/* The fields come from a process that has talked with strangers. */
static bool
is_sane(const struct ms_tsa *t, const struct ms_tsa_ask *q)
{
	const EVP_MD *md = ms_md((enum ms_oid)q->md);

	return md && q->nimprint == EVP_MD_get_size(md) &&
	    q->policy < t->rules->npolicies && q->nnonce <= sizeof(q->nonce);
}

int
ms_tsa_issue(struct ms_tsa *t, const struct ms_tsa_ask *ask,
    struct ms_buf *resp, struct ms_tsa_issued *is, int *failure,
    struct ms_err *err)
{
	struct ms_err why = MS_ERR_INIT;
	size_t start = resp->n;

	memset(is, 0, sizeof(*is));
	if (!is_sane(t, ask))
		return ms_fail(err, MS_BUG, "a request out of bounds");
	*failure = read_clock(t, &is->time, &is->micros, &why);
	if (*failure < 0 && grant(t, ask, is, resp, &why) < 0)
		*failure = MS_TSP_systemFailure;
	if (*failure < 0)
		return 0;
	resp->n = start;
	/* What went wrong inside is not a stranger's to know. */
	return ms_tsa_reject(*failure, *failure == MS_TSP_systemFailure ?
	    "internal failure" : why.text, resp, err);
}

int
ms_tsa_answer(struct ms_tsa *t, struct ms_span req, struct ms_buf *resp,
    int *failure, struct ms_err *err)
{
	struct ms_tsa_issued is;
	struct ms_tsa_ask ask;
	int bit;

	if (ms_tsa_screen(t->rules, req, &ask, resp, &bit, err) < 0 ||
	    (bit < 0 && ms_tsa_issue(t, &ask, resp, &is, &bit, err) < 0))
		return -1;
	if (failure)
		*failure = bit;
	return 0;
}
