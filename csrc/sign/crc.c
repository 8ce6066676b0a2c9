/* CRC-32, CRC-32C and CRC-64/NVME: 8 bytes a step with tables, 64 bytes a step
** where the processor multiplies polynomials. All three are reflected: the
** lowest bit stands for the highest power of x. */
#include "crc.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define FOLDS 1
#else
#define FOLDS 0
#endif

#define BLOCK 64 /* bytes that are folded at once */

/* By the catalogue of parametrised CRC algorithms: CRC-32/ISO-HDLC,
** CRC-32/ISCSI, CRC-64/NVME. Each begins and ends with all bits inverted. */
static const struct {
  uint64_t polynomial;
  int width;
} parameters[CJ_CRC_KINDS] = {
  { 0xedb88320u, 32 },
  { 0x82f63b78u, 32 },
  { 0x9a6c9329ac4bc9b5u, 64 },
};

/* What follows from them, computed once for the process: the remainders of each
** byte before 0 to 7 others, and of x^(512 + 63) and x^(512 - 1). */
static struct {
  uint64_t table[8][256];
  uint64_t fold[2];
} computed[CJ_CRC_KINDS];
#if FOLDS
static int folds; /* whether this processor multiplies polynomials */
#endif
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The remainder of 'r' times x. */
static uint64_t times_x (enum cj_crc_kind kind, uint64_t r) {
  return r >> 1 ^ (r & 1 ? parameters[kind].polynomial : 0);
}

/* The remainder of x^n, in the upper bits. */
static uint64_t power (enum cj_crc_kind kind, int n) {
  int width = parameters[kind].width;
  uint64_t r = (uint64_t)1 << (width - 1);
  while (n-- > 0)
    r = times_x(kind, r);
  return r << (64 - width);
}

static void compute_table (enum cj_crc_kind kind) {
  uint64_t(*table)[256] = computed[kind].table;
  int i, k;
  for (i = 0; i < 256; i++) {
    uint64_t r = (uint64_t)i;
    for (k = 0; k < 8; k++)
      r = times_x(kind, r);
    table[0][i] = r;
  }
  for (k = 1; k < 8; k++)
    for (i = 0; i < 256; i++)
      table[k][i] =
          table[k - 1][i] >> 8 ^ table[0][(unsigned char)table[k - 1][i]];
}

static void compute (void) {
  int kind;
  for (kind = 0; kind < CJ_CRC_KINDS; kind++) {
    compute_table((enum cj_crc_kind)kind);
    /* The product of two reflected factors is one bit lower than the sum of the
    ** factors' places, hence one power less. */
    computed[kind].fold[0] = power((enum cj_crc_kind)kind, 8 * BLOCK + 63);
    computed[kind].fold[1] = power((enum cj_crc_kind)kind, 8 * BLOCK - 1);
  }
#if FOLDS
  folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse2");
#endif
}

static uint64_t load (const unsigned char *p) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint64_t word;
  memcpy(&word, p, sizeof(word));
  return word;
#else
  uint64_t word = 0;
  int i;
  for (i = 7; i >= 0; i--)
    word = word << 8 | p[i];
  return word;
#endif
}

static uint64_t by_tables (enum cj_crc_kind kind, uint64_t r,
                           const unsigned char *p, size_t n) {
  uint64_t(*t)[256] = computed[kind].table;
  for (; n >= 8; n -= 8, p += 8) {
    r ^= load(p);
    r = t[7][r & 255] ^ t[6][r >> 8 & 255] ^ t[5][r >> 16 & 255] ^
        t[4][r >> 24 & 255] ^ t[3][r >> 32 & 255] ^ t[2][r >> 40 & 255] ^
        t[1][r >> 48 & 255] ^ t[0][r >> 56];
  }
  for (; n > 0; n--, p++)
    r = r >> 8 ^ t[0][(r ^ *p) & 255];
  return r;
}

#if FOLDS

/* One lane, moved 512 bits up and added to the next block's. */
__attribute__((target("pclmul,sse2"))) static __m128i
fold (__m128i lane, __m128i powers, const unsigned char *next) {
  __m128i high = _mm_clmulepi64_si128(lane, powers, 0x00);
  __m128i low = _mm_clmulepi64_si128(lane, powers, 0x11);
  return _mm_xor_si128(_mm_xor_si128(high, low),
                       _mm_loadu_si128((const __m128i *)(const void *)next));
}

/* n is BLOCK or more. The last block has the remainder of all before it. */
__attribute__((target("pclmul,sse2"))) static uint64_t
by_folding (enum cj_crc_kind kind, uint64_t r, const unsigned char *p,
            size_t n) {
  const __m128i powers =
      _mm_loadu_si128((const __m128i *)(const void *)computed[kind].fold);
  unsigned char last[BLOCK];
  __m128i lane[4];
  int i;
  for (i = 0; i < 4; i++)
    lane[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
  lane[0] = _mm_xor_si128(lane[0], _mm_cvtsi64_si128((long long)r));
  for (n -= BLOCK, p += BLOCK; n >= BLOCK; n -= BLOCK, p += BLOCK)
    for (i = 0; i < 4; i++)
      lane[i] = fold(lane[i], powers, p + 16 * i);
  for (i = 0; i < 4; i++)
    _mm_storeu_si128((__m128i *)(void *)(last + 16 * i), lane[i]);
  return by_tables(kind, by_tables(kind, 0, last, BLOCK), p, n);
}

#endif

static uint64_t inverted (enum cj_crc_kind kind) {
  return ~(uint64_t)0 >> (64 - parameters[kind].width);
}

uint64_t cj_crc (enum cj_crc_kind kind, uint64_t crc, const void *s, size_t n) {
  (void)pthread_once(&once, compute); /* fails for a wrong argument alone */
#if FOLDS
  if (folds && n >= 2 * BLOCK)
    return by_folding(kind, crc ^ inverted(kind), s, n) ^ inverted(kind);
#endif
  return by_tables(kind, crc ^ inverted(kind), s, n) ^ inverted(kind);
}
