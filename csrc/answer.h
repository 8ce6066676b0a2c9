/* HTTP/1.1 answers for Lua that are there as a whole. */
#ifndef CJ_ANSWER_H
#define CJ_ANSWER_H

#include "core.h"

/* Adds whole_answer() to the table on top of the stack. */
void cj_answer_open (lua_State *L);

#endif
