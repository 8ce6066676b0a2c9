/* XML text -> Lua tables. */
#ifndef CJ_LXML_H
#define CJ_LXML_H

#include "../base/compat.h"

/* Adds xml_decode() to the table on top of the stack. */
void cj_xml_open (lua_State *L);

#endif
