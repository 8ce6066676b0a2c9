/* luaopen_cloudjobs_core: signing, hashing, the codec. Never libcurl, so that
** an nginx worker can load it. */
#include "core.h"

#include "codec.h"

#define BUF_T "cloudjobs.buf"

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
  luaL_setmetatable(L, BUF_T);
  return b;
}

int luaopen_cloudjobs_core (lua_State *L);

CJ_EXPORT int luaopen_cloudjobs_core (lua_State *L) {
  luaL_newmetatable(L, BUF_T);
  luaL_setfuncs(L, buf_mt, 0);
  lua_pop(L, 1);
  lua_newtable(L);
  cj_codec_open(L);
  return 1;
}
