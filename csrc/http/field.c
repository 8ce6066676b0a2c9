/* Header lines of HTTP/1.1. */
#include "field.h"

#include "../base/ascii.h"

static int is_blank (char c) {
  return c == ' ' || c == '\t';
}

static int is_outer (char c) {
  return is_blank(c) || c == '\r' || c == '\n';
}

/* Without outer blanks and line ends. */
static struct cj_slice trim (const char *p, const char *end) {
  struct cj_slice s;
  while (p < end && is_outer(*p))
    p++;
  while (end > p && is_outer(end[-1]))
    end--;
  s.s = p;
  s.n = (size_t)(end - p);
  return s;
}

int cj_field_is (struct cj_slice s, const char *lower) {
  size_t i;
  for (i = 0; i < s.n && lower[i] != '\0'; i++) {
    if (cj_lower(s.s[i]) != lower[i])
      return 0;
  }
  return i == s.n && lower[i] == '\0';
}

/* ---- received ---- */

/* The end of the field that begins at 'line': a line that begins with a blank
** still belongs to it. */
static const char *field_end (const char *line, const char *end) {
  do {
    line = memchr(line, '\n', (size_t)(end - line));
    line = line != NULL ? line + 1 : end;
  } while (line < end && is_blank(*line));
  return line;
}

int cj_field_next (struct cj_slice *text, struct cj_field *f) {
  const char *p = text->s, *end = text->s + text->n, *next, *colon = p;
  if (p == end || *p == '\n' || (*p == '\r' && end - p > 1 && p[1] == '\n'))
    return 0;
  next = field_end(p, end);
  text->s = next;
  text->n = (size_t)(end - next);
  while (colon < next && cj_is_token_char(*colon))
    colon++;
  if (colon == p || colon == next || *colon != ':')
    return -1;
  f->name.s = p;
  f->name.n = (size_t)(colon - p);
  f->value = trim(colon + 1, next);
  return 1;
}

size_t cj_field_unfold (char *to, struct cj_slice value) {
  const char *p = value.s, *end = value.s + value.n;
  char *out = to;
  while (p < end) {
    if (*p != '\n') {
      *out++ = (char)(*p == '\r' ? ' ' : *p);
      p++;
      continue;
    }
    while (out > to && is_blank(out[-1])) /* the CR is a blank by now */
      out--;
    while (p < end && is_outer(*p))
      p++;
    *out++ = ' ';
  }
  return (size_t)(out - to);
}

int cj_field_element (struct cj_slice *list, struct cj_slice *element) {
  const char *end, *comma;
  if (list->s == NULL)
    return 0;
  end = list->s + list->n;
  comma = memchr(list->s, ',', list->n);
  *element = trim(list->s, comma != NULL ? comma : end);
  list->s = comma != NULL ? comma + 1 : NULL;
  list->n = comma != NULL ? (size_t)(end - list->s) : 0;
  return 1;
}

/* ---- to be sent ---- */

int cj_field_is_line (struct cj_slice value) {
  return value.n == 0 || (memchr(value.s, '\r', value.n) == NULL &&
                          memchr(value.s, '\n', value.n) == NULL &&
                          memchr(value.s, '\0', value.n) == NULL);
}

int cj_header_line_next (struct cj_slice *lines, struct cj_field *f) {
  const char *s = lines->s, *end = lines->s + lines->n;
  const char *colon, *stop;
  if (lines->n == 0)
    return 0;
  colon = memchr(s, ':', lines->n);
  stop = memchr(s, '\r', lines->n);
  if (colon == NULL || stop == NULL || stop < colon + 2 || colon[1] != ' ' ||
      end - stop < 2 || stop[1] != '\n')
    return -1;
  f->name.s = s;
  f->name.n = (size_t)(colon - s);
  f->value.s = colon + 2;
  f->value.n = (size_t)(stop - f->value.s);
  lines->s = stop + 2;
  lines->n = (size_t)(end - lines->s);
  return cj_is_token(f->name) && cj_field_is_line(f->value) ? 1 : -1;
}
