/* A pull reader over JSON text, and the writing of strings and numbers: strict
** RFC 8259 and UTF-8, but for a byte order mark in front, which is skipped.
*With
** 'replaces', for what services send, one bad string does not make the whole
** text unreadable: a lone surrogate and bytes that are no UTF-8 become U+FFFD,
** and control characters are kept. No Lua. */
#ifndef CJ_JSON_H
#define CJ_JSON_H

#include "../base/buf.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Services stay under 20 levels; every level costs a C frame. */
#define CJ_MAX_DEPTH 128

/* The longest text read or written, far above any response. */
#define CJ_MAX_TEXT ((size_t)64 << 20)

/* A cursor over bytes it does not own. */
struct cj_json {
  const char *start, *p, *end;
  struct cj_buf *scratch; /* strings that had escapes; each read resets it */
  const char *problem;    /* the error, at 'p', or NULL */
  int depth;
  int replaces; /* set by the caller after cj_json_init */
  int first;    /* no comma precedes the next element */
};

struct cj_number {
  struct cj_slice text;
  int64_t integer;
  int is_integer; /* it has no fraction, no exponent, 64 bits at most; -0 is
                     none */
};

enum cj_kind {
  CJ_KIND_NONE, /* no value begins here, and 'problem' is set */
  CJ_KIND_OBJECT,
  CJ_KIND_LIST,
  CJ_KIND_STRING,
  CJ_KIND_NUMBER,
  CJ_KIND_BOOLEAN,
  CJ_KIND_NULL
};

/* The problem that is not an error in the text. */
extern const char cj_json_no_memory[];

/* Every function that returns int gives -1 once 'problem' is set. */

void cj_json_init (struct cj_json *r, struct cj_slice text,
                   struct cj_buf *scratch);

/* Sets 'problem', unless it is set, and the position. Gives -1. */
int cj_json_fail (struct cj_json *r, const char *at, const char *problem);

/* Advances to the next value and gives its kind. */
enum cj_kind cj_json_peek (struct cj_json *r);
const char *cj_json_kind_name (enum cj_kind kind);

/* Reads the opening bracket that peek found. */
int cj_json_enter (struct cj_json *r);

static inline void cj_json_blanks (struct cj_json *r) {
  while (r->p < r->end &&
         (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
    r->p++;
}

/* Sets the problem of a missing comma. */
int cj_json_no_comma (struct cj_json *r, char close);

/* Called after the opening bracket and after every element: 1 when another
** element follows, 0 past the closing bracket. */
static inline int cj_json_more (struct cj_json *r, char close) {
  int first = r->first;
  r->first = 0;
  cj_json_blanks(r);
  if (r->p < r->end && *r->p == close) {
    r->p++;
    r->depth--;
    return 0;
  }
  if (first)
    return 1;
  if (r->p == r->end || *r->p != ',')
    return cj_json_no_comma(r, close);
  r->p++;
  cj_json_blanks(r);
  return 1;
}

/* Reads a member's name and the colon, before each value of an object. */
int cj_json_key (struct cj_json *r, struct cj_slice *key);
/* Skips a member's name when it is exactly the n bytes 'quoted', a quoted name
** and a colon. 1, or 0 and the position is unchanged. */
static inline int cj_json_try_key (struct cj_json *r, const char *quoted,
                                   size_t n) {
  if ((size_t)(r->end - r->p) < n || memcmp(r->p, quoted, n) != 0)
    return 0;
  r->p += n;
  return 1;
}

/* Reads the scalar that peek found. A string points into the text or into the
** scratch buffer, and is valid until the next read. */
int cj_json_string (struct cj_json *r, struct cj_slice *s);
int cj_json_number (struct cj_json *r, struct cj_number *number);
int cj_json_boolean (struct cj_json *r, int *value);
int cj_json_null (struct cj_json *r);

/* Skips any value and checks it as reading does. */
int cj_json_skip (struct cj_json *r);

/* 0 when only blanks are left. */
int cj_json_finish (struct cj_json *r);

/* Each appends to 'b': 0, -1 when that is full, CJ_NOT_UTF8. */
#define CJ_NOT_UTF8 (-2)
int cj_json_quote (struct cj_buf *b, const char *s, size_t n);
int cj_json_integer (struct cj_buf *b, int64_t i);
int cj_json_double (struct cj_buf *b, double d);

/* The number of characters in valid UTF-8. */
size_t cj_utf8_length (const char *s, size_t n);

#endif
