/* Text forms of single values: base64, integers, doubles. */
#include "scalar.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base64 {========================================================== */

static const char digits64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t cj_base64_write (char *to, const char *s, size_t n) {
  const unsigned char *p = (const unsigned char *)s;
  char *out = to;
  for (; n >= 3; n -= 3, p += 3) {
    uint32_t w = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    *out++ = digits64[w >> 18];
    *out++ = digits64[w >> 12 & 63];
    *out++ = digits64[w >> 6 & 63];
    *out++ = digits64[w & 63];
  }
  if (n > 0) {
    uint32_t w = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
    *out++ = digits64[w >> 18];
    *out++ = digits64[w >> 12 & 63];
    *out++ = n == 2 ? digits64[w >> 6 & 63] : '=';
    *out++ = '=';
  }
  return (size_t)(out - to);
}

/* The six bits that a digit stands for, or -1. */
static int value64 (char c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int cj_base64_read (char *to, size_t *len, const char *s, size_t n) {
  const char *end = s + n;
  char *out = to;
  if (n % 4 != 0)
    return -1;
  while (s < end) {
    size_t pad = s + 4 < end || s[3] != '=' ? 0 : s[2] == '=' ? 2 : 1;
    uint32_t w = 0;
    size_t i;
    for (i = 0; i < 4; i++) {
      int v = i < 4 - pad ? value64(s[i]) : 0;
      if (v < 0)
        return -1;
      w = w << 6 | (uint32_t)v;
    }
    if (pad > 0 && (w & (pad == 2 ? 0xFFFF : 0xFF)) != 0)
      return -1; /* bits that belong to no byte: two texts would have one
                    meaning */
    *out++ = (char)(w >> 16);
    if (pad < 2)
      *out++ = (char)(w >> 8 & 255);
    if (pad < 1)
      *out++ = (char)(w & 255);
    s += 4;
  }
  *len = (size_t)(out - to);
  return 0;
}

/* }================================================================= */

/* Numbers {========================================================= */

size_t cj_integer_write (char *to, int64_t i) {
  char text[CJ_INTEGER_MAX];
  size_t at = sizeof(text), n;
  uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
  do {
    text[--at] = (char)('0' + u % 10);
    u /= 10;
  } while (u > 0);
  if (i < 0)
    text[--at] = '-';
  n = sizeof(text) - at;
  memcpy(to, text + at, n);
  return n;
}

int cj_integer_read (int64_t *i, const char *s, size_t n) {
  const char *end = s + n;
  int negative = n > 0 && *s == '-';
  uint64_t limit = (uint64_t)INT64_MAX + (uint64_t)negative, u = 0;
  s += negative;
  if (s == end)
    return -1;
  for (; s < end; s++) {
    uint64_t d = (uint64_t)(*s - '0');
    if (!cj_is_digit(*s) || u > (limit - d) / 10)
      return -1;
    u = u * 10 + d;
  }
  *i = negative ? (int64_t)(0 - u) : (int64_t)u;
  return 0;
}

/* strtod with a decimal point in every locale. */
static int locale_strtod (double *d, const char *s, size_t n) {
  const char *point = localeconv()->decimal_point;
  const char *dot = memchr(s, '.', n);
  size_t head = dot != NULL ? (size_t)(dot - s) : n, width = strlen(point);
  char few[64], *text = few;
  if (n + width + 1 > sizeof(few) && (text = malloc(n + width + 1)) == NULL)
    return -1;
  memcpy(text, s, head);
  text[head] = '\0';
  if (dot != NULL) {
    memcpy(text + head, point, width);
    memcpy(text + head + width, dot + 1, n - head - 1);
    text[n - 1 + width] = '\0';
  }
  *d = strtod(text, NULL);
  if (text != few)
    free(text);
  return isfinite(*d) ? 0 : -1;
}

int cj_double_read (double *d, const char *s, size_t n) {
  static const double tens[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
  const char *p = s, *end = s + n, *from;
  uint64_t u = 0;
  int negative = n > 0 && *p == '-', scale = 0, exact = 1;
  p += negative;
  for (from = p; p < end && cj_is_digit(*p); p++)
    u = u * 10 + (uint64_t)(*p - '0');
  if (p == from || (*from == '0' && p - from > 1))
    return -1;
  exact = p - from < 18;
  if (p < end && *p == '.') {
    const char *point = ++p;
    for (; p < end && cj_is_digit(*p); p++)
      u = u * 10 + (uint64_t)(*p - '0');
    if (p == point)
      return -1;
    exact = p - from < 18;
    scale = exact ? (int)(point - p) : 0;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    int minus = ++p < end && *p == '-', e = 0;
    p += p < end && (*p == '-' || *p == '+');
    for (from = p; p < end && cj_is_digit(*p); p++)
      e = e > 999 ? e : e * 10 + (*p - '0');
    if (p == from)
      return -1;
    scale += minus ? -e : e;
  }
  if (p != end)
    return -1;
  /* Both factors are exact, so one operation rounds once (Clinger). */
  if (exact && u <= (uint64_t)1 << 53 && scale >= -22 && scale <= 22) {
    *d = scale < 0 ? (double)u / tens[-scale] : (double)u * tens[scale];
    if (negative)
      *d = -*d;
    return 0;
  }
  return locale_strtod(d, s, n);
}

size_t cj_double_write (char *to, double d) {
  int precision, n = 0;
  if (d >= -9007199254740992.0 && d <= 9007199254740992.0 &&
      d == (double)(int64_t)d && !(d == 0 && signbit(d)))
    return cj_integer_write(to, (int64_t)d);
  /* Every text of 15 digits survives in a double, unless it is subnormal. */
  for (precision = fabs(d) < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
    n = snprintf(to, CJ_DOUBLE_MAX, "%.*g", precision, d);
    if (strtod(to, NULL) == d)
      break;
  }
  {
    const char *point = localeconv()->decimal_point;
    char *at = strcmp(point, ".") == 0 ? NULL : strstr(to, point);
    if (at != NULL) {
      size_t width = strlen(point);
      *at = '.';
      memmove(at + 1, at + width, strlen(at + width) + 1);
      n -= (int)width - 1;
    }
  }
  return (size_t)n;
}

/* }================================================================= */

size_t cj_utf8_write (char *to, uint32_t c) {
  size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;
  for (i = n - 1; i > 0; i--, c >>= 6)
    to[i] = (char)(0x80 | (c & 0x3F));
  to[0] = (char)(n == 1 ? c : (0xF0U << (4 - n) & 0xFF) | c);
  return n;
}

/* The length of the sequence that a byte begins, and the range of its second
** byte; 0 when it begins none. */
static size_t utf8_lead (unsigned char c, unsigned char *low,
                         unsigned char *high) {
  *low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
  *high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
  return c < 0xC2 || c > 0xF4 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* How many bytes from 'p' on fit such a sequence. */
static size_t utf8_fit (const unsigned char *s, size_t room, size_t *n) {
  unsigned char low, high;
  size_t i;
  *n = utf8_lead(s[0], &low, &high);
  for (i = 1; i < *n && i < room; i++) {
    if (s[i] < low || s[i] > high)
      return i;
    low = 0x80;
    high = 0xBF;
  }
  return i;
}

size_t cj_utf8_sequence (const char *p, const char *end) {
  size_t n;
  size_t fit = utf8_fit((const unsigned char *)p, (size_t)(end - p), &n);
  return fit == n ? n : 0;
}

size_t cj_utf8_malformed (const char *p, const char *end) {
  size_t n;
  return utf8_fit((const unsigned char *)p, (size_t)(end - p), &n);
}
