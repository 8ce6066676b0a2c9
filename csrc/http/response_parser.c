/* An HTTP/1.1 answer as its bytes arrive. Where servers are known to be lax the
** reader is too (RFC 9112: bare line feeds, folded fields); where two readers
** could disagree about an answer's end it refuses, or gives the connection up.
*/
#include "response_parser.h"

#include "response_head.h"
#include "../base/scalar.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#define CHUNK_DIGITS 16
#define CHUNK_EXTENSION 4096 /* nobody sends any */

enum state {
  HEAD,
  UNTIL_LENGTH,
  UNTIL_CLOSE,
  CHUNK_SIZE,
  CHUNK_REST, /* of the line with its size */
  CHUNK,
  CHUNK_END,
  TRAILERS,
  DONE
};

__attribute__((format(printf, 3, 4))) static int
refuse (struct cj_response_parser *r, const char *code, const char *message,
        ...) {
  va_list values;
  va_start(values, message);
  r->code = code;
  vsnprintf(r->message, sizeof(r->message), message, values);
  va_end(values);
  return -1;
}

static int too_large (struct cj_response_parser *r) {
  return refuse(r, "too_large", CJ_TOO_LARGE, r->body.max);
}

static int count_head (struct cj_response_parser *r, size_t n) {
  r->head_size += n;
  return r->head_size <= CJ_MAX_HEAD
             ? 0
             : refuse(r, "too_large",
                      "the answer's headers are larger than %zu bytes",
                      CJ_MAX_HEAD);
}

void cj_response_parser_begin (struct cj_response_parser *r, int is_head) {
  r->head.max = CJ_MAX_HEAD;
  cj_buf_reset(&r->head);
  if (r->body.cap > CJ_MAX_CACHED_BODY)
    cj_buf_free(&r->body);
  cj_buf_reset(&r->body);
  r->status = r->keep_alive = 0;
  r->code = NULL;
  r->state = HEAD;
  r->is_head = is_head;
  r->line = r->head_size = r->left = 0;
}

void cj_response_parser_free (struct cj_response_parser *r) {
  cj_buf_free(&r->head);
  cj_buf_free(&r->body);
}

int cj_response_parser_has_begun (const struct cj_response_parser *r) {
  return r->head_size > 0 || r->head.len > 0;
}

/* ---- the head ---- */

struct framing {
  int is_chunked, is_other, has_length;
  int closes, keep_alive; /* what the connection field says */
  uint64_t length;
};

static int read_status (struct cj_response_parser *r, int *minor) {
  const char *p = r->head.s;
  static const char name[] = "HTTP/1.";
  const size_t n = sizeof(name) - 1;
  int i;
  if (r->head.len < n + 6 || memcmp(p, name, n) != 0 ||
      (p[n] != '0' && p[n] != '1') || p[n + 1] != ' ')
    return -1;
  *minor = p[n] - '0';
  for (r->status = 0, i = 2; i < 5; i++) {
    if (p[n + (size_t)i] < '0' || p[n + (size_t)i] > '9')
      return -1;
    r->status = r->status * 10 + (p[n + (size_t)i] - '0');
  }
  p += n + 5;
  return r->status >= 100 && (*p == ' ' || *p == '\r' || *p == '\n') ? 0 : -1;
}

/* Takes the next word off a list of them; empty behind the last. */
static struct cj_slice take_word (struct cj_slice *list) {
  const char *p = list->s, *end = list->s + list->n;
  struct cj_slice word;
  while (p < end && (*p == ',' || *p == ' ' || *p == '\t'))
    p++;
  word.s = p;
  while (p < end && *p != ',' && *p != ' ' && *p != '\t')
    p++;
  word.n = (size_t)(p - word.s);
  list->s = p;
  list->n = (size_t)(end - p);
  return word;
}

/* Whether the list of words holds this one, given in lower case. */
static int has_word (struct cj_slice list, const char *word) {
  struct cj_slice one;
  while ((one = take_word(&list)).n > 0) {
    if (cj_field_is(one, word))
      return 1;
  }
  return 0;
}

