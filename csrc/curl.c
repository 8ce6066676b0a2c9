/* luaopen_cloudjobs_curl: HTTP on libcurl. Requests come as Lua values, answers
** go as Lua values; no callback ever touches a Lua state. */
#include "curl.h"

#include "clock.h"
#include "multi.h"
#include "sigpipe.h"

#include <string.h>

#define EASY_T "cloudjobs.curl.easy"

/* The longest timeout, in ms: libcurl counts some in an int. */
#define MAX_TIMEOUT 2147483647L

/* The seconds called 'name', at 'i'; nil is no limit. */
static long opt_ms (lua_State *L, int i, const char *name) {
  lua_Number n;
  if (lua_isnoneornil(L, i))
    return 0;
  if (lua_type(L, i) != LUA_TNUMBER)
    luaL_error(L, "%s: expected number, got %s", name, luaL_typename(L, i));
  n = lua_tonumber(L, i) * 1000;
  if (!(n > 1)) /* 0 would be "no limit" */
    return 1;
  return n < (lua_Number)MAX_TIMEOUT ? (long)n : MAX_TIMEOUT;
}

/* The text stays valid as long as the table keeps it. */
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

void cj_curl_settings (lua_State *L, int i, struct cj_transfer *t) {
  if (lua_isnoneornil(L, i))
    return;
  luaL_checktype(L, i, LUA_TTABLE);
  lua_getfield(L, i, "max_body");
  if (!lua_isnil(L, -1)) {
    lua_Number n = luaL_checknumber(L, -1);
    luaL_argcheck(L, n >= 0 && n <= (lua_Number)CJ_MAX_EXACT, i, "max_body");
    t->max_body = (size_t)n;
  }
  lua_getfield(L, i, "gzip");
  t->gzip = lua_toboolean(L, -1);
  lua_pop(L, 2);
}

/* { name = value }, or their lines as cloudjobs.core writes them. */
static int add_headers (lua_State *L, int i, struct cj_transfer *t) {
  if (lua_type(L, i) == LUA_TSTRING) {
    size_t n;
    const char *lines = lua_tolstring(L, i, &n);
    return cj_transfer_lines(t, lines, n);
  }
  luaL_checktype(L, i, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, i) != 0) {
    size_t name_len, value_len;
    const char *name, *value;
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      return luaL_error(L, "headers: expected strings, got %s = %s",
                        luaL_typename(L, -2), luaL_typename(L, -1));
    name = lua_tolstring(L, -2, &name_len);
    value = lua_tolstring(L, -1, &value_len);
    if (cj_transfer_header(t, name, name_len, value, value_len) != 0) {
      lua_pop(L, 2);
      return -1;
    }
    lua_pop(L, 1);
  }
  return 0;
}

int cj_curl_request (lua_State *L, int first, struct cj_transfer *t) {
  struct cj_request r;
  memset(&r, 0, sizeof(r));
  r.method = luaL_checklstring(L, first, &r.method_len);
  r.url = luaL_checklstring(L, first + 1, &r.url_len);
  r.body = luaL_optlstring(L, first + 3, NULL, &r.body_len);
  r.timeout = opt_ms(L, first + 4, "timeout");
  r.connect_timeout = opt_ms(L, first + 5, "connect_timeout");
  read_network(L, first + 6, &r.network);
  if (cj_transfer_begin(t) != 0 || add_headers(L, first + 2, t) != 0)
    return -1;
  return cj_transfer_prepare(t, &r);
}

int cj_curl_answer (lua_State *L, struct cj_transfer *t, CURLcode result) {
  if (!cj_transfer_succeeded(t, result)) {
    struct cj_failure f = cj_transfer_failure(t, result);
    lua_pushnil(L);
    lua_pushstring(L, f.code);
    lua_pushstring(L, f.message);
    lua_pushboolean(L, f.sent);
    return 4;
  }
  lua_pushinteger(L, cj_transfer_status(t));
  lua_pushlstring(L, t->head.s, t->head.len);
  lua_pushlstring(L, t->body.s, t->body.len);
  return 3;
}

/* ---- the easy handle ---- */

static struct cj_transfer *check_easy (lua_State *L) {
  return luaL_checkudata(L, 1, EASY_T);
}

/* easy({ max_body, gzip } or nil) -> handle. Nothing is opened before its
** first request. */
static int l_easy (lua_State *L) {
  struct cj_transfer *t;
  lua_settop(L, 1);
  t = lua_newuserdatauv(L, sizeof(*t), 0);
  cj_transfer_init(t);
  luaL_setmetatable(L, EASY_T);
  cj_curl_settings(L, 1, t);
  return 1;
}

/* handle:perform(method, url, headers, body, timeout, connect_timeout, network)
** -> status, lines, body | nil, code, message, sent */
static int easy_perform (lua_State *L) {
  struct cj_transfer *t = check_easy(L);
  CURLcode result = CURLE_OK;
  lua_settop(L, 1 + CJ_REQUEST_ARGUMENTS);
  if (cj_curl_request(L, 2, t) == 0) {
    struct cj_sigpipe guard;
    if (t->secure)
      cj_sigpipe_block(&guard);
    result = curl_easy_perform(t->easy);
    if (t->secure)
      cj_sigpipe_restore(&guard);
  }
  return cj_curl_answer(L, t, result);
}

/* handle:close(), also __gc and __close: closes the connections. The handle
** can be used again. */
static int easy_close (lua_State *L) {
  cj_transfer_free(check_easy(L));
  return 0;
}

static const luaL_Reg easy_methods[] = {
  { "perform", easy_perform },
  { "close", easy_close },
  { NULL, NULL },
};

static const luaL_Reg easy_mt[] = {
  { "__gc", easy_close },
  { "__close", easy_close }, /* Lua before 5.4 ignores it */
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "easy", l_easy },
  { "now", cj_clock_now },
  { "clock", cj_clock_monotonic },
  { "sleep", cj_clock_sleep },
  { NULL, NULL },
};

int luaopen_cloudjobs_curl (lua_State *L);

CJ_EXPORT int luaopen_cloudjobs_curl (lua_State *L) {
  luaL_newmetatable(L, EASY_T);
  luaL_setfuncs(L, easy_mt, 0);
  luaL_newlib(L, easy_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  cj_multi_open(L);
  return 1;
}
