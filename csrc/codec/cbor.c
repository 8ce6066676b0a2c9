/* A pull reader over CBOR. */
#include "cbor.h"

#include "../base/scalar.h"
#include "json.h"

#include <math.h>

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, LIST, MAP, TAG, SIMPLE };

/* The low five bits of an item's first byte. */
enum { ONE_BYTE = 24, EIGHT_BYTES = 27, INDEFINITE = 31 };

/* Simple values. */
enum { SIMPLE_FALSE = 20, SIMPLE_TRUE, SIMPLE_NULL, SIMPLE_UNDEFINED };

/* First bytes: of the empty text, and the break of an indefinite length. */
enum { TEXT_ITEM = 0x60, BREAK = 0xFF };

/* Tags whose item is a number in another form: of any size, decimal, binary. */
enum { FIRST_BIG = 2, LAST_BIG = 5 };

static const char too_long[] = "longer than the bytes that are left";

void cj_cbor_init (struct cj_cbor *r, struct cj_slice text,
                   struct cj_buf *scratch) {
  memset(r, 0, sizeof(*r));
  r->start = r->p = text.s;
  r->end = text.s + text.n;
  r->scratch = scratch;
  if (text.n > CJ_MAX_TEXT)
    cj_cbor_fail(r, r->start, "longer than 64 MiB");
}

int cj_cbor_fail (struct cj_cbor *r, const char *at, const char *problem) {
  if (r->problem == NULL) {
    r->problem = problem;
    r->p = at;
  }
  return -1;
}

/* Heads {============================================================ */

/* Reads a big-endian number of 1 << width bytes. */
static int read_number (struct cj_cbor *r, int width, uint64_t *n) {
  size_t bytes = (size_t)1 << width;
  *n = 0;
  if ((size_t)(r->end - r->p) < bytes)
    return cj_cbor_fail(r, r->end, "unexpected end");
  for (; bytes > 0; bytes--)
    *n = *n << 8 | (unsigned char)*r->p++;
  return 0;
}

/* Reads an item's first byte and the number behind it. 'info' is INDEFINITE
** where there is none. */
static inline int read_head (struct cj_cbor *r, enum major *major, int *info,
                             uint64_t *n) {
  const char *at = r->p;
  unsigned char first;
  *major = UNSIGNED;
  *info = 0;
  *n = 0;
  if (r->problem != NULL)
    return -1;
  if (at == r->end)
    return cj_cbor_fail(r, at, "unexpected end");
  first = (unsigned char)*r->p++;
  *major = (enum major)(first >> 5);
  *info = first & 31;
  if (*info < ONE_BYTE) {
    *n = (uint64_t)*info;
    return 0;
  }
  if (*info <= EIGHT_BYTES)
    return read_number(r, *info - ONE_BYTE, n);
  if (*info < INDEFINITE)
    return cj_cbor_fail(r, at, "expected an item, got reserved information");
  if (first == BREAK)
    return cj_cbor_fail(r, at, "expected an item, got a break");
  if (*major < BYTES || *major > MAP)
    return cj_cbor_fail(r, at, "expected a number of definite length");
  return 0;
}

static double half (uint64_t bits) {
  int exponent = (int)(bits >> 10 & 31);
  double fraction = (double)(bits & 0x3FF), d;
  if (exponent == 31)
    d = fraction == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    d = ldexp(fraction, -24);
  else
    d = ldexp(fraction + 1024, exponent - 25);
  return (bits & 0x8000) != 0 ? -d : d;
}

static double single (uint64_t bits) {
  uint32_t n = (uint32_t)bits;
  float f;
  memcpy(&f, &n, sizeof(f));
  return (double)f;
}

static int finish_simple (struct cj_cbor *r, struct cj_item *item, int info) {
  item->kind = CJ_ITEM_FLOAT;
  switch (info) {
  case ONE_BYTE:
    if (item->n < 32)
      return cj_cbor_fail(r, item->at, "expected a simple value above 31");
    item->kind = CJ_ITEM_SIMPLE;
    return 0;
  case ONE_BYTE + 1:
    item->number = half(item->n);
    return 0;
  case ONE_BYTE + 2:
    item->number = single(item->n);
    return 0;
  case EIGHT_BYTES:
    memcpy(&item->number, &item->n, sizeof(item->number));
    return 0;
  case SIMPLE_FALSE:
  case SIMPLE_TRUE:
    item->kind = CJ_ITEM_BOOLEAN;
    item->n = info == SIMPLE_TRUE;
    return 0;
  case SIMPLE_NULL:
  case SIMPLE_UNDEFINED:
    item->kind = CJ_ITEM_NULL;
    return 0;
  default:
    item->kind = CJ_ITEM_SIMPLE;
    return 0;
  }
}

