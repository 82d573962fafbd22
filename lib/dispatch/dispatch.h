/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to one message for each of its recipients: sealed or refused
 * (later: invited, held, clear, plain).  Nothing leaves until every recipient
 * is decided.  The same engine stands under ms-send and the gateway.
 */
#ifndef MS_DISPATCH_H
#define MS_DISPATCH_H

#include "lookup/lookup.h"
#include "mail/mail.h"
#include "remote/remote.h"
#include "smime/smime.h"

enum ms_action {
	MS_ACT_REQUIRE = 0	/* sealed or refused */
};

enum ms_state {
	MS_STATE_NONE = 0,	/* not decided */
	MS_STATE_READY,		/* can be sealed; nothing was handed on yet */
	MS_STATE_SEALED,	/* sealed and handed on */
	MS_STATE_DEFERRED,	/* nothing left for this one; try again */
	MS_STATE_REFUSED,	/* there is no way to seal it for this one */
	MS_STATE_FAILED		/* the next system refused it for good */
};
/* "sealed", "deferred", "refused", "failed", "ready" */
const char *ms_state_str(enum ms_state s);

struct ms_dispatch_rcpt {
	struct ms_addr addr;
	bool visible;		/* in To or Cc; else Bcc: a copy of its own */
	enum ms_action action;
	enum ms_state state;	/* out */
	char reason[512];	/* out */
};

struct ms_dispatch {
	const struct ms_cms_signer *signers;	/* the sender's */
	size_t nsigners;
	X509 *const *self;	/* the sender's encryption certificates */
	size_t nself;
	ms_stamp_fn *stamp;	/* or NULL: no timestamp */
	void *stamp_arg;
	struct ms_lookup *lookup;
	enum ms_cipher cipher;	/* AUTO: AES-256-CBC unless every recipient is
				 * known to read GCM */
	struct ms_transport *const *transports;	/* tried in order */
	size_t ntransports;
	bool partial;		/* go on for those that can be sealed */
	bool dry_run;		/* decide, and deliver nothing */
	time_t now;
	const char *tmpdir;
};

/*
 * Decide for every recipient; sign once; seal one copy for all visible
 * recipients and one for each other; deliver.  from: envelope sender, "" for
 * the null sender.  Bcc fields are dropped before signing.  0 when everybody
 * is MS_STATE_SEALED (MS_STATE_READY in a dry run); else -1: MS_TEMPFAIL only
 * if nobody has received anything and trying again may help, MS_NO otherwise,
 * or the class of what made signing or sealing impossible.
 */
int ms_dispatch(const struct ms_dispatch *d, struct ms_spool *message,
    const char *from, struct ms_dispatch_rcpt *rcpts,
    size_t n, struct ms_err *err);

#endif
