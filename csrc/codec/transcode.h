/* JSON of the encoder -> another form in one pass, directed by the shape that
** the encoder validated it by. No Lua. */
#ifndef CJ_TRANSCODE_H
#define CJ_TRANSCODE_H

#include "json.h"
#include "shape.h"

struct cj_transcoder {
  struct cj_json json;   /* its problem is the whole transcoding's */
  struct cj_buf *to;     /* the text is appended to it */
  struct cj_buf scratch; /* strings that had escapes */
};

/* Every other function gives -1 once the reader has a problem. */
void cj_transcode_begin (struct cj_transcoder *t, struct cj_buf *to,
                         struct cj_slice json);
/* Frees the transcoder's buffers. 'result' is the walk's: 0 when that is 0 and
** nothing follows the value, else -1 and *problem. */
int cj_transcode_end (struct cj_transcoder *t, int result,
                      const char **problem);

int cj_transcode_add (struct cj_transcoder *t, const char *s, size_t n);

/* The type of the next value: its node's, a scalar's of null. */
static inline enum cj_type cj_transcode_type (struct cj_transcoder *t,
                                              const struct cj_node *node) {
  return cj_json_peek(&t->json) == CJ_KIND_NULL ? CJ_STRING : node->type;
}

/* Enters the next value, an object or a list. */
int cj_transcode_enter (struct cj_transcoder *t, enum cj_kind kind);

/* Within an object: 1 and the member whose value is next, 0 past the object.
** Members that the shape lacks are skipped. *guess begins with 0. */
int cj_transcode_member (struct cj_transcoder *t, const struct cj_shape *shape,
                         size_t *guess, const struct cj_member **member);

/* Reads a scalar as the text that JSON has, a string's content; "" of null.
** Valid until the next read. */
int cj_transcode_scalar (struct cj_transcoder *t, struct cj_slice *text);

#endif
