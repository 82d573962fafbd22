/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from common.c, so that a tool that looks nothing up does not link
 * what looks up. */
#include "common.h"

struct ms_strs ms_common_sources;

const struct ms_opt ms_common_source_opts[] = {
	{ .name = "source", .kind = MS_OPT_LIST, .to = &ms_common_sources,
	    .arg = "URI", .help = "look certificates up there; in order" },
	MS_OPT_END
};

int
ms_common_lookup(struct ms_cli *c, struct ms_trust *trust,
    struct ms_lookup **ret)
{
	struct ms_lookup *l = NULL;
	size_t i;

	if (ms_common_sources.n == 0) {
		ms_fail(&c->err, MS_CONFIG, "nowhere to look certificates up");
		return ms_hint(&c->err, "name a source with --source URI, or "
		    "as 'source = URI' in mailseal.conf");
	}
	if (ms_trust_is_empty(trust)) {
		ms_fail(&c->err, MS_CONFIG,
		    "no trust anchors: nothing found could be trusted");
		ms_common_hint_trust(c);
		return -1;
	}
	if (ms_lookup_new(trust, ms_common_at(), &l, &c->err) != 0)
		return -1;
	for (i = 0; i < ms_common_sources.n; i++)
		if (ms_lookup_add(l, ms_common_sources.v[i], &c->err) != 0) {
			ms_lookup_free(l);
			return -1;
		}
	*ret = l;
	return 0;
}