/* More than any limit where it is more than a number holds. */
static int read_number (struct cj_slice digits, uint64_t *number) {
  size_t i;
  for (*number = 0, i = 0; i < digits.n; i++) {
    if (digits.s[i] < '0' || digits.s[i] > '9')
      return -1;
    *number = *number < UINT64_MAX / 10
                  ? *number * 10 + (uint64_t)(digits.s[i] - '0')
                  : UINT64_MAX;
  }
  return 0;
}

/* It may be said twice, if it is the same (RFC 9110 8.6). */
static int read_length (struct framing *f, struct cj_slice value) {
  struct cj_slice word;
  while ((word = take_word(&value)).n > 0) {
    uint64_t length;
    if (read_number(word, &length) != 0 ||
        (f->has_length && f->length != length))
      return -1;
    f->has_length = 1;
    f->length = length;
  }
  return f->has_length ? 0 : -1;
}

static int read_fields (struct cj_response_parser *r, struct framing *f) {
  struct cj_slice text = { r->head.s, r->head.len };
  struct cj_field field;
  memset(f, 0, sizeof(*f));
  while (cj_field_next(&text, &field)) {
    switch (field.name.n) { /* most names are none of these */
    case 10:
      if (cj_field_is(field.name, "connection")) {
        f->closes |= has_word(field.value, "close");
        f->keep_alive |= has_word(field.value, "keep-alive");
      }
      break;
    case 14:
      if (cj_field_is(field.name, "content-length") &&
          read_length(f, field.value) != 0)
        return refuse(r, "protocol",
                      "the answer's content-length is not a number");
      break;
    case 17:
      if (cj_field_is(field.name, "transfer-encoding")) {
        f->is_other |= f->is_chunked || !cj_field_is(field.value, "chunked");
        f->is_chunked = 1;
      }
      break;
    default:
      break;
    }
  }
  return 0;
}

/* The head is whole: what follows it? */
static int end_head (struct cj_response_parser *r) {
  struct framing f;
  int minor;
  if (memchr(r->head.s, '\0', r->head.len) != NULL)
    return refuse(r, "protocol", "a NUL in the answer's headers");
  if (read_status(r, &minor) != 0 || r->status == 101)
    return refuse(r, "protocol", "the answer is not one of HTTP/1.1");
  if (r->status < 200) { /* an interim answer: the next head follows */
    cj_buf_reset(&r->head);
    r->line = 0;
    return 0;
  }
  if (read_fields(r, &f) != 0)
    return -1;
  r->keep_alive = !f.closes && (minor == 1 || f.keep_alive) &&
                  !(f.is_chunked && (f.has_length || minor == 0));
  if (r->status == 204 && (f.is_chunked || f.length > 0))
    r->keep_alive = 0; /* what is announced may come all the same */
  if (r->is_head || r->status == 204 || r->status == 304) {
    r->state = DONE;
  } else if (f.is_other) {
    return refuse(r, "protocol", "a transfer-encoding other than chunked");
  } else if (f.is_chunked) {
    r->state = CHUNK_SIZE;
    r->digits = 0;
  } else if (f.has_length) {
    if (f.length > r->body.max)
      return too_large(r);
    r->left = (size_t)f.length;
    r->state = f.length > 0 ? UNTIL_LENGTH : DONE;
  } else {
    r->state = UNTIL_CLOSE;
    r->keep_alive = 0;
  }
  return 0;
}

/* Whether what is there of the first line can become one. */
static int may_be_status (const struct cj_buf *head) {
  static const char name[] = "HTTP/1.";
  size_t n = sizeof(name) - 1;
  return memcmp(head->s, name, head->len < n ? head->len : n) == 0;
}

/* A line, or what is there of it. */
static int take_head (struct cj_response_parser *r, const char *s, size_t *n) {
  const char *stop = memchr(s, '\n', *n);
  const char *line;
  size_t size;
  if (stop != NULL)
    *n = (size_t)(stop - s) + 1;
  if (count_head(r, *n) != 0)
    return -1;
  if (cj_buf_add(&r->head, s, *n) != 0)
    return refuse(r, "memory", "out of memory");
  if (!may_be_status(&r->head))
    return refuse(r, "protocol", "the answer is not one of HTTP/1.1");
  if (stop == NULL)
    return 0;
  line = r->head.s + r->line;
  size = r->head.len - r->line;
  r->line = r->head.len;
  return size == 1 || (size == 2 && *line == '\r') ? end_head(r) : 0;
}

