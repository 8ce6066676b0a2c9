/* Hashes for Lua. */
#ifndef CJ_LHASH_H
#define CJ_LHASH_H

#include "../base/compat.h"

/* Adds sha256(), sha1(), crc32(), hmac_sha256() and hex() to the table on top
** of the stack. */
void cj_hashes_open (lua_State *L);

#endif
