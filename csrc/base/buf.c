/* A byte buffer with a maximum, which wipes what it frees. */
#include "buf.h"

#include <stdlib.h>

#define SMALLEST 256

/* Called through a volatile pointer, memset is not optimised away. */
static void *(*const volatile wipe)(void *, int, size_t) = memset;

/* Not realloc: it would leave the old copy, maybe a secret, in the heap. */
static int move_to (struct cj_buf *b, size_t cap) {
  char *s = malloc(cap);
  if (s == NULL)
    return -1;
  if (b->s != NULL) {
    memcpy(s, b->s, b->len);
    wipe(b->s, 0, b->cap);
    free(b->s);
  }
  b->s = s;
  b->cap = cap;
  return 0;
}

int cj_buf_grow (struct cj_buf *b, size_t n) {
  size_t cap = b->cap < SMALLEST ? SMALLEST : b->cap;
  if (n > b->max - b->len)
    return -1;
  while (n > cap - b->len)
    cap = cap > b->max / 2 ? b->max : cap * 2;
  return move_to(b, cap < b->max ? cap : b->max);
}

void cj_buf_free (struct cj_buf *b) {
  if (b->s != NULL) {
    wipe(b->s, 0, b->cap);
    free(b->s);
  }
  b->s = NULL;
  b->len = b->cap = 0;
}