/* ---- the body ---- */

static int take_body (struct cj_response_parser *r, const char *s, size_t n) {
  if (n > r->body.max - r->body.len)
    return too_large(r);
  return cj_buf_add(&r->body, s, n) == 0 ? 0
                                         : refuse(r, "memory", "out of memory");
}

static int end_size_line (struct cj_response_parser *r) {
  r->line = 0;
  if (r->left > r->body.max - r->body.len)
    return too_large(r);
  r->state = r->left > 0 ? CHUNK : TRAILERS;
  return 0;
}

/* A byte of the line with a chunk's size, or behind the chunk. */
static int take_chunk_line (struct cj_response_parser *r, char c) {
  int value = cj_hex_value(c);
  if (r->state == CHUNK_END) {
    if (c == '\n') {
      r->state = CHUNK_SIZE;
      r->digits = 0;
      r->left = 0;
      return 0;
    } else if (c == '\r' && r->digits > 0) {
      r->digits = 0; /* one will do */
      return 0;
    }
  } else if (r->state == CHUNK_SIZE && value >= 0) {
    if (r->digits++ < CHUNK_DIGITS && r->left <= SIZE_MAX >> 4) {
      r->left = r->left << 4 | (size_t)value;
      return 0;
    }
  } else if (r->digits > 0) {
    if (c == '\n')
      return end_size_line(r);
    if (r->state == CHUNK_SIZE)
      r->line = 0;
    if (++r->line <= CHUNK_EXTENSION && (r->state == CHUNK_REST || c == '\r' ||
                                         c == ';' || c == ' ' || c == '\t')) {
      r->state = CHUNK_REST;
      return 0;
    }
  }
  return refuse(r, "protocol", "the answer's chunks are malformed");
}

/* Trailers are counted and dropped: no service here uses them. */
static int take_trailer (struct cj_response_parser *r, char c) {
  if (count_head(r, 1) != 0)
    return -1;
  if (c == '\n') {
    if (r->line == 0)
      r->state = DONE;
    r->line = 0;
  } else if (c != '\r') {
    r->line++;
  }
  return 0;
}

/* Takes what belongs together of the bytes, and says how many that were. */
static int step (struct cj_response_parser *r, const char *s, size_t *n) {
  switch (r->state) {
  case HEAD:
    return take_head(r, s, n);
  case UNTIL_CLOSE:
    return take_body(r, s, *n);
  case UNTIL_LENGTH:
  case CHUNK:
    *n = *n < r->left ? *n : r->left;
    r->left -= *n;
    if (r->left == 0)
      r->state = r->state == CHUNK ? CHUNK_END : DONE;
    return take_body(r, s, *n);
  case TRAILERS:
    *n = 1;
    return take_trailer(r, *s);
  case DONE:
    r->keep_alive = 0; /* nobody asked for more */
    return 0;
  default:
    *n = 1;
    return take_chunk_line(r, *s);
  }
}

static enum cj_parse end (struct cj_response_parser *r) {
  r->keep_alive = 0;
  if (r->state == UNTIL_CLOSE)
    r->state = DONE;
  if (r->state == DONE)
    return CJ_PARSE_DONE;
  refuse(r, "closed", "%s",
         !cj_response_parser_has_begun(r)
             ? "the server closed the connection and sent "
               "no answer"
         : r->state == HEAD ? "the answer's headers were cut off"
                            : "the answer's body was cut off");
  return CJ_PARSE_FAILED;
}

enum cj_parse cj_response_parser_feed (struct cj_response_parser *r,
                                       const char *s, size_t n) {
  if (n == 0)
    return end(r);
  while (n > 0) {
    size_t some = n;
    if (step(r, s, &some) != 0) {
      r->keep_alive = 0;
      return CJ_PARSE_FAILED;
    }
    s += some;
    n -= some;
  }
  return r->state == DONE ? CJ_PARSE_DONE : CJ_PARSE_MORE;
}
