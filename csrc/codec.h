/* Lua values <-> wire text, directed by a shape. */
#ifndef CJ_CODEC_H
#define CJ_CODEC_H

#include "compat.h"

/* Adds the codec's functions to the table on top of the stack. */
void cj_codec_open (lua_State *L);

#endif
