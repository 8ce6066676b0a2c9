/* JSON -> CBOR as the AWS SDKs write it. */
#include "cbor_write.h"

#include "../base/scalar.h"
#include "transcode.h"

#include <math.h>

/* The three highest bits of an item's first byte. */
enum major {
  UNSIGNED = 0x00,
  NEGATIVE = 0x20,
  BYTES = 0x40,
  TEXT = 0x60,
  LIST = 0x80,
  MAP = 0xA0
};

/* First bytes. */
enum {
  EPOCH = 0xC1, /* the tag of a time in seconds */
  FALSE_ITEM = 0xF4,
  TRUE_ITEM = 0xF5,
  NULL_ITEM = 0xF6,
  HALF = 0xF9,
  SINGLE = 0xFA,
  DOUBLE = 0xFB
};

#define HEAD_MAX 9

static int write_node (struct cj_transcoder *t, const struct cj_node *node);

/* Heads {============================================================ */

/* Writes a first byte and 'n' as a big-endian number of 'size' bytes. */
static size_t number (char *to, int first, uint64_t n, size_t size) {
  size_t i;
  to[0] = (char)first;
  for (i = size; i > 0; i--, n >>= 8)
    to[i] = (char)(n & 0xFF);
  return 1 + size;
}

/* Writes the head of an item in its shortest form: how many bytes, at most
** HEAD_MAX. */
static size_t head (char *to, enum major major, uint64_t n) {
  if (n < 24)
    return number(to, (int)major | (int)n, 0, 0);
  if (n <= 0xFF)
    return number(to, (int)major | 24, n, 1);
  if (n <= 0xFFFF)
    return number(to, (int)major | 25, n, 2);
  return n <= 0xFFFFFFFF ? number(to, (int)major | 26, n, 4)
                         : number(to, (int)major | 27, n, 8);
}

static int put_head (struct cj_transcoder *t, enum major major, uint64_t n) {
  char bytes[HEAD_MAX];
  return cj_transcode_add(t, bytes, head(bytes, major, n));
}

static int put_byte (struct cj_transcoder *t, int byte) {
  const char c = (char)byte;
  return cj_transcode_add(t, &c, 1);
}

/* Puts the head of a list or map in place of the byte at 'at', once it is known
** how many items it has. */
static int set_head (struct cj_transcoder *t, size_t at, enum major major,
                     uint64_t n) {
  char bytes[HEAD_MAX], *place;
  size_t size = head(bytes, major, n);
  if (cj_transcode_add(t, bytes, size - 1) != 0)
    return -1;
  place = t->to->s + at;
  if (size > 1)
    memmove(place + size, place + 1, t->to->len - at - size);
  memcpy(place, bytes, size);
  return 0;
}

/* }================================================================= */

/* Scalars {========================================================== */

static int put_text (struct cj_transcoder *t, struct cj_slice s) {
  return put_head(t, TEXT, s.n) == 0 ? cj_transcode_add(t, s.s, s.n) : -1;
}

static int write_string (struct cj_transcoder *t) {
  struct cj_slice s;
  return cj_json_string(&t->json, &s) == 0 ? put_text(t, s) : -1;
}

/* The base64 is appended, then replaced by its bytes. */
static int write_blob (struct cj_transcoder *t) {
  struct cj_slice s;
  size_t n, at;
  if (cj_json_string(&t->json, &s) != 0)
    return -1;
  n = s.n / 4 * 3;
  if (n > 0)
    n -= (size_t)(s.s[s.n - 1] == '=') + (size_t)(s.s[s.n - 2] == '=');
  if (put_head(t, BYTES, n) != 0)
    return -1;
  at = t->to->len;
  if (cj_transcode_add(t, s.s, s.n) != 0)
    return -1;
  if (s.n > 0 && (cj_base64_read(t->to->s + at, &n, s.s, s.n) != 0))
    return cj_json_fail(&t->json, t->json.p, "expected base64");
  t->to->len = at + n;
  return 0;
}

static int put_integer (struct cj_transcoder *t, int64_t i) {
  return i >= 0 ? put_head(t, UNSIGNED, (uint64_t)i)
                : put_head(t, NEGATIVE, (uint64_t)(-1 - i));
}

static int put_double (struct cj_transcoder *t, double d) {
  char bytes[HEAD_MAX];
  uint64_t bits;
  memcpy(&bits, &d, sizeof(bits));
  return cj_transcode_add(t, bytes, number(bytes, DOUBLE, bits, 8));
}

