/* Signers for Lua: an identity's keys, which put SigV4 on requests. */
#ifndef CJ_LSIGNER_H
#define CJ_LSIGNER_H

#include "../base/lutil.h"

/* Adds signer() and unsigned_headers to the table on top of the stack. The
** metatable of cj_fields_open has to be there. */
void cj_signer_open (lua_State *L);

#endif
