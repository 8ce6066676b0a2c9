/* Fuzzes CBOR in both directions: what is read and written reads the same
** again, no prefix of a valid item is valid, no read leaves the input, and what
** is made of JSON is valid. */
#include "../codec/cbor.h"
#include "../codec/cbor_write.h"
#include "../codec/json.h"
#include "check.h"

#include <math.h>

/* An item's head in its longest form. */
static void write_head (struct cj_buf *to, int major, uint64_t n) {
  int shift;
  cj_buf_byte(to, (char)(major << 5 | 27));
  for (shift = 56; shift >= 0; shift -= 8)
    cj_buf_byte(to, (char)(n >> shift & 0xFF));
}

static void write_double (struct cj_buf *to, double d) {
  uint64_t bits;
  memcpy(&bits, &d, sizeof(bits));
  write_head(to, 7, isnan(d) ? 0x7FF8000000000000u : bits);
}

static int copy (struct cj_cbor *r, struct cj_buf *to);

/* Copies the items of a list, or the pairs of a map, whose number is known when
** they are. */
static int copy_items (struct cj_cbor *r, struct cj_item *container,
                       struct cj_buf *to) {
  struct cj_buf items = { NULL, 0, 0, CJ_MAX_TEXT };
  int is_map = container->kind == CJ_ITEM_MAP, result = 0;
  uint64_t n = 0;
  if (cj_cbor_enter(r) != 0)
    return -1;
  for (; result == 0 && cj_cbor_more(r, container); n++)
    if (copy(r, &items) != 0 || (is_map && copy(r, &items) != 0))
      result = -1;
  write_head(to, is_map ? 5 : 4, n);
  cj_buf_add(to, items.s, items.len);
  cj_buf_free(&items);
  return result;
}

/* Copies the next item in one form of those that it has: 0, or -1 as the reader
** says. */
static int copy (struct cj_cbor *r, struct cj_buf *to) {
  struct cj_item item;
  struct cj_slice s;
  if (cj_cbor_try_text(r, &s)) {
    write_head(to, 3, s.n);
    cj_buf_add(to, s.s, s.n);
    return 0;
  }
  if (cj_cbor_next(r, &item) != 0)
    return -1;
  switch (item.kind) {
  case CJ_ITEM_UNSIGNED:
  case CJ_ITEM_NEGATIVE:
    write_head(to, item.kind == CJ_ITEM_NEGATIVE, item.n);
    return 0;
  case CJ_ITEM_BYTES:
  case CJ_ITEM_TEXT:
    if (cj_cbor_string(r, &item, &s) != 0)
      return -1;
    write_head(to, item.kind == CJ_ITEM_TEXT ? 3 : 2, s.n);
    cj_buf_add(to, s.s, s.n);
    return 0;
  case CJ_ITEM_LIST:
  case CJ_ITEM_MAP:
    return copy_items(r, &item, to);
  case CJ_ITEM_BIG: /* one tag, and nothing behind it: its item is checked */
    write_head(to, 6, 2);
    cj_buf_byte(to, 0);
    return cj_cbor_skip(r, &item);
  case CJ_ITEM_BOOLEAN:
    check(item.n <= 1);
    cj_buf_byte(to, item.n != 0 ? '\xF5' : '\xF4');
    return 0;
  case CJ_ITEM_NULL:
    cj_buf_byte(to, '\xF6');
    return 0;
  case CJ_ITEM_FLOAT:
    write_double(to, item.number);
    return 0;
  case CJ_ITEM_SIMPLE:
    check(item.n < 20 || item.n > 31);
    cj_buf_byte(to, '\xF8');
    cj_buf_byte(to, (char)(item.n < 32 ? 255 : item.n));
    return 0;
  }
  abort();
}

/* Reads a whole text: 0 or -1, its copy in 'to'. */
static int read_text (struct cj_slice text, struct cj_buf *to) {
  struct cj_buf scratch = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_cbor r;
  int result;
  cj_cbor_init(&r, text, &scratch);
  result = copy(&r, to) == 0 ? cj_cbor_finish(&r) : -1;
  check((result == 0) == (r.problem == NULL));
  check(r.p >= text.s && r.p <= text.s + text.n);
  cj_buf_free(&scratch);
  return result;
}

static int skip_text (struct cj_slice text) {
  struct cj_cbor r;
  int result;
  cj_cbor_init(&r, text, NULL);
  result = cj_cbor_skip_next(&r) == 0 ? cj_cbor_finish(&r) : -1;
  check((result == 0) == (r.problem == NULL));
  check(r.p >= text.s && r.p <= text.s + text.n);
  return result;
}

static void check_no_sound_beginning (struct cj_slice text) {
  size_t n;
  for (n = 1; n < text.n; n++) {
    struct cj_slice part =
        input_behind("", (const uint8_t *)text.s, n); /* of just that size */
    check(skip_text(part) == -1);
    free((void *)(uintptr_t)part.s);
  }
}

static void check_reading (struct cj_slice text) {
  struct cj_buf once = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_buf twice = { NULL, 0, 0, CJ_MAX_TEXT };
  int sound = read_text(text, &once) == 0;
  check((skip_text(text) == 0) == sound);
  if (sound) {
    struct cj_slice again;
    again.s = once.s;
    again.n = once.len;
    check(read_text(again, &twice) == 0);
    check(twice.len == once.len && twice.s != NULL && once.s != NULL);
    check(memcmp(twice.s, once.s, once.len) == 0);
    if (text.n < 300)
      check_no_sound_beginning(text);
  }
  cj_buf_free(&once);
  cj_buf_free(&twice);
}

static void check_writing (struct cj_slice json) {
  static const char text[] = "S string\nI integer\nF number single\nD number\n"
                             "B blob\nT time\nL string[]\nM blob{}\n"
                             "Q time[] sparse\nR Row\nA document\n";
  struct cj_buf to = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_shape shape;
  const char *problem = NULL;
  size_t i;
  memset(&shape, 0, sizeof(shape));
  check(cj_shape_parse(&shape, text, sizeof(text) - 1) == 0);
  for (i = 0; i < shape.count; i++)
    if (shape.members[i].node->type == CJ_STRUCTURE)
      shape.members[i].node->shape = &shape;
  if (cj_cbor_write(&to, &shape, json, &problem) == 0) {
    struct cj_slice cbor;
    check(problem == NULL);
    cbor.s = to.s;
    cbor.n = to.len;
    check(skip_text(cbor) == 0);
  } else {
    check(problem != NULL);
  }
  cj_buf_free(&to);
  cj_shape_free(&shape);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  struct cj_slice bytes;
  if (size == 0)
    return 0;
  bytes = input_behind("", data + 1, size - 1);
  if (data[0] == '{')
    check_writing((struct cj_slice){ (const char *)data, size });
  else
    check_reading(bytes);
  free((void *)(uintptr_t)bytes.s);
  return 0;
}
