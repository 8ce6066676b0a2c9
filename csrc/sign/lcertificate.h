/* A certificate with its RSA key, to sign what shows who we are. */
#ifndef CJ_LCERTIFICATE_H
#define CJ_LCERTIFICATE_H

#include "../base/compat.h"

/* Adds `certificate` to the table on top of the stack. */
void cj_certificate_open (lua_State *L);

#endif
