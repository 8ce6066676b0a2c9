/* Lists as decoders build them. */
#ifndef CJ_LLIST_H
#define CJ_LLIST_H

#include "../base/compat.h"

/* Lists of up to this length get a table of exactly their size: their elements
** are collected on the Lua stack first. */
#define CJ_LIST_WAITING 16

/* Puts a new list in place of 'slot' and the 'n' values above it into it.
** 'array_mt' is where its metatable is. */
void cj_list_fill (lua_State *L, int array_mt, int slot, int n, int room);

#endif
