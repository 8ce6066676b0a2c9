/* Ctrl-C as a flag for Lua. The variables are static because a signal handler
** has no argument. */
#include "linterrupt.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t interrupted;
static struct sigaction previous;
static int is_caught;

/* The second interrupt ends a program that has not reacted to the first. */
static void on_interrupt (int number) {
  if (interrupted) {
    signal(number, SIG_DFL);
    raise(number);
  }
  interrupted = 1;
}

/* catch_interrupt(): from now on Ctrl-C sets the flag and ends a wait. */
static int l_catch_interrupt (lua_State *L) {
  struct sigaction action;
  (void)L;
  if (is_caught)
    return 0;
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_interrupt; /* no SA_RESTART: system calls return */
  sigemptyset(&action.sa_mask);
  interrupted = 0;
  is_caught = sigaction(SIGINT, &action, &previous) == 0;
  return 0;
}

int cj_interrupt_is_pending (void) {
  return interrupted;
}

/* interrupted() -> whether the flag is set */
static int l_interrupted (lua_State *L) {
  lua_pushboolean(L, interrupted);
  return 1;
}

/* restore_interrupt(): restores the handler from before catch_interrupt. */
static int l_restore_interrupt (lua_State *L) {
  (void)L;
  if (is_caught)
    sigaction(SIGINT, &previous, NULL);
  is_caught = 0;
  interrupted = 0;
  return 0;
}

/* default_interrupt(): Ctrl-C ends the program at once. The handler of an
** interpreter raises an error at Lua's next instruction, with a traceback. */
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
