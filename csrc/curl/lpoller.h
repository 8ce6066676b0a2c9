/* The function that lpoller.c adds to cloudjobs.curl. */
#ifndef CJ_LPOLLER_H
#define CJ_LPOLLER_H

#include "../base/compat.h"

/* Sets the function "poller" of the table on the top. */
void cj_poller_open (lua_State *L);

#endif
