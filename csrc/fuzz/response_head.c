/* Fuzzes answers: what is taken for whole has a head of lines, ends where its
** length says, and gives its fields in order; and no bytes are too odd for the
** reading of fields. */
#include "../http/response_head.h"
#include "hold.h"

static int is_blank (char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Fields lie behind each other in the text; how many there are. */
static int walk (struct cj_slice text) {
  const char *last = text.s, *end = text.s + text.n;
  struct cj_field f;
  int count = 0;
  while (cj_field_next(&text, &f)) {
    hold(f.name.s >= last && f.value.s > f.name.s + f.name.n - 1);
    hold(f.name.s[f.name.n] == ':' && f.value.s + f.value.n <= end);
    hold(f.value.n == 0 ||
         (!is_blank(*f.value.s) && !is_blank(f.value.s[f.value.n - 1])));
    last = f.value.s + f.value.n;
    hold(text.s >= last && text.s + text.n == end);
    count++;
  }
  return count;
}

static int count_lines (struct cj_slice s) {
  int count = 0;
  size_t i;
  for (i = 0; i < s.n; i++)
    count += s.s[i] == '\n';
  return count;
}

/* Answers to go on from: nobody guesses a field's name. */
static const char *const beginnings[] = {
  "",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 404 Not Found\r\ncontent-length: 1",
  "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n",
};

static void look (struct cj_slice bytes) {
  size_t size = bytes.n;
  int status = 0;
  size_t head = cj_answer_read(bytes, &status);
  walk(bytes);
  if (head == 0)
    return;
  hold(head <= size && status >= 200 && status <= 599);
  bytes.n = head;
  hold(memcmp(bytes.s + head - 4, "\r\n\r\n", 4) == 0);
  hold(walk(bytes) == count_lines(bytes) - 2); /* no status, no empty line */
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  const size_t count = sizeof(beginnings) / sizeof(*beginnings);
  struct cj_slice bytes;
  if (size == 0)
    return 0;
  bytes = hold_behind(beginnings[data[0] % count], data + 1, size - 1);
  look(bytes);
  free((void *)(uintptr_t)bytes.s);
  return 0;
}
