/* Randomness for Lua. */
#ifndef CJ_LRANDOM_H
#define CJ_LRANDOM_H

#include "../base/compat.h"
#include "random.h"

/* Pushes the source that all functions of one Lua state share. */
struct cj_random *cj_random_push (lua_State *L);

/* Raises: there are no random bytes. */
int cj_random_fail (lua_State *L);

/* Adds uuid() and random() to the table on top of the stack. */
void cj_randomness_open (lua_State *L);

#endif
