/* Child processes, as os.c offers them to Lua. */
#ifndef CJ_PROCESS_H
#define CJ_PROCESS_H

#include "compat.h"

/* Adds 'run' and 'spawn' to the table on top of the stack. */
void cj_process_open (lua_State *L);

#endif
