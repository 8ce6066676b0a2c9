/* Base64 and dates for Lua. */
#ifndef CJ_LTEXT_H
#define CJ_LTEXT_H

#include "../base/compat.h"

/* Adds base64_encode(), base64_decode(), iso(), http_date() and epoch() to the
** table on top of the stack. */
void cj_text_open (lua_State *L);

#endif
