/* Random bytes from a pool, and the UUIDs made of them. */
#ifndef CJ_RANDOM_H
#define CJ_RANDOM_H

#include <stddef.h>

#define CJ_UUID_SIZE 36

#define CJ_RANDOM_POOL 4096 /* RAND_bytes costs as much for 16 bytes */

/* Empty when zeroed. It belongs to one Lua state. */
struct cj_random {
  unsigned char pool[CJ_RANDOM_POOL]; /* the last 'left' are unused */
  size_t left;
  int begun;                /* the first were drawn */
  unsigned fork_generation; /* before they were drawn: a child must not use the
                               same */
};

/* Up to 256 bytes that nobody had before, good until the next call; NULL when
** libcrypto has none. */
const unsigned char *cj_random_draw (struct cj_random *r, size_t n);

/* Writes a UUID of version 4 (RFC 9562). 0, or -1 when there is no
** randomness. */
int cj_random_uuid (struct cj_random *r, char text[CJ_UUID_SIZE]);

#endif
