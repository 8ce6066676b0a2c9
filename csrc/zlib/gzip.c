/* gzip -> bytes, by zlib. */
#include "gzip.h"

#include <limits.h>
#include <string.h>

/* zlib's: a window of 32 KiB, and gzip's header and trailer alone. */
#define GZIP_WINDOW (16 + MAX_WBITS)

#define GZIP_FIRST 0x1f /* the first byte of a member */

int cj_gzip_begin (struct cj_gzip *g, uint64_t limit) {
  memset(g, 0, sizeof(*g));
  g->left = limit;
  if (inflateInit2(&g->stream, GZIP_WINDOW) != Z_OK)
    return -1;
  g->is_open = 1;
  return 0;
}

/* zlib counts in unsigned int, which is enough for a Lua string in practice: a
** longer one is cut, and then is no gzip. */
void cj_gzip_feed (struct cj_gzip *g, const char *s, size_t n) {
  g->stream.next_in = (z_const Bytef *)(uintptr_t)s;
  g->stream.avail_in = n > UINT_MAX ? UINT_MAX : (uInt)n;
}

static int fail (struct cj_gzip *g, const char *problem) {
  if (g->problem == NULL)
    g->problem = problem;
  return -1;
}

/* One step of zlib, into 'room' bytes at 'to'. */
static int step (struct cj_gzip *g, char *to, size_t room, size_t *made) {
  int result;
  g->stream.next_out = (Bytef *)to;
  g->stream.avail_out = (uInt)room;
  g->is_inside = 1;
  result = inflate(&g->stream, Z_NO_FLUSH);
  *made = room - g->stream.avail_out;
  switch (result) {
  case Z_STREAM_END:
    g->is_inside = 0;
    g->has_member = 1;
    return inflateReset(&g->stream) == Z_OK ? 0 : fail(g, "it is damaged");
  case Z_OK:
  case Z_BUF_ERROR: /* it needs more input, or room */
    return 0;
  case Z_MEM_ERROR:
    return -2;
  default:
    return fail(g, g->stream.msg != NULL ? g->stream.msg : "it is damaged");
  }
}

int cj_gzip_read (struct cj_gzip *g, char *to, size_t room, size_t *made) {
  char more;
  *made = 0;
  if (room > UINT_MAX)
    room = UINT_MAX;
  while (g->problem == NULL && *made < room) {
    uInt before = g->stream.avail_in;
    int is_over = g->left == 0;
    size_t n, space = room - *made;
    int result;
    if (space > g->left)
      space = (size_t)g->left;
    if (!g->is_inside && before == 0)
      break;
    if (!g->is_inside && g->has_member && *g->stream.next_in != GZIP_FIRST)
      return fail(g, "other bytes follow its end");
    /* At the limit one byte shows whether there is more. */
    result = step(g, is_over ? &more : to + *made, is_over ? 1 : space, &n);
    if (is_over && n > 0)
      return fail(g, "it is larger than the limit");
    *made += n;
    g->left -= n;
    if (result != 0)
      return result;
    if (n == 0 && g->stream.avail_in == before)
      break; /* it needs more input */
  }
  return g->problem == NULL ? 0 : -1;
}

int cj_gzip_finish (struct cj_gzip *g) {
  if (g->problem != NULL)
    return -1;
  if (g->is_inside || !g->has_member || g->stream.avail_in > 0)
    return fail(g, "it is cut off");
  return 0;
}

#define GZIP_FRAME 64 /* more than the header and the trailer have */

size_t cj_gzip_bound (size_t n) {
  return (size_t)compressBound((uLong)n) + GZIP_FRAME;
}

int cj_gzip_write (const char *s, size_t n, char *to, size_t *made) {
  z_stream stream;
  size_t room = cj_gzip_bound(n);
  int result;
  if (room > UINT_MAX)
    return -1;
  memset(&stream, 0, sizeof(stream));
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return -1;
  stream.next_in = (z_const Bytef *)(uintptr_t)s;
  stream.avail_in = (uInt)n;
  stream.next_out = (Bytef *)to;
  stream.avail_out = (uInt)room;
  result = deflate(&stream, Z_FINISH);
  *made = room - stream.avail_out;
  deflateEnd(&stream);
  return result == Z_STREAM_END ? 0 : -1;
}

void cj_gzip_free (struct cj_gzip *g) {
  if (g->is_open)
    inflateEnd(&g->stream);
  g->is_open = 0;
}
