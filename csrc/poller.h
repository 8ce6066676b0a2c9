/* What poller.c adds to cloudjobs.curl. */
#ifndef CJ_POLLER_H
#define CJ_POLLER_H

#include "compat.h"

/* Sets the function "poller" of the table on the top. */
void cj_poller_open (lua_State *L);

#endif
