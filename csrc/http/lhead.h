/* Header lines and whole responses for Lua. */
#ifndef CJ_LHEAD_H
#define CJ_LHEAD_H

#include "../base/compat.h"

/* Adds read_fields(), read_field() and whole_response() to the table on top of
** the stack. */
void cj_head_open (lua_State *L);

#endif
