/* SPDX-License-Identifier: Apache-2.0 */
/* What needs nothing but cli, apart so that it brings no more along. */
#include "common.h"

#include <string.h>

int
ms_common_pass(void *cli, const char *what, const char *who,
    struct ms_buf *pass, struct ms_err *err)
{
	((struct ms_cli *)cli)->keyring = ms_keyring_passphrase;
	return ms_cli_passphrase(cli, what, who, false, pass, err);
}

int
ms_common_column(struct ms_buf *line, const char *text, struct ms_err *err)
{
	if (line->n > 0 && ms_buf_addc(line, '\t', err) != 0)
		return -1;
	if (!text || !*text)
		text = "-";
	return ms_escape(line, text, strlen(text), err);
}
