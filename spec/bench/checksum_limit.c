/* The limit of the bench "checksum": zlib's CRC-32 over the same pieces.
**
** Built by `make bench` as the Lua module "checksum_limit". */
#include "../../csrc/base/compat.h"

#include <zlib.h>

/* checksum_limit(text, n) -> the CRC-32 of n times the text */
static int l_limit (lua_State *L) {
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  long i, times = (long)luaL_checknumber(L, 2);
  uLong crc = crc32(0, NULL, 0);
  for (i = 0; i < times; i++)
    crc = crc32(crc, (const Bytef *)s, (uInt)n);
  lua_pushnumber(L, (lua_Number)crc);
  return 1;
}

CJ_EXPORT int luaopen_checksum_limit (lua_State *L);

CJ_EXPORT int luaopen_checksum_limit (lua_State *L) {
  lua_pushcfunction(L, l_limit);
  return 1;
}
