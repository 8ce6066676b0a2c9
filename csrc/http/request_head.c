/* The head of an HTTP/1.1 request. */
#include "request_head.h"

#include "../base/ascii.h"
#include "../base/scalar.h"

static size_t scheme_length (const char *url) {
  return strncmp(url, "http://", 7) == 0    ? 7
         : strncmp(url, "https://", 8) == 0 ? 8
                                            : 0;
}

/* A character of a host name, an address or a port. An authority with any other
** is left to libcurl. */
static int is_host_char (char c) {
  static const uint64_t set[2] = { /* A-Z a-z 0-9 - . : [ ] _ ~ */
                                   0x07ff600000000000, 0x47fffffeaffffffe
  };
  return cj_is_in(set, c);
}

size_t cj_request_origin (const struct cj_request *r) {
  size_t scheme = scheme_length(r->url), i = scheme, end;
  while (is_host_char(r->url[i]))
    i++;
  end = i;
  if (scheme == 0 || end == scheme ||
      (r->url[end] != '/' && r->url[end] != '?' && r->url[end] != '\0'))
    return 0;
  for (; i < r->url_len; i++) {
    if (r->url[i] <= ' ' || r->url[i] >= 0x7f || r->url[i] == '#')
      return 0;
  }
  return end;
}

static int add (struct cj_buf *out, const char *literal) {
  return cj_buf_add(out, literal, strlen(literal));
}

static int add_request_line (struct cj_buf *out, const struct cj_request *r,
                             size_t origin) {
  const char *target = r->url + origin;
  if (cj_buf_add(out, r->method, r->method_len) != 0 ||
      add(out, *target == '/' ? " " : " /") != 0 ||
      cj_buf_add(out, target, r->url_len - origin) != 0)
    return -1;
  return add(out, " HTTP/1.1\r\n");
}

/* Adds the lines but for those that the connection decides. Returns whether the
** host is among them, or -1. */
static int add_lines (struct cj_buf *out, struct cj_slice lines) {
  struct cj_field f;
  int more, has_host = 0;
  while ((more = cj_header_line_next(&lines, &f)) > 0) {
    if (cj_field_is(f.name, "transfer-encoding"))
      return -1;
    if (cj_field_is(f.name, "content-length") || cj_field_is(f.name, "expect"))
      continue;
    has_host |= cj_field_is(f.name, "host");
    if (cj_buf_add(out, f.name.s, (size_t)(lines.s - f.name.s)) != 0)
      return -1;
  }
  return more < 0 ? -1 : has_host;
}

static int add_host (struct cj_buf *out, const struct cj_request *r,
                     size_t origin) {
  size_t scheme = scheme_length(r->url);
  if (add(out, "Host: ") != 0 ||
      cj_buf_add(out, r->url + scheme, origin - scheme) != 0)
    return -1;
  return add(out, "\r\n");
}

static int add_length (struct cj_buf *out, size_t length) {
  char digits[CJ_INTEGER_MAX];
  size_t n = cj_integer_write(digits, (int64_t)length);
  if (add(out, "Content-Length: ") != 0 || cj_buf_add(out, digits, n) != 0)
    return -1;
  return add(out, "\r\n");
}

int cj_request_head_write (struct cj_buf *out, const struct cj_request *r,
                           size_t origin) {
  int has_host;
  if (add_request_line(out, r, origin) != 0)
    return -1;
  has_host = add_lines(out, r->lines);
  if (has_host < 0 || (!has_host && add_host(out, r, origin) != 0) ||
      (cj_request_has_body(r) && add_length(out, r->body_len) != 0))
    return -1;
  return add(out, "\r\n");
}
