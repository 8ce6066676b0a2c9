/* Characters of ASCII, by value: the functions of ctype.h depend on the
** process's locale. */
#ifndef CJ_ASCII_H
#define CJ_ASCII_H

#include "buf.h"

#include <stdint.h>

/* A set of ASCII characters, one bit each. */
static inline int cj_is_in (const uint64_t set[2], char c) {
  unsigned char u = (unsigned char)c;
  return u < 128 && (set[u >> 6] >> (u & 63) & 1);
}

static inline int cj_is_digit (char c) {
  return c >= '0' && c <= '9';
}

static inline int cj_is_upper (char c) {
  return c >= 'A' && c <= 'Z';
}

/* The value of a hexadecimal digit, or -1. */
static inline int cj_hex_value (char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

static inline char cj_lower (char c) {
  return (char)(cj_is_upper(c) ? c + 'a' - 'A' : c);
}

/* Whether two texts differ in the case of letters at most. */
static inline int cj_equal_fold (struct cj_slice a, struct cj_slice b) {
  size_t i;
  if (a.n != b.n)
    return 0;
  for (i = 0; i < a.n; i++) {
    if (cj_lower(a.s[i]) != cj_lower(b.s[i]))
      return 0;
  }
  return 1;
}

/* A character that stands for itself in a URL and in a form (RFC 3986 2.3). */
static inline int cj_is_unreserved (char c) {
  static const uint64_t set[2] = { /* A-Z a-z 0-9 - . _ ~ */
                                   0x03ff600000000000, 0x47fffffe87fffffe
  };
  return cj_is_in(set, c);
}

/* A character of RFC 9110's token: of a method, a header's name. */
static inline int cj_is_token_char (char c) {
  static const uint64_t set[2] = { /* A-Z a-z 0-9 !#$%&'*+-.^_`|~ */
                                   0x03ff6cfa00000000, 0x57ffffffc7fffffe
  };
  return (c >= 'a' && c <= 'z') || c == '-' || cj_is_in(set, c);
}

static inline int cj_is_token (struct cj_slice s) {
  size_t i;
  for (i = 0; i < s.n; i++) {
    if (!cj_is_token_char(s.s[i]))
      return 0;
  }
  return s.n > 0;
}

#endif
