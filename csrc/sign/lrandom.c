/* Randomness for Lua. */
#include "lrandom.h"

#include <string.h>

#define RANDOM_T "cloudjobs.random"

struct cj_random *cj_random_push (lua_State *L) {
  struct cj_random *r;
  lua_getfield(L, LUA_REGISTRYINDEX, RANDOM_T);
  r = lua_touserdata(L, -1);
  if (r == NULL) {
    lua_pop(L, 1);
    r = lua_newuserdatauv(L, sizeof(*r), 0);
    memset(r, 0, sizeof(*r));
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, RANDOM_T);
  }
  return r;
}

int cj_random_fail (lua_State *L) {
  return luaL_error(L, "the system gives no random bytes");
}

static struct cj_random *source (lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

/* uuid() -> a UUID of version 4 */
static int l_uuid (lua_State *L) {
  char text[CJ_UUID_SIZE];
  if (cj_random_uuid(source(L), text) != 0)
    return cj_random_fail(L);
  lua_pushlstring(L, text, sizeof(text));
  return 1;
}

/* random() -> a number from 0 to below 1 with all the bits a double has: 53 */
static int l_random (lua_State *L) {
  uint64_t bits;
  const unsigned char *drawn = cj_random_draw(source(L), sizeof(bits));
  if (drawn == NULL)
    return cj_random_fail(L);
  memcpy(&bits, drawn, sizeof(bits));
  lua_pushnumber(L, (lua_Number)(bits >> 11) / CJ_MAX_EXACT);
  return 1;
}

static const luaL_Reg functions[] = {
  { "uuid", l_uuid },
  { "random", l_random },
  { NULL, NULL },
};

void cj_randomness_open (lua_State *L) {
  cj_random_push(L);
  luaL_setfuncs(L, functions, 1);
}
