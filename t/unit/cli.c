/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: options, configuration, passphrases. */
#include "cli/cli.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char dir[] = "/tmp/unit-cli.XXXXXX";

/* The program under test. */
static bool flag, no_own;
static char *format;
static struct ms_strs source;
static uint64_t count, age_s;
static time_t when;
static char seen[64];

static int
see(void *to, const char *value, struct ms_err *err)
{
	size_t n = strlen(seen);

	snprintf(seen + n, sizeof(seen) - n, "%s;", value ? value : "-");
	return 0;
}

static const struct ms_opt opts[] = {
	{ .name = "allow-legacy", .letter = 'l', .kind = MS_OPT_FLAG,
	    .to = &flag, .help = "x" },
	{ .name = "no-own", .kind = MS_OPT_FLAG, .to = &no_own,
	    .no_conf = true },
	{ .name = "cipher", .letter = 'F', .kind = MS_OPT_STR, .to = &format,
	    .arg = "NAME", .choices = "auto|mail|cms" },
	{ .name = "source", .letter = 's', .kind = MS_OPT_LIST,
	    .to = &source, .arg = "URI" },
	{ .name = "accuracy", .kind = MS_OPT_UINT, .to = &count, .arg = "N",
	    .min = 1, .max = 64 },
	{ .name = "days", .kind = MS_OPT_DURATION, .to = &age_s,
	    .arg = "TIME" },
	{ .name = "when", .kind = MS_OPT_TIME, .to = &when, .arg = "TIME",
	    .no_conf = true },
	{ .name = "", .letter = 'O', .kind = MS_OPT_CALL, .arg = "X",
	    .call = see, .hidden = true },
	{ .name = "", .letter = 'm', .kind = MS_OPT_CALL, .call = see,
	    .hidden = true },
	/* Takes -q away from --quiet, as ms-send does. */
	{ .name = "run", .letter = 'q', .kind = MS_OPT_CALL, .arg = "X",
	    .call = see, .hidden = true },
	MS_OPT_END
};
static const struct ms_opt *const groups[] = {
	ms_cli_secret_opts, ms_cli_output_opts, NULL
};
static const struct ms_prog prog = {
	.name = "ms-lookup", .usage = "[ADDRESS...]", .about = "Test.",
	.opts = opts, .groups = groups
};
static const struct ms_prog with_verbs = {
	.name = "ms-ca", .opts = opts, .verbs = "init|issue"
};

static void
put(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);

	if (fd == -1 || write(fd, text, strlen(text)) == -1 ||
	    fchmod(fd, mode) == -1)
		perror(name);
	close(fd);
}

static void
reset(void)
{
	flag = no_own = false;
	count = age_s = 0;
	when = 0;
	seen[0] = '\0';
}

/* Begin with the words of a line (split at blanks; ~ stands for a blank). */
static int
begin_as(struct ms_cli *c, const struct ms_prog *p, const char *line)
{
	static char buf[512];
	char *argv[32], *s;
	int n = 0;

	reset();
	snprintf(buf, sizeof(buf), "prog %s", line);
	for (s = buf; *s != '\0' && n < 31;) {
		argv[n++] = s;
		s += strcspn(s, " ");
		if (*s == ' ')
			*s++ = '\0';
	}
	argv[n] = NULL;
	for (s = buf; s < buf + sizeof(buf); s++)
		if (*s == '~')
			*s = ' ';
	return ms_cli_begin(c, p, n, argv);
}

static int
begin(struct ms_cli *c, const char *line)
{
	return begin_as(c, &prog, line);
}

/* A command line that is refused with this exit code. */
static void
refused(const char *line, int code)
{
	struct ms_cli c;

	is_int(begin(&c, line), code, line);
}

static void
test_options(void)
{
	struct ms_cli c;

	is_int(begin(&c, "-l -F cms a --source=x -s y - -vv --accuracy 3 b"),
	    -1, "options and operands mixed");
	ok(flag, "a flag");
	is_str(format, "cms", "a string");
	ok(source.n == 2 && ms_streq(source.v[1], "y"), "a list");
	ok(c.args.n == 3 && ms_streq(c.args.v[1], "-"), "operands");
	is_int(c.verbose, 2, "-vv");
	is_int((long long)count, 3, "a number");
	is_int(ms_cli_end(&c, 0), 0, "end");
	ok(format == NULL && source.n == 0, "values are freed");

	is_int(begin(&c, "--allow-legacy --no-allow-legacy --no-own "
	    "-v --no-verbose --days 30d --when @5 -- -l"), -1, "twins");
	ok(!flag && no_own && c.verbose == 0, "twins switch back");
	is_int((long long)age_s, 30 * 86400, "a duration");
	is_int(when, 5, "a time");
	ok(c.args.n == 1 && ms_streq(c.args.v[0], "-l"), "-- ends options");
	ms_cli_end(&c, 0);

	is_int(begin(&c, "--no-own --own -Oa -mO b -q5"), -1, "calls");
	ok(!no_own, "--own is the twin of --no-own");
	is_str(seen, "a;-;b;5;", "calls come in order, letters first come");
	ok(!c.quiet, "a program takes a letter from the common options");
	ms_cli_end(&c, 0);
}

