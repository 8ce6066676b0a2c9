/* Fuzzes the writing of request heads: one request line, the given headers, a
** host, one length at most, and one empty line, at the end, so that no input
** makes two requests of one. */
#include "../http/request_head.h"
#include "check.h"

#define SEPARATOR '\1'

/* Removes and gives the text up to the next separator. */
static struct cj_slice part (struct cj_slice *text) {
  struct cj_slice s = *text;
  const char *stop = text->n > 0 ? memchr(text->s, SEPARATOR, text->n) : NULL;
  if (stop == NULL) {
    text->n = 0;
    return s;
  }
  s.n = (size_t)(stop - s.s);
  text->s = stop + 1;
  text->n -= s.n + 1;
  return s;
}

/* A copy that ends in a NUL, to be freed. */
static char *text_of (struct cj_slice s) {
  char *copy = malloc(s.n + 1);
  check(copy != NULL);
  if (s.n > 0)
    memcpy(copy, s.s, s.n);
  copy[s.n] = '\0';
  return copy;
}

static int count_bytes (struct cj_slice s, char c) {
  int n = 0;
  size_t i;
  for (i = 0; i < s.n; i++)
    n += s.s[i] == c;
  return n;
}

static void check_line (struct cj_slice line) {
  check(count_bytes(line, ' ') == 2 && count_bytes(line, '\r') == 1);
  check(memcmp(line.s + line.n - 11, " HTTP/1.1\r\n", 11) == 0);
}

static void check_head (struct cj_slice head, const struct cj_request *r) {
  const char *stop = memchr(head.s, '\n', head.n);
  struct cj_slice line = { head.s, 0 };
  int hosts = 0, lengths = 0, more;
  struct cj_field f;
  check(stop != NULL && head.n > 4);
  line.n = (size_t)(stop + 1 - head.s);
  check_line(line);
  head.s += line.n;
  head.n -= line.n;
  check(memcmp(head.s + head.n - 2, "\r\n", 2) == 0);
  head.n -= 2;
  while ((more = cj_header_line_next(&head, &f)) > 0) {
    hosts += cj_field_is(f.name, "host");
    check(!cj_field_is(f.name, "transfer-encoding"));
    check(!cj_field_is(f.name, "expect"));
    if (cj_field_is(f.name, "content-length")) {
      lengths++;
      check(f.value.n > 0 && strtoul(f.value.s, NULL, 10) == r->body_len);
    }
  }
  check(more == 0 && hosts >= 1 && lengths == cj_request_has_body(r));
}

/* Checks the request made of a method, a target, lines and a body. */
static void check_request (struct cj_slice rest) {
  struct cj_buf out = { NULL, 0, 0, 1 << 20 };
  struct cj_request r;
  struct cj_slice method = part(&rest), target = part(&rest);
  char *method_text = text_of(method), *url = malloc(target.n + 10);
  size_t origin;
  check(url != NULL);
  memset(&r, 0, sizeof(r));
  memcpy(url, "http://h/", 9);
  if (target.n > 0)
    memcpy(url + 9, target.s, target.n);
  url[9 + target.n] = '\0';
  if (target.n > 0 && target.s[0] == '!') /* an authority, too */
    memmove(url + 7, url + 10, target.n);
  r.method = method_text;
  r.method_len = method.n;
  r.url = url;
  r.url_len = strlen(url);
  r.lines = part(&rest);
  r.body = rest.n > 0 ? rest.s : NULL;
  r.body_len = rest.n;
  origin = cj_request_refusal(&r) == NULL ? cj_request_origin(&r) : 0;
  check(origin <= r.url_len);
  if (origin > 0 && cj_request_head_write(&out, &r, origin) == 0) {
    struct cj_slice head;
    head.s = out.s;
    head.n = out.len;
    check_head(head, &r);
  }
  cj_buf_free(&out);
  free(method_text);
  free(url);
}

/* Requests to go on from, as no fuzzer guesses a name. */
static const char *const beginnings[] = {
  "",
  "POST\1a\1content-length: 1\r\n",
  "GET\1?a\1host: h\r\nx",
  "PUT\1!h:1/a\1x: y\r\nExpect: 1\r\n",
  "POST\1\1a: 1\r\ntransfer-encoding:",
};

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  return check_behind(beginnings, sizeof(beginnings) / sizeof(*beginnings),
                      data, size, check_request);
}
