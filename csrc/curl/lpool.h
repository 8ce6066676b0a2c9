/* The function that lpool.c adds to cloudjobs.curl. */
#ifndef CJ_LPOOL_H
#define CJ_LPOOL_H

#include "../base/compat.h"

/* Sets the function "multi" of the table on the top. */
void cj_multi_open (lua_State *L);

/* The epoll descriptor of the multi at i, which is readable while the multi has
** work; -1: it is closed. Raises for any other value. */
int cj_multi_descriptor (lua_State *L, int i);

#endif
