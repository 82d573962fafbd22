/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-gcm FILE [OUT]: the physical limit.  One plain EVP AES-256-GCM pass
 * over a file in blocks of 64 KiB, written to OUT (/dev/null); nothing else,
 * and nothing printed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/evp.h>

#define BLOCK (64 * 1024)

static unsigned char in[BLOCK], out[BLOCK];

static int
write_all(int fd, const unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k <= 0)
			return -1;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

static int
pass(int from, int to)
{
	static const unsigned char key[32] = { 1 }, iv[12] = { 2 };
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned char tag[16];
	int len, rc = -1;
	ssize_t n;

	if (c == NULL ||
	    EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, iv) != 1)
		goto out;
	while ((n = read(from, in, sizeof(in))) > 0)
		if (EVP_EncryptUpdate(c, out, &len, in, (int)n) != 1 ||
		    write_all(to, out, (size_t)len) != 0)
			goto out;
	if (n < 0 || EVP_EncryptFinal_ex(c, out, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag) != 1 ||
	    write_all(to, tag, sizeof(tag)) != 0)
		goto out;
	rc = 0;
out:
	EVP_CIPHER_CTX_free(c);
	return rc;
}

int
main(int argc, char **argv)
{
	int from, to, rc;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: bench-gcm FILE [OUT]\n");
		return 64;
	}
	from = open(argv[1], O_RDONLY);
	to = open(argc > 2 ? argv[2] : "/dev/null",
	    O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (from < 0 || to < 0) {
		perror("bench-gcm");
		return 66;
	}
	rc = pass(from, to);
	if (close(to) != 0)
		rc = -1;
	close(from);
	return rc == 0 ? 0 : 74;
}
