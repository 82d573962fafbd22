/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CMS (RFC 5652, 5083, 5084, 5753, 5754, 5035) as streams: SignedData,
 * EnvelopedData, AuthEnvelopedData, written and read by our own engine over
 * EVP primitives.  Memory does not grow with the content.
 */
#ifndef MS_CMS_H
#define MS_CMS_H

#include "cms/enveloped.h"
#include "cms/signed.h"

/*
 * Content type of a ContentInfo (BER or DER), looking only at the first bytes
 * that are ready in src; nothing is taken.  MS_OID_UNKNOWN when it is no
 * ContentInfo we know.
 */
enum ms_oid ms_cms_guess(struct ms_src *src, struct ms_err *err);
/*
 * Source of the DER behind PEM armour (RFC 7468: "-----BEGIN CMS-----",
 * "PKCS7"; gpgsm's "SIGNED MESSAGE", "ENCRYPTED MESSAGE", "SIGNATURE") when
 * src begins so, else src itself.  MS_DATA for another label, and at the end
 * for a missing END line and for more than white space behind it.  *owned says
 * whether the result is to be freed.
 */
struct ms_src *ms_cms_unarmor(struct ms_src *src, bool *owned,
    struct ms_err *err);
/* Sink that writes PEM armour with this label around base64; end() closes
 * it. */
struct ms_sink *ms_cms_armor(struct ms_sink *to, const char *label,
    struct ms_err *err);

#endif
