/* A pull reader over JSON text, and the writing of strings and numbers. */
#include "json.h"

#include "../base/scalar.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Characters {======================================================= */

#define EACH_BYTE(b) (0x0101010101010101u * (uint64_t)(b))
#define HIGH_BITS EACH_BYTE(0x80)

/* Plain is what a JSON string holds as it is: printable ASCII but '"' and
** '\\'. */
static int is_plain (char c) {
  return (unsigned char)(c - 0x20) < 0x60 && c != '"' && c != '\\';
}

/* Whether all eight bytes from 'p' on are plain. */
static int is_plain8 (const char *p) {
  uint64_t w, quote, slash;
  memcpy(&w, p, sizeof(w));
  quote = w ^ EACH_BYTE('"');
  slash = w ^ EACH_BYTE('\\');
  return ((w | (w - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) |
           (slash - EACH_BYTE(1))) &
          HIGH_BITS) == 0;
}

#ifdef __SSE2__

/* A bit for each of the sixteen bytes from 'p' on that is not plain. */
static unsigned special16 (const char *p) {
  __m128i w = _mm_loadu_si128((const __m128i *)(const void *)p);
  __m128i low = _mm_cmplt_epi8(w, _mm_set1_epi8(0x20)); /* beyond ASCII, too */
  __m128i quote = _mm_cmpeq_epi8(w, _mm_set1_epi8('"'));
  __m128i slash = _mm_cmpeq_epi8(w, _mm_set1_epi8('\\'));
  return (unsigned)_mm_movemask_epi8(
      _mm_or_si128(low, _mm_or_si128(quote, slash)));
}

#endif

/* How many plain bytes there are from 'p' on. */
static size_t plain_length (const char *p, const char *end) {
  const char *from = p;
#ifdef __SSE2__
  for (; end - p >= 16; p += 16) {
    unsigned bits = special16(p);
    if (bits != 0)
      return (size_t)(p - from) + (size_t)__builtin_ctz(bits);
  }
#endif
  while (end - p >= 8 && is_plain8(p))
    p += 8;
  if (end - p < 8 && end - from >= 8 && is_plain8(end - 8))
    return (size_t)(end - from); /* the last eight overlap what was seen */
  while (p < end && is_plain(*p))
    p++;
  return (size_t)(p - from);
}

size_t cj_utf8_length (const char *s, size_t n) {
  size_t length = 0, i = 0;
  for (; n - i >= 8; i += 8) { /* mostly ASCII */
    uint64_t w;
    memcpy(&w, s + i, sizeof(w));
    if ((w & HIGH_BITS) != 0)
      break;
    length += 8;
  }
  for (; i < n; i++)
    length += (s[i] & 0xC0) != 0x80;
  return length;
}

/* }================================================================= */

const char cj_json_no_memory[] = "not enough memory";

/* Reading {========================================================== */

void cj_json_init (struct cj_json *r, struct cj_slice text,
                   struct cj_buf *scratch) {
  memset(r, 0, sizeof(*r));
  r->start = r->p = text.s;
  r->end = text.s + text.n;
  r->scratch = scratch;
  if (text.n > CJ_MAX_TEXT)
    cj_json_fail(r, r->start, "longer than 64 MiB");
  else if (text.n >= 3 && memcmp(text.s, "\xEF\xBB\xBF", 3) == 0)
    r->p += 3;
}

int cj_json_fail (struct cj_json *r, const char *at, const char *problem) {
  if (r->problem == NULL) {
    r->problem = problem;
    r->p = at;
  }
  return -1;
}

/* Sets the problem of a byte that may not stand at 'p'. */
static int unexpected (struct cj_json *r, const char *problem) {
  return cj_json_fail(r, r->p, r->p == r->end ? "unexpected end" : problem);
}

enum cj_kind cj_json_peek (struct cj_json *r) {
  if (r->problem != NULL)
    return CJ_KIND_NONE;
  cj_json_blanks(r);
  if (r->p < r->end)
    switch (*r->p) {
    case '{':
      return CJ_KIND_OBJECT;
    case '[':
      return CJ_KIND_LIST;
    case '"':
      return CJ_KIND_STRING;
    case 't':
    case 'f':
      return CJ_KIND_BOOLEAN;
    case 'n':
      return CJ_KIND_NULL;
    default:
      if (*r->p == '-' || (*r->p >= '0' && *r->p <= '9'))
        return CJ_KIND_NUMBER;
    }
  unexpected(r, "expected a value");
  return CJ_KIND_NONE;
}

const char *cj_json_kind_name (enum cj_kind kind) {
  static const char *const names[] = { "nothing", "object",  "list", "string",
                                       "number",  "boolean", "null" };
  return names[kind];
}

int cj_json_enter (struct cj_json *r) {
  if (r->depth == CJ_MAX_DEPTH)
    return cj_json_fail(r, r->p, "nested deeper than 128 levels");
  r->p++;
  r->depth++;
  r->first = 1;
  return 0;
}

