/* The clock functions that both cloudjobs.curl and cloudjobs.os offer. */
#ifndef CJ_CLOCK_H
#define CJ_CLOCK_H

#include "compat.h"

#include <math.h>
#include <time.h>

/* The longest sleep in the kernel, in ms: an hour. */
#define CJ_MAX_WAIT 3600000.0

/* More than a century: no sleep is longer. */
#define CJ_MAX_SLEEP 4e9

static CJ_UNUSED double cj_clock_read (clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds as whole ms for the kernel to wait: not less than asked for. */
static CJ_UNUSED int cj_clock_ms (double seconds) {
  double ms = ceil(seconds * 1000);
  return ms <= 0 ? 0 : (int)(ms < CJ_MAX_WAIT ? ms : CJ_MAX_WAIT);
}

/* now() -> seconds since 1970, with a fraction */
static CJ_UNUSED int cj_clock_now (lua_State *L) {
  lua_pushnumber(L, cj_clock_read(CLOCK_REALTIME));
  return 1;
}

/* clock() -> seconds of a clock that nobody sets */
static CJ_UNUSED int cj_clock_monotonic (lua_State *L) {
  lua_pushnumber(L, cj_clock_read(CLOCK_MONOTONIC));
  return 1;
}

/* sleep(seconds). A signal ends it early, so that Lua can look at why it
** came. */
static CJ_UNUSED int cj_clock_sleep (lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  struct timespec t;
  if (!(seconds > 0))
    return 0;
  if (seconds > CJ_MAX_SLEEP)
    seconds = CJ_MAX_SLEEP;
  t.tv_sec = (time_t)seconds;
  t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
  nanosleep(&t, NULL);
  return 0;
}

#endif
