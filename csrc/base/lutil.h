/* Helpers for the Lua side of every room: buffers owned by the collector,
** arguments, metatables. */
#ifndef CJ_LUTIL_H
#define CJ_LUTIL_H

#include "buf.h"
#include "compat.h"

/* Pushes a buffer userdata. Push it before acquiring anything else that has to
** be freed: from here on an error cannot leak it. */
struct cj_buf *cj_buf_new (lua_State *L, size_t max);

/* The string argument at 'i', which stays where it is. */
struct cj_slice cj_check_slice (lua_State *L, int i);

/* luaL_checkudata without its search by name, which costs as much as a hash:
** the metatable called 'name' is at the index 'metatable', an upvalue's. */
void *cj_check_userdata (lua_State *L, int i, int metatable, const char *name);

/* Pushes the new metatable of a userdata. Lua cannot reach it, so that __gc is
** called only by the collector. */
void cj_open_metatable (lua_State *L, const char *name,
                        const luaL_Reg *members);

#endif