static void
test_refusals(void)
{
	refused("--nonsense", 64);
	refused("-Z", 64);
	refused("--source", 64);
	refused("--allow-legacy=1", 64);
	refused("--accuracy 0", 64);
	refused("--accuracy 65", 64);
	refused("--accuracy 1x", 64);
	refused("--cipher rot13", 64);
	refused("--cipher au", 64);
	refused("--when yesterday", 64);
	refused("--days many", 64);
	refused("--passphrase-command x", 64);
	refused("smtp://u:p@host", 64);
	refused("-s https://u:p@host/", 64);
	refused("--source=https://u:p@host/", 64);
	refused("-s pkcs11:token=x;pin-value=1", 64);
	refused("--source=pkcs11:token=x?pin-value=1", 64);
}

static void
test_innocent(void)
{
	struct ms_cli c;

	is_int(begin(&c, "smtp://u@host:25 https://host/a:b@c see~x://u:p@h "
	    "x://[::1]:80/ a:b@c"), -1, "URIs without a secret pass");
	ms_cli_end(&c, 0);
	is_int(begin(&c, "-s a!#:+b -sx!#:\001\001+ -s !#:+!#:+ rest "
	    "r!#:+ -s !#:x --source=!#:+"), -1, "what popt would expand");
	ok(source.n == 5, "no option lost");
	ok(source.n == 5 && ms_streq(source.v[0], "a!#:+b") &&
	    ms_streq(source.v[1], "x!#:\001\001+") &&
	    ms_streq(source.v[2], "!#:+!#:+") &&
	    ms_streq(source.v[3], "!#:x") && ms_streq(source.v[4], "!#:+"),
	    "values as they were given");
	ok(c.args.n == 2 && ms_streq(c.args.v[0], "rest") &&
	    ms_streq(c.args.v[1], "r!#:+"), "operands as they were given");
	ms_cli_end(&c, 0);
}

static void
test_verbs(void)
{
	struct ms_cli c;

	is_int(begin_as(&c, &with_verbs, "-l issue x"), -1, "a known command");
	is_str(c.args.v[0], "issue", "stays the first operand");
	ms_cli_end(&c, 0);
	is_int(begin_as(&c, &with_verbs, "iss"), 64, "an unknown command");
	is_int(begin_as(&c, &with_verbs, "issue|"), 64, "no part of the list");
	is_int(begin_as(&c, &with_verbs, ""), 64, "a missing command");
}

static void
conf_refused(const char *text, const char *what)
{
	struct ms_cli c;

	put("mailseal.conf", text, 0600);
	is_int(begin(&c, ""), 78, what);
	unlink("mailseal.conf");
}

static void
test_conf(void)
{
	struct ms_cli c;

	put("mailseal.conf", "source = a\nsource = b\nallow-legacy = yes\n"
	    "cipher = mail\naccuracy = 5\ndomain = other.program\n"
	    "[ms-lookup]\naccuracy = 6\n[ms-sign]\naccuracy = 7\n"
	    "[Alice@a.example]\ncipher = cms\nsource = c\n"
	    "allow-legacy = no\n", 0600);
	is_int(begin(&c, ""), -1, "configuration");
	ok(flag && source.n == 2 && count == 6, "repeats add, sections count");
	is_int(ms_cli_section(&c, "alice@A.example"), 0, "an address acts");
	is_str(format, "cms", "its section wins over the head");
	ok(!flag && source.n == 3, "its section adds to lists");
	ms_cli_end(&c, 0);

	is_int(begin(&c, "-s z --no-allow-legacy -F auto"), -1, "both");
	ok(!flag && source.n == 1 && ms_streq(source.v[0], "z"),
	    "the command line wins and replaces");
	is_int(ms_cli_section(&c, "alice@a.example"), 0, "an address acts");
	ok(ms_streq(format, "auto") && source.n == 1, "and still wins");
	ms_cli_end(&c, 0);

	put("other.conf", "accuracy = 9\n", 0600);
	is_int(begin(&c, "--config other.conf"), -1, "--config");
	ok(count == 9 && !flag, "is read instead");
	ms_cli_end(&c, 0);
	is_int(begin(&c, "--config nowhere.conf"), 78, "--config is missing");

	conf_refused("nonsense = 1\n", "unknown key");
	conf_refused("when = @1\n", "an option that is no key");
	conf_refused("own = no\n", "a twin that is no key");
	conf_refused("[nonsense]\ndays = 1\n", "unknown section");
	conf_refused("accuracy = 65\n", "number out of range");
	conf_refused("allow-legacy = perhaps\n", "neither yes nor no");
	conf_refused("cipher = rot13\n", "none of the choices");
}

