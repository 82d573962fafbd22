/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>
#include <unistd.h>

#include "pdf.h"

int
pdf_input(struct ms_cli *c, int *fd, bool *owned)
{
	struct stat st;

	*owned = false;
	*fd = ms_cli_io.in_fd;
	if (*fd != -1 && fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    lseek(*fd, 0, SEEK_CUR) == 0)
		return 0;
	if (ms_pdf_spill(ms_cli_io.in, fd, &c->err) != 0)
		return -1;
	*owned = true;
	return 0;
}

static void
warn(void *arg, const char *text)
{
	ms_cli_warn(arg, "%s", text);
}

int
pdf_sign(struct ms_cli *c, struct ms_pades_sign *conf)
{
	bool owned;
	int fd, rc = -1;

	conf->tmpdir = c->tmpdir;
	conf->warn = warn;
	conf->warn_arg = c;
	if (pdf_input(c, &fd, &owned) != 0)
		return -1;
	if (ms_cli_output(c, true, false, &ms_cli_io) == 0 &&
	    ms_pades_sign(conf, fd, ms_cli_io.in_name,
	    ms_out_sink(ms_cli_io.out), &c->err) == 0)
		rc = ms_cli_publish(c, &ms_cli_io);
	if (owned)
		close(fd);
	return rc;
}