int cj_cbor_next (struct cj_cbor *r, struct cj_item *item) {
  static const enum cj_item_kind kinds[] = {
    [UNSIGNED] = CJ_ITEM_UNSIGNED, [NEGATIVE] = CJ_ITEM_NEGATIVE,
    [BYTES] = CJ_ITEM_BYTES,       [TEXT] = CJ_ITEM_TEXT,
    [LIST] = CJ_ITEM_LIST,         [MAP] = CJ_ITEM_MAP
  };
  enum major major;
  size_t left;
  int info;
  item->at = r->p;
  if (read_head(r, &major, &info, &item->n) != 0)
    return -1;
  while (major == TAG) {
    if (item->n >= FIRST_BIG && item->n <= LAST_BIG) {
      item->kind = CJ_ITEM_BIG;
      return 0;
    }
    if (read_head(r, &major, &info, &item->n) != 0)
      return -1;
  }
  item->is_indefinite = info == INDEFINITE;
  if (major == SIMPLE)
    return finish_simple(r, item, info);
  item->kind = kinds[major];
  left = (size_t)(r->end - r->p);
  if (major >= BYTES && item->n > (major == MAP ? left / 2 : left))
    return cj_cbor_fail(r, item->at,
                        major <= TEXT ? too_long
                                      : "more items than bytes are left");
  return 0;
}

const char *cj_item_name (enum cj_item_kind kind) {
  static const char *const names[] = { "integer",    "integer",     "bytes",
                                       "text",       "list",        "map",
                                       "big number", "boolean",     "null",
                                       "number",     "simple value" };
  return names[kind];
}

/* }================================================================= */

/* Texts and bytes {================================================== */

/* Whether no byte has its high bit set. */
static inline int is_ascii (const char *s, size_t n) {
  uint64_t bits = 0, w;
  size_t i;
  if (n < sizeof(w)) {
    for (i = 0; i < n; i++)
      bits |= (unsigned char)s[i];
    return bits < 0x80;
  }
  for (i = 0; n - i > sizeof(w); i += sizeof(w)) {
    memcpy(&w, s + i, sizeof(w));
    bits |= w;
  }
  memcpy(&w, s + n - sizeof(w), sizeof(w)); /* overlaps what was seen */
  return ((bits | w) & 0x8080808080808080u) == 0;
}

/* How many bytes of 's' are UTF-8, up to the first that are not. */
static size_t utf8_length (struct cj_slice s) {
  const char *p = s.s, *end = s.s + s.n;
  size_t n;
  while (p < end) {
    if (end - p >= 8 && is_ascii(p, 8))
      n = 8;
    else if ((unsigned char)*p < 0x80)
      n = 1;
    else if ((n = cj_utf8_sequence(p, end)) == 0)
      break;
    p += n;
  }
  return (size_t)(p - s.s);
}

static int add (struct cj_cbor *r, const char *s, size_t n) {
  if (cj_buf_add(r->scratch, s, n) == 0)
    return 0;
  return cj_cbor_fail(r, r->p,
                      n > r->scratch->max - r->scratch->len
                          ? "longer than 64 MiB once it is UTF-8"
                          : cj_json_no_memory);
}

/* Appends a text to the scratch buffer, with U+FFFD for invalid UTF-8. */
static int add_replaced (struct cj_cbor *r, struct cj_slice s) {
  for (;;) {
    size_t sound = utf8_length(s), malformed;
    if (add(r, s.s, sound) != 0)
      return -1;
    if (sound == s.n)
      return 0;
    if (add(r, CJ_REPLACEMENT, 3) != 0)
      return -1;
    malformed = cj_utf8_malformed(s.s + sound, s.s + s.n);
    s.s += sound + malformed;
    s.n -= sound + malformed;
  }
}

