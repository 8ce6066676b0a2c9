/* An HTTP/1.1 response as its bytes arrive. */
#include "response_parser.h"

#include "../base/ascii.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#define CHUNK_DIGITS 16
#define CHUNK_EXTENSION 4096 /* no service sends any */

enum state {
  HEAD,
  UNTIL_LENGTH,
  UNTIL_CLOSE,
  CHUNK_SIZE,    /* its digits */
  CHUNK_BLANKS,  /* behind them */
  CHUNK_REST,    /* a chunk extension */
  CHUNK_SIZE_LF, /* behind the CR of the line with the size */
  CHUNK,         /* its bytes */
  CHUNK_END,     /* the line's end behind them */
  CHUNK_END_LF,  /* behind its CR */
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
                      "the response's headers are larger than %zu bytes",
                      CJ_MAX_HEAD);
}

void cj_response_parser_begin (struct cj_response_parser *r, int is_head) {
  r->head.max = CJ_MAX_HEAD;
  cj_buf_recycle(&r->head, CJ_MAX_CACHED_HEAD);
  cj_buf_recycle(&r->body, CJ_MAX_CACHED_BODY);
  r->status = r->keep_alive = r->is_followed = 0;
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

/* Chooses what follows a whole head. */
static int end_head (struct cj_response_parser *r) {
  struct cj_slice text = { r->head.s, r->head.len };
  struct cj_response_head h;
  const char *problem;
  if (cj_response_head_read(&h, text, &problem) != r->head.len)
    return refuse(r, "protocol", "%s", problem != NULL ? problem : CJ_NOT_HTTP);
  r->status = h.status;
  if (h.status == 101)
    return refuse(r, "protocol",
                  "the server changed the protocol without being asked");
  if (h.status < 200) { /* interim: another head follows */
    cj_buf_reset(&r->head);
    r->line = 0;
    return 0;
  }
  r->keep_alive = h.keep_alive;
  if (r->is_head || !cj_status_has_body(h.status)) {
    r->state = DONE;
  } else if (h.is_other) {
    return refuse(r, "protocol", CJ_OTHER_CODING);
  } else if (h.is_chunked) {
    r->state = CHUNK_SIZE;
    r->digits = 0;
  } else if (h.has_length) {
    if (h.length > r->body.max)
      return too_large(r);
    r->left = (size_t)h.length;
    r->state = h.length > 0 ? UNTIL_LENGTH : DONE;
  } else {
    r->state = UNTIL_CLOSE;
    r->keep_alive = 0;
  }
  return 0;
}

/* Whether the bytes so far can become a status line. */
static int may_be_status (const struct cj_buf *head) {
  static const char name[] = "HTTP/1.";
  size_t n = sizeof(name) - 1;
  return memcmp(head->s, name, head->len < n ? head->len : n) == 0;
}

/* Adds a line, or the part of it that has arrived. */
static int parse_head (struct cj_response_parser *r, const char *s, size_t *n) {
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
    return refuse(r, "protocol", CJ_NOT_HTTP);
  if (stop == NULL)
    return 0;
  line = r->head.s + r->line;
  size = r->head.len - r->line;
  r->line = r->head.len;
  return size == 1 || (size == 2 && *line == '\r') ? end_head(r) : 0;
}

/* ---- the body ---- */

static int parse_body (struct cj_response_parser *r, const char *s, size_t n) {
  if (n > r->body.max - r->body.len)
    return too_large(r);
  return cj_buf_add(&r->body, s, n) == 0 ? 0
                                         : refuse(r, "memory", "out of memory");
}

static int end_size_line (struct cj_response_parser *r) {
  r->line = 0;
  r->digits = 0;
  if (r->left > r->body.max - r->body.len)
    return too_large(r);
  r->state = r->left > 0 ? CHUNK : TRAILERS;
  return 0;
}

/* A byte of a chunk's size: 1 when it is a digit, 0 when it is none, -1. */
static int parse_digit (struct cj_response_parser *r, char c) {
  int value = cj_hex_value(c);
  if (value < 0)
    return 0;
  if (r->digits++ == CHUNK_DIGITS || r->left > SIZE_MAX >> 4)
    return -1;
  r->left = r->left << 4 | (size_t)value;
  return 1;
}

/* A byte of the line with a chunk's size. Gives 0, or -1 where it is malformed.
** An extension has no control character but tabs. */
static int parse_size_line (struct cj_response_parser *r, char c) {
  int digit = r->state == CHUNK_SIZE ? parse_digit(r, c) : 0;
  if (digit != 0)
    return digit < 0 ? -1 : 0;
  if (r->digits == 0 || ++r->line > CHUNK_EXTENSION)
    return -1;
  if (c == '\r') {
    r->state = CHUNK_SIZE_LF;
    return 0;
  }
  if (r->state == CHUNK_REST)
    return (unsigned char)c >= ' ' || c == '\t' ? 0 : -1;
  r->state = c == ';' ? CHUNK_REST : CHUNK_BLANKS;
  return c == ';' || c == ' ' || c == '\t' ? 0 : -1;
}

/* A byte outside of the chunks' own. */
static int parse_chunk_line (struct cj_response_parser *r, char c) {
  int result = -1;
  if (r->state == CHUNK_END || r->state == CHUNK_END_LF) {
    if (c == '\n' || (c == '\r' && r->state == CHUNK_END)) {
      r->state = c == '\n' ? CHUNK_SIZE : CHUNK_END_LF;
      result = 0;
    }
  } else if (c == '\n' && r->digits > 0) {
    return end_size_line(r);
  } else if (r->state != CHUNK_SIZE_LF) {
    result = parse_size_line(r, c);
  }
  return result == 0
             ? 0
             : refuse(r, "protocol", "the response's chunks are malformed");
}

/* Counts and drops trailers, which no service here uses. 'line' is the size of
** the line so far, 'digits' is 1 where it begins with a CR. */
static int parse_trailer (struct cj_response_parser *r, char c) {
  if (count_head(r, 1) != 0)
    return -1;
  if (c == '\n') {
    if (r->line == r->digits)
      r->state = DONE;
    r->line = 0;
    r->digits = 0;
  } else {
    r->digits += r->line == 0 && c == '\r';
    r->line++;
  }
  return 0;
}

/* Consumes the bytes that belong to one state, and sets *n to their number. */
static int step (struct cj_response_parser *r, const char *s, size_t *n) {
  switch (r->state) {
  case HEAD:
    return parse_head(r, s, n);
  case UNTIL_CLOSE:
    return parse_body(r, s, *n);
  case UNTIL_LENGTH:
  case CHUNK:
    *n = *n < r->left ? *n : r->left;
    r->left -= *n;
    if (r->left == 0)
      r->state = r->state == CHUNK ? CHUNK_END : DONE;
    return parse_body(r, s, *n);
  case TRAILERS:
    *n = 1;
    return parse_trailer(r, *s);
  case DONE:
    r->keep_alive = 0;
    r->is_followed = 1;
    return 0;
  default:
    *n = 1;
    return parse_chunk_line(r, *s);
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
               "no response"
         : r->state == HEAD ? "the response's headers were cut off"
                            : "the response's body was cut off");
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
