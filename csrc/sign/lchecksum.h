/* Checksums for Lua. */
#ifndef CJ_LCHECKSUM_H
#define CJ_LCHECKSUM_H

#include "../base/compat.h"

/* Adds checksum() to the table on top of the stack. */
void cj_checksums_open (lua_State *L);

#endif
