/* An HTTP/1.1 response as its bytes arrive: all at once or one by one makes no
** difference. Knows no Lua and no socket. response_head.h has the grammar. */
#ifndef CJ_RESPONSE_PARSER_H
#define CJ_RESPONSE_PARSER_H

#include "response_head.h"

struct cj_response_parser {
  struct cj_buf
      head; /* of the final response, as it came, with the empty line */
  struct cj_buf body; /* its 'max' is the owner's to set */
  int status;
  int keep_alive;  /* once done: the connection can carry another exchange */
  int is_followed; /* bytes came behind the response */
  /* Set where 'feed' fails. */
  const char *code; /* closed too_large protocol memory */
  char message[96];
  /* Private. */
  int state;
  int is_head;      /* the response answers a HEAD: it has no body */
  size_t line;      /* where the line begins in 'head'; else its size */
  size_t head_size; /* of all heads and trailers */
  size_t left;      /* of the body, or of a chunk */
  unsigned digits;  /* of a chunk's size */
};

enum cj_parse { CJ_PARSE_FAILED = -1, CJ_PARSE_MORE, CJ_PARSE_DONE };

/* Empty when zeroed; the two buffers are reused from response to response. */
void cj_response_parser_begin (struct cj_response_parser *r, int is_head);
void cj_response_parser_free (struct cj_response_parser *r);

/* Consumes bytes; any behind the response's end make the connection unfit to be
** kept. No bytes: the connection has ended. */
enum cj_parse cj_response_parser_feed (struct cj_response_parser *r,
                                       const char *s, size_t n);

/* Whether any byte of a response has come. */
int cj_response_parser_has_begun (const struct cj_response_parser *r);

#endif
