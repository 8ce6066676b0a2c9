/* gzip for Lua. */
#ifndef CJ_LGZIP_H
#define CJ_LGZIP_H

#include "../base/compat.h"

/* Adds its functions to the table on top of the stack. */
void cj_gzip_open (lua_State *L);

#endif
