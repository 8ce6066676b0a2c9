/* Lua tables -> what protocols other than JSON send. */
#ifndef CJ_LTRANSCODE_H
#define CJ_LTRANSCODE_H

#include "../base/compat.h"

/* Adds encode_query(), encode_ec2(), encode_xml() and encode_cbor() to the
** table on top of the stack. */
void cj_transcode_open (lua_State *L);

#endif
