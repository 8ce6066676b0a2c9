/* What core.c offers the other files of core.so that know Lua. */
#ifndef CJ_CORE_H
#define CJ_CORE_H

#include "buf.h"
#include "compat.h"

/* Pushes a buffer userdata. Push it before taking anything else that has to
** be freed: from here on an error cannot leak it. */
struct cj_buf *cj_buf_new (lua_State *L, size_t max);

/* The string argument at 'i', which stays where it is. */
struct cj_slice cj_check_slice (lua_State *L, int i);

/* Pushes the new metatable of a userdata. Lua cannot reach it: __gc is called
** once. */
void cj_open_metatable (lua_State *L, const char *name,
                        const luaL_Reg *members);

#endif
