/* The terminal for Lua. */
#ifndef CJ_LTERMINAL_H
#define CJ_LTERMINAL_H

#include "../base/compat.h"

/* Adds isatty and terminal_size to the table on top of the stack. */
void cj_terminal_open (lua_State *L);

#endif
