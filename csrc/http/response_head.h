/* The head of an HTTP/1.1 answer: whether it is there with its whole body, and
** its fields. */
#ifndef CJ_RESPONSE_HEAD_H
#define CJ_RESPONSE_HEAD_H

#include "../base/buf.h"

/* Bytes of an answer's head; where it comes in pieces, of its interim heads and
** trailers, too. */
#define CJ_MAX_HEAD ((size_t)64 << 10)
/* A buffer for bodies that has become larger is not kept for the next answer.
 */
#define CJ_MAX_CACHED_BODY ((size_t)1 << 20)
#define CJ_TOO_LARGE "the answer is larger than the limit of %zu bytes"

/* A header field as it came, but for outer blanks: the name in any case, the
** value maybe folded over several lines. */
struct cj_field {
  struct cj_slice name, value;
};

/* The size of the head when the bytes are one whole answer, and as plain as
** most are: no oddities, and a body of the length it says. Else 0: the reader
** of http1.lua takes all kinds, and tells what is wrong. Not for what answers a
** HEAD. */
size_t cj_answer_read (struct cj_slice bytes, int *status);

/* Takes the next field off the text of a head that somebody found good: a
** status line is passed over, an empty line ends it. 0 behind the last. */
int cj_field_next (struct cj_slice *text, struct cj_field *f);

static inline char cj_lower (char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
}

/* Whether it is this word, given in lower case. */
int cj_field_is (struct cj_slice s, const char *lower);

#endif
