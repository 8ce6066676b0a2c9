/* Checksums for Lua. */
#include "lchecksum.h"

#include "../base/lutil.h"
#include "checksum.h"

#define CHECKSUM_T "cloudjobs.checksum"

static struct cj_checksum *self (lua_State *L) {
  return luaL_checkudata(L, 1, CHECKSUM_T);
}

static int checksum_gc (lua_State *L) {
  cj_checksum_close(self(L));
  return 0;
}

/* sum:update(bytes) -> sum */
static int checksum_update (lua_State *L) {
  struct cj_checksum *c = self(L);
  struct cj_slice bytes = cj_check_slice(L, 2);
  if (cj_checksum_update(c, bytes.s, bytes.n) != 0)
    return luaL_error(L, "libcrypto cannot hash");
  lua_settop(L, 1);
  return 1;
}

/* sum:digest() -> the raw bytes of the checksum until now */
static int checksum_digest (lua_State *L) {
  unsigned char digest[CJ_CHECKSUM_SIZE];
  size_t n = cj_checksum_digest(self(L), digest);
  if (n == 0)
    return luaL_error(L, "not enough memory");
  lua_pushlstring(L, (const char *)digest, n);
  return 1;
}

static const luaL_Reg methods[] = {
  { "update", checksum_update },
  { "digest", checksum_digest },
  { NULL, NULL },
};

static const luaL_Reg checksum_mt[] = {
  { "__gc", checksum_gc },
  { NULL, NULL },
};

/* checksum(name) -> a checksum of no bytes yet, or nil and an error where
** libcrypto does not offer it: MD5 is missing from one that keeps to FIPS 140
*/
static int l_checksum (lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  struct cj_checksum *c = lua_newuserdatauv(L, sizeof(*c), 0);
  int result;
  memset(c, 0, sizeof(*c));
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_setmetatable(L, -2);
  result = cj_checksum_open(c, name);
  if (result == 0)
    return 1;
  if (result < 0)
    return luaL_argerror(L, 1, "no such checksum");
  lua_pushnil(L);
  lua_pushfstring(L, "libcrypto offers no %s, or memory is short", name);
  return 2;
}

static const luaL_Reg functions[] = {
  { "checksum", l_checksum },
  { NULL, NULL },
};

void cj_checksums_open (lua_State *L) {
  cj_open_metatable(L, CHECKSUM_T, checksum_mt);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  luaL_setfuncs(L, functions, 1);
}
