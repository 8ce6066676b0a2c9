/* Where a value stands in a parameter or a document, for messages. */
#include "lpath.h"

void cj_path_push (lua_State *L, const struct cj_path *path) {
  luaL_checkstack(L, 4, NULL);
  if (path->up == NULL) {
    lua_pushliteral(L, "");
    return;
  }
  cj_path_push(L, path->up);
  if (path->name.s == NULL) {
    lua_pushfstring(L, "[%d]", (int)path->index);
    lua_concat(L, 2);
  } else {
    lua_pushstring(L, lua_rawlen(L, -1) > 0 ? "." : "");
    lua_pushlstring(L, path->name.s, path->name.n);
    lua_concat(L, 3);
  }
}
