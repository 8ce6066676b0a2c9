/* Lua values to a request, a failure to Lua values, and metatables: shared by
** the Lua side of this room. */
#ifndef CJ_LREQUEST_H
#define CJ_LREQUEST_H

#include "../base/compat.h"
#include "easy.h"

#define CJ_REQUEST_ARGUMENTS 8

/* Reads the request in the CJ_REQUEST_ARGUMENTS values from 'first' on: method,
** url, headers (lines, or a table that the caller has to write as lines), body,
** timeout and connect_timeout in seconds, network, non_idempotent. The value at
** 'idle' (0: none) is nil unless the request streams: then it is the number of
** seconds without progress that end it, and a number as body is the length of a
** body in pieces, true an unknown one. May raise. */
void cj_request_read (lua_State *L, int first, int idle, struct cj_request *r);

/* Pushes nil, code, message, sent and returns 4. */
int cj_failure_push (lua_State *L, struct cj_failure f);

/* Creates the metatable 'name' of a userdata. */
void cj_metatable_open (lua_State *L, const char *name, const luaL_Reg *mt,
                        const luaL_Reg *methods);

#endif
