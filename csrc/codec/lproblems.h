/* The bytes that an encoder writes, and the problems that it finds, each with
** its path. */
#ifndef CJ_LPROBLEMS_H
#define CJ_LPROBLEMS_H

#include "../base/compat.h"
#include "lpath.h"
#include "shape.h"

/* Stack of the encoding functions. */
enum {
  CJ_ENCODE_SHAPE = 1,
  CJ_ENCODE_PARAMS,
  CJ_ENCODE_TOKEN,
  CJ_ENCODE_FORM, /* what the form that is written needs besides */
  CJ_ENCODE_NAMES,
  CJ_ENCODE_ARRAY_MT,
  CJ_ENCODE_PROBLEMS,
  CJ_ENCODE_BUFFER
};

struct cj_encoder {
  lua_State *L;
  struct cj_buf *b;
  int problems; /* how many */
  int lenient;  /* missing and too small values are left to the service */
  int depth;
};

/* Every function below gives 0, or -1 to end the walk. */

/* Reports a problem at 'path'. The first pops its message from the stack. */
int cj_encode_problem_on_top (struct cj_encoder *e, const struct cj_path *path);
int cj_encode_problem (struct cj_encoder *e, const struct cj_path *path,
                       const char *message);
/* Reports that the value at 'at' is not 'what'. */
int cj_encode_expected (struct cj_encoder *e, int at,
                        const struct cj_path *path, const char *what);

/* Reports 'n' when it is below the node's minimum. 'unit' may be empty. */
int cj_encode_check_min (struct cj_encoder *e, const struct cj_node *node,
                         const struct cj_path *path, double n,
                         const char *unit);
int cj_encode_check_characters (struct cj_encoder *e,
                                const struct cj_node *node,
                                const struct cj_path *path, const char *s,
                                size_t n);

/* Reports that the buffer has no room for 'n' bytes: the text is too long, or
** memory is short. */
int cj_encode_no_room (struct cj_encoder *e, size_t n);

static inline int cj_encode_put (struct cj_encoder *e, const char *s,
                                 size_t n) {
  return cj_buf_add(e->b, s, n) == 0 ? 0 : cj_encode_no_room(e, n);
}

static inline int cj_encode_byte (struct cj_encoder *e, char c) {
  return cj_buf_byte(e->b, c) == 0 ? 0 : cj_encode_no_room(e, 1);
}

/* Whether the next member is an object's first: no value ends in '{'. */
static inline int cj_encode_is_first (const struct cj_encoder *e) {
  return e->b->s[e->b->len - 1] == '{';
}

int cj_encode_quoted (struct cj_encoder *e, const struct cj_path *path,
                      const char *s, size_t n);

#endif
