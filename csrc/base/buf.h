/* A byte buffer with a maximum, which wipes what it frees, and slices of bytes
** that something else owns. */
#ifndef CJ_BUF_H
#define CJ_BUF_H

#include <stddef.h>
#include <string.h>

/* Bytes owned by something else. */
struct cj_slice {
  const char *s;
  size_t n;
};

/* Its versions differ. */
/* clang-format off */
#define CJ_SLICE(literal) { (literal), sizeof(literal) - 1 }
/* clang-format on */

static inline int cj_slice_equal (struct cj_slice a, struct cj_slice b) {
  return a.n == b.n && memcmp(a.s, b.s, a.n) == 0;
}

/* Compares by bytes: the result is below, at or above 0. */
static inline int cj_slice_compare (struct cj_slice a, struct cj_slice b) {
  int order;
  if (a.n > 0 && b.n > 0 && *a.s != *b.s) /* mostly, and sooner */
    return (unsigned char)*a.s - (unsigned char)*b.s;
  order = memcmp(a.s, b.s, a.n < b.n ? a.n : b.n);
  return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

/* Empty when zeroed but for 'max'. */
struct cj_buf {
  char *s;
  size_t len, cap, max;
};

/* Reserves n more bytes at s + len. 0, or -1 when out of memory or over 'max',
** and then the buffer is unchanged. */
int cj_buf_grow (struct cj_buf *b, size_t n);

/* Wipes the content and frees it. The buffer can be used again. */
void cj_buf_free (struct cj_buf *b);

static inline int cj_buf_reserve (struct cj_buf *b, size_t n) {
  return n <= b->cap - b->len ? 0 : cj_buf_grow(b, n);
}

/* Touches no Lua state, so a libcurl callback may use it. 0 or -1. */
static inline int cj_buf_add (struct cj_buf *b, const char *s, size_t n) {
  if (n == 0)
    return 0;
  if (cj_buf_reserve(b, n) != 0)
    return -1;
  memcpy(b->s + b->len, s, n);
  b->len += n;
  return 0;
}

static inline int cj_buf_byte (struct cj_buf *b, char c) {
  if (cj_buf_reserve(b, 1) != 0)
    return -1;
  b->s[b->len++] = c;
  return 0;
}

/* Empties the buffer and keeps its memory. */
static inline void cj_buf_reset (struct cj_buf *b) {
  b->len = 0;
}

/* Empties the buffer and keeps its memory unless that is more than 'most'. */
static inline void cj_buf_recycle (struct cj_buf *b, size_t most) {
  if (b->cap > most)
    cj_buf_free(b);
  cj_buf_reset(b);
}

#endif
