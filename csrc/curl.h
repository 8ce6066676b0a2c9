/* What curl.c offers the multi binding: requests from Lua values, answers to
** Lua values. */
#ifndef CJ_CURL_H
#define CJ_CURL_H

#include "compat.h"
#include "transfer.h"

/* Takes max_body and gzip from the table at i, if there is one. May raise. */
void cj_curl_settings (lua_State *L, int i, struct cj_transfer *t);

/* Readies t for the request in the values from 'first' on: method, url, headers
** (a table or lines), body, timeout and connect_timeout in seconds, network.
** Returns 0, or -1 when it is refused. May raise. */
#define CJ_REQUEST_ARGUMENTS 7
int cj_curl_request (lua_State *L, int first, struct cj_transfer *t);

/* Pushes status, headers, body and returns 3; or pushes nil, code, message,
** sent and returns 4. */
int cj_curl_answer (lua_State *L, struct cj_transfer *t, CURLcode result);

#endif
