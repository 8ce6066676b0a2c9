/* The response parser for Lua. */
#ifndef CJ_LRESPONSE_PARSER_H
#define CJ_LRESPONSE_PARSER_H

#include "../base/compat.h"

/* Adds response_parser() to the table on top of the stack. */
void cj_response_parser_open (lua_State *L);

#endif
