/* The checksums of AWS's protocols, over a text that comes in pieces. */
#include "checksum.h"

#include "crc.h"

#include <string.h>

struct cj_checksum_algorithm {
  const char *name;
  size_t size;
  const EVP_MD *(*digest)(void); /* NULL for a CRC */
  enum cj_crc_kind crc;
};

static const struct cj_checksum_algorithm algorithms[] = {
  { "crc32", 4, NULL, CJ_CRC32 },
  { "crc32c", 4, NULL, CJ_CRC32C },
  { "crc64nvme", 8, NULL, CJ_CRC64NVME },
  { "md5", 16, EVP_md5, CJ_CRC_KINDS },
  { "sha1", 20, EVP_sha1, CJ_CRC_KINDS },
  { "sha256", 32, EVP_sha256, CJ_CRC_KINDS },
  { "sha512", 64, EVP_sha512, CJ_CRC_KINDS },
};

int cj_checksum_open (struct cj_checksum *c, const char *name) {
  size_t i = 0;
  while (i < sizeof(algorithms) / sizeof(*algorithms) &&
         strcmp(algorithms[i].name, name) != 0)
    i++;
  if (i == sizeof(algorithms) / sizeof(*algorithms))
    return -1;
  c->crc = 0;
  if (algorithms[i].digest != NULL) {
    c->ctx = EVP_MD_CTX_new();
    if (c->ctx == NULL ||
        !EVP_DigestInit_ex(c->ctx, algorithms[i].digest(), NULL)) {
      cj_checksum_close(c);
      return 1;
    }
  }
  c->algorithm = &algorithms[i];
  return 0;
}

int cj_checksum_update (struct cj_checksum *c, const void *s, size_t n) {
  if (c->algorithm == NULL)
    return -1;
  if (c->algorithm->digest != NULL)
    return EVP_DigestUpdate(c->ctx, s, n) ? 0 : -1;
  c->crc = cj_crc(c->algorithm->crc, c->crc, s, n);
  return 0;
}

static size_t write_crc (const struct cj_checksum *c, unsigned char *out) {
  size_t i, n = c->algorithm->size;
  for (i = 0; i < n; i++)
    out[i] = (unsigned char)(c->crc >> 8 * (n - 1 - i));
  return n;
}

size_t cj_checksum_digest (const struct cj_checksum *c,
                           unsigned char out[CJ_CHECKSUM_SIZE]) {
  EVP_MD_CTX *copy;
  int ok;
  if (c->algorithm == NULL)
    return 0;
  if (c->algorithm->digest == NULL)
    return write_crc(c, out);
  copy = EVP_MD_CTX_new();
  ok = copy != NULL && EVP_MD_CTX_copy_ex(copy, c->ctx) &&
       EVP_DigestFinal_ex(copy, out, NULL);
  EVP_MD_CTX_free(copy);
  return ok ? c->algorithm->size : 0;
}

void cj_checksum_close (struct cj_checksum *c) {
  EVP_MD_CTX_free(c->ctx);
  memset(c, 0, sizeof(*c));
}
