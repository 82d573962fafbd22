/* SPDX-License-Identifier: Apache-2.0 */
/* What a token says of itself, before anything is judged. */
#include "tsp/tsp.h"

bool
ms_tsp_is_response(struct ms_span der)
{
	struct ms_span outer, v;
	int tag;

	/* A ContentInfo begins with an OID, a TimeStampResp with its status. */
	return ms_der_next(&der, &tag, &outer, NULL, NULL) == 0 &&
	    tag == MS_SEQUENCE &&
	    ms_der_next(&outer, &tag, &v, NULL, NULL) == 0 &&
	    tag == MS_SEQUENCE;
}

int
ms_token_info(struct ms_span der, struct ms_tstinfo *ti, struct ms_err *err)
{
	struct ms_buf info = MS_BUF_INIT(MS_TSP_TOKEN);
	struct ms_signed *sd = NULL;
	struct ms_src *content, *src = ms_src_mem(der.p, der.n, err);
	int rc = -1;

	if (!src || ms_signed_begin(src, &sd, err) != 0)
		goto out;
	content = ms_signed_content_type(sd) == MS_OID_TSTInfo ?
	    ms_signed_content(sd, err) : NULL;
	if (!content) {
		ms_fail(err, MS_DATA, "RFC 3161 section 2.4.2: the content is "
		    "no TSTInfo");
		goto out;
	}
	if (ms_src_slurp(content, &info, err) == 0)
		rc = ms_tstinfo_parse(ms_buf_span(&info), ti, err);
out:
	ms_signed_free(sd);
	ms_src_free(src);
	ms_buf_clear(&info);
	return rc;
}
