/* SHA-256, HMAC, SHA-1 and hex over libcrypto. */
#include "hash.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <string.h>

#define BLOCK 64

/* Fetched once for the process and never freed: a look-up by name costs more
** than hashing a header. Where memory is short then, libcrypto looks it up with
** each use. */
static const EVP_MD *sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch (void) {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
  sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
#endif
  if (sha256 == NULL)
    sha256 = EVP_sha256();
}

/* Resets a context in which a step failed, since OpenSSL 3.5 to 4.0.3 crash
** when one whose copy or init failed is used again. Gives -1, or 0 when 'ok'.
*/
static int check (EVP_MD_CTX *ctx, int ok) {
  if (!ok)
    EVP_MD_CTX_reset(ctx);
  return ok ? 0 : -1;
}

int cj_hash_open (struct cj_hash *h) {
  if (pthread_once(&once, fetch) != 0)
    return -1;
  h->ctx = EVP_MD_CTX_new();
  h->empty = EVP_MD_CTX_new();
  if (h->ctx != NULL && h->empty != NULL &&
      EVP_DigestInit_ex(h->empty, sha256, NULL))
    return 0;
  cj_hash_close(h);
  return -1;
}

void cj_hash_close (struct cj_hash *h) {
  EVP_MD_CTX_free(h->ctx);
  EVP_MD_CTX_free(h->empty);
  h->ctx = h->empty = NULL;
}

static int finish (EVP_MD_CTX *ctx, const void *s, size_t n,
                   unsigned char *out) {
  return check(ctx, EVP_DigestUpdate(ctx, s, n) &&
                        EVP_DigestFinal_ex(ctx, out, NULL));
}

int cj_sha256 (struct cj_hash *h, const void *s, size_t n,
               unsigned char out[CJ_SHA256_SIZE]) {
  if (h->ctx == NULL ||
      check(h->ctx, EVP_MD_CTX_copy_ex(h->ctx, h->empty)) != 0)
    return -1;
  return finish(h->ctx, s, n, out);
}

static int hash_pad (EVP_MD_CTX **ctx, const unsigned char *key, int byte) {
  unsigned char pad[BLOCK];
  int ok, i;
  if (*ctx == NULL && (*ctx = EVP_MD_CTX_new()) == NULL)
    return -1;
  for (i = 0; i < BLOCK; i++)
    pad[i] = (unsigned char)(key[i] ^ byte);
  ok = EVP_DigestInit_ex(*ctx, sha256, NULL) &&
       EVP_DigestUpdate(*ctx, pad, sizeof(pad));
  OPENSSL_cleanse(pad, sizeof(pad));
  return check(*ctx, ok);
}

int cj_hmac_key (struct cj_hmac *k, struct cj_hash *h, const void *key,
                 size_t n) {
  unsigned char block[BLOCK] = { 0 };
  int result = 0;
  if (h->ctx == NULL)
    return -1;
  if (n > sizeof(block))
    result = cj_sha256(h, key, n, block);
  else
    memcpy(block, key, n);
  if (result == 0)
    result = hash_pad(&k->inner, block, 0x36);
  if (result == 0)
    result = hash_pad(&k->outer, block, 0x5c);
  OPENSSL_cleanse(block, sizeof(block));
  if (result != 0)
    cj_hmac_free(k);
  return result;
}

int cj_hmac (const struct cj_hmac *k, struct cj_hash *h, const void *s,
             size_t n, unsigned char out[CJ_SHA256_SIZE]) {
  unsigned char inner[CJ_SHA256_SIZE];
  if (h->ctx == NULL || k->inner == NULL || k->outer == NULL)
    return -1;
  if (check(h->ctx, EVP_MD_CTX_copy_ex(h->ctx, k->inner)) != 0 ||
      finish(h->ctx, s, n, inner) != 0 ||
      check(h->ctx, EVP_MD_CTX_copy_ex(h->ctx, k->outer)) != 0)
    return -1;
  return finish(h->ctx, inner, sizeof(inner), out);
}

/* libcrypto wipes a context's state when it frees it. */
void cj_hmac_free (struct cj_hmac *k) {
  EVP_MD_CTX_free(k->inner);
  EVP_MD_CTX_free(k->outer);
  k->inner = k->outer = NULL;
}

int cj_sha1 (const void *s, size_t n, unsigned char out[CJ_SHA1_SIZE]) {
  return EVP_Digest(s, n, out, NULL, EVP_sha1(), NULL) ? 0 : -1;
}

void cj_hex (const unsigned char *s, size_t n, char *out) {
  static const char pairs[] =
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
      "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
      "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
      "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
      "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
      "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
  const unsigned char *end = s + n;
  for (; s < end; s++, out += 2)
    memcpy(out, pairs + 2 * *s, 2);
}
