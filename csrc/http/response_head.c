/* The head of an HTTP/1.1 response. */
#include "response_head.h"

#include "../base/ascii.h"

/* The minor version and the status of 'HTTP/1.x NNN reason'. Gives the line's
** size, or 0 when it is something else. */
static size_t read_status (struct cj_slice text, int *minor, int *status) {
  static const char name[] = "HTTP/1.";
  const size_t n = sizeof(name) - 1;
  const char *p = text.s, *stop = memchr(p, '\n', text.n);
  int i;
  if (stop == NULL || (size_t)(stop - p) < n + 5 || memcmp(p, name, n) != 0 ||
      (p[n] != '0' && p[n] != '1') || p[n + 1] != ' ')
    return 0;
  *minor = p[n] - '0';
  p += n + 2;
  for (*status = 0, i = 0; i < 3; i++, p++) {
    if (!cj_is_digit(*p))
      return 0;
    *status = *status * 10 + (*p - '0');
  }
  if (*status < 100 ||
      (*p != ' ' && p != stop && !(*p == '\r' && p + 1 == stop)))
    return 0;
  return (size_t)(stop + 1 - text.s);
}

static int read_number (struct cj_slice digits, uint64_t *number) {
  size_t i;
  for (*number = 0, i = 0; i < digits.n; i++) {
    if (!cj_is_digit(digits.s[i]))
      return -1;
    *number = *number < UINT64_MAX / 10
                  ? *number * 10 + (uint64_t)(digits.s[i] - '0')
                  : UINT64_MAX;
  }
  return 0;
}

/* Equal lengths are one (RFC 9110 8.6). */
static int read_length (struct cj_response_head *h, struct cj_slice value) {
  struct cj_slice element;
  while (cj_field_element(&value, &element)) {
    uint64_t length;
    if (element.n == 0 || read_number(element, &length) != 0 ||
        (h->has_length && h->length != length))
      return -1;
    h->has_length = 1;
    h->length = length;
  }
  return 0;
}

/* What the connection fields and the repeats of 'chunked' say. */
struct connection {
  int closes, keep_alive, codings;
};

static void read_connection (struct connection *c, struct cj_slice value) {
  struct cj_slice element;
  while (cj_field_element(&value, &element)) {
    c->closes |= cj_field_is(element, "close");
    c->keep_alive |= cj_field_is(element, "keep-alive");
  }
}

/* 'chunked' twice is one, as libcurl and browsers have it. */
static void read_coding (struct cj_response_head *h, struct connection *c,
                         struct cj_slice value) {
  struct cj_slice element;
  while (cj_field_element(&value, &element)) {
    h->is_other |= !cj_field_is(element, "chunked");
    c->codings++;
  }
  h->is_chunked = 1;
}

/* 0, or -1 for a length that is none. */
static int read_framing (struct cj_response_head *h, struct connection *c,
                         const struct cj_field *f) {
  switch (f->name.n) { /* most names are none of these */
  case 10:
    if (cj_field_is(f->name, "connection"))
      read_connection(c, f->value);
    return 0;
  case 14:
    return cj_field_is(f->name, "content-length") ? read_length(h, f->value)
                                                  : 0;
  case 17:
    if (cj_field_is(f->name, "transfer-encoding"))
      read_coding(h, c, f->value);
    return 0;
  default:
    return 0;
  }
}

/* The connection is not kept where the framing is doubtful: a length beside
** chunks, chunks in HTTP/1.0 or named twice (RFC 9112 6.1), and a 204 that
** announces a body, which may come all the same. */
static int is_kept (const struct cj_response_head *h,
                    const struct connection *c, int minor) {
  if (c->closes || (minor == 0 && !c->keep_alive))
    return 0;
  if (h->is_chunked && (h->has_length || minor == 0 || c->codings > 1))
    return 0;
  return h->status != 204 || (!h->is_chunked && h->length == 0);
}

size_t cj_response_head_read (struct cj_response_head *h, struct cj_slice text,
                              const char **problem) {
  struct cj_slice rest = text;
  struct connection c = { 0, 0, 0 };
  struct cj_field f;
  int minor, more;
  size_t n = read_status(text, &minor, &h->status);
  *problem = n == 0 ? CJ_NOT_HTTP : NULL;
  h->is_chunked = h->is_other = h->has_length = h->keep_alive = 0;
  h->length = 0;
  if (n == 0)
    return 0;
  rest.s += n;
  rest.n -= n;
  while ((more = cj_field_next(&rest, &f)) != 0) {
    if (more < 0)
      *problem = "a line of the response's headers is not `name: value`";
    else if (read_framing(h, &c, &f) != 0)
      *problem = "the response's content-length is not a number";
    if (*problem != NULL)
      return 0;
  }
  if (rest.n == 0)
    return 0;
  n = (size_t)(rest.s - text.s) + (*rest.s == '\r' ? 2 : 1);
  if (memchr(text.s, '\0', n) != NULL) {
    *problem = "a NUL in the response's headers";
    return 0;
  }
  h->keep_alive = is_kept(h, &c, minor);
  return n;
}

size_t cj_response_head_whole (struct cj_response_head *h,
                               struct cj_slice bytes) {
  const char *problem;
  size_t n = cj_response_head_read(h, bytes, &problem);
  return n > 0 && n <= CJ_MAX_HEAD && cj_status_has_body(h->status) &&
                 h->has_length && !h->is_chunked && h->keep_alive &&
                 h->length == bytes.n - n
             ? n
             : 0;
}
