/* luaopen_cloudjobs_os: what neither Lua nor nginx offers of the system. */
#include "base/lclock.h"
#include "os/lfiles.h"
#include "os/lfolders.h"
#include "os/linterrupt.h"
#include "os/lprocess.h"
#include "os/lterminal.h"

static const luaL_Reg functions[] = {
  { "now", cj_clock_now },
  { "clock", cj_clock_monotonic },
  { "sleep", cj_clock_sleep },
  { NULL, NULL },
};

int luaopen_cloudjobs_os (lua_State *L);

CJ_EXPORT int luaopen_cloudjobs_os (lua_State *L) {
  luaL_newlib(L, functions);
  cj_files_open(L);
  cj_folders_open(L);
  cj_interrupt_open(L);
  cj_process_open(L);
  cj_terminal_open(L);
  return 1;
}
