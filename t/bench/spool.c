/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What deciding before publishing costs: two readings with an AES-256-GCM
 * pass each, from a file and from a pipe, beside one plain pass over the same
 * file.  bench-spool [FILE]; without one, 1 GiB in /tmp.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/base.h"

#define GIB (1024L * 1024 * 1024)

static struct ms_err e = MS_ERR_INIT;

static void
die(const char *what)
{
	fprintf(stderr, "bench-spool: %s: %s\n", what, e.text);
	exit(1);
}

static int
make_file(void)
{
	static unsigned char block[MS_BLOCK];
	char path[] = "/tmp/bench-spool.XXXXXX";
	int fd = mkstemp(path);
	long done;

	if (fd < 0)
		die("mkstemp");
	unlink(path);
	for (done = 0; done < GIB; done += (long)sizeof(block)) {
		if (ms_random(block, 4096, &e) != 0 ||
		    write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
			die("write");
	}
	return fd;
}

static EVP_CIPHER_CTX *
cipher(void)
{
	static const unsigned char key[32], iv[12];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c == NULL || EVP_EncryptInit_ex2(c, EVP_aes_256_gcm(), key, iv,
	    NULL) != 1)
		die("AES-256-GCM");
	return c;
}

static void
pass(struct ms_src *s)
{
	static unsigned char out[MS_BLOCK];
	EVP_CIPHER_CTX *c = cipher();
	int rc, len;

	if (s == NULL)
		die("ms_spool_read");
	while ((rc = ms_src_fill(s, &e)) > 0) {
		EVP_EncryptUpdate(c, out, &len, s->p, (int)s->n);
		ms_src_take(s, s->n);
	}
	if (rc < 0)
		die("pass");
	EVP_CIPHER_CTX_free(c);
}

static void
plain(int fd)
{
	struct ms_src *s = ms_src_fd(fd, "file", &e);

	pass(s);
	ms_src_free(s);
}

static void
spooled(int fd, unsigned flags)
{
	struct ms_spool *sp = NULL;

	if (ms_spool_fd(fd, "input", NULL, flags, &sp, &e) != 0)
		die("ms_spool_fd");
	pass(ms_spool_read(sp, &e));
	pass(ms_spool_read(sp, &e));
	ms_spool_free(sp);
}

static void
from_file(int fd)
{
	spooled(fd, 0);
}

/* A reader of our own, whose processor time is not counted. */
static int
feeder(int fd)
{
	static char block[MS_BLOCK];
	ssize_t n;
	int p[2];

	if (pipe(p) != 0)
		die("pipe");
	if (fork() == 0) {
		close(p[0]);
		while ((n = read(fd, block, sizeof(block))) > 0) {
			if (write(p[1], block, (size_t)n) != n)
				_exit(1);
		}
		_exit(0);
	}
	close(p[1]);
	return p[0];
}

static void
from_pipe(int fd)
{
	spooled(feeder(fd), MS_SPOOL_CIPHERTEXT);
}

static void
from_pipe_sealed(int fd)
{
	spooled(feeder(fd), 0);
}

/* Runs f in a process of its own; prints and returns its CPU seconds. */
static double
measure(const char *name, void (*f)(int fd), int fd, double unit)
{
	struct rusage ru;
	double s = 0;
	pid_t pid = -1;
	int p[2];

	fflush(stdout);
	lseek(fd, 0, SEEK_SET);
	if (pipe(p) != 0 || (pid = fork()) < 0)
		die("fork");
	if (pid == 0) {
		f(fd);
		if (getrusage(RUSAGE_SELF, &ru) != 0)
			_exit(1);
		s = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
		    (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
		printf("%-40s %6.2f s CPU %5.2f x %6ld KiB peak\n", name, s,
		    unit > 0 ? s / unit : 1.0, ru.ru_maxrss);
		fflush(stdout);
		_exit(write(p[1], &s, sizeof(s)) != sizeof(s));
	}
	close(p[1]);
	if (read(p[0], &s, sizeof(s)) != sizeof(s))
		die(name);
	close(p[0]);
	waitpid(pid, NULL, 0);
	return s;
}

int
main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : make_file();
	double unit;

	if (fd < 0)
		die(argv[1]);
	unit = measure("plain AES-256-GCM pass", plain, fd, 0);
	measure("two from a file", from_file, fd, unit);
	/*
	 * In a virtual machine the first use of a page is the host's work on
	 * our bill: up to 10 x here, and nothing of it is ours.
	 */
	measure("two from a pipe, memory still cold", from_pipe, fd, unit);
	measure("two from a pipe of ciphertext", from_pipe, fd, unit);
	measure("two from a pipe of plaintext, sealed", from_pipe_sealed, fd,
	    unit);
	return 0;
}
