/* The names of Lua 5.4's C API for 5.5, 5.3, 5.1 and LuaJIT. No other file has
** an #if LUA_VERSION_NUM. Each name is a #define for a function of ours, since
** some lauxlib.h declare functions that their libraries lack. */
#ifndef CJ_COMPAT_H
#define CJ_COMPAT_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <stdint.h>
#include <stdio.h>

#define CJ_EXPORT __attribute__((visibility("default")))
#define CJ_UNUSED __attribute__((unused))

/* Tells compilers and analysers that these never return. */
extern int lua_error (lua_State *L) __attribute__((noreturn));
extern int luaL_error (lua_State *L, const char *fmt, ...)
    __attribute__((noreturn));
extern int luaL_argerror (lua_State *L, int i, const char *message)
    __attribute__((noreturn));

/* Largest integer that a double holds without gaps: 2^53. */
#define CJ_MAX_EXACT 9007199254740992LL

/* Lua 5.5 seeds the hashes of strings by an argument: the same each time. */
#if LUA_VERSION_NUM >= 505
#define cj_newstate(f, ud) lua_newstate((f), (ud), 0)
#else
#define cj_newstate lua_newstate
#endif

#if LUA_VERSION_NUM < 504

/* One user value, a table or nothing: all that 5.1 can keep. */
#define lua_newuserdatauv(L, n, nuv) lua_newuserdata((L), (n))

#endif

#if LUA_VERSION_NUM == 503

#define lua_getiuservalue(L, i, n) ((void)(n), lua_getuservalue((L), (i)))
#define lua_setiuservalue(L, i, n) ((void)(n), lua_setuservalue((L), (i)))

#elif LUA_VERSION_NUM < 503

#ifndef LUA_OK
#define LUA_OK 0
#endif

/* 5.1 has no check: a library for another Lua fails to load there, because
** functions that it needs are missing. */
#undef luaL_checkversion
#define luaL_checkversion(L) ((void)(L))

#define lua_getiuservalue(L, i, n) ((void)(n), lua_getfenv((L), (i)))
#define lua_setiuservalue(L, i, n) ((void)(n), (void)lua_setfenv((L), (i)))

#undef lua_rawlen
#define lua_rawlen(L, i) lua_objlen((L), (i))

static CJ_UNUSED int cj_absindex (lua_State *L, int i) {
  return (i > 0 || i <= LUA_REGISTRYINDEX) ? i : lua_gettop(L) + i + 1;
}
#undef lua_absindex
#define lua_absindex cj_absindex

static CJ_UNUSED int cj_rawgetp (lua_State *L, int i, void *p) {
  i = cj_absindex(L, i);
  lua_pushlightuserdata(L, p);
  lua_rawget(L, i);
  return lua_type(L, -1);
}
#undef lua_rawgetp
#define lua_rawgetp cj_rawgetp

static CJ_UNUSED void cj_rawsetp (lua_State *L, int i, void *p) {
  i = cj_absindex(L, i);
  lua_pushlightuserdata(L, p);
  lua_insert(L, -2);
  lua_rawset(L, i);
}
#undef lua_rawsetp
#define lua_rawsetp cj_rawsetp

static CJ_UNUSED void cj_setfuncs (lua_State *L, const luaL_Reg *l, int nup) {
  luaL_checkstack(L, nup + 1, "too many upvalues");
  for (; l->name != NULL; l++) {
    int i;
    for (i = 0; i < nup; i++)
      lua_pushvalue(L, -nup);
    lua_pushcclosure(L, l->func, nup);
    lua_setfield(L, -(nup + 2), l->name);
  }
  lua_pop(L, nup);
}
#undef luaL_setfuncs
#define luaL_setfuncs cj_setfuncs

#undef luaL_newlib
#define luaL_newlib(L, l) (lua_newtable(L), cj_setfuncs((L), (l), 0))

static CJ_UNUSED void cj_setmetatable (lua_State *L, const char *name) {
  luaL_getmetatable(L, name);
  lua_setmetatable(L, -2);
}
#undef luaL_setmetatable
#define luaL_setmetatable cj_setmetatable

static CJ_UNUSED void *cj_testudata (lua_State *L, int i, const char *name) {
  void *p = lua_touserdata(L, i);
  if (p == NULL || !lua_getmetatable(L, i))
    return NULL;
  luaL_getmetatable(L, name);
  if (!lua_rawequal(L, -1, -2))
    p = NULL;
  lua_pop(L, 2);
  return p;
}
#undef luaL_testudata
#define luaL_testudata cj_testudata

/* Whether a number is whole and a double holds it exactly. */
static CJ_UNUSED int cj_isinteger (lua_State *L, int i) {
  lua_Number n;
  if (lua_type(L, i) != LUA_TNUMBER)
    return 0;
  n = lua_tonumber(L, i);
  return n >= -(lua_Number)CJ_MAX_EXACT && n <= (lua_Number)CJ_MAX_EXACT &&
         n == (lua_Number)(long long)n;
}
#undef lua_isinteger
#define lua_isinteger cj_isinteger

#endif

/* Pushes a 64-bit integer: an integer where Lua has them, else a number up to
** 2^53 and its decimal text above. */
static CJ_UNUSED void cj_pushint64 (lua_State *L, int64_t n) {
#if LUA_VERSION_NUM >= 503
  lua_pushinteger(L, (lua_Integer)n);
#else
  if (n >= -CJ_MAX_EXACT && n <= CJ_MAX_EXACT) {
    lua_pushnumber(L, (lua_Number)n);
  } else {
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)n);
    lua_pushstring(L, text);
  }
#endif
}

/* The main coroutine if 'L' is another one; NULL where Lua does not tell, or
** has one hook for all. */
static CJ_UNUSED lua_State *cj_other_main (lua_State *L) {
  lua_State *main = NULL;
#if LUA_VERSION_NUM >= 502
  if (!lua_pushthread(L)) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    main = lua_tothread(L, -1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
#else
  (void)L;
#endif
  return main;
}

#endif
