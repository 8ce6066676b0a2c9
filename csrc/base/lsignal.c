/* What a signal asks of Lua while C waits. */
#include "lsignal.h"

/* check(canceller or nil) -> whether it is cancelled. A hook runs at its call.
 */
static int l_check (lua_State *L) {
  if (lua_isnoneornil(L, 1))
    return 0;
  lua_getfield(L, 1, "cancelled");
  return 1;
}

void cj_signal_begin (lua_State *L, struct cj_signal *s, int cancel) {
  s->cancel = cancel;
  s->main = cj_other_main(L);
  s->hook = s->main != NULL ? lua_gethook(s->main) : NULL;
  lua_pushcfunction(L, l_check);
  s->check = lua_gettop(L);
}

/* An interpreter's handler sets its hook in the main coroutine, which cannot
** run it before the one that waits has returned. So that one runs it, too. */
static void copy_hook (lua_State *L, const struct cj_signal *s) {
  lua_Hook hook = s->main != NULL ? lua_gethook(s->main) : NULL;
  if (hook == NULL || hook == s->hook)
    return;
  lua_sethook(L, hook, lua_gethookmask(s->main), lua_gethookcount(s->main));
}

int cj_signal_check (lua_State *L, const struct cj_signal *s) {
  int is_cancelled;
  copy_hook(L, s);
  lua_pushvalue(L, s->check);
  lua_pushvalue(L, s->cancel);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK)
    return -1;
  is_cancelled = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is_cancelled;
}
