/* The head of an HTTP/1.1 answer: whether it is there with its whole body, and
** its fields. */
#include "response_head.h"

#define LENGTH_DIGITS 15 /* exact in any Lua number */

/* What is known of the fields so far. */
struct framing {
  int has_length;
  size_t length;
};

static int is_name_char (char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         (c >= '0' && c <= '9') || c == '_';
}

/* Past a line of visible text, its CR LF included; NULL when it holds anything
** else or has no end. */
static const char *pass_line (const char *p, const char *end) {
  while (p < end && ((unsigned char)*p >= ' ' || *p == '\t') && *p != 0x7f)
    p++;
  return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? p + 2 : NULL;
}

/* HTTP/1.1 2xx to 5xx of those that have a body. */
static const char *pass_status (const char *p, const char *end, int *status) {
  static const char version[] = "HTTP/1.1 ";
  const size_t n = sizeof(version) - 1;
  int i;
  if ((size_t)(end - p) < n + 4 || memcmp(p, version, n) != 0)
    return NULL;
  p += n;
  for (*status = 0, i = 0; i < 3; i++, p++) {
    if (*p < '0' || *p > '9')
      return NULL;
    *status = *status * 10 + (*p - '0');
  }
  if (*status < 200 || *status > 599 || *status == 204 || *status == 304)
    return NULL;
  return *p == ' ' || *p == '\r' ? pass_line(p, end) : NULL;
}

int cj_field_is (struct cj_slice s, const char *lower) {
  size_t i;
  for (i = 0; i < s.n && lower[i] != '\0'; i++) {
    if (cj_lower(s.s[i]) != lower[i])
      return 0;
  }
  return i == s.n && lower[i] == '\0';
}

static int read_length (struct framing *f, struct cj_slice value) {
  size_t i;
  if (f->has_length || value.n == 0 || value.n > LENGTH_DIGITS)
    return -1;
  for (i = 0; i < value.n; i++) {
    if (value.s[i] < '0' || value.s[i] > '9')
      return -1;
    f->length = f->length * 10 + (size_t)(value.s[i] - '0');
  }
  f->has_length = 1;
  return 0;
}

/* -1 when the field makes the answer an unusual one. */
static int heed (struct framing *f, struct cj_slice name,
                 struct cj_slice value) {
  switch (name.n) { /* most names are none of these */
  case 4:
    return cj_field_is(name, "host") ? -1 : 0;
  case 10:
    return cj_field_is(name, "connection") && !cj_field_is(value, "keep-alive")
               ? -1
               : 0;
  case 14:
    return cj_field_is(name, "content-length") ? read_length(f, value) : 0;
  case 17:
    return cj_field_is(name, "transfer-encoding") ? -1 : 0;
  default:
    return 0;
  }
}

static const char *pass_field (const char *p, const char *end,
                               struct framing *f) {
  struct cj_slice name, value;
  const char *next;
  name.s = p;
  while (p < end && is_name_char(*p))
    p++;
  name.n = (size_t)(p - name.s);
  if (name.n == 0 || p == end || *p != ':')
    return NULL;
  next = pass_line(++p, end);
  if (next == NULL)
    return NULL;
  while (*p == ' ' || *p == '\t')
    p++;
  value.s = p;
  value.n = (size_t)(next - 2 - p);
  while (value.n > 0 && (p[value.n - 1] == ' ' || p[value.n - 1] == '\t'))
    value.n--;
  return heed(f, name, value) == 0 ? next : NULL;
}

size_t cj_answer_read (struct cj_slice bytes, int *status) {
  const char *end = bytes.s + bytes.n;
  const char *p = pass_status(bytes.s, end, status);
  struct framing f = { 0, 0 };
  size_t head;
  while (p != NULL && p < end && *p != '\r')
    p = pass_field(p, end, &f);
  if (p == NULL || end - p < 2 || p[1] != '\n')
    return 0;
  head = (size_t)(p + 2 - bytes.s);
  return head <= CJ_MAX_HEAD && f.has_length && f.length == bytes.n - head
             ? head
             : 0;
}

/* ---- fields ---- */

static int is_blank (char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The end of the field that starts at 'line': what begins with a blank still
** belongs to it. */
static const char *field_end (const char *line, const char *end) {
  do {
    line = memchr(line, '\n', (size_t)(end - line));
    line = line != NULL ? line + 1 : end;
  } while (line < end && (*line == ' ' || *line == '\t'));
  return line;
}

int cj_field_next (struct cj_slice *text, struct cj_field *f) {
  const char *p = text->s, *end = text->s + text->n, *next, *colon;
  for (;; p = next) {
    if (p == end || *p == '\r' || *p == '\n')
      return 0;
    next = field_end(p, end);
    colon = memchr(p, ':', (size_t)(next - p));
    if (colon != NULL && (end - p < 5 || memcmp(p, "HTTP/", 5) != 0))
      break;
  }
  text->s = next;
  text->n = (size_t)(end - next);
  f->name.s = p;
  f->name.n = (size_t)(colon - p);
  for (colon++; colon < next && is_blank(*colon); colon++)
    ;
  while (next > colon && is_blank(next[-1]))
    next--;
  f->value.s = colon;
  f->value.n = (size_t)(next - colon);
  return 1;
}