/* Reads the next chunk of a string of indefinite length: 1, or 0 past the break
** that ends it. A chunk is a string of the same kind and of definite length. */
static int next_chunk (struct cj_cbor *r, enum cj_item_kind kind,
                       struct cj_slice *chunk) {
  const char *at = r->p;
  enum major major;
  uint64_t n;
  int info;
  if (r->p < r->end && (unsigned char)*r->p == BREAK) {
    r->p++;
    return 0;
  }
  if (read_head(r, &major, &info, &n) != 0)
    return -1;
  if (info == INDEFINITE || major != (kind == CJ_ITEM_TEXT ? TEXT : BYTES))
    return cj_cbor_fail(r, at,
                        kind == CJ_ITEM_TEXT
                            ? "expected a chunk of the text or a break"
                            : "expected a chunk of the bytes or a break");
  if (n > (size_t)(r->end - r->p))
    return cj_cbor_fail(r, at, too_long);
  chunk->s = r->p;
  chunk->n = (size_t)n;
  r->p += chunk->n;
  return 1;
}

/* Appends the chunks of a string to the scratch buffer. No character of a text
** is in two chunks. */
static int join (struct cj_cbor *r, enum cj_item_kind kind) {
  struct cj_slice chunk;
  int more;
  while ((more = next_chunk(r, kind, &chunk)) > 0)
    if ((kind == CJ_ITEM_TEXT ? add_replaced(r, chunk)
                              : add(r, chunk.s, chunk.n)) != 0)
      return -1;
  return more;
}

int cj_cbor_string (struct cj_cbor *r, const struct cj_item *item,
                    struct cj_slice *s) {
  if (!item->is_indefinite) {
    s->s = r->p;
    s->n = (size_t)item->n;
    r->p += s->n;
    if (item->kind == CJ_ITEM_BYTES || is_ascii(s->s, s->n) ||
        utf8_length(*s) == s->n)
      return 0;
  }
  cj_buf_reset(r->scratch);
  if ((item->is_indefinite ? join(r, item->kind) : add_replaced(r, *s)) != 0)
    return -1;
  s->s = r->scratch->len > 0 ? r->scratch->s : "";
  s->n = r->scratch->len;
  return 0;
}

int cj_cbor_try_text (struct cj_cbor *r, struct cj_slice *s) {
  size_t left = (size_t)(r->end - r->p), size = 1, n;
  if (left < 2)
    return 0;
  n = (size_t)((unsigned char)r->p[0] - TEXT_ITEM);
  if (n == ONE_BYTE) {
    size = 2;
    n = (unsigned char)r->p[1];
  } else if (n > ONE_BYTE) {
    return 0;
  }
  if (n > left - size || !is_ascii(r->p + size, n))
    return 0;
  s->s = r->p + size;
  s->n = n;
  r->p = s->s + n;
  return 1;
}

int cj_cbor_key (struct cj_cbor *r, struct cj_slice *key) {
  struct cj_item item;
  if (cj_cbor_try_text(r, key))
    return 0;
  if (cj_cbor_next(r, &item) != 0)
    return -1;
  if (item.kind != CJ_ITEM_TEXT)
    return cj_cbor_fail(r, item.at, "expected a text for a member's name");
  return cj_cbor_string(r, &item, key);
}

/* }================================================================= */

int cj_cbor_enter (struct cj_cbor *r) {
  if (r->depth == CJ_MAX_DEPTH)
    return cj_cbor_fail(r, r->p, "nested deeper than 128 levels");
  r->depth++;
  return 0;
}

int cj_cbor_skip (struct cj_cbor *r, struct cj_item *item) {
  struct cj_slice chunk;
  int more;
  while (item->kind ==
         CJ_ITEM_BIG) /* without recursion: tags may follow tags */
    if (cj_cbor_next(r, item) != 0)
      return -1;
  switch (item->kind) {
  case CJ_ITEM_BYTES:
  case CJ_ITEM_TEXT:
    r->p += item->n;
    more = item->is_indefinite;
    while (more > 0)
      more = next_chunk(r, item->kind, &chunk);
    return more;
  case CJ_ITEM_LIST:
  case CJ_ITEM_MAP:
    if (cj_cbor_enter(r) != 0)
      return -1;
    while (cj_cbor_more(r, item))
      if (cj_cbor_skip_next(r) != 0 ||
          (item->kind == CJ_ITEM_MAP && cj_cbor_skip_next(r) != 0))
        return -1;
    return 0;
  default:
    return 0;
  }
}

int cj_cbor_skip_next (struct cj_cbor *r) {
  struct cj_item item;
  return cj_cbor_next(r, &item) == 0 ? cj_cbor_skip(r, &item) : -1;
}

int cj_cbor_finish (struct cj_cbor *r) {
  if (r->problem != NULL)
    return -1;
  return r->p == r->end ? 0 : cj_cbor_fail(r, r->p, "bytes after the document");
}
