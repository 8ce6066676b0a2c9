/* Lists as decoders build them. */
#include "llist.h"

void cj_list_fill (lua_State *L, int array_mt, int slot, int n, int room) {
  lua_createtable(L, room, 0);
  lua_pushvalue(L, array_mt);
  lua_setmetatable(L, -2);
  lua_replace(L, slot);
  for (; n > 0; n--)
    lua_rawseti(L, slot, n);
}
