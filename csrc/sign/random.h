/* Random bytes from a pool, and the UUIDs made of them. */
#ifndef CJ_RANDOM_H
#define CJ_RANDOM_H

#include <stddef.h>

#define CJ_UUID_SIZE 36

/* A system call for each UUID would cost more. */
#define CJ_RANDOM_POOL 4096

/* Empty when zeroed. It belongs to one Lua state. */
struct cj_random {
  unsigned char pool[CJ_RANDOM_POOL]; /* the last 'left' are unused */
  size_t left;
  unsigned fork_generation; /* of the process that drew them */
};

/* Gives up to 4096 bytes that were not given before, valid until the next call,
** or NULL when the system has none. */
const unsigned char *cj_random_draw (struct cj_random *r, size_t n);

/* Writes a UUID of version 4 (RFC 9562). 0, or -1 when there is no
** randomness. */
int cj_random_uuid (struct cj_random *r, char text[CJ_UUID_SIZE]);

#endif
