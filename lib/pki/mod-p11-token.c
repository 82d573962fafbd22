/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: which are there, logging in. */
#define MS_P11_PRIVATE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/mod-p11.h"

#define PIN_MAX ((size_t)255)	/* bytes; tokens take 8 to 64 */
#define SLOTS_MAX 1024

int
p11_session(struct p11_token *t, CK_SESSION_HANDLE *ret, struct ms_err *err)
{
	CK_RV rv = t->f->C_OpenSession(t->slot, CKF_SERIAL_SESSION, NULL, NULL,
	    ret);

	return rv == CKR_OK ? 0 : p11_fail(err, rv, "token '%s'", t->label);
}

struct p11_token *
p11_token_ref(struct p11_token *t)
{
	atomic_fetch_add(&t->refs, 1);
	return t;
}

void
p11_token_free(struct p11_token *t)
{
	if (!t || atomic_fetch_sub(&t->refs, 1) != 1)
		return;
	if (t->session != CK_INVALID_HANDLE && t->pid == getpid())
		t->f->C_CloseSession(t->session);
	ms_buf_clear(&t->pin);
	p11_free(t->p11);
	free(t);
}

int
p11_token_forked(struct p11_token *t, struct ms_err *err)
{
	if (t->pid == getpid())
		return 0;
	if (p11_forked(t->p11, err) != 0 ||
	    p11_session(t, &t->session, err) != 0)
		return -1;
	t->pid = getpid();
	return 0;
}

static int
token_new(struct p11 *p, CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
    const CK_TOKEN_INFO *info, struct p11_token **ret, struct ms_err *err)
{
	struct p11_token *t = calloc(1, sizeof(*t));
	size_t n;

	if (!t)
		return ms_fail_nomem(err);
	atomic_init(&t->refs, 1);
	t->session = CK_INVALID_HANDLE;
	t->f = f;
	t->slot = slot;
	t->pid = getpid();
	t->info = *info;
	ms_buf_init_secret(&t->pin, PIN_MAX);
	n = p11_kit_space_strlen(info->label, sizeof(info->label));
	memcpy(t->label, info->label, n);
	t->label[n] = '\0';
	atomic_fetch_add(&p->refs, 1);
	t->p11 = p;
	if (p11_session(t, &t->session, err) != 0) {
		p11_token_free(t);
		return -1;
	}
	*ret = t;
	return 0;
}

/* A slot whose token the URI means: 1, 0, -1. */
static int
is_meant(struct p11 *p, CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
    CK_TOKEN_INFO *info)
{
	CK_SLOT_ID want = p11_kit_uri_get_slot_id(p->uri);
	CK_SLOT_INFO si;

	return (want == (CK_SLOT_ID)-1 || want == slot) &&
	    f->C_GetSlotInfo(slot, &si) == CKR_OK &&
	    p11_kit_uri_match_slot_info(p->uri, &si) &&
	    f->C_GetTokenInfo(slot, info) == CKR_OK &&
	    (info->flags & CKF_TOKEN_INITIALIZED) &&
	    p11_kit_uri_match_token_info(p->uri, info);
}

static int
slots_of(CK_FUNCTION_LIST *f, CK_SLOT_ID **ret, CK_ULONG *n,
    struct ms_err *err)
{
	*ret = NULL;
	if (f->C_GetSlotList(CK_TRUE, NULL, n) != CKR_OK || *n == 0 ||
	    *n > SLOTS_MAX) {
		*n = 0;
		return 0;
	}
	*ret = calloc(*n, sizeof(**ret));
	if (!*ret)
		return ms_fail_nomem(err);
	if (f->C_GetSlotList(CK_TRUE, *ret, n) != CKR_OK)
		*n = 0;		/* pulled out just now */
	return 0;
}

/* Returns how many tokens were meant, or -1. */
static int
each_of(struct p11 *p, CK_FUNCTION_LIST *f, ms_pass_fn *pass, void *arg,
    p11_token_fn *fn, void *fn_arg, struct ms_err *err)
{
	struct p11_token *t = NULL;
	CK_TOKEN_INFO info;
	CK_SLOT_ID *slot;
	CK_ULONG i, n;
	int seen = 0;

	if (slots_of(f, &slot, &n, err) != 0)
		return -1;
	for (i = 0; seen >= 0 && i < n; i++) {
		if (!is_meant(p, f, slot[i], &info))
			continue;
		if (token_new(p, f, slot[i], &info, &t, err) != 0) {
			seen = -1;
			break;
		}
		t->pass = pass;
		t->arg = arg;
		seen = fn(fn_arg, t, err) == 0 ? seen + 1 : -1;
		p11_token_free(t);
	}
	free(slot);
	return seen;
}

