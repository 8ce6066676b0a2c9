/* Lua values to a request, a failure to Lua values, and metatables: shared by
** the Lua side of this room. */
#ifndef CJ_LREQUEST_H
#define CJ_LREQUEST_H

#include "../base/compat.h"
#include "easy.h"

#define CJ_REQUEST_ARGUMENTS 8

/* Reads the request in the values from 'first' on: method, url, headers (a
** table, which is left to the caller, or lines), body, timeout and
** connect_timeout in seconds, network, once. May raise. */
void cj_curl_request (lua_State *L, int first, struct cj_request *r);

/* Pushes nil, code, message, sent and returns 4. */
int cj_curl_failure (lua_State *L, struct cj_failure f);

/* Makes a metatable. */
void cj_curl_type (lua_State *L, const char *name, const luaL_Reg *mt,
                   const luaL_Reg *methods);

#endif
