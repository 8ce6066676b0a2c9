/* Compiled shapes for Lua. */
#ifndef CJ_LSHAPE_H
#define CJ_LSHAPE_H

#include "../base/compat.h"
#include "shape.h"

/* The uservalue of a shape, shared by all that were compiled with it: at
** [member->index] the member's name, so that a decode hashes none. */
#define CJ_NAMES 1

/* A value of any type. */
extern const struct cj_node cj_document_node;

/* Adds shape() and members() to the table on top of the stack. */
void cj_shape_open (lua_State *L);

#endif
