/* What the functions of the codec share. */
#include "lworkspace.h"

#include "json.h"

#define SETTINGS "cloudjobs.settings" /* in the registry */

/* The size that a buffer keeps between two calls. */
#define BUFFER_KEPT ((size_t)1 << 20)

struct cj_buf *cj_buffer_borrow (lua_State *L) {
  struct cj_buf *b;
  lua_pushvalue(L, CJ_UP_BUFFER);
  b = lua_touserdata(L, -1);
  if (b == NULL) {
    lua_pop(L, 1);
    return cj_buf_new(L, CJ_MAX_TEXT);
  }
  lua_pushnil(L);
  lua_replace(L, CJ_UP_BUFFER);
  cj_buf_reset(b);
  return b;
}

void cj_buffer_return (lua_State *L, int index) {
  struct cj_buf *b = lua_touserdata(L, index);
  if (b->cap > BUFFER_KEPT)
    cj_buf_free(b);
  lua_pushvalue(L, index);
  lua_replace(L, CJ_UP_BUFFER);
}

int cj_is_null (lua_State *L, int at) {
  return lua_type(L, at) == LUA_TLIGHTUSERDATA && lua_touserdata(L, at) == NULL;
}

void cj_push_whole (lua_State *L, double d) {
  if (d >= -CJ_MAX_EXACT && d <= CJ_MAX_EXACT && d == (double)(int64_t)d)
    cj_pushint64(L, (int64_t)d);
  else
    lua_pushnumber(L, d);
}

/* Pushes the table of the settings. */
static void push_settings (lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, SETTINGS);
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1);
  lua_createtable(L, 1, 0);
  luaL_newmetatable(L, CJ_ARRAY_T);
  lua_rawseti(L, -2, CJ_SETTING_ARRAY_MT);
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, SETTINGS);
}

void cj_workspace_functions (lua_State *L, const luaL_Reg *functions) {
  lua_pushnil(L); /* no buffer yet */
  push_settings(L);
  luaL_getmetatable(L, CJ_SHAPE_T);
  luaL_setfuncs(L, functions, CJ_UP_COUNT);
}

/* set_array_mt(metatable): the metatable of lists decoded from now on */
static int l_set_array_mt (lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_rawseti(L, CJ_UP_SETTINGS, CJ_SETTING_ARRAY_MT);
  return 0;
}

static const luaL_Reg functions[] = {
  { "set_array_mt", l_set_array_mt },
  { NULL, NULL },
};

void cj_workspace_open (lua_State *L) {
  cj_workspace_functions(L, functions);
  luaL_getmetatable(L, CJ_ARRAY_T);
  lua_setfield(L, -2, "array_mt");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
}
