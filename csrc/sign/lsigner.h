/* Signers for Lua: an identity's keys, which put SigV4 on requests. */
#ifndef CJ_LSIGNER_H
#define CJ_LSIGNER_H

#include "../base/lutil.h"

/* Adds signer() and unsigned_headers to the table on top of the stack. Comes
** after cj_request_headers_open. */
void cj_signer_open (lua_State *L);

#endif
