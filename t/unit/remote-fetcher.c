/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching what certificates name: limits, what is kept, what is not asked. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "peer.h"
#include "remote/remote.h"
#include "tap.h"

static struct ms_err err;
static char dir[] = "/tmp/unit-fetcher.XXXXXX";
static char cache[64];
static struct ms_fetcher_conf conf = { cache, true, 9000, 9000, 90000 };
static struct ms_fetch f;
static struct peer p;
static char url[64];
static struct ms_fetch_query q = { MS_FETCH_CRL, url, { NULL, 0 }, false };
static struct ms_buf got = MS_BUF_INIT(100);

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" \
	"Connection: close\r\n\r\nhello"

static void
start(const struct step *script)
{
	peer_start(&p, script);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/a", p.port);
	if (ms_fetcher_new(&conf, &f, &err) != 0)
		exit(1);
}

static void
stop(bool finish)
{
	f.free(f.arg);
	peer_stop(&p, finish);
	peer_forget(&p);
}

static int
get(void)
{
	ms_buf_reset(&got);
	return f.get(f.arg, &q, &got, &err);
}

static void
keep(time_t until)
{
	f.keep(f.arg, &q, ms_buf_span(&got), until);
}

static void
kept(void)
{
	static const struct step script[] = { { "HTTP", ANSWER },
		{ "NEW", NULL }, { "HTTP", ANSWER }, { "NEW", NULL },
		{ "HTTP", ANSWER }, { NULL, NULL } };
	struct ms_fetch_query other = { MS_FETCH_OCSP, url,
		{ (const unsigned char *)"x", 1 }, false };

	start(script);
	is_int(get(), 0, "fetched");
	is_str(ms_buf_str(&got), "hello", "what it said");
	keep(time(NULL) + 100);
	is_int(get(), 1, "kept");
	is_str(ms_buf_str(&got), "hello", "the same");
	q.anew = true;
	is_int(get(), 0, "anew");
	q.anew = false;
	ms_buf_reset(&got);
	ms_buf_adds(&got, "other", &err);
	keep(time(NULL) - 1);
	is_int(get(), 0, "out of date");
	stop(true);
	/* as another one it was not kept */
	conf.budget_ms = 0;
	start(script);
	ms_buf_reset(&got);
	fails(f.get(f.arg, &other, &got, &err), &err, MS_TEMPFAIL,
	    "used up", "no time is left to ask anybody");
	conf.budget_ms = 90000;
	stop(false);
}

static void
failures(void)
{
	static const struct step gone[] = {
		{ "HTTP", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" },
		{ NULL, NULL } };
	static const struct step slow[] = { { "HTTP", "HTTP/1.1 200 OK\r\n"
		"Content-Length: 5\r\n\r\nhe" }, { "HANG", NULL },
		{ NULL, NULL } };
	static const struct step moved[] = { { "HTTP", "HTTP/1.1 301 Moved\r\n"
		"Location: /b\r\nContent-Length: 0\r\n\r\n" },
		{ NULL, NULL } };
	static const struct step many[] = { { "HTTP", "HTTP/1.1 200 OK\r\n\r\n"
		"0123456789012345678901234567890123456789012345678901234567890"
		"0123456789012345678901234567890123456789012345678901234567890"
		}, { NULL, NULL } };

	start(gone);
	fails(get(), &err, MS_TEMPFAIL, "HTTP status 500", "status 500");
	fails(get(), &err, MS_TEMPFAIL, "HTTP status 500", "not asked again");
	q.anew = true;
	fails(get(), &err, MS_TEMPFAIL, "HTTP status 500", "nor anew");
	q.anew = false;
	stop(true);
	conf.total_ms = 200;
	start(slow);
	fails(get(), &err, MS_TEMPFAIL, "127.0.0.1", "too slow");
	is_int((long long)got.n, 0, "nothing of it is taken");
	stop(false);
	conf.total_ms = 9000;
	start(many);
	fails(get(), &err, MS_DATA, "larger than 100", "too large");
	stop(false);
	start(moved);
	fails(get(), &err, MS_TEMPFAIL, "HTTP status 301", "a redirect");
	stop(true);
	conf.private_hosts = false;
	start(moved);
	fails(get(), &err, MS_NOPERM, "not a public address", "loopback");
	stop(false);
	conf.private_hosts = true;
	start(moved);
	q.url = "ftp://127.0.0.1/";
	fails(get(), &err, MS_USAGE, "not an http", "another scheme");
	q.url = url;
	stop(false);
}

/* What lies in the cache is removed when it is out of date, if it is ours. */
static void
pruned(void)
{
	static const struct step script[] = { { "HTTP", ANSWER },
		{ NULL, NULL } };
	struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	char ours[160], others[160];
	struct stat st;

	snprintf(ours, sizeof(ours), "%s/%064d.ocsp", cache, 0);
	snprintf(others, sizeof(others), "%s/%063d.ocsp", cache, 0);
	close(open(ours, O_CREAT | O_WRONLY, 0600));
	close(open(others, O_CREAT | O_WRONLY, 0600));
	utimensat(AT_FDCWD, ours, old, 0);
	utimensat(AT_FDCWD, others, old, 0);
	start(script);
	is_int(get(), 0, "fetched");
	keep(time(NULL) + 100);
	ok(stat(ours, &st) != 0, "what is out of date goes");
	ok(stat(others, &st) == 0, "what is not ours stays");
	stop(true);
	conf.cache = "/dev/null/x";
	start(script);
	is_int(get(), 0, "fetched, with no place to keep it");
	keep(time(NULL) + 100);
	stop(true);
	conf.cache = NULL;
	start(script);
	is_int(get(), 0, "fetched, with none named");
	keep(time(NULL) + 100);
	stop(true);
	conf.cache = cache;
}

static void
clean(void)
{
	struct dirent *e;
	DIR *d = opendir(cache);

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(cache);
	rmdir(dir);
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(cache, sizeof(cache), "%s/cache", dir);
	kept();
	failures();
	pruned();
	ms_buf_clear(&got);
	clean();
	return tap_done();
}
