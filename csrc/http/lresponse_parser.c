/* The response parser for Lua. */
#include "lresponse_parser.h"

#include "../base/lutil.h"
#include "response_parser.h"

#define PARSER_T "cloudjobs.response_parser"

static struct cj_response_parser *check (lua_State *L) {
  return luaL_checkudata(L, 1, PARSER_T);
}

static int parser_gc (lua_State *L) {
  cj_response_parser_free(check(L));
  return 0;
}

/* response_parser(method, max_body) -> a parser for one response to a request
** with this method, its body of 64 MiB at most unless 'max_body' is given. What
** follows the head of a response to CONNECT is the tunnel's (or, where it is
** refused, of no interest). */
static int l_response_parser (lua_State *L) {
  const char *method = luaL_checkstring(L, 1);
  lua_Number max = luaL_optnumber(L, 2, (lua_Number)CJ_MAX_BODY);
  struct cj_response_parser *r;
  luaL_argcheck(L, max >= 0 && max <= (lua_Number)(SIZE_MAX >> 11), 2,
                "not a size");
  r = lua_newuserdatauv(L, sizeof(*r), 0);
  memset(r, 0, sizeof(*r)); /* empty, so __gc is safe from here on */
  luaL_setmetatable(L, PARSER_T);
  r->body.max = (size_t)max;
  cj_response_parser_begin(r, strcmp(method, "HEAD") == 0 ||
                                  strcmp(method, "CONNECT") == 0);
  return 1;
}

/* parser:feed(bytes or nil at the connection's end) -> status, lines, body,
** keep_alive, is_followed once the response is complete | false when more has
*to
** come | nil, code, message */
static int l_feed (lua_State *L) {
  struct cj_response_parser *r = check(L);
  size_t n = 0;
  const char *s = luaL_optlstring(L, 2, "", &n);
  if (n == 0 && lua_type(L, 2) == LUA_TSTRING) {
    lua_pushboolean(L, 0);
    return 1;
  }
  switch (cj_response_parser_feed(r, s, n)) {
  case CJ_PARSE_MORE:
    lua_pushboolean(L, 0);
    return 1;
  case CJ_PARSE_DONE:
    lua_pushinteger(L, r->status);
    lua_pushlstring(L, r->head.s, r->head.len);
    lua_pushlstring(L, r->body.len > 0 ? r->body.s : "", r->body.len);
    lua_pushboolean(L, r->keep_alive);
    lua_pushboolean(L, r->is_followed);
    return 5;
  default:
    lua_pushnil(L);
    lua_pushstring(L, r->code);
    lua_pushstring(L, r->message);
    return 3;
  }
}

/* parser:close(): frees its memory, of which the collector knows nothing */
static int l_close (lua_State *L) {
  struct cj_response_parser *r = check(L);
  cj_response_parser_free(r);
  cj_response_parser_begin(r, r->is_head);
  return 0;
}

static const luaL_Reg methods[] = {
  { "feed", l_feed },
  { "close", l_close },
  { NULL, NULL },
};

static const luaL_Reg metatable[] = {
  { "__gc", parser_gc },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "response_parser", l_response_parser },
  { NULL, NULL },
};

void cj_response_parser_open (lua_State *L) {
  cj_open_metatable(L, PARSER_T, metatable);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
