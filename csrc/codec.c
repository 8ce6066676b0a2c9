/* Lua values <-> wire text, directed by a shape. */
#include "codec.h"

void cj_codec_open (lua_State *L) {
  (void)L;
}
