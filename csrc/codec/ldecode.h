/* JSON text -> Lua values: ldecode.c builds the tables, ldecode_scalar.c what
** they hold. */
#ifndef CJ_LDECODE_H
#define CJ_LDECODE_H

#include "../base/compat.h"
#include "json.h"
#include "lpath.h"
#include "shape.h"

struct cj_decoder {
  lua_State *L;
  struct cj_json json;
  int keeps_order; /* a table of orders was given */
};

/* Pushes "problem at byte n", with the path in front when there is one. */
void cj_decode_push_problem (lua_State *L, const struct cj_path *path,
                             const char *problem, size_t byte);

/* The functions below push the next value, whose kind was peeked: 1; -1 when a
** message was pushed instead, or the reader has a problem. */

/* Pushes that the value, of this kind, is not of the node's type. Gives -1. */
int cj_decode_mismatch (struct cj_decoder *d, const struct cj_node *node,
                        enum cj_kind kind, const struct cj_path *path);

/* Any type but documents, structures, lists and maps. */
int cj_decode_scalar (struct cj_decoder *d, const struct cj_node *node,
                      enum cj_kind kind, const struct cj_path *path);

/* Adds decode(), json_decode() and json_decode_strict() to the table on top of
 * the stack. */
void cj_decode_open (lua_State *L);

#endif
