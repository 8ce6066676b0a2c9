/* What the fuzz targets share. */
#ifndef CJ_FUZZ_CHECK_H
#define CJ_FUZZ_CHECK_H

#include "../base/buf.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static inline void check (int truth) {
  if (!truth)
    abort();
}

/* The input behind a beginning that the fuzzer would not guess, in memory of
** just that size, so that ASan sees a read behind it. To be freed. */
static inline struct cj_slice input_behind (const char *beginning,
                                            const uint8_t *data, size_t size) {
  size_t n = strlen(beginning);
  char *s = malloc(n + size);
  struct cj_slice whole;
  check(s != NULL || n + size == 0);
  if (n > 0)
    memcpy(s, beginning, n);
  if (size > 0)
    memcpy(s + n, data, size);
  whole.s = s;
  whole.n = n + size;
  return whole;
}

/* Checks the input behind one of the beginnings; its first byte says which. */
static inline int check_behind (const char *const *beginnings, size_t count,
                                const uint8_t *data, size_t size,
                                void (*check_bytes)(struct cj_slice)) {
  struct cj_slice bytes;
  if (size == 0)
    return 0;
  bytes = input_behind(beginnings[data[0] % count], data + 1, size - 1);
  check_bytes(bytes);
  free((void *)(uintptr_t)bytes.s);
  return 0;
}

#endif
