/* Fuzzes header lines: the fields of a head follow each other and have no outer
** blanks, an unfolded value has no line's end, a list's elements have no comma,
** and no read leaves the input. */
#include "../base/ascii.h"
#include "../http/field.h"
#include "check.h"

static int is_blank (char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void check_trimmed (struct cj_slice s) {
  check(s.n == 0 || (!is_blank(s.s[0]) && !is_blank(s.s[s.n - 1])));
}

static void check_unfolded (struct cj_slice value) {
  char *to = malloc(value.n + 1);
  size_t n, i;
  check(to != NULL);
  n = cj_field_unfold(to, value);
  check(n <= value.n);
  for (i = 0; i < n; i++)
    check(to[i] != '\r' && to[i] != '\n');
  free(to);
}

static void check_elements (struct cj_slice value) {
  const char *last = value.s, *end = value.s + value.n;
  struct cj_slice element;
  while (cj_field_element(&value, &element)) {
    check(element.s >= last && element.s + element.n <= end);
    check(element.n == 0 || memchr(element.s, ',', element.n) == NULL);
    check_trimmed(element);
    last = element.s + element.n;
  }
}

static void check_received (struct cj_slice text) {
  const char *last = text.s, *end = text.s + text.n;
  struct cj_field f;
  int more;
  while ((more = cj_field_next(&text, &f)) != 0) {
    check(text.s > last && text.s + text.n == end);
    if (more > 0) {
      check(f.name.s == last && cj_is_token(f.name));
      check(f.name.s[f.name.n] == ':' && f.value.s > f.name.s + f.name.n);
      check(f.value.s + f.value.n <= text.s);
      check_trimmed(f.value);
      check_unfolded(f.value);
      check_elements(f.value);
    }
    last = text.s;
  }
  check(text.n == 0 || *text.s == '\n' || *text.s == '\r');
}

/* What may be sent is received as the same field. */
static void check_sent (struct cj_slice lines) {
  struct cj_field f, received;
  struct cj_slice text;
  while (cj_header_line_next(&lines, &f) > 0) {
    text.s = f.name.s;
    text.n = (size_t)(lines.s - f.name.s);
    check(cj_field_next(&text, &received) == 1 && text.n == 0);
    check(received.name.n == f.name.n && received.value.n <= f.value.n);
  }
}

/* Lines to go on from, as no fuzzer guesses a name. */
static const char *const beginnings[] = {
  "",
  "content-length: 1",
  "connection: close, x",
  "a: b\r\nc:\r\n d\r\n",
};

static void check_both (struct cj_slice bytes) {
  check_received(bytes);
  check_sent(bytes);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  return check_behind(beginnings, sizeof(beginnings) / sizeof(*beginnings),
                      data, size, check_both);
}
