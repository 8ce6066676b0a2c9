/* Fuzzes the JSON reader: no prefix of a valid object or list is valid, what is
** read and written reads the same again, and no read leaves the input. */
#include "../codec/json.h"
#include "check.h"

/* Copies the next value in compact form: 0, or -1 as the reader says. */
static int copy (struct cj_json *r, struct cj_buf *to) {
  enum cj_kind kind = cj_json_peek(r);
  char close = kind == CJ_KIND_OBJECT ? '}' : ']';
  int more, value, first = 1;
  struct cj_number number;
  struct cj_slice s;
  switch (kind) {
  case CJ_KIND_OBJECT:
  case CJ_KIND_LIST:
    if (cj_json_enter(r) != 0)
      return -1;
    cj_buf_byte(to, kind == CJ_KIND_OBJECT ? '{' : '[');
    while ((more = cj_json_more(r, close)) > 0) {
      if (!first)
        cj_buf_byte(to, ',');
      first = 0;
      if (kind == CJ_KIND_OBJECT) {
        if (cj_json_key(r, &s) != 0)
          return -1;
        check(cj_json_quote(to, s.s, s.n) == 0);
        cj_buf_byte(to, ':');
      }
      if (copy(r, to) != 0)
        return -1;
    }
    cj_buf_byte(to, close);
    return more;
  case CJ_KIND_STRING:
    if (cj_json_string(r, &s) != 0)
      return -1;
    check(cj_json_quote(to, s.s, s.n) == 0);
    return 0;
  case CJ_KIND_NUMBER:
    if (cj_json_number(r, &number) != 0)
      return -1;
    if (number.is_integer)
      cj_json_integer(to, number.integer);
    else
      cj_buf_add(to, number.text.s, number.text.n);
    return 0;
  case CJ_KIND_BOOLEAN:
    if (cj_json_boolean(r, &value) != 0)
      return -1;
    cj_buf_add(to, value ? "true" : "false", value ? 4 : 5);
    return 0;
  case CJ_KIND_NULL:
    cj_buf_add(to, "null", 4);
    return cj_json_null(r);
  case CJ_KIND_NONE:
    break;
  }
  return -1;
}

/* Reads a whole text: 0 or -1, its compact form in 'to'. */
static int read_text (struct cj_slice text, int replaces, struct cj_buf *to) {
  struct cj_buf scratch = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_json r;
  int result;
  cj_json_init(&r, text, &scratch);
  r.replaces = replaces;
  result = copy(&r, to) == 0 ? cj_json_finish(&r) : -1;
  check((result == 0) == (r.problem == NULL));
  check(r.p >= text.s && r.p <= text.s + text.n);
  cj_buf_free(&scratch);
  return result;
}

static int skip_text (struct cj_slice text, const char **at) {
  struct cj_buf scratch = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_json r;
  int result;
  cj_json_init(&r, text, &scratch);
  result = cj_json_skip(&r) == 0 ? cj_json_finish(&r) : -1;
  *at = r.p;
  cj_buf_free(&scratch);
  return result;
}

/* Every prefix of a valid object or list is invalid. */
static void check_no_sound_beginning (struct cj_slice text) {
  struct cj_slice part = { text.s, 0 };
  const char *at;
  while (text.s[text.n - 1] != '}' && text.s[text.n - 1] != ']')
    text.n--; /* blanks */
  for (; part.n < text.n; part.n++) {
    /* A copy of just its size, so that ASan sees a read behind it. */
    char *copied = malloc(part.n + 1);
    struct cj_slice own = { copied + 1, part.n };
    check(copied != NULL);
    memcpy(copied + 1, text.s, part.n);
    check(skip_text(own, &at) == -1);
    free(copied);
  }
}

/* Where Unicode is replaced, a valid text reads the same, and what is read is
** valid. */
static void check_replaced (struct cj_slice text, const struct cj_buf *strict) {
  struct cj_buf to = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_buf twice = { NULL, 0, 0, CJ_MAX_TEXT };
  int valid = read_text(text, 1, &to) == 0;
  if (strict != NULL)
    check(valid && to.len == strict->len &&
          memcmp(to.s, strict->s, to.len) == 0);
  if (valid) {
    struct cj_slice again;
    again.s = to.s;
    again.n = to.len;
    check(read_text(again, 0, &twice) == 0);
  }
  cj_buf_free(&to);
  cj_buf_free(&twice);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  struct cj_buf once = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_buf twice = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_slice text = { (const char *)data, size }, again;
  const char *at;
  int sound = read_text(text, 0, &once) == 0;
  check((skip_text(text, &at) == 0) == sound);
  if (sound) {
    again.s = once.s;
    again.n = once.len;
    check(read_text(again, 0, &twice) == 0);
    check(twice.len == once.len && twice.s != NULL && once.s != NULL);
    check(memcmp(twice.s, once.s, once.len) == 0);
    if (size < 300 && (*once.s == '{' || *once.s == '['))
      check_no_sound_beginning(text);
  }
  check_replaced(text, sound ? &once : NULL);
  cj_buf_free(&once);
  cj_buf_free(&twice);
  return 0;
}
