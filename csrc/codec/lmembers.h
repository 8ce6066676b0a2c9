/* The places of a JSON object's members, for Lua. */
#ifndef CJ_LMEMBERS_H
#define CJ_LMEMBERS_H

#include "../base/compat.h"

/* Adds json_members() to the table on top of the stack. */
void cj_members_open (lua_State *L);

#endif
