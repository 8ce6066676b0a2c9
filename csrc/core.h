/* What core.c offers the other files of core.so that know Lua. */
#ifndef CJ_CORE_H
#define CJ_CORE_H

#include "buf.h"
#include "compat.h"

/* Pushes a buffer userdata. Push it before taking anything else that has to
** be freed: from here on an error cannot leak it. */
struct cj_buf *cj_buf_new (lua_State *L, size_t max);

#endif
