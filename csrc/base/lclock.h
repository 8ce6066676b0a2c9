/* The clock functions that both cloudjobs.curl and cloudjobs.os offer. */
#ifndef CJ_LCLOCK_H
#define CJ_LCLOCK_H

#include "compat.h"
#include "seconds.h"

/* now() -> seconds since 1970, with a fraction */
static CJ_UNUSED int cj_clock_now (lua_State *L) {
  lua_pushnumber(L, cj_seconds_read(CLOCK_REALTIME));
  return 1;
}

/* clock() -> seconds of the monotonic clock */
static CJ_UNUSED int cj_clock_monotonic (lua_State *L) {
  lua_pushnumber(L, cj_seconds_read(CLOCK_MONOTONIC));
  return 1;
}

/* sleep(seconds). A signal ends it early, so that Lua can check an interrupt
** flag. */
static CJ_UNUSED int cj_clock_sleep (lua_State *L) {
  cj_seconds_sleep(luaL_checknumber(L, 1));
  return 0;
}

#endif
