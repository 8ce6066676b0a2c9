/* What multi.c adds to cloudjobs.curl. */
#ifndef CJ_LPOOL_H
#define CJ_LPOOL_H

#include "../base/compat.h"

/* Sets the function "multi" of the table on the top. */
void cj_multi_open (lua_State *L);

/* What becomes readable when the multi at i has work: its epoll descriptor; -1
** while it is closed. Raises for anything else. */
int cj_multi_descriptor (lua_State *L, int i);

#endif