int cj_json_no_comma (struct cj_json *r, char close) {
  return unexpected(r, close == '}' ? "expected ',' or '}'"
                                    : "expected ',' or ']'");
}

int cj_json_key (struct cj_json *r, struct cj_slice *key) {
  if (r->p == r->end || *r->p != '"')
    return unexpected(r, "expected a member's name");
  if (cj_json_string(r, key) != 0)
    return -1;
  cj_json_blanks(r);
  if (r->p == r->end || *r->p != ':')
    return unexpected(r, "expected ':'");
  r->p++;
  return 0;
}

/* The four digits of a \u escape at 'p', or -1. */
static int hex4 (const char *p, const char *end) {
  int value = 0, i;
  if (end - p < 4)
    return -1;
  for (i = 0; i < 4; i++) {
    int digit = cj_hex_value(p[i]);
    if (digit < 0)
      return -1;
    value = value << 4 | digit;
  }
  return value;
}

/* 'p' stands behind "\u". */
static int unescape_unicode (struct cj_json *r) {
  const char *escape = r->p - 2;
  char utf8[CJ_UTF8_MAX];
  int c = hex4(r->p, r->end), low;
  if (c < 0)
    return cj_json_fail(r, escape, "bad \\u escape");
  r->p += 4;
  if (c >= 0xD800 && c <= 0xDFFF) {
    low = r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u'
              ? hex4(r->p + 2, r->end)
              : -1;
    if (c <= 0xDBFF && low >= 0xDC00 && low <= 0xDFFF) {
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
      r->p += 6;
    } else if (r->replaces) {
      c = 0xFFFD;
    } else {
      return cj_json_fail(r, escape, "lone surrogate");
    }
  }
  if (cj_buf_add(r->scratch, utf8, cj_utf8_write(utf8, (uint32_t)c)) != 0)
    return cj_json_fail(r, escape, cj_json_no_memory);
  return 0;
}

/* 'p' stands at the backslash. */
static int unescape (struct cj_json *r) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *at =
      r->p + 1 < r->end && r->p[1] != '\0' ? strchr(from, r->p[1]) : NULL;
  if (at != NULL) {
    if (cj_buf_byte(r->scratch, to[at - from]) != 0)
      return cj_json_fail(r, r->p, cj_json_no_memory);
    r->p += 2;
    return 0;
  }
  if (r->p + 1 == r->end)
    return cj_json_fail(r, r->end, "unexpected end");
  if (r->p[1] != 'u')
    return cj_json_fail(r, r->p, "unknown escape");
  r->p += 2;
  return unescape_unicode(r);
}

/* Replaces bytes that are no UTF-8. */
static int replace (struct cj_json *r) {
  if (cj_buf_add(r->scratch, CJ_REPLACEMENT, 3) != 0)
    return cj_json_fail(r, r->p, cj_json_no_memory);
  r->p += cj_utf8_malformed(r->p, r->end);
  return 0;
}

/* A string that is not all plain, from its first byte on. */
static int read_string (struct cj_json *r, struct cj_slice *s) {
  const char *from = r->p;
  int escaped = 0;
  for (;;) {
    size_t n;
    r->p += plain_length(r->p, r->end);
    if (r->p == r->end)
      return unexpected(r, NULL);
    if (*r->p == '"')
      break;
    n = (unsigned char)*r->p < 0x80 ? 1 : cj_utf8_sequence(r->p, r->end);
    if (*r->p == '\\' || (n == 0 && r->replaces)) {
      if (!escaped)
        cj_buf_reset(r->scratch);
      escaped = 1;
      if (cj_buf_add(r->scratch, from, (size_t)(r->p - from)) != 0)
        return cj_json_fail(r, r->p, cj_json_no_memory);
      if ((n == 0 ? replace(r) : unescape(r)) != 0)
        return -1;
      from = r->p;
    } else if ((unsigned char)*r->p < 0x20 && !r->replaces) {
      return unexpected(r, "control character in a string");
    } else if (n > 0) {
      r->p += n;
    } else {
      return unexpected(r, "invalid UTF-8");
    }
  }
  s->s = from;
  s->n = (size_t)(r->p - from);
  r->p++;
  if (!escaped)
    return 0;
  if (cj_buf_add(r->scratch, s->s, s->n) != 0)
    return cj_json_fail(r, r->p, cj_json_no_memory);
  s->s = r->scratch->s;
  s->n = r->scratch->len;
  return 0;
}

int cj_json_string (struct cj_json *r, struct cj_slice *s) {
  size_t n;
  s->s = ++r->p;
  n = plain_length(r->p, r->end);
  if (r->p + n == r->end || r->p[n] != '"')
    return read_string(r, s);
  s->n = n;
  r->p += n + 1;
  return 0;
}

