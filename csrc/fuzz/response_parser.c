/* Fuzzes the reader of answers: bytes that come at once and one by one make the
** same of it, nothing goes over a limit, and what answer.c takes for a whole
** answer is one to the reader, too. */
#include "../http/response_head.h"
#include "../http/response_parser.h"
#include "hold.h"

#define MAX_BODY 100

/* Gives the bytes in pieces, and then the connection's end if it must. */
static enum cj_parse take (struct cj_response_parser *r, struct cj_slice bytes,
                           size_t piece, int is_head) {
  enum cj_parse reading = CJ_PARSE_MORE;
  r->body.max = MAX_BODY;
  cj_response_parser_begin(r, is_head);
  while (bytes.n > 0 && reading != CJ_PARSE_FAILED) {
    size_t some = piece < bytes.n ? piece : bytes.n;
    reading = cj_response_parser_feed(r, bytes.s, some);
    bytes.s += some;
    bytes.n -= some;
  }
  return reading == CJ_PARSE_MORE ? cj_response_parser_feed(r, "", 0) : reading;
}

static int same (const struct cj_buf *a, const struct cj_buf *b) {
  return a->len == b->len && (a->len == 0 || memcmp(a->s, b->s, a->len) == 0);
}

static void compare (struct cj_slice bytes, size_t piece, int is_head) {
  static struct cj_response_parser whole,
      parts; /* kept, as a connection keeps it */
  enum cj_parse reading = take(&whole, bytes, bytes.n, is_head);
  hold(take(&parts, bytes, piece, is_head) == reading);
  hold(whole.keep_alive == parts.keep_alive && whole.body.len <= MAX_BODY);
  if (reading == CJ_PARSE_FAILED) {
    hold(strcmp(whole.code, parts.code) == 0 && !whole.keep_alive);
    hold(strcmp(whole.message, parts.message) == 0);
  } else {
    hold(reading == CJ_PARSE_DONE && whole.status == parts.status);
    hold(whole.status >= 200 && whole.status <= 999);
    hold(same(&whole.head, &parts.head) && same(&whole.body, &parts.body));
    hold(!is_head || whole.body.len == 0);
  }
}

/* As nginx's transport takes it, and as libcurl's does. */
static void agree (struct cj_slice bytes) {
  static struct cj_response_parser r;
  int status = 0;
  size_t head = cj_answer_read(bytes, &status);
  if (head == 0 || bytes.n - head > MAX_BODY)
    return;
  hold(take(&r, bytes, bytes.n, 0) == CJ_PARSE_DONE && r.keep_alive);
  hold(r.status == status && r.head.len == head);
  hold(r.body.len == bytes.n - head);
}

/* Answers to go on from: nobody guesses a field's name. */
static const char *const beginnings[] = {
  "",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nConnection: keep-alive\r\n",
};

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  const size_t count = sizeof(beginnings) / sizeof(*beginnings);
  struct cj_slice bytes;
  if (size < 2)
    return 0;
  bytes = hold_behind(beginnings[data[0] % count], data + 2, size - 2);
  compare(bytes, 1, data[1] & 1);
  compare(bytes, 1 + data[1] / 2, data[1] & 1);
  agree(bytes);
  free((void *)(uintptr_t)bytes.s);
  return 0;
}
