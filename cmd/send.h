/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ms-send: its words, the message, the recipients. */
#ifndef MS_SEND_H
#define MS_SEND_H

#include "common.h"
#include "dispatch/dispatch.h"

/* What the command line said. */
struct send_opts {
	bool from_header;	/* -t: recipients from To, Cc, Bcc */
	char *envelope_from;	/* -f, -r; "" or "<>": the null sender */
	char *full_name;	/* -F */
	char *from;		/* --from */
	char *subject;		/* -s */
	char *html;		/* --html FILE */
	struct ms_strs attach;
	struct ms_strs cc, bcc, reply_to;
	struct ms_strs header;	/* --header 'Name: value' */
	char *domain;		/* for unqualified addresses */
	char *aliases;		/* FILE of "name: address" lines */
};
extern struct send_opts send_opts;
/* Option rows that set it, sendmail's among them. */
extern const struct ms_opt send_own_opts[];
/* What a sendmail flag asked for that is not sending: MS_USAGE with a hint in
 * c->err. */
int send_refused_mode(struct ms_cli *c);

/* An address that was met: in a field, or as an operand or option. */
struct send_seen {
	struct ms_addr addr;
	size_t at;		/* its place */
	bool visible;		/* in To or Cc */
	bool wanted;		/* gets the message */
};

/* A message on its way. */
struct send_msg {
	struct ms_spool *spool;	/* header complete, CRLF not required */
	struct ms_addr from;
	struct send_seen *seen;	/* addresses as they were met */
	size_t nseen, seen_cap;
	struct ms_dispatch_rcpt *rcpts;
	size_t n;
};
void send_msg_clear(struct send_msg *m);

/* Whether stdin is a body (-s, -a, --html) rather than a whole message. */
bool send_composes(void);
/* send-compose.c: build it from options, operands and the body on stdin. */
int send_compose(struct ms_cli *c, struct send_msg *m);
/* send-message.c: take it whole from stdin; add Date, Message-ID and From
 * where they are missing, qualify what has no domain. */
int send_take(struct ms_cli *c, struct send_msg *m);

/* send-rcpts.c */
/*
 * Parse the value of an address field; who has no domain gets one by aliases
 * or --domain, and MS_CONFIG when neither helps.  *completed: somebody had
 * none.
 */
int send_parse(struct ms_cli *c, struct ms_span value, struct ms_addrlist *l,
    bool *completed);
/* The same for an operand or the value of an option, which has one line and
 * names somebody; what it names is put behind l. */
int send_addrs(struct ms_cli *c, const char *value, struct ms_addrlist *l);
/* Note addresses. */
int send_see(struct ms_cli *c, struct send_msg *m,
    const struct ms_addrlist *l, bool visible, bool wanted);
/* Make m->rcpts of all that are wanted: each once, in the order in which they
 * were met, visible if it was so anywhere. */
int send_settle(struct ms_cli *c, struct send_msg *m);
/* The sender's address when nobody named one: --from, else the identity that
 * acts; NULL when there is none. */
const char *send_default_from(void);

#endif
