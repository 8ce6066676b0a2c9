/* gzip (RFC 1952) -> bytes: one or several members, each with its CRC and
** length checked, and nothing behind them; and bytes -> gzip. No Lua. */
#ifndef CJ_GZIP_H
#define CJ_GZIP_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

/* Zeroed, it holds nothing that has to be freed. */
struct cj_gzip {
  z_stream stream;
  uint64_t left;       /* output bytes that the limit still allows */
  const char *problem; /* the error, NULL without one */
  int is_open;         /* the stream has to be ended */
  int is_inside;       /* a member has begun and is not complete */
  int has_member;      /* one is complete */
};

/* Begins to decompress: 0, or -1 when out of memory. */
int cj_gzip_begin (struct cj_gzip *g, uint64_t limit);

/* Feeds the next n bytes, which the caller owns, and must keep in place until
** all of them are read. The bytes before have to be read. */
void cj_gzip_feed (struct cj_gzip *g, const char *s, size_t n);

/* Writes at most 'room' bytes and sets *made. 0: all is read that was fed, when
** *made is below 'room'. -1: 'problem' is set. -2: out of memory. */
int cj_gzip_read (struct cj_gzip *g, char *to, size_t room, size_t *made);

/* No more input comes: 0 when it ended where a member ends, else -1, and
** 'problem' is set. */
int cj_gzip_finish (struct cj_gzip *g);

void cj_gzip_free (struct cj_gzip *g);

/* The room that n compressed bytes need at most. */
size_t cj_gzip_bound (size_t n);

/* Compresses n bytes to one member at 'to', which has room for their bound, and
** sets *made. 0, or -1 when out of memory or when n is more than zlib
** counts. */
int cj_gzip_write (const char *s, size_t n, char *to, size_t *made);

#endif
