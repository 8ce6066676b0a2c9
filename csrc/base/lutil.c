/* Helpers for the Lua side of every room: buffers owned by the collector,
** arguments, metatables. */
#include "lutil.h"

#define BUF_T "cloudjobs.buf"

struct cj_slice cj_check_slice (lua_State *L, int i) {
  struct cj_slice s;
  s.s = luaL_checklstring(L, i, &s.n);
  return s;
}

void *cj_check_userdata (lua_State *L, int i, int metatable, const char *name) {
  void *p = lua_touserdata(L, i);
  if (p != NULL && lua_getmetatable(L, i)) {
    int same = lua_rawequal(L, -1, metatable);
    lua_pop(L, 1);
    if (same)
      return p;
  }
  return luaL_checkudata(L, i, name); /* raises */
}

void cj_open_metatable (lua_State *L, const char *name,
                        const luaL_Reg *members) {
  luaL_getmetatable(L, name);
  if (!lua_isnil(L, -1))
    return; /* the library is loaded again, and its userdata live on */
  lua_pop(L, 1);
  lua_newtable(L);
  luaL_setfuncs(L, members, 0);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__metatable");
  lua_pushvalue(L, -1); /* complete before it can be found */
  lua_setfield(L, LUA_REGISTRYINDEX, name);
}

static int buf_gc (lua_State *L) {
  cj_buf_free(luaL_checkudata(L, 1, BUF_T));
  return 0;
}

static const luaL_Reg buf_mt[] = {
  { "__gc", buf_gc },
  { "__close", buf_gc }, /* Lua before 5.4 ignores it */
  { NULL, NULL },
};

struct cj_buf *cj_buf_new (lua_State *L, size_t max) {
  struct cj_buf *b = lua_newuserdatauv(L, sizeof(*b), 0);
  memset(b, 0, sizeof(*b)); /* empty, so __gc is safe from here on */
  b->max = max;
  luaL_getmetatable(L, BUF_T);
  if (lua_isnil(L, -1)) { /* the first buffer of this Lua state */
    lua_pop(L, 1);
    cj_open_metatable(L, BUF_T, buf_mt);
  }
  lua_setmetatable(L, -2);
  return b;
}
