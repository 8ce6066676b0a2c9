/* The checksums of AWS's protocols, over a text that comes in pieces. */
#ifndef CJ_CHECKSUM_H
#define CJ_CHECKSUM_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#define CJ_CHECKSUM_SIZE 64 /* the longest, SHA-512's */

/* Zeroed, it is closed, and fails. */
struct cj_checksum {
  const struct cj_checksum_algorithm *algorithm;
  uint64_t crc;
  EVP_MD_CTX *ctx; /* NULL for a CRC */
};

/* 'name' is one of AWS's, in lower case. Returns 0, or -1 when there is no such
** algorithm, or 1 when libcrypto does not offer it or memory is short. */
int cj_checksum_open (struct cj_checksum *c, const char *name);

/* 0, or -1 when memory is short or libcrypto refuses. */
int cj_checksum_update (struct cj_checksum *c, const void *s, size_t n);

/* Writes the checksum of the bytes until now; more may follow.
** Returns its length, or 0 when memory is short or libcrypto refuses. */
size_t cj_checksum_digest (const struct cj_checksum *c,
                           unsigned char out[CJ_CHECKSUM_SIZE]);

void cj_checksum_close (struct cj_checksum *c);

#endif
