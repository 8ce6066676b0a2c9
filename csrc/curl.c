/* luaopen_cloudjobs_curl: HTTP on libcurl. */
#include "base/lclock.h"
#include "curl/lpool.h"
#include "curl/lpoller.h"

static const luaL_Reg functions[] = {
  { "now", cj_clock_now },
  { "clock", cj_clock_monotonic },
  { "sleep", cj_clock_sleep },
  { NULL, NULL },
};

int luaopen_cloudjobs_curl (lua_State *L);

CJ_EXPORT int luaopen_cloudjobs_curl (lua_State *L) {
  luaL_newlib(L, functions);
  cj_multi_open(L);
  cj_poller_open(L);
  return 1;
}