static int put_single (struct cj_transcoder *t, double d) {
  char bytes[HEAD_MAX];
  const float f = (float)d;
  uint32_t bits;
  memcpy(&bits, &f, sizeof(bits));
  return cj_transcode_add(t, bytes, number(bytes, SINGLE, bits, 4));
}

/* NaN and the infinities, which are words in JSON. */
static int write_not_finite (struct cj_transcoder *t) {
  char bytes[HEAD_MAX];
  struct cj_slice s;
  if (cj_json_string(&t->json, &s) != 0)
    return -1;
  return cj_transcode_add(t, bytes,
                          number(bytes, HALF,
                                 s.n > 0 && *s.s == 'I'   ? 0x7C00
                                 : s.n > 0 && *s.s == '-' ? 0xFC00
                                                          : 0x7E00,
                                 2));
}

static int read_number (struct cj_transcoder *t, struct cj_number *n,
                        double *d) {
  if (cj_json_number(&t->json, n) != 0)
    return -1;
  if (cj_double_read(d, n->text.s, n->text.n) != 0)
    return cj_json_fail(&t->json, n->text.s, "number too large");
  return 0;
}

static int write_number (struct cj_transcoder *t, const struct cj_node *node) {
  struct cj_number n;
  double d;
  if (read_number(t, &n, &d) != 0)
    return -1;
  switch (node->type) {
  case CJ_NUMBER:
    return node->flags & CJ_SINGLE ? put_single(t, d) : put_double(t, d);
  case CJ_TIME:
    if (put_byte(t, EPOCH) != 0)
      return -1;
    /* fall through */
  default:
    return n.is_integer ? put_integer(t, n.integer) : put_double(t, d);
  }
}

static int write_boolean (struct cj_transcoder *t) {
  int value;
  return cj_json_boolean(&t->json, &value) == 0
             ? put_byte(t, value ? TRUE_ITEM : FALSE_ITEM)
             : -1;
}

/* }================================================================= */

/* Lists and maps {=================================================== */

static int write_structure (struct cj_transcoder *t,
                            const struct cj_shape *shape) {
  size_t at = t->to->len, guess = 0;
  const struct cj_member *m;
  uint64_t n = 0;
  int more;
  if (cj_transcode_enter(t, CJ_KIND_OBJECT) != 0 || put_byte(t, MAP) != 0)
    return -1;
  while ((more = cj_transcode_member(t, shape, &guess, &m)) > 0) {
    n++;
    if (put_text(t, m->wire) != 0 || write_node(t, m->node) != 0)
      return -1;
  }
  return more < 0 ? -1 : set_head(t, at, MAP, n);
}

/* A list, or a map with its keys. */
static int write_items (struct cj_transcoder *t, const struct cj_node *item,
                        int is_map) {
  size_t at = t->to->len;
  struct cj_slice key;
  uint64_t n = 0;
  int more;
  if (cj_transcode_enter(t, is_map ? CJ_KIND_OBJECT : CJ_KIND_LIST) != 0 ||
      put_byte(t, 0) != 0)
    return -1;
  while ((more = cj_json_more(&t->json, is_map ? '}' : ']')) > 0) {
    n++;
    if ((is_map &&
         (cj_json_key(&t->json, &key) != 0 || put_text(t, key) != 0)) ||
        write_node(t, item) != 0)
      return -1;
  }
  return more < 0 ? -1 : set_head(t, at, is_map ? MAP : LIST, n);
}

/* }================================================================= */

static int write_node (struct cj_transcoder *t, const struct cj_node *node) {
  switch (cj_json_peek(&t->json)) {
  case CJ_KIND_OBJECT:
    return node->type == CJ_STRUCTURE
               ? write_structure(t, node->shape)
               : write_items(t, node->item != NULL ? node->item : node, 1);
  case CJ_KIND_LIST:
    return write_items(t, node->item != NULL ? node->item : node, 0);
  case CJ_KIND_STRING:
    return node->type == CJ_BLOB     ? write_blob(t)
           : node->type == CJ_NUMBER ? write_not_finite(t)
                                     : write_string(t);
  case CJ_KIND_NUMBER:
    return write_number(t, node);
  case CJ_KIND_BOOLEAN:
    return write_boolean(t);
  case CJ_KIND_NULL:
    return cj_json_null(&t->json) == 0 ? put_byte(t, NULL_ITEM) : -1;
  default:
    return -1;
  }
}

int cj_cbor_write (struct cj_buf *to, const struct cj_shape *shape,
                   struct cj_slice json, const char **problem) {
  struct cj_transcoder t;
  cj_transcode_begin(&t, to, json);
  return cj_transcode_end(&t, write_structure(&t, shape), problem);
}
