/* Fuzzes the parser of responses: the pieces in which bytes arrive make no
** difference, no limit is exceeded, and the parser agrees with response_head.c
** about whole responses. */
#include "../http/response_parser.h"
#include "check.h"

#define MAX_BODY 100

/* Feeds the bytes in pieces, and the connection's end while the response is not
** complete. */
static enum cj_parse feed (struct cj_response_parser *r, struct cj_slice bytes,
                           size_t piece, int is_head) {
  enum cj_parse result = CJ_PARSE_MORE;
  r->body.max = MAX_BODY;
  cj_response_parser_begin(r, is_head);
  while (bytes.n > 0 && result != CJ_PARSE_FAILED) {
    size_t some = piece < bytes.n ? piece : bytes.n;
    result = cj_response_parser_feed(r, bytes.s, some);
    bytes.s += some;
    bytes.n -= some;
  }
  return result == CJ_PARSE_MORE ? cj_response_parser_feed(r, "", 0) : result;
}

static int same (const struct cj_buf *a, const struct cj_buf *b) {
  return a->len == b->len && (a->len == 0 || memcmp(a->s, b->s, a->len) == 0);
}

static void compare (struct cj_slice bytes, size_t piece, int is_head) {
  static struct cj_response_parser whole,
      parts; /* reused, as a connection does */
  enum cj_parse result = feed(&whole, bytes, bytes.n, is_head);
  check(feed(&parts, bytes, piece, is_head) == result);
  check(whole.keep_alive == parts.keep_alive && whole.body.len <= MAX_BODY);
  if (result == CJ_PARSE_FAILED) {
    check(strcmp(whole.code, parts.code) == 0 && !whole.keep_alive);
    check(strcmp(whole.message, parts.message) == 0);
  } else {
    check(result == CJ_PARSE_DONE && whole.status == parts.status);
    check(whole.status >= 200 && whole.status <= 999);
    check(same(&whole.head, &parts.head) && same(&whole.body, &parts.body));
    check(!is_head || whole.body.len == 0);
  }
}

/* nginx's transport reads a response where it lies, libcurl's parses it. */
static void check_whole (struct cj_slice bytes) {
  static struct cj_response_parser r;
  struct cj_response_head h;
  size_t head = cj_response_head_whole(&h, bytes);
  if (head == 0 || bytes.n - head > MAX_BODY)
    return;
  check(feed(&r, bytes, bytes.n, 0) == CJ_PARSE_DONE && r.keep_alive);
  check(r.status == h.status && r.head.len == head);
  check(r.body.len == bytes.n - head);
}

/* Responses to go on from, as no fuzzer guesses a name. */
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
  bytes = input_behind(beginnings[data[0] % count], data + 2, size - 2);
  compare(bytes, 1, data[1] & 1);
  compare(bytes, 1 + data[1] / 2, data[1] & 1);
  check_whole(bytes);
  free((void *)(uintptr_t)bytes.s);
  return 0;
}
