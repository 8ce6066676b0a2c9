/* luaopen_cloudjobs_zlib: gzip, by zlib. Nothing requires it before a
** compressed file or response has to be read. */
#include "zlib/lgzip.h"

int luaopen_cloudjobs_zlib (lua_State *L);

CJ_EXPORT int luaopen_cloudjobs_zlib (lua_State *L) {
  luaL_checkversion(L);
  lua_newtable(L);
  cj_gzip_open(L);
  return 1;
}
