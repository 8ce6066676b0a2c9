/* Many transfers at once, as curl.c offers them to Lua. */
#ifndef CJ_MULTI_H
#define CJ_MULTI_H

#include "compat.h"

/* Adds 'multi' and 'poller' to the table on top of the stack. */
void cj_multi_open (lua_State *L);

#endif
