/* Child processes for Lua. */
#ifndef CJ_LPROCESS_H
#define CJ_LPROCESS_H

#include "../base/compat.h"

/* Adds run and spawn to the table on top of the stack. */
void cj_process_open (lua_State *L);

#endif