static void
is_pass(const char *line, const char *what, const char *want)
{
	struct ms_buf b = MS_BUF_INIT(10);
	struct ms_cli c;
	struct ms_err err = MS_ERR_INIT;

	if (begin(&c, line) != -1) {
		ok(0, "begin %s", line);
		return;
	}
	ms_cli_passphrase(&c, what, "alice@a.example", false, &b, &err);
	if (!is_str(b.p != NULL ? ms_buf_str(&b) : "", want, line))
		printf("# %s\n", err.text);
	ms_buf_clear(&b);
	ms_cli_end(&c, 0);
}

static void
no_pass(const char *line, const char *what, const char *words)
{
	struct ms_buf b = MS_BUF_INIT(10);
	struct ms_cli c;
	struct ms_err err = MS_ERR_INIT;

	if (begin(&c, line) != -1) {
		ok(0, "begin %s", line);
		return;
	}
	fails(ms_cli_passphrase(&c, what, "x.pem", false, &b, &err), &err,
	    MS_NOPERM, words, words);
	ms_buf_clear(&b);
	ms_cli_end(&c, 0);
}

static void
test_files(void)
{
	is_pass("--passphrase-file pw", "key", "first");
	is_pass("--passphrase-file key=pw", "key", "first");
	is_pass("--passphrase-file pw", "pin", "first");
	is_pass("--passphrase-file pw --passphrase-file export=pw2",
	    "export", "other");
	is_pass("--passphrase-file a=b", "key", "odd name");
	no_pass("--passphrase-file pw", "export", "nobody to ask");
	no_pass("--passphrase-file open", "key", "can be read by others");
	no_pass("--passphrase-file gone", "key", "No such file");
	no_pass("--passphrase-file empty", "key", "is empty");
	no_pass("--passphrase-file long", "key", "at most 1023 bytes");
	no_pass("", "key", "passphrase is needed for x.pem");
}

static void
test_fds(void)
{
	struct ms_buf b = MS_BUF_INIT(10);
	struct ms_err err = MS_ERR_INIT;
	struct ms_cli c;
	int fd = open("pw", O_RDONLY);

	dup2(fd, 9);
	close(fd);
	is_int(begin(&c, "--passphrase-fd key=9 --passphrase-fd export=9"),
	    -1, "two from one descriptor");
	is_int(ms_cli_passphrase(&c, "key", NULL, false, &b, &err), 0, "one");
	is_str(ms_buf_str(&b), "first", "the first line");
	is_int(ms_cli_passphrase(&c, "export", NULL, true, &b, &err), 0,
	    "two");
	is_str(ms_buf_str(&b), "second", "the second line");
	is_int(ms_cli_passphrase(&c, "key", NULL, false, &b, &err), 0,
	    "again");
	is_str(ms_buf_str(&b), "first", "is remembered");
	ok(b.secret, "the buffer is a secret");
	ms_buf_clear(&b);
	close(9);
	ms_cli_end(&c, 0);
	no_pass("--passphrase-fd 9", "key", "descriptor 9");
}

static void
test_programs(void)
{
	put("ask", "#!/bin/sh\nprintf '%s\\n' \"said to $1\"\n", 0700);
	is_pass("--askpass ./ask", "key",
	    "said to Passphrase for alice@a.example: ");
	put("ask", "#!/bin/sh\nexit 3\n", 0700);
	no_pass("--askpass ./ask", "key", "failed");
	no_pass("--askpass ./nothing", "key", "./nothing");
	put("mailseal.conf", "passphrase-command = echo $1 $2 # x\n", 0600);
	is_pass("", "key", "key alice@a.example");
	is_pass("--askpass ./ask", "export", "export alice@a.example");
	unlink("mailseal.conf");
}

