/* The limit of the bench "sign": the hash work alone of a typical call, with
** EVP contexts reused and the contexts of the day's key copied. Does it
** argument 1 times and prints how many it did in a second of CPU time. Built by
** cc -O2 -o build/bench/sign_limit spec/bench/sign_limit.c -lcrypto */
#define _POSIX_C_SOURCE 200809L

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BODY 115      /* bytes of a GetExecution */
#define CANONICAL 737 /* with a session token of 400 */
#define STRING 144    /* to sign */

static EVP_MD_CTX *work, *inner, *outer;
static const EVP_MD *sha256;

static int hash (const void *s, size_t n, unsigned char *out) {
  return EVP_DigestInit_ex(work, sha256, NULL) &&
         EVP_DigestUpdate(work, s, n) && EVP_DigestFinal_ex(work, out, NULL);
}

static int keyed (EVP_MD_CTX *key, const void *s, size_t n,
                  unsigned char *out) {
  return EVP_MD_CTX_copy_ex(work, key) && EVP_DigestUpdate(work, s, n) &&
         EVP_DigestFinal_ex(work, out, NULL);
}

static EVP_MD_CTX *pad (int byte) {
  unsigned char block[64];
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  memset(block, byte, sizeof(block));
  if (ctx == NULL || !EVP_DigestInit_ex(ctx, sha256, NULL) ||
      !EVP_DigestUpdate(ctx, block, sizeof(block)))
    abort();
  return ctx;
}

static double seconds (void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main (int argc, char **argv) {
  char text[CANONICAL];
  unsigned char out[32];
  long i, count = argc > 1 ? atol(argv[1]) : 1000000;
  double started;
  memset(text, 'a', sizeof(text));
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
  sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
#else
  sha256 = EVP_sha256();
#endif
  work = EVP_MD_CTX_new();
  inner = pad(0x36);
  outer = pad(0x5c);
  started = seconds();
  for (i = 0; i < count; i++) {
    if (!hash(text, BODY, out) || !hash(text, CANONICAL, out) ||
        !keyed(inner, text, STRING, out) ||
        !keyed(outer, out, sizeof(out), out))
      return 1;
  }
  printf("%.0f\n", (double)count / (seconds() - started));
  return 0;
}
