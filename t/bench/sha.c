/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-sha FILE: the physical limit of signing and verifying.  One plain EVP
 * SHA-256 pass over a file in blocks of 64 KiB; nothing printed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/evp.h>

static unsigned char block[64 * 1024];

int
main(int argc, char **argv)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	ssize_t n = -1;

	if (fd < 0) {
		fprintf(stderr, "usage: bench-sha FILE\n");
		return 66;
	}
	if (c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1)
		while ((n = read(fd, block, sizeof(block))) > 0)
			if (EVP_DigestUpdate(c, block, (size_t)n) != 1)
				break;
	if (n != 0 || EVP_DigestFinal_ex(c, md, NULL) != 1)
		return 74;
	EVP_MD_CTX_free(c);
	close(fd);
	return 0;
}
