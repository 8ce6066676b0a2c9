/* Certificates for Lua, which sign a service principal's assertions. */
#ifndef CJ_LCERTIFICATE_H
#define CJ_LCERTIFICATE_H

#include "../base/compat.h"

/* Adds `certificate` to the table on top of the stack. */
void cj_certificate_open (lua_State *L);

#endif
