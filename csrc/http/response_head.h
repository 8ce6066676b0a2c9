/* The head of an HTTP/1.1 response: its status, and how its body is framed.
** Where RFC 9110 and 9112 allow a user agent to be lenient it is: a line may
** end in a bare LF, a field may be folded, equal lengths are one. Where two
** parsers could disagree about a response's end it is refused, or its
** connection is not kept. spec/data/http_grammar.lua has a table of cases. */
#ifndef CJ_RESPONSE_HEAD_H
#define CJ_RESPONSE_HEAD_H

#include "field.h"

#include <stdint.h>

/* The default limit of a response's body: far more than any response of these
** services, far less than a gateway's memory. */
#define CJ_MAX_BODY ((size_t)64 << 20)

/* Of all heads and trailers of one response. */
#define CJ_MAX_HEAD ((size_t)64 << 10)
/* Buffers that have become larger are not kept for the next response. A pool
** has hundreds; the heads of services fill 2 KiB at most. */
#define CJ_MAX_CACHED_BODY ((size_t)1 << 20)
#define CJ_MAX_CACHED_HEAD ((size_t)8 << 10)
#define CJ_NOT_HTTP "the response is not one of HTTP/1.1"
#define CJ_OTHER_CODING "a transfer-encoding other than chunked"
#define CJ_TOO_LARGE "the response is larger than the limit of %zu bytes"

struct cj_response_head {
  int status;
  int is_chunked;
  int is_other; /* another transfer coding, which was not asked for */
  int has_length;
  uint64_t length; /* UINT64_MAX stands for all that is beyond it */
  int keep_alive;  /* where the body has an end, the connection survives it */
};

/* Reads the head that 'text' begins with. Gives its size with the empty line,
** or 0 and what is wrong, NULL when the empty line is missing. */
size_t cj_response_head_read (struct cj_response_head *h, struct cj_slice text,
                              const char **problem);

/* Whether a status is final and allows a body (RFC 9110 6.4.1). */
static inline int cj_status_has_body (int status) {
  return status >= 200 && status != 204 && status != 304;
}

/* The size of the head when the bytes are one whole response to anything but
** HEAD, with a length, and leave the connection open; else 0: a parser is to
** read them. */
size_t cj_response_head_whole (struct cj_response_head *h,
                               struct cj_slice bytes);

#endif