int
p11_tokens(struct p11 *p, ms_pass_fn *pass, void *arg, p11_token_fn *fn,
    void *fn_arg, struct ms_err *err)
{
	CK_INFO info;
	int seen = 0, r;
	size_t i;

	for (i = 0; p->v[i]; i++) {
		if (p->v[i]->C_GetInfo(&info) != CKR_OK ||
		    !p11_kit_uri_match_module_info(p->uri, &info))
			continue;
		r = each_of(p, p->v[i], pass, arg, fn, fn_arg, err);
		if (r < 0)
			return -1;
		seen += r;
	}
	if (seen > 0)
		return 0;
	ms_fail(err, MS_UNAVAILABLE, "the token that the PKCS#11 URI names is "
	    "not there");
	return ms_hint(err, "plug it in; p11-kit list-modules shows the "
	    "tokens that are there");
}

/* ---- PIN ---- */

/* The first line; as with other secrets, a file that others can read is
 * refused. */
static int
pin_from_file(const char *path, struct ms_buf *pin, struct ms_err *err)
{
	char line[256 + 1];
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc = -1;

	if (fd < 0)
		return ms_fail_errno(err, MS_NOPERM, "cannot open pin-source "
		    "'%s'", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IRGRP | S_IROTH))) {
		ms_fail(err, MS_NOPERM, "pin-source '%s' can be read by "
		    "others", path);
		ms_hint(err, "chmod 600 %s", path);
	} else if ((n = read(fd, line, sizeof(line) - 1)) < 0) {
		ms_fail_errno(err, MS_NOPERM, "cannot read pin-source '%s'",
		    path);
	} else {
		line[n] = '\0';
		rc = ms_buf_add(pin, line, strcspn(line, "\r\n"), err);
	}
	ms_wipe(line, sizeof(line));
	close(fd);
	return rc;
}

static int
get_pin(struct p11_token *t, struct ms_err *err)
{
	const char *from = p11_kit_uri_get_pin_source(t->p11->uri);
	struct ms_buf who = MS_BUF_INIT(256);
	int rc;

	if (t->pin.n > 0)
		return 0;
	if (from && from[0] == '|')
		return ms_fail(err, MS_USAGE, "pin-source in a PKCS#11 URI "
		    "names a program: only a file is read");
	if (from)
		return pin_from_file(strncmp(from, "file://", 7) == 0 ?
		    from + 7 : strncmp(from, "file:", 5) == 0 ? from + 5 :
		    from, &t->pin, err);
	if (!t->pass)
		return ms_fail(err, MS_NOPERM, "token '%s' wants a PIN",
		    t->label);
	rc = ms_buf_addf(&who, err, "token '%s'", t->label);
	if (rc == 0)
		rc = t->pass(t->arg, "pin", ms_buf_str(&who), &t->pin, err);
	ms_buf_clear(&who);
	return rc;
}

/* What a refused PIN means for the next try. */
static int
pin_refused(struct p11_token *t, CK_RV rv, struct ms_err *err)
{
	t->refused = true;
	ms_buf_clear(&t->pin);
	ms_fail(err, MS_NOPERM, "token '%s' refuses the PIN: %s", t->label,
	    p11_kit_strerror(rv));
	if (t->f->C_GetTokenInfo(t->slot, &t->info) != CKR_OK)
		return -1;
	if (t->info.flags & CKF_USER_PIN_LOCKED)
		ms_hint(err, "the PIN is locked: the token's own tool unlocks "
		    "it");
	else if (t->info.flags & CKF_USER_PIN_FINAL_TRY)
		ms_hint(err, "the next wrong PIN locks the token");
	return ms_hint(err, "too many wrong PINs lock a token: make sure "
	    "before the next try");
}

static int
log_in(struct p11_token *t, CK_USER_TYPE as, CK_SESSION_HANDLE s,
    struct ms_err *err)
{
	bool pad = t->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH;
	CK_RV rv;

	if (t->refused)
		return ms_fail(err, MS_NOPERM, "token '%s' refused the PIN",
		    t->label);
	if (!pad && get_pin(t, err) != 0)
		return -1;
	rv = t->f->C_Login(s, as, pad ? NULL : t->pin.p,
	    pad ? 0 : t->pin.n);
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return 0;
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE ||
	    rv == CKR_PIN_INVALID || rv == CKR_PIN_LOCKED ||
	    rv == CKR_PIN_EXPIRED || rv == CKR_USER_PIN_NOT_INITIALIZED ||
	    rv == CKR_FUNCTION_CANCELED)
		return pin_refused(t, rv, err);
	return p11_fail(err, rv, "cannot log in to token '%s'", t->label);
}

int
p11_login(struct p11_token *t, struct ms_err *err)
{
	CK_SESSION_INFO si;

	if (!(t->info.flags & CKF_LOGIN_REQUIRED))
		return 0;
	if (t->f->C_GetSessionInfo(t->session, &si) == CKR_OK &&
	    (si.state == CKS_RO_USER_FUNCTIONS ||
	    si.state == CKS_RW_USER_FUNCTIONS))
		return 0;
	return log_in(t, CKU_USER, t->session, err);
}

int
p11_login_again(struct p11_token *t, CK_SESSION_HANDLE s, struct ms_err *err)
{
	return log_in(t, CKU_CONTEXT_SPECIFIC, s, err);
}
