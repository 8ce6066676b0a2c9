/* Random bytes from a pool, and the UUIDs made of them. */
#include "random.h"

#include "../base/fork_generation.h"
#include "hash.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PIECE 256 /* as much as getentropy gives */

/* From the system: libcrypto's generator needs 0.6 ms to be set up, and once it
** ran out of memory it may fail for good. */
static int fill (struct cj_random *r) {
  size_t at;
  for (at = 0; at < sizeof(r->pool); at += PIECE) {
    if (getentropy(r->pool + at, PIECE) != 0)
      return -1;
  }
  return 0;
}

const unsigned char *cj_random_draw (struct cj_random *r, size_t n) {
  if (r->left < n || r->fork_generation != cj_fork_generation()) {
    r->left = 0;
    if (fill(r) != 0)
      return NULL;
    r->left = sizeof(r->pool);
    r->fork_generation = cj_fork_generation();
  }
  r->left -= n;
  return r->pool + r->left;
}

int cj_random_uuid (struct cj_random *r, char text[CJ_UUID_SIZE]) {
  const unsigned char *drawn = cj_random_draw(r, 16);
  unsigned char bytes[16];
  char hex[32];
  if (drawn == NULL)
    return -1;
  memcpy(bytes, drawn, sizeof(bytes));
  bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
  bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
  cj_hex(bytes, sizeof(bytes), hex);
  memset(text, '-', CJ_UUID_SIZE);
  memcpy(text, hex, 8);
  memcpy(text + 9, hex + 8, 4);
  memcpy(text + 14, hex + 12, 4);
  memcpy(text + 19, hex + 16, 4);
  memcpy(text + 24, hex + 20, 12);
  return 0;
}
