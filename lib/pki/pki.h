/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pki: certificates, keys, trust, issuing.  This header gathers the topics of
 * the area; each topic documents itself.
 */
#ifndef MS_PKI_H
#define MS_PKI_H

#include "pki/alg.h"
#include "pki/key.h"
#include "pki/cert.h"
#include "pki/trust.h"
#include "pki/issue.h"
#include "pki/token.h"
#include "pki/keyring.h"

#endif
