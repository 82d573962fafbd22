/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and progress, on stderr. */
#include "cli/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A message, in bytes, before and after its control bytes are escaped. */
#define TEXT_MAX 2048
#define LINE_MAX_BYTES ((size_t)4 * TEXT_MAX + 256)

/* Progress appears after this long, then so often. */
#define PROGRESS_FIRST_MS 1000
#define PROGRESS_EVERY_MS 200

/* There is nobody to tell when stderr fails. */
static void
put(const char *p, size_t n)
{
	ssize_t k;

	while (n > 0) {
		k = write(STDERR_FILENO, p, n);
		if (k == -1 && errno == EINTR)
			continue;
		if (k <= 0)
			return;
		p += k;
		n -= (size_t)k;
	}
}

/* One write, so that lines of two programs in a pipe do not mix. */
static void
line(const struct ms_cli *c, const char *kind, const char *text)
{
	struct ms_buf b = MS_BUF_INIT(LINE_MAX_BYTES);

	cli_progress_wipe(c);
	if (ms_buf_addf(&b, NULL, "%s: %s", c->prog->name, kind) == 0 &&
	    ms_escape(&b, text, strlen(text), NULL) == 0 &&
	    ms_buf_addc(&b, '\n', NULL) == 0)
		put((const char *)b.p, b.n);
	ms_buf_clear(&b);
}

static void __attribute__((format(printf, 3, 0)))
vline(const struct ms_cli *c, const char *kind, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	line(c, kind, text);
}

void
ms_cli_say(const struct ms_cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	va_start(ap, fmt);
	vline(c, "", fmt, ap);
	va_end(ap);
}

void
ms_cli_verbose(const struct ms_cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->verbose == 0)
		return;
	va_start(ap, fmt);
	vline(c, "", fmt, ap);
	va_end(ap);
}

void
ms_cli_warn(const struct ms_cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	va_start(ap, fmt);
	vline(c, "warning: ", fmt, ap);
	va_end(ap);
}

void
ms_cli_error(const struct ms_cli *c, const struct ms_err *err)
{
	line(c, "", err->text[0] != '\0' ? err->text : "failed");
	if (err->hint[0] != '\0')
		line(c, "hint: ", err->hint);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
cli_progress_wipe(const struct ms_cli *c)
{
	static const char wipe[] = "\r\033[K";

	if (c->state == NULL || !c->state->progress_shown)
		return;
	c->state->progress_shown = false;
	put(wipe, sizeof(wipe) - 1);
}

static void
draw(const char *what, uint64_t done, uint64_t total)
{
	struct ms_buf b = MS_BUF_INIT(LINE_MAX_BYTES);
	double mib = (double)done / (1024 * 1024);

	ms_buf_adds(&b, "\r\033[K", NULL);
	ms_escape(&b, what, strlen(what), NULL);
	if (total != 0)
		ms_buf_addf(&b, NULL, " %.0f MiB, %.0f %%", mib,
		    100 * ((double)done / (double)total));
	else
		ms_buf_addf(&b, NULL, " %.0f MiB", mib);
	put((const char *)b.p, b.n);
	ms_buf_clear(&b);
}

void
ms_cli_progress(struct ms_cli *c, const char *what, uint64_t done,
    uint64_t total)
{
	struct ms_cli_state *st = c->state;
	int64_t now;

	if (c->quiet || isatty(STDERR_FILENO) == 0)
		return;
	if (total != 0 && done >= total) {
		cli_progress_wipe(c);
		st->progress_next_ms = 0;
		return;
	}
	now = now_ms();
	if (st->progress_next_ms == 0) {
		st->progress_next_ms = now + PROGRESS_FIRST_MS;
		return;
	}
	if (now < st->progress_next_ms)
		return;
	st->progress_next_ms = now + PROGRESS_EVERY_MS;
	draw(what, done, total);
	st->progress_shown = true;
}
