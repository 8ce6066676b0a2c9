/* What the parts of the encoder share: encode.c walks structures and lists,
** encode_map.c what has keys of its own, encode_scalar.c writes what they
** hold. */
#ifndef CJ_LENCODE_H
#define CJ_LENCODE_H

#include "lshape.h"

/* Stack of the encoding functions. */
enum {
  CJ_ENCODE_SHAPE = 1,
  CJ_ENCODE_PARAMS,
  CJ_ENCODE_TOKEN,
  CJ_ENCODE_NAMES,
  CJ_ENCODE_ARRAY_MT,
  CJ_ENCODE_PROBLEMS,
  CJ_ENCODE_BUFFER
};

struct cj_encoder {
  lua_State *L;
  struct cj_buf *b;
  int problems; /* how many */
  int lenient;  /* what is left out or too small is the service's to judge */
  int depth;
};

/* Every function below gives 0, or -1 to end the walk; those that encode take
** the value at the absolute index 'at', whose lua_type is 'type', and leave the
** stack as it was. */

/* Notes a problem at 'path'; the first takes its message from the stack. */
int cj_encode_problem_on_top (struct cj_encoder *e, const struct cj_path *path);
int cj_encode_problem (struct cj_encoder *e, const struct cj_path *path,
                       const char *message);
/* … that the value is not 'what'. */
int cj_encode_expected (struct cj_encoder *e, int at,
                        const struct cj_path *path, const char *what);

/* Whether 'n' of 'unit', which may be empty, are as many as the node wants. */
int cj_encode_check_min (struct cj_encoder *e, const struct cj_node *node,
                         const struct cj_path *path, double n,
                         const char *unit);
int cj_encode_check_characters (struct cj_encoder *e,
                                const struct cj_node *node,
                                const struct cj_path *path, const char *s,
                                size_t n);

/* The buffer has no room for 'n' bytes: too long a text, or no memory. */
int cj_encode_no_room (struct cj_encoder *e, size_t n);

static inline int cj_encode_put (struct cj_encoder *e, const char *s,
                                 size_t n) {
  return cj_buf_add(e->b, s, n) == 0 ? 0 : cj_encode_no_room(e, n);
}

static inline int cj_encode_byte (struct cj_encoder *e, char c) {
  return cj_buf_byte(e->b, c) == 0 ? 0 : cj_encode_no_room(e, 1);
}

/* Whether an object's first member comes next: no value ends as one begins. */
static inline int cj_encode_is_first (const struct cj_encoder *e) {
  return e->b->s[e->b->len - 1] == '{';
}

int cj_encode_quoted (struct cj_encoder *e, const struct cj_path *path,
                      const char *s, size_t n);

/* One level down, with 'room' on the Lua stack. */
int cj_encode_enter (struct cj_encoder *e, int room,
                     const struct cj_path *path);

int cj_encode_node (struct cj_encoder *e, const struct cj_node *node, int at,
                    int type, const struct cj_path *path);

/* The element of a list or map, which may be null where that is sparse. */
int cj_encode_item (struct cj_encoder *e, const struct cj_node *item,
                    unsigned is_sparse, int at, const struct cj_path *path);

int cj_encode_map (struct cj_encoder *e, const struct cj_node *key,
                   const struct cj_node *item, unsigned is_sparse, int at,
                   const struct cj_path *up);

/* The keys of a table that are no members of its shape: written by an open
** structure, a problem in any other. */
int cj_encode_unknown (struct cj_encoder *e, const struct cj_shape *shape,
                       unsigned is_open, int at, const struct cj_path *up);

/* Any type but documents, structures, lists and maps. */
int cj_encode_scalar (struct cj_encoder *e, const struct cj_node *node, int at,
                      int type, const struct cj_path *path);

#endif
