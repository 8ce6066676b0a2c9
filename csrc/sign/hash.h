/* SHA-256, HMAC, SHA-1 and hex over libcrypto; CRC-32. */
#ifndef CJ_HASH_H
#define CJ_HASH_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#define CJ_SHA256_SIZE 32
#define CJ_SHA1_SIZE 20

/* A context to hash in, used again and again. Belongs to one Lua state, so it
** needs no lock. Whatever is closed or all zeros fails, and does not crash. */
struct cj_hash {
  EVP_MD_CTX *ctx;
};

/* An HMAC key: two contexts that have taken its inner and outer pad in and are
** copied for each message, half the cost of beginning with the key. */
struct cj_hmac {
  EVP_MD_CTX *inner, *outer;
};

/* All that can fail return 0, or -1: out of memory, or libcrypto refuses. */

int cj_hash_open (struct cj_hash *h);
void cj_hash_close (struct cj_hash *h);

int cj_sha256 (struct cj_hash *h, const void *s, size_t n,
               unsigned char out[CJ_SHA256_SIZE]);

/* Takes a key in, in place of the one before. */
int cj_hmac_key (struct cj_hmac *k, struct cj_hash *h, const void *key,
                 size_t n);
int cj_hmac (const struct cj_hmac *k, struct cj_hash *h, const void *s,
             size_t n, unsigned char out[CJ_SHA256_SIZE]);
void cj_hmac_free (struct cj_hmac *k);

/* For names of files that other tools made, never to protect anything. */
int cj_sha1 (const void *s, size_t n, unsigned char out[CJ_SHA1_SIZE]);

/* The CRC-32 of gzip and Ethernet: against mishaps, not against anybody. */
uint32_t cj_crc32 (const void *s, size_t n);

/* Writes 2 * n lower-case digits, no end mark. */
void cj_hex (const unsigned char *s, size_t n, char *out);

#endif
