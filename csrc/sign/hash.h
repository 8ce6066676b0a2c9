/* SHA-256, HMAC, SHA-1 and hex over libcrypto. */
#ifndef CJ_HASH_H
#define CJ_HASH_H

#include <openssl/evp.h>
#include <stddef.h>

#define CJ_SHA256_SIZE 32
#define CJ_SHA1_SIZE 20

/* A digest context that is reused, and one that has hashed nothing, whose copy
** costs less than a new start: 43 ns of 58 on OpenSSL 3.0, 10 of 22 on 3.6.
** They belong to one Lua state, so they need no lock. Closed or zeroed, every
** function fails. */
struct cj_hash {
  EVP_MD_CTX *ctx, *empty;
};

/* An HMAC key: two contexts that have hashed its inner and outer pad. They are
** copied for each message, which costs half as much as starting from the key.
*/
struct cj_hmac {
  EVP_MD_CTX *inner, *outer;
};

/* Functions that return int give 0, or -1 when memory is short or libcrypto
** refuses. */

int cj_hash_open (struct cj_hash *h);
void cj_hash_close (struct cj_hash *h);

int cj_sha256 (struct cj_hash *h, const void *s, size_t n,
               unsigned char out[CJ_SHA256_SIZE]);

/* Sets the key. After -1 there is none. */
int cj_hmac_key (struct cj_hmac *k, struct cj_hash *h, const void *key,
                 size_t n);
int cj_hmac (const struct cj_hmac *k, struct cj_hash *h, const void *s,
             size_t n, unsigned char out[CJ_SHA256_SIZE]);
void cj_hmac_free (struct cj_hmac *k);

/* For the names of cache files of other tools. It protects nothing. */
int cj_sha1 (const void *s, size_t n, unsigned char out[CJ_SHA1_SIZE]);

/* Writes 2 * n lower-case digits, no end mark. */
void cj_hex (const unsigned char *s, size_t n, char *out);

#endif
