/* Paths and queries in SigV4's canonical form. */
#include "uri.h"

#include "../base/scalar.h"

#define MAX_PARAMETERS 256 /* the sort is quadratic */

/* Percent-encodes all but the unreserved characters and 'keep' (-1: none).
** With 'decode', a %XX stands for its byte. */
static int escape (struct cj_buf *out, struct cj_slice s, int keep,
                   int decode) {
  static const char digits[] = "0123456789ABCDEF";
  const char *p = s.s, *end = s.s + s.n;
  int result = 0;
  for (; p < end && result == 0; p++) {
    unsigned char c = (unsigned char)*p;
    int kept = c == keep;
    if (decode && c == '%' && end - p > 2 && cj_hex_value(p[1]) >= 0 &&
        cj_hex_value(p[2]) >= 0) {
      c = (unsigned char)(cj_hex_value(p[1]) * 16 + cj_hex_value(p[2]));
      p += 2;
    }
    if (kept || cj_is_unreserved((char)c)) {
      result = cj_buf_byte(out, (char)c);
    } else {
      char code[3];
      code[0] = '%';
      code[1] = digits[c >> 4];
      code[2] = digits[c & 15];
      result = cj_buf_add(out, code, sizeof(code));
    }
  }
  return result;
}

/* ---- path ---- */

/* Gives the text up to the next 'mark' or the end. */
static struct cj_slice piece (const char *p, const char *end, int mark) {
  struct cj_slice s;
  const char *stop = memchr(p, mark, (size_t)(end - p));
  s.s = p;
  s.n = (size_t)((stop == NULL ? end : stop) - p);
  return s;
}

/* Compares segments after they were written, so that a decoded %2E counts as a
** dot. */
static int normalize_path (struct cj_buf *out, struct cj_slice path,
                           int decode) {
  static const struct cj_slice dot = CJ_SLICE("."), dots = CJ_SLICE("..");
  const char *p = path.s, *end = path.s + path.n;
  size_t start = out->len;
  while (p < end) {
    struct cj_slice segment = piece(p, end, '/');
    struct cj_slice written;
    size_t before = out->len;
    p = segment.s + segment.n + 1;
    if (cj_buf_byte(out, '/') != 0 || escape(out, segment, -1, decode) != 0)
      return -1;
    written.s = out->s + before + 1;
    written.n = out->len - before - 1;
    if (cj_slice_equal(written, dots)) {
      out->len = before;
      while (out->len > start && out->s[--out->len] != '/')
        ;
    } else if (written.n == 0 || cj_slice_equal(written, dot)) {
      out->len = before;
    }
  }
  return out->len == start || end[-1] == '/' ? cj_buf_byte(out, '/') : 0;
}

int cj_uri_path (struct cj_buf *out, struct cj_slice path, int normalize,
                 int encode) {
  if (path.n == 0 || (path.n == 1 && *path.s == '/'))
    return cj_buf_byte(out, '/');
  if (normalize)
    return normalize_path(out, path, !encode);
  return escape(out, path, '/', !encode);
}

/* ---- query ---- */

struct parameter {
  size_t at, name,
      size; /* in the buffer: the offset, the name's size, the whole size */
};

/* By name, then by value. As text "a-b=" would precede "a=". */
static int precedes (const char *s, struct parameter a, struct parameter b) {
  struct cj_slice x, y;
  int order;
  x.s = s + a.at;
  x.n = a.name;
  y.s = s + b.at;
  y.n = b.name;
  order = cj_slice_compare(x, y);
  if (order != 0)
    return order < 0;
  x.n = a.size;
  y.n = b.size;
  return cj_slice_compare(x, y) < 0;
}

static int add_parameter (struct cj_buf *out, struct cj_slice text,
                          struct parameter *p) {
  struct cj_slice name = piece(text.s, text.s + text.n, '=');
  struct cj_slice value = CJ_SLICE("");
  if (name.n < text.n) {
    value.s = name.s + name.n + 1;
    value.n = text.n - name.n - 1;
  }
  p->at = out->len;
  if (escape(out, name, -1, 1) != 0)
    return -1;
  p->name = out->len - p->at;
  if (cj_buf_byte(out, '=') != 0 || escape(out, value, -1, 1) != 0)
    return -1;
  p->size = out->len - p->at;
  return 0;
}

/* Writes the parameters as they come, then again in order, and moves the second
** over the first. */
int cj_uri_query (struct cj_buf *out, struct cj_slice query) {
  struct parameter sorted[MAX_PARAMETERS];
  const char *p = query.s, *end;
  size_t start = out->len, middle;
  int count = 0, i;
  if (query.n == 0)
    return 0;
  end = query.s + query.n;
  while (p < end) {
    struct cj_slice text = piece(p, end, '&');
    struct parameter new;
    p = text.s + text.n + 1;
    if (text.n == 0)
      continue;
    if (count == MAX_PARAMETERS || add_parameter(out, text, &new) != 0)
      return -1;
    for (i = count++; i > 0 && precedes(out->s, new, sorted[i - 1]); i--)
      sorted[i] = sorted[i - 1];
    sorted[i] = new;
  }
  middle = out->len;
  for (i = 0; i < count; i++) {
    if ((i > 0 && cj_buf_byte(out, '&') != 0) ||
        cj_buf_reserve(out, sorted[i].size) != 0 ||
        cj_buf_add(out, out->s + sorted[i].at, sorted[i].size) != 0)
      return -1;
  }
  if (count > 0)
    memmove(out->s + start, out->s + middle, out->len - middle);
  out->len -= middle - start;
  return 0;
}
