/* Base64 and dates for Lua. */
#include "ltext.h"

#include "../base/date.h"
#include "../base/scalar.h"
#include "json.h"
#include "lworkspace.h"

static int failure (lua_State *L, const char *message) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  return 2;
}

static int l_base64_encode (lua_State *L) {
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  struct cj_buf *b;
  lua_settop(L, 1);
  b = cj_buffer_borrow(L);
  if (n > CJ_MAX_TEXT / 4 * 3 || cj_buf_reserve(b, CJ_BASE64_LEN(n)) != 0)
    return luaL_error(L, "not enough memory");
  lua_pushlstring(L, b->s, cj_base64_write(b->s, s, n));
  cj_buffer_return(L, 2);
  return 1;
}

static int l_base64_decode (lua_State *L) {
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  struct cj_buf *b;
  lua_settop(L, 1);
  b = cj_buffer_borrow(L);
  if (cj_buf_reserve(b, n) != 0)
    return luaL_error(L, "not enough memory");
  if (cj_base64_read(b->s, &b->len, s, n) != 0)
    return failure(L, "not base64");
  lua_pushlstring(L, b->s, b->len);
  cj_buffer_return(L, 2);
  return 1;
}

static int date (lua_State *L, size_t (*write)(char *, double)) {
  char text[CJ_DATE_MAX];
  size_t n = write(text, luaL_checknumber(L, 1));
  if (n == 0)
    return failure(L, "not a time between the years 0 and 9999");
  lua_pushlstring(L, text, n);
  return 1;
}

static int l_iso (lua_State *L) {
  return date(L, cj_iso_write);
}

static int l_http_date (lua_State *L) {
  return date(L, cj_http_date_write);
}

static int l_epoch (lua_State *L) {
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  double t;
  if (cj_time_read(&t, s, n) != 0)
    return failure(L, "not an ISO-8601 or HTTP date");
  cj_push_whole(L, t);
  return 1;
}

static const luaL_Reg functions[] = {
  { "base64_encode", l_base64_encode },
  { "base64_decode", l_base64_decode },
  { "iso", l_iso },
  { "http_date", l_http_date },
  { "epoch", l_epoch },
  { NULL, NULL },
};

void cj_text_open (lua_State *L) {
  cj_workspace_functions(L, functions);
}
