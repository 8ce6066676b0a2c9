/* A request to be sent, and why it may not be. */
#include "request.h"

#include "../base/ascii.h"

#include <stdio.h>

#define MAX_METHOD 1024

const char *cj_request_refusal (const struct cj_request *r) {
  struct cj_slice method = { r->method, r->method_len };
  if (r->refusal[0] != '\0')
    return r->refusal;
  if (method.n > MAX_METHOD)
    return "the method is longer than 1024 bytes";
  if (!cj_is_token(method))
    return "the method is not a token";
  if (strlen(r->url) != r->url_len)
    return "the URL holds a NUL";
  if ((r->body != NULL || r->has_pieces) && strcmp(r->method, "HEAD") == 0)
    return "a HEAD request has no body";
  return NULL;
}

int cj_request_has_body (const struct cj_request *r) {
  return r->body != NULL || strcmp(r->method, "POST") == 0 ||
         strcmp(r->method, "PUT") == 0 || strcmp(r->method, "PATCH") == 0;
}

void cj_request_add_header (struct cj_request *r, struct cj_buf *lines,
                            const struct cj_field *f) {
  if (!cj_is_token(f->name))
    snprintf(r->refusal, sizeof(r->refusal),
             "a header's name holds more than a token may");
  else if (!cj_field_is_line(f->value))
    snprintf(r->refusal, sizeof(r->refusal),
             "the header %.64s holds a line break or a NUL", f->name.s);
  else if (cj_buf_add(lines, f->name.s, f->name.n) != 0 ||
           cj_buf_add(lines, ": ", 2) != 0 ||
           cj_buf_add(lines, f->value.s, f->value.n) != 0 ||
           cj_buf_add(lines, "\r\n", 2) != 0)
    snprintf(r->refusal, sizeof(r->refusal),
             "the request's headers are too long");
}
