/* Reads a request from Lua values and pushes what the files of cloudjobs.curl
** have in common. */
#include "lrequest.h"

#include <string.h>

/* The longest timeout, in ms: libcurl keeps some in an int. */
#define MAX_TIMEOUT 2147483647L

/* The seconds at 'i' as ms; nil is no limit. 'name' is for the error. */
static long opt_ms (lua_State *L, int i, const char *name) {
  lua_Number n;
  if (lua_isnoneornil(L, i))
    return 0;
  if (lua_type(L, i) != LUA_TNUMBER)
    luaL_error(L, "%s: expected number, got %s", name, luaL_typename(L, i));
  n = lua_tonumber(L, i) * 1000;
  if (!(n > 1)) /* 0 is no limit */
    return 1;
  return n < (lua_Number)MAX_TIMEOUT ? (long)n : MAX_TIMEOUT;
}

/* The string stays valid while the table holds it. */
static const char *field_text (lua_State *L, int i, const char *name) {
  const char *s;
  lua_getfield(L, i, name);
  if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "%s: expected string, got %s", name, luaL_typename(L, -1));
  s = lua_tostring(L, -1);
  lua_pop(L, 1);
  return s;
}

static void read_network (lua_State *L, int i, struct cj_network *n) {
  if (!lua_toboolean(L, i))
    return;
  luaL_checktype(L, i, LUA_TTABLE);
  n->proxy = field_text(L, i, "proxy");
  n->no_proxy = field_text(L, i, "no_proxy");
  n->ca_bundle = field_text(L, i, "ca_bundle");
  n->client_cert = field_text(L, i, "client_cert");
  n->client_key = field_text(L, i, "client_key");
}

static void read_stream (lua_State *L, int idle, int body,
                         struct cj_request *r) {
  r->streams = 1;
  r->idle = opt_ms(L, idle, "idle");
  r->pieces_len = -1;
  r->has_pieces = lua_type(L, body) == LUA_TNUMBER || lua_isboolean(L, body);
  if (lua_type(L, body) == LUA_TNUMBER) {
    lua_Number n = lua_tonumber(L, body);
    if (!(n >= 0 && n <= (lua_Number)CJ_MAX_EXACT))
      luaL_error(L, "body: expected a length");
    r->pieces_len = (int64_t)n;
  }
}

void cj_request_read (lua_State *L, int first, int idle, struct cj_request *r) {
  memset(r, 0, sizeof(*r));
  r->method = luaL_checklstring(L, first, &r->method_len);
  r->url = luaL_checklstring(L, first + 1, &r->url_len);
  if (lua_type(L, first + 2) == LUA_TSTRING)
    r->lines.s = lua_tolstring(L, first + 2, &r->lines.n);
  else
    luaL_checktype(L, first + 2, LUA_TTABLE);
  if (idle > 0 && !lua_isnoneornil(L, idle))
    read_stream(L, idle, first + 3, r);
  if (!r->has_pieces)
    r->body = luaL_optlstring(L, first + 3, NULL, &r->body_len);
  r->timeout = opt_ms(L, first + 4, "timeout");
  r->connect_timeout = opt_ms(L, first + 5, "connect_timeout");
  read_network(L, first + 6, &r->network);
  r->non_idempotent = lua_toboolean(L, first + 7);
}

int cj_failure_push (lua_State *L, struct cj_failure f) {
  lua_pushnil(L);
  lua_pushstring(L, f.code);
  lua_pushstring(L, f.message);
  lua_pushboolean(L, f.sent);
  return 4;
}

void cj_metatable_open (lua_State *L, const char *name, const luaL_Reg *mt,
                        const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  luaL_setfuncs(L, mt, 0);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