static int digits (struct cj_json *r) {
  const char *from = r->p;
  while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
    r->p++;
  return r->p > from ? 0 : unexpected(r, "expected a digit");
}

int cj_json_number (struct cj_json *r, struct cj_number *number) {
  const char *from = r->p;
  int whole = 1;
  r->p += *r->p == '-';
  if (r->p < r->end && *r->p == '0')
    r->p++; /* a digit after it is refused where the value must end */
  else if (digits(r) != 0)
    return -1;
  if (r->p < r->end && *r->p == '.') {
    whole = 0;
    r->p++;
    if (digits(r) != 0)
      return -1;
  }
  if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
    whole = 0;
    r->p++;
    r->p += r->p < r->end && (*r->p == '-' || *r->p == '+');
    if (digits(r) != 0)
      return -1;
  }
  number->text.s = from;
  number->text.n = (size_t)(r->p - from);
  number->is_integer =
      whole && cj_integer_read(&number->integer, from, number->text.n) == 0 &&
      !(number->integer == 0 && *from == '-');
  return 0;
}

static int literal (struct cj_json *r, const char *word, size_t n) {
  if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
    return cj_json_fail(r, r->p, "expected a value");
  r->p += n;
  return 0;
}

int cj_json_boolean (struct cj_json *r, int *value) {
  *value = *r->p == 't';
  return *value ? literal(r, "true", 4) : literal(r, "false", 5);
}

int cj_json_null (struct cj_json *r) {
  return literal(r, "null", 4);
}

int cj_json_skip (struct cj_json *r) {
  enum cj_kind kind = cj_json_peek(r);
  char close = kind == CJ_KIND_OBJECT ? '}' : ']';
  struct cj_slice text;
  struct cj_number number;
  int more, value;
  switch (kind) {
  case CJ_KIND_OBJECT:
  case CJ_KIND_LIST:
    if (cj_json_enter(r) != 0)
      return -1;
    while ((more = cj_json_more(r, close)) > 0)
      if ((kind == CJ_KIND_OBJECT && cj_json_key(r, &text) != 0) ||
          cj_json_skip(r) != 0)
        return -1;
    return more;
  case CJ_KIND_STRING:
    return cj_json_string(r, &text);
  case CJ_KIND_NUMBER:
    return cj_json_number(r, &number);
  case CJ_KIND_BOOLEAN:
    return cj_json_boolean(r, &value);
  case CJ_KIND_NULL:
    return cj_json_null(r);
  case CJ_KIND_NONE:
    break;
  }
  return -1;
}

int cj_json_finish (struct cj_json *r) {
  if (r->problem != NULL)
    return -1;
  cj_json_blanks(r);
  return r->p == r->end ? 0 : cj_json_fail(r, r->p, "text after the document");
}

/* }================================================================= */

/* Writing {========================================================== */

static int escape (struct cj_buf *b, unsigned char c) {
  static const char hex[] = "0123456789abcdef";
  static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
  const char *at = c != 0 ? strchr(from, c) : NULL;
  char s[6] = { '\\', 'u', '0', '0', 0, 0 };
  if (at != NULL) {
    s[1] = to[at - from];
    return cj_buf_add(b, s, 2);
  }
  s[4] = hex[c >> 4];
  s[5] = hex[c & 15];
  return cj_buf_add(b, s, 6);
}

int cj_json_quote (struct cj_buf *b, const char *s, size_t n) {
  const char *p = s, *end = s + n;
  if (n > b->max || cj_buf_reserve(b, n + 2) != 0)
    return -1;
  b->s[b->len++] = '"';
  p += plain_length(p, end);
  if (p == end) {
    memcpy(b->s + b->len, s, n);
    b->len += n;
    b->s[b->len++] = '"';
    return 0;
  }
  for (;; p += plain_length(p, end)) {
    size_t length;
    if (p < end && (unsigned char)*p >= 0x80) {
      if ((length = cj_utf8_sequence(p, end)) == 0)
        return CJ_NOT_UTF8;
      p += length;
      continue;
    }
    if (cj_buf_add(b, s, (size_t)(p - s)) != 0)
      return -1;
    if (p == end)
      return cj_buf_byte(b, '"');
    if (escape(b, (unsigned char)*p) != 0)
      return -1;
    s = ++p;
  }
}

int cj_json_integer (struct cj_buf *b, int64_t i) {
  if (cj_buf_reserve(b, CJ_INTEGER_MAX) != 0)
    return -1;
  b->len += cj_integer_write(b->s + b->len, i);
  return 0;
}

int cj_json_double (struct cj_buf *b, double d) {
  if (cj_buf_reserve(b, CJ_DOUBLE_MAX) != 0)
    return -1;
  b->len += cj_double_write(b->s + b->len, d);
  return 0;
}

/* }================================================================= */