static void
test_credentials(void)
{
	mkdir("cred", 0700);
	put("cred/mailseal.passphrase", "general\n", 0644);
	put("cred/mailseal.smtp", "relay\n", 0440);
	setenv("CREDENTIALS_DIRECTORY", "cred", 1);
	no_pass("", "key", "nobody to ask");
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	put("mailseal.passphrase", "general\n", 0644);
	put("mailseal.smtp", "relay\n", 0440);
	is_pass("", "key", "general");
	is_pass("", "smtp", "relay");
	no_pass("", "export", "nobody to ask");
	put("mailseal.passphrase.alice@a.example", "hers\n", 0400);
	is_pass("", "key", "hers");
	is_pass("--passphrase-file pw", "key", "first");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
test_places(void)
{
	struct ms_cli c;
	char want[64];

	begin(&c, "");
	is_str(c.home_config, dir, "configuration in MAILSEAL_HOME");
	snprintf(want, sizeof(want), "%s/data", dir);
	is_str(c.home_data, want, "data below it");
	ms_cli_end(&c, 0);
	setenv("MAILSEAL_HOME", "relative", 1);
	is_int(begin(&c, ""), 78, "MAILSEAL_HOME must be absolute");
	setenv("MAILSEAL_HOME", dir, 1);
}

static void
test_end(void)
{
	struct ms_cli c;

	begin(&c, "");
	is_int(ms_cli_end(&c, 1), 1, "an answer");
	begin(&c, "");
	ms_fail(&c.err, MS_DATA, "broken");
	is_int(ms_cli_end(&c, 0), 65, "an error's class");
	begin(&c, "");
	ms_fail(&c.err, MS_NO, "no");
	is_int(ms_cli_end(&c, MS_TEMPFAIL), 75, "75 goes before 1");
	begin(&c, "");
	is_int(ms_cli_end(&c, -1), 70, "a failure without an error");
}

/*
 * A person at the other end of a pseudo-terminal: answers each prompt in turn
 * and ends with 0 if what was typed was never shown.
 */
static int
person(int master, const char *const *answers)
{
	char shown[512];
	size_t n = 0;
	ssize_t k;

	while (n < sizeof(shown) - 1 &&
	    (k = read(master, shown + n, sizeof(shown) - 1 - n)) > 0) {
		n += (size_t)k;
		shown[n] = '\0';
		if (strstr(shown, "geheim") != NULL)
			return 1;
		if (n < 2 || strcmp(shown + n - 2, ": ") != 0)
			continue;
		k = write(master, *answers, strlen(*answers));
		if (k == -1 || *++answers == NULL)
			return 0;
	}
	return 1;
}

/* Ask at a terminal; the program's exit code, and what the person saw. */
static void
at_terminal(const char *const *answers, bool confirm, int want,
    const char *what)
{
	struct ms_buf b = MS_BUF_INIT(10);
	struct ms_cli c;
	int master = posix_openpt(O_RDWR | O_NOCTTY), status = -1, rc;
	pid_t user, asker;

	grantpt(master);
	unlockpt(master);
	/* Or the child prints again what is buffered. */
	fflush(stdout);
	asker = fork();
	if (asker == 0) {
		/* A job in the background inherits it ignored. */
		signal(SIGINT, SIG_DFL);
		setsid();
		rc = open(ptsname(master), O_RDWR);
		close(master);
		begin(&c, "");
		rc = ms_cli_passphrase(&c, "key", "k", confirm, &b, &c.err);
		if (rc == 0 && !ms_span_is(ms_buf_span(&b), "geheim"))
			rc = 2;
		ms_buf_clear(&b);
		_exit(ms_cli_end(&c, rc));
	}
	user = fork();
	if (user == 0)
		_exit(person(master, answers));
	waitpid(user, &status, 0);
	if (!is_int(status, 0, "what is typed is not shown"))
		kill(asker, SIGKILL);
	waitpid(asker, &status, 0);
	if (want == SIGINT)
		ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "%s",
		    what);
	else
		is_int(status, want << 8, what);
	close(master);
}

static void
test_terminal(void)
{
	static const char *const right[] = { "geheim\n", "geheim\n", NULL };
	static const char *const wrong[] = { "geheim\n", "geheims\n", NULL };
	static const char *const stop[] = { "geh\003", NULL };

	at_terminal(right + 1, false, 0, "a person is asked");
	at_terminal(right, true, 0, "twice for a new one");
	at_terminal(wrong, true, 77, "two answers differ");
	at_terminal(stop, false, SIGINT, "interrupted while asking");
}

static int
run(void)
{
	char long_line[1200];

	/* Nobody can be asked, and messages are not what is tested here. */
	setsid();
	dup2(open("stderr", O_WRONLY | O_CREAT, 0600), 2);
	memset(long_line, 'x', sizeof(long_line));
	long_line[sizeof(long_line) - 1] = '\0';
	put("pw", "first\r\nsecond\n", 0600);
	put("pw2", "other", 0600);
	put("a=b", "odd name\n", 0600);
	put("open", "x\n", 0640);
	put("empty", "", 0600);
	put("long", long_line, 0600);

	test_options();
	test_refusals();
	test_innocent();
	test_verbs();
	test_conf();
	test_files();
	test_fds();
	test_programs();
	test_credentials();
	test_places();
	test_end();
	test_terminal();
	return tap_done();
}

static int
forget(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

int
main(void)
{
	int status = 0;
	pid_t pid;

	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	setenv("MAILSEAL_HOME", dir, 1);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		return run();
	waitpid(pid, &status, 0);
	nftw(dir, forget, 8, FTW_DEPTH | FTW_PHYS);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
