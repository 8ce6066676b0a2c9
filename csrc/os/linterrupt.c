/* Ctrl-C as a flag for Lua. A signal handler reaches nothing but statics. */
#include "linterrupt.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t interrupted;
static struct sigaction before;
static int catching;

/* The second interrupt ends a program that does not look at the first. */
static void on_interrupt (int number) {
  if (interrupted) {
    signal(number, SIG_DFL);
    raise(number);
  }
  interrupted = 1;
}

/* catch_interrupt(): from now on Ctrl-C sets a flag, and wakes who sleeps. */
static int l_catch_interrupt (lua_State *L) {
  struct sigaction action;
  (void)L;
  if (catching)
    return 0;
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_interrupt; /* no SA_RESTART: waiting calls return */
  sigemptyset(&action.sa_mask);
  interrupted = 0;
  catching = sigaction(SIGINT, &action, &before) == 0;
  return 0;
}

static int l_interrupted (lua_State *L) {
  lua_pushboolean(L, interrupted);
  return 1;
}

/* restore_interrupt(): Ctrl-C does what it did before catch_interrupt. */
static int l_restore_interrupt (lua_State *L) {
  (void)L;
  if (catching)
    sigaction(SIGINT, &before, NULL);
  catching = 0;
  interrupted = 0;
  return 0;
}

/* default_interrupt(): Ctrl-C ends the program at once. An interpreter would
** wait for Lua's next step, and then print where that was. */
static int l_default_interrupt (lua_State *L) {
  l_restore_interrupt(L);
  signal(SIGINT, SIG_DFL);
  return 0;
}

static const luaL_Reg functions[] = {
  { "catch_interrupt", l_catch_interrupt },
  { "interrupted", l_interrupted },
  { "restore_interrupt", l_restore_interrupt },
  { "default_interrupt", l_default_interrupt },
  { NULL, NULL },
};

void cj_interrupt_open (lua_State *L) {
  luaL_setfuncs(L, functions, 0);
}
