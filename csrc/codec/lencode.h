/* Lua values -> JSON text. */
#ifndef CJ_LENCODE_H
#define CJ_LENCODE_H

#include "lproblems.h"

/* Each encodes the value at the absolute index 'at', whose lua_type is 'type',
** and leaves the stack as it was. 0, or -1 to end the walk. */

/* Any node. */
int cj_encode_node (struct cj_encoder *e, const struct cj_node *node, int at,
                    int type, const struct cj_path *path);

/* The members of a shape. */
int cj_encode_structure (struct cj_encoder *e, const struct cj_shape *shape,
                         unsigned is_open, int at, const struct cj_path *up);

/* Any type but documents, structures, lists and maps. */
int cj_encode_scalar (struct cj_encoder *e, const struct cj_node *node, int at,
                      int type, const struct cj_path *path);

/* The work of encode(): validates the parameters and pushes their JSON, the
** body alone where the shape has one. Its arguments, and a fifth one that goes
** to CJ_ENCODE_FORM, are on the stack. 0, or -1 when there are problems. */
int cj_encode_params (lua_State *L, struct cj_encoder *e,
                      const struct cj_shape **shape);
/* Ends what cj_encode_params began: returns the value on top, or nil and the
** problems. */
int cj_encode_return (struct cj_encoder *e);

/* Adds encode() and json_encode() to the table on top of the stack. */
void cj_encode_open (lua_State *L);

#endif
