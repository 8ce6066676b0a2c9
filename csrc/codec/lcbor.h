/* CBOR -> Lua values: lcbor.c builds the tables, lcbor_scalar.c the scalars. */
#ifndef CJ_LCBOR_H
#define CJ_LCBOR_H

#include "../base/compat.h"
#include "cbor.h"
#include "lpath.h"
#include "shape.h"

struct cj_cbor_decoder {
  lua_State *L;
  struct cj_cbor cbor;
};

/* Each pushes an item's value: 1; -1 when a message was pushed instead, or the
** reader has a problem. */

/* Pushes that the item is not of the node's type. Gives -1. */
int cj_cbor_mismatch (struct cj_cbor_decoder *d, const struct cj_node *node,
                      const struct cj_item *item, const struct cj_path *path);

/* Any type but documents, structures, lists and maps. */
int cj_cbor_scalar (struct cj_cbor_decoder *d, const struct cj_node *node,
                    const struct cj_item *item, const struct cj_path *path);

/* Adds decode_cbor() and cbor_decode() to the table on top of the stack. */
void cj_cbor_open (lua_State *L);

#endif
