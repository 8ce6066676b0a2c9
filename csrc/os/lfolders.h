/* Names of files, and who may change them, for Lua. */
#ifndef CJ_LFOLDERS_H
#define CJ_LFOLDERS_H

#include "../base/compat.h"

/* Adds glob and trusted to the table on top of the stack. */
void cj_folders_open (lua_State *L);

#endif
