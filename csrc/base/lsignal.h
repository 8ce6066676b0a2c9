/* What a signal asks of Lua while C waits: to run the hook that the handler of
** an interpreter has set, which raises, or to be cancelled. */
#ifndef CJ_LSIGNAL_H
#define CJ_LSIGNAL_H

#include "compat.h"

/* The longest wait in C between two checks, in s: a signal that arrives just
** before the wait does not end it. */
#define CJ_SIGNAL_SLICE 1.0

struct cj_signal {
  int cancel;      /* the index of a canceller, or of nil */
  int check;       /* the index of the function that a check calls */
  lua_State *main; /* the main coroutine, if it is not the running one */
  lua_Hook hook;   /* of 'main', when the wait began */
};

/* Call it before the wait begins, since it may raise. It pushes the function
** that a check calls, so that no check needs memory. */
void cj_signal_begin (lua_State *L, struct cj_signal *s, int cancel);

/* Call it after each part of the wait. 0; 1: the canceller is cancelled; -1: an
** error was raised and is on the top of the stack. */
int cj_signal_check (lua_State *L, const struct cj_signal *s);

#endif
