/* A request as it comes to the code on libcurl, and what none may be. */
#include "request.h"

#include <stdio.h>

static int is_token (const char *s, size_t n) {
  static const char others[] = "!#$%&'*+.^_`|~";
  size_t i;
  for (i = 0; i < n; i++) {
    char c = s[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
          (c >= '0' && c <= '9') || (c != '\0' && strchr(others, c) != NULL)))
      return 0;
  }
  return n > 0;
}

/* Whether it stays on its line: what else a value holds is the server's
** business. */
static int is_line (const char *s, size_t n) {
  return memchr(s, '\r', n) == NULL && memchr(s, '\n', n) == NULL &&
         memchr(s, '\0', n) == NULL;
}

const char *cj_request_refusal (const struct cj_request *r) {
  if (r->refusal[0] != '\0')
    return r->refusal;
  if (!is_token(r->method, r->method_len))
    return "the method is not a token";
  if (strlen(r->url) != r->url_len)
    return "the URL holds a NUL";
  if (r->body != NULL && strcmp(r->method, "HEAD") == 0)
    return "a HEAD request has no body";
  return NULL;
}

int cj_request_has_body (const struct cj_request *r) {
  return r->body != NULL || strcmp(r->method, "POST") == 0 ||
         strcmp(r->method, "PUT") == 0 || strcmp(r->method, "PATCH") == 0;
}

int cj_header_line_next (struct cj_slice *lines, struct cj_field *f) {
  const char *s = lines->s, *end = lines->s + lines->n;
  const char *colon, *stop;
  if (s == end)
    return 0;
  colon = memchr(s, ':', lines->n);
  stop = memchr(s, '\r', lines->n);
  if (colon == NULL || stop == NULL || stop < colon + 2 || colon[1] != ' ' ||
      end - stop < 2 || stop[1] != '\n' || !is_line(s, (size_t)(stop - s)))
    return -1;
  f->name.s = s;
  f->name.n = (size_t)(colon - s);
  f->value.s = colon + 2;
  f->value.n = (size_t)(stop - f->value.s);
  lines->s = stop + 2;
  lines->n = (size_t)(end - lines->s);
  return 1;
}

void cj_request_add_header (struct cj_request *r, struct cj_buf *lines,
                            const struct cj_field *f) {
  if (!is_token(f->name.s, f->name.n))
    snprintf(r->refusal, sizeof(r->refusal),
             "a header's name holds more than a token may");
  else if (!is_line(f->value.s, f->value.n))
    snprintf(r->refusal, sizeof(r->refusal),
             "the header %.64s holds a line break or a NUL", f->name.s);
  else if (cj_buf_add(lines, f->name.s, f->name.n) != 0 ||
           cj_buf_add(lines, ": ", 2) != 0 ||
           cj_buf_add(lines, f->value.s, f->value.n) != 0 ||
           cj_buf_add(lines, "\r\n", 2) != 0)
    snprintf(r->refusal, sizeof(r->refusal),
             "the request's headers are too long");
}
